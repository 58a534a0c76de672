// SPDX-License-Identifier: Apache-2.0
// What stands behind the handles of the simulator's device.
#ifndef HADAL_SIMDEVICE_DEVICE_H
#define HADAL_SIMDEVICE_DEVICE_H

#include "device/Cancel.h"
#include "device/Fail.h"
#include "device/Table.h"
#include "support/Structs.h"

#include <hadal_device.h>
#include <hadal_sim.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct hadal_device {
  ~hadal_device() { hadal_sim_context_release(sim); }
  hadal_sim_context_t *sim = nullptr;
  std::mutex lock; ///< Held for every call of the simulator, which has one thread at a time.
  std::string hardware;
  uint32_t threads = 0; ///< Of the host, as the caller asked for.
  /// Whose launch the simulator's counters are of; null for none.
  hadal_device_queue_t *counted = nullptr;
};

/// An entry of an image, and what all of its launches agree on.
struct hadal_device_kernel {
  hadal_device_image_t *image = nullptr;
  std::string name;
  uint32_t workgroup[3] = {0, 0, 0};
  bool cooperative = false, dynamicShared = false;
  uint64_t staticShared = 0;
  std::vector<hadal_device_parameter_kind_t> parameters;
};

struct hadal_device_image {
  hadal_sim_module_t *module = nullptr;
  std::string name;
  uint64_t maximumShared = 0; ///< Of a workgroup, on hardware of the section's level.
  std::vector<std::unique_ptr<hadal_device_kernel>> kernels;
};

struct hadal_device_memory {
  hadal_device_address_t address = 0;
  /// A copy of what was imported from where kernels cannot read it in place.
  void *copy = nullptr;
};

namespace hadal::simdevice {
/// A launch that has been checked, with all that it needs.
struct KeptLaunch {
  hadal_device_kernel_t *kernel = nullptr;
  hadal_sim_launch_t how;
  std::vector<uint64_t> values; ///< Of the parameters, in their first bytes.
};
} // namespace hadal::simdevice

struct hadal_device_record {
  hadal_device_queue_t *queue = nullptr;
  std::vector<hadal::simdevice::KeptLaunch> launches;
};

struct hadal_device_queue {
  hadal_device_t *device = nullptr;
  /// What record_begin began.
  std::unique_ptr<hadal_device_record> recording;
  std::string recordError; ///< Of the first launch that failed since.
  hadal_device_code_t recordCode = HADAL_STATUS_OK;
  /// Of the last launch, as soon as the simulator has them no more.
  std::string counters;
};

struct hadal_device_event {
  /// When the last signal was reached; 0: never. Work has ended when its call has.
  std::atomic<uint64_t> time{0};
};

namespace hadal::simdevice {

/// What a level of programs for CUDA stands for.
struct Level {
  const char *name;
  uint32_t target;        ///< Number behind "sm_" of the newest code that it executes.
  uint64_t
      maximumShared; ///< Bytes of a workgroup (CUDA C++ Programming Guide, compute capabilities).
};
constexpr uint32_t kLevelCount = 4;
extern const Level kLevels[kLevelCount]; ///< Best first.
constexpr uint64_t kMaximumShared = 232448;
constexpr uint32_t kMaximumWorkgroup[3] = {1024, 1024, 64};
constexpr uint32_t kMaximumThreads = 1024;
constexpr uint32_t kAlignment = 256;

using device::fail;

/// What the simulator said of a call: OK, no memory, or what is `otherwise` to be said. Its message
/// comes behind the name of what the call was about, or alone where that is empty. The lock is held.
inline hadal_device_code_t expectOk(hadal_device_t *device, hadal_sim_status_t status,
                                    hadal_device_code_t otherwise, const char *about,
                                    hadal_device_error_t *error) {
  if (status == HADAL_SIM_OK)
    return HADAL_STATUS_OK;
  return fail(error, status == HADAL_SIM_OUT_OF_MEMORY ? HADAL_STATUS_OUT_OF_MEMORY : otherwise,
              "%s%s%s", about, *about ? ": " : "", hadal_sim_context_message(device->sim));
}

/// Bytes of memory that the host has; 0 where it does not say.
uint64_t hostMemory();
/// Hands the counters of the last launch to the queue that it was of, before
/// the simulator forgets them. The lock is held.
void keepCounters(hadal_device_t *device);

// The functions of the table: Device.cpp, Code.cpp, Memory.cpp, Queue.cpp, Launch.cpp.
HADAL_DEVICE_FUNCTIONS(HADAL_DEVICE_DECLARE)
HADAL_DEVICE_DECLARE(queue_counters, queueCounters)

} // namespace hadal::simdevice

#endif // HADAL_SIMDEVICE_DEVICE_H
