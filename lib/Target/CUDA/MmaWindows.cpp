// SPDX-License-Identifier: Apache-2.0
// Lowers windows of shared tiles, and what is rounded into them or written from them, for GPUs
// from sm_80 on.
#include "TileBuilder.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
struct LowerWindow : OpConversionPattern<tile::WindowOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::WindowOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::SharedType tile = op.getTile().getType();
    ArrayRef<int64_t> position = op.getPosition();
    rewriter.replaceOp(op, t.plus(adaptor.getTile(), position[0] * tile.getRowBytes() +
                                                         position[1] * tile.getElementBytes()));
    return success();
  }
};

struct LowerPut : OpConversionPattern<tile::PutOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::PutOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::FragmentType fragment = op.getSum().getType();
    tile::SharedType tile = op.getTile().getType();
    SumShape shape(fragment);
    for (int64_t column = 0; column < shape.columns; ++column) {
      Value base = t.plus(adaptor.getTile().front(), t.at.pair(fragment, tile, column));
      base = t.plus(base, column / 8 * 8 * tile::kPieceBytes);
      for (int64_t row = 0; row < shape.rows; ++row)
        for (int64_t below = 0; below < 2; ++below) {
          ValueRange pair = adaptor.getSum().slice(shape.at(row, column, 2 * below), 2);
          LLVM::StoreOp::create(t.b, t.roundPair(pair[0], pair[1]),
                                t.plus(base, (row * kMmaRows + below * 8) * tile.getRowBytes()), 4);
        }
    }
    rewriter.eraseOp(op);
    return success();
  }
};

/// Numbers from 0 to before `count`, which threads take one after the other.
void forEachNumber(TileBuilder &t, Operation *op, int64_t count, function_ref<void(Value)> body) {
  int64_t threads = threadsAround(op);
  for (int64_t first = 0; first < count; first += threads) {
    Value number = t.math.add(t.math.thread(), first);
    OpBuilder::InsertionGuard guard(t.b);
    if (first + threads > count) {
      Value isNumber = t.isLess(number, t.math.constant(count));
      auto guarded = scf::IfOp::create(t.b, isNumber, /*withElseRegion=*/false);
      t.b.setInsertionPoint(guarded.thenYield());
    }
    body(number);
  }
}

/// Pieces of a matrix, as words of bf16. What does not exist is the first element of the window instead,
/// whose value is dropped, so that no load waits for a branch.
class ReadSource {
public:
  ReadSource(TileBuilder &t, tile::ReadOp op, tile::ReadOp::Adaptor adaptor)
      : t(t), adaptor(adaptor), columns(op.getSource().getType().getShape()[1]),
        bytes(op.getSource().getType().getElementType().getIntOrFloatBitWidth() / 8) {}

  SmallVector<Value, 4> wordsAt(Value row, Value piece) {
    Value zero = t.math.constant(0);
    Value column = t.math.add(adaptor.getColumn(), t.math.mul(piece, kElements));
    Value exists = arith::AndIOp::create(t.b, t.isLess(row, adaptor.getRows()),
                                         t.isLess(column, t.math.constant(columns)));
    Value from = t.math.add(adaptor.getRow(), t.select(exists, row, zero));
    from = t.plus(adaptor.getSource(), t.rows(from, columns * bytes));
    from = t.plus(from, t.math.mul(t.select(exists, column, adaptor.getColumn()), bytes));
    SmallVector<Value, 4> words = bytes == 2 ? t.loadWords(from, true) : loadRounded(from);
    for (Value &word : words)
      word = t.select(exists, word, zero);
    return words;
  }

  static constexpr int64_t kElements = tile::kPieceBytes / 2; // of bf16

private:
  SmallVector<Value, 4> loadRounded(Value from) {
    SmallVector<Value, 4> words;
    for (int64_t half = 0; half < 2; ++half) {
      SmallVector<Value> values;
      for (Value word : t.loadWords(t.plus(from, half * tile::kPieceBytes), true))
        values.push_back(LLVM::BitcastOp::create(t.b, t.b.getF32Type(), word));
      llvm::append_values(words, t.roundPair(values[0], values[1]),
                          t.roundPair(values[2], values[3]));
    }
    return words;
  }

  TileBuilder &t;
  tile::ReadOp::Adaptor adaptor;
  int64_t columns, bytes;
};

