// SPDX-License-Identifier: Apache-2.0
// The table of the cuda device.
#define HADAL_DEVICE_LIBRARY
#include "cuda/Device.h"

namespace hadal::cuda {
namespace {
// The driver counts nothing.
constexpr hadal_device_table_t kTable = HADAL_DEVICE_TABLE("cuda", nullptr);
} // namespace
} // namespace hadal::cuda

const hadal_device_table_t *hadal_device_query(uint32_t version) {
  return version == HADAL_DEVICE_VERSION ? &hadal::cuda::kTable : nullptr;
}
