// SPDX-License-Identifier: Apache-2.0
// Chooses the next token from logits, the same way on every machine.
#include "Sampler.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace hadal::text {

RandomGenerator::RandomGenerator(uint64_t seed) {
  for (uint64_t &word : state) {
    seed += 0x9E3779B97F4A7C15u;
    uint64_t z = seed;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    word = z ^ z >> 31;
  }
}

static uint64_t rotateLeft(uint64_t value, int count) {
  return value << count | value >> (64 - count);
}

uint64_t RandomGenerator::next() {
  uint64_t result = rotateLeft(state[1] * 5, 7) * 9;
  uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotateLeft(state[3], 45);
  return result;
}

double RandomGenerator::nextUnit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

double portableExp(double x) {
  if (x < -700) // the result would be subnormal
    return 0;
  // x = k ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts, of which k times the
  // first is exact.
  double k = static_cast<double>(static_cast<int64_t>(x * 1.4426950408889634 - 0.5));
  double r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33;
  // Taylor's series; the first term left out is below 2^-57.
  double sum = 1;
  for (int i = 14; i >= 1; --i)
    sum = 1 + sum * r / i;
  auto bits = static_cast<uint64_t>(static_cast<int64_t>(k) + 1023) << 52;
  double scale;
  std::memcpy(&scale, &bits, sizeof(scale));
  return sum * scale;
}

Error Sampler::check(double temperature, double topP, int32_t topK) {
  auto fail = [](const char *what, double value) {
    char text[32];
    std::snprintf(text, sizeof(text), "%g", value);
    return Error(std::string(what) + ", got " + text);
  };
  if (!(temperature >= 0) || !std::isfinite(temperature))
    return fail("temperature: expected a finite number that is not negative", temperature);
  if (!(topP >= 0) || !(topP <= 1))
    return fail("top_p: expected a number above 0 and at most 1", topP);
  if (topK < 0)
    return fail("top_k: expected an integer that is not negative", topK);
  return {};
}

Error Sampler::sample(const float *logits, size_t count, int32_t &out) {
  size_t best = count;
  for (size_t i = 0; i < count; ++i) {
    if (std::isnan(logits[i]) || logits[i] == INFINITY)
      return Error("logits[" + std::to_string(i) + "]: expected a finite number, got " +
                   (std::isnan(logits[i]) ? "nan" : "inf"));
    if (logits[i] != -INFINITY && (best == count || logits[i] > logits[best]))
      best = i;
  }
  if (best == count)
    return Error("logits: expected a finite number among " + std::to_string(count) + ", got none");
  out = static_cast<int32_t>(best);
  if (temperature == 0)
    return {};

  double largest = logits[best];
  candidates.clear();
  for (size_t i = 0; i < count; ++i) {
    double weight = portableExp((logits[i] - largest) / temperature);
    if (weight > 0)
      candidates.push_back({weight, static_cast<int32_t>(i)});
  }
  auto moreLikely = [](const Candidate &a, const Candidate &b) {
    return a.weight != b.weight ? a.weight > b.weight : a.id < b.id;
  };
  auto kept = candidates.end();
  if (topK > 0 && static_cast<size_t>(topK) < candidates.size())
    kept = candidates.begin() + topK;
  std::partial_sort(candidates.begin(), kept, candidates.end(), moreLikely);

  // Summed in the order of the list, so that the sum is the same everywhere.
  double total = 0;
  for (auto it = candidates.begin(); it != kept; ++it)
    total += it->weight;
  if (topP > 0 && topP < 1) {
    double sum = 0;
    for (auto it = candidates.begin(); it != kept; ++it) {
      sum += it->weight;
      if (sum >= topP * total) {
        kept = it + 1;
        break;
      }
    }
    total = sum;
  }
  double threshold = random.nextUnit() * total;
  double sum = 0;
  for (auto it = candidates.begin(); it != kept; ++it) {
    sum += it->weight;
    out = it->id;
    if (sum > threshold)
      break;
  }
  return {};
}

} // namespace hadal::text
