// SPDX-License-Identifier: Apache-2.0
// Emits the choice of experts: a warp for a token, all in registers. Each group of experts has as
// many lanes as another, and each lane experts side by side.
#include "hadal/Target/CUDA/RouteKernels.h"

#include "LaneBuilder.h"
#include "SortKernels.h"

#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

#include <limits>

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
// Choices are compared as integers of the same order, which leaves room for two values below
// every number: what was taken, or is no expert, and what is excluded.
constexpr int64_t kTaken = std::numeric_limits<int32_t>::min(), kExcluded = kTaken + 1;
constexpr double kLowest = -std::numeric_limits<double>::infinity();
constexpr int64_t kWarpsAlone = 4, kMostSlots = 32;
// Experts of a lane that cost less to sort than to look through for each rank.
constexpr int64_t kSortedSlots = 12;

/// Which experts a lane has: slots that lie side by side.
struct RouteShape {
  explicit RouteShape(const RouteSpec &spec)
      : members(spec.experts / spec.groups),
        lanes(kWarp / int64_t(llvm::PowerOf2Ceil(uint64_t(spec.groups)))),
        slots(lanes ? int64_t(llvm::divideCeil(members, lanes)) : 0),
        isFull(lanes * slots == members && lanes * spec.groups == kWarp) {}
  int64_t members, lanes, slots; // of a group, of a group, of a lane
  bool isFull;                   // whether each slot is an expert
};

class TokenRouter {
public:
  using Values = LaneBuilder::Values;

  TokenRouter(LaneBuilder &builder, const RouteSpec &spec, Value logits, Value bias)
      : b(builder), spec(spec), shape(spec), logits(logits) {
    lane = b.lane();
    group = b.div(lane, shape.lanes);
    Value inGroup = b.mul(b.rem(lane, shape.lanes), shape.slots);
    first = b.add(b.mul(group, shape.members), inGroup);
    if (!shape.isFull) {
      Value isGroup = b.isLess(group, spec.groups);
      count = b.select(isGroup, b.sub(b.constant(shape.members), inGroup), b.constant(0));
    }
    if (bias)
      biases = read(bias, spec.bias);
  }

  /// Lane j has the expert of rank j and its weight, for the ranks that there are.
  std::pair<Value, Value> route(Value token) {
    row = b.row(logits, token, spec.experts * 4);
    Values choices = choose(score());
    Values keys;
    for (auto [slot, choice] : llvm::enumerate(choices))
      keys.push_back(only(int64_t(slot), toKey(choice), b.constant(kTaken)));
    if (spec.groupRule != GroupRule::None)
      excludeGroups(choices, keys);
    Value id = takeLargest(keys);
    return {id, weigh(id)};
  }

  Value isRank() { return b.isLess(lane, spec.topK); }

private:
  /// `value` in slots that are experts, else `other`.
  Value only(int64_t slot, Value value, Value other) {
    return shape.isFull ? value : b.select(b.isLess(b.constant(slot), count), value, other);
  }

  /// The elements of this lane's experts; of slots that are none, another's.
  Values read(Value from, Type element) {
    int64_t bytes = element.getIntOrFloatBitWidth() / 8;
    Values values;
    if (!shape.isFull) {
      for (int64_t slot = 0; slot < shape.slots; ++slot) {
        Value expert = only(slot, b.add(first, slot), b.constant(0));
        values.append(b.loadElements(element, b.plus(from, b.mul(expert, bytes)), 1));
      }
      return values;
    }
    int64_t piece = std::min<int64_t>(4, shape.slots & -shape.slots);
    Value own = b.plus(from, b.mul(first, bytes));
    for (int64_t slot = 0; slot < shape.slots; slot += piece)
      values.append(b.loadElements(element, b.plus(own, slot * bytes), piece));
    return values;
  }

  Value exp(Value x) { return math::ExpOp::create(b, x); }

