// SPDX-License-Identifier: Apache-2.0
// What every call of the table begins and ends with, and what the driver's results mean.
#include "cuda/Device.h"
#include "device/Fail.h"

namespace hadal::cuda {
namespace {

/// "Data types used by CUDA driver" says of these results that the process, or the context, must
/// be given up.
hadal_status_code_t codeOf(CUresult result) {
  if (isFatal(result))
    return HADAL_STATUS_DEVICE_LOST;
  switch (result) {
  case CUDA_ERROR_OUT_OF_MEMORY: return HADAL_STATUS_OUT_OF_MEMORY;
  case CUDA_ERROR_INVALID_IMAGE:
  case CUDA_ERROR_INVALID_PTX:
  case CUDA_ERROR_INVALID_SOURCE: return HADAL_STATUS_INVALID_ARTIFACT;
  case CUDA_ERROR_NO_DEVICE:
  case CUDA_ERROR_INVALID_DEVICE:
  case CUDA_ERROR_NOT_FOUND: return HADAL_STATUS_NOT_FOUND;
  case CUDA_ERROR_INVALID_VALUE:
  case CUDA_ERROR_INVALID_HANDLE: return HADAL_STATUS_INVALID_ARGUMENT;
  default: return HADAL_STATUS_UNSUPPORTED;
  }
}

} // namespace

bool isFatal(CUresult result) {
  switch (result) {
  case CUDA_ERROR_DEINITIALIZED:
  case CUDA_ERROR_ECC_UNCORRECTABLE:
  case CUDA_ERROR_NVLINK_UNCORRECTABLE:
  case CUDA_ERROR_CONTAINED:
  case CUDA_ERROR_ILLEGAL_ADDRESS:
  case CUDA_ERROR_LAUNCH_TIMEOUT:
  case CUDA_ERROR_CONTEXT_IS_DESTROYED:
  case CUDA_ERROR_ASSERT:
  case CUDA_ERROR_HARDWARE_STACK_ERROR:
  case CUDA_ERROR_ILLEGAL_INSTRUCTION:
  case CUDA_ERROR_MISALIGNED_ADDRESS:
  case CUDA_ERROR_INVALID_ADDRESS_SPACE:
  case CUDA_ERROR_INVALID_PC:
  case CUDA_ERROR_LAUNCH_FAILED:
  case CUDA_ERROR_TENSOR_MEMORY_LEAK:
  case CUDA_ERROR_EXTERNAL_DEVICE:
  case CUDA_ERROR_UNKNOWN: return true;
  default: return false;
  }
}

Call::Call(hadal_device &device, hadal_device_error_t *error) : device(device), error(error) {
  if (device.lost) {
    std::lock_guard<std::mutex> lock(device.lostMutex);
    code = device::fail(error, HADAL_STATUS_DEVICE_LOST, "the device was lost earlier: %s",
                        device.lostReason.c_str());
    return;
  }
  code = HADAL_CUDA_CALL(*this, cuCtxPushCurrent_v2, device.context);
  pushed = code == HADAL_STATUS_OK;
}

// A lost device is released as far as it lets itself. What is given back is not asked for again, so one
// failure of the driver is not the last word.
Call::Call(hadal_device &device) : device(device), error(nullptr) {
  code = HADAL_CUDA_CALL(*this, cuCtxPushCurrent_v2, device.context);
  if (code)
    code = HADAL_CUDA_CALL(*this, cuCtxPushCurrent_v2, device.context);
  pushed = code == HADAL_STATUS_OK;
}

Call::~Call() {
  CUcontext popped;
  if (pushed)
    HADAL_CUDA_RELEASE(*this, cuCtxPopCurrent_v2, &popped);
}

std::string Call::describe(CUresult result, const char *function, const char *what,
                           const char *name) {
  std::string words = std::string(what) + name + (*name ? "': " : "") + function +
                      ": expected success, got " + driver().describe(result);
  if (isFatal(result)) {
    std::lock_guard<std::mutex> lock(device.lostMutex);
    if (!device.lost)
      device.lostReason = words;
    device.lost = true;
  }
  return words;
}

hadal_device_code_t Call::check(CUresult result, const char *function, const char *what,
                                const char *name) {
  if (result == CUDA_SUCCESS)
    return HADAL_STATUS_OK;
  std::string words = describe(result, function, what, name);
  hadal_status_code_t status = codeOf(result);
  return error ? device::fail(error, status, "%s", words.c_str()) : status;
}

void Call::note(CUresult result, const char *function) {
  if (result != CUDA_SUCCESS)
    describe(result, function, "", "");
}

} // namespace hadal::cuda
