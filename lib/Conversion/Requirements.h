// SPDX-License-Identifier: Apache-2.0
// What ops want of the extents of their operands, beyond what types say.
#ifndef HADAL_LIB_CONVERSION_REQUIREMENTS_H
#define HADAL_LIB_CONVERSION_REQUIREMENTS_H

#include "ExprBuilder.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace hadal {

/// Two extents that are equal, or the first of which is at most the second.
struct Requirement {
  Extent first, second;
  bool areEqual;
};

/// Adds the requirements of an op of linalg, tensor or of one on each element. `extentsOf`
/// gives extents of tensors, or null; what the host does not know is not asked for. In a loop
/// it says whether the op has none of the kind: but for slices, which stay inside by themselves,
/// one that is neither the host's to check nor of one index.
bool findRequirements(mlir::Operation *op, ExprBuilder &exprs,
                      llvm::function_ref<const Extents *(mlir::Value)> extentsOf,
                      llvm::SmallVectorImpl<Requirement> &requirements, bool isInLoop = false);

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_REQUIREMENTS_H
