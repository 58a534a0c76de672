// SPDX-License-Identifier: Apache-2.0
// Lowers shared memory, copies, waits and barriers of the tile dialect for GPUs from sm_80 on.
#include "KernelFrame.h"
#include "TileBuilder.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

int64_t hadal::cuda::threadsAround(Operation *op) {
  return *threadsOf(op->getParentOfType<func::FuncOp>());
}

namespace {
constexpr StringLiteral kSharedSymbol = "hadal_shared";
constexpr uint64_t kSharedAlignment = 128;

/// The memory that is asked for at a launch. It is external: an internal array of no extent
/// would lie where the next one does.
LLVM::GlobalOp getShared(ModuleOp module) {
  if (auto shared = module.lookupSymbol<LLVM::GlobalOp>(kSharedSymbol))
    return shared;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  return LLVM::GlobalOp::create(builder, module.getLoc(), type, /*isConstant=*/false,
                                LLVM::Linkage::External, kSharedSymbol, Attribute(),
                                kSharedAlignment, unsigned(Space::Shared));
}

struct LowerAlloc : OpConversionPattern<tile::AllocOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::AllocOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    LLVM::GlobalOp shared = getShared(op->getParentOfType<ModuleOp>());
    TileBuilder t(rewriter, op);
    Value base = LLVM::AddressOfOp::create(t.b, shared);
    rewriter.replaceOp(op, t.plus(base, tile::sharedOffset(op)));
    return success();
  }
};

/// A tile as an address: kernels of lanes read and write what it holds themselves.
struct LowerAddress : OpConversionPattern<UnrealizedConversionCastOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(UnrealizedConversionCastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (adaptor.getInputs().getTypes() != op.getResultTypes())
      return rewriter.notifyMatchFailure(op, "not of a tile to its address");
    rewriter.replaceOp(op, adaptor.getInputs());
    return success();
  }
};

struct LowerPlane : OpConversionPattern<tile::PlaneOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::PlaneOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    Value bytes = t.math.mul(adaptor.getIndex(), op.getPlane().getType().getBytes());
    rewriter.replaceOp(op, t.plus(adaptor.getTile(), bytes));
    return success();
  }
};

/// Where a thread's pieces lie in the matrix, and which of them there are.
class CopySource {
public:
  CopySource(TileBuilder &t, tile::CopyOp op, tile::CopyOp::Adaptor adaptor, const CopyShape &shape)
      : t(t), type(op.getSource().getType()), index(adaptor.getIndex()),
        divisor(int64_t(op.getDivisor())) {
    tile::SharedType tile = op.getTile().getType();
    row = t.at.copyRow(shape);
    Value piece = t.at.copyPiece(shape), column;
    first = adaptor.getRow();
    int64_t elementBytes = tile.getElementBytes();
    if (shape.isPacked) {
      rowBytes = packedRowBytes(type);
      first = t.math.div(first, tile::kPackedRows);
      column = t.math.mul(adaptor.getColumn(),
                          tile::packedBytes(type.getElementType()) / tile::kPackedColumns);
      if (packedRowCount(type) % shape.rows != 0)
        left = subtract(t.math.constant(packedRowCount(type)), first);
    } else {
      rowBytes = type.getShape()[1] * elementBytes;
      column = t.math.mul(adaptor.getColumn(), elementBytes);
      if (adaptor.getRows())
        left = adaptor.getRows();
      else if (type.getShape()[0] % shape.rows != 0)
        left = subtract(t.math.constant(type.getShape()[0]), first);
      elementsOfPiece = tile::kPieceBytes / elementBytes;
      if (!isWithin(op.getColumn(), tile.getColumns()))
        columnsLeft = subtract(t.math.constant(type.getShape()[1]),
                               t.math.add(adaptor.getColumn(), t.math.mul(piece, elementsOfPiece)));
    }
    if (left)
      left = subtract(left, row);
    // What a loop changes comes last.
    first = t.math.add(first, row);
    pointer = index ? adaptor.getSource() : t.plus(adaptor.getSource(), t.rows(first, rowBytes));
    pointer = t.plus(pointer, t.math.mul(piece, tile::kPieceBytes));
    pointer = t.plus(pointer, column);
  }

