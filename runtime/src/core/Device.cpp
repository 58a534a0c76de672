// SPDX-License-Identifier: Apache-2.0
// Calls through a device's table, and checks what comes back: a library may be anybody's.
#include "core/Device.h"
#include "core/JsonObject.h"
#include "support/Clock.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kUnsupported = HADAL_STATUS_UNSUPPORTED;

// What kernels and the core rely on.
constexpr uint32_t kAlignment = 64;

// By which a device's idea of the host's clock may be ahead.
constexpr uint64_t kClockError = 1000000000;

hadal_device_error_t emptyError() {
  hadal_device_error_t error;
  error.launch = UINT32_MAX;
  error.message[0] = 0;
  return error;
}

} // namespace

Status Device::status(hadal_device_code_t code, const char *function,
                      hadal_device_error_t &error) const {
  if (code == HADAL_STATUS_OK)
    return {};
  if (code == HADAL_STATUS_DEVICE_LOST)
    lost.store(true, std::memory_order_relaxed);
  error.message[sizeof error.message - 1] = 0;
  if (code < 0 || code > HADAL_STATUS_DEVICE_LOST)
    return fail(kUnsupported, "device '%s': %s: expected a status code, got %d", name(), function,
                code);
  if (!error.message[0])
    return fail(static_cast<hadal_status_code_t>(code),
                "device '%s': %s: expected a message, got none with status code %d", name(),
                function, code);
  return fail(static_cast<hadal_status_code_t>(code), "%s", error.message);
}

// Nothing but release and close is called of a device that was lost.
Status Device::requireThere() const {
  if (!lost.load(std::memory_order_relaxed))
    return {};
  return fail(HADAL_STATUS_DEVICE_LOST,
              "device '%s': expected one that works, got one that was lost before: "
              "a new context is needed, when all others of the device are released",
              name());
}

// What a call that succeeded must have set.
#define HADAL_EXPECT(condition, function, what)                                                    \
  do {                                                                                             \
    if (!(condition))                                                                              \
      return fail(kUnsupported, "device '%s': %s: expected %s, got none", name(), function, what); \
  } while (false)

