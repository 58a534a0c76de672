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

/// Verifies that `name`, of what `what` says, is one that an artifact can hold.
llvm::LogicalResult verifyName(llvm::function_ref<mlir::InFlightDiagnostic()> emitError,
                               llvm::StringRef what, llvm::StringRef name);

/// The same of all strings of an op.
llvm::LogicalResult verifyNames(mlir::Operation *op);

/// The strings that the op holds are names in the artifact.
template <typename ConcreteOp>
class NamedInArtifact : public mlir::OpTrait::TraitBase<ConcreteOp, NamedInArtifact> {
public:
  static llvm::LogicalResult verifyTrait(mlir::Operation *op) { return verifyNames(op); }
};

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

/// Verifies that a program that holds these ops has no more declarations of a kind
/// than an artifact can hold.
llvm::LogicalResult verifyDeclarations(mlir::Block &contents);

/// What an expression of two numbers is; nullopt where the runtime would refuse
/// it (an overflow, a divisor that is not positive).
std::optional<int64_t> evaluate(ExprKind kind, int64_t a, int64_t b);

/// The number or the operand that `kind` of a and b always is, or null.
mlir::OpFoldResult foldExpr(ExprKind kind, mlir::Value a, mlir::Value b);

/// The constant that a value is, if it is one.
std::optional<int64_t> constantOf(mlir::Value value);

/// Whether an expression is never negative where it has a value; `leaves` says it of what is
/// no op of the dialect, and of dims.
bool isNonNegative(mlir::Value value, llvm::function_ref<bool(mlir::Value)> leaves);

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

/// The value of an expression of constants, or `other` where it is not known.
int64_t knownOr(mlir::Value value, int64_t other);

} // namespace hadal::plan

#endif // PLAN_IR_PLANDIALECT_H
