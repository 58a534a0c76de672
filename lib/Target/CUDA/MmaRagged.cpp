// SPDX-License-Identifier: Apache-2.0
// Lowers the search for a tile among ragged groups of rows, and stacks, for GPUs from sm_80 on.
#include "TileBuilder.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
/// Neighbouring groups of a lane: where each begins, and how many tiles it has.
struct LaneGroups {
  SmallVector<Value> begins; // and the end of the last
  SmallVector<Value> tiles;
};

struct LowerLocate : OpConversionPattern<tile::LocateOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::LocateOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    LaneMath m{t};
    int64_t groups = op.getOffsets().getType().getDimSize(0) - 1, height = int64_t(op.getHeight());
    int64_t ofLane = int64_t(llvm::divideCeil(groups, kWarp));
    Value first = t.math.mul(t.at.lane(), ofLane);
    LaneGroups lane = loadGroups(t, adaptor.getOffsets(), first, ofLane, groups, height);
    Value sum = t.math.constant(0);
    for (Value tiles : lane.tiles)
      sum = t.math.add(sum, tiles);
    // The tile's number within the lane's groups: not below zero, and less than their sum, in one lane.
    Value left = m.sub(adaptor.getNumber(), m.sub(m.sumOfLanesUpTo(sum), sum));
    Value zero = t.math.constant(0), group = zero, row = zero, rows = zero;
    for (int64_t i = 0; i < ofLane; ++i) {
      // Below zero, as a number without a sign, is no tile of any group.
      Value isHere = arith::CmpIOp::create(t.b, arith::CmpIPredicate::ult, left, lane.tiles[i]);
      Value begin = t.math.add(lane.begins[i], t.math.mul(left, height));
      group = t.select(isHere, t.math.add(first, i), group);
      row = t.select(isHere, begin, row);
      rows = t.select(isHere, m.sub(lane.begins[i + 1], begin), rows);
      left = m.sub(left, lane.tiles[i]);
    }
    rewriter.replaceOp(op, {m.anyLane(group), m.anyLane(row), m.anyLane(rows)});
    return success();
  }

private:
  struct LaneMath {
    TileBuilder &t;
    Value sub(Value x, Value y) { return arith::SubIOp::create(t.b, x, y); }

    /// The sum of a value of this lane and those before it.
    Value sumOfLanesUpTo(Value value) {
      Value lane = t.at.lane();
      for (int64_t apart = 1; apart < kWarp; apart *= 2) {
        Value other = laneBelow(t.b, value, apart);
        Value isFirst = t.isLess(lane, t.math.constant(apart));
        value = t.math.add(value, t.select(isFirst, t.math.constant(0), other));
      }
      return value;
    }

    /// What one lane at most has that is not zero.
    Value anyLane(Value value) {
      return NVVM::ReduxOp::create(t.b, t.b.getI32Type(), value, NVVM::ReduxKind::OR,
                                   t.math.constant(kAllLanes));
    }
  };

  /// Groups behind the last one have no tile.
  static LaneGroups loadGroups(TileBuilder &t, Value offsets, Value first, int64_t ofLane,
                               int64_t groups, int64_t height) {
    LaneGroups lane;
    for (int64_t i = 0; i <= ofLane; ++i) {
      Value at = t.least(t.math.add(first, i), t.math.constant(groups));
      at = arith::IndexCastOp::create(t.b, t.b.getIndexType(), at);
      lane.begins.push_back(memref::LoadOp::create(t.b, offsets, at));
    }
    for (int64_t i = 0; i < ofLane; ++i) {
      Value rows = arith::SubIOp::create(t.b, lane.begins[i + 1], lane.begins[i]);
      lane.tiles.push_back(t.math.div(t.math.add(rows, height - 1), height));
    }
    return lane;
  }
};

struct LowerMatrix : OpConversionPattern<tile::MatrixOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::MatrixOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::GlobalType matrix = op.getMatrix().getType();
    int64_t bytes = matrix.getShape()[0] * matrix.getShape()[1] *
                    matrix.getElementType().getIntOrFloatBitWidth() / 8;
    if (matrix.getOrder() == tile::Order::Packed)
      bytes = packedRowCount(matrix) * packedRowBytes(matrix);
    rewriter.replaceOp(op, t.plus(adaptor.getStack(), t.rows(adaptor.getIndex(), bytes)));
    return success();
  }
};
} // namespace

void hadal::cuda::addRaggedPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerLocate, LowerMatrix>(types, patterns.getContext());
}
