// SPDX-License-Identifier: Apache-2.0
// Strided views of flat buffers, and elements as memory holds them.
#ifndef HADAL_LIB_CODEGEN_FLATVIEW_H
#define HADAL_LIB_CODEGEN_FLATVIEW_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace hadal {

/// What a memref of a body is in the flat form: elements of a flat buffer.
struct FlatView {
  mlir::Value base;   // memref<?xT> of stored elements; null: a constant
  mlir::Value offset; // in elements
  llvm::SmallVector<mlir::Value> sizes, strides;
  mlir::Type element; // as the body sees it
  mlir::DenseElementsAttr constant;
  mlir::Value isInside; // whether the view is what the body asks for; null: always
};

/// The type of which memory holds elements of a body's type.
mlir::Type storedTypeOf(mlir::Type element);

/// Whether the flat form has no values of the type, but f32 that were rounded to it.
bool isNarrow(mlir::Type element);

/// The type that values of a body's type have.
mlir::Type valueTypeOf(mlir::Type element);

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

  /// Whether an index is from 0 to `most`.
  mlir::Value isUpTo(mlir::Value index, mlir::Value most);
  /// Both; either may be null, which always holds.
  mlir::Value both(mlir::Value a, mlir::Value b);
  /// The nearest index from 0 to `most`.
  mlir::Value nearest(mlir::Value index, mlir::Value most);

  /// offset + sum of indices times strides.
  mlir::Value addressOf(const FlatView &view, mlir::ValueRange indices);

  /// One element, or `lanes` neighbouring ones, as the body sees them.
  mlir::Value load(const FlatView &view, mlir::Value address, int64_t lanes = 1);
  /// Those at several addresses.
  mlir::Value gather(const FlatView &view, llvm::ArrayRef<mlir::Value> addresses);
  void store(const FlatView &view, mlir::Value value, mlir::Value address);

  /// The op of a body over what its operands became, for so many lanes.
  llvm::SmallVector<mlir::Value> apply(mlir::Operation *op, mlir::ValueRange operands,
                                       int64_t lanes);

  /// Lanes of a vector, and a vector of lanes, of any type that a body has.
  mlir::Value extractLane(mlir::Value vector, int64_t lane);
  mlir::Value fromLanes(llvm::ArrayRef<mlir::Value> lanes);

  /// What is done only where `condition`, or no condition, holds.
  void doIf(mlir::Value condition, llvm::function_ref<void()> what);

  using LoopBody =
      llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value iv, mlir::ValueRange carried)>;
  /// A loop, or what is left of one that is known to run once or never.
  llvm::SmallVector<mlir::Value> loop(mlir::Value lower, mlir::Value upper, mlir::Value step,
                                      mlir::ValueRange inits, LoopBody body);

private:
  mlir::Value fromStored(mlir::Value value, mlir::Type element);
  mlir::Value toStored(mlir::Value value, mlir::Type element);
  /// The nearest value of a narrow type.
  mlir::Value round(mlir::Value value, mlir::Type element);
  mlir::Value elementOf(const FlatView &constant, mlir::Value address);
};

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_FLATVIEW_H
