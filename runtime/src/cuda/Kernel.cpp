// SPDX-License-Identifier: Apache-2.0
// Kernels: what their interfaces ask for, and what the image says of them.
#include "cuda/Device.h"
#include "device/Fail.h"

#include <algorithm>
#include <memory>

namespace hadal::cuda {
namespace {

using device::fail;

constexpr uint32_t kMaxParameters = 512;   // of 8 bytes, in the 4 KiB that every level has
constexpr unsigned kPortableCluster = 8;   // workgroups that every device with clusters runs

unsigned product(const uint32_t extents[3]) {
  uint64_t all = uint64_t(extents[0]) * extents[1];
  return unsigned(std::min<uint64_t>(all > UINT32_MAX ? all : all * extents[2], UINT32_MAX));
}

size_t parameterBytes(hadal_device_parameter_kind_t kind) {
  switch (kind) {
  case HADAL_DEVICE_PARAMETER_ADDRESS:
  case HADAL_DEVICE_PARAMETER_I64: return 8;
  case HADAL_DEVICE_PARAMETER_I32: return 4;
  case HADAL_DEVICE_PARAMETER_TENSOR_MAP: return sizeof(CUtensorMap);
  default: return 0;
  }
}

hadal_device_code_t checkParameters(const hadal_device &device,
                                    const hadal_device_interface_t &interface,
                                    hadal_device_error_t *error) {
  if (interface.parameter_count > kMaxParameters)
    return fail(error, HADAL_STATUS_UNSUPPORTED, "parameters: expected at most %u, got %u",
                kMaxParameters, interface.parameter_count);
  for (uint32_t i = 0; i < interface.parameter_count; ++i) {
    if (!parameterBytes(interface.parameters[i]))
      return fail(error, HADAL_STATUS_UNSUPPORTED,
                  "parameters[%u]: expected an address, an integer or a tensor map, "
                  "got kind %d",
                  i, int(interface.parameters[i]));
    if (interface.parameters[i] != HADAL_DEVICE_PARAMETER_TENSOR_MAP || device.limits.tensorMaps)
      continue;
    if (!device.driver->cuTensorMapEncodeTiled)
      return fail(error, HADAL_STATUS_UNSUPPORTED,
                  "parameters[%u]: expected a driver with cuTensorMapEncodeTiled for "
                  "a tensor map, got one of %s",
                  i, device.driver->versionName().c_str());
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "parameters[%u]: expected sm_90 or later for a tensor map, got %s", i,
                device.capability.name().c_str());
  }
  return HADAL_STATUS_OK;
}

hadal_device_code_t checkCluster(const hadal_device &device, const uint32_t cluster[3],
                                 hadal_device_error_t *error) {
  unsigned workgroups = product(cluster);
  if (!cluster[0] && !cluster[1] && !cluster[2])
    return HADAL_STATUS_OK;
  if (!workgroups)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "cluster: expected at least 1 workgroup in each direction, got %ux%ux%u",
                cluster[0], cluster[1], cluster[2]);
  if (device.limits.cluster)
    return HADAL_STATUS_OK;
  if (!device.driver->cuLaunchKernelEx)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "cluster: expected a driver with cuLaunchKernelEx, got one of %s",
                device.driver->versionName().c_str());
  return fail(error, HADAL_STATUS_UNSUPPORTED, "cluster: expected none on %s, got %ux%ux%u",
              device.capability.name().c_str(), cluster[0], cluster[1], cluster[2]);
}

// Where the driver knows them, the parameters of the kernel are those of the interface.
hadal_device_code_t compareParameters(Call &call, const hadal_device_kernel &kernel,
                                      hadal_device_error_t *error) {
  auto *getInfo = call.driver().cuFuncGetParamInfo;
  if (!getInfo)
    return HADAL_STATUS_OK;
  uint32_t count = uint32_t(kernel.parameters.size());
  for (uint32_t i = 0; i <= count; ++i) {
    size_t offset, bytes;
    CUresult result = getInfo(kernel.function, i, &offset, &bytes);
    bool exists = result == CUDA_SUCCESS;
    if (!exists && result != CUDA_ERROR_INVALID_VALUE) // no such parameter
      return call.check(result, "cuFuncGetParamInfo", "kernel '", kernel.name.c_str());
    if (exists != (i < count))
      return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                  "parameters: expected %s in kernel '%s', got %u", exists ? "more" : "fewer",
                  kernel.name.c_str(), count);
    if (exists && bytes != parameterBytes(kernel.parameters[i]))
      return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                  "parameters[%u]: expected %zu B in kernel '%s', got %zu B", i, bytes,
                  kernel.name.c_str(), parameterBytes(kernel.parameters[i]));
  }
  return HADAL_STATUS_OK;
}

