// SPDX-License-Identifier: Apache-2.0
// What every function of the test driver begins with.
#include "driver/State.h"

namespace hadal::cuda {
namespace {

// Results after which a context is of no use.
bool isFatal(CUresult result) {
  return result == CUDA_ERROR_ECC_UNCORRECTABLE || result == CUDA_ERROR_UNKNOWN ||
         (result >= CUDA_ERROR_ILLEGAL_ADDRESS && result <= CUDA_ERROR_LAUNCH_FAILED &&
          result != CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
}

} // namespace

Entry::Entry(const char *function, Kind kind) : held(state().mutex), function(function) {
  State &all = state();
  ++all.counts.calls;
  code = all.fault(function);
  if (kind != Free && !all.initialized && ok()) {
    code = CUDA_ERROR_NOT_INITIALIZED;
    all.problem(std::string(function) + ": called before cuInit");
  }
  auto &stack = currentContexts();
  if (kind != InContext)
    return;
  if (!stack.empty())
    current = stack.back();
  if (current && isFatal(code))
    current->lost = code;
  if (ok() && !current) {
    code = CUDA_ERROR_INVALID_CONTEXT;
    all.problem(std::string(function) + ": called without a context");
  }
  if (ok())
    code = current->lost;
}

bool Entry::hasObject(bool exists) {
  if (exists || !current)
    return exists;
  state().problem(std::string(function) + ": an object that is not there, or of another context");
  if (ok())
    code = CUDA_ERROR_INVALID_HANDLE;
  return false;
}

bool Entry::mayDisturb() {
  for (CUstream stream : current->streams) {
    bool global = stream->captureMode == CU_STREAM_CAPTURE_MODE_GLOBAL;
    bool mine = stream->captureMode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL &&
                stream->captureThread == std::this_thread::get_id();
    if (stream->capture && (global || mine)) {
      stream->captureLost = true;
      code = CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
      return false;
    }
  }
  return true;
}

} // namespace hadal::cuda
