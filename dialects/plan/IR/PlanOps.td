// SPDX-License-Identifier: Apache-2.0
// Ops of the plan dialect, in the order of the schema's tables.
#ifndef PLAN_IR_PLANOPS_TD
#define PLAN_IR_PLANOPS_TD

include "plan/IR/PlanHostOps.td"
include "plan/IR/PlanKernelOps.td"
include "plan/IR/PlanEntryOps.td"

def Plan_ProgramOp : Plan_Op<"program", [Symbol, NamedInArtifact, SymbolTable, NoTerminator, SingleBlock, NoRegionArguments, IsolatedFromAbove]> {
  let summary = "Everything for one target family (table Program)";
  let description = [{
    Constraints:
    1. program_c1: holds declarations, images, executables and entry points only
    2. program_c2: dims are at most 256, block tables 64, executables 65,536

    ```mlir
    plan.program @cpu abi 1 {
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I32Attr:$abi);
  let regions = (region SizedRegion<1>:$contents);
  let assemblyFormat = "$sym_name `abi` $abi $contents attr-dict";
  let hasRegionVerifier = 1;
}

#endif // PLAN_IR_PLANOPS_TD
