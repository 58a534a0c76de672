// SPDX-License-Identifier: Apache-2.0
// Emits the expanded form of attention, which rebuilds keys and values by
// block.
#include "PanelTile.h"

#include "hadal/Target/CPU/KernelLoops.h"
#include "hadal/Target/CPU/MLAKernels.h"

#include <limits>

using namespace mlir;

namespace hadal::cpu {

namespace {
constexpr int64_t keyBlock = 64; // positions that are expanded together
constexpr int64_t rowTile = 6;   // query rows of one register tile
constexpr float negativeInfinity = -std::numeric_limits<float>::infinity();

int64_t roundUp(int64_t value, int64_t to) { return (value + to - 1) / to * to; }
int64_t paddedOutputs(int64_t outputs) { return panelCount(outputs) * panelOutputs; }

// Byte offsets in the scratch of a workgroup.
struct ExpandedScratch {
  explicit ExpandedScratch(const MLAExpandedSpec &spec) {
    int64_t rows = roundUp(spec.blockRows, rowTile);
    query = layout.take(4 * rows * (spec.nope + spec.rope));
    output = layout.take(4 * rows * paddedOutputs(spec.value));
    maxima = layout.take(4 * rows);
    sums = layout.take(4 * rows);
    keyRows = layout.take(4 * keyBlock * paddedOutputs(spec.nope));
    keys = layout.take(4 * keyBlock * (spec.nope + spec.rope));
    values = layout.take(4 * keyBlock * paddedOutputs(spec.value));
    scores = layout.take(4 * rowTile * keyBlock);
    decay = layout.take(4 * rowTile);
    places = layout.take(8 * keyBlock);
  }
  ScratchLayout layout;
  int64_t query, output, maxima, sums, keyRows, keys, values, scores, decay, places;
};

class ExpandedEmitter {
public:
  ExpandedEmitter(KernelBuilder &k, const MLAExpandedSpec &spec);
  void emit();

private:
  void findRows();
  void packQueries();
  void expandBlock(Value first);
  void expand(const PanelWeight &weight, Value target);
  void transposeKeys();
  void attend(Value first, Value tile);
  void computeScores(Value tile);
  void softmax(Value first, Value tile);
  void accumulate(Value tile, Value valid);
  void storeResults();
  Value positionOf(Value rowInBlock);

