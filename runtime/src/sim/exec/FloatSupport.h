// SPDX-License-Identifier: Apache-2.0
// Flushing, saturation, canonical NaNs and directed rounding of floats.
#ifndef HADAL_SIM_EXEC_FLOATSUPPORT_H
#define HADAL_SIM_EXEC_FLOATSUPPORT_H

#include "sim/exec/Arithmetic.h"

#include <cfenv>

namespace hadal::HADAL_SIM_LEVEL {

enum class Rounding : u8 { Nearest, Zero, Down, Up, NearestAway, None };

/// The subnormal as a zero of its sign.
inline float flush(float x) {
  u32 bits = bitsAs<u32>(x);
  return (bits & 0x7f800000u) == 0 ? bitsAs<float>(bits & 0x80000000u) : x;
}
/// PTX leaves no payload in the NaN of an f32 operation.
inline float canonical(float x) { return x != x ? bitsAs<float>(0x7fffffffu) : x; }
inline double canonical(double x) { return x; }
inline double flush(double x) { return x; }
template <typename T> inline T saturate(T x) {
  // NaN becomes zero.
  x = x > T(0) ? x : T(0);
  return x < T(1) ? x : T(1);
}
template <bool kFtz, typename T> inline T in1(T x) {
  if constexpr (kFtz)
    return flush(x);
  else
    return x;
}
template <bool kFtz, bool kSat, typename T> inline T out1(T x) {
  if constexpr (kFtz)
    x = flush(x);
  if constexpr (kSat)
    return saturate(x);
  else
    return canonical(x);
}

/// Runs `kRun` with the host rounding as the instruction's. The call through a
/// volatile pointer keeps arithmetic between the two changes of the mode.
template <Handler kRun> void rounded(Warp &w, const Inst &in, u32 mask) {
  constexpr int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  Handler volatile run = kRun;
  fesetround(modes[in.aux & 3]);
  run(w, in, mask);
  fesetround(FE_TONEAREST);
}

/// Consumes .rn .rz .rm .rp; `fallback` where there is none.
inline Rounding takeRounding(Decoder &d, Rounding fallback) {
  int index = d.modOf("rn rz rm rp");
  return index < 0 ? fallback : Rounding(index);
}

} // namespace hadal::HADAL_SIM_LEVEL

#endif // HADAL_SIM_EXEC_FLOATSUPPORT_H
