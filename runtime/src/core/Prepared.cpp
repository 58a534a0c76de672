// SPDX-License-Identifier: Apache-2.0
// What was prepared, as a device takes it and as messages name it.
#include "core/Prepared.h"

#include <algorithm>

namespace hadal::runtime {

void Prepared::clear() {
  ops.clear();
  branches.clear();
  bindings.clear();
  constants.clear();
  parameters.clear();
  maps.clear();
}

hadal_device_launch_t Prepared::launch(const PreparedOp &op) const {
  hadal_device_launch_t launch = {};
  launch.struct_size = sizeof launch;
  launch.kernel = op.kernel;
  std::copy(op.grid, op.grid + 3, launch.grid);
  launch.shared_bytes = op.sharedBytes;
  if (op.parameterCount) {
    launch.parameters = parameters.data() + op.parameters;
    launch.parameter_count = op.parameterCount;
    return launch;
  }
  launch.bindings = bindings.data() + op.bindings;
  launch.binding_count = op.bindingCount;
  launch.constants = constants.data() + op.constants;
  launch.constant_count = op.constantCount;
  return launch;
}

Status Prepared::at(Status status, const PreparedOp &op, const Program &program) const {
  if (status.ok())
    return status;
  if (!op.launch)
    return within(std::move(status), "%s '%s': ", path(op).c_str(), op.tap->name);
  return within(std::move(status), "%s '%s': executable '%s': ", path(op).c_str(), op.launch->label,
                program.executables[op.launch->executable].name);
}

Status Prepared::cancelledBefore(const PreparedOp &op) const {
  return fail(HADAL_STATUS_CANCELLED, "cancelled before %s", path(op).c_str());
}

std::string Prepared::path(const PreparedOp &op) const {
  std::string path = "ops[" + std::to_string(op.index) + "]";
  for (uint32_t i = op.branch; i != UINT32_MAX; i = branches[i].parent)
    path = "ops[" + std::to_string(branches[i].index) + "]." +
           (branches[i].taken ? "then." : "else.") + path;
  return path;
}

} // namespace hadal::runtime
