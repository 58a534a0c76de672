// SPDX-License-Identifier: Apache-2.0
// The C interface: launches and their counters.
#include "sim/api/CounterReport.h"
#include "sim/api/Handles.h"
#include "sim/check/GlobalRaces.h"
#include "sim/machine/Machine.h"

#include <algorithm>
#include <cstring>
#include <thread>

using namespace hadal::sim;

namespace hadal::sim {

namespace {
constexpr u64 kMaximumThreads = 1024;
constexpr u64 kMaximumShared = 232448; // bytes a block may use since sm_90
constexpr u64 kMaximumGrid[3] = {0x7fffffff, 65535, 65535};
constexpr u64 kMaximumBlock[3] = {1024, 1024, 64};
constexpr u64 kWorkspace = 4096;
constexpr u64 kMaximumResident = 4096; // blocks of a cooperative launch
constexpr u32 kMaximumHostThreads = 1024;

/// Why the launch is not allowed, or an empty text.
std::string refuse(const Function &kernel, const hadal_sim_launch_t &launch, u64 shared) {
  u64 threads = 1, allowed = 1;
  bool hasRequired = kernel.requiredBlock[0], hasMaximum = kernel.maximumBlock[0];
  for (int i = 0; i < 3; ++i) {
    if (launch.grid[i] == 0 || launch.grid[i] > kMaximumGrid[i])
      return format("grid extent %d is %u, expected 1 to %llu", i, launch.grid[i],
                    (unsigned long long)kMaximumGrid[i]);
    if (launch.block[i] == 0 || launch.block[i] > kMaximumBlock[i])
      return format("block extent %d is %u, expected 1 to %llu", i, launch.block[i],
                    (unsigned long long)kMaximumBlock[i]);
    if (hasRequired && launch.block[i] != kernel.requiredBlock[i])
      return format("block extent %d is %u, expected %u as .reqntid says", i, launch.block[i],
                    kernel.requiredBlock[i]);
    threads *= launch.block[i];
    allowed *= std::max(1u, kernel.maximumBlock[i]);
  }
  if (threads > kMaximumThreads)
    return format("block has %llu threads, expected at most %llu", (unsigned long long)threads,
                  (unsigned long long)kMaximumThreads);
  if (hasMaximum && threads > allowed)
    return format("block has %llu threads, expected at most %llu as .maxntid "
                  "says",
                  (unsigned long long)threads, (unsigned long long)allowed);
  if (shared > kMaximumShared)
    return format("shared memory %llu bytes exceeds the limit of %llu", (unsigned long long)shared,
                  (unsigned long long)kMaximumShared);
  if (launch.threads > kMaximumHostThreads)
    return format("%u host threads, expected at most %u", launch.threads, kMaximumHostThreads);
  u64 blocks = u64(launch.grid[0]) * launch.grid[1] * launch.grid[2];
  if (launch.cooperative && blocks > kMaximumResident)
    return format("a cooperative launch of %llu blocks, expected at most %llu",
                  (unsigned long long)blocks, (unsigned long long)kMaximumResident);
  return "";
}

/// What the caller asked for.
void describe(Launch &launch, const hadal_sim_launch_t &how, const void *const *arguments) {
  for (int i = 0; i < 3; ++i) {
    launch.grid[i] = how.grid[i];
    launch.block[i] = how.block[i];
  }
  launch.dynamicShared = how.dynamic_shared_bytes;
  launch.seed = how.seed;
  launch.threads = how.threads ? how.threads : std::max(1u, std::thread::hardware_concurrency());
  launch.cooperative = how.cooperative;
  launch.checks = how.checks;
  launch.distinctSectors = how.distinct_sectors;
  launch.maxInstructions = how.max_instructions ? how.max_instructions : u64(1) << 31;
  const Function &kernel = *launch.kernel;
  launch.parameters.assign(kernel.parameterBytes, 0);
  for (size_t i = 0; i < kernel.parameters.size(); ++i)
    if (kernel.parameters[i].bytes)
      memcpy(launch.parameters.data() + kernel.parameters[i].offset, arguments[i],
             kernel.parameters[i].bytes);
}

/// Cooperative groups keep the state of the grid's barrier here. False without memory.
bool prepareWorkspace(hadal_sim_context_t &context, Launch &launch) {
  if (!context.gridWorkspace) {
    Buffer *buffer = context.memory.allocate(kWorkspace, "grid workspace", false);
    if (!buffer)
      return false;
    context.gridWorkspace = buffer->base;
  }
  memset(context.memory.find(context.gridWorkspace)->host, 0, kWorkspace);
  launch.gridWorkspace = context.gridWorkspace;
  return true;
}

/// Turns the check of global races on; what prevents that, or an empty text.
std::string prepareGlobalRaces(DeviceMemory &memory, Launch &launch,
                               std::unique_ptr<GlobalRaces> &races) {
  if (!memory.enableRaceCells())
    return "no memory for the global race check";
  memory.clearRaceCells();
  u64 warps = (u64(launch.block[0]) * launch.block[1] * launch.block[2] + kLanes - 1) / kLanes;
  if (u64(launch.grid[0]) * launch.grid[1] * launch.grid[2] * warps > GlobalRaces::kMaximumWarps)
    return format("expected at most %llu warps under the global race check",
                  (unsigned long long)GlobalRaces::kMaximumWarps);
  // What a strong access sees and what the check knows must not drift apart.
  launch.threads = 1;
  races = std::make_unique<GlobalRaces>(launch);
  launch.globalRaces = races.get();
  return "";
}
} // namespace

const Function *findKernel(hadal_sim_context_t *context, hadal_sim_module_t *module,
                           const char *name) {
  if (const Function *kernel = module->program->entry(name))
    return kernel;
  std::string known;
  for (const Function &function : module->program->functions)
    if (function.isEntry && known.size() < 200)
      known += (known.empty() ? "" : ", ") + function.name;
  failWith(context, format("%s: no entry '%s', expected one of: %s", module->name.c_str(), name,
                           known.empty() ? "(none)" : known.c_str()));
  return nullptr;
}

namespace {
/// The kernel, and what its launch takes of shared memory; null, with the
/// context's message set, where it is not allowed.
const Function *admit(hadal_sim_context_t *context, hadal_sim_module_t *module, const char *name,
                      const hadal_sim_launch_t &how, size_t arguments, Launch &launch) {
  const Function *kernel = findKernel(context, module, name);
  if (!kernel)
    return nullptr;
  auto fail = [&](const std::string &reason) -> const Function * {
    failWith(context, format("kernel '%s': ", name) + reason);
    return nullptr;
  };
  if (how.struct_size != sizeof(hadal_sim_launch_t))
    return fail(format("launch structure of %u bytes, expected %zu", how.struct_size,
                       sizeof(hadal_sim_launch_t)));
  if (!kernel->refusal.empty())
    return fail(module->name + ":" + kernel->refusal);
  if (arguments != kernel->parameters.size())
    return fail(format("expected %zu arguments, got %zu", kernel->parameters.size(), arguments));
  // Without dynamic memory nothing needs to lie where it would start.
  u64 used = how.dynamic_shared_bytes ? kernel->dynamicSharedOffset : kernel->sharedBytes;
  launch.sharedBytes = used + how.dynamic_shared_bytes;
  if (module->program->usesReservedShared) {
    launch.reservedShared = (launch.sharedBytes + 15) & ~u64(15);
    launch.sharedBytes = launch.reservedShared + kReservedShared;
  }
  std::string reason = refuse(*kernel, how, launch.sharedBytes);
  return reason.empty() ? kernel : fail(reason);
}
} // namespace

} // namespace hadal::sim

