// SPDX-License-Identifier: Apache-2.0
// Lowers what stays with its thread, for GPUs from sm_80 on: sums as operands, and numbers that are
// kept in global memory, for itself or for a workgroup that it meets.
#include "TileBuilder.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
/// What a lane has of two parts of eight columns is what it has of a step of the matrix unit.
struct LowerOperand : OpConversionPattern<tile::OperandOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::OperandOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    SumShape shape(op.getSum().getType());
    int64_t first = int64_t(op.getColumn()) / kMmaColumns;
    int64_t end = first + op.getFragment().getType().getShape()[1] / kMmaColumns;
    SmallVector<Value> words;
    for (int64_t row = 0; row < shape.rows; ++row)
      for (int64_t column = first; column < end; ++column)
        for (int64_t below = 0; below < 2; ++below) {
          ValueRange pair = adaptor.getSum().slice(shape.at(row, column, 2 * below), 2);
          words.push_back(t.roundPair(pair[0], pair[1]));
        }
    rewriter.replaceOpWithMultiple(op, {ValueRange(words)});
    return success();
  }
};

/// Sixteen bytes of each thread, then the next of each.
Value keptBase(TileBuilder &t, Value memory, Value row, tile::GlobalType type) {
  int64_t bytes = type.getElementType().getIntOrFloatBitWidth() / 8;
  Value first = t.plus(memory, t.rows(row, type.getShape()[1] * bytes));
  return t.plus(first, t.math.mul(t.math.thread(), tile::kPieceBytes));
}

/// Calls `access` for each piece of `count` words: its address, its first word and how many it has.
void forEachPiece(TileBuilder &t, Operation *op, Value base, int64_t count,
                  function_ref<void(Value, int64_t, int64_t)> access) {
  int64_t threads = threadsAround(op);
  for (int64_t word = 0; word < count; word += 4)
    access(t.plus(base, word / 4 * threads * tile::kPieceBytes), word,
           std::min<int64_t>(4, count - word));
}

struct LowerKeep : OpConversionPattern<tile::KeepOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::KeepOp op, OneToNOpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    SmallVector<Value> words;
    for (ValueRange each : adaptor.getValues())
      llvm::append_range(words, each);
    Value base = keptBase(t, adaptor.getMemory().front(), adaptor.getRow().front(),
                          op.getMemory().getType());
    forEachPiece(t, op, base, int64_t(words.size()), [&](Value to, int64_t first, int64_t count) {
      LLVM::StoreOp::create(t.b, t.vector(ArrayRef(words).slice(size_t(first), size_t(count))), to,
                            unsigned(4 * count));
    });
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerRecall : OpConversionPattern<tile::RecallOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::RecallOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    int64_t total = 0;
    for (Type type : op.getValues().getTypes())
      total += wordsOf(type);
    SmallVector<Value> words;
    Value base = keptBase(t, adaptor.getMemory(), adaptor.getRow(), op.getMemory().getType());
    forEachPiece(t, op, base, total, [&](Value from, int64_t, int64_t count) {
      llvm::append_range(words, loadValues(t.b, t.b.getF32Type(), from, count));
    });
    SmallVector<SmallVector<Value>> values;
    ArrayRef<Value> left(words);
    for (Type type : op.getValues().getTypes()) {
      values.emplace_back(left.take_front(size_t(wordsOf(type))));
      left = left.drop_front(size_t(wordsOf(type)));
    }
    rewriter.replaceOpWithMultiple(op, SmallVector<ValueRange>(values.begin(), values.end()));
    return success();
  }
};

/// What threads wrote is there for the first thread behind a barrier, and its fence shows it to
/// whoever sees the bit; the other way round for the second workgroup.
struct LowerMeet : OpConversionPattern<tile::MeetOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::MeetOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    Value zero = t.math.constant(0);
    auto compare = [&](arith::CmpIPredicate predicate, Value x) {
      return arith::CmpIOp::create(t.b, predicate, x, zero);
    };
    NVVM::Barrier0Op::create(t.b);
    Value isFirst = compare(arith::CmpIPredicate::eq, t.math.thread());
    auto first = scf::IfOp::create(t.b, TypeRange{t.b.getI32Type()}, isFirst,
                                   /*withElseRegion=*/true);
    {
      OpBuilder::InsertionGuard guard(t.b);
      t.b.setInsertionPointToStart(first.thenBlock());
      // Backwards from the memory on.
      Value bytes = t.rows(t.math.add(adaptor.getWord(), 1), 4);
      Value none = arith::ConstantOp::create(t.b, t.b.getI64IntegerAttr(0));
      Value word = t.plus(adaptor.getMemory(), arith::SubIOp::create(t.b, none, bytes));
      Value bit = arith::ShLIOp::create(t.b, t.math.constant(1), adaptor.getBit());
      auto fence = [&] { LLVM::FenceOp::create(t.b, LLVM::AtomicOrdering::acq_rel, "device"); };
      fence();
      Value before = LLVM::AtomicRMWOp::create(t.b, LLVM::AtomicBinOp::_xor, word, bit,
                                               LLVM::AtomicOrdering::monotonic, "device");
      fence();
      scf::YieldOp::create(t.b, ValueRange{arith::AndIOp::create(t.b, before, bit)});
      t.b.setInsertionPointToStart(first.elseBlock());
      scf::YieldOp::create(t.b, zero);
    }
    Value any = NVVM::BarrierOp::create(
                    t.b, TypeRange{t.b.getI32Type()}, Value(), Value(),
                    NVVM::BarrierReductionAttr::get(t.b.getContext(), NVVM::BarrierReduction::OR),
                    first.getResult(0))
                    .getResult(0);
    rewriter.replaceOp(op, compare(arith::CmpIPredicate::ne, any).getResult());
    return success();
  }
};
} // namespace

void hadal::cuda::addKeptPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns.add<LowerKeep, LowerMeet, LowerOperand, LowerRecall>(types, patterns.getContext());
}
