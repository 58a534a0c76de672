// SPDX-License-Identifier: Apache-2.0
// Emits the sums of a register tile over the inputs of a weight panel.
#include "PanelTile.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace hadal::cpu;
using namespace mlir;

namespace {
/// The vectors of one row of a weight panel, or of two (a pair of inputs).
struct WeightStep {
  SmallVector<Value> low;  ///< input k, f32; or whole pairs for the dot unit
  SmallVector<Value> high; ///< input k + 1, f32
};

class TileEmitter {
public:
  TileEmitter(KernelBuilder &k, const PanelWeight &weight, const PanelPosition &position, Value x,
              ValueRange rowBases, TileColumns columns)
      : k(k), weight(weight), position(position), x(x), rowBases(rowBases), columns(columns),
        width(k.width()) {
    bf16Input = cast<MemRefType>(x.getType()).getElementType().isBF16();
    pairDot = bf16Input && weight.type == WeightType::BF16 && k.target().usesPairDot();
    Value panels = k.index(panelCount(weight.outputs));
    Value panel = k.add(k.mul(position.batch, panels), position.panel);
    base = k.add(k.mul(panel, panelElements(weight.type, weight.inputs)),
                 k.mul(columns.first, weight.type == WeightType::BF16 ? 2 : 1));
  }

  SmallVector<Value> emit() {
    SmallVector<Value> sums(rowBases.size() * columns.vectors, k.splat(0.0f, width));
    switch (weight.type) {
    case WeightType::BF16: return emitPairs(std::move(sums));
    case WeightType::F32:
      return emitInputs(std::move(sums), k.index(0), k.index(weight.inputs),
                        weight.inputs % unroll == 0, {});
    case WeightType::F8E4M3: return emitScaled(std::move(sums));
    }
    llvm_unreachable("weight type");
  }

private:
  // Inputs of one iteration: hides the loop. Fewer also make LLVM keep less of
  // a high tile in registers (measured).
  static constexpr int64_t unroll = 4;

  Value weightIndex(Value input, int64_t plus) {
    return k.add(k.add(base, k.mul(input, panelOutputs)), plus * panelOutputs);
  }
  Value inputIndex(unsigned row, Value input, int64_t plus) {
    return k.add(k.add(rowBases[row], input), plus);
  }

  // ---- bf16 weights: two inputs at a time ----------------------------------

  SmallVector<Value> emitPairs(SmallVector<Value> sums) {
    int64_t even = weight.inputs / 2 * 2;
    int64_t looped = even / unroll * unroll;
    if (looped > 0)
      sums = k.forLoop(k.index(0), k.index(looped), unroll, sums,
                       [&](Value input, ValueRange carried) {
                         SmallVector<Value> next(carried);
                         for (int64_t u = 0; u < unroll; u += 2)
                           addPair(next, input, u, /*half=*/false);
                         return next;
                       });
    for (int64_t input = looped; input < even; input += 2)
      addPair(sums, k.index(input), 0, /*half=*/false);
    if (even < weight.inputs)
      addPair(sums, k.index(even), 0, /*half=*/true);
    return sums;
  }

  /// Adds inputs `input + plus` and the next; with `half` only the first,
  /// beyond which the row of x has no element.
  void addPair(SmallVectorImpl<Value> &sums, Value input, int64_t plus, bool half) {
    SmallVector<Value> low, high;
    if (!half && rowBases.size() <= 2)
      prefetch(input, plus);
    for (unsigned v = 0; v < columns.vectors; ++v) {
      Value index = k.add(weightIndex(input, plus), 2 * width * v);
      Value pairs = k.loadVector(weight.data, index, 2 * width);
      if (pairDot && k.target().hasNativeBF16()) {
        low.push_back(pairs);
        continue;
      }
      auto [even, odd] = k.splitPairs(k.bitcast(pairs, k.vectorType(width, k.getI32Type())));
      low.push_back(even);
      high.push_back(odd);
    }
    for (unsigned r = 0; r < rowBases.size(); ++r) {
      Value even, odd;
      if (bf16Input) {
        Value index = inputIndex(r, input, plus);
        Value pair = half ? k.loadVectorPart(x, index, 2, 1) : k.loadVector(x, index, 2);
        pair = k.bitcast(pair, k.vectorType(1, k.getI32Type()));
        pair = vector::ExtractOp::create(k, pair, ArrayRef<int64_t>{0});
        pair = k.broadcast(pair, width);
        if (pairDot && k.target().hasNativeBF16())
          even = k.bitcast(pair, k.vectorType(2 * width, k.getBF16Type()));
        else
          std::tie(even, odd) = k.splitPairs(pair);
      } else {
        even = k.broadcast(k.load(x, inputIndex(r, input, plus)), width);
        if (!half)
          odd = k.broadcast(k.load(x, inputIndex(r, input, plus + 1)), width);
      }
      for (unsigned v = 0; v < columns.vectors; ++v) {
        Value &sum = sums[r * columns.vectors + v];
        if (pairDot && k.target().hasNativeBF16()) {
          sum = x86vector::DotBF16Op::create(k, sum.getType(), sum, low[v], even);
        } else if (pairDot) {
          // The dot unit's order; the missing element of a half pair is zero.
          sum = k.fma(odd, high[v], sum);
          sum = k.fma(even, low[v], sum);
        } else {
          sum = k.fma(even, low[v], sum);
          if (!half)
            sum = k.fma(odd, high[v], sum);
        }
      }
    }
  }

