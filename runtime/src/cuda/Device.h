// SPDX-License-Identifier: Apache-2.0
// The objects behind the table of the cuda device.
#ifndef HADAL_CUDA_DEVICE_H
#define HADAL_CUDA_DEVICE_H

#include "cuda/Driver.h"
#include "cuda/Level.h"
#include "device/Table.h"
#include "support/Structs.h"

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

namespace hadal::cuda {

/// What the hardware and the driver allow.
struct Limits {
  int blockThreads = 0;
  int block[3] = {}, grid[3] = {};
  int sharedBytes = 0; // of a workgroup, when a kernel asks for it
  bool cooperative = false, cluster = false, tensorMaps = false;
};

/// Ties times of events to the host's clock: one event and when it was reached.
struct Clock {
  std::mutex mutex;
  CUevent base = nullptr;
  double nanoseconds = 0;
};

/// Two pieces of page-locked memory through which imported memory goes to the device.
struct Staging {
  static constexpr size_t kBytes = 4 << 20;
  std::mutex mutex;
  void *data[2] = {};
  CUevent done[2] = {};
};

} // namespace hadal::cuda

struct hadal_device {
  const hadal::cuda::Driver *driver = nullptr;
  hadal::cuda::CUdevice handle = 0;
  hadal::cuda::CUcontext context = nullptr; // the primary one, shared with others in the process
  hadal::cuda::CUstream stream = nullptr;   // of the device's own work: zeroing, imports, times
  hadal::cuda::Level capability;
  hadal::cuda::Limits limits;
  hadal::cuda::Clock clock;
  hadal::cuda::Staging staging;
  std::string hardware;
  std::vector<std::string> levels;
  std::vector<const char *> levelNames; // of `levels`
  size_t memoryBytes = 0;

  std::atomic<bool> lost{false};
  std::mutex lostMutex;
  std::string lostReason;
};

struct hadal_device_image {
  hadal_device *device;
  hadal::cuda::CUmodule module;
  std::string name;
  std::mutex mutex;
  std::vector<hadal_device_kernel *> kernels; // owned
};

struct hadal_device_kernel {
  hadal::cuda::CUfunction function;
  std::string name;
  unsigned block[3];
  unsigned cluster[3]; // zeros: none
  bool cooperative, dynamicShared;
  size_t maxDynamicShared;
  std::vector<hadal_device_parameter_kind_t> parameters;
  uint32_t tensorMaps; // among them
};

struct hadal_device_memory {
  hadal::cuda::CUdeviceptr address;
};

struct hadal_device_queue {
  hadal_device *device;
  hadal::cuda::CUstream stream;
  bool recording = false;
  hadal_device_code_t recordCode = HADAL_STATUS_OK; // the first failure since record_begin
  std::string recordFailure;
};

struct hadal_device_event {
  hadal_device *device;
  hadal::cuda::CUevent event;
  std::atomic<bool> signalled{false};
};

struct hadal_device_record {
  hadal::cuda::CUgraphExec exec;
};

namespace hadal::cuda {

/// One call of the table: makes the device's context the thread's and gives back the one before.
class Call {
public:
  Call(hadal_device &device, hadal_device_error_t *error);
  /// For calls that cannot fail.
  explicit Call(hadal_device &device);
  ~Call();

  /// HADAL_STATUS_OK, or why nothing can be called.
  hadal_device_code_t ready() const { return code; }
  const Driver &driver() const { return *device.driver; }

  /// Reports what a function of the driver returned; `what` and `name` say for which object:
  /// "kernel 'add': ", or nothing.
  hadal_device_code_t check(CUresult result, const char *function, const char *what = "",
                            const char *name = "");

  /// The same for what is given back: nothing is reported, but a loss of the device is remembered.
  void note(CUresult result, const char *function);

private:
  std::string describe(CUresult result, const char *function, const char *what, const char *name);

  hadal_device &device;
  hadal_device_error_t *error; // null: not reported
  hadal_device_code_t code = HADAL_STATUS_OK;
  bool pushed = false;
};

/// Whether the context is of no use after such a result.
bool isFatal(CUresult result);

/// Records an event on the device's own stream and takes the host's time of it.
hadal_device_code_t startClock(Call &call, hadal_device &device);
void stopClock(Call &call, hadal_device &device);
void releaseStaging(Call &call, hadal_device &device);

// The functions of the table: Open.cpp, Image.cpp, Kernel.cpp, Memory.cpp, Queue.cpp, Launch.cpp, Event.cpp,
// Record.cpp.
HADAL_DEVICE_FUNCTIONS(HADAL_DEVICE_DECLARE)

/// A tensor map of a launch's parameter.
hadal_device_code_t encodeTensorMap(Call &call, const hadal_device_kernel &kernel, uint32_t index,
                                    const hadal_device_parameter_t &parameter, CUtensorMap &out,
                                    hadal_device_error_t *error);

} // namespace hadal::cuda

/// Calls a function of the driver: HADAL_CUDA_CALL(call, cuMemFree_v2, address).
#define HADAL_CUDA_CALL(call, function, ...)                                                       \
  (call).check((call).driver().function(__VA_ARGS__), #function)
/// The same where there is nothing to be done about a failure. What cannot be given back for want
/// of a context goes with that.
#define HADAL_CUDA_RELEASE(call, function, ...)                                                    \
  ((call).ready() ? (void)0 : (call).note((call).driver().function(__VA_ARGS__), #function))

#endif // HADAL_CUDA_DEVICE_H
