// SPDX-License-Identifier: Apache-2.0
// What the runtime asks of a device; one implementation each for cpu, cuda, sim.
#ifndef HADAL_CORE_DEVICE_H
#define HADAL_CORE_DEVICE_H

#include "core/Artifact.h"
#include "core/Status.h"

#include <memory>

namespace hadal::runtime {

/// An address that kernels of the device use; on the cpu, a host address.
using DevicePointer = void *;

/// Storage of a device, released with the object.
class DeviceMemory {
public:
  virtual ~DeviceMemory() = default;
  virtual DevicePointer address() const = 0;
  virtual size_t size() const = 0;
};

/// The kernels of one program, loaded for one device.
class DeviceKernels {
public:
  virtual ~DeviceKernels() = default;
  /// The level that was picked: "x86-64-v3".
  virtual const char *level() const = 0;
};

/// One launch, as the interface of the picked variant says; arrays are valid during the call.
struct LaunchRequest {
  uint32_t executable; // index into the program
  uint32_t grid[3];    // all at least 1, product within 63 bits
  DevicePointer const *bindings;
  uint32_t bindingCount;
  const int64_t *constants;
  uint32_t constantCount;
  uint32_t workgroupSize[3]; // threads; zeros: what the kernel ABI fixes
  uint32_t cluster[3];       // workgroups; zeros: none
  bool cooperative;          // all workgroups resident at once
  uint64_t sharedBytes;      // dynamic shared memory of a workgroup
  DevicePointer workspace;   // null: the interface has none
  uint64_t workspaceBytes;
};

/// A device serves any number of modules and sessions, from several threads.
/// Launches and copies of one thread take effect in the order of the calls.
class Device {
public:
  virtual ~Device() = default;

  /// What a context is asked for by: "cpu".
  virtual const char *name() const = 0;
  /// The family of programs that it executes: "cpu", "cuda".
  virtual const char *family() const = 0;
  /// The best level of kernels; "" when there is none.
  virtual const char *level() const = 0;
  /// Host threads that execute kernels.
  virtual uint32_t threads() const = 0;

  /// Picks the best level that all executables of `program` have, checks it and
  /// makes it ready. What the device cannot do is refused by the field that asks for it, in any
  /// variant. `artifact` must outlive the result.
  virtual Status loadKernels(const Artifact &artifact, const Program &program,
                             std::unique_ptr<DeviceKernels> &out) = 0;

  /// Zeroed storage, aligned to 64 bytes or better. `what` is for the message.
  virtual Status allocate(size_t size, const char *what, std::unique_ptr<DeviceMemory> &out) = 0;

  /// The same for what is written at once, as far as the device tells them apart.
  virtual Status reserve(size_t size, const char *what, std::unique_ptr<DeviceMemory> &out) {
    return allocate(size, what, out);
  }

  /// Makes mapped weights readable by kernels. They must outlive the result.
  virtual Status importWeights(const uint8_t *data, size_t size,
                               std::unique_ptr<DeviceMemory> &out) = 0;

  /// Copies from and to the host; returns when the host may use its memory.
  virtual Status upload(DevicePointer to, const void *from, size_t size) = 0;
  virtual Status download(void *to, DevicePointer from, size_t size) = 0;

  /// Whether kernels can use host memory at its own address, so that no copy is
  /// needed.
  virtual bool sharesHostMemory() const = 0;

  /// Starts a launch. A kernel's error may be reported here or by a later call.
  virtual Status launch(const DeviceKernels &kernels, const LaunchRequest &request) = 0;

  /// Returns when all launches of this thread have ended.
  virtual Status synchronize() = 0;
};

/// Opens the device of that name. Errors: an unknown name.
Status openDevice(const char *name, uint32_t threads, std::unique_ptr<Device> &out);

} // namespace hadal::runtime

#endif // HADAL_CORE_DEVICE_H
