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

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "hadal/Transforms/Passes.h.inc"

} // namespace hadal

#endif // HADAL_TRANSFORMS_PASSES_H
