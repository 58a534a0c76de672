// SPDX-License-Identifier: Apache-2.0
// Device libraries of the tests: the cpu under another name, twice; each macro makes one that is none.
#define HADAL_DEVICE_LIBRARY
#include "hadal_device.h"

#if defined(HADAL_TEST_NO_QUERY)
HADAL_API int hadal_device_ask;
#elif defined(HADAL_TEST_NO_TABLE)
const hadal_device_table_t *hadal_device_query(uint32_t) { return nullptr; }
#else
#include "cpu/CpuDevice.h"

#include <cstdio>

using hadal::runtime::cpuDeviceTable;

static hadal_device_code_t open(const hadal_device_options_t *options, hadal_device_t **out,
                                hadal_device_error_t *error) {
  if (options->index > 1) {
    std::snprintf(error->message, sizeof error->message,
                  "options.device: expected 'relay:0' or 'relay:1', got "
                  "'relay:%u'",
                  options->index);
    return HADAL_STATUS_NOT_FOUND;
  }
  hadal_device_options_t first = *options;
  first.index = 0;
  return cpuDeviceTable().open(&first, out, error);
}

const hadal_device_table_t *hadal_device_query(uint32_t version) {
  static const hadal_device_table_t table = [] {
    hadal_device_table_t relay = cpuDeviceTable();
    relay.name = "relay";
    relay.open = open;
#if defined(HADAL_TEST_OTHER_VERSION)
    relay.version = 2;
#elif defined(HADAL_TEST_NO_LAUNCH)
    relay.queue_launch = nullptr;
#endif
    return relay;
  }();
  return version == HADAL_DEVICE_VERSION ? &table : nullptr;
}
#endif
