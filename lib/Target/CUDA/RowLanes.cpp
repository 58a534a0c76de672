// SPDX-License-Identifier: Apache-2.0
// A row of one width in the registers of a workgroup.
#include "RowLanes.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
constexpr int64_t kMostThreads = 1024, kFewThreads = 256, kFewPieces = 8;

int64_t powerOf2In(int64_t count) { return count & -count; }
} // namespace

RowShape::RowShape(int64_t width, int64_t stride)
    : width(width), piece(std::min<int64_t>(4, powerOf2In(width | stride))) {
  int64_t all = width / piece;
  threads = std::min<int64_t>(kFewThreads, int64_t(llvm::alignTo(all, kWarp)));
  while (all > threads * kFewPieces && threads < kMostThreads)
    threads *= 2;
  pieces = int64_t(llvm::divideCeil(all, threads));
  isPartial = pieces * threads != all;
}

RowLanes::RowLanes(LaneBuilder &b, const RowShape &shape, int64_t threadsOfWorkgroup)
    : b(b), shape(shape), thread(b.thread()) {
  if (threadsOfWorkgroup > shape.threads)
    hasPiece = hasLast = b.isLess(thread, shape.threads);
  if (shape.isPartial) {
    Value last = b.add(thread, (shape.pieces - 1) * shape.threads);
    hasLast = b.isLess(last, shape.width / shape.piece);
    if (hasPiece)
      hasLast = b.both(hasLast, hasPiece);
  }
}

Value RowLanes::pieceOf(Value row, int64_t piece, Type element) {
  Value own = b.plus(row, b.mul(thread, bytesOf(element, shape.piece)));
  return b.plus(own, bytesOf(element, piece * shape.threads * shape.piece));
}

RowLanes::Values RowLanes::read(Value row, Type element) {
  Values values;
  for (int64_t piece = 0; piece < shape.pieces; ++piece) {
    Value from = pieceOf(row, piece, element);
    auto load = [&] { return b.loadElements(element, from, shape.piece); };
    if (Value exists = piece + 1 == shape.pieces ? hasLast : hasPiece)
      llvm::append_range(values, b.onlyIf(exists, Values(size_t(shape.piece), b.f32(0)), load));
    else
      values.append(load());
  }
  return values;
}

void RowLanes::write(ArrayRef<Value> values, Value row, Type element) {
  for (int64_t piece = 0; piece < shape.pieces; ++piece) {
    auto store = [&] {
      b.storeElements(element, values.slice(size_t(piece * shape.piece), size_t(shape.piece)),
                      pieceOf(row, piece, element));
    };
    if (Value exists = piece + 1 == shape.pieces ? hasLast : hasPiece)
      b.onlyIf(exists, store);
    else
      store();
  }
}

RowLanes::Values RowLanes::each(ValueRange x, ValueRange y, Binary op) {
  Values values;
  for (auto [a, c] : llvm::zip_equal(x, y))
    values.push_back((b.*op)(a, c));
  return values;
}

/// The sum over all threads, in the order of warps.
Value RowLanes::sumOfRow(Value own) {
  own = b.sumOfWarp(own);
  int64_t warps = shape.threads / kWarp;
  if (warps == 1 && !hasPiece)
    return own;
  Value parts = b.shared(warps * 4);
  Value isFirst = b.isEqual(b.lane(), 0);
  if (hasPiece)
    isFirst = b.both(isFirst, hasPiece);
  b.onlyIf(isFirst, [&] { b.store(own, b.plus(parts, b.mul(b.warp(), 4))); });
  b.barrier();
  Value sum = b.load(b.getF32Type(), parts);
  for (int64_t warp = 1; warp < warps; ++warp)
    sum = b.addF(sum, b.load(b.getF32Type(), b.plus(parts, warp * 4)));
  return sum;
}

RowLanes::Values RowLanes::norm(ArrayRef<Value> x, Value weights, Type element, double epsilon) {
  Value squares = b.mulF(x[0], x[0]);
  for (Value value : x.drop_front())
    squares = b.addF(squares, b.mulF(value, value));
  Value mean = b.divF(sumOfRow(squares), b.f32(double(shape.width)));
  Value root = math::SqrtOp::create(b, b.addF(mean, b.f32(epsilon)));
  Value inverse = b.divF(b.f32(1), root);
  Values scaled = each(x, Values(x.size(), inverse), &LaneBuilder::mulF);
  return each(read(weights, element), scaled, &LaneBuilder::mulF);
}
