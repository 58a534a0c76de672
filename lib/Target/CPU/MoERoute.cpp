// SPDX-License-Identifier: Apache-2.0
// Emits the choice of experts.
#include "hadal/Target/CPU/KernelLoops.h"
#include "hadal/Target/CPU/MoEKernels.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <limits>

using namespace mlir;

namespace hadal::cpu {

namespace {
// Choices are compared as integers of the same order, which leaves room for two
// values below every number: what was taken, and what is excluded.
constexpr int32_t taken = std::numeric_limits<int32_t>::min();
constexpr int32_t excluded = taken + 1;
constexpr float negativeInfinity = -std::numeric_limits<float>::infinity();

constexpr int64_t widestVector = 16;
int64_t padded(int64_t count) { return (count + widestVector - 1) / widestVector * widestVector; }

struct RouteScratch {
  explicit RouteScratch(const MoERouteSpec &spec) {
    scores = layout.take(4 * spec.experts);
    choices = layout.take(4 * spec.experts);
    keys = layout.take(4 * padded(spec.experts));
    groupKeys = layout.take(4 * padded(spec.groups));
    kept = layout.take(4 * spec.groups);
  }
  ScratchLayout layout;
  int64_t scores, choices, keys, groupKeys, kept;
};

class RouteEmitter {
public:
  RouteEmitter(KernelBuilder &k, const MoERouteSpec &spec);
  void emit();

private:
  void computeScores();
  void computeChoices();
  void scoreGroups();
  void excludeGroups();
  void choose();
  Value toKey(Value choice);
  Value dropNaN(Value choice);
  void fillKeys(Value keys, int64_t count, int32_t value);
  Value takeLargest(Value keys, int64_t count);

