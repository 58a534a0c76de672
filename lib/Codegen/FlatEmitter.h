// SPDX-License-Identifier: Apache-2.0
// Writes the function of a bufferised body anew, in the flat form.
#ifndef HADAL_LIB_CODEGEN_FLATEMITTER_H
#define HADAL_LIB_CODEGEN_FLATEMITTER_H

#include "FlatView.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace hadal {

/// Emits ops of a bufferised body at the builder: views become addresses, linalg
/// becomes loops, everything else stays what it is.
class FlatEmitter {
public:
  /// Memory of the work item is made at the start of `entry`.
  FlatEmitter(FlatBuilder &builder, mlir::Block *entry, int64_t lanes)
      : builder(builder), lanes(lanes), entry(entry) {}

  void define(mlir::Value memref, FlatView view) { views[memref] = std::move(view); }
  void define(mlir::Value scalar, mlir::Value flat) { scalars.map(scalar, flat); }

  /// Emits a value and what it is made of ahead of the rest, where it can be.
  bool makeAvailable(mlir::Value value);
  bool isEmitted(mlir::Operation *op) const { return ahead.contains(op); }

  /// The ops of a block but its terminator.
  mlir::LogicalResult emit(mlir::Block &block);
  mlir::LogicalResult emit(mlir::Operation *op);

  /// What a scalar of the body became.
  mlir::Value scalar(mlir::Value value) { return scalars.lookup(value); }
  mlir::Value scalar(mlir::OpFoldResult value);
  /// What a memref became; fails with a diagnostic at `user`.
  mlir::FailureOr<FlatView> view(mlir::Value memref, mlir::Operation *user);
  /// The value that all elements of a memref have been filled with last, or null.
  mlir::Value filledWith(mlir::Value memref) const { return fills.lookup(memref); }

  FlatBuilder &builder;
  const int64_t lanes;

private:
  mlir::LogicalResult emitView(mlir::Operation *op, bool &isView);
  /// The nearest offset of a slice that lies inside of its source; adds whether it is the
  /// slice's own to `isInside`, and makes a stride of zero of that of a slice that is too long.
  mlir::Value keepInside(mlir::memref::SubViewOp sub, unsigned axis, const FlatView &source,
                         mlir::Value &isInside, mlir::Value &stride);
  mlir::LogicalResult emitAlloc(mlir::Operation *op);
  mlir::LogicalResult emitConstant(mlir::memref::GetGlobalOp op);
  /// Elements side by side, those of the last axis first.
  void lieInRows(FlatView &view, mlir::MemRefType type);
  mlir::LogicalResult emitLoad(mlir::memref::LoadOp op);
  mlir::LogicalResult emitStore(mlir::memref::StoreOp op);
  mlir::LogicalResult emitLoop(mlir::scf::ForOp op);
  mlir::LogicalResult emitLoops(mlir::scf::ForallOp op);
  mlir::LogicalResult emitWhile(mlir::scf::WhileOp op);
  mlir::LogicalResult emitBranch(mlir::scf::IfOp op);
  mlir::LogicalResult emitGeneric(mlir::linalg::GenericOp op);
  /// Forgets what filled memrefs over a buffer that has been written.
  void forgetFills(mlir::Value base);

  mlir::Block *entry;
  mlir::IRMapping scalars;
  llvm::DenseMap<mlir::Value, FlatView> views;
  llvm::DenseMap<mlir::Value, mlir::Value> fills;
  llvm::DenseSet<mlir::Operation *> ahead;
};

/// Emits a linalg.generic as loops (FlatGeneric.cpp).
mlir::LogicalResult emitLoopsOf(mlir::linalg::GenericOp op, FlatEmitter &emitter);

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_FLATEMITTER_H
