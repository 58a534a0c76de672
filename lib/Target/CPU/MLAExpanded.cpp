// SPDX-License-Identifier: Apache-2.0
// Emits the expanded form of attention, which rebuilds keys and values by
// block.
#include "ExpandedEmitter.h"

#include <limits>

using namespace mlir;

namespace hadal::cpu {

namespace {
constexpr float negativeInfinity = -std::numeric_limits<float>::infinity();

int64_t roundUp(int64_t value, int64_t to) { return (value + to - 1) / to * to; }
int64_t paddedOutputs(int64_t outputs) { return panelCount(outputs) * panelOutputs; }
} // namespace

ExpandedTiling::ExpandedTiling(const KernelTarget &target, const MLAExpandedSpec &spec) {
  pairs = target.usesPairDot() && spec.cache == FloatType::BF16;
  int64_t perWord = pairs ? 2 : 1, bytes = pairs ? 2 : 4;
  keyBlock = pairs ? 128 : 64;
  querySize = spec.nope + spec.rope;
  words = (querySize + perWord - 1) / perWord;
  keyStride = std::max(paddedOutputs(spec.nope), roundUp(querySize, perWord * target.width()));
  valueSize = paddedOutputs(spec.value);
  int64_t rows = roundUp(spec.blockRows, rowTile);
  query = layout.take(4 * rows * words);
  output = layout.take(4 * rows * valueSize);
  maxima = layout.take(4 * rows);
  sums = layout.take(4 * rows);
  keyRows = layout.take(bytes * keyBlock * keyStride);
  keys = layout.take(4 * keyBlock * roundUp(words, target.width()));
  values = layout.take(bytes * keyBlock * valueSize);
  scores = layout.take(4 * rowTile * keyBlock);
  weights = layout.take(bytes * rowTile * keyBlock);
  decay = layout.take(4 * rowTile);
  places = layout.take(8 * keyBlock);
}

ExpandedEmitter::ExpandedEmitter(KernelBuilder &k, const MLAExpandedSpec &spec)
    : k(k), spec(spec), t(k.target(), spec), width(k.width()), cacheSize(spec.latent + spec.rope) {
  Type i32 = k.getI32Type(), f32 = k.getF32Type();
  unsigned next = 0;
  auto bindWeight = [&](int64_t outputs, const std::optional<BlockScales> &scales) {
    PanelWeight weight;
    weight.type = spec.weight;
    weight.outputs = outputs;
    weight.inputs = spec.latent;
    weight.scales = scales;
    weight.data = flatBinding(k, next++, getMemoryType(k, spec.weight));
    if (spec.weight == WeightType::F8E4M3)
      weight.scaleData = flatBinding(k, next++, FloatType::F32);
    return weight;
  };
  rotated = flatBinding(k, next++, spec.cache);
  keyWeight = bindWeight(spec.nope, spec.keyScales);
  valueWeight = bindWeight(spec.value, spec.valueScales);
  cache = flatBinding(k, next++, spec.cache);
  blockTable = flatBinding(k, next++, i32);
  positions = flatBinding(k, next++, i32);
  offsets = flatBinding(k, next++, i32);
  slots = flatBinding(k, next++, i32);
  y = flatBinding(k, next++, spec.cache);
  head = k.workgroupId(0);

  auto flat = [&](int64_t byteOffset, Type type) {
    return k.scratch(byteOffset, type, {ShapedType::kDynamic});
  };
  Type element = t.pairs ? Type(k.getBF16Type()) : f32, word = t.pairs ? i32 : f32;
  query = flat(t.query, element);
  queryWords = flat(t.query, word);
  output = flat(t.output, f32);
  maxima = flat(t.maxima, f32);
  sums = flat(t.sums, f32);
  keyRows = flat(t.keyRows, element);
  keyRowWords = flat(t.keyRows, word);
  keys = flat(t.keys, word);
  values = flat(t.values, word);
  scores = flat(t.scores, f32);
  weights = flat(t.weights, element);
  weightWords = flat(t.weights, word);
  decay = flat(t.decay, f32);
  places = flat(t.places, k.getI64Type());
}

void ExpandedEmitter::emit() {
  findRows();
  packQueries();
  Value blocks = k.add(k.div(lastPosition, t.keyBlock), 1);
  k.forLoop(k.index(0), blocks, 1, [&](Value block) {
    Value first = k.mul(block, t.keyBlock);
    expandBlock(first);
    k.forLoop(k.index(0), tiledCount, t.rowTile, [&](Value tile) {
      // Tiles whose rows all come before the block have nothing to see in it.
      Value last = positionOf(k.add(tile, t.rowTile - 1));
      k.ifThen(k.cmp(arith::CmpIPredicate::sge, last, first), [&] { attend(first, tile); });
    });
  });
  storeResults();
  k.finish();
}

// Finds which rows this workgroup owns: block y of the blocks of all sequences
// that are long enough, in their order.
void ExpandedEmitter::findRows() {
  using P = arith::CmpIPredicate;
  Value sequences = k.launchConstant(1);
  Value pagesPerSlot = k.launchConstant(2);
  Value threshold = k.launchConstant(3);
  Value zero = k.index(0), none = k.index(-1);
  SmallVector<Value> found = k.forLoop(
      zero, sequences, 1, ValueRange({k.workgroupId(1), none, zero}),
      [&](Value s, ValueRange carried) {
        Value length = k.sub(loadIndex(k, offsets, k.add(s, 1)), loadIndex(k, offsets, s));
        Value blocks = k.ceilDiv(length, spec.blockRows);
        blocks = k.select(k.cmp(P::slt, length, threshold), zero, blocks);
        // Unsigned: what is left is negative once the block was found.
        Value here = k.cmp(P::ult, carried[0], blocks);
        return SmallVector<Value>{k.sub(carried[0], blocks), k.select(here, s, carried[1]),
                                  k.select(here, carried[0], carried[2])};
      });
  k.returnIf(k.cmp(P::eq, found[1], none));
  Value begin = loadIndex(k, offsets, found[1]);
  Value end = loadIndex(k, offsets, k.add(found[1], 1));
  firstRow = k.add(begin, k.mul(found[2], spec.blockRows));
  count = k.minIndex(k.sub(end, firstRow), k.index(spec.blockRows));
  tiledCount = k.mul(k.ceilDiv(count, t.rowTile), t.rowTile);
  lastPosition = positionOf(count);
  tableRow = k.mul(loadIndex(k, slots, found[1]), pagesPerSlot);
}

// Rows that fill up the last tile repeat the last row.
Value ExpandedEmitter::positionOf(Value rowInBlock) {
  Value row = k.minIndex(rowInBlock, k.sub(count, k.index(1)));
  return loadIndex(k, positions, k.add(firstRow, row));
}

void ExpandedEmitter::packQueries() {
  int64_t queryStride = t.words * (t.pairs ? 2 : 1);
  k.forLoop(k.index(0), tiledCount, 1, [&](Value i) {
    Value row = k.add(firstRow, k.minIndex(i, k.sub(count, k.index(1))));
    Value from = k.mul(k.add(k.mul(row, spec.heads), head), t.querySize);
    Value to = k.mul(i, queryStride);
    forVectors(k, t.querySize, [&](Value d, unsigned lanes) {
      // Pairs stay as they are: the scale would round them.
      Value q = k.loadVectorF32(rotated, k.add(from, d), lanes);
      k.storeVectorF32(t.pairs ? q : k.mulF(q, k.splat(spec.scale, lanes)), query, k.add(to, d));
    });
    if (queryStride > t.querySize)
      k.storeF32(k.f32(0.0f), query, k.add(to, t.querySize));
    Value result = k.mul(i, t.valueSize);
    forVectors(k, t.valueSize, [&](Value c, unsigned lanes) {
      k.storeVectorF32(k.splat(0.0f, lanes), output, k.add(result, c));
    });
    k.store(k.f32(negativeInfinity), maxima, i);
    k.store(k.f32(0.0f), sums, i);
  });
}

void ExpandedEmitter::expandBlock(Value first) {
  // Positions beyond the last one repeat it: their rows in the cache may hold
  // anything, NaN too, and a weight of 0 does not undo a NaN.
  Value last = k.sub(lastPosition, first);
  k.forLoop(k.index(0), k.index(t.keyBlock), 1, [&](Value j) {
    Value position = k.add(first, k.minIndex(j, last));
    Value row = getCacheRow(k, blockTable, tableRow, position, spec.pageSize);
    k.store(k.fromIndex(k.mul(row, cacheSize), k.getI64Type()), places, j);
  });
  expand(keyWeight, /*isKey=*/true);
  expand(valueWeight, /*isKey=*/false);
  transposeKeys();
}

void ExpandedEmitter::storeResults() {
  k.forLoop(k.index(0), count, 1, [&](Value i) {
    Value sum = k.load(sums, i);
    Value row = k.add(firstRow, i);
    Value to = k.mul(k.add(k.mul(row, spec.heads), head), spec.value);
    Value from = k.mul(i, t.valueSize);
    forVectors(k, spec.value, [&](Value c, unsigned lanes) {
      Value v = k.loadVectorF32(output, k.add(from, c), lanes);
      k.storeVectorF32(k.divF(v, k.broadcast(sum, lanes)), y, k.add(to, c));
    });
  });
}

KernelInfo getMLAExpandedInfo(const MLAExpandedSpec &spec, const KernelTarget &target) {
  KernelInfo info;
  bool scaled = spec.weight == WeightType::F8E4M3;
  info.bindings.assign(scaled ? 10 : 8, Access::Read);
  info.bindings.push_back(Access::Write);
  info.constantCount = 4;
  info.scratchBytes = ExpandedTiling(target, spec).layout.size();
  info.grid[0] = GridExtent::fixed(spec.heads);
  info.grid[1] = {0, 1, spec.blockRows};
  return info;
}

void emitMLAExpanded(KernelBuilder &k, const MLAExpandedSpec &spec) {
  ExpandedEmitter(k, spec).emit();
}

} // namespace hadal::cpu
