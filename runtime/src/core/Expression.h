// SPDX-License-Identifier: Apache-2.0
// Evaluates the plan's integer expressions over what the host knows of a step.
#ifndef HADAL_CORE_EXPRESSION_H
#define HADAL_CORE_EXPRESSION_H

#include "core/Status.h"
#include "hadal_generated.h"

#include <vector>

namespace hadal::runtime {

constexpr uint32_t kDimCount = static_cast<uint32_t>(artifact::Dim::MAX) + 1;

/// The host-known integers of one step, indexed by artifact::Dim.
struct Dims {
  int64_t values[kDimCount] = {};
  int64_t &operator[](artifact::Dim dim) { return values[static_cast<uint32_t>(dim)]; }
  int64_t operator[](artifact::Dim dim) const { return values[static_cast<uint32_t>(dim)]; }
};

using ExprList = flatbuffers::Vector<const artifact::Expr *>;

/// Operands of each kind that are expressions: 0 for constant and dim, 3 for
/// select, else 2; -1 for a number that is no kind.
int operandCount(artifact::ExprKind kind);

/// Checks kinds, dims, and that operands are earlier nodes. `exprs` may be null.
Status verifyExpressions(const ExprList *exprs);

/// Evaluates all nodes in order into `values`, which becomes as long as the
/// list. Errors: overflow of 64 bits, division by a number that is not positive.
Status evaluateExpressions(const ExprList *exprs, const Dims &dims, std::vector<int64_t> &values);

} // namespace hadal::runtime

#endif // HADAL_CORE_EXPRESSION_H
