// SPDX-License-Identifier: Apache-2.0
// Lowers operands, products and sums of the tile dialect for GPUs from sm_80 on.
#include "TileBuilder.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
/// An operand in the order [part][step][word]: parts are 16 rows of a left or 8 columns of a right
/// one; an access brings two steps of a right one, one of a left one, two of one of eight bits.
struct OperandShape {
  explicit OperandShape(tile::FragmentType fragment)
      : isLeft(fragment.getRole() == tile::Role::Lhs),
        parts(isLeft ? fragment.getWarpRows() / kMmaRows : fragment.getWarpColumns() / kMmaColumns),
        steps((isLeft ? fragment.getShape()[1] : fragment.getShape()[0]) / kMmaDepth),
        wordsOfStep((isLeft ? 4 : 2) * fragment.getElementType().getIntOrFloatBitWidth() / 16),
        stepsOfAccess(4 / wordsOfStep) {}
  bool isLeft;
  int64_t parts, steps, wordsOfStep, stepsOfAccess;

  ValueRange at(ValueRange words, int64_t part, int64_t step) const {
    return words.slice((part * steps + step) * wordsOfStep, wordsOfStep);
  }
};

struct LowerLoad : OpConversionPattern<tile::LoadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::LoadOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::SharedType tile = op.getTile().getType();
    tile::FragmentType fragment = op.getFragment().getType();
    OperandShape shape(fragment);
    SmallVector<Value> words;
    if (fragment.getDepth() == tile::Depth::Pairs)
      words = loadMatrices(t, op, adaptor.getTile(), shape);
    else if (tile.getOrder() == tile::Order::Packed)
      words = loadPacked(t, op, adaptor.getTile(), shape);
    else
      words = loadRows(t, op, adaptor.getTile(), shape);
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }

  static SmallVector<Value> loadPacked(TileBuilder &t, tile::LoadOp op, Value tile,
                                       const OperandShape &shape) {
    tile::SharedType type = op.getTile().getType();
    ArrayRef<int64_t> position = op.getPosition();
    Value base = t.plus(tile, t.at.packedOperand(op.getFragment().getType(), type.getRowBytes(),
                                                 int64_t(op.getApart())));
    int64_t first = position[0] / tile::kPackedRows * type.getRowBytes() +
                    position[1] / tile::kPackedColumns * tile::packedBytes(type.getElementType());
    SmallVector<Value> words;
    for (int64_t part = 0; part < shape.parts; ++part)
      for (int64_t access = 0; access < shape.steps / shape.stepsOfAccess; ++access)
        llvm::append_range(words,
                           t.loadWords(t.plus(base, first + part * type.getRowBytes() +
                                                        access * kWarp * tile::kPieceBytes)));
    return words;
  }

  /// Sixteen bytes of a row are two steps; of a left operand the rows eight below belong to them.
  static SmallVector<Value> loadRows(TileBuilder &t, tile::LoadOp op, Value tile,
                                     const OperandShape &shape) {
    tile::SharedType type = op.getTile().getType();
    ArrayRef<int64_t> position = op.getPosition();
    int64_t rowsOfPart = shape.isLeft ? kMmaRows : kMmaColumns;
    SmallVector<Value> words;
    for (int64_t part = 0; part < shape.parts; ++part)
      for (int64_t step = 0; step < shape.steps; step += kAccessSteps) {
        int64_t piece = (position[1] + step * kMmaDepth) / 8;
        Value base = t.plus(tile, t.at.rowsOperand(op.getFragment().getType(), type, piece,
                                                   int64_t(op.getApart())));
        int64_t first = (position[0] + part * rowsOfPart) * type.getRowBytes() +
                        piece / 8 * 8 * tile::kPieceBytes;
        auto upper = t.loadWords(t.plus(base, first));
        if (!shape.isLeft) {
          llvm::append_range(words, upper);
          continue;
        }
        auto lower = t.loadWords(t.plus(base, first + 8 * type.getRowBytes()));
        for (int64_t i = 0; i < 4; i += 2)
          llvm::append_values(words, upper[i], lower[i], upper[i + 1], lower[i + 1]);
      }
    return words;
  }

  /// Four matrices of 8 x 8 at once, transposed where depth goes down the rows: a step of 16 rows,
  /// or two neighbouring parts of a right operand.
  static SmallVector<Value> loadMatrices(TileBuilder &t, tile::LoadOp op, Value tile,
                                         const OperandShape &shape) {
    tile::SharedType type = op.getTile().getType();
    tile::FragmentType fragment = op.getFragment().getType();
    ArrayRef<int64_t> position = op.getPosition();
    auto load = [&](int64_t row, int64_t column) {
      int64_t piece = column / 8;
      Value base = t.plus(tile, t.at.matrixRow(fragment, type, piece));
      base = t.plus(base, row * type.getRowBytes() + piece / 8 * 8 * tile::kPieceBytes);
      auto words = LLVM::LLVMStructType::getLiteral(t.b.getContext(),
                                                    SmallVector<Type>(4, t.b.getI32Type()));
      return NVVM::LdMatrixOp::create(
          t.b, words, base, /*num=*/4, shape.isLeft ? NVVM::MMALayout::row : NVVM::MMALayout::col,
          NVVM::LdStMatrixShapeAttr::get(t.b.getContext(), 8, 8), NVVM::LdStMatrixEltType::B16);
    };
    SmallVector<Value> words(shape.parts * shape.steps * shape.wordsOfStep);
    for (int64_t part = 0; part < shape.parts; part += shape.isLeft ? 1 : 2)
      for (int64_t step = 0; step < shape.steps; ++step) {
        Value four = shape.isLeft
                         ? load(position[0] + part * kMmaRows, position[1] + step * kMmaDepth)
                         : load(position[0] + step * kMmaDepth, position[1] + part * kMmaColumns);
        for (int64_t i = 0; i < 4; ++i) {
          int64_t word = i % shape.wordsOfStep, of = part + i / shape.wordsOfStep;
          words[(of * shape.steps + step) * shape.wordsOfStep + word] =
              LLVM::ExtractValueOp::create(t.b, four, i);
        }
      }
    return words;
  }
};

