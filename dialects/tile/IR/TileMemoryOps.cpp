// SPDX-License-Identifier: Apache-2.0
// Verifies the ops of the tile dialect on memory.
#include "IndexChecks.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace hadal::tile;

LogicalResult AllocOp::verify() {
  // alloc_c1
  int64_t begin = -1, end = -1;
  for (Value tile : getOver()) {
    auto other = tile.getDefiningOp<AllocOp>();
    if (!other || !other.getOver().empty() || (end >= 0 && sharedOffset(other) != end))
      return emitOpError() << "expected tiles that are allocated one behind the other to lie over, "
                              "got one that is not: "
                           << tile.getType();
    begin = begin < 0 ? sharedOffset(other) : begin;
    end = sharedEnd(other);
  }
  int64_t needed = getTile().getType().getBytes();
  if (!getOver().empty() && end - begin < needed)
    return emitOpError() << "expected at least " << needed << " bytes to lie over, got "
                         << end - begin;
  return success();
}

LogicalResult PlaneOp::verify() {
  // plane_c1
  SharedType tile = getTile().getType();
  auto plane = tile.getShape().size() == 3
                   ? SharedType::get(getContext(), tile.getShape().drop_front(),
                                     tile.getElementType(), tile.getOrder(), tile.getPad())
                   : SharedType();
  if (getPlane().getType() != plane)
    return emitOpError() << "expected a plane of " << tile << ", got " << getPlane().getType();
  return success();
}

LogicalResult CopyOp::verify() {
  GlobalType source = getSource().getType();
  SharedType tile = getTile().getType();
  // copy_c1
  bool isPacked = source.getOrder() == Order::Packed;
  if (source.getShape().size() != 2 || tile.getShape().size() != 2 ||
      tile.getElementType() != source.getElementType() ||
      isPacked != (tile.getOrder() == Order::Packed))
    return emitOpError() << "expected one plane of the elements and the packing of " << source
                         << ", got " << tile;
  // copy_c2
  int64_t bytes = source.getShape()[1] * tile.getElementBytes();
  if (!isPacked && bytes % kPieceBytes != 0)
    return emitOpError() << "expected rows of a multiple of " << kPieceBytes << " bytes, got "
                         << bytes;
  // copy_c3
  if (ShapedType::isDynamic(source.getShape()[0]) != bool(getRows()))
    return emitOpError() << "expected rows exactly when the type does not say how many there are, "
                            "got "
                         << source;
  // copy_c4
  return verifyIndex(*this);
}

LogicalResult WriteOp::verify() {
  GlobalType destination = getDestination().getType();
  // write_c1
  if (getTiles().empty())
    return emitOpError() << "expected one tile or more, got none";
  SharedType tile = getTileType();
  if (!llvm::all_equal(getTiles().getTypes()) || !tile.getElementType().isF32() ||
      tile.getOrder() != Order::Rows || destination.getOrder() != Order::Rows ||
      destination.getShape().size() != 2)
    return emitOpError() << "expected tiles of one type, of f32, and a matrix, all of order rows, "
                            "got "
                         << getTiles().getTypes() << " and " << destination;
  // write_c2
  if (int64_t columns = tile.getColumns(); columns < 4 || !llvm::isPowerOf2_64(columns))
    return emitOpError() << "expected a tile whose columns are a power of two from 4 on, got "
                         << columns;
  // write_c3
  for (Type type : getOthers().getTypes()) {
    auto other = cast<GlobalType>(type);
    if (!other.getElementType().isF32() || other.getOrder() != Order::Rows ||
        other.getShape().size() != 2 || other.getShape()[1] != destination.getShape()[1])
      return emitOpError() << "expected matrices of f32 in rows of " << destination.getShape()[1]
                           << " columns, got " << other;
  }
  if (!getCos())
    return success();
  // write_c5
  GlobalType table = getCos().getType();
  if (getTiles().size() != 1 || !getOthers().empty() || getIndex() || table != getSin().getType() ||
      !table.getElementType().isF32() || table.getOrder() != Order::Rows ||
      table.getShape().size() != 2)
    return emitOpError() << "expected angles of one tile alone, of tables of f32 in rows, got "
                         << table << " and " << getSin().getType() << " for " << getTiles().size()
                         << " tiles, " << getOthers().size() << " others"
                         << (getIndex() ? " and an index" : "");
  // write_c6
  int64_t head = *getHead(), rotated = getRotated();
  if (head < rotated || destination.getShape()[1] % head != 0 || rotated % 4 != 0 ||
      head % 4 != 0 ||
      (!getInterleaved() &&
       (rotated % 8 != 0 || head % rotated != 0 || tile.getColumns() % rotated != 0)))
    return emitOpError() << "expected heads that divide " << destination.getShape()[1]
                         << " columns, and rotations that tiles of " << tile.getColumns()
                         << " have whole, got " << rotated << " of " << head;
  return success();
}

LogicalResult WriteOp::verifyRegions() {
  // write_c4
  size_t elements = getTiles().size() + getOthers().size();
  Block &block = getBody().front();
  if (block.getNumArguments() != elements ||
      !llvm::all_of(block.getArgumentTypes(), [](Type type) { return type.isF32(); }) ||
      !block.mightHaveTerminator() || !isa<YieldOp>(block.back()))
    return emitOpError() << "expected a block that takes " << elements
                         << " elements of f32 and ends in tile.yield, got "
                         << block.getNumArguments();
  return success();
}
