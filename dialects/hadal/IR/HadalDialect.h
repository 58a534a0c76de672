// SPDX-License-Identifier: Apache-2.0
// The hadal dialect: its ops, attributes and enumerations.
#ifndef HADAL_IR_HADALDIALECT_H
#define HADAL_IR_HADALDIALECT_H

#include "hadal/IR/AttributeNames.h"
#include "hadal/IR/HadalInterfaces.h"
#include "hadal/IR/PortExtent.h"
#include "plan/IR/Signature.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "hadal/IR/HadalDialect.h.inc"

#include "hadal/IR/HadalEnums.h.inc"

namespace hadal {
/// True when weights can be of this type: a static shape, elements of f32, f16,
/// bf16 or f8E4M3FN.
bool isWeightType(mlir::RankedTensorType type);

/// Integers of an attribute as text: `[0, 2, 1]`.
mlir::ParseResult parseIntegerList(mlir::AsmParser &parser,
                                   llvm::SmallVectorImpl<int64_t> &integers);
void printIntegerList(mlir::AsmPrinter &printer, llvm::ArrayRef<int64_t> integers);
} // namespace hadal

#define GET_ATTRDEF_CLASSES
#include "hadal/IR/HadalAttributes.h.inc"

#define GET_OP_CLASSES
#include "hadal/IR/HadalOps.h.inc"

namespace hadal {

/// What the module says of its model, or null.
ModelAttr modelOf(mlir::ModuleOp module);

/// The string of that name that the module has, or none: "".
llvm::StringRef textOf(mlir::ModuleOp module, llvm::StringRef name);

/// The files of the checkpoint, which sources index.
llvm::SmallVector<FileAttr> filesOf(mlir::ModuleOp module);

/// What a function is called for, and what its arguments and results are.
plan::EntryRole entryRoleOf(mlir::FunctionOpInterface function);
PortAttr argumentPortOf(mlir::FunctionOpInterface function, unsigned number);
PortAttr resultPortOf(mlir::FunctionOpInterface function, unsigned number);
plan::Signature signatureOf(mlir::FunctionOpInterface function);

/// How expressions are made where they are wanted.
struct ExprMaker {
  llvm::function_ref<mlir::Value(int64_t)> constant;
  llvm::function_ref<mlir::Value(plan::ExprKind, mlir::Value, mlir::Value)> expr;
  llvm::function_ref<mlir::Value(mlir::Value, mlir::Value, mlir::Value)> select;
  /// Whether a value is never negative.
  llvm::function_ref<bool(mlir::Value)> isNonNegative;
};

/// What an op on two integers is called in a plan, where both are not negative: the only
/// case in which some round, or compare, as the plan does. nullopt where it has no name there.
std::optional<plan::ExprKind> exprKindOf(mlir::Operation *op);

/// Whether that name is right for integers that are not negative alone.
bool isOfNonNegative(mlir::Operation *op);

/// The expression that an op on two integers is of `a` and `b`, whatever their signs; null
/// where it has no name in a plan.
mlir::Value makeExpr(mlir::Operation *op, mlir::Value a, mlir::Value b, const ExprMaker &make);

} // namespace hadal

#endif // HADAL_IR_HADALDIALECT_H
