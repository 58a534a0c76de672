// SPDX-License-Identifier: Apache-2.0
// The host's own cores behind the table of a device. Work of a queue runs within the call that puts
// it there, so queues are always in order, of themselves and of each other.
#include "cpu/CpuDevice.h"
#include "core/Memory.h"
#include "cpu/CpuKernels.h"
#include "cpu/CpuLevel.h"
#include "cpu/Topology.h"
#include "device/Fail.h"
#include "device/Table.h"
#include "support/Clock.h"
#include "support/Structs.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace hadal::runtime {
namespace {

constexpr uint32_t kMaxThreads = 1024;
constexpr uint32_t kAlignment = 64;

struct CpuDevice {
  CpuDevice(uint32_t threads, std::vector<const char *> levels, std::string note)
      : pool(threads), levels(std::move(levels)), note(std::move(note)) {}

  ThreadPool pool;
  std::vector<const char *> levels; // best first
  std::string note; // why there are not more
};

struct CpuQueue {
  CpuDevice *device;
  std::unique_ptr<CpuRecord> record; // null but between begin and end
};

struct CpuEvent {
  uint64_t time = 0; // 0: never signalled
};

CpuDevice &device(hadal_device_t *handle) { return *reinterpret_cast<CpuDevice *>(handle); }
CpuQueue &queue(hadal_device_queue_t *handle) { return *reinterpret_cast<CpuQueue *>(handle); }
CpuEvent &event(hadal_device_event_t *handle) { return *reinterpret_cast<CpuEvent *>(handle); }

hadal_device_code_t report(const Status &status, hadal_device_error_t *error) {
  if (!status.ok())
    std::snprintf(error->message, sizeof error->message, "%s", status.message());
  return status.code();
}

Status checkCode(int32_t code) {
  if (code == 0)
    return {};
  return fail(HADAL_STATUS_KERNEL_FAILED, "kernel: expected code 0, got %d%s", code,
              code == 1 ? ": an operand holds a value that the kernel cannot process" : "");
}

Status open(uint32_t threads, const CpuIdentity &cpu, std::unique_ptr<CpuDevice> &out) {
  if (threads > kMaxThreads)
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "options.threads: expected at most %u, got %u",
                kMaxThreads, threads);
  std::vector<const char *> levels = cpuLevels(cpu);
  std::string note = levels.empty() ? "the CPU is below x86-64-v3" : "";
  HADAL_TRY(restrictLevels(forcedLevel(), levels));
  if (forcedLevel())
    note = "HADAL_CPU_LEVEL allows no other";
  out = std::make_unique<CpuDevice>(threads ? threads : availableCores(), std::move(levels),
                                    std::move(note));
  return {};
}

Status pin(CpuDevice &opened) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  std::vector<uint32_t> cpus = pinOrder(allowed, "/sys/devices/system");
  uint32_t threads = opened.pool.threads();
  if (threads > cpus.size())
    return fail(
        HADAL_STATUS_INVALID_ARGUMENT,
        "options.pin_threads: expected at most %zu threads, the cores that this process may "
        "run on, got %u",
        cpus.size(), threads);
  cpus.resize(threads);
  return opened.pool.pin(std::move(cpus));
}

Status openHost(const hadal_device_options_t &options, std::unique_ptr<CpuDevice> &out) {
  if (options.index != 0)
    return fail(HADAL_STATUS_NOT_FOUND,
                "options.device: expected 'cpu', the only one of its name, got 'cpu:%u'",
                options.index);
  CpuIdentity cpu;
  std::string problem = readHostCpu(cpu);
  if (!problem.empty())
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "%s", problem.c_str());
  HADAL_TRY(open(options.threads, cpu, out));
  return options.pin_threads ? pin(*out) : Status();
}

hadal_device_code_t open(const hadal_device_options_t *options, hadal_device_t **out,
                         hadal_device_error_t *error) {
  std::unique_ptr<CpuDevice> opened;
  Status status = openHost(known(options), opened);
  if (status.ok())
    *out = reinterpret_cast<hadal_device_t *>(opened.release());
  return report(status, error);
}

void close(hadal_device_t *handle) { delete &device(handle); }

void info(hadal_device_t *handle, hadal_device_info_t *out) {
  const CpuDevice &cpu = device(handle);
  hadal_device_info_t facts = {};
  facts.family = "cpu";
  facts.hardware = "the host's cores";
  facts.levels = cpu.levels.data();
  facts.level_count = static_cast<uint32_t>(cpu.levels.size());
  facts.level_note = cpu.note.c_str();
  facts.kernel_abi = HADAL_KERNEL_ABI_VERSION;
  facts.threads = cpu.pool.threads();
  facts.alignment = kAlignment;
  facts.shares_host_memory = 1;
  facts.pins_threads = cpu.pool.isPinned();
  give(facts, out);
}

