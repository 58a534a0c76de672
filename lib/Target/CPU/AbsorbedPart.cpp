// SPDX-License-Identifier: Apache-2.0
// Emits absorbed attention of some heads to some keys: queries, softmax and merging.
#include "AbsorbedPart.h"

#include <limits>
#include <numeric>

using namespace mlir;

namespace hadal::cpu {

namespace {
constexpr int64_t maxHeads = 16; // of a workgroup
constexpr float negativeInfinity = -std::numeric_limits<float>::infinity();

int64_t roundUp(int64_t value, int64_t to) { return (value + to - 1) / to * to; }
} // namespace

AbsorbedTiling::AbsorbedTiling(const KernelTarget &target, const MLAAbsorbedSpec &spec) {
  groups = (spec.heads + maxHeads - 1) / maxHeads;
  base = spec.heads / groups;
  larger = spec.heads % groups;
  heads = larger ? base + 1 : base;
  pairs = target.usesPairDot() && spec.cache == FloatType::BF16;
  width = target.width();
  lanes = roundUp(heads, width);
  size = spec.latent + spec.rope;
  depth = roundUp(size, (pairs ? 2 : 1) * width);
  columns = roundUp(spec.latent, 2 * width);
  // As many sums as the registers of the level hold.
  keyTile = width == 8 ? 4 : 16;
  run = std::gcd(keyTile, spec.pageSize);
  // Each run has an address of its own.
  keyTile = std::min(keyTile, 4 * run);
  headTile = width == 8 ? 4 : 8;
}

AbsorbedPartScratch::AbsorbedPartScratch(const AbsorbedTiling &t, ScratchLayout &layout) {
  rowMajor = layout.take((t.pairs ? 2 : 4) * t.lanes * t.depth);
  query = layout.take((t.pairs ? 2 : 4) * t.lanes * t.depth);
  scores = layout.take(4 * t.lanes * (t.keyBlock + t.keyTile));
  weights = layout.take((t.pairs ? 2 : 4) * t.lanes * t.keyBlock);
  rows = layout.take(8 * (t.keyBlock + t.keyTile));
  decay = layout.take(2 * 4 * t.lanes);
}

AbsorbedPart::AbsorbedPart(KernelBuilder &k, const MLAAbsorbedSpec &spec,
                           const AbsorbedTiling &tiling, const AbsorbedPartScratch &offset,
                           const AbsorbedOperands &operands)
    : k(k), spec(spec), t(tiling), in(operands) {
  auto flat = [&](int64_t byteOffset, Type type) {
    return k.scratch(byteOffset, type, {ShapedType::kDynamic});
  };
  Type f32 = k.getF32Type(), word = t.pairs ? Type(k.getI32Type()) : f32;
  rowMajor = flat(offset.rowMajor, t.pairs ? Type(k.getBF16Type()) : f32);
  words = flat(offset.rowMajor, word);
  query = flat(offset.query, word);
  scores = flat(offset.scores, f32);
  weights = flat(offset.weights, word);
  rows = flat(offset.rows, k.getI64Type());
  decay = flat(offset.decay, f32);
}

// Puts the two parts of each query together, as they face a cache row, and transposes: lanes of
// query are heads.
void AbsorbedPart::packQuery(int64_t heads) {
  if (heads < t.lanes || t.depth > t.size)
    forVectors(k, t.lanes * t.depth, [&](Value i, unsigned lanes) {
      k.storeVectorF32(k.splat(0.0f, lanes), rowMajor, i);
    });
  k.forLoop(k.index(0), k.index(heads), 1, [&](Value h) {
    Value head = k.add(k.add(k.mul(in.row, spec.heads), in.firstHead), h);
    Value latent = k.mul(head, spec.latent);
    Value rope = k.add(k.mul(head, spec.nope + spec.rope), spec.nope);
    Value to = k.mul(h, t.depth);
    forVectors(k, spec.latent, [&](Value i, unsigned lanes) {
      k.storeVectorF32(k.loadVectorF32(in.latentQuery, k.add(latent, i), lanes), rowMajor,
                       k.add(to, i));
    });
    forVectors(k, spec.rope, [&](Value i, unsigned lanes) {
      k.storeVectorF32(k.loadVectorF32(in.rotatedQuery, k.add(rope, i), lanes), rowMajor,
                       k.add(k.add(to, i), spec.latent));
    });
  });
  int64_t length = t.depth / (t.pairs ? 2 : 1);
  k.forLoop(k.index(0), k.index(length), t.width, [&](Value first) {
    for (int64_t lane = 0; lane < t.lanes; lane += t.width) {
      SmallVector<Value> vectors;
      for (int64_t h = 0; h < t.width; ++h)
        vectors.push_back(k.loadVector(words, k.add(first, (lane + h) * length), t.width));
      k.transpose(vectors);
      for (int64_t i = 0; i < t.width; ++i)
        k.storeVector(vectors[i], query, k.add(k.mul(first, t.lanes), i * t.lanes + lane));
    }
  });
}

void AbsorbedPart::attend(int64_t heads, const AbsorbedSlot &slot, Value begin, Value end) {
  for (int64_t lane = 0; lane < t.lanes; lane += t.width) {
    k.storeVector(k.splat(negativeInfinity, t.width), slot.data, at(slot, lane));
    k.storeVector(k.splat(0.0f, t.width), slot.data, at(slot, t.lanes + lane));
  }
  forVectors(k, heads * t.columns, [&](Value i, unsigned lanes) {
    k.storeVector(k.splat(0.0f, lanes), slot.data, k.add(at(slot, 2 * t.lanes), i));
  });
  k.forLoop(begin, end, 1, [&](Value block) {
    Value first = k.mul(block, t.keyBlock);
    Value valid = k.minIndex(k.index(t.keyBlock), k.sub(k.add(in.position, 1), first));
    locateKeys(first);
    computeScores(valid);
    softmax(slot, valid);
    accumulate(heads, slot, valid);
  });
}

// Looks up where the rows of a block's keys start in the cache, and those of the tile behind.
// Positions beyond the query's repeat it: what lies there may be anything, NaN too, and a weight
// of 0 does not undo a NaN.
void AbsorbedPart::locateKeys(Value first) {
  k.forLoop(k.index(0), k.index(t.keyBlock + t.keyTile), 1, [&](Value j) {
    Value position = k.minIndex(k.add(first, j), in.position);
    Value cacheRow = getCacheRow(k, in.blockTable, in.tableRow, position, spec.pageSize);
    k.store(k.fromIndex(k.mul(cacheRow, t.size), k.getI64Type()), rows, j);
  });
}

// Turns scores into weights relative to the new maximum. decay is the factor by which what was
// accumulated so far shrinks. The sum is of what the product will see, rounded weights.
void AbsorbedPart::softmax(const AbsorbedSlot &slot, Value valid) {
  int64_t step = t.pairs ? 2 : 1;
  for (int64_t lane = 0; lane < t.lanes; lane += t.width) {
    auto score = [&](Value key, int64_t plus) {
      return k.loadVector(scores, k.add(k.mul(key, t.lanes), plus * t.lanes + lane), t.width);
    };
    // The last pair may have one key.
    if (t.pairs)
      k.storeVector(k.splat(negativeInfinity, t.width), scores, k.add(k.mul(valid, t.lanes), lane));
    Value previous = k.loadVector(slot.data, at(slot, lane), t.width);
    Value maximum =
        k.forLoop(k.index(0), valid, 1, ValueRange(previous), [&](Value j, ValueRange carried) {
          return SmallVector<Value>{k.maxF(carried[0], score(j, 0))};
        })[0];
    SmallVector<Value> sums(step, k.splat(0.0f, t.width));
    sums = k.forLoop(k.index(0), valid, step, sums, [&](Value j, ValueRange carried) {
      SmallVector<Value> weight;
      for (int64_t i = 0; i < step; ++i)
        weight.push_back(k.exp(k.subF(score(j, i), maximum)));
      Value place = k.add(k.mul(j, t.lanes / step), lane);
      if (!t.pairs) {
        k.storeVector(weight[0], weights, place);
        return SmallVector<Value>{k.addF(carried[0], weight[0])};
      }
      Value pair = k.joinPairs(weight[0], weight[1]);
      k.storeVector(pair, weights, place);
      auto [even, odd] = k.splitPairs(pair);
      return SmallVector<Value>{k.addF(carried[0], even), k.addF(carried[1], odd)};
    });
    Value sum = t.pairs ? k.addF(sums[0], sums[1]) : sums[0];
    Value shrink = k.exp(k.subF(previous, maximum));
    Value sumPlace = at(slot, t.lanes + lane);
    k.storeVector(shrink, decay, k.index(lane));
    k.storeVector(maximum, slot.data, at(slot, lane));
    k.storeVector(k.fma(k.loadVector(slot.data, sumPlace, t.width), shrink, sum), slot.data,
                  sumPlace);
  }
}

void AbsorbedPart::merge(int64_t heads, const AbsorbedSlot &left, const AbsorbedSlot &right) {
  for (int64_t lane = 0; lane < t.lanes; lane += t.width) {
    auto load = [&](const AbsorbedSlot &slot, int64_t plus) {
      return k.loadVector(slot.data, at(slot, plus + lane), t.width);
    };
    Value l = load(left, 0), r = load(right, 0), maximum = k.maxF(l, r);
    l = k.exp(k.subF(l, maximum));
    r = k.exp(k.subF(r, maximum));
    Value sum = k.fma(load(right, t.lanes), r, k.mulF(load(left, t.lanes), l));
    k.storeVector(maximum, left.data, at(left, lane));
    k.storeVector(sum, left.data, at(left, t.lanes + lane));
    k.storeVector(l, decay, k.index(lane));
    k.storeVector(r, decay, k.index(t.lanes + lane));
  }
  k.forLoop(k.index(0), k.index(heads), 1, [&](Value h) {
    Value l = k.broadcast(k.load(decay, h), t.width);
    Value r = k.broadcast(k.load(decay, k.add(h, t.lanes)), t.width);
    k.forLoop(k.index(0), k.index(t.columns), t.width, [&](Value column) {
      Value to = results(left, h, column), from = results(right, h, column);
      Value sum = k.mulF(k.loadVector(left.data, to, t.width), l);
      k.storeVector(k.fma(k.loadVector(right.data, from, t.width), r, sum), left.data, to);
    });
  });
}

Value AbsorbedPart::results(const AbsorbedSlot &slot, Value head, Value column) {
  return k.add(k.add(at(slot, 2 * t.lanes), k.mul(head, t.columns)), column);
}

void AbsorbedPart::store(int64_t heads, const AbsorbedSlot &slot) {
  k.forLoop(k.index(0), k.index(heads), 1, [&](Value h) {
    Value head = k.add(k.add(k.mul(in.row, spec.heads), in.firstHead), h);
    Value to = k.mul(head, spec.latent);
    Value divisor = k.broadcast(k.load(slot.data, k.add(at(slot, t.lanes), h)), t.width);
    auto storeTile = [&](Value column, int64_t count) {
      Value from = results(slot, h, column);
      SmallVector<Value, 2> tile{k.loadVector(slot.data, from, t.width),
                                 k.loadVector(slot.data, k.add(from, t.width), t.width)};
      if (t.pairs)
        std::tie(tile[0], tile[1]) = k.undoInterleave(tile[0], tile[1]);
      for (int64_t v = 0; v < 2 && v * t.width < count; ++v)
        k.storeVectorPartF32(k.divF(tile[v], divisor), in.y, k.add(k.add(to, column), v * t.width),
                             std::min(t.width, count - v * t.width));
    };
    forSteps(k, spec.latent, 2 * t.width, storeTile);
  });
}

} // namespace hadal::cpu
