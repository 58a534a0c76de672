// SPDX-License-Identifier: Apache-2.0
// Lowers what the tile dialect writes to global memory, for GPUs from sm_80 on.
#include "TileBuilder.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
constexpr int64_t kElements = 4; // of f32, that a thread reads of a tile at once

/// A row after the other by so many threads, four elements at a time.
struct LowerWrite : OpConversionPattern<tile::WriteOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::WriteOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::SharedType tile = op.getTileType();
    tile::GlobalType destination = op.getDestination().getType();
    int64_t columns = destination.getShape()[1];
    int64_t threadsOfRow = tile.getColumns() / kElements;
    if (threadsAround(op) % threadsOfRow != 0)
      return rewriter.notifyMatchFailure(op, "a row has more than four elements for each thread");
    Value column = t.math.add(adaptor.getColumn(), t.at.writtenColumn(tile));
    Value end = t.least(adaptor.getRows(), t.math.constant(tile.getRows()));
    auto loop = scf::ForOp::create(t.b, t.at.writtenRow(tile), end,
                                   t.math.constant(threadsAround(op) / threadsOfRow));
    t.b.setInsertionPointToStart(loop.getBody());
    Value inTile = t.at.written(tile, loop.getInductionVar());
    SmallVector<SmallVector<Value>> sums;
    for (Value each : adaptor.getTiles())
      sums.push_back(sumPlanes(t, tile, t.plus(each, inTile)));
    Value row = t.indexed(adaptor.getIndex(), t.math.add(adaptor.getRow(), loop.getInductionVar()),
                          /*divisor=*/1);
    auto placeIn = [&](Value matrix, Type element) {
      int64_t bytes = element.getIntOrFloatBitWidth() / 8;
      Value place = t.plus(matrix, t.rows(row, columns * bytes));
      return t.plus(place, t.math.mul(column, bytes));
    };
    SmallVector<Value> others;
    for (Value other : adaptor.getOthers())
      others.push_back(placeIn(other, t.b.getF32Type()));
    Value to = placeIn(adaptor.getDestination(), destination.getElementType());
    int64_t bytes = destination.getElementType().getIntOrFloatBitWidth() / 8;
    // As many at once as rows are aligned to.
    int64_t together = std::min<int64_t>(kElements, columns & -columns);
    for (int64_t first = 0; first < kElements; first += together) {
      OpBuilder::InsertionGuard guard(t.b);
      Value exists = t.isLess(t.math.add(column, first), t.math.constant(columns));
      auto guarded = scf::IfOp::create(t.b, exists, /*withElseRegion=*/false);
      t.b.setInsertionPoint(guarded.thenYield());
      SmallVector<SmallVector<Value>> read;
      for (Value other : others)
        read.push_back(loadValues(t.b, t.b.getF32Type(), t.plus(other, first * 4), together));
      SmallVector<Value> values;
      for (int64_t i = 0; i < together; ++i) {
        SmallVector<Value> elements;
        for (ArrayRef<Value> sum : sums)
          elements.push_back(sum[first + i]);
        for (ArrayRef<Value> other : read)
          elements.push_back(other[i]);
        values.push_back(computeElement(t.b, op.getBody().front(), elements));
      }
      storeNumbers(t.b, destination.getElementType(), values, t.plus(to, first * bytes));
    }
    rewriter.eraseOp(op);
    return success();
  }

  static SmallVector<Value> sumPlanes(TileBuilder &t, tile::SharedType tile, Value from) {
    Type f32 = t.b.getF32Type();
    SmallVector<Value> sums = loadValues(t.b, f32, from, kElements);
    for (int64_t plane = 1; plane < tile.getPlanes(); ++plane)
      for (auto [sum, value] : llvm::zip_equal(
               sums, loadValues(t.b, f32, t.plus(from, plane * tile.getPlaneBytes()), kElements)))
        sum = arith::AddFOp::create(t.b, sum, value);
    return sums;
  }
};
} // namespace

void hadal::cuda::addWritePatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerWrite>(types, patterns.getContext());
}