// Asks the driver about the function and tells it what launches will want.
hadal_device_code_t prepare(Call &call, const hadal_device &device, hadal_device_kernel &kernel,
                            hadal_device_error_t *error) {
  int threads, shared;
  HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuFuncGetAttribute, &threads,
                                   CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, kernel.function));
  if (product(kernel.block) > unsigned(threads))
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "workgroup_size: expected at most %d threads, which kernel '%s' has "
                "registers for, got %ux%ux%u",
                threads, kernel.name.c_str(), kernel.block[0], kernel.block[1], kernel.block[2]);
  HADAL_DEVICE_TRY(compareParameters(call, kernel, error));
  HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuFuncGetAttribute, &shared,
                                   CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, kernel.function));
  kernel.maxDynamicShared = size_t(std::max(0, device.limits.sharedBytes - shared));
  if (kernel.dynamicShared) // more than 48 KiB must be asked for
    HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuFuncSetAttribute, kernel.function,
                                     CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                     int(kernel.maxDynamicShared)));
  if (product(kernel.cluster) > kPortableCluster)
    HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuFuncSetAttribute, kernel.function,
                                     CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED, 1));
  return HADAL_STATUS_OK;
}

} // namespace

hadal_device_code_t interfaceCheck(hadal_device_t *device, const hadal_device_interface_t *given,
                                   hadal_device_error_t *error) {
  const hadal_device_interface_t interface = known(given);
  const Limits &limits = device->limits;
  const uint32_t *block = interface.workgroup_size;
  for (int i = 0; i < 3; ++i)
    if (block[i] < 1 || block[i] > uint32_t(limits.block[i]))
      return fail(error, HADAL_STATUS_UNSUPPORTED,
                  "workgroup_size[%d]: expected 1 to %d threads, got %u", i, limits.block[i],
                  block[i]);
  if (product(block) > unsigned(limits.blockThreads))
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "workgroup_size: expected at most %d threads, got %ux%ux%u", limits.blockThreads,
                block[0], block[1], block[2]);
  if (interface.static_shared_bytes > size_t(limits.sharedBytes))
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "static_shared_bytes: expected at most %d B, got %llu B", limits.sharedBytes,
                static_cast<unsigned long long>(interface.static_shared_bytes));
  if (interface.scratch_bytes)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "scratch_bytes: expected 0 B on the cuda device, which has no threads "
                "of the host, got %llu B",
                static_cast<unsigned long long>(interface.scratch_bytes));
  HADAL_DEVICE_TRY(checkCluster(*device, interface.cluster, error));
  if (interface.cooperative && !limits.cooperative)
    return fail(error, HADAL_STATUS_UNSUPPORTED, "cooperative: expected false on %s, got true",
                device->hardware.c_str());
  if (interface.cooperative && !device->driver->cuLaunchKernelEx)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "cooperative: expected a driver with cuLaunchKernelEx, got one of %s",
                device->driver->versionName().c_str());
  return checkParameters(*device, interface, error);
}

hadal_device_code_t kernelFind(hadal_device_t *device, hadal_device_image_t *image,
                               const char *symbol, const hadal_device_interface_t *given,
                               hadal_device_kernel_t **out_kernel, hadal_device_error_t *error) {
  const hadal_device_interface_t interface = known(given);
  HADAL_DEVICE_TRY(interfaceCheck(device, given, error));
  Call call(*device, error);
  HADAL_DEVICE_TRY(call.ready());
  auto kernel = std::make_unique<hadal_device_kernel>();
  kernel->name = symbol;
  std::copy_n(interface.workgroup_size, 3, kernel->block);
  std::copy_n(interface.cluster, 3, kernel->cluster);
  kernel->cooperative = interface.cooperative;
  kernel->dynamicShared = interface.dynamic_shared;
  kernel->parameters.assign(interface.parameters, interface.parameters + interface.parameter_count);
  kernel->tensorMaps = uint32_t(std::count(kernel->parameters.begin(), kernel->parameters.end(),
                                           HADAL_DEVICE_PARAMETER_TENSOR_MAP));
  CUresult result = call.driver().cuModuleGetFunction(&kernel->function, image->module, symbol);
  if (result == CUDA_ERROR_NOT_FOUND)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                "symbol: expected a function in image '%s', got no '%s'", image->name.c_str(),
                symbol);
  HADAL_DEVICE_TRY(call.check(result, "cuModuleGetFunction", "kernel '", symbol));
  HADAL_DEVICE_TRY(prepare(call, *device, *kernel, error));
  std::lock_guard<std::mutex> lock(image->mutex);
  image->kernels.push_back(kernel.get());
  *out_kernel = kernel.release();
  return HADAL_STATUS_OK;
}

} // namespace hadal::cuda
