// SPDX-License-Identifier: Apache-2.0
// Verifiers of states.
#include "hadal/IR/HadalDialect.h"

#include "hadal_limits.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace hadal;

LogicalResult StateOp::verify() {
  RankedTensorType type = getTensorType();
  size_t dynamic = isRing() ? 2 : 1;
  ArrayRef<int64_t> shape = type.getShape();
  // state_c1, state_c2
  if (type.getRank() < 2 || type.getNumDynamicDims() != dynamic ||
      !llvm::all_of(shape.take_front(dynamic), ShapedType::isDynamic))
    return emitOpError() << "expected a tensor of "
                         << (isRing() ? "[dynamic slots, dynamic rows, static row...]"
                                      : "[dynamic pages, static page size, static row...]")
                         << ", got " << type;
  // state_c3
  Type element = type.getElementType();
  bool isInteger = llvm::any_of(ArrayRef<unsigned>({8, 16, 32, 64}),
                                [&](unsigned width) { return element.isSignlessInteger(width); });
  if (!isInteger &&
      !isa<Float64Type, Float32Type, Float16Type, BFloat16Type, Float8E4M3FNType>(element))
    return emitOpError() << "expected elements of f64, f32, f16, bf16, f8E4M3FN, i8, i16, i32 or "
                            "i64, got "
                         << element;
  // state_c6
  ArrayRef<int64_t> row = shape.drop_front(2);
  int64_t elements = saturatingProduct(row);
  if (row.size() > kMaxRank || elements < 1 || elements > static_cast<int64_t>(kMaxStateRow))
    return emitOpError() << "expected a row of rank " << kMaxRank << " at most and from 1 to "
                         << kMaxStateRow << " elements, got " << type;
  return success();
}

LogicalResult StateOp::verifyRegions() {
  // state_c4
  if (getRows().empty() ? isRing() : !isRing() || !getRows().hasOneBlock())
    return emitOpError() << "expected one block of rows exactly in a ring, got "
                         << getRows().getBlocks().size();
  if (getRows().empty())
    return success();
  Block &block = getRows().front();
  auto yield = block.empty() ? plan::YieldOp() : dyn_cast<plan::YieldOp>(block.back());
  if (!yield || yield.getValues().size() != 1 || block.getNumArguments() != 0)
    return emitOpError("expected rows that yield one integer and take none");
  // state_c7
  if (int64_t rows = plan::knownOr(yield.getValues().front(), 1); rows < 1)
    return emitOpError() << "expected at least 1 row, got " << rows;
  for (Operation &op : block.without_terminator()) {
    if (!isa<plan::ConstantOp, plan::DimOp, plan::ExprOp, plan::SelectOp>(op))
      return op.emitOpError("expected constants, dims, expressions and selections in rows");
    auto dim = dyn_cast<plan::DimOp>(op);
    plan::HostDimOp named = dim ? plan::declarationOf(dim) : plan::HostDimOp();
    if (named && !plan::isOfSession(named.getKind()))
      return op.emitOpError() << "expected a dim of the session in rows, got "
                              << plan::stringifyDimKind(named.getKind());
  }
  return success();
}

LogicalResult StateOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (isRing())
    return success();
  // state_c5
  auto table = symbols.lookupNearestSymbolFrom<plan::BlockTableOp>(*this, getBlockTableAttr());
  if (!table)
    return emitOpError() << "expected " << getBlockTableAttr() << " to name a plan.block_table";
  // state_c1
  if (getTensorType().getDimSize(1) != static_cast<int64_t>(table.getPageSize()))
    return emitOpError() << "expected pages of " << table.getPageSize() << " rows, as in "
                         << getBlockTableAttr() << ", got " << getTensorType();
  return success();
}

int64_t StateOp::getBytesPerToken() {
  auto table =
      isRing()
          ? plan::BlockTableOp()
          : SymbolTable::lookupNearestSymbolFrom<plan::BlockTableOp>(*this, getBlockTableAttr());
  if (!table)
    return 0;
  int64_t bytes =
      ShapedType::getNumElements(getRowShape()) * getTensorType().getElementTypeBitWidth() / 8;
  return llvm::divideCeil(bytes, table.getTokensPerRow());
}