  /// Bytes that exist of a piece behind the thread's first, in a row below that; null where all do.
  Value bytesAt(int64_t below, int64_t piece) {
    Value exists;
    if (columnsLeft)
      exists = t.isLess(t.math.constant(piece * elementsOfPiece), columnsLeft);
    if (left) {
      Value isRow = t.isLess(t.math.constant(below), left);
      exists = exists ? arith::AndIOp::create(t.b, exists, isRow).getResult() : isRow;
    }
    if (!exists)
      return {};
    return t.select(exists, t.math.constant(tile::kPieceBytes), t.math.constant(0));
  }

  Value pointerAt(int64_t below, int64_t piece) {
    if (!index)
      return t.plus(pointer, below * rowBytes + piece * tile::kPieceBytes);
    // Of rows that do not exist nothing is read, but the index has none of theirs.
    Value last = t.math.add(left, -1), at = t.math.constant(below);
    Value there = t.math.add(first, arith::MinSIOp::create(t.b, at, last).getResult());
    Value chosen = t.rows(t.indexed(index, there, divisor), rowBytes);
    return t.plus(t.plus(pointer, chosen), piece * tile::kPieceBytes);
  }

  Value row;

private:
  /// Whether so many columns from one on exist, which else is a multiple of them.
  bool isWithin(Value column, int64_t columns) {
    int64_t all = type.getShape()[1];
    std::optional<int64_t> known = getConstantIntValue(column);
    return known ? *known + columns <= all : all % columns == 0;
  }
  Value subtract(Value x, Value y) { return arith::SubIOp::create(t.b, x, y); }

  TileBuilder &t;
  tile::GlobalType type;
  Value index;
  int64_t divisor, rowBytes = 0, elementsOfPiece = 0;
  Value first, pointer, left, columnsLeft; // of the thread's first piece
};

struct LowerCopy : OpConversionPattern<tile::CopyOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::CopyOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    TileBuilder t(rewriter, op);
    tile::SharedType tile = op.getTile().getType();
    int64_t threads = threadsAround(op);
    CopyShape shape(tile, threads);
    CopySource source(t, op, adaptor, shape);
    Value last;
    int64_t lastPhase = -1;
    for (int64_t pass = 0; pass * shape.rowsOfPass < shape.rows; ++pass) {
      int64_t below = pass * shape.rowsOfPass;
      // Where a row is exchanged as another, its address is its own.
      int64_t phase = tile.getOrder() == tile::Order::Swizzled ? below % 8 : 0;
      if (phase != lastPhase)
        last = t.plus(adaptor.getTile(), t.at.copied(shape, tile, pass));
      lastPhase = phase;
      OpBuilder::InsertionGuard guard(t.b);
      if (below + shape.rowsOfPass > shape.rows) {
        Value isRow = t.isLess(source.row, t.math.constant(shape.rows - below));
        auto guarded = scf::IfOp::create(t.b, isRow, /*withElseRegion=*/false);
        t.b.setInsertionPoint(guarded.thenYield());
      }
      for (int64_t piece = 0; piece < shape.pieces; piece += shape.piecesOfPass)
        NVVM::CpAsyncOp::create(
            t.b, t.plus(last, below * tile.getRowBytes() + piece * tile::kPieceBytes),
            source.pointerAt(below, piece), t.b.getI32IntegerAttr(tile::kPieceBytes),
            NVVM::LoadCacheModifierKindAttr::get(getContext(), NVVM::LoadCacheModifierKind::CG),
            source.bytesAt(below, piece));
    }
    rewriter.eraseOp(op);
    return success();
  }
};

struct LowerCommit : OpConversionPattern<tile::CommitOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::CommitOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncCommitGroupOp>(op);
    return success();
  }
};

struct LowerWait : OpConversionPattern<tile::WaitOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::WaitOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::CpAsyncWaitGroupOp>(op, op.getPendingAttr());
    return success();
  }
};

struct LowerBarrier : OpConversionPattern<tile::BarrierOp> {
  using OpConversionPattern::OpConversionPattern;
  LogicalResult matchAndRewrite(tile::BarrierOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    rewriter.replaceOpWithNewOp<NVVM::Barrier0Op>(op);
    return success();
  }
};

} // namespace

void hadal::cuda::addMemoryPatterns(const TypeConverter &types, RewritePatternSet &patterns) {
  patterns
      .add<LowerAddress, LowerAlloc, LowerBarrier, LowerCommit, LowerCopy, LowerPlane, LowerWait>(
          types, patterns.getContext());
}