struct LowerFetch : OpConversionPattern<tile::FetchOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::FetchOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    OperandShape shape(op.getFragment().getType());
    SmallVector<Value> words =
        shape.isLeft ? fetchLeft(t, op, adaptor, shape) : fetchRight(t, op, adaptor, shape);
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }

  static SmallVector<Value> fetchLeft(TileBuilder &t, tile::FetchOp op, OpAdaptor adaptor,
                                      const OperandShape &shape) {
    tile::FragmentType fragment = op.getFragment().getType();
    tile::GlobalType source = op.getSource().getType();
    int64_t rowBytes = packedRowBytes(source), blocks = packedRowCount(source);
    // Whole windows exist, or each block's row is looked at.
    bool isWhole = source.getShape()[0] % fragment.getShape()[0] == 0;
    Value row = t.math.add(t.math.div(adaptor.getRow(), tile::kPackedRows),
                           t.math.mul(t.at.warpRow(fragment.getWarps()), shape.parts));
    Value lane = t.math.mul(t.at.lane(), tile::kPieceBytes);
    Value column = t.math.mul(adaptor.getColumn(),
                              tile::packedBytes(source.getElementType()) / tile::kPackedColumns);
    auto pointerTo = [&](Value block) {
      Value pointer = t.plus(adaptor.getSource(), t.rows(block, rowBytes));
      return t.plus(t.plus(pointer, lane), column);
    };
    Value whole = isWhole ? pointerTo(row) : Value();
    SmallVector<Value> words;
    for (int64_t part = 0; part < shape.parts; ++part) {
      Value pointer = isWhole
                          ? t.plus(whole, part * rowBytes)
                          : pointerTo(t.least(t.math.add(row, part), t.math.constant(blocks - 1)));
      for (int64_t access = 0; access < shape.steps / shape.stepsOfAccess; ++access)
        llvm::append_range(words, t.loadWords(t.plus(pointer, access * kWarp * tile::kPieceBytes),
                                              /*isInvariant=*/true));
    }
    return words;
  }

  static SmallVector<Value> fetchRight(TileBuilder &t, tile::FetchOp op, OpAdaptor adaptor,
                                       const OperandShape &shape) {
    tile::FragmentType fragment = op.getFragment().getType();
    int64_t columns = op.getSource().getType().getShape()[1];
    bool isWhole = columns % fragment.getShape()[0] == 0;
    Value last = t.math.add(adaptor.getRows(), t.math.constant(-1));
    Value first = t.math.add(
        t.math.mul(t.at.warpColumn(fragment.getWarps()), fragment.getWarpColumns()), t.at.octet());
    Value own = t.math.mul(t.at.quad(), 8);
    SmallVector<Value> words;
    for (int64_t part = 0; part < shape.parts; ++part) {
      Value row = t.least(t.math.add(first, part * kMmaColumns), last);
      row = t.indexed(adaptor.getIndex(), t.math.add(adaptor.getRow(), row),
                      int64_t(op.getDivisor()));
      Value pointer = t.plus(adaptor.getSource(), t.rows(row, columns * 2));
      pointer = t.plus(pointer, t.math.mul(t.at.quad(), tile::kPieceBytes));
      for (int64_t step = 0; step < shape.steps; step += kAccessSteps) {
        Value column = adaptor.getColumn(), exists;
        if (!isWhole) {
          // A piece behind the last column is read as the first one, and dropped.
          exists = t.isLess(t.math.add(t.math.add(column, own), step * kMmaDepth),
                            t.math.constant(columns));
          Value none = t.math.constant(0);
          column = t.select(exists, t.math.add(column, step * kMmaDepth),
                            arith::SubIOp::create(t.b, none, own).getResult());
        }
        Value wide = arith::ExtSIOp::create(t.b, t.b.getI64Type(), t.math.mul(column, 2));
        Value at = t.plus(pointer, wide);
        if (isWhole)
          at = t.plus(at, step * kMmaDepth * 2);
        for (Value word : t.loadWords(at, /*isInvariant=*/true))
          words.push_back(exists ? t.select(exists, word, t.math.constant(0)) : word);
      }
    }
    return words;
  }
};

