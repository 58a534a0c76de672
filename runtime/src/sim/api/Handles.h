// SPDX-License-Identifier: Apache-2.0
// What stands behind the handles of the C interface.
#ifndef HADAL_SIM_API_HANDLES_H
#define HADAL_SIM_API_HANDLES_H

#include "sim/state/Launch.h"

#include <hadal_sim.h>

struct hadal_sim_module_t {
  std::string name;
  std::unique_ptr<hadal::sim::Program> program;
  std::vector<const hadal::sim::Variable *> variables; // in device memory
};

struct hadal_sim_context_t {
  const hadal::sim::Level *level = nullptr;
  hadal::sim::DeviceMemory memory;
  std::vector<std::unique_ptr<hadal_sim_module_t>> modules;
  std::string message;
  std::string check;
  uint32_t checkLine = 0;
  // Of the last launch.
  hadal_sim_module_t *lastModule = nullptr;
  const hadal::sim::Function *lastKernel = nullptr;
  hadal::sim::Counters counters;
  uint32_t lastGrid[3] = {0, 0, 0}, lastBlock[3] = {0, 0, 0};
  uint64_t gridWorkspace = 0;
  std::string json, listing;
};

namespace hadal::sim {
hadal_sim_status_t failWith(hadal_sim_context_t *context, std::string message,
                            hadal_sim_status_t status = HADAL_SIM_ERROR);

/// What a function of the interface does. Nothing is thrown through that: the containers and threads
/// below it throw where the host has no memory, and nothing else.
template <typename Work>
hadal_sim_status_t guarded(hadal_sim_context_t *context, Work work) noexcept {
  try {
    return work();
  } catch (...) {
    // Short enough to need no memory.
    return failWith(context, "out of memory", HADAL_SIM_OUT_OF_MEMORY);
  }
}
/// The entry of that name; sets the context's message where there is none.
const Function *findKernel(hadal_sim_context_t *context, hadal_sim_module_t *module,
                           const char *name);
} // namespace hadal::sim

#endif // HADAL_SIM_API_HANDLES_H
