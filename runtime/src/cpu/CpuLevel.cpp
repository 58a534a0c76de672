// SPDX-License-Identifier: Apache-2.0
// The levels that kernels are compiled for, and the choice among them.
#include "cpu/CpuLevel.h"

#include <cstdlib>
#include <cstring>

namespace hadal::runtime {
namespace {

constexpr const char *kV3 = "x86-64-v3";
constexpr const char *kV4Bf16 = "x86-64-v4-bf16";
constexpr const char *kKnown[] = {kV4Bf16, kV3}; // best first

} // namespace

std::vector<const char *> cpuLevels(const CpuIdentity &identity) {
  std::vector<const char *> levels;
  for (const char *level : kKnown)
    if (executes(identity, level))
      levels.push_back(level);
  return levels;
}

const char *forcedLevel() {
  const char *name = std::getenv("HADAL_CPU_LEVEL");
  return name && *name ? name : nullptr;
}

Status restrictLevels(const char *forced, std::vector<const char *> &levels) {
  if (!forced || !*forced)
    return {};
  for (const char *level : levels)
    if (!std::strcmp(level, forced)) {
      levels.assign(1, level);
      return {};
    }
  for (const char *known : kKnown)
    if (!std::strcmp(known, forced))
      return fail(HADAL_STATUS_UNSUPPORTED,
                  "HADAL_CPU_LEVEL: expected a level that this CPU has (best: %s), got '%s'",
                  levels.empty() ? "none" : levels.front(), forced);
  return fail(HADAL_STATUS_INVALID_ARGUMENT, "HADAL_CPU_LEVEL: expected %s or %s, got '%s'", kV3,
              kV4Bf16, forced);
}

} // namespace hadal::runtime
