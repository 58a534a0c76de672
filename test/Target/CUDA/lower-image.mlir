// Kernels of an image end in the llvm and nvvm dialects.
// RUN: hadal-opt %s --pass-pipeline='builtin.module(plan.program(plan.image(hadal-cuda-lower-image)))' | FileCheck %s

// CHECK-LABEL: plan.image @sm_80
// CHECK:         llvm.func @k(%{{.*}}: !llvm.ptr) attributes {nvvm.kernel}
// CHECK-NOT:     {{(scf|memref|arith|func|gpu)\.}}
// CHECK:         llvm.return
plan.program @cuda abi 1 {
  plan.image @sm_80 level "sm_80" {
    builtin.module {
      func.func @k(%x: memref<?xf32>) {
        %c0 = arith.constant 0 : index
        %c4 = arith.constant 4 : index
        %c1 = arith.constant 1 : index
        %t = gpu.thread_id x
        scf.for %i = %c0 to %c4 step %c1 {
          %v = memref.load %x[%i] : memref<?xf32>
          %s = arith.addf %v, %v : f32
          memref.store %s, %x[%t] : memref<?xf32>
        }
        return
      }
    }
  }
}