extern "C" {

void hadal_sim_launch_defaults(hadal_sim_launch_t *launch) {
  *launch = {};
  launch->struct_size = sizeof(hadal_sim_launch_t);
  for (int i = 0; i < 3; ++i)
    launch->grid[i] = launch->block[i] = 1;
  launch->checks = HADAL_SIM_CHECK_BOUNDS | HADAL_SIM_CHECK_INIT | HADAL_SIM_CHECK_RACE |
                   HADAL_SIM_CHECK_WARP_RACE | HADAL_SIM_CHECK_BARRIER | HADAL_SIM_CHECK_ASYNC;
}

hadal_sim_status_t hadal_sim_launch_check(hadal_sim_context_t *context, hadal_sim_module_t *module,
                                          const char *name, const hadal_sim_launch_t *how,
                                          size_t argument_count) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    Launch launch;
    return admit(context, module, name, *how, argument_count, launch) ? HADAL_SIM_OK
                                                                      : HADAL_SIM_ERROR;
  });
}

hadal_sim_status_t hadal_sim_launch(hadal_sim_context_t *context, hadal_sim_module_t *module,
                                    const char *name, const hadal_sim_launch_t *how,
                                    const void *const *arguments, size_t argument_count) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    Launch launch;
    const Function *kernel = admit(context, module, name, *how, argument_count, launch);
    if (!kernel)
      return HADAL_SIM_ERROR;
    std::string prefix = format("kernel '%s': ", name);
    launch.program = module->program.get();
    launch.kernel = kernel;
    launch.level = context->level;
    launch.memory = &context->memory;
    describe(launch, *how, arguments);
    std::copy(launch.grid, launch.grid + 3, context->lastGrid);
    std::copy(launch.block, launch.block + 3, context->lastBlock);
    if (launch.cooperative && !prepareWorkspace(*context, launch))
      return failWith(context, prefix + "no memory for the grid workspace",
                      HADAL_SIM_OUT_OF_MEMORY);
    if (launch.distinctSectors && !context->memory.clearSectors())
      return failWith(context, prefix + "no memory to count distinct sectors",
                      HADAL_SIM_OUT_OF_MEMORY);
    std::unique_ptr<GlobalRaces> races;
    if (launch.checks & kCheckGlobalRace)
      if (std::string problem = prepareGlobalRaces(context->memory, launch, races);
          !problem.empty())
        return failWith(context, prefix + problem);
    context->lastModule = nullptr; // until there are counters
    context->json.clear();
    context->listing.clear();
    runLaunch(launch, context->counters);
    context->lastModule = module;
    context->lastKernel = kernel;
    if (!(launch.checks & kCheckInit))
      context->memory.defineAll();
    if (launch.report.kind == Report::None)
      return HADAL_SIM_OK;
    if (launch.report.kind == Report::Error)
      return failWith(context, launch.report.message);
    if (launch.report.kind == Report::OutOfMemory)
      return failWith(context, prefix + "out of memory on the host", HADAL_SIM_OUT_OF_MEMORY);
    context->message = launch.report.check + ": " + launch.report.message;
    context->check = launch.report.check;
    context->checkLine = launch.report.line;
    return HADAL_SIM_CHECK;
  });
}

