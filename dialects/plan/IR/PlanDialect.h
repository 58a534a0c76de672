// SPDX-License-Identifier: Apache-2.0
// The plan dialect: its ops, types and enumerations.
#ifndef PLAN_IR_PLANDIALECT_H
#define PLAN_IR_PLANDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <functional>

#include "plan/IR/PlanDialect.h.inc"

#include "plan/IR/PlanEnums.h.inc"

namespace hadal::plan {

/// The op declares what a program has beside functions and kernels: it goes along
/// with them from stage to stage.
template <typename ConcreteOp>
class ProgramDeclaration : public mlir::OpTrait::TraitBase<ConcreteOp, ProgramDeclaration> {};

/// How a kernel uses its bindings, as text: `[read, read, write]`.
mlir::ParseResult parseAccessList(mlir::AsmParser &parser, llvm::SmallVectorImpl<Access> &accesses);
void printAccessList(mlir::AsmPrinter &printer, llvm::ArrayRef<Access> accesses);

} // namespace hadal::plan

#define GET_TYPEDEF_CLASSES
#include "plan/IR/PlanTypes.h.inc"

#define GET_ATTRDEF_CLASSES
#include "plan/IR/PlanAttributes.h.inc"

#define GET_OP_CLASSES
#include "plan/IR/PlanOps.h.inc"

namespace hadal::plan {

/// Whether a dim is known when a session opens; others are known when a call
/// starts.
bool isOfSession(DimKind kind);

/// The declaration that a plan.dim names, or null.
HostDimOp declarationOf(DimOp dim);

/// The dim of that name, or of that kind, of the innermost symbol table around `op`
/// that has one; null where none has.
HostDimOp lookupHostDim(mlir::Operation *op, mlir::FlatSymbolRefAttr name);
HostDimOp findHostDim(mlir::Operation *op, DimKind kind);

/// What an expression of two numbers is; nullopt where the runtime would refuse
/// it (an overflow, a divisor that is not positive).
std::optional<int64_t> evaluate(ExprKind kind, int64_t a, int64_t b);

/// The number or the operand that `kind` of a and b always is, or null.
mlir::OpFoldResult foldExpr(ExprKind kind, mlir::Value a, mlir::Value b);

/// The constant that a value is, if it is one.
std::optional<int64_t> constantOf(mlir::Value value);

/// Values of expressions, for given values of what they are made of: dims,
/// extents of arguments, constants of a launch. Not known: what depends on one
/// that `leaves` does not know, and what the runtime would refuse.
class Evaluator {
public:
  explicit Evaluator(std::function<std::optional<int64_t>(mlir::Value)> leaves)
      : leaves(std::move(leaves)) {}
  std::optional<int64_t> operator()(mlir::Value value);

private:
  std::function<std::optional<int64_t>(mlir::Value)> leaves;
  llvm::DenseMap<mlir::Value, std::optional<int64_t>> known;
};

} // namespace hadal::plan

#endif // PLAN_IR_PLANDIALECT_H
