// SPDX-License-Identifier: Apache-2.0
// Emits what expanded attention does with a block of keys: keys and values, scores, softmax, sums.
#include "ExpandedEmitter.h"

#include <limits>

using namespace mlir;

namespace hadal::cpu {

static constexpr float negativeInfinity = -std::numeric_limits<float>::infinity();

// rows[j, o] = sum over i of W_h[o, i] * latent_j[i], rows padded to panels.
void ExpandedEmitter::expand(const PanelWeight &weight, bool isKey) {
  // As many sums as the registers of the level hold.
  int64_t rows = width == 8 ? 6 : 8;
  unsigned vectors = 2;
  int64_t stride = isKey ? t.keyStride : t.valueSize;
  Value panels = k.index(panelCount(weight.outputs));
  auto emitKeys = [&](Value panel, Value first, Value j) {
    SmallVector<Value> from;
    for (int64_t r = 0; r < rows; ++r)
      from.push_back(loadIndex(k, places, k.add(j, r)));
    SmallVector<Value> tile = emitTile(k, weight, {head, panel}, cache, from, {first, vectors});
    Value column = k.add(k.mul(panel, panelOutputs), first);
    auto sum = [&](int64_t r, unsigned v) { return tile[r * vectors + v]; };
    if (t.pairs && !isKey) {
      // A pair is of two keys.
      Value pair = k.div(j, 2);
      for (int64_t r = 0; r < rows; r += 2)
        for (unsigned v = 0; v < vectors; ++v)
          k.storeVector(k.joinPairs(sum(r, v), sum(r + 1, v)), values,
                        k.add(k.add(k.mul(k.add(pair, r / 2), stride), column), v * width));
      return;
    }
    for (int64_t r = 0; r < rows; ++r) {
      Value to = k.add(k.mul(k.add(j, r), stride), column);
      for (unsigned v = 0; v < vectors; ++v)
        k.storeVectorF32(sum(r, v), isKey ? keyRows : values, k.add(to, v * width));
    }
  };
  k.forLoop(k.index(0), panels, 1, [&](Value panel) {
    k.forLoop(k.index(0), k.index(panelOutputs), vectors * width, [&](Value first) {
      // The last tile overlaps the one before instead of being smaller:
      // equal results are stored twice, and the code of a tile exists once.
      k.forLoop(k.index(0), k.index(t.keyBlock), rows, [&](Value j) {
        emitKeys(panel, first, k.minIndex(j, k.index(t.keyBlock - rows)));
      });
    });
  });
}

// keys[word, j]: lanes are keys, as the scores want them.
void ExpandedEmitter::transposeKeys() {
  k.forLoop(k.index(0), k.index(t.keyBlock), 1, [&](Value j) {
    Value to = k.add(k.mul(j, t.keyStride), spec.nope);
    Value rope = k.add(loadIndex(k, places, j), spec.latent);
    forVectors(k, spec.rope, [&](Value i, unsigned lanes) {
      k.storeVectorF32(k.loadVectorF32(cache, k.add(rope, i), lanes), keyRows, k.add(to, i));
    });
    if (t.pairs && t.querySize % 2)
      k.storeF32(k.f32(0.0f), keyRows, k.add(to, spec.rope));
  });
  int64_t stride = t.keyStride / (t.pairs ? 2 : 1);
  k.forLoop(k.index(0), k.index(t.keyBlock), width, [&](Value j) {
    k.forLoop(k.index(0), k.index(t.words), width, [&](Value word) {
      SmallVector<Value> square;
      for (int64_t i = 0; i < width; ++i)
        square.push_back(k.loadVector(keyRowWords, k.add(k.mul(k.add(j, i), stride), word), width));
      k.transpose(square);
      for (int64_t i = 0; i < width; ++i)
        k.storeVector(square[i], keys, k.add(k.mul(k.add(word, i), t.keyBlock), j));
    });
  });
}

void ExpandedEmitter::attend(Value first, Value tile) {
  // Keys beyond the last row of the tile have no weight in any of its rows.
  Value last = positionOf(k.add(tile, t.rowTile - 1));
  Value valid = k.minIndex(k.index(t.keyBlock), k.sub(k.add(last, 1), first));
  computeScores(tile, valid);
  softmax(first, tile);
  accumulate(tile, valid);
}

// Whole tiles of columns, as far as any is valid; the rest is not looked at.
void ExpandedEmitter::computeScores(Value tile, Value valid) {
  int64_t vectors = width == 8 ? 2 : 4;
  Value from = k.mul(tile, t.words);
  Value scale = t.pairs ? k.splat(spec.scale, width) : Value();
  k.forLoop(k.index(0), valid, vectors * width, [&](Value column) {
    SmallVector<Value> zeros(t.rowTile * vectors, k.splat(0.0f, width));
    SmallVector<Value> tileScores =
        k.forLoop(k.index(0), k.index(t.words), 1, zeros, [&](Value word, ValueRange carried) {
          SmallVector<Value> key, next;
          Value keyRow = k.add(k.mul(word, t.keyBlock), column);
          for (int64_t v = 0; v < vectors; ++v)
            key.push_back(k.loadVector(keys, k.add(keyRow, v * width), width));
          for (int64_t r = 0; r < t.rowTile; ++r) {
            Value q = k.load(queryWords, k.add(k.add(from, word), r * t.words));
            q = k.broadcast(q, width);
            for (int64_t v = 0; v < vectors; ++v) {
              Value sum = carried[r * vectors + v];
              next.push_back(t.pairs ? k.dotPairs(sum, key[v], q) : k.fma(q, key[v], sum));
            }
          }
          return next;
        });
    for (int64_t r = 0; r < t.rowTile; ++r)
      for (int64_t v = 0; v < vectors; ++v) {
        Value score = tileScores[r * vectors + v];
        k.storeVector(scale ? k.mulF(score, scale) : score, scores,
                      k.add(column, r * t.keyBlock + v * width));
      }
  });
}

// Turns the scores of a tile into weights relative to each row's new maximum. The sum is of what
// the product will see, rounded weights.
void ExpandedEmitter::softmax(Value first, Value tile) {
  Type i32 = k.getI32Type();
  SmallVector<int32_t> lanes;
  for (int32_t i = 0; i < width; ++i)
    lanes.push_back(i);
  Value lane = arith::ConstantOp::create(
      k, DenseElementsAttr::get(k.vectorType(width, i32), ArrayRef<int32_t>(lanes)));
  Value lowest = k.splat(negativeInfinity, width);
  k.forLoop(k.index(0), k.index(t.rowTile), 1, [&](Value r) {
    Value row = k.add(tile, r);
    Value limit = k.fromIndex(k.sub(positionOf(row), first), i32);
    Value begin = k.mul(r, t.keyBlock);
    SmallVector<Value> visible;
    Value largest = lowest;
    for (int64_t i = 0; i < t.keyBlock; i += width) {
      Value key = k.add(lane, k.splat(int32_t(i), width));
      Value sees = k.cmp(arith::CmpIPredicate::sle, key, k.broadcast(limit, width));
      Value score = k.loadVectorF32(scores, k.add(begin, i), width);
      visible.push_back(k.select(sees, score, lowest));
      largest = k.maxF(largest, visible.back());
    }
    Value previous = k.load(maxima, row);
    Value maximum = k.maxF(previous, k.maxLanes(largest));
    Value sum;
    for (int64_t i = 0; i < t.keyBlock; i += width) {
      Value weight = k.exp(k.subF(visible[i / width], k.broadcast(maximum, width)));
      if (t.pairs) {
        Value rounded = k.truncBF16(weight);
        k.storeVector(rounded, weights, k.add(begin, i));
        weight = k.extBF16(rounded);
      } else {
        k.storeVector(weight, weights, k.add(begin, i));
      }
      sum = sum ? k.addF(sum, weight) : weight;
    }
    Value shrink = k.exp(k.subF(previous, maximum));
    k.store(shrink, decay, r);
    k.store(maximum, maxima, row);
    k.store(k.fma(k.load(sums, row), shrink, k.sumLanes(sum)), sums, row);
  });
}

// output[row] = decay[row] * output[row] + sum over j of weights[row, j] * v_j.
void ExpandedEmitter::accumulate(Value tile, Value valid) {
  int64_t vectors = width == 8 || t.valueSize % (4 * width) != 0 ? 2 : 4;
  int64_t perWord = t.pairs ? 2 : 1;
  Value rows = k.mul(tile, t.valueSize), words = k.ceilDiv(valid, perWord);
  k.forLoop(k.index(0), k.index(t.valueSize), vectors * width, [&](Value column) {
    auto place = [&](int64_t r, int64_t v) {
      return k.add(k.add(rows, column), r * t.valueSize + v * width);
    };
    SmallVector<Value> start;
    for (int64_t r = 0; r < t.rowTile; ++r) {
      Value shrink = k.broadcast(k.load(decay, k.index(r)), width);
      for (int64_t v = 0; v < vectors; ++v)
        start.push_back(k.mulF(k.loadVector(output, place(r, v), width), shrink));
    }
    SmallVector<Value> result =
        k.forLoop(k.index(0), words, 1, start, [&](Value j, ValueRange carried) {
          SmallVector<Value> value, next;
          Value from = k.add(k.mul(j, t.valueSize), column);
          for (int64_t v = 0; v < vectors; ++v)
            value.push_back(k.loadVector(values, k.add(from, v * width), width));
          for (int64_t r = 0; r < t.rowTile; ++r) {
            Value weight = k.load(weightWords, k.add(j, r * t.keyBlock / perWord));
            weight = k.broadcast(weight, width);
            for (int64_t v = 0; v < vectors; ++v) {
              Value sum = carried[r * vectors + v];
              next.push_back(t.pairs ? k.dotPairs(sum, value[v], weight)
                                     : k.fma(weight, value[v], sum));
            }
          }
          return next;
        });
    for (int64_t r = 0; r < t.rowTile; ++r)
      for (int64_t v = 0; v < vectors; ++v)
        k.storeVector(result[r * vectors + v], output, place(r, v));
  });
}

} // namespace hadal::cpu
