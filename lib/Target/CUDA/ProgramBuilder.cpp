// SPDX-License-Identifier: Apache-2.0
// Shorthand for programs in the tile dialect.
#include "ProgramBuilder.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

Value ProgramBuilder::launchConstant(Block &entry, int64_t index) {
  Value number = arith::ConstantIndexOp::create(*this, index);
  Value wide = memref::LoadOp::create(*this, entry.getArguments().back(), number);
  return arith::TruncIOp::create(*this, getI32Type(), wide);
}

ValueRange ProgramBuilder::loop(Value begin, Value end, ValueRange carried, Body body) {
  auto loop = scf::ForOp::create(*this, begin, end, constant(1), carried);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(loop.getBody());
  SmallVector<Value> next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  // A loop that carries nothing has its end already.
  if (!carried.empty())
    scf::YieldOp::create(*this, next);
  return loop.getResults();
}

void ProgramBuilder::onlyIf(Value condition, function_ref<void()> body) {
  auto op = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(op.thenYield());
  body();
}

ValueRange ProgramBuilder::onlyIf(Value condition, ValueRange otherwise,
                                  function_ref<SmallVector<Value>()> body) {
  auto op = scf::IfOp::create(*this, otherwise.getTypes(), condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  scf::YieldOp::create(*this, body());
  setInsertionPointToStart(op.elseBlock());
  scf::YieldOp::create(*this, otherwise);
  return op.getResults();
}

void ProgramBuilder::either(Value condition, function_ref<void()> then,
                            function_ref<void()> otherwise) {
  auto op = scf::IfOp::create(*this, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPoint(op.thenYield());
  then();
  setInsertionPoint(op.elseYield());
  otherwise();
}

Value ProgramBuilder::alloc(ArrayRef<int64_t> shape, Type element, tile::Order order, int64_t pad,
                            ValueRange over) {
  return tile::AllocOp::create(
      *this, tile::SharedType::get(getContext(), shape, element, order, pad), over);
}

Value ProgramBuilder::plane(Value tile, Value index) {
  auto type = cast<tile::SharedType>(tile.getType());
  auto plane = tile::SharedType::get(getContext(), type.getShape().drop_front(),
                                     type.getElementType(), type.getOrder(), type.getPad());
  return tile::PlaneOp::create(*this, plane, tile, index);
}

tile::FragmentType ProgramBuilder::fragment(int64_t rows, int64_t columns, tile::Role role,
                                            ArrayRef<int64_t> warps, tile::Depth depth) {
  Type element = role == tile::Role::Accumulator ? Type(getF32Type()) : Type(getBF16Type());
  return tile::FragmentType::get(getContext(), {rows, columns}, element, role, warps, depth);
}