  KernelBuilder &k;
  const MoERouteSpec &spec;
  int64_t width;
  Value logits, bias, weights, ids;
  Value scores, choices, keys, groupKeys, kept; // scratch
  Value row;
};
} // namespace

RouteEmitter::RouteEmitter(KernelBuilder &k, const MoERouteSpec &spec)
    : k(k), spec(spec), width(k.width()) {
  unsigned next = 0;
  logits = flatBinding(k, next++, FloatType::F32);
  if (spec.bias)
    bias = flatBinding(k, next++, FloatType::F32);
  weights = flatBinding(k, next++, FloatType::F32);
  ids = flatBinding(k, next++, k.getI32Type());
  RouteScratch offset(spec);
  auto flat = [&](int64_t byteOffset, Type type) {
    return k.scratch(byteOffset, type, {ShapedType::kDynamic});
  };
  scores = flat(offset.scores, k.getF32Type());
  choices = flat(offset.choices, k.getF32Type());
  keys = flat(offset.keys, k.getI32Type());
  groupKeys = flat(offset.groupKeys, k.getI32Type());
  kept = flat(offset.kept, k.getI32Type());
  row = k.workgroupId(0);
}

void RouteEmitter::emit() {
  computeScores();
  computeChoices();
  if (spec.groupRule != GroupRule::None) {
    scoreGroups();
    excludeGroups();
  }
  choose();
  k.finish();
}

void RouteEmitter::computeScores() {
  Value from = k.mul(row, spec.experts);
  auto logit = [&](Value i, unsigned lanes) {
    return k.loadVectorF32(logits, k.add(from, i), lanes);
  };
  if (spec.score == RouteScore::Sigmoid) {
    forVectors(k, spec.experts, [&](Value i, unsigned lanes) {
      // In terms of e^-|x|, so that both tails keep their precision.
      Value x = logit(i, lanes);
      Value zero = k.splat(0.0f, lanes), one = k.splat(1.0f, lanes);
      Value e = k.exp(k.subF(zero, math::AbsFOp::create(k, x)));
      Value negative = k.cmp(arith::CmpFPredicate::OLT, x, zero);
      k.storeVector(k.divF(k.select(negative, e, one), k.addF(one, e)), scores, i);
    });
    return;
  }
  Value largest = k.forLoop(k.index(0), k.index(spec.experts), 1,
                            ValueRange(k.f32(negativeInfinity)), [&](Value i, ValueRange carried) {
                              Value x = k.load(logits, k.add(from, i));
                              return SmallVector<Value>{k.maxF(carried[0], x)};
                            })[0];
  forVectors(k, spec.experts, [&](Value i, unsigned lanes) {
    Value x = k.subF(logit(i, lanes), k.broadcast(largest, lanes));
    k.storeVector(k.exp(x), scores, i);
  });
  Value sum = sumVectors(k, spec.experts, [&](Value i, unsigned lanes) {
    return k.loadVectorPartF32(scores, i, width, lanes);
  });
  forVectors(k, spec.experts, [&](Value i, unsigned lanes) {
    Value e = k.loadVectorF32(scores, i, lanes);
    k.storeVector(k.divF(e, k.broadcast(sum, lanes)), scores, i);
  });
}

Value RouteEmitter::dropNaN(Value choice) {
  Value lowest;
  if (auto vector = dyn_cast<VectorType>(choice.getType()))
    lowest = k.splat(negativeInfinity, vector.getNumElements());
  else
    lowest = k.f32(negativeInfinity);
  return k.select(k.cmp(arith::CmpFPredicate::UNO, choice, choice), lowest, choice);
}

Value RouteEmitter::toKey(Value choice) {
  auto constant = [&](int32_t value) -> Value {
    if (auto vector = dyn_cast<VectorType>(choice.getType()))
      return k.splat(value, vector.getNumElements());
    return k.i32(value);
  };
  Type type = k.getI32Type();
  Value zero = k.f32(0.0f);
  if (auto vector = dyn_cast<VectorType>(choice.getType())) {
    type = VectorType::get(vector.getShape(), type);
    zero = k.splat(0.0f, vector.getNumElements());
  }
  // Adding 0 makes both zeros equal.
  Value bits = k.bitcast(k.addF(choice, zero), type);
  Value sign = arith::ShRSIOp::create(k, bits, constant(31));
  Value flip = arith::AndIOp::create(k, sign, constant(0x7fffffff));
  return arith::XOrIOp::create(k, bits, flip);
}

void RouteEmitter::fillKeys(Value target, int64_t count, int32_t value) {
  for (int64_t i = 0; i < count; i += width)
    k.storeVector(k.splat(value, width), target, k.index(i));
}

void RouteEmitter::computeChoices() {
  // The padding behind the last expert is never the largest.
  int64_t end = padded(spec.experts);
  k.storeVector(k.splat(taken, widestVector), keys, k.index(end - widestVector));
  forVectors(k, spec.experts, [&](Value i, unsigned lanes) {
    Value choice = k.loadVectorF32(scores, i, lanes);
    if (spec.bias)
      choice = k.addF(choice, k.loadVectorF32(bias, i, lanes));
    choice = dropNaN(choice);
    k.storeVector(choice, choices, i);
    k.storeVector(toKey(choice), keys, i);
  });
}

void RouteEmitter::scoreGroups() {
  int64_t members = spec.experts / spec.groups;
  fillKeys(groupKeys, padded(spec.groups), taken);
  k.forLoop(k.index(0), k.index(spec.groups), 1, [&](Value group) {
    Value first = k.mul(group, members);
    Value lowest = k.f32(negativeInfinity);
    SmallVector<Value> best =
        k.forLoop(first, k.add(first, members), 1, ValueRange({lowest, lowest}),
                  [&](Value i, ValueRange carried) {
                    Value choice = k.load(choices, i);
                    Value better = k.cmp(arith::CmpFPredicate::OGT, choice, carried[0]);
                    Value second = k.cmp(arith::CmpFPredicate::OGT, choice, carried[1]);
                    return SmallVector<Value>{
                        k.select(better, choice, carried[0]),
                        k.select(better, carried[0], k.select(second, choice, carried[1]))};
                  });
    Value score = best[0];
    if (spec.groupRule == GroupRule::SumOfTwo)
      score = dropNaN(k.addF(best[0], best[1]));
    k.store(toKey(score), groupKeys, group);
    k.store(k.i32(0), kept, group);
  });
}

void RouteEmitter::excludeGroups() {
  int64_t members = spec.experts / spec.groups;
  k.forLoop(k.index(0), k.index(spec.keptGroups), 1,
            [&](Value) { k.store(k.i32(1), kept, takeLargest(groupKeys, spec.groups)); });
  k.forLoop(k.index(0), k.index(spec.groups), 1, [&](Value group) {
    Value isKept = k.load(kept, group);
    k.ifThen(k.cmp(arith::CmpIPredicate::eq, isKept, k.i32(0)), [&] {
      Value first = k.mul(group, members);
      forVectors(k, members, [&](Value i, unsigned lanes) {
        k.storeVector(k.splat(excluded, lanes), keys, k.add(first, i));
      });
    });
  });
}

// Returns the index of the largest key, the lowest of equal ones, and takes it
// out of the choice.
Value RouteEmitter::takeLargest(Value from, int64_t count) {
  VectorType vector = k.vectorType(width, k.getI32Type());
  SmallVector<int32_t> lanes;
  for (int32_t i = 0; i < width; ++i)
    lanes.push_back(i);
  Value start =
      arith::ConstantOp::create(k, DenseElementsAttr::get(vector, ArrayRef<int32_t>(lanes)));
  SmallVector<Value> best{k.loadVector(from, k.index(0), width), start};
  int64_t end = (count + width - 1) / width * width;
  if (end > width)
    best = k.forLoop(k.index(width), k.index(end), width, best, [&](Value i, ValueRange carried) {
      Value values = k.loadVector(from, i, width);
      Value base = k.broadcast(k.fromIndex(i, k.getI32Type()), width);
      Value indices = k.add(start, base);
          // Strictly larger, so that a lane keeps its lowest index.
      Value larger = k.cmp(arith::CmpIPredicate::sgt, values, carried[0]);
      return SmallVector<Value>{k.select(larger, values, carried[0]),
                                k.select(larger, indices, carried[1])};
    });
  Value largest = vector::ReductionOp::create(k, vector::CombiningKind::MAXSI, best[0]);
  Value isLargest = k.cmp(arith::CmpIPredicate::eq, best[0], k.broadcast(largest, width));
  Value candidates =
      k.select(isLargest, best[1], k.splat(std::numeric_limits<int32_t>::max(), width));
  Value index = k.toIndex(vector::ReductionOp::create(k, vector::CombiningKind::MINSI, candidates));
  k.store(k.i32(taken), from, index);
  return index;
}

void RouteEmitter::choose() {
  Value to = k.mul(row, spec.topK);
  Value sum = k.forLoop(k.index(0), k.index(spec.topK), 1, ValueRange(k.f32(0.0f)),
                        [&](Value rank, ValueRange carried) {
                          Value expert = takeLargest(keys, spec.experts);
                          Value weight = k.load(scores, expert);
                          k.store(k.fromIndex(expert, k.getI32Type()), ids, k.add(to, rank));
                          k.store(weight, weights, k.add(to, rank));
                          return SmallVector<Value>{k.addF(carried[0], weight)};
                        })[0];
  Value divisor = k.addF(sum, k.f32(1e-20f));
  k.forLoop(k.index(0), k.index(spec.topK), 1, [&](Value rank) {
    Value weight = k.load(weights, k.add(to, rank));
    if (spec.normalize)
      weight = k.divF(weight, divisor);
    k.store(k.mulF(weight, k.f32(spec.scale)), weights, k.add(to, rank));
  });
}

KernelInfo getMoERouteInfo(const MoERouteSpec &spec) {
  KernelInfo info;
  info.bindings.assign(spec.bias ? 2 : 1, Access::Read);
  info.bindings.append({Access::Write, Access::Write});
  info.scratchBytes = RouteScratch(spec).layout.size();
  info.grid[0] = GridExtent::rows(1);
  return info;
}

void emitMoERoute(KernelBuilder &k, const MoERouteSpec &spec) { RouteEmitter(k, spec).emit(); }

} // namespace hadal::cpu
