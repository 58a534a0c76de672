// SPDX-License-Identifier: Apache-2.0
// Groups the ops of an entry point into the bodies of dispatches.
#ifndef HADAL_LIB_TRANSFORMS_DISPATCHGROUPS_H
#define HADAL_LIB_TRANSFORMS_DISPATCHGROUPS_H

#include "hadal/Target/Target.h"

#include <vector>

namespace hadal {

/// Ops that become one dispatch, in the order of their block; it can stand where
/// the last of them does.
using DispatchGroup = llvm::SmallVector<mlir::Operation *>;

/// Groups all ops of `block` that do not stay in the entry point, as `target`
/// fuses them: with what they read, or else with what stands shortly before. The
/// groups are in the order in which their last ops stood; one that was moved may stand before
/// ops of an earlier group.
std::vector<DispatchGroup> formDispatchGroups(mlir::Block &block, const Target &target);

/// The body of a dispatch, with the values that are given to it and those that
/// its results replace. Equal groups have bodies of equal text.
struct DispatchBody {
  mlir::OwningOpRef<mlir::func::FuncOp> function;
  llvm::SmallVector<mlir::Value> operands;
  llvm::SmallVector<mlir::Value> results;
};

/// Copies a group to a function of its own, `@body`. Results of the last op come
/// first: the others are made on the way there. Fails with a diagnostic where an op
/// reads what no dispatch can be given.
mlir::FailureOr<DispatchBody> makeDispatchBody(const DispatchGroup &group);

} // namespace hadal

#endif // HADAL_LIB_TRANSFORMS_DISPATCHGROUPS_H
