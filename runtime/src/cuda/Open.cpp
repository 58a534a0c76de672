// SPDX-License-Identifier: Apache-2.0
// Opens and closes a device and says what it is.
#include "cuda/Device.h"
#include "device/Fail.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace hadal::cuda {
namespace {

using device::fail;

hadal_device_code_t findDevice(const Driver &driver, uint32_t index, CUdevice &out,
                               hadal_device_error_t *error) {
  int count = 0;
  const char *function = "cuInit";
  CUresult result = driver.cuInit(0);
  if (result == CUDA_SUCCESS) {
    function = "cuDeviceGetCount";
    result = driver.cuDeviceGetCount(&count);
  }
  if (result == CUDA_ERROR_NO_DEVICE || (result == CUDA_SUCCESS && count == 0))
    return fail(error, HADAL_STATUS_NOT_FOUND,
                "cuda: expected a device, got none that the driver (%s) sees; CUDA_VISIBLE_DEVICES "
                "may hide some",
                driver.versionName().c_str());
  if (result == CUDA_SUCCESS && index >= uint32_t(count))
    return fail(error, HADAL_STATUS_NOT_FOUND,
                "cuda:%u: expected an index below %d, the number of devices, got %u", index, count,
                index);
  if (result == CUDA_SUCCESS) {
    function = "cuDeviceGet";
    result = driver.cuDeviceGet(&out, int(index));
  }
  if (result != CUDA_SUCCESS)
    return fail(
        error,
        result == CUDA_ERROR_OUT_OF_MEMORY ? HADAL_STATUS_OUT_OF_MEMORY : HADAL_STATUS_NOT_FOUND,
        "cuda:%u: %s: expected success, got %s", index, function, driver.describe(result).c_str());
  return HADAL_STATUS_OK;
}

hadal_device_code_t readLimits(const Driver &driver, hadal_device &device,
                               hadal_device_error_t *error) {
  Limits &limits = device.limits;
  int cooperative = 0;
  const struct {
    CUdevice_attribute attribute;
    int *value;
  } attributes[] = {
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, &device.capability.major},
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, &device.capability.minor},
      {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, &limits.blockThreads},
      {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X, &limits.block[0]},
      {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y, &limits.block[1]},
      {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z, &limits.block[2]},
      {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, &limits.grid[0]},
      {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, &limits.grid[1]},
      {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z, &limits.grid[2]},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, &limits.sharedBytes},
      {CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH, &cooperative},
  };
  const char *function = "cuDeviceGetAttribute";
  CUresult result = CUDA_SUCCESS;
  for (const auto &attribute : attributes)
    if (result == CUDA_SUCCESS)
      result = driver.cuDeviceGetAttribute(attribute.value, attribute.attribute, device.handle);
  limits.cooperative = cooperative;
  // Of a driver that does not know these the hardware has neither.
  int cluster = 0, tensorMaps = 0;
  auto readLater = [&](int &value, CUdevice_attribute attribute, bool usable) {
    if (result != CUDA_SUCCESS || !usable)
      return;
    result = driver.cuDeviceGetAttribute(&value, attribute, device.handle);
    if (result == CUDA_ERROR_INVALID_VALUE) {
      value = 0;
      result = CUDA_SUCCESS;
    }
  };
  readLater(cluster, CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH, driver.cuLaunchKernelEx);
  readLater(tensorMaps, CU_DEVICE_ATTRIBUTE_TENSOR_MAP_ACCESS_SUPPORTED,
            driver.cuTensorMapEncodeTiled);
  limits.cluster = cluster;
  limits.tensorMaps = tensorMaps;

  char name[256] = "";
  if (result == CUDA_SUCCESS) {
    function = "cuDeviceGetName";
    result = driver.cuDeviceGetName(name, sizeof name - 1, device.handle);
  }
  if (result == CUDA_SUCCESS) {
    function = "cuDeviceTotalMem_v2";
    result = driver.cuDeviceTotalMem_v2(&device.memoryBytes, device.handle);
  }
  if (result != CUDA_SUCCESS)
    return fail(error, HADAL_STATUS_UNSUPPORTED, "cuda: %s: expected success, got %s", function,
                driver.describe(result).c_str());
  device.hardware =
      std::string(name) + ", " + device.capability.name() + ", driver of " + driver.versionName();
  device.levels = levelsOf(device.capability);
  for (const std::string &level : device.levels)
    device.levelNames.push_back(level.c_str());
  return HADAL_STATUS_OK;
}

// What a context is needed for; close() undoes as much of it as was done.
hadal_device_code_t begin(hadal_device &device, hadal_device_error_t *error) {
  Call call(device, error);
  HADAL_DEVICE_TRY(call.ready());
  HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuStreamCreate, &device.stream, CU_STREAM_NON_BLOCKING));
  return startClock(call, device);
}

} // namespace

hadal_device_code_t open(const hadal_device_options_t *given, hadal_device_t **out_device,
                         hadal_device_error_t *error) {
  const hadal_device_options_t options = known(given);
  auto device = std::make_unique<hadal_device>();
  HADAL_DEVICE_TRY(loadDriver(device->driver, error));
  const Driver &driver = *device->driver;
  HADAL_DEVICE_TRY(findDevice(driver, options.index, device->handle, error));
  HADAL_DEVICE_TRY(readLimits(driver, *device, error));
  if (CUresult result = driver.cuDevicePrimaryCtxRetain(&device->context, device->handle);
      result != CUDA_SUCCESS)
    return fail(error,
                result == CUDA_ERROR_OUT_OF_MEMORY ? HADAL_STATUS_OUT_OF_MEMORY
                                                   : HADAL_STATUS_UNSUPPORTED,
                "cuda:%u: cuDevicePrimaryCtxRetain: expected success, got %s", options.index,
                driver.describe(result).c_str());
  if (hadal_device_code_t code = begin(*device, error)) {
    close(device.release());
    return code;
  }
  *out_device = device.release();
  return HADAL_STATUS_OK;
}

void close(hadal_device_t *device) {
  {
    Call call(*device);
    releaseStaging(call, *device);
    stopClock(call, *device);
    if (device->stream)
      HADAL_CUDA_RELEASE(call, cuStreamDestroy_v2, device->stream);
  }
  device->driver->cuDevicePrimaryCtxRelease_v2(device->handle);
  delete device;
}

void info(hadal_device_t *device, hadal_device_info_t *out_info) {
  hadal_device_info_t all = {};
  all.family = "cuda";
  all.hardware = device->hardware.c_str();
  all.levels = device->levelNames.data();
  all.level_count = uint32_t(device->levelNames.size());
  all.level_note = "";
  all.kernel_abi = HADAL_CUDA_KERNEL_ABI_VERSION;
  all.alignment = 256; // "Memory management": what any type and any copy wants
  for (int i = 0; i < 3; ++i)
    all.max_workgroup[i] = uint32_t(device->limits.block[i]);
  all.max_workgroup_threads = uint32_t(device->limits.blockThreads);
  all.max_shared_bytes = uint64_t(device->limits.sharedBytes);
  all.memory_bytes = device->memoryBytes;
  give(all, out_info);
}

} // namespace hadal::cuda