// ---- Code ----

hadal_device_code_t imageCheck(hadal_device_t *, const hadal_device_code_section_t *section,
                               hadal_device_error_t *error) {
  ElfImage image;
  return report(parseSection(*section, image), error);
}

hadal_device_code_t interfaceCheck(hadal_device_t *, const hadal_device_interface_t *interface,
                                   hadal_device_error_t *error) {
  return report(checkCpuInterface(*interface), error);
}

hadal_device_code_t imageLoad(hadal_device_t *, const hadal_device_code_section_t *section,
                              hadal_device_image_t **out, hadal_device_error_t *error) {
  auto image = std::make_unique<CpuImage>();
  Status status = parseSection(*section, image->elf);
  if (status.ok())
    status = image->elf.map();
  if (status.ok())
    *out = reinterpret_cast<hadal_device_image_t *>(image.release());
  return report(status, error);
}

void imageRelease(hadal_device_t *, hadal_device_image_t *image) {
  delete reinterpret_cast<CpuImage *>(image);
}

hadal_device_code_t kernelFind(hadal_device_t *handle, hadal_device_image_t *image,
                               const char *symbol, const hadal_device_interface_t *interface,
                               hadal_device_kernel_t **out, hadal_device_error_t *error) {
  auto &loaded = *reinterpret_cast<CpuImage *>(image);
  auto function = reinterpret_cast<hadal_kernel_fn_t>(loaded.elf.address(symbol));
  if (!function)
    return report(fail(HADAL_STATUS_INVALID_ARTIFACT,
                       "symbol: expected a function of the image, got no '%s'", symbol),
                  error);
  Status status = device(handle).pool.reserveScratch(interface->scratch_bytes);
  if (status.ok())
    *out = reinterpret_cast<hadal_device_kernel_t *>(
        &loaded.kernels.emplace_back(CpuKernel{function}));
  return report(status, error);
}

// ---- Memory ----

hadal_device_code_t memoryAllocate(hadal_device_t *, size_t size, hadal_device_memory_use_t use,
                                   const char *what, hadal_device_memory_t **out,
                                   hadal_device_address_t *address, hadal_device_error_t *error) {
  auto pages = std::make_unique<Pages>();
  Status status = use == HADAL_DEVICE_MEMORY_WHOLE ? Pages::reserve(size, what, *pages)
                                                   : Pages::allocate(size, what, *pages);
  if (status.ok()) {
    *address = reinterpret_cast<hadal_device_address_t>(pages->data());
    *out = reinterpret_cast<hadal_device_memory_t *>(pages.release());
  }
  return report(status, error);
}

// Kernels only read weights; the plan's verifier holds them to it.
hadal_device_code_t memoryImport(hadal_device_t *, const void *data, size_t, const char *,
                                 hadal_device_memory_t **out, hadal_device_address_t *address,
                                 hadal_device_error_t *) {
  *address = reinterpret_cast<hadal_device_address_t>(data);
  *out = reinterpret_cast<hadal_device_memory_t *>(new Pages());
  return HADAL_STATUS_OK;
}

void memoryRelease(hadal_device_t *, hadal_device_memory_t *memory) {
  delete reinterpret_cast<Pages *>(memory);
}

hadal_device_code_t hostAllocate(hadal_device_t *, size_t size, void **out,
                                 hadal_device_error_t *error) {
  void *data = nullptr;
  if (posix_memalign(&data, kAlignment, size ? size : 1) != 0)
    return report(fail(HADAL_STATUS_OUT_OF_MEMORY, "staging: expected %zu B, got none", size),
                  error);
  *out = data;
  return HADAL_STATUS_OK;
}

void hostRelease(hadal_device_t *, void *data) { std::free(data); }

// ---- Queues ----

hadal_device_code_t queueCreate(hadal_device_t *handle, hadal_device_queue_t **out,
                                hadal_device_error_t *) {
  *out = reinterpret_cast<hadal_device_queue_t *>(new CpuQueue{&device(handle), nullptr});
  return HADAL_STATUS_OK;
}

void queueRelease(hadal_device_t *, hadal_device_queue_t *handle) { delete &queue(handle); }

hadal_device_code_t expectRunning(hadal_device_queue_t *handle, const char *call,
                                  hadal_device_error_t *error) {
  return device::expectRunning(queue(handle).record != nullptr, call, error);
}