  /// In terms of e^-|x|, so that both tails keep their precision.
  Value sigmoid(Value x) {
    Value tail = exp(b.subF(b.f32(0), math::AbsFOp::create(b, x)));
    Value top = b.select(b.is(arith::CmpFPredicate::OLT, x, b.f32(0)), tail, b.f32(1));
    return b.divF(top, b.addF(b.f32(1), tail));
  }

  Values score() {
    Values scores = read(row, b.getF32Type());
    if (spec.scoring == Scoring::Sigmoid) {
      for (Value &score : scores)
        score = sigmoid(score);
      return scores;
    }
    for (auto [slot, score] : llvm::enumerate(scores))
      score = only(int64_t(slot), score, b.f32(kLowest));
    largest = scores[0];
    for (Value score : ArrayRef(scores).drop_front())
      largest = b.maxF(largest, score);
    for (int64_t lanes = kWarp / 2; lanes > 0; lanes /= 2)
      largest = b.maxF(largest, b.apart(largest, lanes));
    Value sum = b.f32(0);
    for (auto [slot, score] : llvm::enumerate(scores)) {
      score = only(int64_t(slot), exp(b.subF(score, largest)), b.f32(0));
      sum = b.addF(sum, score);
    }
    total = b.sumOfWarp(sum);
    for (Value &score : scores)
      score = b.divF(score, total);
    return scores;
  }

  Value dropNaN(Value choice) {
    return b.select(b.is(arith::CmpFPredicate::UNO, choice, choice), b.f32(kLowest), choice);
  }

  Values choose(Values scores) {
    for (auto [slot, score] : llvm::enumerate(scores)) {
      if (!biases.empty())
        score = b.addF(score, biases[slot]);
      score = only(int64_t(slot), dropNaN(score), b.f32(kLowest));
    }
    return scores;
  }

  Value toKey(Value choice) {
    // Adding 0 makes both zeros equal.
    Value bits = b.bits(b.getI32Type(), b.addF(choice, b.f32(0)));
    Value sign = arith::ShRSIOp::create(b, bits, b.constant(31));
    return arith::XOrIOp::create(b, bits, b.both(sign, b.constant(0x7fffffff)));
  }

  /// The key of this lane's group.
  Value scoreGroup(ArrayRef<Value> choices) {
    auto least = [&](Value x, Value y) -> Value { return arith::MinNumFOp::create(b, x, y); };
    Value best = choices[0], second = b.f32(kLowest);
    for (Value choice : choices.drop_front()) {
      second = b.maxF(second, least(best, choice));
      best = b.maxF(best, choice);
    }
    for (int64_t lanes = shape.lanes / 2; lanes > 0; lanes /= 2) {
      Value other = b.apart(best, lanes);
      if (spec.groupRule == GroupRule::TopTwoSum)
        second = b.maxF(least(best, other), b.maxF(second, b.apart(second, lanes)));
      best = b.maxF(best, other);
    }
    return toKey(spec.groupRule == GroupRule::TopTwoSum ? dropNaN(b.addF(best, second)) : best);
  }

  void excludeGroups(ArrayRef<Value> choices, Values &keys) {
    Value key = scoreGroup(choices), rank = b.constant(0);
    for (int64_t other = 0; other < spec.groups; ++other) {
      // Of equal ones the first comes before.
      Value bound =
          b.sub(key, b.count(b.compare(arith::CmpIPredicate::sgt, group, b.constant(other))));
      Value otherKey = b.from(key, b.constant(other * shape.lanes));
      rank = b.add(rank, b.count(b.isLess(bound, otherKey)));
    }
    Value isKept = b.isLess(rank, spec.keptGroups);
    for (auto [slot, own] : llvm::enumerate(keys))
      own = only(int64_t(slot), b.select(isKept, own, b.constant(kExcluded)), own);
  }