hadal_sim_counters_t hadal_sim_counters(const hadal_sim_context_t *context) {
  hadal_sim_counters_t sum = hadal_sim_line_counters(context, 0);
  sum.barriers = context->counters.barriers;
  sum.global_distinct_read_sectors = context->counters.distinctReads;
  sum.global_distinct_write_sectors = context->counters.distinctWrites;
  return sum;
}

hadal_sim_counters_t hadal_sim_line_counters(const hadal_sim_context_t *context, uint32_t line) {
  if (!context->lastModule)
    return {};
  return totalsOf(*context->lastModule->program, context->counters, line);
}

const char *hadal_sim_counters_json(hadal_sim_context_t *context) {
  hadal_sim_status_t status = guarded(context, [&] {
    if (context->lastModule && context->json.empty())
      context->json = countersJson(*context->lastModule->program, *context->lastKernel,
                                   context->counters, context->lastGrid, context->lastBlock);
    return HADAL_SIM_OK;
  });
  return status == HADAL_SIM_OK ? context->json.c_str() : "{}";
}

const char *hadal_sim_annotated_listing(hadal_sim_context_t *context) {
  guarded(context, [&] {
    if (context->lastModule && context->listing.empty())
      context->listing = annotatedListing(*context->lastModule->program, context->counters);
    return HADAL_SIM_OK;
  });
  return context->listing.c_str();
}

} // extern "C"
