// SPDX-License-Identifier: Apache-2.0
// Emits the two products of absorbed attention: scores, and weighted sums of latents.
#include "AbsorbedPart.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace hadal::cpu {

// scores[j, h] = scale * query[h] . key[j].
void AbsorbedPart::computeScores(Value valid) {
  // Keys behind the last valid one are in its run, so of the same page; what they score is not
  // looked at.
  k.forLoop(k.index(0), valid, t.keyTile, [&](Value key) { computeTile(key); });
}

void AbsorbedPart::computeTile(Value key) {
  int64_t vectors = t.lanes / t.width;
  bool narrow = spec.cache == FloatType::BF16;
  int64_t step = narrow ? 2 : 1;
  SmallVector<Value> start;
  for (int64_t r = 0; r < t.keyTile; r += t.run)
    start.push_back(loadIndex(k, rows, k.add(key, r)));
  Value ahead = t.run == t.keyTile ? loadIndex(k, rows, k.add(key, t.keyTile)) : Value();

  // Adds inputs i to i + count, at most a step.
  auto addInputs = [&](Value i, int64_t count, ValueRange sums) {
    SmallVector<Value> next(sums), queries;
    for (int64_t w = 0; w < (t.pairs ? 1 : count); ++w)
      for (int64_t v = 0; v < vectors; ++v)
        queries.push_back(k.loadVector(
            query, k.add(k.mul(i, t.lanes / (t.pairs ? 2 : 1)), w * t.lanes + v * t.width),
            t.width));
    if (ahead && count == step) {
      // A line of the tile to come: the hardware follows fewer streams than a tile has rows.
      int64_t elements = 64 / getByteSize(spec.cache);
      Value line = k.add(ahead, k.mul(i, elements / step));
      memref::PrefetchOp::create(k, in.cache, line, /*isWrite=*/false, /*localityHint=*/3,
                                 /*isDataCache=*/true);
    }
    for (int64_t r = 0; r < t.keyTile; ++r) {
      Value place = k.add(k.add(start[r / t.run], i), r % t.run * t.size);
      auto sum = [&](int64_t v) -> Value & { return next[r * vectors + v]; };
      if (!narrow) {
        Value element = k.broadcast(k.load(in.cache, place), t.width);
        for (int64_t v = 0; v < vectors; ++v)
          sum(v) = k.fma(queries[v], element, sum(v));
        continue;
      }
      Value pair = k.broadcastPair(in.cache, place, count);
      if (t.pairs) {
        for (int64_t v = 0; v < vectors; ++v)
          sum(v) = k.dotPairs(sum(v), queries[v], pair);
        continue;
      }
      auto [even, odd] = k.splitPairs(pair);
      for (int64_t v = 0; v < vectors; ++v)
        sum(v) = k.fma(queries[v], even, sum(v));
      for (int64_t v = 0; v < vectors && count > 1; ++v)
        sum(v) = k.fma(queries[vectors + v], odd, sum(v));
    }
    return next;
  };
  int64_t whole = t.size / step * step;
  SmallVector<Value> sums(t.keyTile * vectors, k.splat(0.0f, t.width));
  if (whole > 0)
    sums = k.forLoop(k.index(0), k.index(whole), step, sums,
                     [&](Value i, ValueRange carried) { return addInputs(i, step, carried); });
  if (whole < t.size)
    sums = addInputs(k.index(whole), t.size - whole, sums);
  Value scale = k.splat(spec.scale, t.width);
  for (int64_t r = 0; r < t.keyTile; ++r)
    for (int64_t v = 0; v < vectors; ++v)
      k.storeVector(k.mulF(sums[r * vectors + v], scale), scores,
                    k.add(k.mul(key, t.lanes), r * t.lanes + v * t.width));
}

// results[h] = decay[h] * results[h] + sum over j of weights[j, h] * latent[j].
void AbsorbedPart::accumulate(int64_t heads, const AbsorbedSlot &slot, Value valid) {
  auto emitColumns = [&](Value column, int64_t count) {
    // Tiles as equal as can be, so that none is too low to hide the latency of a sum.
    int64_t tiles = (heads + t.headTile - 1) / t.headTile;
    for (int64_t tile = 0, first = 0; tile < tiles; ++tile) {
      int64_t size = (heads - first) / (tiles - tile);
      accumulateTile(slot, valid, first, size, column, count);
      first += size;
    }
  };
  forSteps(k, spec.latent, 2 * t.width, emitColumns);
}

void AbsorbedPart::accumulateTile(const AbsorbedSlot &slot, Value valid, int64_t firstHead,
                                  int64_t heads, Value column, int64_t count) {
  int64_t step = t.pairs ? 2 : 1;
  auto place = [&](int64_t h, int64_t v) {
    return k.add(results(slot, k.index(firstHead + h), column), v * t.width);
  };
  SmallVector<Value> tile;
  for (int64_t h = 0; h < heads; ++h) {
    Value shrink = k.broadcast(k.load(decay, k.index(firstHead + h)), t.width);
    for (int64_t v = 0; v < 2; ++v)
      tile.push_back(k.mulF(k.loadVector(slot.data, place(h, v), t.width), shrink));
  }
  tile = k.forLoop(k.index(0), valid, step, tile, [&](Value j, ValueRange carried) {
    auto [low, high] = loadColumns(j, column, count);
    SmallVector<Value> next;
    for (int64_t h = 0; h < heads; ++h) {
      Value weight = k.load(weights, k.add(k.mul(j, t.lanes / step), firstHead + h));
      weight = k.broadcast(weight, t.width);
      for (int64_t v = 0; v < 2; ++v) {
        Value columns = v ? high : low, sum = carried[2 * h + v];
        next.push_back(t.pairs ? k.dotPairs(sum, columns, weight) : k.fma(weight, columns, sum));
      }
    }
    return next;
  });
  for (int64_t h = 0; h < heads; ++h)
    for (int64_t v = 0; v < 2; ++v)
      k.storeVector(tile[2 * h + v], slot.data, place(h, v));
}

// Two vectors of columns of key j, or of keys j and j + 1 interleaved; `count` columns exist.
std::pair<Value, Value> AbsorbedPart::loadColumns(Value j, Value column, int64_t count) {
  Value first = k.add(loadIndex(k, rows, j), column);
  if (t.pairs) {
    Value second = k.add(loadIndex(k, rows, k.add(j, 1)), column);
    return k.interleave(k.loadVectorPart(in.cache, first, 2 * t.width, count),
                        k.loadVectorPart(in.cache, second, 2 * t.width, count));
  }
  auto load = [&](int64_t v) {
    int64_t left = std::min(t.width, count - v * t.width);
    return left > 0 ? k.loadVectorPartF32(in.cache, k.add(first, v * t.width), t.width, left)
                    : k.splat(0.0f, t.width);
  };
  return {load(0), load(1)};
}

} // namespace hadal::cpu
