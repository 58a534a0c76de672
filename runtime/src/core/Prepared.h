// SPDX-License-Identifier: Apache-2.0
// The launches and taps of one call, with everything that they were computed to be.
#ifndef HADAL_CORE_PREPARED_H
#define HADAL_CORE_PREPARED_H

#include "core/Device.h"
#include "core/Program.h"
#include "core/Status.h"

#include <string>
#include <vector>

namespace hadal::runtime {

/// One launch or tap, in the order of the plan. Lists are ranges of the arrays of Prepared.
struct PreparedOp {
  const Launch *launch = nullptr; // null for a tap
  const Tap *tap = nullptr;
  uint32_t index = 0;             // in its list of ops
  uint32_t branch = UINT32_MAX;   // that it is in; none
  hadal_device_kernel_t *kernel = nullptr;
  uint32_t grid[3] = {};
  uint64_t sharedBytes = 0;
  uint32_t bindings = 0, bindingCount = 0; // its workspace included, for a kernel of a fixed ABI
  uint32_t constants = 0, constantCount = 0;
  uint32_t parameters = 0, parameterCount = 0;
  uint32_t block = 0; // bytes into the uploaded block, where its constants are read from
  bool readsBlock = false;
};

/// A branch that was taken, for messages.
struct PreparedBranch {
  uint32_t index;
  bool taken;
  uint32_t parent;
};

struct Prepared {
  std::vector<PreparedOp> ops;
  std::vector<PreparedBranch> branches;
  std::vector<DeviceAddress> bindings;
  std::vector<int64_t> constants;
  std::vector<hadal_device_parameter_t> parameters;
  std::vector<hadal_device_tensor_map_t> maps; // of parameters, in order

  void clear();

  /// One launch as the device takes it; valid until a list changes.
  hadal_device_launch_t launch(const PreparedOp &op) const;

  /// The status with the place of an op in front: "ops[1].then.ops[3] 'layers.0.mlp': executable 'x': ".
  Status at(Status status, const PreparedOp &op, const Program &program) const;
  Status cancelledBefore(const PreparedOp &op) const;

private:
  /// Where an op lies: "ops[1].then.ops[3]".
  std::string path(const PreparedOp &op) const;
};

} // namespace hadal::runtime

#endif // HADAL_CORE_PREPARED_H
