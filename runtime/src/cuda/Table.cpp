// SPDX-License-Identifier: Apache-2.0
// The table of the cuda device.
#define HADAL_DEVICE_LIBRARY
#include "cuda/Device.h"

namespace {

namespace cuda = hadal::cuda;

constexpr hadal_device_table_t kTable = {
    sizeof(hadal_device_table_t),
    HADAL_DEVICE_VERSION,
    "cuda",
    cuda::open,
    cuda::close,
    cuda::info,
    cuda::imageCheck,
    cuda::interfaceCheck,
    cuda::imageLoad,
    cuda::imageRelease,
    cuda::kernelFind,
    cuda::memoryAllocate,
    cuda::memoryImport,
    cuda::memoryRelease,
    cuda::hostAllocate,
    cuda::hostRelease,
    cuda::queueCreate,
    cuda::queueRelease,
    cuda::queueUpload,
    cuda::queueDownload,
    cuda::queueLaunch,
    cuda::queueSignal,
    cuda::queueWait,
    cuda::queueSynchronize,
    cuda::eventCreate,
    cuda::eventRelease,
    cuda::eventSynchronize,
    cuda::eventTime,
    cuda::recordBegin,
    cuda::recordEnd,
    cuda::recordRelease,
    cuda::queueReplay,
    nullptr, // queue_counters: the driver counts nothing
};

} // namespace

const hadal_device_table_t *hadal_device_query(uint32_t version) {
  return version == HADAL_DEVICE_VERSION ? &kTable : nullptr;
}
