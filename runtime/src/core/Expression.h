// SPDX-License-Identifier: Apache-2.0
// Evaluates the plan's integer expressions over what the host knows.
#ifndef HADAL_CORE_EXPRESSION_H
#define HADAL_CORE_EXPRESSION_H

#include "core/Program.h"
#include "core/Status.h"

#include <algorithm>
#include <vector>

namespace hadal::runtime {

/// What expressions may name where they stand.
struct ExprScope {
  Span<HostDim> dims;
  bool sessionOnly = false;                      // dims of a session alone
  const std::vector<Port> *arguments = nullptr;  // whose extents; null: none
  uint32_t constantCount = 0;                    // of a launch

  /// Those of a program, of an entry point, of a kernel's interface.
  static ExprScope ofProgram(const Program &program) { return {program.dims, true, nullptr, 0}; }
  static ExprScope ofEntry(const Program &program, const Entry &entry) {
    return {program.dims, false, &entry.arguments, 0};
  }
  static ExprScope ofInterface(uint32_t constantCount) {
    return {{}, false, nullptr, constantCount};
  }
};

/// The shape of a tensor.
struct Extents {
  uint32_t rank = 0;
  int64_t values[kMaxRank] = {};

  bool operator==(const Extents &other) const {
    return rank == other.rank && std::equal(values, values + rank, other.values);
  }
};

/// The values of what expressions name.
struct ExprInputs {
  Span<int64_t> dims;
  Span<Extents> arguments;
  Span<int64_t> constants;
};

/// Operands of each kind that are expressions: 0 for those that name something, 3 for select, else
/// 2; -1 for a number that is no kind.
int operandCount(artifact::ExprKind kind);

/// Checks kinds, what is named, that operands are earlier nodes, and that what constants alone make
/// has a value.
Status verifyExpressions(Span<artifact::Expr> exprs, const ExprScope &scope);

/// Which of verified expressions are over constants alone.
std::vector<bool> constants(Span<artifact::Expr> exprs);

/// Which of verified expressions of a program are over rank and world size alone, and so known when
/// it is loaded.
std::vector<bool> knownAtLoad(const Program &program);

/// Evaluates all nodes in order, or those that `only` says, into `values`, which becomes as long as
/// the list. Errors: overflow of 64 bits, division by a number that is not positive.
Status evaluateExpressions(Span<artifact::Expr> exprs, const ExprInputs &inputs,
                           std::vector<int64_t> &values, const std::vector<bool> *only = nullptr);

} // namespace hadal::runtime

#endif // HADAL_CORE_EXPRESSION_H
