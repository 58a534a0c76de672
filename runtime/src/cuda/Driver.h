// SPDX-License-Identifier: Apache-2.0
// The driver's functions, found when a device is opened.
#ifndef HADAL_CUDA_DRIVER_H
#define HADAL_CUDA_DRIVER_H

#include "cuda/Abi.h"
#include "hadal_device.h"

#include <string>

namespace hadal::cuda {

struct Driver {
#define HADAL_CUDA_MEMBER(name, parameters) CUresult(*name) parameters = nullptr;
  HADAL_CUDA_FUNCTIONS(HADAL_CUDA_MEMBER)
  HADAL_CUDA_LATER_FUNCTIONS(HADAL_CUDA_MEMBER) // null where the driver has none
#undef HADAL_CUDA_MEMBER

  int version = 0; // 12040: CUDA 12.4

  /// "CUDA 12.4"
  std::string versionName() const;
  /// "CUDA_ERROR_ILLEGAL_ADDRESS (700): an illegal memory access was encountered"
  std::string describe(CUresult result) const;
};

/// The process's driver, loaded by the first call that finds one and kept: drivers are not made to
/// be unloaded. Errors: no driver, one that is too old, or one that lacks a function.
hadal_device_code_t loadDriver(const Driver *&out, hadal_device_error_t *error);

} // namespace hadal::cuda

#endif // HADAL_CUDA_DRIVER_H
