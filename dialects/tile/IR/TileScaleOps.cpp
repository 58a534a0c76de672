// SPDX-License-Identifier: Apache-2.0
// Verifies the ops of the tile dialect on weights of eight bits.
#include "tile/IR/TileDialect.h"

using namespace mlir;
using namespace hadal::tile;

LogicalResult WidenOp::verify() {
  // widen_c1
  FragmentType from = getOperand().getType();
  auto to = FragmentType::get(getContext(), from.getShape(), BFloat16Type::get(getContext()),
                              from.getRole(), from.getWarps());
  if (!isa<Float8E4M3FNType>(from.getElementType()) || getResult().getType() != to)
    return emitOpError() << "expected an operand of f8E4M3FN and one like it of bf16, got " << from
                         << " and " << getResult().getType();
  return success();
}

LogicalResult AddScaledOp::verify() {
  // add_scaled_c1
  GlobalType scales = getScales().getType();
  if (getSum().getType().getRole() != Role::Accumulator || !scales.getElementType().isF32() ||
      scales.getOrder() != Order::Rows || scales.getShape().size() != 2 ||
      ShapedType::isDynamic(scales.getShape()[0]))
    return emitOpError() << "expected sums, and a matrix of f32 of known rows, got "
                         << getSum().getType() << " and " << scales;
  // add_scaled_c2
  if (getBlock().size() != 2 || getBlock()[0] <= 0 || getBlock()[1] <= 0)
    return emitOpError() << "expected a block of two positive extents, got [" << getBlock() << "]";
  return success();
}