struct LowerRead : OpConversionPattern<tile::ReadOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::ReadOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    ReadSource source(t, op, adaptor);
    if (op.getTile().getType().getOrder() == tile::Order::Packed)
      readPacked(t, op, adaptor.getTile(), source);
    else
      readRows(t, op, adaptor.getTile(), source);
    rewriter.eraseOp(op);
    return success();
  }

  static void store(TileBuilder &t, ArrayRef<Value> words, Value to) {
    LLVM::StoreOp::create(t.b, t.vector(words), to, unsigned(tile::kPieceBytes));
  }

  static void readRows(TileBuilder &t, tile::ReadOp op, Value tile, ReadSource &source) {
    tile::SharedType type = op.getTile().getType();
    int64_t first = op.getColumns()[0] / ReadSource::kElements;
    int64_t end = op.getColumns()[1] / ReadSource::kElements;
    forEachNumber(t, op, type.getRows() * (end - first), [&](Value number) {
      Value row = t.math.div(number, end - first), piece = t.math.rem(number, end - first);
      Value to = t.plus(tile, t.at.pieceOf(type, row, t.math.add(piece, first)));
      store(t, source.wordsAt(row, piece), to);
    });
  }

  /// A lane's pieces of two rows, eight apart, are what it has of two steps.
  static void readPacked(TileBuilder &t, tile::ReadOp op, Value tile, ReadSource &source) {
    tile::SharedType type = op.getTile().getType();
    int64_t first = op.getColumns()[0] / tile::kPackedColumns;
    int64_t blocks = op.getColumns()[1] / tile::kPackedColumns - first;
    int64_t rows = type.getRows() / tile::kPackedRows;
    forEachNumber(t, op, rows * blocks * kWarp, [&](Value number) {
      Value lane = t.math.rem(number, kWarp), block = t.math.div(number, kWarp);
      Value blockRow = t.math.div(block, blocks), blockColumn = t.math.rem(block, blocks);
      Value row = t.math.add(t.math.mul(blockRow, tile::kPackedRows), t.math.div(lane, 4));
      Value piece = t.math.add(t.math.mul(blockColumn, 4), t.math.rem(lane, 4));
      auto upper = source.wordsAt(row, piece), lower = source.wordsAt(t.math.add(row, 8), piece);
      Value to = t.math.add(
          t.math.mul(blockRow, type.getRowBytes()),
          t.math.mul(t.math.add(blockColumn, first), tile::packedBytes(type.getElementType())));
      to = t.plus(tile, t.math.add(to, t.math.mul(lane, tile::kPieceBytes)));
      for (int64_t step = 0; step < kAccessSteps; ++step)
        store(t, {upper[2 * step], lower[2 * step], upper[2 * step + 1], lower[2 * step + 1]},
              t.plus(to, step * kWarp * tile::kPieceBytes));
    });
  }
};

struct LowerDrain : OpConversionPattern<tile::DrainOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::DrainOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::SharedType tile = op.getTile().getType();
    int64_t columns = op.getDestination().getType().getShape()[1];
    int64_t bytes = tile.getElementBytes();
    int64_t drained = op.getDrainedColumns(), pieces = drained * bytes / tile::kPieceBytes;
    forEachNumber(t, op, tile.getRows() * pieces, [&](Value number) {
      Value row = t.math.div(number, pieces), piece = t.math.rem(number, pieces);
      Value column = t.math.add(adaptor.getColumn(), t.math.mul(piece, tile::kPieceBytes / bytes));
      Value exists = t.isLess(row, adaptor.getRows());
      if (columns % drained != 0)
        exists = arith::AndIOp::create(t.b, exists, t.isLess(column, t.math.constant(columns)));
      SmallVector<Value, 4> words =
          t.loadWords(t.plus(adaptor.getTile(), t.at.pieceOf(tile, row, piece)));
      auto guarded = scf::IfOp::create(t.b, exists, /*withElseRegion=*/false);
      OpBuilder::InsertionGuard guard(t.b);
      t.b.setInsertionPoint(guarded.thenYield());
      Value to = t.plus(adaptor.getDestination(),
                        t.rows(t.math.add(adaptor.getRow(), row), columns * bytes));
      to = t.plus(to, t.math.mul(column, bytes));
      LLVM::StoreOp::create(t.b, t.vector(words), to, unsigned(tile::kPieceBytes));
    });
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void hadal::cuda::addWindowPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerDrain, LowerPut, LowerRead, LowerWindow>(types, patterns.getContext());
}
