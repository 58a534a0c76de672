// SPDX-License-Identifier: Apache-2.0
// Verifies the types of the tile dialect.
#include "tile/IR/TileDialect.h"

using namespace mlir;
using namespace hadal::tile;

static bool arePositive(ArrayRef<int64_t> numbers) {
  return llvm::all_of(numbers, [](int64_t number) { return number > 0; });
}

/// Whether elements of that order are known.
static bool isElement(Type element, Order order) {
  return element.isBF16() ||
         (order == Order::Packed ? isa<Float8E4M3FNType>(element) : element.isF32());
}

LogicalResult GlobalType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> shape, Type element, Order order) {
  // global_c1
  if (shape.size() < 2 || shape.size() > 3 ||
      !arePositive(ShapedType::isDynamic(shape[0]) ? shape.drop_front() : shape))
    return emitError() << "expected a matrix, or a stack of some, of positive extents of which all "
                          "but the first are known, got "
                       << shape.size() << " extents";
  // global_c2
  if (!isElement(element, order))
    return emitError()
           << "expected elements of bf16 or f32, or packed ones of bf16 or f8E4M3FN, got "
           << element;
  if (order == Order::Swizzled)
    return emitError() << "expected an order rows or packed in global memory, got swizzled";
  if (order == Order::Packed && ShapedType::isDynamic(shape[0]))
    return emitError() << "expected a packed matrix of known rows, got elements of " << element;
  return success();
}

LogicalResult SharedType::verify(function_ref<InFlightDiagnostic()> emitError,
                                 ArrayRef<int64_t> shape, Type element, Order order, int64_t pad) {
  // shared_c1
  if (shape.size() < 2 || shape.size() > 3 || !arePositive(shape))
    return emitError() << "expected two or three positive extents, got " << shape.size();
  // shared_c2
  if (!isElement(element, order))
    return emitError()
           << "expected elements of bf16 or f32, or packed ones of bf16 or f8E4M3FN, got "
           << element;
  if (order == Order::Swizzled && !element.isBF16())
    return emitError() << "expected a " << stringifyOrder(order) << " tile of bf16, got "
                       << element;
  // shared_c4
  if (pad < 0 || (pad != 0 && order == Order::Packed))
    return emitError() << "expected no padding of packed tiles, and none below zero, got " << pad;
  // shared_c3
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  if (order == Order::Packed && (rows % kPackedRows != 0 || columns % kPackedColumns != 0))
    return emitError() << "expected a packed tile of multiples of " << kPackedRows << " rows and "
                       << kPackedColumns << " columns, got " << rows << " and " << columns;
  int64_t elementBytes = element.getIntOrFloatBitWidth() / 8,
          bytes = (columns + pad) * elementBytes;
  int64_t unit = order == Order::Swizzled ? 8 * kPieceBytes : kPieceBytes;
  if (order == Order::Swizzled && pad * elementBytes % unit != 0)
    return emitError() << "expected padding of a multiple of " << unit << " bytes, got "
                       << pad * elementBytes;
  if (bytes % unit != 0)
    return emitError() << "expected rows of a multiple of " << unit << " bytes, got " << bytes;
  return success();
}

int64_t SharedType::getRowBytes() const {
  if (getOrder() == Order::Packed)
    return getColumns() / kPackedColumns * packedBytes(getElementType());
  return (getColumns() + getPad()) * getElementBytes();
}

int64_t SharedType::getPlaneBytes() const {
  return getRows() / (getOrder() == Order::Packed ? kPackedRows : 1) * getRowBytes();
}

LogicalResult FragmentType::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ArrayRef<int64_t> shape, Type element, Role role,
                                   ArrayRef<int64_t> warps, Depth order) {
  // fragment_c1
  if (shape.size() != 2 || warps.size() != 3 || !arePositive(shape) || !arePositive(warps))
    return emitError() << "expected two positive extents and three positive numbers of warps, got "
                       << shape.size() << " and " << warps.size();
  // fragment_c2
  bool isSum = role == Role::Accumulator;
  bool isNarrow = role == Role::Lhs && isa<Float8E4M3FNType>(element);
  if (isSum ? !element.isF32() : !element.isBF16() && !isNarrow)
    return emitError()
           << "expected operands of bf16, left ones of f8E4M3FN too, and sums of f32, got "
           << element;
  // fragment_c3
  if (role != Role::Rhs && shape[0] % (16 * warps[0]) != 0)
    return emitError() << "expected a multiple of 16 rows for each of " << warps[0]
                       << " warps, got " << shape[0];
  if (role != Role::Lhs && shape[1] % (8 * warps[1]) != 0)
    return emitError() << "expected a multiple of 8 columns for each of " << warps[1]
                       << " warps, got " << shape[1];
  // fragment_c4
  if (isSum)
    return order == Depth::Eights ? success()
                                  : emitError() << "expected a sum of eights, got pairs";
  int64_t depth = role == Role::Lhs ? shape[1] : shape[0];
  int64_t unit = order == Depth::Pairs ? kPackedColumns / 2 : kPackedColumns;
  if (depth % unit != 0)
    return emitError() << "expected an operand whose depth is a multiple of " << unit << ", got "
                       << depth;
  return success();
}

LogicalResult ColumnType::verify(function_ref<InFlightDiagnostic()> emitError, int64_t rows,
                                 ArrayRef<int64_t> warps, Share) {
  // column_c1
  if (warps.size() != 3 || !arePositive(warps) || rows <= 0 || rows % (16 * warps[0]) != 0)
    return emitError() << "expected three positive numbers of warps, and a multiple of 16 rows for "
                          "each part of them, got "
                       << rows << " rows";
  return success();
}
