// SPDX-License-Identifier: Apache-2.0
// What the plan must know of a dispatch's body: extents of its results, and its work.
#ifndef HADAL_LIB_CONVERSION_BODYFACTS_H
#define HADAL_LIB_CONVERSION_BODYFACTS_H

#include "Requirements.h"

#include "hadal/IR/HadalDialect.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace hadal {

/// Facts of a body for one dispatch, in dims that the host knows. What an op of the
/// body reads that another makes is neither a weight nor moved.
class BodyFacts {
public:
  /// Goes through the body, given the extents of the dispatch's operands. Fails with
  /// a diagnostic, at the dispatch, where an op tells neither shapes of its results nor its work.
  static mlir::FailureOr<BodyFacts> find(ExecutableOp executable, llvm::ArrayRef<Extents> operands,
                                         ExprBuilder &exprs, mlir::Location at);

  llvm::ArrayRef<Extents> getResults() const { return results; }

  /// What the ops of the body want of extents.
  llvm::ArrayRef<Requirement> getRequirements() const { return requirements; }

  /// Whether the work depends on the tokens in the cache.
  bool needsContext() const;

  /// Upper bounds of operations, and of bytes of weights read.
  std::pair<mlir::Value, mlir::Value> costs(ExprBuilder &exprs,
                                            llvm::function_ref<mlir::Value()> maxContext) const;

private:
  class Finder;
  /// The work of one op, and the rows that it is over.
  struct OpWork {
    Work work;
    Extent rows;
  };
  llvm::SmallVector<Extents> results;
  llvm::SmallVector<OpWork> ops;
  llvm::SmallVector<Requirement> requirements;
};

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_BODYFACTS_H
