// SPDX-License-Identifier: Apache-2.0
// The body of an executable on its way to the flat form: tensors with destinations, then buffers.
#ifndef HADAL_LIB_CODEGEN_PLAINBODY_H
#define HADAL_LIB_CODEGEN_PLAINBODY_H

#include "hadal/IR/HadalDialect.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/PassManager.h"

namespace hadal {

/// A function of the body's arguments and, behind them, one for each result that has
/// a buffer of its own. It returns the results, each of which must come to lie in one
/// of the arguments, and then the dynamic extents of the arguments that were added.
struct PlainBody {
  mlir::func::FuncOp function;
  llvm::SmallVector<unsigned> buffers; // of results: the argument that each is written to
};

/// Makes it of a copy of the body, in `module`. A result that no op writes, as a view,
/// is copied. Arguments that are not written to are marked for bufferisation.
PlainBody makePlainBody(ExecutableOp executable, mlir::ModuleOp module);

/// Drops ops of linalg that have a loop which never runs: their results are what they
/// write over.
void dropIdle(mlir::func::FuncOp function);

/// On a choice between one and a divisor that may be zero, which it is to the host.
inline constexpr llvm::StringLiteral kDivisorAttrName = "divisor";

/// Gives integer arithmetic of elements a meaning where arith leaves it open.
void defineArithmetic(mlir::func::FuncOp function);

/// Reads inputs in the regions of linalg, at an index, where the part of an input that a tile is
/// made from is no slice like that of any other tile: where it is read backwards, say. Tells
/// whether none of the kind is left.
bool readByIndex(mlir::func::FuncOp function);

/// Takes the nearest element where an index that the data chooses is out of range.
void keepInside(mlir::func::FuncOp function);

/// Refuses what constants show to lie outside of a tensor, extents that are negative, and
/// constants that are too large for code.
mlir::LogicalResult verifyInside(mlir::func::FuncOp function);

/// On the loops whose iterations splitIntoItems makes: their slices lie inside.
inline constexpr llvm::StringLiteral kItemsAttrName = "items";

/// Splits what the function computes into work items, tiles of about `itemElements`
/// elements of its last op: a scf.forall, with what the tile is made from inside.
mlir::LogicalResult splitIntoItems(mlir::func::FuncOp function, int64_t itemElements);

/// Passes over a module of such functions: before that, and after it.
void addPreparationPasses(mlir::OpPassManager &pm);
void addBufferisationPasses(mlir::OpPassManager &pm);

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_PLAINBODY_H
