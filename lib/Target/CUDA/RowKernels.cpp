// SPDX-License-Identifier: Apache-2.0
// Emits kernels that compute rows of one width: sums of rows, what experts made, norms.
#include "hadal/Target/CUDA/RowKernels.h"

#include "LaneBuilder.h"

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
constexpr int64_t kMostThreads = 1024, kFewThreads = 256, kMostPieces = 16, kFewPieces = 8;

/// Which elements of a row a thread has: pieces of so many side by side, a piece of each thread
/// after the other.
struct RowShape {
  explicit RowShape(int64_t width) : piece(std::min<int64_t>(4, width & -width)) {
    int64_t all = width / piece;
    threads = std::min<int64_t>(kFewThreads, int64_t(llvm::alignTo(all, kWarp)));
    while (all > threads * kFewPieces && threads < kMostThreads)
      threads *= 2;
    pieces = int64_t(llvm::divideCeil(all, threads));
    isPartial = pieces * threads != all;
  }
  int64_t piece, threads, pieces;
  bool isPartial; // whether some threads have no last piece
};

class RowEmitter {
public:
  using Values = LaneBuilder::Values;

  RowEmitter(LaneBuilder &builder, const RowSpec &spec, func::FuncOp kernel)
      : b(builder), spec(spec), shape(spec.width), bindings(kernel.getArguments().drop_back()) {
    thread = b.thread();
    n = b.workgroup(gpu::Dimension::x);
    if (shape.isPartial) {
      Value last = b.add(thread, (shape.pieces - 1) * shape.threads);
      hasLast = b.isLess(last, spec.width / shape.piece);
    }
  }

  void emit() {
    for (const RowStep &step : spec.steps)
      rows.push_back(make(step));
    for (const RowOutput &output : spec.outputs) {
      Value to = b.row(bindings[output.binding], n, bytesOf(output.element, spec.width));
      ArrayRef<Value> values = rows[output.step];
      for (int64_t piece = 0; piece < shape.pieces; ++piece) {
        auto write = [&] {
          b.storeElements(output.element, values.slice(piece * shape.piece, shape.piece),
                          pieceOf(to, piece, output.element));
        };
        if (isLastPartial(piece))
          b.onlyIf(hasLast, write);
        else
          write();
      }
    }
  }

private:
  static int64_t bytesOf(Type element, int64_t count) {
    return count * element.getIntOrFloatBitWidth() / 8;
  }
  bool isLastPartial(int64_t piece) const { return shape.isPartial && piece == shape.pieces - 1; }

  Value pieceOf(Value row, int64_t piece, Type element) {
    Value own = b.plus(row, b.mul(thread, bytesOf(element, shape.piece)));
    return b.plus(own, bytesOf(element, piece * shape.threads * shape.piece));
  }

  /// This thread's elements of a row; zeros behind its end.
  Values read(Value row, Type element) {
    Values values;
    for (int64_t piece = 0; piece < shape.pieces; ++piece) {
      Value from = pieceOf(row, piece, element);
      if (isLastPartial(piece))
        llvm::append_range(values, b.onlyIf(hasLast, Values(size_t(shape.piece), b.f32(0)), [&] {
          return b.loadElements(element, from, shape.piece);
        }));
      else
        values.append(b.loadElements(element, from, shape.piece));
    }
    return values;
  }

  Values make(const RowStep &step) {
    switch (step.kind) {
    case RowStep::Kind::Read:
      return read(b.row(bindings[step.rows], n, bytesOf(step.element, spec.width)), step.element);
    case RowStep::Kind::Choose: return choose(step);
    case RowStep::Kind::Combine: return combine(step);
    case RowStep::Kind::Add: return each(rows[step.a], rows[step.b], &LaneBuilder::addF);
    case RowStep::Kind::Norm: return norm(step);
    }
    llvm_unreachable("all kinds of steps are above");
  }

  using Binary = Value (LaneBuilder::*)(Value, Value);
  Values each(ValueRange x, ValueRange y, Binary op) {
    Values values;
    for (auto [a, c] : llvm::zip_equal(x, y))
      values.push_back((b.*op)(a, c));
    return values;
  }

