// SPDX-License-Identifier: Apache-2.0
// Initialization, devices and primary contexts of the test driver.
#include "driver/State.h"

#include <cstdio>

namespace hadal::cuda {

void destroyContext(CUctx_st &context) {
  std::string &leaks = state().leaks;
  auto report = [&](size_t count, const char *what) {
    if (count)
      leaks += std::to_string(count) + " x " + what + "\n";
  };
  report(context.streams.size(), "stream");
  report(context.events.size(), "event");
  report(context.modules.size(), "module");
  report(context.memory.size(), "memory of the device");
  report(context.pinned.size(), "page-locked memory");
  report(context.graphs.size(), "graph");
  report(context.execs.size(), "executable graph");
  for (CUstream stream : context.streams)
    delete stream;
  for (CUevent event : context.events)
    delete event;
  for (CUgraph graph : context.graphs)
    delete graph;
  for (CUgraphExec exec : context.execs)
    delete exec;
  for (auto [data, size] : context.pinned)
    ::operator delete[](data, std::align_val_t(4096));
  context.modules.clear();
  hadal_sim_context_release(context.sim);
}

namespace {

bool isDevice(CUdevice device) {
  return device >= 0 && uint64_t(device) < state().number("DEVICES");
}

int attributeOf(CUdevice_attribute attribute) {
  int capability = state().capability();
  if (attribute >= CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH && state().number("VERSION") < 12000)
    return -1; // not known yet
  switch (attribute) {
  case CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X:
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y: return 1024;
  case CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z: return 64;
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X: return 0x7fffffff;
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y:
  case CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z: return 65535;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: return capability / 10;
  case CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: return capability % 10;
  case CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH: return capability >= 60;
  case CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN:
    return capability >= 90 ? 232448 : 166912;
  case CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH:
  case CU_DEVICE_ATTRIBUTE_TENSOR_MAP_ACCESS_SUPPORTED: return capability >= 90;
  }
  return -1;
}

} // namespace

HADAL_TEST_DRIVER CUresult cuDriverGetVersion(int *version) {
  Entry entry("cuDriverGetVersion", Entry::Free);
  if (entry.ok())
    *version = int(state().number("VERSION"));
  return entry;
}

HADAL_TEST_DRIVER CUresult cuInit(unsigned flags) {
  Entry entry("cuInit", Entry::Free);
  if (entry.ok() && !state().number("DEVICES"))
    return CUDA_ERROR_NO_DEVICE;
  if (entry.ok())
    state().initialized = true;
  return entry;
}

HADAL_TEST_DRIVER CUresult cuGetErrorName(CUresult error, const char **name) {
  Entry entry("cuGetErrorName", Entry::Free);
  if (!entry.ok())
    return entry;
  *name = nullptr;
  switch (error) {
#define HADAL_NAME(code)                                                                           \
  case code: *name = #code; break;
    HADAL_NAME(CUDA_ERROR_INVALID_VALUE)
    HADAL_NAME(CUDA_ERROR_OUT_OF_MEMORY)
    HADAL_NAME(CUDA_ERROR_NO_DEVICE)
    HADAL_NAME(CUDA_ERROR_INVALID_IMAGE)
    HADAL_NAME(CUDA_ERROR_NO_BINARY_FOR_GPU)
    HADAL_NAME(CUDA_ERROR_ECC_UNCORRECTABLE)
    HADAL_NAME(CUDA_ERROR_INVALID_PTX)
    HADAL_NAME(CUDA_ERROR_ILLEGAL_ADDRESS)
    HADAL_NAME(CUDA_ERROR_LAUNCH_FAILED)
    HADAL_NAME(CUDA_ERROR_UNKNOWN)
#undef HADAL_NAME
  default: return CUDA_ERROR_INVALID_VALUE;
  }
  return entry;
}

HADAL_TEST_DRIVER CUresult cuGetErrorString(CUresult error, const char **text) {
  Entry entry("cuGetErrorString", Entry::Free);
  if (!entry.ok())
    return entry;
  *text = error == CUDA_ERROR_ILLEGAL_ADDRESS ? "an illegal memory access was encountered"
          : error == CUDA_ERROR_LAUNCH_FAILED ? "unspecified launch failure"
                                              : nullptr;
  return *text ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

HADAL_TEST_DRIVER CUresult cuDeviceGetCount(int *count) {
  Entry entry("cuDeviceGetCount", Entry::Driver);
  if (entry.ok())
    *count = int(state().number("DEVICES"));
  return entry;
}

HADAL_TEST_DRIVER CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  Entry entry("cuDeviceGet", Entry::Driver);
  if (entry.ok() && !isDevice(ordinal))
    return CUDA_ERROR_INVALID_DEVICE;
  if (entry.ok())
    *device = ordinal;
  return entry;
}

HADAL_TEST_DRIVER CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  Entry entry("cuDeviceGetName", Entry::Driver);
  if (entry.ok())
    std::snprintf(name, size_t(length), "Test device %d", device);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  Entry entry("cuDeviceTotalMem_v2", Entry::Driver);
  if (entry.ok())
    *bytes = state().number("MEMORY");
  return entry;
}

HADAL_TEST_DRIVER CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute,
                                                CUdevice device) {
  Entry entry("cuDeviceGetAttribute", Entry::Driver);
  if (!entry.ok())
    return entry;
  *value = attributeOf(attribute);
  return *value < 0 ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

HADAL_TEST_DRIVER CUresult cuDevicePrimaryCtxRetain(CUcontext *out, CUdevice device) {
  Entry entry("cuDevicePrimaryCtxRetain", Entry::Driver);
  if (!entry.ok())
    return entry;
  if (!isDevice(device))
    return CUDA_ERROR_INVALID_DEVICE;
  CUctx_st &context = state().contexts[device];
  if (!context.holds) {
    if (hadal_sim_context_create(&context.sim) != HADAL_SIM_OK) {
      state().problem(hadal_sim_context_message(nullptr));
      return CUDA_ERROR_UNKNOWN;
    }
    context.device = device;
    startWorker(context);
  }
  ++context.holds;
  *out = &context;
  return CUDA_SUCCESS;
}

HADAL_TEST_DRIVER CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  Entry entry("cuDevicePrimaryCtxRelease_v2", Entry::Driver);
  auto found = state().contexts.find(device);
  if (found == state().contexts.end() || !found->second.holds) {
    state().problem("cuDevicePrimaryCtxRelease_v2: a context that is not held");
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  CUctx_st &context = found->second;
  if (--context.holds)
    return entry;
  stopWorker(context, entry.lock());
  destroyContext(context);
  state().contexts.erase(found);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuCtxPushCurrent_v2(CUcontext context) {
  Entry entry("cuCtxPushCurrent_v2", Entry::Driver);
  if (!entry.ok())
    return entry;
  currentContexts().push_back(context);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuCtxPopCurrent_v2(CUcontext *context) {
  Entry entry("cuCtxPopCurrent_v2", Entry::Driver);
  auto &stack = currentContexts();
  if (stack.empty()) {
    state().problem("cuCtxPopCurrent_v2: no context is current");
    return CUDA_ERROR_INVALID_CONTEXT;
  }
  *context = stack.back();
  stack.pop_back();
  return entry;
}

} // namespace hadal::cuda
