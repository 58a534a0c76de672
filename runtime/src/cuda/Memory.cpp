// SPDX-License-Identifier: Apache-2.0
// Memory of the device, and memory of the host that copies are fast from.
#include "cuda/Device.h"
#include "device/Fail.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace hadal::cuda {
namespace {

using device::fail;

hadal_device_code_t allocate(Call &call, size_t size, const char *what, CUdeviceptr &out,
                             hadal_device_error_t *error) {
  if (!size)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT, "%s: expected at least 1 B, got 0 B", what);
  CUresult result = call.driver().cuMemAlloc_v2(&out, size);
  size_t free, total;
  if (result == CUDA_ERROR_OUT_OF_MEMORY &&
      call.driver().cuMemGetInfo_v2(&free, &total) == CUDA_SUCCESS)
    return fail(error, HADAL_STATUS_OUT_OF_MEMORY,
                "%s: expected %zu B of the device's memory, got %zu B free of %zu B", what, size,
                free, total);
  return call.check(result, "cuMemAlloc_v2", "memory for '", what);
}

hadal_device_code_t makeStaging(Call &call, Staging &staging) {
  for (int i = 0; i < 2; ++i) {
    if (!staging.data[i])
      HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuMemHostAlloc, &staging.data[i], Staging::kBytes,
                                       CU_MEMHOSTALLOC_PORTABLE));
    if (!staging.done[i])
      HADAL_DEVICE_TRY(
          HADAL_CUDA_CALL(call, cuEventCreate, &staging.done[i], CU_EVENT_DISABLE_TIMING));
  }
  return HADAL_STATUS_OK;
}

// Puts all pieces into the stream: while one is on its way, the other is filled.
hadal_device_code_t copyPieces(Call &call, hadal_device &device, CUdeviceptr to, const void *from,
                               size_t size) {
  Staging &staging = device.staging;
  auto *bytes = static_cast<const char *>(from);
  for (size_t at = 0, piece = 0; at < size; at += Staging::kBytes, ++piece) {
    int half = int(piece % 2);
    size_t count = std::min(Staging::kBytes, size - at);
    // The first time this is no wait.
    HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuEventSynchronize, staging.done[half]));
    std::memcpy(staging.data[half], bytes + at, count);
    HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuMemcpyHtoDAsync_v2, to + at, staging.data[half], count,
                                     device.stream));
    HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuEventRecord, staging.done[half], device.stream));
  }
  return HADAL_STATUS_OK;
}

// Returns when nothing is on its way any more, also after a failure.
hadal_device_code_t copyStaged(Call &call, hadal_device &device, CUdeviceptr to, const void *from,
                               size_t size) {
  std::lock_guard<std::mutex> lock(device.staging.mutex);
  HADAL_DEVICE_TRY(makeStaging(call, device.staging));
  hadal_device_code_t code = copyPieces(call, device, to, from, size);
  if (!code)
    code = HADAL_CUDA_CALL(call, cuStreamSynchronize, device.stream);
  if (code)
    HADAL_CUDA_RELEASE(call, cuStreamSynchronize, device.stream);
  return code;
}

hadal_device_code_t give(hadal_device_t *device, CUdeviceptr address,
                         hadal_device_memory_t **out_memory, hadal_device_address_t *out_address) {
  *out_memory = new hadal_device_memory{address};
  *out_address = address;
  return HADAL_STATUS_OK;
}

} // namespace

hadal_device_code_t memoryAllocate(hadal_device_t *device, size_t size, hadal_device_memory_use_t,
                                   const char *what, hadal_device_memory_t **out_memory,
                                   hadal_device_address_t *out_address,
                                   hadal_device_error_t *error) {
  Call call(*device, error);
  HADAL_DEVICE_TRY(call.ready());
  CUdeviceptr address;
  HADAL_DEVICE_TRY(allocate(call, size, what, address, error));
  hadal_device_code_t code =
      HADAL_CUDA_CALL(call, cuMemsetD8Async, address, 0, size, device->stream);
  if (!code)
    code = HADAL_CUDA_CALL(call, cuStreamSynchronize, device->stream);
  if (code) {
    HADAL_CUDA_RELEASE(call, cuStreamSynchronize, device->stream);
    HADAL_CUDA_RELEASE(call, cuMemFree_v2, address);
    return code;
  }
  return give(device, address, out_memory, out_address);
}

hadal_device_code_t memoryImport(hadal_device_t *device, const void *data, size_t size,
                                 const char *what, hadal_device_memory_t **out_memory,
                                 hadal_device_address_t *out_address, hadal_device_error_t *error) {
  Call call(*device, error);
  HADAL_DEVICE_TRY(call.ready());
  CUdeviceptr address;
  HADAL_DEVICE_TRY(allocate(call, size, what, address, error));
  if (hadal_device_code_t code = copyStaged(call, *device, address, data, size)) {
    HADAL_CUDA_RELEASE(call, cuMemFree_v2, address);
    return code;
  }
  return give(device, address, out_memory, out_address);
}

void memoryRelease(hadal_device_t *device, hadal_device_memory_t *memory) {
  Call call(*device);
  HADAL_CUDA_RELEASE(call, cuMemFree_v2, memory->address);
  delete memory;
}

hadal_device_code_t hostAllocate(hadal_device_t *device, size_t size, void **out_data,
                                 hadal_device_error_t *error) {
  Call call(*device, error);
  HADAL_DEVICE_TRY(call.ready());
  CUresult result = call.driver().cuMemHostAlloc(out_data, size, CU_MEMHOSTALLOC_PORTABLE);
  if (result == CUDA_ERROR_OUT_OF_MEMORY)
    return fail(error, HADAL_STATUS_OUT_OF_MEMORY,
                "page-locked memory of the host: expected %zu B, got none", size);
  return call.check(result, "cuMemHostAlloc");
}

void hostRelease(hadal_device_t *device, void *data) {
  Call call(*device);
  HADAL_CUDA_RELEASE(call, cuMemFreeHost, data);
}

void releaseStaging(Call &call, hadal_device &device) {
  for (int i = 0; i < 2; ++i) {
    if (device.staging.data[i])
      HADAL_CUDA_RELEASE(call, cuMemFreeHost, device.staging.data[i]);
    if (device.staging.done[i])
      HADAL_CUDA_RELEASE(call, cuEventDestroy_v2, device.staging.done[i]);
  }
}

} // namespace hadal::cuda