hadal_device_code_t queueUpload(hadal_device_queue_t *handle, hadal_device_address_t to,
                                const void *from, size_t size, hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(handle, "upload", error));
  std::memcpy(reinterpret_cast<void *>(to), from, size);
  return HADAL_STATUS_OK;
}

hadal_device_code_t queueDownload(hadal_device_queue_t *handle, void *to,
                                  hadal_device_address_t from, size_t size,
                                  hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(handle, "download", error));
  std::memcpy(to, reinterpret_cast<const void *>(from), size);
  return HADAL_STATUS_OK;
}

hadal_device_code_t queueLaunch(hadal_device_queue_t *handle, const hadal_device_launch_t *launch,
                                hadal_device_error_t *error) {
  CpuQueue &self = queue(handle);
  if (self.record) {
    self.record->add(*launch);
    return HADAL_STATUS_OK;
  }
  static_assert(sizeof(void *) == sizeof(hadal_device_address_t));
  hadal_dispatch_state_t state = {};
  return report(
      checkCode(self.device->pool.run(gridJob(
          *launch, reinterpret_cast<void *const *>(launch->bindings), launch->constants, state))),
      error);
}

hadal_device_code_t queueSignal(hadal_device_queue_t *self, hadal_device_event_t *handle,
                                hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(self, "signal", error));
  event(handle).time = monotonicTime();
  return HADAL_STATUS_OK;
}

// What was put into any queue before has ended.
hadal_device_code_t queueWait(hadal_device_queue_t *handle, hadal_device_event_t *,
                              hadal_device_error_t *error) {
  return expectRunning(handle, "wait", error);
}

hadal_device_code_t queueSynchronize(hadal_device_queue_t *handle, hadal_device_error_t *error) {
  return expectRunning(handle, "synchronize", error);
}

hadal_device_code_t eventCreate(hadal_device_t *, hadal_device_event_t **out,
                                hadal_device_error_t *) {
  *out = reinterpret_cast<hadal_device_event_t *>(new CpuEvent());
  return HADAL_STATUS_OK;
}

void eventRelease(hadal_device_t *, hadal_device_event_t *handle) { delete &event(handle); }

hadal_device_code_t eventTime(hadal_device_event_t *handle, uint64_t *nanoseconds,
                              hadal_device_error_t *error) {
  if (!event(handle).time)
    return report(
        fail(HADAL_STATUS_INVALID_ARGUMENT, "event: expected one that was signalled, got another"),
        error);
  *nanoseconds = event(handle).time;
  return HADAL_STATUS_OK;
}

hadal_device_code_t eventSynchronize(hadal_device_event_t *handle, hadal_device_error_t *error) {
  uint64_t time;
  return eventTime(handle, &time, error);
}

hadal_device_code_t recordBegin(hadal_device_queue_t *handle, hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(handle, "record_begin", error));
  queue(handle).record = std::make_unique<CpuRecord>();
  return HADAL_STATUS_OK;
}

hadal_device_code_t recordEnd(hadal_device_queue_t *handle, hadal_device_record_t **out,
                              hadal_device_error_t *error) {
  if (!queue(handle).record)
    return report(
        fail(HADAL_STATUS_INVALID_ARGUMENT, "queue: expected one that records, got another"),
        error);
  *out = reinterpret_cast<hadal_device_record_t *>(queue(handle).record.release());
  return HADAL_STATUS_OK;
}

void recordRelease(hadal_device_t *, hadal_device_record_t *record) {
  delete reinterpret_cast<CpuRecord *>(record);
}

hadal_device_code_t queueReplay(hadal_device_queue_t *handle, hadal_device_record_t *record,
                                const volatile int32_t *cancel, hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(handle, "replay", error));
  const std::vector<GridJob> &jobs = reinterpret_cast<CpuRecord *>(record)->jobs();
  uint32_t done = 0;
  int32_t code = queue(handle).device->pool.runAll(jobs, cancel, &done);
  if (code == 0 && done == jobs.size())
    return HADAL_STATUS_OK;
  error->launch = done;
  return report(code ? checkCode(code) : fail(HADAL_STATUS_CANCELLED, "cancelled"), error);
}

constexpr hadal_device_table_t kTable = HADAL_DEVICE_TABLE("cpu", nullptr);

} // namespace

const hadal_device_table_t &cpuDeviceTable() { return kTable; }

Status openCpuDevice(uint32_t threads, const CpuIdentity &cpu, std::unique_ptr<Device> &out) {
  std::unique_ptr<CpuDevice> opened;
  HADAL_TRY(open(threads, cpu, opened));
  return Device::adopt(kTable, reinterpret_cast<hadal_device_t *>(opened.release()), out);
}

} // namespace hadal::runtime
