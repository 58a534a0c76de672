// SPDX-License-Identifier: Apache-2.0
// Linear kernels as plain loops, in the order of operations that they promise.
#ifndef HADAL_TEST_TARGET_CPU_LINEAR_LINEARREFERENCE_H
#define HADAL_TEST_TARGET_CPU_LINEAR_LINEARREFERENCE_H

#include "ImageHarness.h"

#include "hadal/Target/CPU/Linear.h"

#include <cstdint>
#include <vector>

namespace hadal::cpu::test {

/// Reproducible numbers; equal on every machine.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed * 2 + 1) {}
  uint32_t next();
  /// Between -1 and 1.
  float uniform();

private:
  uint64_t state;
};

/// A weight as a checkpoint has it, one matrix for each batch.
struct Weights {
  WeightType type;
  int64_t batch, outputs, inputs;
  std::vector<float> values;      ///< [batch][outputs][inputs], as stored
  std::vector<uint8_t> bytes;     ///< e4m3 codes of the same
  std::vector<float> scaleValues; ///< with F8E4M3
  BlockScales scales;

  /// Random values that `type` represents; scales as `scales` describes.
  static Weights make(WeightType type, int64_t batch, int64_t outputs, int64_t inputs,
                      const BlockScales &scales, int64_t scaleCount, uint64_t seed);
  Buffer pack() const;
  Buffer packScales() const;
  /// The effective f32 value: scaled, rounded once.
  float at(int64_t b, int64_t o, int64_t k) const;
};

/// Activations in memory, of `count` elements.
Buffer makeActivations(ActivationType type, size_t count, uint64_t seed);
float readActivation(Buffer &buffer, ActivationType type, int64_t index);

/// sum_k x[base + k] W_b[o, k] in the order of the target.
float referenceDot(const KernelTarget &target, Buffer &x, ActivationType type, int64_t base,
                   const Weights &weights, int64_t b, int64_t o);

} // namespace hadal::cpu::test

#endif // HADAL_TEST_TARGET_CPU_LINEAR_LINEARREFERENCE_H