  /// A low tile waits for memory: asks for the two cache lines of a pair some
  /// pages ahead, where the hardware, which stops at the end of a page, does
  /// not reach. Took decoding from 0.78 to 0.87 of a read-only pass on AVX2.
  void prefetch(Value input, int64_t plus) {
    constexpr int64_t ahead = 160;
    for (int64_t line : {0, 1})
      memref::PrefetchOp::create(k, weight.data, k.add(weightIndex(input, plus + ahead), 32 * line),
                                 /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  }

  // ---- f32 and fp8 weights: one input at a time
  // ------------------------------

  /// Adds the inputs [begin, end); `even`: a multiple of the unrolling.
  SmallVector<Value> emitInputs(SmallVector<Value> sums, Value begin, Value end, bool even,
                                ValueRange scales) {
    if (even)
      return emitLoop(std::move(sums), begin, end, unroll, scales);
    Value length = k.sub(end, begin);
    Value middle = k.add(begin, k.mul(k.div(length, unroll), unroll));
    sums = emitLoop(std::move(sums), begin, middle, unroll, scales);
    return emitLoop(std::move(sums), middle, end, 1, scales);
  }

  SmallVector<Value> emitLoop(SmallVector<Value> sums, Value begin, Value end, int64_t step,
                              ValueRange scales) {
    return k.forLoop(begin, end, step, sums, [&](Value input, ValueRange carried) {
      SmallVector<Value> next(carried);
      for (int64_t u = 0; u < step; ++u)
        addInput(next, input, u, scales);
      return next;
    });
  }

  void addInput(SmallVectorImpl<Value> &sums, Value input, int64_t plus, ValueRange scales) {
    SmallVector<Value> weights = loadWeights(input, plus, scales);
    for (unsigned r = 0; r < rowBases.size(); ++r) {
      Value value = broadcastInput(inputIndex(r, input, plus));
      for (unsigned v = 0; v < columns.vectors; ++v) {
        Value &sum = sums[r * columns.vectors + v];
        sum = k.fma(value, weights[v], sum);
      }
    }
  }

  Value broadcastInput(Value index) {
    if (!bf16Input)
      return k.broadcast(k.load(x, index), width);
    // Both halves of each word get the element; the mask keeps the upper one,
    // where an f32 has its leading bits. As an integer: LLVM would convert a
    // bf16 scalar to f32 and back, by a call.
    Value one = k.bitcast(k.loadVector(x, index, 1), k.vectorType(1, k.getI16Type()));
    one = vector::ExtractOp::create(k, one, ArrayRef<int64_t>{0});
    Value twice = k.broadcast(one, 2 * width);
    Value words = k.bitcast(twice, k.vectorType(width, k.getI32Type()));
    return k.splitPairs(words).second;
  }

  SmallVector<Value> loadWeights(Value input, int64_t plus, ValueRange scales) {
    Value index = weightIndex(input, plus);
    SmallVector<Value> result;
    if (weight.type == WeightType::F32) {
      for (unsigned v = 0; v < columns.vectors; ++v)
        result.push_back(k.loadVector(weight.data, k.add(index, width * v), width));
      return result;
    }
    // An e4m3 is an f16 of which four exponent bits are in use: in place, it
    // is worth 2^-8 of its value, subnormals included. The scales make up.
    auto words = k.vectorType(width, k.getI16Type());
    auto wordSplat = [&](int16_t value) -> Value {
      return arith::ConstantOp::create(k, DenseElementsAttr::get(words, value));
    };
    for (unsigned v = 0; v < columns.vectors; ++v) {
      Value bits = k.loadVector(weight.data, k.add(index, width * v), width);
      bits = arith::ExtSIOp::create(k, words, bits);
      bits = arith::ShLIOp::create(k, bits, wordSplat(7));
      bits = arith::AndIOp::create(k, bits, wordSplat(int16_t(0xbf80)));
      Value value = arith::ExtFOp::create(k, k.vectorType(width, k.getF32Type()),
                                          k.bitcast(bits, k.vectorType(width, k.getF16Type())));
      result.push_back(k.mulF(value, scales[v]));
    }
    return result;
  }

  // ---- block scales
  // ------------------------------------------------------------

  /// Sums over the blocks of inputs in ascending order, each with its scales.
  SmallVector<Value> emitScaled(SmallVector<Value> sums) {
    const BlockScales &s = *weight.scales;
    SmallVector<Value> offsets = getOutputOffsets();
    Value origin = k.add(k.mul(position.batch, s.inputBatch), s.inputOrigin);
    Value first = k.div(origin, s.inputBlock);
    Value last = k.div(k.add(origin, weight.inputs - 1), s.inputBlock);
    bool even = s.inputOrigin % unroll == 0 && s.inputBatch % unroll == 0 &&
                s.inputBlock % unroll == 0 && weight.inputs % unroll == 0;
    return k.forLoop(first, k.add(last, 1), 1, sums, [&](Value block, ValueRange carried) {
      Value start = k.sub(k.mul(block, s.inputBlock), origin);
      Value begin = k.maxIndex(start, k.index(0));
      Value end = k.minIndex(k.add(start, s.inputBlock), k.index(weight.inputs));
      return emitInputs(SmallVector<Value>(carried), begin, end, even, loadScales(offsets, block));
    });
  }

  /// The part of a scale's index that depends on the output: one for the tile
  /// where its columns share a block, else one for each column.
  SmallVector<Value> getOutputOffsets() {
    const BlockScales &s = *weight.scales;
    Value batch = k.add(k.mul(position.batch, s.batchStride), s.offset);
    Value origin = k.add(k.mul(position.batch, s.outputBatch), s.outputOrigin);
    Value first = k.mul(position.panel, panelOutputs);
    auto offsetOf = [&](Value output) {
      Value block = k.div(k.add(origin, output), s.outputBlock);
      return k.add(batch, k.mul(block, s.outputStride));
    };
    // Else columns of padding have no scale; any will do, since they are zero.
    bool shared = s.outputOrigin % panelOutputs == 0 && s.outputBatch % panelOutputs == 0 &&
                  s.outputBlock % panelOutputs == 0;
    if (shared)
      return {offsetOf(first)};
    SmallVector<Value> offsets;
    for (unsigned c = 0; c < columns.vectors * width; ++c) {
      Value output = k.minIndex(k.add(k.add(first, columns.first), c), k.index(weight.outputs - 1));
      offsets.push_back(offsetOf(output));
    }
    return offsets;
  }

  /// One vector of scales for each vector of columns, times 2^8 (see
  /// loadWeights; exact).
  SmallVector<Value> loadScales(ArrayRef<Value> offsets, Value block) {
    Value inputOffset = k.mul(block, weight.scales->inputStride);
    auto load = [&](Value offset) { return k.load(weight.scaleData, k.add(offset, inputOffset)); };
    SmallVector<Value> result;
    if (offsets.size() == 1) {
      Value scale = k.mulF(load(offsets.front()), k.f32(256.0f));
      result.assign(columns.vectors, k.broadcast(scale, width));
      return result;
    }
    for (unsigned v = 0; v < columns.vectors; ++v) {
      SmallVector<Value> lanes;
      for (unsigned lane = 0; lane < width; ++lane)
        lanes.push_back(load(offsets[v * width + lane]));
      Value scales = vector::FromElementsOp::create(k, k.vectorType(width, k.getF32Type()), lanes);
      result.push_back(k.mulF(scales, k.splat(256.0f, width)));
    }
    return result;
  }

  KernelBuilder &k;
  const PanelWeight &weight;
  const PanelPosition &position;
  Value x;
  ValueRange rowBases;
  TileColumns columns;
  unsigned width;
  bool bf16Input = false;
  bool pairDot = false;
  Value base;
};
} // namespace

SmallVector<Value> hadal::cpu::emitTile(KernelBuilder &k, const PanelWeight &weight,
                                        const PanelPosition &position, Value x, ValueRange rowBases,
                                        TileColumns columns) {
  return TileEmitter(k, weight, position, x, rowBases, columns).emit();
}
