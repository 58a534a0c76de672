// SPDX-License-Identifier: Apache-2.0
// Lowers what the tile dialect does element by element and along rows, for GPUs from sm_80 on.
#include "TileBuilder.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

Value hadal::cuda::computeElement(ImplicitLocOpBuilder &b, Block &block, ArrayRef<Value> elements) {
  IRMapping mapping;
  mapping.map(block.getArguments(), elements);
  for (Operation &op : block.without_terminator()) {
    Value result;
    if (auto exp = dyn_cast<math::Exp2Op>(op))
      result = LLVM::CallIntrinsicOp::create(b, b.getF32Type(),
                                             b.getStringAttr("llvm.nvvm.ex2.approx.ftz.f"),
                                             mapping.lookupOrDefault(exp.getOperand()))
                   .getResults();
    else if (auto max = dyn_cast<arith::MaxNumFOp>(op))
      result = LLVM::MaxNumOp::create(b, mapping.lookupOrDefault(max.getLhs()),
                                      mapping.lookupOrDefault(max.getRhs()));
    if (result)
      mapping.map(op.getResult(0), result);
    else
      b.clone(op, mapping);
  }
  return mapping.lookupOrDefault(cast<tile::YieldOp>(block.getTerminator()).getValue());
}

namespace {
/// The word of a column that belongs to word `i` of a sum.
int64_t columnWord(const SumShape &sum, int64_t i) { return i / (sum.columns * 4) * 2 + i % 4 / 2; }

Value reducePair(TileBuilder &t, tile::Reduction kind, Value x, Value y) {
  if (kind == tile::Reduction::Sum)
    return arith::AddFOp::create(t.b, x, y);
  return LLVM::MaxNumOp::create(t.b, x, y);
}

struct LowerFill : OpConversionPattern<tile::FillOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::FillOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<Value> words(wordsOf(op.getResult().getType()), adaptor.getValue());
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }
};

struct LowerMap : OpConversionPattern<tile::MapOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::MapOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    auto fragment = dyn_cast<tile::FragmentType>(op.getResult().getType());
    int64_t count = wordsOf(op.getResult().getType());
    SmallVector<Value> words;
    for (int64_t i = 0; i < count; ++i) {
      SmallVector<Value> elements;
      for (auto [input, each] : llvm::zip_equal(op.getInputs(), adaptor.getInputs())) {
        bool isOfRow = fragment && isa<tile::ColumnType>(input.getType());
        elements.push_back(each[isOfRow ? columnWord(SumShape(fragment), i) : i]);
      }
      words.push_back(computeElement(t.b, op.getBody().front(), elements));
    }
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }
};

struct LowerMask : OpConversionPattern<tile::MaskOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::MaskOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::FragmentType fragment = op.getSum().getType();
    SumShape shape(fragment);
    Value first =
        t.math.add(t.math.mul(t.at.warpColumn(fragment.getWarps()), fragment.getWarpColumns()),
                   t.math.mul(t.at.quad(), 2));
    Value left = arith::SubIOp::create(t.b, adaptor.getColumns().front(), first);
    if (op.getRising()) {
      Value row = t.math.mul(t.at.warpRow(fragment.getWarps()), fragment.getWarpRows());
      left = t.math.add(left, t.math.add(row, t.at.octet()));
    }
    SmallVector<Value> words(adaptor.getSum());
    for (int64_t column = 0; column < shape.columns; ++column)
      for (int64_t i = 0; i < 4; ++i) {
        Value stays;
        for (int64_t row = 0; row < shape.rows; ++row) {
          int64_t more = op.getRising() ? row * kMmaRows + i / 2 * 8 : 0;
          if (row == 0 || op.getRising())
            stays = t.isLess(t.math.constant(column * kMmaColumns + i % 2 - more), left);
          Value &word = words[shape.at(row, column, i)];
          word = t.select(stays, word, adaptor.getValue().front());
        }
      }
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }
};

struct LowerReduce : OpConversionPattern<tile::ReduceOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::ReduceOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    SumShape shape(op.getSum().getType());
    ValueRange sum = adaptor.getSum();
    SmallVector<Value> words;
    for (int64_t row = 0; row < shape.rows; ++row)
      for (int64_t below = 0; below < 2; ++below) {
        Value made;
        for (int64_t column = 0; column < shape.columns; ++column) {
          Value pair = reducePair(t, op.getKind(), sum[shape.at(row, column, 2 * below)],
                                  sum[shape.at(row, column, 2 * below + 1)]);
          made = made ? reducePair(t, op.getKind(), made, pair) : pair;
        }
        words.push_back(made);
      }
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }
};

