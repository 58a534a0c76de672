// SPDX-License-Identifier: Apache-2.0
// Writes expressions of a plan as lists of the artifact.
#ifndef HADAL_LIB_SERIALIZE_EXPRWRITER_H
#define HADAL_LIB_SERIALIZE_EXPRWRITER_H

#include "Field.h"
#include "plan/IR/PlanDialect.h"

#include "hadal_generated.h"

#include "llvm/ADT/StringMap.h"

#include <map>

namespace hadal {

namespace fb = hadal::artifact;

/// One list of expressions: of a program, of an entry point or of an interface.
class ExprWriter {
public:
  /// `dims` are the numbers of the program's dims.
  explicit ExprWriter(const llvm::StringMap<uint32_t> &dims) : dims(dims) {}

  /// Appends an expression; false where the op is none.
  bool write(mlir::Operation &op);
  /// Appends the block's expressions; its arguments are constants of a launch.
  void write(mlir::Block &block);
  uint32_t number(mlir::Value value) const { return numbers.lookup(value); }
  /// The number of a constant, which is appended where it is not yet there.
  uint32_t constant(int64_t value);
  const std::vector<fb::Expr> &list() const { return exprs; }

private:
  uint32_t add(mlir::Value value, fb::Expr expr);

  const llvm::StringMap<uint32_t> &dims;
  std::vector<fb::Expr> exprs;
  llvm::DenseMap<mlir::Value, uint32_t> numbers;
  std::map<int64_t, uint32_t> constants;
};

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_EXPRWRITER_H
