// SPDX-License-Identifier: Apache-2.0
// Lowers weights of eight bits and the scales of their blocks, for GPUs from sm_80 on.
#include "TileBuilder.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
/// Words of #hadal.fragments hold two pairs: one by a mask, the other by shifts and masks. Their
/// bits are those of bf16 but for the exponent, which a product makes right, of numbers below the least normal one too.
struct LowerWiden : OpConversionPattern<tile::WidenOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::WidenOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    auto pair = VectorType::get({2}, t.b.getBF16Type());
    auto constant = [&](uint32_t bits) { return t.math.constant(int32_t(bits)); };
    auto asPair = [&](Value word) -> Value { return LLVM::BitcastOp::create(t.b, pair, word); };
    Value power = asPair(constant(0x7b807b80)), minusZero = asPair(constant(0x80008000));
    auto scaled = [&](Value word) -> Value {
      Value product = LLVM::FMAOp::create(t.b, asPair(word), power, minusZero);
      return LLVM::BitcastOp::create(t.b, t.b.getI32Type(), product);
    };
    auto masked = [&](Value word, uint32_t bits) -> Value {
      return arith::AndIOp::create(t.b, word, constant(bits));
    };
    SmallVector<Value> words;
    for (Value word : adaptor.getOperand()) {
      Value four = constant(4);
      Value up = arith::ShLIOp::create(t.b, word, four);
      Value down = arith::ShRUIOp::create(t.b, word, four);
      words.push_back(scaled(masked(word, 0x87f087f0)));
      words.push_back(scaled(t.math.orBits(masked(up, 0x80f080f0), masked(down, 0x07000700))));
    }
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }
};

struct LowerAddScaled : OpConversionPattern<tile::AddScaledOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::AddScaledOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::FragmentType fragment = op.getSum().getType();
    SumShape shape(fragment);
    Scales scales(t, op, adaptor);
    SmallVector<Value> sums(adaptor.getSum());
    for (int64_t row = 0; row < shape.rows; ++row) {
      std::array<Value, 2> scale = scales.of(row * kMmaRows);
      for (int64_t column = 0; column < shape.columns; ++column)
        for (int64_t i = 0; i < 4; ++i) {
          size_t at = size_t(shape.at(row, column, i));
          sums[at] = LLVM::FMAOp::create(t.b, adaptor.getPart()[at], scale[i / 2], sums[at]);
        }
    }
    rewriter.replaceOpWithMultiple(op, {ValueRange(sums)});
    return success();
  }

private:
  class Scales {
  public:
    Scales(TileBuilder &t, tile::AddScaledOp op, OneToNOpAdaptor adaptor)
        : t(t), type(op.getScales().getType()), block(op.getBlock()) {
      tile::FragmentType fragment = op.getSum().getType();
      first = t.math.add(adaptor.getRow().front(),
                         t.math.mul(t.at.warpRow(fragment.getWarps()), fragment.getWarpRows()));
      Value column = t.math.div(adaptor.getColumn().front(), block[1]);
      pointer = t.plus(adaptor.getScales().front(), t.math.mul(column, 4));
    }

    /// Of the two rows that a lane has of the 16 from `row` on.
    std::array<Value, 2> of(int64_t row) {
      // Windows begin at a multiple of 16 rows.
      if (block[0] % kMmaRows == 0) {
        Value scale = load(t.math.add(first, row));
        return {scale, scale};
      }
      Value own = t.math.add(first, t.at.octet());
      return {load(t.math.add(own, row)), load(t.math.add(own, row + 8))};
    }

  private:
    Value load(Value row) {
      Value last = t.math.constant(type.getShape()[0] - 1);
      Value number = t.least(t.math.div(row, block[0]), last);
      // LLVM makes one load of four out of three neighbours, and so reads beyond the end of scales
      // that are no multiple of 16 bytes.
      bool endsInside = type.getShape()[0] * type.getShape()[1] % 4 != 0;
      return LLVM::LoadOp::create(t.b, t.b.getF32Type(),
                                  t.plus(pointer, t.rows(number, type.getShape()[1] * 4)), 4,
                                  /*isVolatile=*/endsInside);
    }

    TileBuilder &t;
    tile::GlobalType type;
    ArrayRef<int64_t> block;
    Value first, pointer;
  };
};
} // namespace

void hadal::cuda::addScalePatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerAddScaled, LowerWiden>(types, patterns.getContext());
}