  /// The largest, one after the other, of equal ones the first: lane j gets the expert of rank j.
  Value takeLargest(Values &keys) {
    return shape.slots <= kSortedSlots ? takeSorted(keys) : takeAnyOrder(keys);
  }

  /// The expert of this rank: of those that lanes offer, the first with the largest key.
  Value takeOne(Value key, Value slot) {
    Value isLargest = b.isEqual(key, b.reduce(NVVM::ReduxKind::MAX, key));
    Value candidate =
        b.select(isLargest, b.add(first, slot), b.constant(std::numeric_limits<int32_t>::max()));
    return b.reduce(NVVM::ReduxKind::MIN, candidate);
  }

  /// Each lane sorts its experts, equal ones as they are, and offers its first until that is taken.
  Value takeSorted(Values &keys) {
    Values slots;
    for (int64_t slot = 0; slot < shape.slots; ++slot)
      slots.push_back(b.constant(slot));
    for (size_t end = keys.size() - 1; end > 0; --end)
      for (size_t at = 0; at < end; ++at) {
        Value isLarger = b.isLess(keys[at], keys[at + 1]);
        Value larger = arith::MaxSIOp::create(b, keys[at], keys[at + 1]);
        keys[at + 1] = b.least(keys[at], keys[at + 1]);
        keys[at] = larger;
        Value slot = b.select(isLarger, slots[at + 1], slots[at]);
        slots[at + 1] = b.select(isLarger, slots[at], slots[at + 1]);
        slots[at] = slot;
      }
    Value chosen = b.constant(0);
    for (int64_t rank = 0; rank < spec.topK; ++rank) {
      Value expert = takeOne(keys[0], slots[0]);
      chosen = b.select(b.isEqual(lane, rank), expert, chosen);
      // As many as there are ranks left are offered yet.
      size_t left = std::min(keys.size(), size_t(spec.topK - 1 - rank));
      Value isTaken = b.isEqual(expert, b.add(first, slots[0]));
      for (size_t at = 0; at < left; ++at) {
        bool isLast = at + 1 == keys.size();
        Value next = isLast ? b.constant(kTaken) : keys[at + 1];
        keys[at] = b.select(isTaken, next, keys[at]);
        if (!isLast)
          slots[at] = b.select(isTaken, slots[at + 1], slots[at]);
      }
    }
    return chosen;
  }

  Value takeAnyOrder(Values &keys) {
    Value chosen = b.constant(0);
    for (int64_t rank = 0; rank < spec.topK; ++rank) {
      Value best = keys[0], slot = b.constant(0);
      for (int64_t other = 1; other < shape.slots; ++other) {
        Value isLarger = b.isLess(best, keys[other]);
        slot = b.select(isLarger, b.constant(other), slot);
        best = arith::MaxSIOp::create(b, best, keys[other]);
      }
      Value expert = takeOne(best, slot);
      chosen = b.select(b.isEqual(lane, rank), expert, chosen);
      if (rank + 1 == spec.topK)
        break;
      Value taken = b.sub(expert, first);
      for (auto [own, key] : llvm::enumerate(keys))
        key = b.select(b.isEqual(taken, int64_t(own)), b.constant(kTaken), key);
    }
    return chosen;
  }

  /// The weight of this lane's expert. Its score is computed again: it is another lane's.
  Value weigh(Value id) {
    Value logit = b.load(b.getF32Type(), b.plus(row, b.mul(id, 4)));
    Value score = spec.scoring == Scoring::Sigmoid ? sigmoid(logit)
                                                   : b.divF(exp(b.subF(logit, largest)), total);
    if (spec.normalise) {
      Value sum = b.sumOfWarp(b.select(isRank(), score, b.f32(0)));
      score = b.divF(score, b.addF(sum, b.f32(1e-20)));
    }
    return b.mulF(score, b.f32(spec.scale));
  }

  LaneBuilder &b;
  const RouteSpec &spec;
  RouteShape shape;
  Value logits, row;
  Value lane, group;
  Value first, count; // of this lane's experts; how many more slots are experts
  Values biases; // of this lane's experts
  Value largest, total; // of softmax
};
} // namespace

