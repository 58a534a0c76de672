// SPDX-License-Identifier: Apache-2.0
// Verifies the ops of the tile dialect that work element by element, and along rows.
#include "tile/IR/TileDialect.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace hadal::tile;

static bool isSum(Type type) {
  auto fragment = dyn_cast<FragmentType>(type);
  return fragment && fragment.getRole() == Role::Accumulator;
}

/// A column for the rows of a sum, or of another column.
static ColumnType columnOf(Type type, Share share) {
  if (auto fragment = dyn_cast<FragmentType>(type))
    return ColumnType::get(type.getContext(), fragment.getShape()[0], fragment.getWarps(), share);
  auto column = cast<ColumnType>(type);
  return ColumnType::get(type.getContext(), column.getRows(), column.getWarps(), share);
}

LogicalResult FillOp::verify() {
  // fill_c1
  Type type = getResult().getType();
  if (!isSum(type) && !isa<ColumnType>(type))
    return emitOpError() << "expected a sum or a column, got " << type;
  return success();
}

LogicalResult MapOp::verify() {
  // map_c1
  Type result = getResult().getType();
  if (isa<FragmentType>(result) && !isSum(result))
    return emitOpError() << "expected a sum or a column, got " << result;
  for (Type type : getInputs().getTypes())
    if (type != columnOf(result, Share::Whole) && type != columnOf(result, Share::Parts) &&
        type != result)
      return emitOpError() << "expected columns of the rows and warps of " << result
                           << ", or sums of that type, got " << type;
  return success();
}

LogicalResult MapOp::verifyRegions() {
  // map_c2
  Block &block = getBody().front();
  if (block.getNumArguments() != getInputs().size() ||
      !llvm::all_of(block.getArgumentTypes(), [](Type type) { return type.isF32(); }) ||
      !block.mightHaveTerminator() || !isa<YieldOp>(block.back()))
    return emitOpError() << "expected a block that takes " << getInputs().size()
                         << " elements of f32 and ends in tile.yield, got "
                         << block.getNumArguments();
  for (Operation &op : block.without_terminator())
    if (!isa<arith::ArithDialect, math::MathDialect>(op.getDialect()))
      return emitOpError() << "expected ops of arith and math, got " << op.getName();
  return success();
}

LogicalResult MaskOp::verify() {
  // mask_c1
  if (!isSum(getSum().getType()))
    return emitOpError() << "expected a sum, got " << getSum().getType();
  return success();
}

LogicalResult ReduceOp::verify() {
  // reduce_c1
  Type sum = getSum().getType(), result = getResult().getType();
  if (!isSum(sum) || result != columnOf(sum, Share::Parts))
    return emitOpError() << "expected a sum, and a column in parts of its rows and warps, got "
                         << sum << " and " << result;
  return success();
}

LogicalResult CombineOp::verify() {
  ColumnType parts = getParts().getType();
  // combine_c1
  if (parts.getShare() != Share::Parts || getResult().getType() != columnOf(parts, Share::Whole))
    return emitOpError()
           << "expected a column in parts, and a whole one of its rows and warps, got " << parts
           << " and " << getResult().getType();
  // combine_c3
  int64_t warps = parts.getWarps()[1];
  if (warps != 1 && warps != 2 && warps != 4)
    return emitOpError() << "expected 1, 2 or 4 warps for a row, got " << warps;
  // combine_c2
  auto tile = getTile() ? getTile().getType() : SharedType();
  bool isRight = tile && tile.getShape().size() == 2 && tile.getElementType().isF32() &&
                 tile.getOrder() == Order::Rows && tile.getRows() == parts.getRows() &&
                 tile.getColumns() == warps;
  if (warps == 1 && tile)
    return emitOpError() << "expected no tile for one warp of a row, got " << tile;
  if (warps > 1 && !isRight) {
    InFlightDiagnostic diagnostic = emitOpError();
    diagnostic << "expected a tile of f32 in rows for " << warps << " warps of a row, got ";
    return tile ? diagnostic << tile : diagnostic << "none";
  }
  return success();
}

