// SPDX-License-Identifier: Apache-2.0
// Which bytes of a tile a lane touches: of products of 16 x 8 x 16 (mma.sync).
#ifndef HADAL_LIB_TARGET_CUDA_TILEADDRESSES_H
#define HADAL_LIB_TARGET_CUDA_TILEADDRESSES_H

#include "LaneMath.h"

#include "tile/IR/TileDialect.h"

#include <numeric>

namespace hadal::cuda {

/// Rows, columns and depth of one step of the matrix unit.
inline constexpr int64_t kMmaRows = 16, kMmaColumns = 8, kMmaDepth = 16;
/// Depth that an access of 16 bytes a lane brings, of either operand, and the steps in it.
inline constexpr int64_t kAccessDepth = tile::kPackedColumns;
inline constexpr int64_t kAccessSteps = kAccessDepth / kMmaDepth;

/// How a tile is copied to shared memory: pieces of 16 bytes, neighbouring threads along a
/// row, so many rows in a pass. Packed tiles have rows of blocks.
struct CopyShape {
  CopyShape(tile::SharedType tile, int64_t threads)
      : isPacked(tile.getOrder() == tile::Order::Packed),
        rows(tile.getRows() / (isPacked ? tile::kPackedRows : 1)),
        pieces(isPacked ? tile.getRowBytes() / tile::kPieceBytes
                        : tile.getColumns() * tile.getElementBytes() / tile::kPieceBytes),
        piecesOfPass(std::gcd(pieces, threads)), rowsOfPass(threads / piecesOfPass) {}

  bool isPacked;
  int64_t rows, pieces;
  int64_t piecesOfPass, rowsOfPass;
};

/// Offsets in bytes that depend on the thread, to which constants are added: of a window's
/// rows and pieces, the immediates of instructions.
template <typename Math>
class TileAddresses {
public:
  using Int = typename Math::Int;

  explicit TileAddresses(Math math) : m(math) {}

  Int lane() { return m.rem(m.thread(), kWarp); }
  Int warp() { return m.div(m.thread(), kWarp); }
  /// Lanes hold quads of a row (or column) of eight: lane = 4 * octet + quad.
  Int octet() { return m.div(lane(), 4); }
  Int quad() { return m.rem(lane(), 4); }
  // Groups are neighbours: warp = (row * columns + column) * groups + group.
  Int warpRow(llvm::ArrayRef<int64_t> warps) { return m.div(warp(), warps[1] * warps[2]); }
  Int warpColumn(llvm::ArrayRef<int64_t> warps) { return m.rem(m.div(warp(), warps[2]), warps[1]); }
  Int group(llvm::ArrayRef<int64_t> warps) { return m.rem(warp(), warps[2]); }

  /// A left operand from packed blocks, from 16 rows to the next `rowBytes`; windows of groups are so
  /// many columns apart.
  Int packedOperand(tile::FragmentType fragment, int64_t rowBytes, int64_t apart) {
    Int block = m.mul(warpRow(fragment.getWarps()), fragment.getWarpRows() / tile::kPackedRows);
    Int at = m.add(m.mul(block, rowBytes), m.mul(lane(), tile::kPieceBytes));
    int64_t bytes = apart / tile::kPackedColumns * tile::packedBytes(fragment.getElementType());
    return apart == 0 ? at : m.add(at, m.mul(group(fragment.getWarps()), bytes));
  }

  /// An operand in eights from rows in shared memory: rows of a left one, or columns of a right one, are
  /// rows, of which a warp reads eight by four pieces, from `piece` of its group of eight pieces on.
  Int rowsOperand(tile::FragmentType fragment, tile::SharedType tile, int64_t piece,
                  int64_t apart) {
    bool isLeft = fragment.getRole() == tile::Role::Lhs;
    Int first = isLeft ? m.mul(warpRow(fragment.getWarps()), fragment.getWarpRows())
                       : m.mul(warpColumn(fragment.getWarps()), fragment.getWarpColumns());
    Int at = m.add(quad(), m.constant(piece % 8));
    if (apart != 0)
      at = m.add(at, m.mul(group(fragment.getWarps()), apart / 8));
    at = exchanged(at, octet(), tile);
    return m.add(m.mul(m.add(first, octet()), tile.getRowBytes()), m.mul(at, tile::kPieceBytes));
  }

  /// The row of 16 bytes that a lane names of four matrices of 8 x 8: of a left operand, or a right
  /// one whose depth goes down the rows, 16 rows by two pieces.
  Int matrixRow(tile::FragmentType fragment, tile::SharedType tile, int64_t piece) {
    Int row = m.rem(lane(), 16), at = m.add(m.div(lane(), 16), m.constant(piece % 8));
    if (fragment.getRole() == tile::Role::Lhs)
      row = m.add(row, m.mul(warpRow(fragment.getWarps()), fragment.getWarpRows()));
    else
      at = m.add(at, m.mul(warpColumn(fragment.getWarps()), fragment.getWarpColumns() / 8));
    at = exchanged(at, m.rem(lane(), 8), tile);
    return m.add(m.mul(row, tile.getRowBytes()), m.mul(at, tile::kPieceBytes));
  }

