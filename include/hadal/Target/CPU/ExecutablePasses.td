// SPDX-License-Identifier: Apache-2.0
// The passes that fill executables with CPU kernels and lower them.
#ifndef HADAL_TARGET_CPU_EXECUTABLEPASSES_TD
#define HADAL_TARGET_CPU_EXECUTABLEPASSES_TD

include "mlir/Pass/PassBase.td"

def EmitCPUKernelsPass : Pass<"hadal-emit-cpu-kernels", "::hadal::ProgramOp"> {
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
    ListOption<"levels", "levels", "std::string", "Levels to emit; those that the program wants by default">,
    Option<"emulateDot", "emulate-dot", "bool", "false",
           "Emit the structure of x86-64-v4-bf16 in generic ops, as variant x86-64-v3: for tests on machines without AVX-512">];
  let statistics = [Statistic<"numKernels", "num-kernels", "Kernels emitted">];
}

def LowerImagePass : Pass<"hadal-lower-image", "::hadal::plan::ImageOp"> {
  let summary = "Lower the kernels of an image to the llvm dialect";
  let description = [{
    Precondition: kernels in scf, vector and memref. Postcondition: kernels in the
    llvm dialect, ready to be compiled for the image's level.
  }];
}

#endif // HADAL_TARGET_CPU_EXECUTABLEPASSES_TD