struct LowerZero : OpConversionPattern<tile::ZeroOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::ZeroOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    Value zero = arith::ConstantOp::create(t.b, t.b.getF32FloatAttr(0));
    SmallVector<Value> words(wordsOf(op.getResult().getType()), zero);
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }
};

struct LowerMma : OpConversionPattern<tile::MmaOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::MmaOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    OperandShape left(op.getLhs().getType()), right(op.getRhs().getType());
    SmallVector<Value> sums(adaptor.getSum());
    auto type =
        LLVM::LLVMStructType::getLiteral(getContext(), SmallVector<Type>(4, t.b.getF32Type()));
    std::array<NVVM::MMATypes, 2> elements{NVVM::MMATypes::bf16, NVVM::MMATypes::bf16};
    std::array<NVVM::MMALayout, 2> layouts{NVVM::MMALayout::row, NVVM::MMALayout::col};
    int64_t shape[] = {kMmaRows, kMmaColumns, kMmaDepth};
    for (int64_t step = 0; step < left.steps; ++step)
      for (int64_t column = 0; column < right.parts; ++column)
        for (int64_t row = 0; row < left.parts; ++row) {
          MutableArrayRef<Value> sum =
              MutableArrayRef(sums).slice((row * right.parts + column) * 4, 4);
          auto product = NVVM::MmaOp::create(t.b, type, left.at(adaptor.getLhs(), row, step),
                                             right.at(adaptor.getRhs(), column, step),
                                             ValueRange(ArrayRef<Value>(sum)), shape, std::nullopt,
                                             std::nullopt, elements, layouts);
          for (int64_t i = 0; i < 4; ++i)
            sum[i] = LLVM::ExtractValueOp::create(t.b, product, i);
        }
    rewriter.replaceOpWithMultiple(op, {ValueRange(sums)});
    return success();
  }
};

struct LowerStore : OpConversionPattern<tile::StoreOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::StoreOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::FragmentType fragment = op.getSum().getType();
    tile::SharedType tile = op.getTile().getType();
    Value base = t.plus(adaptor.getTile().front(), t.at.sum(fragment, tile));
    SumShape shape(fragment);
    for (int64_t row = 0; row < shape.rows; ++row)
      for (int64_t column = 0; column < shape.columns; ++column)
        for (int64_t i = 0; i < 4; ++i) {
          // Two neighbouring columns, then the same eight rows below.
          int64_t n = column * kMmaColumns + i % 2, m = row * kMmaRows + i / 2 * 8;
          Value to = t.plus(base, n * tile.getRowBytes() + m * 4);
          Value value = adaptor.getSum()[shape.at(row, column, i)];
          if (op.getAccumulate()) {
            Value before = LLVM::LoadOp::create(t.b, t.b.getF32Type(), to, 4);
            value = arith::AddFOp::create(t.b, before, value);
          }
          LLVM::StoreOp::create(t.b, value, to, 4);
        }
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerGroup : OpConversionPattern<tile::GroupOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::GroupOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    rewriter.replaceOp(op, t.at.group(op.getWarps()));
    return success();
  }
};
} // namespace

void hadal::cuda::addMatrixPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerFetch, LowerGroup, LowerLoad, LowerMma, LowerStore, LowerZero>(
      types, patterns.getContext());
}
