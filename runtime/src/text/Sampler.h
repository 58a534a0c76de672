// SPDX-License-Identifier: Apache-2.0
// Chooses the next token from logits, the same way on every machine.
#ifndef HADAL_TEXT_SAMPLER_H
#define HADAL_TEXT_SAMPLER_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "Json.h"

namespace hadal::text {

/// xoshiro256** 1.0 (Blackman and Vigna, 2018), seeded through SplitMix64.
class RandomGenerator {
public:
  explicit RandomGenerator(uint64_t seed);
  uint64_t next();
  /// Uniform in [0, 1), a multiple of 2^-53.
  double nextUnit();

private:
  uint64_t state[4];
};

/// e^x for x <= 0, to about 1 ulp, from IEEE additions and multiplications
/// alone, so that no mathematical library has a say.
double portableExp(double x);

class Sampler {
public:
  /// Checks ranges: temperature >= 0, 0 <= topP <= 1, topK >= 0.
  static Error check(double temperature, double topP, int32_t topK);

  Sampler(double temperature, double topP, int32_t topK, uint64_t seed)
      : temperature(temperature), topP(topP), topK(topK), random(seed) {}

  Error sample(const float *logits, size_t count, int32_t &out);

private:
  double temperature, topP;
  int32_t topK;
  RandomGenerator random;
  struct Candidate {
    double weight;
    int32_t id;
  };
  std::vector<Candidate> candidates;
};

} // namespace hadal::text

#endif // HADAL_TEXT_SAMPLER_H