  Values choose(const RowStep &step) {
    Value number = b.load(b.getI32Type(), b.row(bindings[step.index], n, 4));
    Value isRow;
    if (step.rowCount) {
      // Unsigned, so that a negative number is out of range as well.
      isRow = b.compare(arith::CmpIPredicate::ult, number, b.constant(step.rowCount));
      number = b.select(isRow, number, b.constant(0));
    }
    Values values =
        read(b.row(bindings[step.rows], number, bytesOf(step.element, spec.width)), step.element);
    if (isRow)
      for (Value &value : values)
        value = b.select(isRow, value, b.f32(std::numeric_limits<double>::quiet_NaN()));
    return values;
  }

  Values combine(const RowStep &step) {
    Value factors = b.row(bindings[step.weights], n, step.topK * 4);
    int64_t bytes = bytesOf(b.getF32Type(), spec.width);
    Value from = b.row(bindings[step.rows], n, step.topK * bytes);
    Values sums(size_t(shape.pieces * shape.piece), b.f32(0));
    for (int64_t j = 0; j < step.topK; ++j) {
      Value factor = b.load(b.getF32Type(), b.plus(factors, j * 4));
      Values values = read(b.row(from, b.constant(j), bytes), b.getF32Type());
      for (auto [sum, value] : llvm::zip_equal(sums, values))
        sum = b.addF(sum, b.mulF(factor, value));
    }
    return sums;
  }

  /// The sum over all threads, in the order of warps.
  Value sumOfRow(Value own) {
    own = b.sumOfWarp(own);
    int64_t warps = shape.threads / kWarp;
    if (warps == 1)
      return own;
    Value parts = b.shared(warps * 4);
    b.onlyIf(b.isEqual(b.lane(), 0), [&] { b.store(own, b.plus(parts, b.mul(b.warp(), 4))); });
    b.barrier();
    Value sum = b.load(b.getF32Type(), parts);
    for (int64_t warp = 1; warp < warps; ++warp)
      sum = b.addF(sum, b.load(b.getF32Type(), b.plus(parts, warp * 4)));
    return sum;
  }

  Values norm(const RowStep &step) {
    ArrayRef<Value> x = rows[step.a];
    Value squares = b.mulF(x[0], x[0]);
    for (Value value : x.drop_front())
      squares = b.addF(squares, b.mulF(value, value));
    Value mean = b.divF(sumOfRow(squares), b.f32(double(spec.width)));
    Value root = math::SqrtOp::create(b, b.addF(mean, b.f32(step.epsilon)));
    Value inverse = b.divF(b.f32(1), root);
    Values scaled = each(x, Values(x.size(), inverse), &LaneBuilder::mulF);
    return each(read(bindings[step.weights], step.element), scaled, &LaneBuilder::mulF);
  }

  LaneBuilder &b;
  const RowSpec &spec;
  RowShape shape;
  ValueRange bindings;
  Value thread, n, hasLast;
  std::vector<Values> rows; // of each step
};
} // namespace

bool hadal::cuda::isRowWidth(int64_t width) {
  return width > 0 && RowShape(width).pieces <= kMostPieces;
}

bool hadal::cuda::isRowElement(Type element) {
  return element.isF32() || element.isBF16() || element.isF16();
}

LaneLaunch hadal::cuda::emitRows(OpBuilder &builder, Location loc, const RowSpec &spec) {
  LaneBuilder b(loc, builder);
  LaneLaunch launch;
  launch.threads = RowShape(spec.width).threads;
  launch.rows = 1;
  func::FuncOp kernel = b.kernel(spec.name, spec.bindings, launch.threads);
  Value rows = b.launchConstant(kernel, 0);
  // A record may have more workgroups than this call.
  b.onlyIf(b.isLess(b.workgroup(gpu::Dimension::x), rows),
           [&] { RowEmitter(b, spec, kernel).emit(); });
  launch.sharedBytes = tile::sharedBytes(kernel);
  return launch;
}
