// SPDX-License-Identifier: Apache-2.0
// Strided views of flat buffers, and elements as memory holds them.
#ifndef HADAL_LIB_CODEGEN_FLATVIEW_H
#define HADAL_LIB_CODEGEN_FLATVIEW_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace hadal {

/// What a memref of a body is in the flat form: elements of a flat buffer.
struct FlatView {
  mlir::Value base;   // memref<?xT> of stored elements
  mlir::Value offset; // in elements
  llvm::SmallVector<mlir::Value> sizes, strides;
  mlir::Type element; // as the body sees it
  bool isArgument = false;
};

/// The type of which memory holds elements of a body's type.
mlir::Type storedTypeOf(mlir::Type element);

/// A builder of indices and accesses. What constants decide is folded.
class FlatBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  mlir::Value index(int64_t value) { return mlir::arith::ConstantIndexOp::create(*this, value); }
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value ceilDiv(mlir::Value a, mlir::Value b);

  /// offset + sum of indices times strides.
  mlir::Value addressOf(const FlatView &view, mlir::ValueRange indices);

  /// One element, or `lanes` neighbouring ones, as the body sees them.
  mlir::Value load(const FlatView &view, mlir::Value address, int64_t lanes = 1);
  /// Those at several addresses.
  mlir::Value gather(const FlatView &view, llvm::ArrayRef<mlir::Value> addresses);
  void store(const FlatView &view, mlir::Value value, mlir::Value address);

  /// Lanes of a vector, and a vector of lanes, of any type that a body has.
  mlir::Value extractLane(mlir::Value vector, int64_t lane);
  mlir::Value fromLanes(llvm::ArrayRef<mlir::Value> lanes);

  using LoopBody =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value iv, mlir::ValueRange carried)>;
  /// A loop, or what is left of one that is known to run once or never.
  llvm::SmallVector<mlir::Value> loop(mlir::Value lower, mlir::Value upper, mlir::Value step,
                                      mlir::ValueRange inits, LoopBody body);

private:
  mlir::Value fromStored(mlir::Value value, mlir::Type element);
  mlir::Value toStored(mlir::Value value, mlir::Type element);
};

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_FLATVIEW_H
