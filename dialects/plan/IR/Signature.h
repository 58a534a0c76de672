// SPDX-License-Identifier: Apache-2.0
// What arguments and results of the known roles look like, and what entry points have of them.
#ifndef PLAN_IR_SIGNATURE_H
#define PLAN_IR_SIGNATURE_H

#include "plan/IR/PlanDialect.h"

namespace hadal::plan {

/// An extent of an argument: a dim of that kind, and a number added.
struct KnownExtent {
  DimKind kind;
  int64_t plus = 0;
};

/// What the role of an argument or a result says of it.
struct PortRule {
  bool isArgument = true, isResult = false;
  bool hasType = false;                     // else any tensor
  bool isFloat = false;                     // f32, else i32
  llvm::SmallVector<KnownExtent> extents;   // of the first axes; of all, where an argument
  int64_t rank = 0;
};

const PortRule &ruleOf(PortRole role);

/// Reports through `emitError` what a port of that type breaks of its role's rule.
llvm::LogicalResult verifyPortType(llvm::function_ref<mlir::InFlightDiagnostic()> emitError,
                                   PortRole role, bool isArgument, mlir::RankedTensorType type);

/// An argument or a result of an entry point, wherever it is described.
struct Port {
  llvm::StringRef name;
  PortRole role;
  mlir::Type type;
};

/// An entry point, wherever it is described: a function, or a plan.entry.
struct Signature {
  mlir::Operation *op;
  EntryRole role;
  llvm::SmallVector<Port> arguments, results;
};

/// Verifies what the entry points of a program have to be beside and to each
/// other: one step and one decode at most, names and roles once, an argument that
/// was kept where a result is; and that an artifact can hold so many, of such names
/// and ranks.
llvm::LogicalResult verifySignatures(llvm::ArrayRef<Signature> entries);

} // namespace hadal::plan

#endif // PLAN_IR_SIGNATURE_H
