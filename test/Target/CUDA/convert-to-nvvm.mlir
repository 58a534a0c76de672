// Bindings become addresses, indices 64 bits, public functions entries.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-cuda-convert-to-nvvm | FileCheck %s

// CHECK-LABEL: llvm.func @copy(
// CHECK-SAME:    %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: !llvm.ptr, %{{[^:]*}}: !llvm.ptr) attributes {nvvm.kernel}
// CHECK:         %[[N:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i64
// CHECK:         nvvm.read.ptx.sreg.tid.x
// CHECK:         llvm.icmp "ult" %{{.*}}, %[[N]] : i64
// CHECK:         llvm.cond_br
// CHECK:         %[[V:.*]] = llvm.load %{{.*}} : !llvm.ptr -> f32
// CHECK:         llvm.store %[[V]], %{{.*}} : f32, !llvm.ptr
// CHECK-NOT:     {{(memref|arith|cf|func|gpu)\.}}
func.func @copy(%x: memref<?xf32>, %y: memref<?xf32>, %constants: memref<?xi64>) {
  %c0 = arith.constant 0 : index
  %n64 = memref.load %constants[%c0] : memref<?xi64>
  %n = arith.index_cast %n64 : i64 to index
  %i = gpu.thread_id x
  %in = arith.cmpi ult, %i, %n : index
  cf.cond_br %in, ^copy, ^end
^copy:
  %v = memref.load %x[%i] : memref<?xf32>
  memref.store %v, %y[%i] : memref<?xf32>
  cf.br ^end
^end:
  return
}

// CHECK-LABEL: llvm.func @own(
// CHECK-NOT:     nvvm.kernel
// CHECK:         llvm.return
func.func private @own(%x: f32) -> f32 {
  return %x : f32
}

// -----

func.func @k(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %v = memref.load %x[%c0] : memref<?xf32>
  // expected-error @+1 {{has no expansion in instructions of PTX}}
  %y = math.tan %v : f32
  memref.store %y, %x[%c0] : memref<?xf32>
  return
}
