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
    Window window{op, adaptor, row, column, inTile, sums};
    if (op.getCos())
      writeHeads(t, window);
    else
      writeElements(t, window);
    rewriter.eraseOp(op);
    return success();
  }

private:
  /// What a thread has of a row: four elements of each tile.
  struct Window {
    tile::WriteOp op;
    OpAdaptor adaptor;
    Value row, column; // in the matrices
    Value inTile;      // bytes to the elements
    ArrayRef<SmallVector<Value>> sums;

    int64_t columns() { return op.getDestination().getType().getShape()[1]; }
  };

  static Value placeIn(TileBuilder &t, Value matrix, Type element, Window &window, Value column) {
    int64_t bytes = element.getIntOrFloatBitWidth() / 8;
    Value place = t.plus(matrix, t.rows(window.row, window.columns() * bytes));
    return t.plus(place, t.math.mul(column, bytes));
  }

  /// As many at once as rows are aligned to.
  static void writeElements(TileBuilder &t, Window &window) {
    Type element = window.op.getDestination().getType().getElementType();
    int64_t bytes = element.getIntOrFloatBitWidth() / 8, columns = window.columns();
    SmallVector<Value> others;
    for (Value other : window.adaptor.getOthers())
      others.push_back(placeIn(t, other, t.b.getF32Type(), window, window.column));
    Value to = placeIn(t, window.adaptor.getDestination(), element, window, window.column);
    int64_t together = std::min<int64_t>(kElements, columns & -columns);
    for (int64_t first = 0; first < kElements; first += together) {
      OpBuilder::InsertionGuard guard(t.b);
      Value exists = t.isLess(t.math.add(window.column, first), t.math.constant(columns));
      auto guarded = scf::IfOp::create(t.b, exists, /*withElseRegion=*/false);
      t.b.setInsertionPoint(guarded.thenYield());
      SmallVector<SmallVector<Value>> read;
      for (Value other : others)
        read.push_back(loadValues(t.b, t.b.getF32Type(), t.plus(other, first * 4), together));
      SmallVector<Value> values;
      for (int64_t i = 0; i < together; ++i) {
        SmallVector<Value> elements;
        for (ArrayRef<Value> sum : window.sums)
          elements.push_back(sum[first + i]);
        for (ArrayRef<Value> other : read)
          elements.push_back(other[i]);
        values.push_back(computeElement(t.b, window.op.getBody().front(), elements));
      }
      storeNumbers(t.b, element, values, t.plus(to, first * bytes));
    }
  }

  /// Heads whose last columns are rotated. Four neighbours are all of one part of a head.
  static void writeHeads(TileBuilder &t, Window &window) {
    tile::WriteOp op = window.op;
    Value exists = t.isLess(window.column, t.math.constant(window.columns()));
    auto guarded = scf::IfOp::create(t.b, exists, /*withElseRegion=*/false);
    t.b.setInsertionPoint(guarded.thenYield());
    int64_t nope = *op.getHead() - op.getRotated();
    Value inHead = t.math.rem(window.column, *op.getHead());
    auto parts = scf::IfOp::create(t.b, t.isLess(inHead, t.math.constant(nope)),
                                   /*withElseRegion=*/true);
    t.b.setInsertionPoint(parts.thenYield());
    store(t, window, window.sums.front(), window.column);
    t.b.setInsertionPoint(parts.elseYield());
    Value column = arith::SubIOp::create(t.b, inHead, t.math.constant(nope));
    if (op.getInterleaved())
      rotateNeighbours(t, window, column);
    else
      rotateHalves(t, window, column);
  }

  static void store(TileBuilder &t, Window &window, ArrayRef<Value> numbers, Value column) {
    Type element = window.op.getDestination().getType().getElementType();
    SmallVector<Value> values;
    for (Value number : numbers)
      values.push_back(computeElement(t.b, window.op.getBody().front(), number));
    storeNumbers(t.b, element, values,
                 placeIn(t, window.adaptor.getDestination(), element, window, column));
  }

  /// Cosines and sines of so many pairs from one on.
  static std::pair<SmallVector<Value>, SmallVector<Value>>
  loadAngles(TileBuilder &t, Window &window, Value pair, int64_t count) {
    int64_t bytes = window.op.getRotated() / 2 * 4;
    Value position = t.indexed(window.adaptor.getPositions(), window.row, /*divisor=*/1);
    auto load = [&](Value table) {
      Value from = t.plus(t.plus(table, t.rows(position, bytes)), t.math.mul(pair, 4));
      return loadValues(t.b, t.b.getF32Type(), from, count);
    };
    return {load(window.adaptor.getCos()), load(window.adaptor.getSin())};
  }

  /// Two pairs, to where pairs are apart.
  static void rotateNeighbours(TileBuilder &t, Window &window, Value column) {
    auto mul = [&](Value x, Value y) -> Value { return arith::MulFOp::create(t.b, x, y); };
    Value pair = t.math.div(column, 2);
    auto [cos, sin] = loadAngles(t, window, pair, 2);
    ArrayRef<Value> own = window.sums.front();
    SmallVector<Value> first, second;
    for (size_t i = 0; i < 2; ++i) {
      Value x = own[2 * i], y = own[2 * i + 1];
      first.push_back(arith::SubFOp::create(t.b, mul(x, cos[i]), mul(y, sin[i])));
      second.push_back(arith::AddFOp::create(t.b, mul(y, cos[i]), mul(x, sin[i])));
    }
    Value to = arith::SubIOp::create(t.b, window.column, pair); // column is twice the pair
    store(t, window, first, to);
    store(t, window, second, t.math.add(to, window.op.getRotated() / 2));
  }

  /// Halves of four pairs; the others are another thread's.
  static void rotateHalves(TileBuilder &t, Window &window, Value column) {
    int64_t half = window.op.getRotated() / 2;
    auto [cos, sin] = loadAngles(t, window, t.math.rem(column, half), kElements);
    Value isFirst = t.isLess(column, t.math.constant(half));
    Value apart = t.select(isFirst, t.math.constant(half * 4), t.math.constant(-half * 4));
    SmallVector<Value> others =
        sumPlanes(t, window.op.getTileType(),
                  t.plus(window.adaptor.getTiles().front(), t.math.add(window.inTile, apart)));
    SmallVector<Value> turned;
    for (auto [own, other, c, s] : llvm::zip_equal(window.sums.front(), others, cos, sin)) {
      Value turn = t.select(isFirst, arith::NegFOp::create(t.b, s), s);
      Value along = arith::MulFOp::create(t.b, own, c);
      turned.push_back(arith::AddFOp::create(t.b, along, arith::MulFOp::create(t.b, other, turn)));
    }
    store(t, window, turned, window.column);
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
