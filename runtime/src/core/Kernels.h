// SPDX-License-Identifier: Apache-2.0
// The kernels of one program, loaded for one device.
#ifndef HADAL_CORE_KERNELS_H
#define HADAL_CORE_KERNELS_H

#include "core/Artifact.h"
#include "core/Device.h"

#include <deque>
#include <string>
#include <vector>

namespace hadal::runtime {

class Kernels {
public:
  /// Picks the best level that all executables of `program` have, and makes it ready. What the
  /// device cannot do is refused by the field that asks for it, in any variant. `artifact` and
  /// `device` must outlive the result.
  Status load(const Device &device, const Artifact &artifact, const Program &program);

  /// The level that was picked: "x86-64-v3".
  const char *level() const { return picked; }

  /// Kernels that run as machine code, and not from an image that the device compiled.
  uint32_t machineCode() const { return asMachineCode; }

  /// The picked variant of an executable.
  hadal_device_kernel_t *kernel(uint32_t executable) const { return functions[executable]; }
  const KernelInterface &interface(uint32_t executable) const { return *interfaces[executable]; }

private:
  struct Images;
  Status pickLevel(const Device &device, const Program &program);
  Status findKernel(Images &images, const Variant &variant, hadal_device_kernel_t **out);

  const char *picked = "";
  uint32_t asMachineCode = 0;
  std::deque<DeviceImage> images;
  std::vector<hadal_device_kernel_t *> functions;
  std::vector<const KernelInterface *> interfaces;
};

} // namespace hadal::runtime

#endif // HADAL_CORE_KERNELS_H
