// SPDX-License-Identifier: Apache-2.0
// Passes of the plain path: from linalg at the level of entry points to the flat form.
#ifndef HADAL_CODEGEN_PASSES_TD
#define HADAL_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def FuseLinalgPass : Pass<"hadal-fuse-linalg", "::hadal::ProgramOp"> {
  let summary = "Make linalg of elementwise ops without a kernel, and fuse it";
  let description = [{
    Precondition: entry points hold ops that compute tensors. Postcondition: ops on
    each element that the program's target has no kernel for, and does not fuse with what makes their operands, are linalg.generic, and
    one that is read once, in the order in which it is made, or that only
    converts, is part of its reader; linalg.softmax, linalg.pack and tensor.pad, say, are such maps and sums, scf.index_switch is scf.if.
    What is written over what something else reads, or over what must not be written, is
    written over a copy, and what is returned is made for that alone. Constant indices
    outside of a tensor, negative extents and large constants are errors.

    ```
    math.exp, linalg.generic ==> linalg.generic
    ```
  }];
  let statistics = [Statistic<"numConverted", "num-converted", "Elementwise ops made linalg">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::affine::AffineDialect", "::mlir::math::MathDialect"];
}

def FlattenPass : Pass<"hadal-flatten", "::hadal::ProgramOp"> {
  let summary = "Bring bodies without a kernel to the flat form";
  let description = [{
    Precondition: the dispatch stage. Postcondition: an executable without an
    interface whose body the target has no kernel for, and that holds no op of the
    dialect, has its interface, and a variant of level `flat` (docs/FlatForm.md): outer
    parallel loops are work items, all else is scalar loops, or vectors of `lanes`.
    What it writes it writes in place; a body that would copy what it may only read or
    update is an error. Indices that the data chooses stay inside of their tensors, and
    arithmetic has a meaning everywhere.

    ```
    hadal.executable @k { body } ==> hadal.executable @k interface <...> { body, variant "flat" {...} }
    ```
  }];
  let options = [
    Option<"itemElements", "item-elements", "int64_t", "64", "Elements of a result that a work item makes">,
    Option<"lanes", "lanes", "int64_t", "16", "Lanes of vectors; 1 for none">];
  let statistics = [Statistic<"numFlattened", "num-flattened", "Bodies brought to the flat form">];
  let dependentDialects = [
    "::mlir::affine::AffineDialect", "::mlir::bufferization::BufferizationDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def VerifyFlatPass : Pass<"hadal-verify-flat", "::hadal::ProgramOp"> {
  let summary = "Verify what the flat form promises";
  let description = [{
    Precondition: none. Postcondition: the functions of variants of level `flat` have
    the arguments, ops and types that docs/FlatForm.md lists.
  }];
}

#endif // HADAL_CODEGEN_PASSES_TD