  /// The first pair of elements of a sum that a lane holds in eight columns from `piece` of its group
  /// on, where the tile is the sum.
  Int pair(tile::FragmentType fragment, tile::SharedType tile, int64_t piece) {
    llvm::ArrayRef<int64_t> warps = fragment.getWarps();
    Int row = m.add(m.mul(warpRow(warps), fragment.getWarpRows()), octet());
    Int at = m.add(m.mul(warpColumn(warps), fragment.getWarpColumns() / 8), m.constant(piece % 8));
    at = m.add(m.mul(exchanged(at, octet(), tile), tile::kPieceBytes), m.mul(quad(), 4));
    return m.add(m.mul(row, tile.getRowBytes()), at);
  }

  /// The number that a lane's warp has of the first row of a column, in a tile of one for each warp.
  Int part(tile::ColumnType column, tile::SharedType tile) {
    return m.add(wholeRow(column, tile), m.mul(warpColumn(column.getWarps()), 4));
  }
  Int wholeRow(tile::ColumnType column, tile::SharedType tile) {
    Int row = m.add(m.mul(warpRow(column.getWarps()), column.getWarpRows()), octet());
    return m.mul(row, tile.getRowBytes());
  }

  /// What a lane gives its neighbour in the group of two, or finds of it there.
  Int given(tile::SharedType tile, bool isOwn) {
    Int of = isOwn ? warp() : m.exclusiveOr(warp(), m.constant(1));
    return m.add(m.mul(of, tile.getRowBytes()), m.mul(lane(), tile::kPieceBytes));
  }

  /// A piece of a row that need not be the thread's own.
  Int pieceOf(tile::SharedType tile, Int row, Int piece) {
    Int at = exchanged(piece, m.rem(row, 8), tile);
    return m.add(m.mul(row, tile.getRowBytes()), m.mul(at, tile::kPieceBytes));
  }

  /// The first piece that a thread copies, and the row and piece of it in the window.
  Int copyRow(const CopyShape &shape) { return m.div(m.thread(), shape.piecesOfPass); }
  Int copyPiece(const CopyShape &shape) { return m.rem(m.thread(), shape.piecesOfPass); }
  Int copied(const CopyShape &shape, tile::SharedType tile, int64_t pass) {
    Int row = copyRow(shape);
    Int below = m.rem(m.add(row, m.constant(pass * shape.rowsOfPass)), 8);
    Int piece = exchanged(copyPiece(shape), below, tile);
    return m.add(m.mul(row, tile.getRowBytes()), m.mul(piece, tile::kPieceBytes));
  }

  /// The first element of a sum that a lane holds, where the tile is its transpose.
  Int sum(tile::FragmentType fragment, tile::SharedType tile) {
    llvm::ArrayRef<int64_t> warps = fragment.getWarps();
    Int row = m.add(m.mul(warpColumn(warps), fragment.getWarpColumns()), m.mul(quad(), 2));
    Int column = m.add(m.mul(warpRow(warps), fragment.getWarpRows()), octet());
    Int at = m.add(m.mul(row, tile.getRowBytes()), m.mul(column, 4));
    return fragment.getGroups() == 1 ? at : m.add(at, m.mul(group(warps), tile.getPlaneBytes()));
  }

  /// The row that a thread writes first, and its first column of four.
  Int writtenRow(tile::SharedType tile) {
    Int row = m.div(m.thread(), tile.getColumns() / 4);
    // Of short rows, two that are four apart have all banks.
    if (tile.getColumns() == 16)
      row = m.orBits(m.mul(m.div(row, 8), 8), reversed(m.rem(row, 8)));
    return row;
  }
  Int writtenColumn(tile::SharedType tile) {
    return m.mul(m.rem(m.thread(), tile.getColumns() / 4), 4);
  }
  Int written(tile::SharedType tile, Int row) {
    return m.add(m.mul(row, tile.getRowBytes()), m.mul(writtenColumn(tile), 4));
  }

private:
  /// Where a piece lies in its row.
  Int exchanged(Int piece, Int rowInEight, tile::SharedType tile) {
    return tile.getOrder() == tile::Order::Swizzled ? m.exclusiveOr(piece, reversed(rowInEight))
                                                    : piece;
  }

  /// The three bits of a number in the opposite order.
  Int reversed(Int bits) {
    Int ends = m.orBits(m.mul(m.rem(bits, 2), 4), m.div(bits, 4));
    return m.orBits(ends, m.mul(m.rem(m.div(bits, 2), 2), 2));
  }

  Math m;
};

} // namespace hadal::cuda

#endif // HADAL_LIB_TARGET_CUDA_TILEADDRESSES_H