bool hadal::cuda::isRoutable(const RouteSpec &spec) {
  if (spec.sorts && sortThreads(spec.experts) > 1024)
    return false;
  if (!spec.routes)
    return true;
  RouteShape shape(spec);
  return spec.groups <= kWarp && spec.topK <= kWarp && shape.slots <= kMostSlots;
}

LaneLaunch hadal::cuda::emitRoute(OpBuilder &builder, Location loc, const RouteSpec &spec) {
  LaneBuilder b(loc, builder);
  LaneLaunch launch;
  bool hasWorkspace = spec.routes && !spec.storesIds;
  launch.threads = spec.sorts ? sortThreads(spec.experts) : kWarpsAlone * kWarp;
  launch.rows = spec.sorts ? 0 : kWarpsAlone;
  launch.workspaceOfRow = hasWorkspace ? spec.topK * 4 : 0;
  // Ids are a result or in the workspace, which is like one.
  int64_t bindings = (spec.routes ? 3 : 1) + (spec.bias ? 1 : 0) + (spec.sorts ? 2 : 0);
  func::FuncOp kernel = b.kernel(spec.name, bindings, launch.threads);
  unsigned next = 0;
  auto take = [&](bool exists) { return exists ? kernel.getArgument(next++) : Value(); };
  Value given = take(true), bias = take(bool(spec.bias)), weights = take(spec.routes);
  Value ids = take(spec.routes && spec.storesIds), offsets = take(spec.sorts);
  Value rows = take(spec.sorts);
  if (hasWorkspace)
    ids = take(true);
  if (!spec.routes)
    ids = given;
  Value tokens = b.launchConstant(kernel.front(), 0);
  std::optional<TokenRouter> made;
  auto routeToken = [&](Value token) {
    TokenRouter &router = *made;
    auto [id, weight] = router.route(token);
    b.onlyIf(router.isRank(), [&, id = id, weight = weight] {
      Value own = b.mul(b.lane(), 4);
      b.store(weight, b.plus(b.row(weights, token, spec.topK * 4), own));
      b.store(id, b.plus(b.row(ids, token, spec.topK * 4), own));
    });
    // Lanes that write nothing go on to the next token with those that do.
    b.syncWarp();
  };
  Value warp = b.warp();
  int64_t warps = launch.threads / kWarp;
  if (!spec.sorts) {
    Value token = b.add(b.mul(b.workgroup(gpu::Dimension::x), warps), warp);
    // A record may have more workgroups than this call.
    b.onlyIf(b.isLess(token, tokens), [&] {
      made.emplace(b, spec, given, bias);
      routeToken(token);
    });
    return launch;
  }
  Value isSeveral = b.isLess(b.constant(1), tokens);
  auto routeAndSort = [&] {
    // Warps that have no token wait for the others.
    b.onlyIf(b.isLess(warp, tokens), [&] {
      made.emplace(b, spec, given, bias);
      Value count = b.div(b.add(b.sub(tokens, warp), warps - 1), warps);
      b.loop(b.constant(0), count, ValueRange(), [&](Value i, ValueRange) -> SmallVector<Value> {
        routeToken(b.add(warp, b.mul(i, warps)));
        return {};
      });
    });
    b.onlyIf(isSeveral, [&] { b.barrier(); });
    emitSort(b, spec.experts, ids, b.mul(tokens, spec.topK), offsets, rows);
  };
  if (spec.routes) // one token, and its few pairs, are the first warp's
    b.onlyIf(arith::OrIOp::create(b, isSeveral, b.isEqual(warp, 0)), routeAndSort);
  else
    emitSort(b, spec.experts, ids, b.mul(tokens, spec.topK), offsets, rows);
  launch.sharedBytes = tile::sharedBytes(kernel);
  return launch;
}
