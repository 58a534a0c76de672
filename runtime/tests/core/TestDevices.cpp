// SPDX-License-Identifier: Apache-2.0
// Memory that the host cannot touch, launches that wait, and a device that executes none.
#include "TestDevices.h"
#include "core/ApiHandles.h"
#include "hadal_kernel_abi.h"

#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace hadal::test {

using runtime::Status;

namespace {

size_t wholePages(size_t size) {
  auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

// Makes memory accessible for as long as the object lives.
class Opened {
public:
  explicit Opened(const std::map<uintptr_t, size_t> &pieces) : pieces(pieces) {
    protect(PROT_READ | PROT_WRITE);
  }
  ~Opened() { protect(PROT_NONE); }

private:
  void protect(int access) {
    for (const auto &[address, size] : pieces)
      EXPECT_EQ(mprotect(reinterpret_cast<void *>(address), wholePages(size), access), 0);
  }
  const std::map<uintptr_t, size_t> &pieces;
};

const void *pointer(hadal_device_address_t address) {
  return reinterpret_cast<const void *>(address);
}

} // namespace

KeptLaunch::KeptLaunch(const hadal_device_launch_t &launch)
    : hadal_device_launch_t(launch),
      boundAt(launch.bindings, launch.bindings + launch.binding_count),
      passed(launch.constants, launch.constants + launch.constant_count),
      given(launch.parameters, launch.parameters + launch.parameter_count) {
  bindings = boundAt.data();
  constants = passed.data();
  parameters = given.data();
  for (const hadal_device_parameter_t &parameter : given)
    if (parameter.map)
      maps.push_back(*parameter.map);
  size_t map = 0;
  for (hadal_device_parameter_t &parameter : given)
    if (parameter.map)
      parameter.map = &maps[map++];
}

Status SeparateDevice::allocate(size_t size, const char *what, Memory **out) {
  void *base = mmap(nullptr, wholePages(size), PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED)
    return runtime::fail(HADAL_STATUS_OUT_OF_MEMORY, "%s: cannot allocate %zu B on the device",
                         what, size);
  pieces.emplace(reinterpret_cast<uintptr_t>(base), size);
  *out = new Memory{base, size};
  return {};
}

void SeparateDevice::release(Memory *memory) {
  EXPECT_TRUE(waiting.empty()) << "memory is given back that a launch may use";
  pieces.erase(reinterpret_cast<uintptr_t>(memory->base));
  munmap(memory->base, wholePages(memory->length));
  delete memory;
}

Status SeparateDevice::upload(void *to, const void *from, size_t size) {
  HADAL_TRY(synchronize());
  EXPECT_TRUE(size && holds(to, size));
  ++uploads;
  Opened opened(pieces);
  std::memcpy(to, from, size);
  return {};
}

Status SeparateDevice::download(void *to, const void *from, size_t size) {
  HADAL_TRY(synchronize());
  EXPECT_TRUE(size && holds(from, size));
  ++downloads;
  Opened opened(pieces);
  std::memcpy(to, from, size);
  return {};
}

Status SeparateDevice::launch(const hadal_device_launch_t &launch) {
  check(launch);
  // Its arrays are valid during the call alone.
  (recording ? *recording : waiting).emplace_back(launch);
  return {};
}

Status SeparateDevice::synchronize() {
  EXPECT_FALSE(recording) << "a queue that records takes launches alone";
  std::vector<KeptLaunch> launches;
  launches.swap(waiting);
  Opened opened(pieces);
  for (const KeptLaunch &launch : launches)
    HADAL_TRY(execute(launch));
  return {};
}

bool SeparateDevice::holds(const void *address, size_t size) const {
  auto at = reinterpret_cast<uintptr_t>(address);
  auto next = pieces.upper_bound(at);
  if (next == pieces.begin())
    return false;
  const auto &[base, length] = *std::prev(next);
  return at - base <= length && size <= length - (at - base);
}

// What every device may rely on.
void SeparateDevice::check(const hadal_device_launch_t &launch) const {
  EXPECT_EQ(launch.struct_size, sizeof launch);
  EXPECT_TRUE(launch.kernel);
  for (uint32_t extent : launch.grid)
    EXPECT_GE(extent, 1u);
  for (uint32_t i = 0; i < launch.binding_count; ++i) {
    EXPECT_TRUE(holds(pointer(launch.bindings[i]), 0)) << "binding " << i;
    EXPECT_EQ(launch.bindings[i] % 64, 0u) << "binding " << i;
  }
  for (uint32_t i = 0; i < launch.parameter_count; ++i) {
    const hadal_device_parameter_t &parameter = launch.parameters[i];
    bool isAddress = parameter.kind == HADAL_DEVICE_PARAMETER_ADDRESS;
    bool isMap = parameter.kind == HADAL_DEVICE_PARAMETER_TENSOR_MAP;
    EXPECT_EQ(isMap, parameter.map != nullptr);
    if (isAddress || isMap)
      EXPECT_TRUE(holds(pointer(parameter.address), 0)) << "parameter " << i;
  }
}

/// Functions of the table over virtual ones.
struct SeparateTable {
  static SeparateDevice &device(hadal_device_t *handle) {
    return *reinterpret_cast<SeparateDevice *>(handle);
  }
  static SeparateDevice &device(hadal_device_queue_t *handle) {
    return *reinterpret_cast<SeparateDevice *>(handle);
  }
  static hadal_device_code_t report(const Status &status, hadal_device_error_t *error) {
    std::snprintf(error->message, sizeof error->message, "%s", status.ok() ? "" : status.message());
    return status.code();
  }
  static hadal_device_address_t address(const void *data) {
    return reinterpret_cast<hadal_device_address_t>(data);
  }

