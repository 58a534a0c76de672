// SPDX-License-Identifier: Apache-2.0
// Verifies the ops of the tile dialect on windows of shared tiles.
#include "tile/IR/TileDialect.h"

using namespace mlir;
using namespace hadal::tile;

/// Elements that are moved together, of bf16.
static constexpr int64_t kPieceElements = kPieceBytes / 2;

static bool isPlane(SharedType tile) {
  return tile.getShape().size() == 2 && tile.getOrder() != Order::Packed;
}

LogicalResult WindowOp::verify() {
  SharedType tile = getTile().getType(), window = getWindow().getType();
  // window_c1
  bool isInEights = tile.getPlanes() == 1 || tile.getRows() % 8 == 0;
  if (!isInEights || !isPlane(window) || tile.getElementType() != window.getElementType() ||
      tile.getOrder() != window.getOrder() || tile.getRowBytes() != window.getRowBytes())
    return emitOpError() << "expected a tile, and a plane of its elements, order and bytes of a "
                            "row, got "
                         << tile << " and " << window;
  // window_c2
  ArrayRef<int64_t> position = getPosition();
  bool isSwizzled = tile.getOrder() == Order::Swizzled;
  int64_t rowUnit = isSwizzled ? 8 : 1, unit = (isSwizzled ? 8 : 1) * kPieceBytes;
  if (position.size() != 2 || position[0] < 0 || position[1] < 0 || position[0] % rowUnit != 0 ||
      position[1] * tile.getElementBytes() % unit != 0 ||
      position[0] + window.getRows() > tile.getPlanes() * tile.getRows() ||
      position[1] + window.getColumns() > tile.getColumns())
    return emitOpError() << "expected a window within the tile, at a multiple of " << rowUnit
                         << " rows and of " << unit << " bytes, got [" << position << "]";
  return success();
}

LogicalResult PutOp::verify() {
  // put_c1
  FragmentType sum = getSum().getType();
  SharedType tile = getTile().getType();
  if (sum.getRole() != Role::Accumulator || sum.getGroups() != 1 || !isPlane(tile) ||
      !tile.getElementType().isBF16() || tile.getShape() != sum.getShape())
    return emitOpError() << "expected a sum of one group, and a plane of bf16 of its extents that "
                            "is not packed, got "
                         << sum << " and " << tile;
  return success();
}

LogicalResult ReadOp::verify() {
  GlobalType source = getSource().getType();
  SharedType tile = getTile().getType();
  // read_c1
  if (source.getOrder() != Order::Rows || tile.getShape().size() != 2 ||
      !tile.getElementType().isBF16())
    return emitOpError() << "expected a matrix of order rows, and a plane of bf16, got " << source
                         << " and " << tile;
  // read_c2
  ArrayRef<int64_t> columns = getColumns();
  int64_t unit = tile.getOrder() == Order::Packed ? kPackedColumns : kPieceElements;
  if (columns.size() != 2 || columns[0] < 0 || columns[0] >= columns[1] ||
      columns[1] > tile.getColumns() || columns[0] % unit != 0 || columns[1] % unit != 0)
    return emitOpError() << "expected columns within the tile, from and to multiples of " << unit
                         << ", got [" << columns << "]";
  // read_c3
  if (source.getShape()[1] % kPieceElements != 0)
    return emitOpError() << "expected rows of a multiple of " << kPieceElements << " elements, got "
                         << source.getShape()[1];
  return success();
}

LogicalResult DrainOp::verify() {
  SharedType tile = getTile().getType();
  GlobalType destination = getDestination().getType();
  // drain_c1
  if (!isPlane(tile) || destination.getOrder() != Order::Rows ||
      tile.getElementType() != destination.getElementType())
    return emitOpError() << "expected a plane that is not packed, and a matrix of its elements in "
                            "rows, got "
                         << tile << " and " << destination;
  // drain_c2
  int64_t bytes = destination.getShape()[1] * tile.getElementBytes();
  if (bytes % kPieceBytes != 0)
    return emitOpError() << "expected rows of a multiple of " << kPieceBytes << " bytes, got "
                         << bytes;
  // drain_c3
  int64_t columns = getDrainedColumns();
  if (columns < 0 || columns > tile.getColumns() ||
      columns * tile.getElementBytes() % kPieceBytes != 0)
    return emitOpError() << "expected columns within the tile, of a multiple of " << kPieceBytes
                         << " bytes, got " << columns;
  return success();
}
