// SPDX-License-Identifier: Apache-2.0
// Opens a device and says what it is, or why not: hadal-cuda-probe LIBRARY
#include "hadal_device.h"

#include <cstdio>
#include <dlfcn.h>

int main(int argc, char **argv) {
  void *library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : nullptr;
  auto query = library
                   ? reinterpret_cast<hadal_device_query_fn_t>(dlsym(library, "hadal_device_query"))
                   : nullptr;
  if (!query) {
    std::fprintf(stderr, "expected the library of a device, got another: %s\n", dlerror());
    return 2;
  }
  const hadal_device_table_t &table = *query(HADAL_DEVICE_VERSION);
  hadal_device_options_t options = {sizeof options, 0, 0};
  hadal_device_error_t error = {};
  hadal_device_t *device;
  if (table.open(&options, &device, &error)) {
    std::puts(error.message);
    return 1;
  }
  hadal_device_info_t info = {};
  info.struct_size = sizeof info;
  table.info(device, &info);
  std::puts(info.hardware);

  hadal_device_parameter_kind_t map = HADAL_DEVICE_PARAMETER_TENSOR_MAP;
  hadal_device_interface_t plain = {};
  plain.struct_size = sizeof plain;
  plain.workgroup_size[0] = plain.workgroup_size[1] = plain.workgroup_size[2] = 1;
  hadal_device_interface_t cooperative = plain, cluster = plain, maps = plain;
  cooperative.cooperative = 1;
  cluster.cluster[0] = 2;
  cluster.cluster[1] = cluster.cluster[2] = 1;
  maps.parameters = &map;
  maps.parameter_count = 1;
  const struct {
    const char *name;
    const hadal_device_interface_t *interface;
  } checks[] = {{"cooperative", &cooperative}, {"cluster", &cluster}, {"tensor map", &maps}};
  for (const auto &check : checks) {
    bool good = !table.interface_check(device, check.interface, &error);
    std::printf("%s: %s\n", check.name, good ? "ok" : error.message);
  }
  table.close(device);
  return 0;
}
