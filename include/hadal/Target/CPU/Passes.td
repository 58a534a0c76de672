// SPDX-License-Identifier: Apache-2.0
// The passes of the CPU target.
#ifndef HADAL_TARGET_CPU_PASSES_TD
#define HADAL_TARGET_CPU_PASSES_TD

include "mlir/Pass/PassBase.td"

def EmitKernelsPass : Pass<"hadal-cpu-emit-kernels", "::hadal::ProgramOp"> {
  let summary = "Emit the kernels of executables for every level of the CPU";
  let description = [{
    Precondition: the dispatch stage, a program for the CPU. Postcondition (the
    kernel stage): every executable has an interface and one variant for each level
    that the program wants, a function in scf, vector and memref that follows the
    kernel interface of the runtime.

    ```
    hadal.executable @k { body } ==> hadal.executable @k interface <...> { body, variant "x86-64-v3" {...}, ... }
    ```
  }];
  let options = [
    ListOption<"levels", "levels", "std::string", "Levels to emit beside those that the program wants; all where neither says any">,
    Option<"emulateDot", "emulate-dot", "bool", "false",
           "Emit the structure of x86-64-v4-bf16 in generic ops, as variant x86-64-v3: for tests on machines without AVX-512">];
  let statistics = [Statistic<"numKernels", "num-kernels", "Kernels emitted">];
}

def LowerImagePass : Pass<"hadal-cpu-lower-image", "::hadal::plan::ImageOp"> {
  let summary = "Lower the kernels of an image to the llvm dialect";
  let description = [{
    Precondition: kernels in scf, vector and memref. Postcondition: kernels in the
    llvm dialect, ready to be compiled for the image's level.

    ```
    func.func @k(%d: !llvm.ptr, %w: !llvm.ptr) -> i32 { scf.for ... vector.fma ... }
    ==>
    llvm.func @k(%d: !llvm.ptr, %w: !llvm.ptr) -> i32 { llvm.br ... llvm.intr.fma ... }
    ```
  }];
  let statistics = [Statistic<"numKernels", "num-kernels", "Kernels lowered">];
}

def ExpandMathPass : Pass<"hadal-cpu-expand-math"> {
  let summary = "Replace mathematical functions by polynomials, and bf16 conversions by integer arithmetic";
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
    Option<"expandBF16", "expand-bf16", "bool", "true", "Expand conversions between f32 and bf16">];
  let statistics = [Statistic<"numExpanded", "num-expanded", "Functions and conversions expanded">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

def ConvertToLLVMPass : Pass<"hadal-cpu-convert-to-llvm", "::mlir::ModuleOp"> {
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
  let statistics = [Statistic<"numFunctions", "num-functions", "Functions converted">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // HADAL_TARGET_CPU_PASSES_TD
