// SPDX-License-Identifier: Apache-2.0
// Loads a device's library; an open device of it.
#include "device/Device.h"
#include "device/Kernels.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>

namespace hadal::test {
namespace {

std::string libraryPath;

[[noreturn]] void leave(const char *what, const char *why) {
  std::fprintf(stderr, "expected %s, got %s\n", what, why);
  std::exit(2);
}

const hadal_device_table_t &load() {
  void *library = dlopen(libraryPath.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    leave("the library of a device", dlerror());
  auto query = reinterpret_cast<hadal_device_query_fn_t>(dlsym(library, "hadal_device_query"));
  if (!query)
    leave("hadal_device_query", dlerror());
  const hadal_device_table_t *table = query(HADAL_DEVICE_VERSION);
  if (!table)
    leave("a table of this version", "none");
  return *table;
}

} // namespace

void findDeviceLibrary(int &argc, char **argv) {
  for (int i = 1; i < argc; ++i)
    if (!std::strncmp(argv[i], "--device=", 9)) {
      libraryPath = argv[i] + 9;
      std::copy(argv + i + 1, argv + argc + 1, argv + i);
      --argc;
      return;
    }
  leave("--device=PATH", "none");
}

const hadal_device_table_t &table() {
  static const hadal_device_table_t &found = load();
  return found;
}

Parameter address(hadal_device_address_t at) {
  return {HADAL_DEVICE_PARAMETER_ADDRESS, at, 0, nullptr};
}
Parameter i32(int64_t value) { return {HADAL_DEVICE_PARAMETER_I32, 0, value, nullptr}; }
Parameter i64(int64_t value) { return {HADAL_DEVICE_PARAMETER_I64, 0, value, nullptr}; }
Parameter tensorMap(hadal_device_address_t at, const hadal_device_tensor_map_t &map) {
  return {HADAL_DEVICE_PARAMETER_TENSOR_MAP, at, 0, &map};
}

hadal_device_interface_t Interface::get() const {
  hadal_device_interface_t all = {};
  all.struct_size = sizeof all;
  std::copy_n(threads, 3, all.workgroup_size);
  std::copy_n(cluster, 3, all.cluster);
  all.cooperative = cooperative;
  all.dynamic_shared = dynamicShared;
  all.static_shared_bytes = staticShared;
  all.scratch_bytes = scratch;
  all.parameters = parameters.data();
  all.parameter_count = uint32_t(parameters.size());
  return all;
}

Interface interfaceOf(const std::string &kernel) {
  constexpr auto address = HADAL_DEVICE_PARAMETER_ADDRESS;
  Interface all;
  if (kernel == "add") {
    all.parameters = {address, address, address, address};
  } else if (kernel == "scale") {
    all.parameters = {address, address, HADAL_DEVICE_PARAMETER_I32, HADAL_DEVICE_PARAMETER_I64,
                      HADAL_DEVICE_PARAMETER_I64};
  } else if (kernel == "reverse") {
    all.parameters = {address, address, HADAL_DEVICE_PARAMETER_I32};
    all.dynamicShared = true;
  } else if (kernel == "meet") {
    all.parameters = {address, address};
    all.threads[0] = 1;
    all.cooperative = true;
  } else if (kernel == "stray") {
    all.parameters = {address};
    all.threads[0] = 1;
  }
  return all;
}

hadal_device_error_t &Device::fresh() {
  error.launch = UINT32_MAX;
  error.message[0] = 0;
  return error;
}

Device::~Device() {
  while (!releases.empty()) {
    releases.back()();
    releases.pop_back();
  }
  for (auto [address, memory] : memories)
    table().memory_release(device, memory);
  if (device)
    table().close(device);
}

hadal_device_code_t Device::open(uint32_t index) {
  hadal_device_options_t options = {sizeof options, index, 0};
  return table().open(&options, &device, &fresh());
}

hadal_device_info_t Device::info() const {
  hadal_device_info_t info = {};
  info.struct_size = sizeof info;
  table().info(device, &info);
  return info;
}

namespace {
hadal_device_code_section_t sectionOf(const std::string &code, const char *level,
                                      const std::vector<const char *> &symbols) {
  return {sizeof(hadal_device_code_section_t),
          "kernels",
          level,
          code.data(),
          code.size(),
          symbols.data(),
          uint32_t(symbols.size())};
}
} // namespace

hadal_device_code_t Device::load(const std::string &code, const char *level,
                                 std::vector<const char *> symbols, hadal_device_image_t *&out) {
  hadal_device_code_section_t section = sectionOf(code, level, symbols);
  hadal_device_code_t result = table().image_load(device, &section, &out, &fresh());
  // Before queues are: they may still work with it.
  if (!result)
    releases.insert(releases.begin(),
                    [this, image = out] { table().image_release(device, image); });
  return result;
}

hadal_device_code_t Device::check(const std::string &code, const char *level,
                                  std::vector<const char *> symbols) {
  hadal_device_code_section_t section = sectionOf(code, level, symbols);
  return table().image_check(device, &section, &fresh());
}

hadal_device_code_t Device::find(hadal_device_image_t *image, const char *name,
                                 const Interface &interface, hadal_device_kernel_t *&out) {
  hadal_device_interface_t all = interface.get();
  return table().kernel_find(device, image, name, &all, &out, &fresh());
}

hadal_device_code_t Device::check(const Interface &interface) {
  hadal_device_interface_t all = interface.get();
  return table().interface_check(device, &all, &fresh());
}

hadal_device_code_t Device::kernel(const char *name, hadal_device_kernel_t *&out) {
  if (!kernels)
    if (hadal_device_code_t code =
            load(kKernels, "sm_80", {"add", "scale", "reverse", "meet", "stray"}, kernels))
      return code;
  return find(kernels, name, interfaceOf(name), out);
}

hadal_device_code_t Device::allocate(size_t bytes, hadal_device_address_t &out) {
  hadal_device_memory_t *memory;
  hadal_device_code_t code = table().memory_allocate(device, bytes, HADAL_DEVICE_MEMORY_WHOLE,
                                                     "the arena", &memory, &out, &fresh());
  if (!code)
    memories.emplace_back(out, memory);
  return code;
}

hadal_device_code_t Device::import(const void *data, size_t bytes, hadal_device_address_t &out) {
  hadal_device_memory_t *memory;
  hadal_device_code_t code =
      table().memory_import(device, data, bytes, "weights", &memory, &out, &fresh());
  if (!code)
    memories.emplace_back(out, memory);
  return code;
}

void Device::release(hadal_device_address_t address) {
  for (size_t i = 0; i < memories.size(); ++i)
    if (memories[i].first == address) {
      table().memory_release(device, memories[i].second);
      memories.erase(memories.begin() + long(i));
      return;
    }
}

hadal_device_code_t Device::allocateHost(size_t bytes, void *&out) {
  hadal_device_code_t code = table().host_allocate(device, bytes, &out, &fresh());
  // Behind queues, which may still copy.
  if (!code)
    releases.insert(releases.begin(), [this, data = out] { table().host_release(device, data); });
  return code;
}

hadal_device_code_t Device::queue(hadal_device_queue_t *&out) {
  hadal_device_code_t code = table().queue_create(device, &out, &fresh());
  if (!code)
    releases.push_back([this, queue = out] { table().queue_release(device, queue); });
  return code;
}

hadal_device_code_t Device::event(hadal_device_event_t *&out) {
  hadal_device_code_t code = table().event_create(device, &out, &fresh());
  if (!code)
    releases.push_back([this, event = out] { table().event_release(device, event); });
  return code;
}

hadal_device_code_t Device::upload(hadal_device_queue_t *queue, hadal_device_address_t to,
                                   const void *from, size_t bytes) {
  return table().queue_upload(queue, to, from, bytes, &fresh());
}

hadal_device_code_t Device::download(hadal_device_queue_t *queue, void *to,
                                     hadal_device_address_t from, size_t bytes) {
  return table().queue_download(queue, to, from, bytes, &fresh());
}

hadal_device_code_t Device::launch(hadal_device_queue_t *queue, hadal_device_kernel_t *kernel,
                                   uint32_t grid, const std::vector<Parameter> &parameters,
                                   uint64_t sharedBytes) {
  hadal_device_launch_t launch = {};
  launch.struct_size = sizeof launch;
  launch.kernel = kernel;
  launch.grid[0] = grid;
  launch.grid[1] = launch.grid[2] = 1;
  launch.shared_bytes = sharedBytes;
  launch.parameters = parameters.data();
  launch.parameter_count = uint32_t(parameters.size());
  return table().queue_launch(queue, &launch, &fresh());
}

hadal_device_code_t Device::signal(hadal_device_queue_t *queue, hadal_device_event_t *event) {
  return table().queue_signal(queue, event, &fresh());
}
hadal_device_code_t Device::wait(hadal_device_queue_t *queue, hadal_device_event_t *event) {
  return table().queue_wait(queue, event, &fresh());
}
hadal_device_code_t Device::synchronize(hadal_device_queue_t *queue) {
  return table().queue_synchronize(queue, &fresh());
}
hadal_device_code_t Device::synchronize(hadal_device_event_t *event) {
  return table().event_synchronize(event, &fresh());
}
hadal_device_code_t Device::time(hadal_device_event_t *event, uint64_t &out) {
  return table().event_time(event, &out, &fresh());
}
hadal_device_code_t Device::beginRecord(hadal_device_queue_t *queue) {
  return table().record_begin(queue, &fresh());
}

hadal_device_code_t Device::endRecord(hadal_device_queue_t *queue, hadal_device_record_t *&out) {
  hadal_device_code_t code = table().record_end(queue, &out, &fresh());
  if (!code)
    releases.push_back([this, queue, record = out] {
      hadal_device_error_t ignored;
      table().queue_synchronize(queue, &ignored); // no work that needs it is left
      table().record_release(device, record);
    });
  return code;
}

hadal_device_code_t Device::replay(hadal_device_queue_t *queue, hadal_device_record_t *record) {
  int32_t cancel = 0;
  return table().queue_replay(queue, record, &cancel, &fresh());
}

} // namespace hadal::test
