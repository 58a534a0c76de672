// The pipeline leaves the LLVM dialect only, keeps the order of additions, and
// gives each level its instructions.
// RUN: hadal-opt %s --hadal-cpu-lower-kernels=level=x86-64-v3 | FileCheck %s --check-prefixes=CHECK,V3
// RUN: hadal-opt %s --hadal-cpu-lower-kernels=level=x86-64-v4-bf16 | FileCheck %s --check-prefixes=CHECK,V4
// RUN: not hadal-opt %s --hadal-cpu-lower-kernels=level=x86-64-v2 2>&1 | FileCheck %s --check-prefix=LEVEL

// LEVEL: x86-64-v2

// CHECK-NOT: {{(func|scf|arith|math|vector|memref)\.[a-z_]+ }}
// CHECK-LABEL: llvm.func @sum
// CHECK-SAME: (%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK: "llvm.intr.vector.reduce.fadd"
// CHECK-NOT: reassoc
// CHECK: llvm.return
func.func @sum(%dispatch: !llvm.ptr, %workgroup: !llvm.ptr) -> i32 {
  %c0 = arith.constant 0 : i32
  %start = arith.constant 0.0 : f32
  %bindings = llvm.load %dispatch : !llvm.ptr -> !llvm.ptr
  %x = llvm.load %bindings : !llvm.ptr -> vector<8xf32>
  %y = vector.reduction <add>, %x, %start : vector<8xf32> into f32
  llvm.store %y, %bindings : f32, !llvm.ptr
  return %c0 : i32
}

// CHECK-LABEL: llvm.func @round
// V3-NOT: llvm.fptrunc
// V4: llvm.fptrunc %{{.*}} : vector<16xf32> to vector<16xbf16>
// CHECK: llvm.return
func.func @round(%dispatch: !llvm.ptr, %workgroup: !llvm.ptr) -> i32 {
  %c0 = arith.constant 0 : i32
  %bindings = llvm.load %dispatch : !llvm.ptr -> !llvm.ptr
  %x = llvm.load %bindings : !llvm.ptr -> vector<16xf32>
  %y = arith.truncf %x : vector<16xf32> to vector<16xbf16>
  llvm.store %y, %bindings : vector<16xbf16>, !llvm.ptr
  return %c0 : i32
}

// Linalg on memrefs is accepted: it becomes loops.
// CHECK-LABEL: llvm.func @fill
// CHECK: llvm.cond_br
// CHECK: llvm.return
func.func @fill(%dispatch: !llvm.ptr, %workgroup: !llvm.ptr) -> i32 {
  %c0 = arith.constant 0 : i32
  %value = arith.constant 1.0 : f32
  %buffer = memref.alloca() : memref<16xf32>
  linalg.fill ins(%value : f32) outs(%buffer : memref<16xf32>)
  %c3 = arith.constant 3 : index
  %x = memref.load %buffer[%c3] : memref<16xf32>
  llvm.store %x, %dispatch : f32, !llvm.ptr
  return %c0 : i32
}
