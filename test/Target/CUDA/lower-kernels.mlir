// A flat kernel ends in the llvm and nvvm dialects: addresses of 64 bits, no call of a library.
// RUN: hadal-opt %s --hadal-cuda-lower-kernels | FileCheck %s

// CHECK-LABEL: llvm.func @scale(
// CHECK-SAME:    %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) attributes {nvvm.kernel, nvvm.reqntid = array<i32: 64, 1, 1>}
// CHECK:         nvvm.read.ptx.sreg.tid.x
// CHECK:         llvm.getelementptr inbounds|nuw %{{.*}}[%{{.*}}] : (!llvm.ptr, i64) -> !llvm.ptr, bf16
// CHECK-NOT:     llvm.call
// CHECK:         llvm.intr.fma
// CHECK-NOT:     {{(scf|memref|arith|func|gpu|math)\.}}
// CHECK:         llvm.store %{{.*}}, %{{.*}} : f32, !llvm.ptr
func.func @scale(%x: memref<?xbf16>, %y: memref<?xf32>) attributes {nvvm.reqntid = array<i32: 64, 1, 1>} {
  %i = gpu.thread_id x
  %v = memref.load %x[%i] : memref<?xbf16>
  %w = arith.extf %v : bf16 to f32
  %e = math.exp %w : f32
  memref.store %e, %y[%i] : memref<?xf32>
  return
}