struct LowerCombine : OpConversionPattern<tile::CombineOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::CombineOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    SmallVector<Value> words;
    for (Value word : adaptor.getParts()) {
      for (int64_t distance : {1, 2})
        word = reducePair(t, op.getKind(), word, laneApart(t.b, word, distance));
      words.push_back(word);
    }
    if (op.getTile())
      throughTile(t, op, adaptor.getTile().front(), words);
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }

  static void throughTile(TileBuilder &t, tile::CombineOp op, Value tile,
                          MutableArrayRef<Value> words) {
    tile::ColumnType column = op.getParts().getType();
    tile::SharedType type = op.getTile().getType();
    auto below = [&](size_t word) { return int64_t(word) * 8 * type.getRowBytes(); };
    Value to = t.plus(tile, t.at.part(column, type));
    for (auto [i, word] : llvm::enumerate(words))
      LLVM::StoreOp::create(t.b, word, t.plus(to, below(i)), 4);
    NVVM::Barrier0Op::create(t.b);
    int64_t warps = type.getColumns();
    Value from = t.plus(tile, t.at.wholeRow(column, type));
    for (auto [i, word] : llvm::enumerate(words)) {
      Value parts = LLVM::LoadOp::create(t.b, VectorType::get({warps}, t.b.getF32Type()),
                                         t.plus(from, below(i)), unsigned(4 * warps));
      for (int64_t warp = 0; warp < warps; ++warp) {
        Value part = LLVM::ExtractElementOp::create(t.b, parts, t.math.constant(warp));
        word = warp ? reducePair(t, op.getKind(), word, part) : part;
      }
    }
  }
};

/// The second group keeps the second half of the columns.
struct LowerExchange : OpConversionPattern<tile::ExchangeOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::ExchangeOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::FragmentType fragment = op.getSum().getType();
    tile::SharedType tile = op.getTile().getType();
    SumShape shape(fragment);
    ValueRange sum = adaptor.getSum();
    Value isFirst = arith::CmpIOp::create(t.b, arith::CmpIPredicate::eq,
                                          t.at.group(fragment.getWarps()), t.math.constant(0));
    Value base = adaptor.getTile().front(), to = t.plus(base, t.at.given(tile, /*isOwn=*/true));
    SmallVector<Value> words;
    auto behind = [](size_t words) { return int64_t(words) / 4 * kWarp * tile::kPieceBytes; };
    for (int64_t row = 0; row < shape.rows; ++row)
      for (int64_t column = 0; column < shape.columns / 2; ++column) {
        SmallVector<Value> given;
        size_t first = words.size();
        for (int64_t i = 0; i < 4; ++i) {
          Value low = sum[shape.at(row, column, i)];
          Value high = sum[shape.at(row, column + shape.columns / 2, i)];
          given.push_back(t.select(isFirst, high, low));
          words.push_back(t.select(isFirst, low, high));
        }
        LLVM::StoreOp::create(t.b, t.vector(given), t.plus(to, behind(first)),
                              unsigned(tile::kPieceBytes));
      }
    NVVM::Barrier0Op::create(t.b);
    Value from = t.plus(base, t.at.given(tile, /*isOwn=*/false));
    for (size_t first = 0; first < words.size(); first += 4)
      for (auto [i, word] : llvm::enumerate(t.loadWords(t.plus(from, behind(first))))) {
        Value other = LLVM::BitcastOp::create(t.b, t.b.getF32Type(), word);
        words[first + i] = arith::AddFOp::create(t.b, words[first + i], other);
      }
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }
};

struct LowerDiffer : OpConversionPattern<tile::DifferOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::DifferOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    Value any;
    for (auto [x, y] : llvm::zip_equal(adaptor.getLhs(), adaptor.getRhs())) {
      Value differs = arith::CmpFOp::create(t.b, arith::CmpFPredicate::UNE, x, y);
      any = any ? arith::OrIOp::create(t.b, any, differs).getResult() : differs;
    }
    Value result = NVVM::VoteSyncOp::create(t.b, t.b.getI1Type(), t.math.constant(kAllLanes), any,
                                            NVVM::VoteSyncKind::any);
    rewriter.replaceOp(op, result);
    return success();
  }
};
} // namespace

void hadal::cuda::addRowPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns
      .add<LowerCombine, LowerDiffer, LowerExchange, LowerFill, LowerMap, LowerMask, LowerReduce>(
          types, patterns.getContext());
}
