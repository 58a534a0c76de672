// SPDX-License-Identifier: Apache-2.0
// Passes from the model stage to the dispatch stage.
#ifndef HADAL_TRANSFORMS_PASSES_H
#define HADAL_TRANSFORMS_PASSES_H

#include "hadal/IR/HadalDialect.h"

#include "mlir/Pass/Pass.h"

namespace hadal {

/// New tokens of a sequence from which expanded attention costs less than
/// absorbed, or nullopt where it never does. Derived in the description of
/// hadal-select-attention-form; 171 for DeepSeek-V2 and V3.
std::optional<int64_t> expansionThreshold(int64_t rank, int64_t nope, int64_t rope, int64_t value);

/// Builds what an op means where `builder` stands, and gives what its results are
/// then, of their types. Fails with a diagnostic, also where an operand has a layout.
mlir::FailureOr<llvm::SmallVector<mlir::Value>> expandOp(mlir::OpBuilder &builder,
                                                         ExpandableOpInterface op);

/// Puts an op's expansion in its place, under the condition that the op has.
mlir::LogicalResult replaceByExpansion(ExpandableOpInterface op);

/// What a launch of the op is labelled: its location's name, or what it is.
std::string labelOf(mlir::Operation *op);

/// Numbers the ops of an expansion of what is labelled so, for taps to tell them apart: the
/// one that remains where two are fused keeps its number.
void numberSteps(mlir::Block::iterator begin, mlir::Block::iterator end, const std::string &label);
std::optional<int64_t> stepOf(mlir::Operation *op);

/// Passes the name of what `op` makes (hadal.value), if it has one, on to `replacement`.
void moveValueName(mlir::Operation *op, mlir::Value replacement);

/// Taps each result of `op` that is a tensor behind it, under the op's own condition: the
/// first under `name`, the others under NAME#1, ...
void tapResults(mlir::Operation *op, const std::string &name);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "hadal/Transforms/Passes.h.inc"

} // namespace hadal

#endif // HADAL_TRANSFORMS_PASSES_H
