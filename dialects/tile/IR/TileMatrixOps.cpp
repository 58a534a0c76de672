// SPDX-License-Identifier: Apache-2.0
// Verifies the ops of the tile dialect on tiles in registers.
#include "IndexChecks.h"

using namespace mlir;
using namespace hadal::tile;

LogicalResult GroupOp::verify() {
  // group_c1
  if (getWarps().size() != 3 ||
      !llvm::all_of(getWarps(), [](int64_t number) { return number > 0; }))
    return emitOpError() << "expected three positive numbers of warps, got [" << getWarps() << "]";
  return success();
}

LogicalResult LoadOp::verify() {
  SharedType tile = getTile().getType();
  FragmentType fragment = getFragment().getType();
  bool isLeft = fragment.getRole() == Role::Lhs, isPairs = fragment.getDepth() == Depth::Pairs;
  // load_c1
  if (fragment.getRole() == Role::Accumulator || tile.getShape().size() != 2 ||
      tile.getElementType() != fragment.getElementType() ||
      (tile.getOrder() == Order::Packed && (!isLeft || isPairs)))
    return emitOpError() << "expected an operand of a plane of the same elements, and of a packed "
                            "one a left operand in eights, got "
                         << fragment << " of " << tile;
  // load_c2
  ArrayRef<int64_t> shape = fragment.getShape(), position = getPosition();
  bool isTurned = !isLeft && !isPairs;
  int64_t rows = shape[isTurned], columns = shape[!isTurned];
  int64_t rowUnit = isTurned ? 8 : 16, columnUnit = isPairs ? 16 : kPackedColumns;
  if (position.size() != 2 || position[0] < 0 || position[1] < 0 || position[0] % rowUnit != 0 ||
      position[1] % columnUnit != 0 || position[0] + rows > tile.getRows() ||
      position[1] + columns > tile.getColumns())
    return emitOpError() << "expected a position within the tile, at a multiple of " << rowUnit
                         << " rows and " << columnUnit << " columns, got [" << position << "]";
  // load_c3
  if (!isLeft && isPairs && fragment.getWarpColumns() % 16 != 0)
    return emitOpError() << "expected a multiple of 16 columns for each warp, got "
                         << fragment.getWarpColumns();
  // load_c4
  int64_t apart = int64_t(getApart()), behind = (fragment.getGroups() - 1) * apart;
  bool isSwizzled = tile.getOrder() == Order::Swizzled;
  if (apart != 0 && (apart < 0 || apart % kPackedColumns != 0 || isPairs ||
                     (isSwizzled && position[1] % 64 + behind + columns > 64) ||
                     position[1] + behind + columns > tile.getColumns()))
    return emitOpError() << "expected windows of groups a multiple of " << kPackedColumns
                         << " columns apart, within the tile, got " << apart;
  return success();
}

LogicalResult FetchOp::verify() {
  GlobalType source = getSource().getType();
  FragmentType fragment = getFragment().getType();
  bool isLeft = fragment.getRole() == Role::Lhs;
  // fetch_c1
  if (fragment.getRole() == Role::Accumulator || source.getShape().size() != 2 ||
      source.getElementType() != fragment.getElementType() ||
      fragment.getDepth() != Depth::Eights || isLeft != (source.getOrder() == Order::Packed))
    return emitOpError() << "expected a left operand of a packed matrix, or a right one of one in "
                            "rows, of the same elements, got "
                         << fragment << " of " << source;
  // fetch_c2
  if (isLeft == bool(getRows()))
    return emitOpError() << "expected rows exactly for a right operand, got " << fragment;
  // fetch_c3
  int64_t bytes = source.getShape()[1] * 2;
  if (!isLeft && bytes % kPieceBytes != 0)
    return emitOpError() << "expected rows of a multiple of " << kPieceBytes << " bytes, got "
                         << bytes;
  // fetch_c4
  return verifyIndex(*this);
}

LogicalResult ZeroOp::verify() {
  // zero_c1
  if (getResult().getType().getRole() != Role::Accumulator)
    return emitOpError() << "expected a sum, got " << getResult().getType();
  return success();
}

LogicalResult MmaOp::verify() {
  // mma_c1
  FragmentType lhs = getLhs().getType(), rhs = getRhs().getType(), sum = getSum().getType();
  if (lhs.getRole() != Role::Lhs || rhs.getRole() != Role::Rhs ||
      sum.getRole() != Role::Accumulator || lhs.getShape()[0] != sum.getShape()[0] ||
      lhs.getShape()[1] != rhs.getShape()[0] || rhs.getShape()[1] != sum.getShape()[1] ||
      lhs.getWarps() != sum.getWarps() || rhs.getWarps() != sum.getWarps() ||
      lhs.getDepth() != rhs.getDepth() || !lhs.getElementType().isBF16())
    return emitOpError() << "expected [m, k], [k, n] and [m, n] of bf16 and of the same warps, got "
                         << lhs << ", " << rhs << " and " << sum;
  return success();
}

LogicalResult StoreOp::verify() {
  // store_c1
  FragmentType sum = getSum().getType();
  SharedType tile = getTile().getType();
  if (sum.getRole() != Role::Accumulator || !tile.getElementType().isF32() ||
      tile.getOrder() != Order::Rows || tile.getPlanes() != sum.getGroups() ||
      tile.getRows() != sum.getShape()[1] || tile.getColumns() != sum.getShape()[0])
    return emitOpError() << "expected a sum, and a tile of f32 in rows that is its transpose, a "
                            "plane for each group, got "
                         << sum << " and " << tile;
  return success();
}
