// SPDX-License-Identifier: Apache-2.0
// Emits kernels that compute rows of one width: sums of rows, what experts made, norms.
#include "hadal/Target/CUDA/RowKernels.h"

#include "RowEmitter.h"
#include "RowLanes.h"

#include <limits>

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
constexpr int64_t kMostPieces = 16;

class RowEmitter {
public:
  using Values = RowLanes::Values;

  RowEmitter(LaneBuilder &builder, const RowSpec &spec, ValueRange bindings, Value n,
             int64_t threads)
      : b(builder), spec(spec), lanes(builder, RowShape(spec.width), threads), bindings(bindings),
        n(n) {}

  void emit() {
    for (const RowStep &step : spec.steps)
      rows.push_back(make(step));
    for (const RowOutput &output : spec.outputs)
      lanes.write(rows[output.step],
                  b.row(bindings[output.binding], n, bytesOf(output.element, spec.width)),
                  output.element);
  }

private:
  Values make(const RowStep &step) {
    switch (step.kind) {
    case RowStep::Kind::Read:
      return lanes.read(b.row(bindings[step.rows], n, bytesOf(step.element, spec.width)),
                        step.element);
    case RowStep::Kind::Choose: return choose(step);
    case RowStep::Kind::Combine: return combine(step);
    case RowStep::Kind::Add: return lanes.each(rows[step.a], rows[step.b], &LaneBuilder::addF);
    case RowStep::Kind::Norm:
      return lanes.norm(rows[step.a], bindings[step.weights], step.element, step.epsilon);
    }
    llvm_unreachable("all kinds of steps are above");
  }

  Values choose(const RowStep &step) {
    Value number = b.load(b.getI32Type(), b.row(bindings[step.index], n, 4));
    Value isRow;
    if (step.rowCount) {
      // Unsigned, so that a negative number is out of range as well.
      isRow = b.compare(arith::CmpIPredicate::ult, number, b.constant(step.rowCount));
      number = b.select(isRow, number, b.constant(0));
    }
    Values values = lanes.read(
        b.row(bindings[step.rows], number, bytesOf(step.element, spec.width)), step.element);
    if (isRow)
      for (Value &value : values)
        value = b.select(isRow, value, b.f32(std::numeric_limits<double>::quiet_NaN()));
    return values;
  }

  Values combine(const RowStep &step) {
    Value factors = b.row(bindings[step.weights], n, step.topK * 4);
    int64_t bytes = bytesOf(b.getF32Type(), spec.width);
    Value from = b.row(bindings[step.rows], n, step.topK * bytes);
    Values sums(size_t(lanes.count()), b.f32(0));
    for (int64_t j = 0; j < step.topK; ++j) {
      Value factor = b.load(b.getF32Type(), b.plus(factors, j * 4));
      Values values = lanes.read(b.row(from, b.constant(j), bytes), b.getF32Type());
      for (auto [sum, value] : llvm::zip_equal(sums, values))
        sum = b.addF(sum, b.mulF(factor, value));
    }
    return sums;
  }

  LaneBuilder &b;
  const RowSpec &spec;
  RowLanes lanes;
  ValueRange bindings;
  Value n;
  std::vector<Values> rows; // of each step
};
} // namespace

bool hadal::cuda::isRowWidth(int64_t width) {
  return width > 0 && RowShape(width).pieces <= kMostPieces;
}

bool hadal::cuda::isRowElement(Type element) {
  return element.isF32() || element.isBF16() || element.isF16();
}

void hadal::cuda::emitRowSteps(LaneBuilder &b, const RowSpec &spec, ValueRange bindings, Value n,
                               int64_t threadsOfWorkgroup) {
  RowEmitter(b, spec, bindings, n, threadsOfWorkgroup).emit();
}

LaneLaunch hadal::cuda::emitRows(OpBuilder &builder, Location loc, const RowSpec &spec) {
  LaneBuilder b(loc, builder);
  LaneLaunch launch;
  launch.threads = RowShape(spec.width).threads;
  launch.rows = 1;
  func::FuncOp kernel = b.kernel(spec.name, spec.bindings, launch.threads);
  Value rows = b.launchConstant(kernel.front(), 0), n = b.workgroup(gpu::Dimension::x);
  // A record may have more workgroups than this call.
  b.onlyIf(b.isLess(n, rows),
           [&] { emitRowSteps(b, spec, kernel.getArguments().drop_back(), n, launch.threads); });
  launch.sharedBytes = tile::sharedBytes(kernel);
  return launch;
}
