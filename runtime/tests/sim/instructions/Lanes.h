// SPDX-License-Identifier: Apache-2.0
// Runs one instruction over every combination of edge values.
#ifndef HADAL_TESTS_SIM_LANES_H
#define HADAL_TESTS_SIM_LANES_H

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

namespace hadal::simtest {

using Values = std::vector<uint64_t>;

/// Executes `instruction` once a row. Operands are named %d (the result), %a,
/// %b, %c and %e; `types` gives the register type of each operand in use, result
/// first: "b16", "b32", "b64" or "pred". Results are zero-extended; a predicate
/// is 0 or 1. On failure `error` is the simulator's message and the result empty.
Values execute(const std::string &instruction, const std::vector<std::string> &types,
               const std::vector<Values> &operands, std::string &error);

/// Compares the instruction with `expected` over the cross product of the
/// operands' values. `expected` gets the operands of a row.
void check(const std::string &instruction, const std::vector<std::string> &types,
           const std::vector<Values> &operands,
           const std::function<uint64_t(const uint64_t *)> &expected);

/// Edge values of the widths: zeros, ones, extremes, powers of two, shift
/// amounts around and beyond the width.
const Values &integers16();
const Values &integers32();
const Values &integers64();
const Values &amounts();
/// Edge values of the formats, as bits: signed zeros, subnormals, ties, largest,
/// infinities, quiet and signalling NaNs with payloads.
const Values &floats32();
const Values &floats64();
const Values &halves();
const Values &brains();

template <typename To, typename From> To bitsAs(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}
inline float f32(uint64_t bits) { return bitsAs<float>(uint32_t(bits)); }
inline double f64(uint64_t bits) { return bitsAs<double>(bits); }
inline uint64_t bits(float x) { return bitsAs<uint32_t>(x); }
inline uint64_t bits(double x) { return bitsAs<uint64_t>(x); }
/// The result of an f32 instruction: NaNs are canonical.
inline uint64_t canonical(float x) { return x != x ? 0x7fffffff : bits(x); }

/// Rounds a long double exactly to a format of `exponent` and `mantissa` bits,
/// by searching among its values: slow and simple. mode: 'n', 'z', 'm', 'p'.
uint64_t roundSlowly(long double x, int exponent, int mantissa, char mode);
long double valueOf(uint64_t bits, int exponent, int mantissa);

} // namespace hadal::simtest

#endif // HADAL_TESTS_SIM_LANES_H
