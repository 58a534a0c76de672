// SPDX-License-Identifier: Apache-2.0
// Emits the absorbed form of attention, which reads the latent cache directly.
#include "hadal/Target/CPU/KernelLoops.h"
#include "hadal/Target/CPU/MLAKernels.h"

#include <limits>

using namespace mlir;

namespace hadal::cpu {

namespace {
constexpr int64_t keyBlock = 64; // positions that share one step of the softmax
constexpr int64_t keyTile = 2;   // keys whose scores are computed together
constexpr int64_t maxHeadTile = 4;

// Heads are spread evenly over the workgroups: the first `larger` of `count`
// tiles have `base` + 1 heads, the others `base`.
struct HeadTiles {
  explicit HeadTiles(int64_t heads)
      : count((heads + maxHeadTile - 1) / maxHeadTile), base(heads / count), larger(heads % count) {
  }
  int64_t largest() const { return larger ? base + 1 : base; }

  int64_t count;
  int64_t base;
  int64_t larger;
};

// Byte offsets in the scratch of a workgroup.
struct AbsorbedScratch {
  explicit AbsorbedScratch(const MLAAbsorbedSpec &spec) {
    int64_t heads = HeadTiles(spec.heads).largest();
    query = layout.take(4 * heads * (spec.latent + spec.rope));
    scores = layout.take(4 * heads * keyBlock);
    rows = layout.take(8 * keyBlock);
    output = layout.take(4 * heads * spec.latent);
    maxima = layout.take(4 * heads);
    sums = layout.take(4 * heads);
    decay = layout.take(4 * heads);
  }
  ScratchLayout layout;
  int64_t query, scores, rows, output, maxima, sums, decay;
};

// The code of one workgroup, for a head tile of static size.
class AbsorbedEmitter {
public:
  AbsorbedEmitter(KernelBuilder &k, const MLAAbsorbedSpec &spec);
  void emit();

private:
  void emitTile(int64_t heads);
  void packQuery(int64_t heads);
  void locateKeys(Value first, Value valid);
  void computeScores(int64_t heads, Value valid);
  void softmax(int64_t heads);
  void accumulate(int64_t heads, Value valid);
  void accumulateColumns(int64_t heads, Value valid, Value column, ArrayRef<unsigned> lanes);