LogicalResult OperandOp::verify() {
  // operand_c1
  FragmentType sum = getSum().getType(), operand = getFragment().getType();
  ArrayRef<int64_t> shape = operand.getShape();
  if (!isSum(sum) || sum.getWarps()[1] != 1 || operand.getRole() != Role::Lhs ||
      !operand.getElementType().isBF16() || operand.getDepth() != Depth::Pairs ||
      operand.getWarps() != sum.getWarps() || shape[0] != sum.getShape()[0])
    return emitOpError() << "expected a sum with a warp for all columns, and a left operand of "
                            "bf16 in pairs of its rows and warps, got "
                         << sum << " and " << operand;
  // operand_c2
  int64_t column = int64_t(getColumn());
  if (column < 0 || column % 16 != 0 || column + shape[1] > sum.getShape()[1])
    return emitOpError() << "expected columns within the sum, from a multiple of 16 on, got "
                         << shape[1] << " from " << column << " on";
  return success();
}

/// Where numbers are kept.
static LogicalResult verifyMemory(Operation *op, GlobalType memory) {
  // keep_c2, recall_c2, meet_c1
  int64_t bytes = memory.getShape().back() * memory.getElementType().getIntOrFloatBitWidth() / 8;
  if (memory.getShape().size() != 2 || memory.getOrder() != Order::Rows || bytes % kPieceBytes != 0)
    return op->emitOpError() << "expected a matrix whose rows are a multiple of " << kPieceBytes
                             << " bytes, got " << memory;
  return success();
}

static LogicalResult verifyKept(Operation *op, TypeRange values, GlobalType memory) {
  // keep_c1, recall_c1
  if (values.empty() ||
      !llvm::all_of(values, [](Type type) { return isSum(type) || isa<ColumnType>(type); }))
    return op->emitOpError() << "expected sums and columns, at least one, got " << values;
  return verifyMemory(op, memory);
}

LogicalResult KeepOp::verify() {
  return verifyKept(*this, getValues().getTypes(), getMemory().getType());
}

LogicalResult RecallOp::verify() {
  return verifyKept(*this, getValues().getTypes(), getMemory().getType());
}

LogicalResult MeetOp::verify() { return verifyMemory(*this, getMemory().getType()); }

LogicalResult DifferOp::verify() {
  // differ_c1
  if (getLhs().getType().getShare() != Share::Whole)
    return emitOpError() << "expected whole columns, got " << getLhs().getType();
  return success();
}

LogicalResult ExchangeOp::verify() {
  // exchange_c1
  FragmentType sum = getSum().getType();
  ArrayRef<int64_t> warps = sum.getWarps();
  if (!isSum(sum) || warps[2] != 2 || sum.getWarpColumns() % 16 != 0 ||
      getResult().getType() != FragmentType::get(getContext(), sum.getShape(), sum.getElementType(),
                                                 Role::Accumulator, {warps[0], 2 * warps[1], 1}))
    return emitOpError() << "expected a sum of two groups with a multiple of 16 columns for each "
                            "warp, and the same over twice the warps of columns, got "
                         << sum << " and " << getResult().getType();
  // exchange_c2
  SharedType tile = getTile().getType();
  if (tile.getShape().size() != 2 || !tile.getElementType().isF32() ||
      tile.getOrder() != Order::Rows || tile.getPad() != 0 ||
      tile.getRows() != sum.getWarpCount() ||
      tile.getColumns() != sum.getWarpRows() * sum.getWarpColumns() / 2)
    return emitOpError() << "expected a tile of " << sum.getWarpCount() << " rows and "
                         << sum.getWarpRows() * sum.getWarpColumns() / 2 << " columns of f32, got "
                         << tile;
  return success();
}
