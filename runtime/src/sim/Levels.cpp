// SPDX-License-Identifier: Apache-2.0
// Picks the level of the host's instruction set at run time.
#include "Decoder.h"

#include <cstdlib>
#include <cstring>

namespace hadal {
#if defined(HADAL_SIM_HAS_generic)
namespace sim_generic { extern const sim::Level kLevel; }
#endif
#if defined(HADAL_SIM_HAS_v3)
namespace sim_v3 { extern const sim::Level kLevel; }
#endif
#if defined(HADAL_SIM_HAS_v4)
namespace sim_v4 { extern const sim::Level kLevel; }
#endif
} // namespace hadal

namespace hadal::sim {

const Level *bestLevel() {
  const Level *best = nullptr;
#if defined(HADAL_SIM_HAS_generic)
  best = &sim_generic::kLevel;
#endif
#if defined(HADAL_SIM_HAS_v3)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2"))
    best = &sim_v3::kLevel;
#endif
#if defined(HADAL_SIM_HAS_v4)
  const char *wanted = getenv("HADAL_SIM_LEVEL");
  bool kept = !wanted || strcmp(wanted, "v3") != 0;
  if (kept && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512cd") &&
      __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    best = &sim_v4::kLevel;
#endif
  return best;
}

} // namespace hadal::sim