  static hadal_device_code_t allocate(hadal_device_t *handle, size_t size, const char *what,
                                      hadal_device_memory_t **out, hadal_device_address_t *at,
                                      hadal_device_error_t *error) {
    SeparateDevice::Memory *memory = nullptr;
    Status status = device(handle).allocate(size, what, &memory);
    if (status.ok()) {
      *out = reinterpret_cast<hadal_device_memory_t *>(memory);
      *at = address(memory->base);
    }
    return report(status, error);
  }

  static hadal_device_table_t make() {
    hadal_device_table_t table = {};
    table.struct_size = sizeof table;
    table.version = HADAL_DEVICE_VERSION;
    table.name = "separate";
    table.open = [](const hadal_device_options_t *, hadal_device_t **,
                    hadal_device_error_t *error) {
      return report(runtime::fail(HADAL_STATUS_UNSUPPORTED, "expected to be adopted"), error);
    };
    table.close = [](hadal_device_t *handle) { delete &device(handle); };
    table.info = [](hadal_device_t *handle, hadal_device_info_t *out) {
      out->threads = 1;
      out->kernel_abi = HADAL_KERNEL_ABI_VERSION;
      out->alignment = 64;
      device(handle).describe(*out);
      out->shares_host_memory = 0;
    };
    table.image_check = [](hadal_device_t *, const hadal_device_code_section_t *,
                           hadal_device_error_t *) { return hadal_device_code_t(HADAL_STATUS_OK); };
    table.interface_check = [](hadal_device_t *, const hadal_device_interface_t *,
                               hadal_device_error_t *) {
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
    table.image_load = [](hadal_device_t *handle, const hadal_device_code_section_t *section,
                          hadal_device_image_t **out, hadal_device_error_t *error) {
      return report(device(handle).loadImage(*section, out), error);
    };
    table.image_release = [](hadal_device_t *handle, hadal_device_image_t *image) {
      device(handle).releaseImage(image);
    };
    table.kernel_find = [](hadal_device_t *handle, hadal_device_image_t *image, const char *symbol,
                           const hadal_device_interface_t *interface, hadal_device_kernel_t **out,
                           hadal_device_error_t *error) {
      return report(device(handle).findKernel(image, symbol, *interface, out), error);
    };
    table.memory_allocate = [](hadal_device_t *handle, size_t size, hadal_device_memory_use_t,
                               const char *what, hadal_device_memory_t **out,
                               hadal_device_address_t *at, hadal_device_error_t *error) {
      return allocate(handle, size, what, out, at, error);
    };
    table.memory_import = [](hadal_device_t *handle, const void *data, size_t size,
                             const char *what, hadal_device_memory_t **out,
                             hadal_device_address_t *at, hadal_device_error_t *error) {
      device(handle).taken += size;
      hadal_device_code_t code = allocate(handle, size, what, out, at, error);
      if (code == HADAL_STATUS_OK) {
        Opened opened(device(handle).pieces);
        std::memcpy(const_cast<void *>(pointer(*at)), data, size);
      }
      return code;
    };
    table.memory_release = [](hadal_device_t *handle, hadal_device_memory_t *memory) {
      device(handle).release(reinterpret_cast<SeparateDevice::Memory *>(memory));
    };
    table.host_allocate = [](hadal_device_t *, size_t size, void **out, hadal_device_error_t *) {
      *out = std::aligned_alloc(64, (size + 63) / 64 * 64);
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
    table.host_release = [](hadal_device_t *, void *data) { std::free(data); };
    addQueues(table);
    addRecords(table);
    return table;
  }

  // One queue is as good as another: all share what waits.
  static void addQueues(hadal_device_table_t &table) {
    table.queue_create = [](hadal_device_t *handle, hadal_device_queue_t **out,
                            hadal_device_error_t *) {
      *out = reinterpret_cast<hadal_device_queue_t *>(handle);
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
    table.queue_release = [](hadal_device_t *handle, hadal_device_queue_t *) {
      device(handle).recording.reset(); // of one that was lost in between
      EXPECT_TRUE(device(handle).synchronize().ok());
    };
    table.queue_upload = [](hadal_device_queue_t *queue, hadal_device_address_t to,
                            const void *from, size_t size, hadal_device_error_t *error) {
      return report(device(queue).upload(const_cast<void *>(pointer(to)), from, size), error);
    };
    table.queue_download = [](hadal_device_queue_t *queue, void *to, hadal_device_address_t from,
                              size_t size, hadal_device_error_t *error) {
      return report(device(queue).download(to, pointer(from), size), error);
    };
    table.queue_launch = [](hadal_device_queue_t *queue, const hadal_device_launch_t *launch,
                            hadal_device_error_t *error) {
      return report(device(queue).launch(*launch), error);
    };
    table.queue_synchronize = [](hadal_device_queue_t *queue, hadal_device_error_t *error) {
      return report(device(queue).synchronize(), error);
    };
    table.queue_signal = [](hadal_device_queue_t *queue, hadal_device_event_t *event,
                            hadal_device_error_t *error) {
      Status status = device(queue).synchronize();
      ++*reinterpret_cast<uint64_t *>(event);
      return report(status, error);
    };
    table.queue_wait = [](hadal_device_queue_t *, hadal_device_event_t *, hadal_device_error_t *) {
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
    table.event_create = [](hadal_device_t *, hadal_device_event_t **out, hadal_device_error_t *) {
      *out = reinterpret_cast<hadal_device_event_t *>(new uint64_t(0));
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
    table.event_release = [](hadal_device_t *, hadal_device_event_t *event) {
      delete reinterpret_cast<uint64_t *>(event);
    };
    table.event_synchronize = [](hadal_device_event_t *, hadal_device_error_t *) {
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
    table.event_time = [](hadal_device_event_t *event, uint64_t *nanoseconds,
                          hadal_device_error_t *) {
      *nanoseconds = *reinterpret_cast<uint64_t *>(event);
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
  }

  static void addRecords(hadal_device_table_t &table) {
    table.record_begin = [](hadal_device_queue_t *queue, hadal_device_error_t *) {
      device(queue).recording = std::make_unique<std::vector<KeptLaunch>>();
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
    table.record_end = [](hadal_device_queue_t *queue, hadal_device_record_t **out,
                          hadal_device_error_t *) {
      *out = reinterpret_cast<hadal_device_record_t *>(device(queue).recording.release());
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
    table.record_release = [](hadal_device_t *, hadal_device_record_t *record) {
      delete reinterpret_cast<std::vector<KeptLaunch> *>(record);
    };
    table.queue_replay = [](hadal_device_queue_t *queue, hadal_device_record_t *record,
                            const volatile int32_t *, hadal_device_error_t *error) {
      ++device(queue).replays;
      for (const KeptLaunch &launch : *reinterpret_cast<std::vector<KeptLaunch> *>(record))
        if (Status status = device(queue).launch(launch); !status.ok())
          return report(status, error);
      return hadal_device_code_t(HADAL_STATUS_OK);
    };
  }
};

const hadal_device_table_t &separateTable() {
  static const hadal_device_table_t table = SeparateTable::make();
  return table;
}

SeparateCpuDevice::SeparateCpuDevice() {
  require("Device::open", runtime::Device::open("cpu", 1, /*pin=*/false, cpu).message());
  require("createQueue", cpu->createQueue(queue).message());
}

void SeparateCpuDevice::describe(hadal_device_info_t &info) {
  cpu->table().info(cpu->get(), &info);
}

Status SeparateCpuDevice::loadImage(const hadal_device_code_section_t &section,
                                    hadal_device_image_t **out) {
  hadal_device_error_t error = {};
  return cpu->status(cpu->table().image_load(cpu->get(), &section, out, &error), "image_load",
                     error);
}

void SeparateCpuDevice::releaseImage(hadal_device_image_t *image) {
  cpu->table().image_release(cpu->get(), image);
}

Status SeparateCpuDevice::findKernel(hadal_device_image_t *image, const char *symbol,
                                     const hadal_device_interface_t &interface,
                                     hadal_device_kernel_t **out) {
  hadal_device_error_t error = {};
  return cpu->status(cpu->table().kernel_find(cpu->get(), image, symbol, &interface, out, &error),
                     "kernel_find", error);
}

Status SeparateCpuDevice::execute(const KeptLaunch &launch) { return queue.launch(launch); }

Status ParameterCpuDevice::execute(const KeptLaunch &launch) {
  std::vector<hadal_device_address_t> bindings;
  for (const hadal_device_parameter_t &parameter : launch.given)
    bindings.push_back(parameter.address);
  hadal_device_launch_t known = launch;
  known.constants = static_cast<const int64_t *>(pointer(bindings.back()));
  known.binding_count = static_cast<uint32_t>(bindings.size()) - 1;
  known.bindings = bindings.data();
  return queue.launch(known);
}

void giveParameters(ModelSpec &model) {
  for (ExecutableSpec &executable : model.programs[0].executables)
    for (VariantSpec &variant : executable.variants) {
      for (uint32_t i = 0; i < executable.bindings.size(); ++i)
        variant.interface.parameters.push_back({KernelParameterKind::binding, i});
      variant.interface.parameters.push_back({KernelParameterKind::constants});
    }
}

void RecordingDevice::describe(hadal_device_info_t &info) {
  info.family = "recorder";
  info.levels = levels;
  info.level_count = 1;
}

Status RecordingDevice::loadImage(const hadal_device_code_section_t &, hadal_device_image_t **out) {
  *out = reinterpret_cast<hadal_device_image_t *>(this);
  return {};
}

Status RecordingDevice::findKernel(hadal_device_image_t *, const char *,
                                   const hadal_device_interface_t &interface,
                                   hadal_device_kernel_t **out) {
  *out = reinterpret_cast<hadal_device_kernel_t *>(&kernels.emplace_back(interface));
  return {};
}

Status RecordingDevice::execute(const KeptLaunch &launch) {
  launches.emplace_back(launch);
  return {};
}

ContextHandle makeContextOf(std::unique_ptr<SeparateDevice> device) {
  auto context = std::make_shared<runtime::Context>();
  require("adopt", runtime::Device::adopt(separateTable(),
                                          reinterpret_cast<hadal_device_t *>(device.release()),
                                          context->device)
                       .message());
  return ContextHandle(new hadal_context{std::move(context)});
}

ContextHandle makeContextOf(const hadal_device_table_t &table) {
  auto context = std::make_shared<runtime::Context>();
  hadal_device_options_t options = {sizeof options, 0, 1, 0};
  require("open", runtime::Device::open(table, options, context->device).message());
  return ContextHandle(new hadal_context{std::move(context)});
}

} // namespace hadal::test
