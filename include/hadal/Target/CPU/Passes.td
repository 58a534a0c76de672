// SPDX-License-Identifier: Apache-2.0
// The passes of the CPU target.
#ifndef HADAL_TARGET_CPU_PASSES
#define HADAL_TARGET_CPU_PASSES

include "mlir/Pass/PassBase.td"

def ExpandMathPass : Pass<"hadal-cpu-expand-math"> {
  let summary = "Replace mathematical functions by polynomials, and bf16 "
                "conversions by integer arithmetic";
  let description = [{
    Precondition: functions on scalars or vectors of f32. Postcondition: no
    `math` operation is left that LLVM would turn into a call of the C library,
    and, with `expand-bf16`, no conversion between f32 and bf16, which LLVM
    calls a library for where the instruction set has none.

    ```
    %y = math.exp %x : vector<8xf32>
    ==>
    %y = (polynomial of degree 5 on the reduced argument, scaled by 2^n)
    ```
  }];
  let options = [
    Option<"expandBF16", "expand-bf16", "bool", "true",
           "Expand conversions between f32 and bf16">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
    "::mlir::vector::VectorDialect",
  ];
}

def ConvertKernelsToLLVMPass
    : Pass<"hadal-cpu-convert-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert everything but vectors to the LLVM dialect at once";
  let description = [{
    Precondition: kernels in func, cf, arith, math, memref, index and ub, with
    vector operations already converted. Postcondition: the LLVM dialect alone.
    One conversion in place of one for each dialect, which walk and verify the
    kernels each time.

    ```
    func.func @k(%d: !llvm.ptr, %w: !llvm.ptr) -> i32
    ==>
    llvm.func @k(%d: !llvm.ptr, %w: !llvm.ptr) -> i32
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // HADAL_TARGET_CPU_PASSES
