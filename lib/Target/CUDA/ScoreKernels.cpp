// SPDX-License-Identifier: Apache-2.0
// Emits products in f32 of few outputs: a workgroup norms its row anew, and its warps share the depth
// of 16 outputs, whose weights they read as they are packed.
#include "hadal/Target/CUDA/ScoreKernels.h"

#include "RowLanes.h"

#include "hadal/IR/FragmentPacking.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
constexpr int64_t kMostOutputs = 1024;
constexpr int64_t kMostShared = 64 << 10; // bytes, of a row

/// What a lane has of a block of weights in one of its steps: four inputs of two outputs.
constexpr int64_t kInputsOfStep = 4, kSteps = 2, kLanesOfOutput = 4;
constexpr int64_t kStepBytes = kWarp * 16;

int64_t paddedInputs(int64_t inputs) {
  return int64_t(llvm::alignTo(uint64_t(inputs), uint64_t(kFragmentPadding)));
}

class ScoreEmitter {
public:
  ScoreEmitter(LaneBuilder &builder, const ScoreSpec &spec, int64_t threads, ValueRange bindings)
      : b(builder), spec(spec), threads(threads), bindings(bindings) {}

  void emit(Value n, Value column) {
    row = b.shared(paddedInputs(spec.inputs) * 4);
    writeRow(n, column);
    b.barrier();
    std::array<Value, 2> sums = multiply(column);
    addUp(sums, n, column);
  }

private:
  /// The row, and zeros where weights are padded. The first workgroup of a row writes its norm.
  void writeRow(Value n, Value column) {
    RowLanes lanes(b, RowShape(spec.inputs), threads);
    Type f32 = b.getF32Type();
    RowLanes::Values values = lanes.read(b.row(bindings[0], n, spec.inputs * 4), f32);
    if (spec.norm) {
      values = lanes.norm(values, bindings[1], spec.norm->weight, spec.norm->epsilon);
      b.onlyIf(b.isEqual(column, 0), [&] {
        for (auto [i, element] : llvm::enumerate(spec.norm->elements))
          lanes.write(values, b.row(bindings[3 + i], n, bytesOf(element, spec.inputs)), element);
      });
    }
    lanes.write(values, row, f32);
    if (int64_t more = paddedInputs(spec.inputs) - spec.inputs)
      b.onlyIf(b.isLess(b.thread(), more), [&] {
        b.store(b.f32(0), b.plus(b.plus(row, spec.inputs * 4), b.mul(b.thread(), 4)));
      });
  }

  /// Of two outputs, eight apart, this lane's part of the warp's blocks of inputs.
  std::array<Value, 2> multiply(Value column) {
    int64_t warps = threads / kWarp, blocks = paddedInputs(spec.inputs) / kFragmentInputs;
    int64_t blockBytes = kSteps * kStepBytes;
    Value weights = b.row(bindings[spec.norm ? 2 : 1], column, blocks * blockBytes);
    Value first = b.plus(weights, b.mul(b.lane(), 16));
    Value inputs = b.plus(row, b.mul(b.rem(b.lane(), kLanesOfOutput), kSteps * kInputsOfStep * 4));
    Value warp = b.warp();
    Value count = b.div(b.add(b.sub(b.constant(blocks), warp), warps - 1), warps);
    Value none = b.f32(0);
    ValueRange sums =
        b.loop(b.constant(0), count, ValueRange{none, none}, [&](Value i, ValueRange now) {
          Value block = b.add(warp, b.mul(i, warps));
          Value from = b.plus(first, b.mul(block, blockBytes));
          Value at = b.plus(inputs, b.mul(block, kFragmentInputs * 4));
          SmallVector<Value> next(now);
          for (int64_t step = 0; step < kSteps; ++step)
            addStep(next, b.plus(from, step * kStepBytes), b.plus(at, step * kInputsOfStep * 4));
          return next;
        });
    return {sums[0], sums[1]};
  }

