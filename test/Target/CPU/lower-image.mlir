// Kernels of an image end in the llvm dialect, with vectors of the image's level.
// RUN: hadal-opt %s --pass-pipeline='builtin.module(plan.program(plan.image(hadal-cpu-lower-image)))' | FileCheck %s
// RUN: sed s/x86-64-v3/x86-64-v2/ %s > %t.mlir
// RUN: not hadal-opt %t.mlir --pass-pipeline='builtin.module(plan.program(plan.image(hadal-cpu-lower-image)))' 2>&1 | FileCheck %s --check-prefix=ERROR
// ERROR: error: 'plan.image' op expected a level of the CPU, got 'x86-64-v2'

// CHECK-LABEL: plan.image @v3
// CHECK:         llvm.func @k(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> i32
// CHECK-NOT:     {{(scf|memref|arith|func|vector)\.}}
// CHECK:         llvm.fmul %{{.*}} : vector<8xf32>
// CHECK-NOT:     {{(scf|memref|arith|func|vector)\.}}
// CHECK:         llvm.return
plan.program @cpu abi 1 {
  plan.image @v3 level "x86-64-v3" {
    builtin.module {
      func.func @k(%dispatch: !llvm.ptr, %workgroup: !llvm.ptr) -> i32 {
        %zero = arith.constant 0 : i32
        %c0 = arith.constant 0 : index
        %c4 = arith.constant 4 : index
        %c1 = arith.constant 1 : index
        scf.for %i = %c0 to %c4 step %c1 {
          %x = llvm.load %dispatch : !llvm.ptr -> vector<8xf32>
          %y = arith.mulf %x, %x : vector<8xf32>
          llvm.store %y, %workgroup : vector<8xf32>, !llvm.ptr
        }
        return %zero : i32
      }
    }
  }
}
