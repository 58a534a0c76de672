// SPDX-License-Identifier: Apache-2.0
// The simulator as a device: opening it, what it says of itself, its table.
#include "Device.h"

#include <algorithm>
#include <thread>
#include <unistd.h>

namespace hadal::simdevice {

uint64_t hostMemory() {
  long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  return pages > 0 && bytes > 0 ? uint64_t(pages) * uint64_t(bytes) : 0;
}

namespace {

constexpr uint32_t kMaximumHostThreads = 1024; // of the simulator

/// What info hands out: lives as long as the library.
struct LevelNames {
  const char *names[kLevelCount];
  LevelNames() {
    for (uint32_t i = 0; i < kLevelCount; ++i)
      names[i] = kLevels[i].name;
  }
};

} // namespace

hadal_device_code_t open(const hadal_device_options_t *options, hadal_device_t **out_device,
                         hadal_device_error_t *error) {
  hadal_device_options_t asked = known(options);
  if (asked.index)
    return fail(error, HADAL_STATUS_NOT_FOUND,
                "expected index 0, as the host has one simulator, got %u", asked.index);
  if (asked.threads > kMaximumHostThreads)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT, "expected at most %u host threads, got %u",
                kMaximumHostThreads, asked.threads);
  auto device = std::make_unique<hadal_device>();
  if (hadal_sim_status_t status = hadal_sim_context_create(&device->sim); status != HADAL_SIM_OK)
    return status == HADAL_SIM_OUT_OF_MEMORY
               ? fail(error, HADAL_STATUS_OUT_OF_MEMORY,
                      "expected memory for the simulator, got none")
               : fail(error, HADAL_STATUS_UNSUPPORTED, "%s", hadal_sim_context_message(nullptr));
  device->hardware = std::string("PTX simulator ") + hadal_sim_context_level(device->sim);
  device->threads = asked.threads;
  *out_device = device.release();
  return HADAL_STATUS_OK;
}

void close(hadal_device_t *device) { delete device; }

void info(hadal_device_t *device, hadal_device_info_t *out_info) {
  static const LevelNames levels;
  hadal_device_info_t facts = {};
  facts.family = "cuda";
  facts.hardware = device->hardware.c_str();
  facts.levels = levels.names;
  facts.level_count = kLevelCount;
  facts.level_note = "";
  facts.kernel_abi = HADAL_CUDA_KERNEL_ABI_VERSION;
  facts.threads =
      device->threads ? device->threads : std::max(1u, std::thread::hardware_concurrency());
  facts.alignment = kAlignment;
  for (int i = 0; i < 3; ++i)
    facts.max_workgroup[i] = kMaximumWorkgroup[i];
  facts.max_workgroup_threads = kMaximumThreads;
  facts.max_shared_bytes = kMaximumShared;
  facts.memory_bytes = hostMemory();
  give(facts, out_info);
}

namespace {
constexpr hadal_device_table_t kTable = HADAL_DEVICE_TABLE("sim", queueCounters);
} // namespace
} // namespace hadal::simdevice

extern "C" const hadal_device_table_t *hadal_device_query(uint32_t version) {
  return version == HADAL_DEVICE_VERSION ? &hadal::simdevice::kTable : nullptr;
}