#define HADAL_CALL(function, ...)                                                                  \
  do {                                                                                             \
    HADAL_TRY(requireThere());                                                                     \
    hadal_device_error_t error = emptyError();                                                     \
    HADAL_TRY(status(functions.function(__VA_ARGS__, &error), #function, error));                  \
  } while (false)

Device::Device(const hadal_device_table_t &table, hadal_device_t *handle)
    : functions(table), handle(handle) {}

Device::~Device() { functions.close(handle); }

Status Device::open(const char *name, uint32_t threads, bool pin, std::unique_ptr<Device> &out) {
  const hadal_device_table_t *table = nullptr;
  hadal_device_options_t options = {};
  options.struct_size = sizeof options;
  options.threads = threads;
  options.pin_threads = pin;
  HADAL_TRY(findDeviceTable(name, &table, &options.index));
  HADAL_TRY(open(*table, options, out));
  if (pin && !out->info().pins_threads)
    return fail(HADAL_STATUS_UNSUPPORTED,
                "options.pin_threads: expected a device that pins its threads, got '%s'", name);
  return {};
}

Status Device::open(const hadal_device_table_t &table, const hadal_device_options_t &options,
                    std::unique_ptr<Device> &out) {
  hadal_device_table_t known;
  HADAL_TRY(checkTable(&table, "table", known));
  hadal_device_t *handle = nullptr;
  hadal_device_error_t error = emptyError();
  hadal_device_code_t code = known.open(&options, &handle, &error);
  if (code == HADAL_STATUS_OK && !handle)
    return fail(kUnsupported, "device '%s': open: expected a device, got none", known.name);
  if (code != HADAL_STATUS_OK) {
    // Errors are read by a device; this one there never was.
    Device none(known, nullptr);
    none.functions.close = [](hadal_device_t *) {};
    return none.status(code, "open", error);
  }
  return adopt(known, handle, out);
}

Status Device::adopt(const hadal_device_table_t &table, hadal_device_t *handle,
                     std::unique_ptr<Device> &out) {
  std::unique_ptr<Device> device(new Device(table, handle));
  HADAL_TRY(device->readInfo());
  out = std::move(device);
  return {};
}

Status Device::readInfo() {
  facts.struct_size = sizeof facts;
  functions.info(handle, &facts);
  HADAL_EXPECT(facts.family && facts.family[0], "info", "a family");
  HADAL_EXPECT(facts.levels || facts.level_count == 0, "info", "the levels that it counts");
  for (uint32_t i = 0; i < facts.level_count; ++i)
    HADAL_EXPECT(facts.levels[i] && facts.levels[i][0], "info", "a name for each level");
  if (!facts.hardware)
    facts.hardware = "";
  if (!facts.level_note)
    facts.level_note = "";
  if (facts.alignment < kAlignment || (facts.alignment & (facts.alignment - 1)))
    return fail(kUnsupported,
                "device '%s': info: expected an alignment of a power of two, at least %u B, "
                "got %u B",
                name(), kAlignment, facts.alignment);
  return {};
}

Status Device::checkImage(const hadal_device_code_section_t &section) const {
  HADAL_CALL(image_check, handle, &section);
  return {};
}

Status Device::checkInterface(const hadal_device_interface_t &interface) const {
  HADAL_CALL(interface_check, handle, &interface);
  return {};
}

Status Device::loadImage(const hadal_device_code_section_t &section, DeviceImage &out) const {
  hadal_device_image_t *image = nullptr;
  HADAL_CALL(image_load, handle, &section, &image);
  HADAL_EXPECT(image, "image_load", "an image");
  out = DeviceImage(*this, image);
  return {};
}

Status Device::findKernel(const DeviceImage &image, const char *symbol,
                          const hadal_device_interface_t &interface,
                          hadal_device_kernel_t **out) const {
  *out = nullptr;
  HADAL_CALL(kernel_find, handle, image.get(), symbol, &interface, out);
  HADAL_EXPECT(*out, "kernel_find", "a kernel");
  return {};
}

Status Device::requireRange(DeviceAddress address, size_t size, uint32_t alignment,
                            const char *function) const {
  HADAL_EXPECT(address, function, "an address");
  if (address % alignment)
    return fail(kUnsupported,
                "device '%s': %s: expected an address that is aligned to %u B, got 0x%" PRIx64,
                name(), function, alignment, address);
  // Ends are computed too, of whole lines.
  if (std::max<size_t>(size, 1) > UINT64_MAX - address - (alignment - 1))
    return fail(kUnsupported,
                "device '%s': %s: expected %zu B that end below 2^64, got an address of 0x%" PRIx64,
                name(), function, size, address);
  return {};
}

Status Device::take(hadal_device_memory_t *memory, DeviceAddress address, size_t size,
                    uint32_t alignment, const char *function, DeviceMemory &out) const {
  HADAL_EXPECT(memory, function, "memory");
  DeviceMemory taken;
  taken.memory = {*this, memory};
  taken.where = address;
  taken.bytes = size;
  HADAL_TRY(requireRange(address, size, alignment, function));
  out = std::move(taken);
  return {};
}

Status Device::allocate(size_t size, hadal_device_memory_use_t use, const char *what,
                        DeviceMemory &out) const {
  hadal_device_memory_t *memory = nullptr;
  DeviceAddress address = 0;
  HADAL_CALL(memory_allocate, handle, std::max<size_t>(size, 1), use, what, &memory, &address);
  return take(memory, address, size, facts.alignment, "memory_allocate", out);
}

Status Device::allocate(size_t size, const char *what, DeviceMemory &out) const {
  return allocate(size, HADAL_DEVICE_MEMORY_SPARSE, what, out);
}

Status Device::reserve(size_t size, const char *what, DeviceMemory &out) const {
  return allocate(size, HADAL_DEVICE_MEMORY_WHOLE, what, out);
}

Status Device::importWeights(const void *data, size_t size, const char *what,
                             DeviceMemory &out) const {
  hadal_device_memory_t *memory = nullptr;
  DeviceAddress address = 0;
  HADAL_CALL(memory_import, handle, data, size, what, &memory, &address);
  return take(memory, address, size, kAlignment, "memory_import", out);
}

Status Device::allocateStaging(size_t size, DeviceStaging &out) const {
  void *data = nullptr;
  HADAL_CALL(host_allocate, handle, std::max<size_t>(size, 1), &data);
  HADAL_EXPECT(data, "host_allocate", "memory");
  DeviceStaging taken(*this, data);
  HADAL_TRY(requireRange(reinterpret_cast<DeviceAddress>(data), size, kAlignment, "host_allocate"));
  out = std::move(taken);
  return {};
}

Status Device::createQueue(DeviceQueue &out) const {
  hadal_device_queue_t *queue = nullptr;
  HADAL_CALL(queue_create, handle, &queue);
  HADAL_EXPECT(queue, "queue_create", "a queue");
  out.device = this;
  out.queue = {*this, queue};
  return {};
}

Status Device::createEvent(DeviceEvent &out) const {
  hadal_device_event_t *event = nullptr;
  HADAL_CALL(event_create, handle, &event);
  HADAL_EXPECT(event, "event_create", "an event");
  out = DeviceEvent(*this, event);
  return {};
}

Status Device::eventTime(const DeviceEvent &event, uint64_t *nanoseconds) const {
  *nanoseconds = 0;
  HADAL_CALL(event_time, event.get(), nanoseconds);
  if (uint64_t now = monotonicTime(); *nanoseconds > now && *nanoseconds - now > kClockError)
    return fail(kUnsupported,
                "device '%s': event_time: expected a time of CLOCK_MONOTONIC up to now, %" PRIu64
                " ns, got %" PRIu64 " ns",
                name(), now, *nanoseconds);
  return {};
}

// Calls of a queue, of which the device is a member.
#define HADAL_QUEUE_CALL(function, ...)                                                            \
  do {                                                                                             \
    HADAL_TRY(device->requireThere());                                                             \
    hadal_device_error_t error = emptyError();                                                     \
    HADAL_TRY(device->status(device->table().function(__VA_ARGS__, &error), #function, error));    \
  } while (false)

Status DeviceQueue::upload(DeviceAddress to, const void *from, size_t size) {
  HADAL_QUEUE_CALL(queue_upload, queue.get(), to, from, size);
  return {};
}

Status DeviceQueue::download(void *to, DeviceAddress from, size_t size) {
  HADAL_QUEUE_CALL(queue_download, queue.get(), to, from, size);
  return {};
}

Status DeviceQueue::launch(const hadal_device_launch_t &launch) {
  HADAL_QUEUE_CALL(queue_launch, queue.get(), &launch);
  return {};
}

Status DeviceQueue::signal(const DeviceEvent &event) {
  HADAL_QUEUE_CALL(queue_signal, queue.get(), event.get());
  return {};
}

Status DeviceQueue::wait(const DeviceEvent &event) {
  HADAL_QUEUE_CALL(queue_wait, queue.get(), event.get());
  return {};
}

Status DeviceQueue::synchronize() {
  HADAL_QUEUE_CALL(queue_synchronize, queue.get());
  return {};
}

Status DeviceQueue::beginRecord() {
  HADAL_QUEUE_CALL(record_begin, queue.get());
  return {};
}

Status DeviceQueue::endRecord(DeviceRecord &out) {
  hadal_device_record_t *record = nullptr;
  HADAL_QUEUE_CALL(record_end, queue.get(), &record);
  if (!record)
    return fail(kUnsupported, "device '%s': record_end: expected a record, got none",
                device->name());
  out = DeviceRecord(*device, record);
  return {};
}

Status DeviceQueue::replay(const DeviceRecord &record, const volatile int32_t *cancel,
                           uint32_t *failed) {
  *failed = UINT32_MAX;
  HADAL_TRY(device->requireThere());
  hadal_device_error_t error = emptyError();
  Status status =
      device->status(device->table().queue_replay(queue.get(), record.get(), cancel, &error),
                     "queue_replay", error);
  *failed = error.launch;
  return status;
}

Status DeviceQueue::counters(const char **out) const {
  *out = device->table().queue_counters ? device->table().queue_counters(queue.get()) : nullptr;
  size_t at = 0;
  if (!*out || isJsonObject(*out, &at))
    return {};
  return fail(kUnsupported,
              "device '%s': queue_counters: expected a JSON object, got '%.20s' at byte %zu",
              device->name(), *out + at, at);
}

} // namespace hadal::runtime
