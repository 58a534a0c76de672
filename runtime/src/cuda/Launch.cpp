// SPDX-License-Identifier: Apache-2.0
// Launches: the parameters of a kernel, its grid, and how the driver is told.
#include "cuda/Device.h"
#include "device/Fail.h"

#include <vector>

namespace hadal::cuda {
namespace {

using device::fail;

const char *kindName(hadal_device_parameter_kind_t kind) {
  switch (kind) {
  case HADAL_DEVICE_PARAMETER_ADDRESS: return "an address";
  case HADAL_DEVICE_PARAMETER_I32: return "an i32";
  case HADAL_DEVICE_PARAMETER_I64: return "an i64";
  case HADAL_DEVICE_PARAMETER_TENSOR_MAP: return "a tensor map";
  default: return "an unknown kind";
  }
}

// The values of a launch's parameters, where the driver finds them.
class Parameters {
public:
  explicit Parameters(const hadal_device_kernel &kernel)
      : kernel(kernel), values(kernel.parameters.size()), maps(kernel.tensorMaps),
        pointers(kernel.parameters.size()) {}

  void **data() { return pointers.data(); }

  hadal_device_code_t fill(Call &call, const hadal_device_launch_t &launch,
                           hadal_device_error_t *error) {
    const char *name = kernel.name.c_str();
    if (launch.binding_count || launch.constant_count)
      return fail(
          error, HADAL_STATUS_INVALID_ARGUMENT,
          "kernel '%s': expected parameters alone, got %u bindings and %u constants of an ABI "
          "that fixes them",
          name, launch.binding_count, launch.constant_count);
    if (launch.parameter_count != values.size())
      return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                  "kernel '%s': expected %zu parameters, got %u", name, values.size(),
                  launch.parameter_count);
    size_t map = 0;
    for (uint32_t i = 0; i < launch.parameter_count; ++i) {
      const hadal_device_parameter_t &parameter = launch.parameters[i];
      if (parameter.kind != kernel.parameters[i])
        return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                    "kernel '%s': parameters[%u]: expected %s, got %s", name, i,
                    kindName(kernel.parameters[i]), kindName(parameter.kind));
      pointers[i] = &values[i];
      if (parameter.kind == HADAL_DEVICE_PARAMETER_TENSOR_MAP) {
        pointers[i] = &maps[map];
        HADAL_DEVICE_TRY(encodeTensorMap(call, kernel, i, parameter, maps[map++], error));
      } else if (parameter.kind == HADAL_DEVICE_PARAMETER_ADDRESS) {
        values[i] = parameter.address;
      } else {
        values[i] = uint64_t(parameter.value); // of an i32 the driver reads the lower half
        if (parameter.kind == HADAL_DEVICE_PARAMETER_I32 &&
            parameter.value != int32_t(parameter.value))
          return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                      "kernel '%s': parameters[%u]: expected a value of 32 bits, "
                      "got %lld",
                      name, i, static_cast<long long>(parameter.value));
      }
    }
    return HADAL_STATUS_OK;
  }

private:
  const hadal_device_kernel &kernel;
  std::vector<uint64_t> values;
  std::vector<CUtensorMap> maps;
  std::vector<void *> pointers;
};

hadal_device_code_t checkShape(const hadal_device &device, const hadal_device_launch_t &launch,
                               hadal_device_error_t *error) {
  const hadal_device_kernel &kernel = *launch.kernel;
  const char *name = kernel.name.c_str();
  for (int i = 0; i < 3; ++i) {
    if (launch.grid[i] < 1 || launch.grid[i] > uint32_t(device.limits.grid[i]))
      return fail(error, HADAL_STATUS_UNSUPPORTED,
                  "kernel '%s': grid[%d]: expected 1 to %d workgroups, got %u", name, i,
                  device.limits.grid[i], launch.grid[i]);
    if (kernel.cluster[i] && launch.grid[i] % kernel.cluster[i])
      return fail(error, HADAL_STATUS_UNSUPPORTED,
                  "kernel '%s': grid[%d]: expected a multiple of the cluster's %u, "
                  "got %u",
                  name, i, kernel.cluster[i], launch.grid[i]);
  }
  if (launch.shared_bytes && !kernel.dynamicShared)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "kernel '%s': shared_bytes: expected 0 B, as its interface says, "
                "got %llu B",
                name, static_cast<unsigned long long>(launch.shared_bytes));
  if (launch.shared_bytes > kernel.maxDynamicShared)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "kernel '%s': shared_bytes: expected at most %zu B beside its static "
                "shared memory, got %llu B",
                name, kernel.maxDynamicShared,
                static_cast<unsigned long long>(launch.shared_bytes));
  return HADAL_STATUS_OK;
}

hadal_device_code_t start(hadal_device_queue &queue, const hadal_device_launch_t &launch,
                          hadal_device_error_t *error) {
  hadal_device &device = *queue.device;
  const hadal_device_kernel &kernel = *launch.kernel;
  Call call(device, error);
  HADAL_DEVICE_TRY(call.ready());
  HADAL_DEVICE_TRY(checkShape(device, launch, error));
  Parameters parameters(kernel);
  HADAL_DEVICE_TRY(parameters.fill(call, launch, error));

  unsigned sharedBytes = unsigned(launch.shared_bytes);
  if (!kernel.cooperative && !kernel.cluster[0])
    return call.check(call.driver().cuLaunchKernel(kernel.function, launch.grid[0], launch.grid[1],
                                                   launch.grid[2], kernel.block[0], kernel.block[1],
                                                   kernel.block[2], sharedBytes, queue.stream,
                                                   parameters.data(), nullptr),
                      "cuLaunchKernel", "kernel '", kernel.name.c_str());
  CUlaunchAttribute attributes[2] = {};
  CUlaunchConfig config = {
      launch.grid[0],  launch.grid[1], launch.grid[2], kernel.block[0], kernel.block[1],
      kernel.block[2], sharedBytes,    queue.stream,   attributes,      0};
  if (kernel.cooperative) {
    CUlaunchAttribute &attribute = attributes[config.numAttrs++];
    attribute.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
    attribute.value.cooperative = 1;
  }
  if (kernel.cluster[0]) {
    CUlaunchAttribute &attribute = attributes[config.numAttrs++];
    attribute.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
    attribute.value.clusterDim = {kernel.cluster[0], kernel.cluster[1], kernel.cluster[2]};
  }
  CUresult result =
      call.driver().cuLaunchKernelEx(&config, kernel.function, parameters.data(), nullptr);
  if (result == CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "kernel '%s': cooperative: expected a grid that is resident at once, "
                "got %ux%ux%u workgroups",
                kernel.name.c_str(), launch.grid[0], launch.grid[1], launch.grid[2]);
  return call.check(result, "cuLaunchKernelEx", "kernel '", kernel.name.c_str());
}

} // namespace

hadal_device_code_t queueLaunch(hadal_device_queue_t *queue, const hadal_device_launch_t *launch,
                                hadal_device_error_t *error) {
  hadal_device_code_t code = start(*queue, known(launch), error);
  if (code && queue->recording && !queue->recordCode) {
    queue->recordCode = code;
    queue->recordFailure = error->message;
  }
  return code;
}

} // namespace hadal::cuda
