// SPDX-License-Identifier: Apache-2.0
// What the extents of arguments must be, so that ops find operands as they want them.
#ifndef HADAL_LIB_CONVERSION_ARGUMENTSHAPES_H
#define HADAL_LIB_CONVERSION_ARGUMENTSHAPES_H

#include "Requirements.h"

namespace hadal {

/// Collects requirements, which the runtime checks before a call: an argument's size in the
/// plan is what its extent must be.
class ArgumentShapes {
public:
  explicit ArgumentShapes(ExprBuilder &exprs) : exprs(exprs) {}

  /// False where it never holds, or the host can't check it by an argument.
  bool require(const Requirement &requirement);
  /// Writes them into the sizes of `arguments`, by number.
  void write(llvm::ArrayRef<plan::ArgumentOp> arguments);

private:
  using Axis = std::pair<int64_t, int64_t>; // of an argument
  struct Wanted {
    std::optional<Extent> equal;
    llvm::SmallVector<Requirement> others; // beyond that
  };

  /// The axis of an argument that an extent is, and nothing else.
  static std::optional<Axis> axisOf(const Extent &extent);
  /// Any axis of an argument that an expression is of.
  static std::optional<Axis> findAxis(mlir::Value expression);
  /// In terms of the first of arguments that are equal.
  Extent canonical(Extent extent);
  bool bind(Axis axis, const Extent &extent);
  mlir::Value write(Axis axis, mlir::Value given);

  ExprBuilder &exprs;
  std::map<Axis, Wanted> wanted;
};

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_ARGUMENTSHAPES_H