  KernelBuilder &k;
  const MLAAbsorbedSpec &spec;
  int64_t size; // elements of a cache row
  int64_t width;
  Value latentQuery, rotatedQuery, cache, blockTable, y;
  Value row, position, tableRow, firstHead;
  Value query, scores, rows, output, maxima, sums, decay; // scratch
};
} // namespace

AbsorbedEmitter::AbsorbedEmitter(KernelBuilder &k, const MLAAbsorbedSpec &spec)
    : k(k), spec(spec), size(spec.latent + spec.rope), width(k.width()) {
  Type i32 = k.getI32Type();
  latentQuery = flatBinding(k, 0, FloatType::F32);
  rotatedQuery = flatBinding(k, 1, spec.cache);
  cache = flatBinding(k, 2, spec.cache);
  blockTable = flatBinding(k, 3, i32);
  Value positions = flatBinding(k, 4, i32);
  Value offsets = flatBinding(k, 5, i32);
  Value slots = flatBinding(k, 6, i32);
  y = flatBinding(k, 7, spec.cache);
  Value sequences = k.launchConstant(1);
  Value pagesPerSlot = k.launchConstant(2);
  Value threshold = k.launchConstant(3);

  row = k.workgroupId(1);
  Value sequence = findSequence(k, offsets, sequences, row);
  Value begin = loadIndex(k, offsets, sequence);
  Value end = loadIndex(k, offsets, k.add(sequence, 1));
  k.returnIf(k.cmp(arith::CmpIPredicate::sge, k.sub(end, begin), threshold));
  position = loadIndex(k, positions, row);
  tableRow = k.mul(loadIndex(k, slots, sequence), pagesPerSlot);

  AbsorbedScratch offset(spec);
  auto flat = [&](int64_t byteOffset, Type type) {
    return k.scratch(byteOffset, type, {ShapedType::kDynamic});
  };
  query = flat(offset.query, k.getF32Type());
  scores = flat(offset.scores, k.getF32Type());
  rows = flat(offset.rows, k.getI64Type());
  output = flat(offset.output, k.getF32Type());
  maxima = flat(offset.maxima, k.getF32Type());
  sums = flat(offset.sums, k.getF32Type());
  decay = flat(offset.decay, k.getF32Type());
}

void AbsorbedEmitter::emit() {
  HeadTiles tiles(spec.heads);
  Value tile = k.workgroupId(0);
  firstHead = k.add(k.mul(tile, tiles.base), k.minIndex(tile, k.index(tiles.larger)));
  if (tiles.larger == 0)
    emitTile(tiles.base);
  else
    k.ifElse(
        k.cmp(arith::CmpIPredicate::slt, tile, k.index(tiles.larger)),
        [&] { emitTile(tiles.base + 1); }, [&] { emitTile(tiles.base); });
  k.finish();
}

void AbsorbedEmitter::emitTile(int64_t heads) {
  packQuery(heads);
  forVectors(k, heads * spec.latent,
             [&](Value i, unsigned lanes) { k.storeVectorF32(k.splat(0.0f, lanes), output, i); });

  k.forLoop(k.index(0), k.index(heads), 1, [&](Value h) {
    k.store(k.f32(-std::numeric_limits<float>::infinity()), maxima, h);
    k.store(k.f32(0.0f), sums, h);
  });
  Value blocks = k.add(k.div(position, keyBlock), 1);
  k.forLoop(k.index(0), blocks, 1, [&](Value block) {
    Value first = k.mul(block, keyBlock);
    // Rows beyond the position may hold anything, NaN too: they are not read.
    Value valid = k.minIndex(k.index(keyBlock), k.sub(k.add(position, 1), first));
    locateKeys(first, valid);
    computeScores(heads, valid);
    softmax(heads);
    accumulate(heads, valid);
  });

  k.forLoop(k.index(0), k.index(heads), 1, [&](Value h) {
    Value head = k.add(k.add(k.mul(row, spec.heads), firstHead), h);
    Value from = k.mul(h, spec.latent), to = k.mul(head, spec.latent);
    Value divisor = k.load(sums, h);
    forVectors(k, spec.latent, [&](Value i, unsigned lanes) {
      Value v = k.loadVectorF32(output, k.add(from, i), lanes);
      k.storeVectorF32(k.divF(v, k.broadcast(divisor, lanes)), y, k.add(to, i));
    });
  });
}

// Puts the two parts of each query together, in f32, as they face a cache row.
void AbsorbedEmitter::packQuery(int64_t heads) {
  k.forLoop(k.index(0), k.index(heads), 1, [&](Value h) {
    Value head = k.add(k.add(k.mul(row, spec.heads), firstHead), h);
    Value latent = k.mul(head, spec.latent);
    Value rope = k.add(k.mul(head, spec.nope + spec.rope), spec.nope);
    Value to = k.mul(h, size);
    forVectors(k, spec.latent, [&](Value i, unsigned lanes) {
      k.storeVectorF32(k.loadVectorF32(latentQuery, k.add(latent, i), lanes), query, k.add(to, i));
    });
    forVectors(k, spec.rope, [&](Value i, unsigned lanes) {
      k.storeVectorF32(k.loadVectorF32(rotatedQuery, k.add(rope, i), lanes), query,
                       k.add(k.add(to, i), spec.latent));
    });
  });
}

// Looks up where the rows of a block's keys start in the cache.
void AbsorbedEmitter::locateKeys(Value first, Value valid) {
  k.forLoop(k.index(0), valid, 1, [&](Value j) {
    Value cacheRow = getCacheRow(k, blockTable, tableRow, k.add(first, j), spec.pageSize);
    k.store(k.fromIndex(k.mul(cacheRow, size), k.getI64Type()), rows, j);
  });
}

// scores[h, j] = scale * query[h] . key[j], -inf for keys that are not valid.
void AbsorbedEmitter::computeScores(int64_t heads, Value valid) {
  Value excluded = k.f32(-std::numeric_limits<float>::infinity());
  k.forLoop(k.index(0), k.index(heads * keyBlock), width,
            [&](Value i) { k.storeVector(k.broadcast(excluded, width), scores, i); });
  k.forLoop(k.index(0), valid, keyTile, [&](Value j) {
    SmallVector<Value> start;
    for (int64_t t = 0; t < keyTile; ++t)
      start.push_back(loadIndex(k, rows, k.minIndex(k.add(j, t), k.sub(valid, k.index(1)))));
    auto multiply = [&](Value i, unsigned lanes, ValueRange sums) {
      SmallVector<Value> keys, next;
      for (Value s : start)
        keys.push_back(k.loadVectorPartF32(cache, k.add(s, i), width, lanes));
      for (int64_t h = 0; h < heads; ++h) {
        Value q = k.loadVectorPartF32(query, k.add(i, h * size), width, lanes);
        for (int64_t t = 0; t < keyTile; ++t)
          next.push_back(k.fma(q, keys[t], sums[h * keyTile + t]));
      }
      return next;
    };
    int64_t whole = size / width * width;
    SmallVector<Value> sums(heads * keyTile, k.splat(0.0f, width));
    if (whole > 0)
      sums = k.forLoop(k.index(0), k.index(whole), width, sums,
                       [&](Value i, ValueRange carried) { return multiply(i, width, carried); });
    if (whole < size)
      sums = multiply(k.index(whole), size - whole, sums);
    for (int64_t h = 0; h < heads; ++h)
      for (int64_t t = 0; t < keyTile; ++t) {
        Value key = k.add(j, t);
        Value score = k.mulF(k.sumLanes(sums[h * keyTile + t]), k.f32(spec.scale));
        if (t > 0)
          score = k.select(k.cmp(arith::CmpIPredicate::slt, key, valid), score, excluded);
        k.store(score, scores, k.add(key, h * keyBlock));
      }
  });
}

// Turns scores into weights relative to the new maximum. decay[h] is the factor
// by which what was accumulated so far shrinks.
void AbsorbedEmitter::softmax(int64_t heads) {
  Value lowest = k.splat(-std::numeric_limits<float>::infinity(), width);
  k.forLoop(k.index(0), k.index(heads), 1, [&](Value h) {
    Value begin = k.mul(h, keyBlock), end = k.add(begin, keyBlock);
    Value largest =
        k.forLoop(begin, end, width, ValueRange(lowest), [&](Value i, ValueRange carried) {
          return SmallVector<Value>{k.maxF(carried[0], k.loadVectorF32(scores, i, width))};
        })[0];
    Value previous = k.load(maxima, h);
    Value maximum = k.maxF(previous, k.maxLanes(largest));
    Value sum = k.forLoop(
        begin, end, width, ValueRange(k.splat(0.0f, width)), [&](Value i, ValueRange carried) {
          Value weight =
              k.exp(k.subF(k.loadVectorF32(scores, i, width), k.broadcast(maximum, width)));
          k.storeVector(weight, scores, i);
          return SmallVector<Value>{k.addF(carried[0], weight)};
        })[0];
    Value shrink = k.exp(k.subF(previous, maximum));
    k.store(shrink, decay, h);
    k.store(maximum, maxima, h);
    k.store(k.fma(k.load(sums, h), shrink, k.sumLanes(sum)), sums, h);
  });
}

// output[h] = decay[h] * output[h] + sum over j of scores[h, j] * latent[j].
void AbsorbedEmitter::accumulate(int64_t heads, Value valid) {
  int64_t whole = spec.latent / (2 * width) * (2 * width);
  if (whole > 0)
    k.forLoop(k.index(0), k.index(whole), 2 * width, [&](Value column) {
      accumulateColumns(heads, valid, column, {unsigned(width), unsigned(width)});
    });
  for (int64_t column = whole; column < spec.latent; column += width)
    accumulateColumns(heads, valid, k.index(column),
                      {unsigned(std::min(width, spec.latent - column))});
}

void AbsorbedEmitter::accumulateColumns(int64_t heads, Value valid, Value column,
                                        ArrayRef<unsigned> lanes) {
  auto place = [&](int64_t h, size_t v) {
    return k.add(column, h * spec.latent + int64_t(v) * width);
  };
  SmallVector<Value> tile;
  for (int64_t h = 0; h < heads; ++h) {
    Value shrink = k.load(decay, k.index(h));
    for (size_t v = 0; v < lanes.size(); ++v)
      tile.push_back(
          k.mulF(k.loadVectorF32(output, place(h, v), lanes[v]), k.broadcast(shrink, lanes[v])));
  }
  tile = k.forLoop(k.index(0), valid, 1, tile, [&](Value j, ValueRange carried) {
    Value start = k.add(loadIndex(k, rows, j), column);
    SmallVector<Value> values, next;
    for (size_t v = 0; v < lanes.size(); ++v)
      values.push_back(k.loadVectorF32(cache, k.add(start, int64_t(v) * width), lanes[v]));
    for (int64_t h = 0; h < heads; ++h) {
      Value weight = k.load(scores, k.add(j, h * keyBlock));
      for (size_t v = 0; v < lanes.size(); ++v)
        next.push_back(
            k.fma(k.broadcast(weight, lanes[v]), values[v], carried[h * lanes.size() + v]));
    }
    return next;
  });
  for (int64_t h = 0; h < heads; ++h)
    for (size_t v = 0; v < lanes.size(); ++v)
      k.storeVectorF32(tile[h * lanes.size() + v], output, place(h, v));
}

KernelInfo getMLAAbsorbedInfo(const MLAAbsorbedSpec &spec) {
  KernelInfo info;
  info.bindings.assign(7, Access::Read);
  info.bindings.push_back(Access::Write);
  info.constantCount = 4;
  info.scratchBytes = AbsorbedScratch(spec).layout.size();
  info.grid[0] = GridExtent::fixed(HeadTiles(spec.heads).count);
  info.grid[1] = GridExtent::rows(1);
  return info;
}

void emitMLAAbsorbed(KernelBuilder &k, const MLAAbsorbedSpec &spec) {
  AbsorbedEmitter(k, spec).emit();
}

} // namespace hadal::cpu
