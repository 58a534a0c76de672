// SPDX-License-Identifier: Apache-2.0
// Passes from the kernel stage to the plan stage.
#ifndef HADAL_CONVERSION_PASSES_TD
#define HADAL_CONVERSION_PASSES_TD

include "mlir/Pass/PassBase.td"

def ConvertToPlanPass : Pass<"hadal-convert-to-plan", "::mlir::ModuleOp"> {
  let summary = "Turn entry points and executables into a plan";
  let description = [{
    Precondition: the kernel stage: every executable has an interface and variants.
    Postcondition (the plan stage): one plan.program for the target family, with an
    image for each level, its executables with the interfaces of their variants, and
    its entry points; what is declared stays as it is: dims, block tables, states, and
    parameters, the recipe of the weights file.

    Results of dispatches become transient buffers; those whose lives do not
    overlap share storage. Consecutive dispatches of one condition become a branch.

    ```
    %y = hadal.dispatch @k(%x) ==> plan.launch @k bindings(%x, %y) constants(...) ...
    ```
  }];
  let dependentDialects = ["::hadal::HadalDialect", "::hadal::plan::PlanDialect"];
  let statistics = [Statistic<"numLaunches", "num-launches", "Launches planned">,
                    Statistic<"numBuffers", "num-buffers", "Transient buffers planned">];
}

def VerifyPlanPass : Pass<"hadal-verify-plan", "::mlir::ModuleOp"> {
  let summary = "Verify what the plan stage promises";
  let description = [{
    Precondition: none. Postcondition: the module holds programs alone, each for a target that
    is known and of its kernel interface's version. A program holds its entry points, each with
    one arena; every binding names a declared parameter or state; every executable
    is launched somewhere and has variants, best first, whose images hold a function of its name;
    an image holds one module, for a level that the target has;
    entry points are beside each other what hadal-verify-model wants of functions.
  }];
  let dependentDialects = ["::hadal::HadalDialect"]; // which knows the targets
}

#endif // HADAL_CONVERSION_PASSES_TD