  /// A word of weights has two inputs of an output; then come the same of the output eight further.
  void addStep(MutableArrayRef<Value> sums, Value weights, Value inputs) {
    SmallVector<Value> x = loadValues(b, b.getF32Type(), inputs, kInputsOfStep);
    SmallVector<Value> words = loadValues(b, b.getI32Type(), weights, kInputsOfStep);
    for (int64_t pair = 0; pair < 2; ++pair)
      for (int64_t half = 0; half < 2; ++half) {
        Value word = words[size_t(2 * pair + half)], &sum = sums[size_t(half)];
        Value low = b.bits(b.getF32Type(), arith::ShLIOp::create(b, word, b.constant(16)));
        Value high = b.bits(b.getF32Type(), b.both(word, b.constant(int32_t(0xffff0000))));
        sum = b.addF(sum, b.mulF(x[size_t(2 * pair)], low));
        sum = b.addF(sum, b.mulF(x[size_t(2 * pair + 1)], high));
      }
  }

  /// Over the lanes of an output, then over warps in their order.
  void addUp(MutableArrayRef<Value> sums, Value n, Value column) {
    int64_t warps = threads / kWarp;
    Value parts = b.shared(warps * kFragmentOutputs * 4);
    Value lane = b.lane(), output = b.div(lane, kLanesOfOutput);
    Value own = b.plus(parts, b.mul(b.add(b.mul(b.warp(), kFragmentOutputs), output), 4));
    for (auto [half, sum] : llvm::enumerate(sums)) {
      for (int64_t lanes = kLanesOfOutput / 2; lanes > 0; lanes /= 2)
        sum = b.addF(sum, b.apart(sum, lanes));
      b.onlyIf(b.isEqual(b.rem(lane, kLanesOfOutput), 0), [&, half = half, sum = sum] {
        b.store(sum, b.plus(own, int64_t(half) * kFragmentOutputs / 2 * 4));
      });
    }
    b.barrier();
    Value thread = b.thread(), at = b.add(b.mul(column, kFragmentOutputs), thread);
    Value exists = b.both(b.isLess(thread, kFragmentOutputs), b.isLess(at, spec.outputs));
    b.onlyIf(exists, [&] {
      Value from = b.plus(parts, b.mul(thread, 4)), sum = b.load(b.getF32Type(), from);
      for (int64_t warp = 1; warp < warps; ++warp)
        sum = b.addF(sum, b.load(b.getF32Type(), b.plus(from, warp * kFragmentOutputs * 4)));
      b.store(sum, b.plus(b.row(bindings.back(), n, spec.outputs * 4), b.mul(at, 4)));
    });
  }

  LaneBuilder &b;
  const ScoreSpec &spec;
  int64_t threads;
  ValueRange bindings;
  Value row; // in shared memory
};
} // namespace

bool hadal::cuda::isScorable(int64_t outputs, int64_t inputs) {
  return outputs <= kMostOutputs && isRowWidth(inputs) && paddedInputs(inputs) * 4 <= kMostShared;
}

LaneLaunch hadal::cuda::emitScores(OpBuilder &builder, Location loc, const ScoreSpec &spec) {
  LaneBuilder b(loc, builder);
  LaneLaunch launch;
  launch.threads = std::max<int64_t>(RowShape(spec.inputs).threads, kFragmentPadding);
  launch.rows = 1;
  launch.columns = int64_t(llvm::divideCeil(spec.outputs, kFragmentOutputs));
  int64_t bindings = 3 + (spec.norm ? 1 + int64_t(spec.norm->elements.size()) : 0);
  func::FuncOp kernel = b.kernel(spec.name, bindings, launch.threads);
  Value rows = b.launchConstant(kernel.front(), 0), n = b.workgroup(gpu::Dimension::x);
  // A record may have more workgroups than this call.
  b.onlyIf(b.isLess(n, rows), [&] {
    ScoreEmitter(b, spec, launch.threads, kernel.getArguments().drop_back())
        .emit(n, b.workgroup(gpu::Dimension::y));
  });
  launch.sharedBytes = tile::sharedBytes(kernel);
  return launch;
}