  KernelBuilder &k;
  const MLAExpandedSpec &spec;
  int64_t width, querySize, valueSize, cacheSize;
  Value rotated, cache, blockTable, positions, offsets, slots, y;
  PanelWeight keyWeight, valueWeight;
  Value head;
  // The rows of the workgroup: the first one, their number and that rounded
  // up to whole tiles, the last position, the slot's entry in the block table.
  Value firstRow, count, tiledCount, lastPosition, tableRow;
  // Scratch.
  Value query, output, maxima, sums, keyRows, keys, values, scores, decay, places;
};
} // namespace

ExpandedEmitter::ExpandedEmitter(KernelBuilder &k, const MLAExpandedSpec &spec)
    : k(k), spec(spec), width(k.width()), querySize(spec.nope + spec.rope),
      valueSize(paddedOutputs(spec.value)), cacheSize(spec.latent + spec.rope) {
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

  ExpandedScratch offset(spec);
  auto flat = [&](int64_t byteOffset, Type type) {
    return k.scratch(byteOffset, type, {ShapedType::kDynamic});
  };
  query = flat(offset.query, f32);
  output = flat(offset.output, f32);
  maxima = flat(offset.maxima, f32);
  sums = flat(offset.sums, f32);
  keyRows = flat(offset.keyRows, f32);
  keys = flat(offset.keys, f32);
  values = flat(offset.values, f32);
  scores = flat(offset.scores, f32);
  decay = flat(offset.decay, f32);
  places = flat(offset.places, k.getI64Type());
}

void ExpandedEmitter::emit() {
  findRows();
  packQueries();
  Value blocks = k.add(k.div(lastPosition, keyBlock), 1);
  k.forLoop(k.index(0), blocks, 1, [&](Value block) {
    Value first = k.mul(block, keyBlock);
    expandBlock(first);
    k.forLoop(k.index(0), tiledCount, rowTile, [&](Value tile) {
      // Tiles whose rows all come before the block have nothing to see in it.
      Value last = positionOf(k.add(tile, rowTile - 1));
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
  tiledCount = k.mul(k.ceilDiv(count, rowTile), rowTile);
  lastPosition = positionOf(count);
  tableRow = k.mul(loadIndex(k, slots, found[1]), pagesPerSlot);
}

// Rows that fill up the last tile repeat the last row.
Value ExpandedEmitter::positionOf(Value rowInBlock) {
  Value row = k.minIndex(rowInBlock, k.sub(count, k.index(1)));
  return loadIndex(k, positions, k.add(firstRow, row));
}

void ExpandedEmitter::packQueries() {
  k.forLoop(k.index(0), tiledCount, 1, [&](Value i) {
    Value row = k.add(firstRow, k.minIndex(i, k.sub(count, k.index(1))));
    Value from = k.mul(k.add(k.mul(row, spec.heads), head), querySize);
    Value to = k.mul(i, querySize);
    forVectors(k, querySize, [&](Value d, unsigned lanes) {
      Value q = k.loadVectorF32(rotated, k.add(from, d), lanes);
      k.storeVectorF32(k.mulF(q, k.splat(spec.scale, lanes)), query, k.add(to, d));
    });
    Value result = k.mul(i, valueSize);
    forVectors(k, valueSize, [&](Value c, unsigned lanes) {
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
  k.forLoop(k.index(0), k.index(keyBlock), 1, [&](Value j) {
    Value position = k.add(first, k.minIndex(j, last));
    Value row = getCacheRow(k, blockTable, tableRow, position, spec.pageSize);
    k.store(k.fromIndex(k.mul(row, cacheSize), k.getI64Type()), places, j);
  });
  expand(keyWeight, keyRows);
  expand(valueWeight, values);
  transposeKeys();
}

// target[j, o] = sum over i of W_h[o, i] * latent_j[i], rows padded to panels.
void ExpandedEmitter::expand(const PanelWeight &weight, Value target) {
  // As many sums as the registers of the level hold.
  int64_t rows = width == 8 ? 6 : 8;
  unsigned vectors = 2;
  int64_t stride = paddedOutputs(weight.outputs);
  Value panels = k.index(panelCount(weight.outputs));
  auto emitKeys = [&](Value panel, Value first, Value j) {
    SmallVector<Value> from;
    for (int64_t r = 0; r < rows; ++r)
      from.push_back(loadIndex(k, places, k.add(j, r)));
    SmallVector<Value> tile = emitTile(k, weight, {head, panel}, cache, from, {first, vectors});
    Value column = k.add(k.mul(panel, panelOutputs), first);
    for (int64_t r = 0; r < rows; ++r) {
      Value to = k.add(k.mul(k.add(j, r), stride), column);
      for (unsigned v = 0; v < vectors; ++v)
        k.storeVector(tile[r * vectors + v], target, k.add(to, v * width));
    }
  };
  k.forLoop(k.index(0), panels, 1, [&](Value panel) {
    k.forLoop(k.index(0), k.index(panelOutputs), vectors * width, [&](Value first) {
          // The last tile overlaps the one before instead of being smaller:
          // equal results are stored twice, and the code of a tile exists once.
      k.forLoop(k.index(0), k.index(keyBlock), rows,
                [&](Value j) { emitKeys(panel, first, k.minIndex(j, k.index(keyBlock - rows))); });
    });
  });
}

// keys[d, j]: lanes are keys, as the scores want them.
void ExpandedEmitter::transposeKeys() {
  int64_t stride = paddedOutputs(spec.nope);
  k.forLoop(k.index(0), k.index(keyBlock), 1, [&](Value j) {
    Value from = k.mul(j, stride);
    k.forLoop(k.index(0), k.index(spec.nope), 1, [&](Value d) {
      k.store(k.load(keyRows, k.add(from, d)), keys, k.add(k.mul(d, keyBlock), j));
    });
    Value rope = k.add(loadIndex(k, places, j), spec.latent);
    k.forLoop(k.index(0), k.index(spec.rope), 1, [&](Value d) {
      k.store(k.loadF32(cache, k.add(rope, d)), keys,
              k.add(k.mul(k.add(d, spec.nope), keyBlock), j));
    });
  });
}

void ExpandedEmitter::attend(Value first, Value tile) {
  computeScores(tile);
  softmax(first, tile);
  // Keys beyond the last row of the tile have no weight in any of its rows.
  Value last = positionOf(k.add(tile, rowTile - 1));
  accumulate(tile, k.minIndex(k.index(keyBlock), k.sub(k.add(last, 1), first)));
}

void ExpandedEmitter::computeScores(Value tile) {
  int64_t vectors = width == 8 ? 2 : 4;
  Value from = k.mul(tile, querySize);
  k.forLoop(k.index(0), k.index(keyBlock), vectors * width, [&](Value column) {
    SmallVector<Value> zeros(rowTile * vectors, k.splat(0.0f, width));
    SmallVector<Value> tileScores =
        k.forLoop(k.index(0), k.index(querySize), 1, zeros, [&](Value d, ValueRange carried) {
          SmallVector<Value> key, next;
          Value keyRow = k.add(k.mul(d, keyBlock), column);
          for (int64_t v = 0; v < vectors; ++v)
            key.push_back(k.loadVector(keys, k.add(keyRow, v * width), width));
          for (int64_t r = 0; r < rowTile; ++r) {
            Value q = k.load(query, k.add(k.add(from, d), r * querySize));
            for (int64_t v = 0; v < vectors; ++v)
              next.push_back(k.fma(k.broadcast(q, width), key[v], carried[r * vectors + v]));
          }
          return next;
        });
    for (int64_t r = 0; r < rowTile; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        k.storeVector(tileScores[r * vectors + v], scores, k.add(column, r * keyBlock + v * width));
  });
}

// Turns the scores of a tile into weights relative to each row's new maximum.
void ExpandedEmitter::softmax(Value first, Value tile) {
  Type i32 = k.getI32Type();
  SmallVector<int32_t> lanes;
  for (int32_t i = 0; i < width; ++i)
    lanes.push_back(i);
  Value lane = arith::ConstantOp::create(
      k, DenseElementsAttr::get(k.vectorType(width, i32), ArrayRef<int32_t>(lanes)));
  Value lowest = k.splat(negativeInfinity, width);
  k.forLoop(k.index(0), k.index(rowTile), 1, [&](Value r) {
    Value row = k.add(tile, r);
    Value limit = k.fromIndex(k.sub(positionOf(row), first), i32);
    Value begin = k.mul(r, keyBlock);
    SmallVector<Value> visible;
    Value largest = lowest;
    for (int64_t i = 0; i < keyBlock; i += width) {
      Value key = k.add(lane, k.splat(int32_t(i), width));
      Value sees = k.cmp(arith::CmpIPredicate::sle, key, k.broadcast(limit, width));
      Value score = k.loadVectorF32(scores, k.add(begin, i), width);
      visible.push_back(k.select(sees, score, lowest));
      largest = k.maxF(largest, visible.back());
    }
    Value previous = k.load(maxima, row);
    Value maximum = k.maxF(previous, k.maxLanes(largest));
    Value sum;
    for (int64_t i = 0; i < keyBlock; i += width) {
      Value weight = k.exp(k.subF(visible[i / width], k.broadcast(maximum, width)));
      k.storeVector(weight, scores, k.add(begin, i));
      sum = sum ? k.addF(sum, weight) : weight;
    }
    Value shrink = k.exp(k.subF(previous, maximum));
    k.store(shrink, decay, r);
    k.store(maximum, maxima, row);
    k.store(k.fma(k.load(sums, row), shrink, k.sumLanes(sum)), sums, row);
  });
}

// output[row] = decay[row] * output[row] + sum over j of scores[row, j] * v_j.
void ExpandedEmitter::accumulate(Value tile, Value valid) {
  int64_t vectors = width == 8 || valueSize % (4 * width) != 0 ? 2 : 4;
  Value rows = k.mul(tile, valueSize);
  k.forLoop(k.index(0), k.index(valueSize), vectors * width, [&](Value column) {
    auto place = [&](int64_t r, int64_t v) {
      return k.add(k.add(rows, column), r * valueSize + v * width);
    };
    SmallVector<Value> start;
    for (int64_t r = 0; r < rowTile; ++r) {
      Value shrink = k.broadcast(k.load(decay, k.index(r)), width);
      for (int64_t v = 0; v < vectors; ++v)
        start.push_back(k.mulF(k.loadVector(output, place(r, v), width), shrink));
    }
    SmallVector<Value> result =
        k.forLoop(k.index(0), valid, 1, start, [&](Value j, ValueRange carried) {
          SmallVector<Value> value, next;
          Value from = k.add(k.mul(j, valueSize), column);
          for (int64_t v = 0; v < vectors; ++v)
            value.push_back(k.loadVector(values, k.add(from, v * width), width));
          for (int64_t r = 0; r < rowTile; ++r) {
            Value weight = k.load(scores, k.add(j, r * keyBlock));
            for (int64_t v = 0; v < vectors; ++v)
              next.push_back(k.fma(k.broadcast(weight, width), value[v], carried[r * vectors + v]));
          }
          return next;
        });
    for (int64_t r = 0; r < rowTile; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        k.storeVector(result[r * vectors + v], output, place(r, v));
  });
}

void ExpandedEmitter::storeResults() {
  k.forLoop(k.index(0), count, 1, [&](Value i) {
    Value sum = k.load(sums, i);
    Value row = k.add(firstRow, i);
    Value to = k.mul(k.add(k.mul(row, spec.heads), head), spec.value);
    Value from = k.mul(i, valueSize);
    forVectors(k, spec.value, [&](Value c, unsigned lanes) {
      Value v = k.loadVectorF32(output, k.add(from, c), lanes);
      k.storeVectorF32(k.divF(v, k.broadcast(sum, lanes)), y, k.add(to, c));
    });
  });
}

KernelInfo getMLAExpandedInfo(const MLAExpandedSpec &spec) {
  KernelInfo info;
  bool scaled = spec.weight == WeightType::F8E4M3;
  info.bindings.assign(scaled ? 10 : 8, Access::Read);
  info.bindings.push_back(Access::Write);
  info.constantCount = 4;
  info.scratchBytes = ExpandedScratch(spec).layout.size();
  info.grid[0] = GridExtent::fixed(spec.heads);
  info.grid[1] = {0, 1, spec.blockRows};
  return info;
}

void emitMLAExpanded(KernelBuilder &k, const MLAExpandedSpec &spec) {
  ExpandedEmitter(k, spec).emit();
}

} // namespace hadal::cpu
