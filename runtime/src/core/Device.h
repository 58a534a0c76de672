// SPDX-License-Identifier: Apache-2.0
// A device as the core uses it: owners of what a table of hadal_device.h hands out, and its answers
// checked.
#ifndef HADAL_CORE_DEVICE_H
#define HADAL_CORE_DEVICE_H

#include "core/Status.h"
#include "hadal_device.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace hadal::runtime {

using DeviceAddress = hadal_device_address_t;
class Device;

/// Something that a device made, given back at the end of its life.
template <typename Object, void (*hadal_device_table_t::*release)(hadal_device_t *, Object *)>
class DeviceOwned {
public:
  DeviceOwned() = default;
  DeviceOwned(const Device &device, Object *object) : device(&device), object(object) {}
  DeviceOwned(DeviceOwned &&other) noexcept
      : device(other.device), object(std::exchange(other.object, nullptr)) {}
  DeviceOwned &operator=(DeviceOwned &&other) noexcept {
    std::swap(device, other.device);
    std::swap(object, other.object);
    return *this;
  }
  ~DeviceOwned() { reset(); }
  inline void reset();

  Object *get() const { return object; }
  explicit operator bool() const { return object != nullptr; }

private:
  const Device *device = nullptr;
  Object *object = nullptr;
};

using DeviceImage = DeviceOwned<hadal_device_image_t, &hadal_device_table_t::image_release>;
using DeviceEvent = DeviceOwned<hadal_device_event_t, &hadal_device_table_t::event_release>;
using DeviceRecord = DeviceOwned<hadal_device_record_t, &hadal_device_table_t::record_release>;
using DeviceStaging = DeviceOwned<void, &hadal_device_table_t::host_release>;

/// Storage of a device.
class DeviceMemory {
public:
  DeviceMemory() = default;

  DeviceAddress address() const { return where; }
  size_t size() const { return bytes; }
  explicit operator bool() const { return static_cast<bool>(memory); }

private:
  friend class Device;
  DeviceOwned<hadal_device_memory_t, &hadal_device_table_t::memory_release> memory;
  DeviceAddress where = 0;
  size_t bytes = 0;
};

/// Work in order. Host memory that is passed in is borrowed until the work has ended.
class DeviceQueue {
public:
  DeviceQueue() = default;

  Status upload(DeviceAddress to, const void *from, size_t size);
  Status download(void *to, DeviceAddress from, size_t size);
  Status launch(const hadal_device_launch_t &launch);
  Status signal(const DeviceEvent &event);
  Status wait(const DeviceEvent &event);
  Status synchronize();
  Status beginRecord();
  Status endRecord(DeviceRecord &out);
  /// *failed = the launch that failed, UINT32_MAX where that is not known.
  Status replay(const DeviceRecord &record, const volatile int32_t *cancel, uint32_t *failed);
  /// *out = a JSON object of the last launch; null where nothing is counted.
  Status counters(const char **out) const;

private:
  friend class Device;
  const Device *device = nullptr;
  DeviceOwned<hadal_device_queue_t, &hadal_device_table_t::queue_release> queue;
};

/// An opened device. It must outlive what it makes.
class Device {
public:
  /// Opens a device: one that is built in, one of a library beside the runtime's or in a folder of
  /// HADAL_DEVICE_PATH, or the library at a path with a slash; "NAME:1" is the second of that name.
  /// Errors: none of that name, a table that cannot be used, what the device itself says.
  static Status open(const char *name, uint32_t threads, bool pin, std::unique_ptr<Device> &out);

  /// The same over a table of the caller's, which outlives it. `handle` is one that it has opened.
  static Status open(const hadal_device_table_t &table, const hadal_device_options_t &options,
                     std::unique_ptr<Device> &out);
  static Status adopt(const hadal_device_table_t &table, hadal_device_t *handle,
                      std::unique_ptr<Device> &out);
  ~Device();
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  const char *name() const { return functions.name; }
  const hadal_device_info_t &info() const { return facts; }
  const char *family() const { return facts.family; }
  /// The best level of kernels; "" when there is none.
  const char *level() const { return facts.level_count ? facts.levels[0] : ""; }
  bool sharesHostMemory() const { return facts.shares_host_memory != 0; }

  Status checkImage(const hadal_device_code_section_t &section) const;
  Status checkInterface(const hadal_device_interface_t &interface) const;
  Status loadImage(const hadal_device_code_section_t &section, DeviceImage &out) const;
  Status findKernel(const DeviceImage &image, const char *symbol,
                    const hadal_device_interface_t &interface, hadal_device_kernel_t **out) const;

  /// Zeroed; `size` may be 0. `what` is for the message.
  Status allocate(size_t size, const char *what, DeviceMemory &out) const;
  /// The same for what is written at once.
  Status reserve(size_t size, const char *what, DeviceMemory &out) const;
  /// Makes mapped weights readable by kernels. They must outlive the result.
  Status importWeights(const void *data, size_t size, const char *what, DeviceMemory &out) const;
  /// Host memory that copies are fast from and to.
  Status allocateStaging(size_t size, DeviceStaging &out) const;

  Status createQueue(DeviceQueue &out) const;
  Status createEvent(DeviceEvent &out) const;
  Status eventTime(const DeviceEvent &event, uint64_t *nanoseconds) const;

  const hadal_device_table_t &table() const { return functions; }
  hadal_device_t *get() const { return handle; }
  /// The status that a call of the table gave; a code that there is none of is an error too.
  Status status(hadal_device_code_t code, const char *function, hadal_device_error_t &error) const;
  /// An error once a call has said HADAL_STATUS_DEVICE_LOST.
  Status requireThere() const;

private:
  Device(const hadal_device_table_t &table, hadal_device_t *handle);
  Status readInfo();
  Status allocate(size_t size, hadal_device_memory_use_t use, const char *what,
                  DeviceMemory &out) const;
  Status take(hadal_device_memory_t *memory, DeviceAddress address, size_t size, uint32_t alignment,
              const char *function, DeviceMemory &out) const;
  Status requireRange(DeviceAddress address, size_t size, uint32_t alignment,
                      const char *function) const;

  hadal_device_table_t functions = {}; // zeros where the device's table is shorter
  hadal_device_t *handle = nullptr;
  hadal_device_info_t facts = {};
  mutable std::atomic<bool> lost{false};
};

template <typename Object, void (*hadal_device_table_t::*release)(hadal_device_t *, Object *)>
void DeviceOwned<Object, release>::reset() {
  if (object)
    (device->table().*release)(device->get(), std::exchange(object, nullptr));
}

/// Checks a table that a library gave, before any of its functions is called; `shown` names the
/// library in messages. *out = what this runtime knows of it.
Status checkTable(const hadal_device_table_t *table, const char *shown, hadal_device_table_t &out);

/// The table of a device by name or path, which stays valid as long as the process; *index = the
/// number behind its colon. Errors: no such device, a library that cannot be loaded or used.
Status findDeviceTable(const char *name, const hadal_device_table_t **out, uint32_t *index);

} // namespace hadal::runtime

#endif // HADAL_CORE_DEVICE_H
