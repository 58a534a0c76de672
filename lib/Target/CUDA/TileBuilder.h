// SPDX-License-Identifier: Apache-2.0
// What the patterns that lower the tile dialect share: addresses, and words of registers.
#ifndef HADAL_LIB_TARGET_CUDA_TILEBUILDER_H
#define HADAL_LIB_TARGET_CUDA_TILEBUILDER_H

#include "TileAddresses.h"
#include "Words.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/DialectConversion.h"

namespace hadal::cuda {

/// Builds what one op becomes. An address is a base that depends on the thread, then constants: the
/// former is made once for all accesses of a loop, the latter are part of instructions.
class TileBuilder {
public:
  TileBuilder(mlir::OpBuilder &builder, mlir::Operation *op)
      : b(op->getLoc(), builder), math(b), at(math) {}

  mlir::Value plus(mlir::Value pointer, int64_t bytes) { return plusBytes(b, pointer, bytes); }
  mlir::Value plus(mlir::Value pointer, mlir::Value bytes) { return plusBytes(b, pointer, bytes); }
  /// A number of rows, of so many bytes, which may be more than 32 bits count.
  mlir::Value rows(mlir::Value number, int64_t bytes) {
    mlir::Value wide = mlir::arith::ExtUIOp::create(b, b.getI64Type(), number);
    mlir::Value each = mlir::arith::ConstantOp::create(b, b.getI64IntegerAttr(bytes));
    return mlir::arith::MulIOp::create(b, wide, each);
  }

  /// Four words from 16 bytes.
  llvm::SmallVector<mlir::Value, 4> loadWords(mlir::Value pointer, bool isInvariant = false) {
    auto type = mlir::VectorType::get({4}, b.getI32Type());
    auto load = mlir::LLVM::LoadOp::create(b, type, pointer, unsigned(tile::kPieceBytes));
    load.setInvariant(isInvariant);
    llvm::SmallVector<mlir::Value, 4> words;
    for (int64_t i = 0; i < 4; ++i)
      words.push_back(mlir::LLVM::ExtractElementOp::create(b, load, math.constant(i)));
    return words;
  }

  mlir::Value roundPair(mlir::Value low, mlir::Value high) { return cuda::roundPair(b, low, high); }
  mlir::Value vector(llvm::ArrayRef<mlir::Value> values) { return makeVector(b, values); }

  mlir::Value isLess(mlir::Value x, mlir::Value y) {
    return mlir::arith::CmpIOp::create(b, mlir::arith::CmpIPredicate::slt, x, y);
  }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) {
    return mlir::arith::SelectOp::create(b, condition, x, y);
  }
  mlir::Value least(mlir::Value x, mlir::Value y) { return mlir::arith::MinSIOp::create(b, x, y); }

  /// The row that `index`, which may be null, has at `row`.
  mlir::Value indexed(mlir::Value index, mlir::Value row, int64_t divisor) {
    if (!index)
      return row;
    mlir::Value at = mlir::arith::IndexCastOp::create(b, b.getIndexType(), row);
    return math.div(mlir::memref::LoadOp::create(b, index, at), divisor);
  }

  mlir::ImplicitLocOpBuilder b;
  LaneValues math;
  TileAddresses<LaneValues> at;
};

/// A sum in the order [part of 16 rows][part of eight columns][two of a row, two eight rows below].
struct SumShape {
  explicit SumShape(tile::FragmentType fragment)
      : rows(fragment.getWarpRows() / kMmaRows), columns(fragment.getWarpColumns() / kMmaColumns) {}
  int64_t rows, columns;

  int64_t at(int64_t row, int64_t column, int64_t element) const {
    return (row * columns + column) * 4 + element;
  }
};

/// What the block of an op makes of an element of each operand. What the machine has one instruction
/// for, that is it.
mlir::Value computeElement(mlir::ImplicitLocOpBuilder &b, mlir::Block &block,
                           llvm::ArrayRef<mlir::Value> elements);

/// Threads of the workgroup of the kernel around `op`.
int64_t threadsAround(mlir::Operation *op);

/// Words that a thread has of a tile in registers: of operands, pairs of elements; of sums,
/// elements; of columns, two of each 16 rows.
int64_t wordsOf(tile::FragmentType fragment);
int64_t wordsOf(tile::ColumnType column);
/// Of a sum or a column.
int64_t wordsOf(mlir::Type numbers);

/// Bytes from 16 rows of a packed matrix to the next.
int64_t packedRowBytes(tile::GlobalType matrix);
/// Blocks of 16 rows that a packed matrix has.
int64_t packedRowCount(tile::GlobalType matrix);

/// Memory that `tile.keep` takes for so many words of each thread.
inline int64_t keptBytes(int64_t words, int64_t threads) {
  return (words + 3) / 4 * tile::kPieceBytes * threads;
}

void addKeptPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);
void addMemoryPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);
void addMatrixPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);
void addRaggedPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);
void addScalePatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);
void addWritePatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);
void addRowPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);
void addWindowPatterns(const mlir::TypeConverter &types, mlir::RewritePatternSet &patterns);

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_TILEBUILDER_H
