// SPDX-License-Identifier: Apache-2.0
// Picks the level of the host's instruction set at run time.
#include "sim/api/Levels.h"

#include "cpu/HostCpu.h"

#include <cstdlib>
#include <cstring>

namespace hadal {
#if defined(HADAL_SIM_HAS_generic)
namespace sim_generic {
extern const sim::Level kLevel;
}
#endif
#if defined(HADAL_SIM_HAS_v3)
namespace sim_v3 {
extern const sim::Level kLevel;
}
#endif
#if defined(HADAL_SIM_HAS_v4)
namespace sim_v4 {
extern const sim::Level kLevel;
}
#endif
} // namespace hadal

namespace hadal::sim {

namespace {

struct Candidate {
  const char *name;
  const Level *level;
  bool supported;
};

/// Best last.
std::vector<Candidate> candidates(const runtime::CpuIdentity &cpu) {
  std::vector<Candidate> all;
#if defined(HADAL_SIM_HAS_generic)
  all.push_back({"generic", &sim_generic::kLevel, true});
#endif
#if defined(HADAL_SIM_HAS_v3)
  all.push_back({"v3", &sim_v3::kLevel, runtime::executes(cpu, "x86-64-v3")});
#endif
#if defined(HADAL_SIM_HAS_v4)
  all.push_back({"v4", &sim_v4::kLevel, runtime::executes(cpu, "x86-64-v4")});
#endif
  return all;
}

} // namespace

const Level *bestLevel() {
  runtime::CpuIdentity cpu;
  if (!runtime::readHostCpu(cpu).empty())
    return nullptr;
  const char *wanted = getenv("HADAL_SIM_LEVEL");
  const Level *best = nullptr;
  for (const Candidate &candidate : candidates(cpu))
    if (candidate.supported && (!wanted || !*wanted || strcmp(wanted, candidate.name) == 0))
      best = candidate.level;
  return best;
}

std::string whyNoLevel() {
  runtime::CpuIdentity cpu;
  std::string problem = runtime::readHostCpu(cpu);
  if (!problem.empty())
    return problem;
  std::string built, supported;
  for (const Candidate &candidate : candidates(cpu)) {
    built += std::string(built.empty() ? "" : ", ") + candidate.name;
    if (candidate.supported)
      supported += std::string(supported.empty() ? "" : ", ") + candidate.name;
  }
  if (supported.empty())
    return "expected a processor with one of the x86-64 levels " + built + ", got one with none";
  const char *wanted = getenv("HADAL_SIM_LEVEL");
  return std::string("HADAL_SIM_LEVEL: expected one of ") + supported + ", got '" +
         (wanted ? wanted : "") + "'";
}

} // namespace hadal::sim
