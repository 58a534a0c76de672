// SPDX-License-Identifier: Apache-2.0
// What expansions are built from: maps and sums in linalg, rows written in scf.
#include "Expansion.h"

#include "hadal/IR/OpChecks.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace hadal;

Location Expansion::location(StringRef what) {
  Location loc = op->getLoc();
  if (what.empty())
    return loc;
  auto name = dyn_cast<NameLoc>(loc);
  std::string label = name ? name.getName().str() : op->getName().stripDialect().str();
  return NameLoc::get(builder.getStringAttr(label + "." + what), loc);
}

OpFoldResult Expansion::extent(int64_t value) { return builder.getIndexAttr(value); }

OpFoldResult Expansion::extent(Value tensor, int64_t axis) {
  return extentOf(builder, op->getLoc(), tensor, axis);
}

SmallVector<OpFoldResult> Expansion::extentsOf(Value tensor) {
  SmallVector<OpFoldResult> extents;
  for (int64_t axis = 0; axis < tensorType(tensor).getRank(); ++axis)
    extents.push_back(extent(tensor, axis));
  return extents;
}

FailureOr<Value> Expansion::hostDim(plan::DimKind kind) {
  plan::HostDimOp dim = plan::findHostDim(op, kind);
  if (!dim)
    return op->emitOpError() << "expected a plan.host_dim of kind " << plan::stringifyDimKind(kind)
                             << ", found none";
  return HostDimOp::create(builder, op->getLoc(), builder.getIndexType(), dim.getSymName())
      .getValue();
}

Value Expansion::fill(Extents extents, TypedAttr value) {
  Value empty = tensor::EmptyOp::create(builder, op->getLoc(), extents, value.getType());
  Value constant = arith::ConstantOp::create(builder, op->getLoc(), value);
  return linalg::FillOp::create(builder, location(), constant, empty).getResult(0);
}

Value Expansion::zeros(Extents extents) { return fill(extents, builder.getF32FloatAttr(0.0f)); }

Value Expansion::build(StringRef what, Value out, int64_t reductions, ArrayRef<Read> reads,
                       Element compute) {
  int64_t rank = tensorType(out).getRank();
  MLIRContext *context = builder.getContext();
  auto mapOf = [&](ArrayRef<int64_t> loops) {
    SmallVector<AffineExpr> indices;
    for (int64_t loop : loops)
      indices.push_back(builder.getAffineDimExpr(loop));
    return AffineMap::get(rank + reductions, 0, indices, context);
  };
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const Read &read : reads) {
    inputs.push_back(read.tensor);
    maps.push_back(mapOf(read.loops));
  }
  maps.push_back(mapOf(llvm::to_vector(llvm::seq<int64_t>(rank))));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.append(reductions, utils::IteratorType::reduction);
  auto body = [&](OpBuilder &nested, Location loc, ValueRange arguments) {
    ElementBuilder b(loc, nested);
    linalg::YieldOp::create(nested, loc, compute(b, arguments));
  };
  return linalg::GenericOp::create(builder, location(what), out.getType(), inputs, out, maps,
                                   iterators, body)
      .getResult(0);
}

Value Expansion::map(StringRef what, Extents extents, Type element, ArrayRef<Read> reads,
                     Element compute) {
  Value out = tensor::EmptyOp::create(builder, op->getLoc(), extents, element);
  return build(what, out, 0, reads,
               [&](ElementBuilder &b, ValueRange read) { return compute(b, read.drop_back()); });
}

Value Expansion::mapOver(StringRef what, Value destination, ArrayRef<Read> reads, Element compute) {
  return build(what, destination, 0, reads, compute);
}

Value Expansion::reduce(StringRef what, Value start, int64_t reductions, ArrayRef<Read> reads,
                        Element combine) {
  return build(what, start, reductions, reads, combine);
}

Value Expansion::rounded(Value rows, Type element) {
  RankedTensorType type = tensorType(rows);
  if (type.getElementType() == element)
    return rows;
  Read each{rows, llvm::to_vector<4>(llvm::seq<int64_t>(type.getRank()))};
  return map("round", extentsOf(rows), element, each,
             [&](ElementBuilder &b, ValueRange read) { return b.round(read[0], element); });
}

static SmallVector<ReassociationIndices, 2> headsOf() { return {{0}, {1, 2}}; }

Value Expansion::split(Value rows, int64_t heads) {
  RankedTensorType type = tensorType(rows);
  int64_t width = type.getDimSize(1) / heads;
  auto split = RankedTensorType::get({type.getDimSize(0), heads, width}, type.getElementType());
  SmallVector<OpFoldResult> extents{extent(rows, 0), extent(heads), extent(width)};
  return tensor::ExpandShapeOp::create(builder, location(), split, rows, headsOf(), extents);
}

Value Expansion::join(Value heads) {
  return tensor::CollapseShapeOp::create(builder, location(), heads, headsOf());
}

Value Expansion::columns(Value tensor, int64_t first, int64_t count) {
  if (tensorType(tensor).getShape().back() == count)
    return tensor;
  SmallVector<OpFoldResult> sizes = extentsOf(tensor);
  SmallVector<OpFoldResult> offsets(sizes.size(), extent(0)), strides(sizes.size(), extent(1));
  offsets.back() = extent(first);
  sizes.back() = extent(count);
  return tensor::ExtractSliceOp::create(builder, location(), tensor, offsets, sizes, strides);
}

Value Expansion::scatter(StringRef what, Value rows, Value into,
                         function_ref<SmallVector<Value>(ElementBuilder &, Value)> place) {
  auto forall = scf::ForallOp::create(builder, location(what), extent(rows, 0), into,
                                      /*mapping=*/std::nullopt);
  ElementBuilder b(forall.getLoc(), builder);
  b.setInsertionPoint(forall.getTerminator());
  Value n = forall.getInductionVar(0);
  SmallVector<OpFoldResult> from{n}, size = extentsOf(rows);
  size[0] = extent(1);
  from.resize(size.size(), extent(0));
  SmallVector<OpFoldResult> strides(size.size(), extent(1));
  Value row = tensor::ExtractSliceOp::create(b, rows, from, size, strides);
  SmallVector<OpFoldResult> to = getAsOpFoldResult(place(b, n));
  // What is in front of a row's own extents has one element in each of them.
  SmallVector<OpFoldResult> toSize(to.size() - size.size(), extent(1));
  llvm::append_range(toSize, size);
  strides.resize(to.size(), extent(1));
  b.setInsertionPointToStart(forall.getTerminator().getBody());
  tensor::ParallelInsertSliceOp::create(b, row, forall.getRegionIterArgs()[0], to, toSize, strides);
  return forall.getResult(0);
}
