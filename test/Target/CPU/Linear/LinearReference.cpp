// SPDX-License-Identifier: Apache-2.0
// Linear kernels as plain loops, in the order of operations that they promise.
#include "LinearReference.h"

#include <cmath>

using namespace hadal;
using namespace hadal::cpu;
using namespace hadal::cpu::test;

uint32_t Random::next() {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return uint32_t(state >> 33);
}

float Random::uniform() { return float(next() & 0xffffff) / 8388608.0f - 1.0f; }

Weights Weights::make(WeightType type, int64_t batch, int64_t outputs, int64_t inputs,
                      const BlockScales &scales, int64_t scaleCount, uint64_t seed) {
  Weights w{type, batch, outputs, inputs, {}, {}, {}, scales};
  Random random(seed);
  for (int64_t i = 0; i < batch * outputs * inputs; ++i) {
    if (type == WeightType::F8E4M3) {
      uint8_t code = uint8_t(random.next());
      if ((code & 0x7f) == 0x7f)
        code = 3; // a subnormal in place of a NaN
      w.bytes.push_back(code);
      w.values.push_back(f8E4M3ToF32(code));
    } else {
      float value = random.uniform();
      w.values.push_back(type == WeightType::BF16 ? bf16ToF32(f32ToBF16(value)) : value);
    }
  }
  for (int64_t i = 0; i < scaleCount; ++i)
    w.scaleValues.push_back(0.01f + 0.005f * random.uniform());
  return w;
}

Buffer Weights::pack() const {
  int64_t size = panelBytes(type, inputs), panels = panelCount(outputs);
  Buffer packed(size_t(packedBytes(type, batch, outputs, inputs)));
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t p = 0; p < panels; ++p) {
      int64_t first = b * outputs + p * panelOutputs;
      StoredMatrix source;
      source.outputs = std::min(panelOutputs, outputs - p * panelOutputs);
      source.inputs = source.outputStride = inputs;
      if (type == WeightType::F8E4M3) {
        source.element = StoredElement::F8E4M3;
        source.data = bytes.data() + first * inputs;
      } else {
        source.element = StoredElement::F32;
        source.data = reinterpret_cast<const uint8_t *>(values.data() + first * inputs);
      }
      packPanel(source, panelShapeOf(type), elementOf(type),
                packed.as<char>() + (b * panels + p) * size);
    }
  return packed;
}

Buffer Weights::packScales() const { return Buffer::of(scaleValues); }

float Weights::at(int64_t b, int64_t o, int64_t k) const {
  float value = values[size_t((b * outputs + o) * inputs + k)];
  if (type != WeightType::F8E4M3)
    return value;
  int64_t output =
      (scales.outputOrigin + b * scales.outputBatch + o) / scales.outputBlock * scales.outputStride;
  int64_t input =
      (scales.inputOrigin + b * scales.inputBatch + k) / scales.inputBlock * scales.inputStride;
  return value * scaleValues.at(size_t(scales.offset + b * scales.batchStride + output + input));
}

Buffer hadal::cpu::test::makeActivations(ActivationType type, size_t count, uint64_t seed) {
  Random random(seed);
  Buffer buffer(count * (type == ActivationType::BF16 ? 2 : 4));
  for (size_t i = 0; i < count; ++i) {
    float value = random.uniform();
    if (type == ActivationType::BF16)
      buffer.as<uint16_t>()[i] = f32ToBF16(value);
    else
      buffer.as<float>()[i] = value;
  }
  return buffer;
}

float hadal::cpu::test::readActivation(Buffer &buffer, ActivationType type, int64_t index) {
  return type == ActivationType::BF16 ? bf16ToF32(buffer.as<uint16_t>()[index])
                                      : buffer.as<float>()[index];
}

float hadal::cpu::test::referenceDot(const KernelTarget &target, Buffer &x, ActivationType type,
                                     int64_t base, const Weights &weights, int64_t b, int64_t o) {
  bool pairs =
      target.usesPairDot() && type == ActivationType::BF16 && weights.type == WeightType::BF16;
  float sum = 0.0f;
  auto addInput = [&](int64_t k) {
    sum = std::fma(readActivation(x, type, base + k), weights.at(b, o, k), sum);
  };
  if (!pairs) {
    for (int64_t k = 0; k < weights.inputs; ++k)
      addInput(k);
    return sum;
  }
  for (int64_t k = 0; k < weights.inputs; k += 2) {
    if (k + 1 < weights.inputs)
      addInput(k + 1);
    addInput(k);
  }
  return sum;
}
