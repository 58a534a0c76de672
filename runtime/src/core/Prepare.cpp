// SPDX-License-Identifier: Apache-2.0
// Computes what the plan says of a call: the arena, the branches that are taken, and each launch.
#include "core/Expression.h"
#include "core/RecordDims.h"
#include "core/Session.h"

#include <algorithm>
#include <cinttypes>

namespace hadal::runtime {
namespace {

using artifact::KernelParameterKind;

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

// Workgroups of one launch: far more than any kernel needs, far less than what
// would overflow the counter that threads claim them with.
constexpr uint64_t kMaxWorkgroups = uint64_t(1) << 40;

// An expression of an interface that counts bytes; 0 where there is none.
Status bytesOf(const char *field, uint32_t expression, const std::vector<int64_t> &values,
               uint64_t *bytes) {
  *bytes = 0;
  if (expression == kNone)
    return {};
  if (values[expression] < 0)
    return fail(kInvalid, "%s: expected at least 0 B, got %" PRId64 " B", field,
                values[expression]);
  *bytes = static_cast<uint64_t>(values[expression]);
  return {};
}

Status makeMap(const TensorMap &map, const std::vector<int64_t> &values,
               hadal_device_tensor_map_t &out) {
  out.type = static_cast<hadal_element_type_t>(map.type);
  out.rank = map.extents.size();
  for (uint32_t i = 0; i < out.rank; ++i) {
    int64_t extent = values[map.extents[i]], stride = i ? values[map.strides[i - 1]] : 0;
    if (extent < 1 || stride < 0)
      return fail(kInvalid,
                  "map: expected extents of at least 1 and strides of at least 0 B, got %" PRId64
                  " and %" PRId64 " B",
                  extent, stride);
    out.extents[i] = static_cast<uint64_t>(extent);
    if (i)
      out.strides[i - 1] = static_cast<uint64_t>(stride);
    out.box[i] = map.box[i];
  }
  out.swizzle = map.swizzle;
  return {};
}

} // namespace

Status Session::prepareArena(const Entry &entry) {
  if (entry.buffers.empty())
    return {};
  int64_t size = layout[entry.arenaSize];
  if (size < 0)
    return fail(kInvalid, "arena_size: expected at least 0 B, got %" PRId64 " B", size);
  uint64_t end = 0; // of the last buffer of nothing
  for (uint32_t i = 0; i < entry.buffers.size(); ++i) {
    const Buffer &buffer = entry.buffers[i];
    int64_t offset = layout[buffer.offset], bytes = layout[buffer.size];
    if (offset < 0 || offset % 64 != 0 || bytes < 0 || offset > size || bytes > size - offset)
      return fail(kInvalid,
                  "buffers[%u] '%s': expected a 64-byte aligned range within the arena's %" PRId64
                  " B, got %" PRId64 " B at %" PRId64,
                  i, buffer.name, size, bytes, offset);
    if (bytes == 0)
      end = std::max(end, static_cast<uint64_t>(offset));
  }
  // A buffer of nothing has a line too: reads of an element that is not there find it.
  uint64_t needed = std::max(static_cast<uint64_t>(size), end + 64);
  return arena.size() >= needed ? Status() : grow(needed, "arena", arena);
}

// By half at least, so that calls that grow little by little do not replace it every time. The old
// memory goes first. Launches that were recorded know its address, and go too.
Status Session::grow(uint64_t bytes, const char *what, DeviceMemory &memory) {
  uint64_t held = memory.size();
  records.clear();
  memory = DeviceMemory();
  return module->device().allocate(std::max(bytes, held + held / 2), what, memory);
}

Session::Region Session::resolve(const Entry &entry, const artifact::Binding &binding) const {
  uint32_t index = binding.index();
  auto whole = [](const DeviceMemory &memory) { return Region{memory.address(), memory.size()}; };
  switch (binding.kind()) {
  case artifact::BindingKind::argument: return arguments[index];
  case artifact::BindingKind::result: return results[index];
  case artifact::BindingKind::parameter:
    return whole(computed[index] ? computed[index] : module->parameter(index));
  case artifact::BindingKind::slice: return whole(module->slice(index));
  case artifact::BindingKind::state: return whole(states[index]);
  case artifact::BindingKind::transient: {
    const Buffer &buffer = entry.buffers[index];
    return {arena.address() + static_cast<uint64_t>(layout[buffer.offset]),
            static_cast<uint64_t>(layout[buffer.size])};
  }
  }
  return {};
}

// Workgroups as the interface says; false when there are none.
Status Session::prepareGrid(const KernelInterface &interface, PreparedOp &op, bool *any) {
  uint64_t total = 1;
  for (uint32_t i = 0; i < 3; ++i) {
    int64_t extent = launchValues[interface.grid[i]];
    if (extent < 0 || extent > kMaxGridExtent)
      return fail(kInvalid, "grid[%u]: expected 0 to %d workgroups, got %" PRId64, i,
                  kMaxGridExtent, extent);
    op.grid[i] = static_cast<uint32_t>(extent);
    if (!multiply(total, uint64_t(extent), &total) || total > kMaxWorkgroups)
      return fail(kInvalid, "grid: expected at most %" PRIu64 " workgroups, got more",
                  kMaxWorkgroups);
  }
  *any = total != 0;
  return {};
}

Status Session::prepareParameters(const KernelInterface &interface, PreparedOp &op) {
  const DeviceAddress *bound = prepared.bindings.data() + op.bindings;
  const int64_t *constant = prepared.constants.data() + op.constants;
  op.parameters = static_cast<uint32_t>(prepared.parameters.size());
  op.parameterCount = static_cast<uint32_t>(interface.parameters.size());
  for (const KernelParameter &parameter : interface.parameters) {
    hadal_device_parameter_t value = {};
    switch (parameter.kind) {
    case KernelParameterKind::tensor_map:
      value.kind = HADAL_DEVICE_PARAMETER_TENSOR_MAP;
      HADAL_TRY(makeMap(parameter.map, launchValues, prepared.maps.emplace_back()));
      [[fallthrough]];
    case KernelParameterKind::binding: value.address = bound[parameter.index]; break;
    case KernelParameterKind::constant_i32:
      if (constant[parameter.index] < INT32_MIN || constant[parameter.index] > INT32_MAX)
        return fail(kInvalid, "constants[%u]: expected 32 bits, got %" PRId64, parameter.index,
                    constant[parameter.index]);
      value.kind = HADAL_DEVICE_PARAMETER_I32;
      value.value = constant[parameter.index];
      break;
    case KernelParameterKind::constant_i64:
      value.kind = HADAL_DEVICE_PARAMETER_I64;
      value.value = constant[parameter.index];
      break;
    case KernelParameterKind::workspace: value.address = workspaceAddress(); break;
    case KernelParameterKind::constants: value.address = block.address() + op.block; break;
    }
    prepared.parameters.push_back(value);
  }
  return {};
}

Status Session::prepareLaunch(const Entry &entry, const Launch &launch, PreparedOp &op, bool *any) {
  const KernelInterface &interface = module->kernels().interface(launch.executable);
  op.launch = &launch;
  op.kernel = module->kernels().kernel(launch.executable);
  launch.constantsFrom(layout, launchConstants);
  HADAL_TRY_IN(evaluateExpressions(interface.exprs, {{}, {}, launchConstants}, launchValues),
               "interface.");
  HADAL_TRY(prepareGrid(interface, op, any));
  if (!*any)
    return {};
  uint64_t workspaceBytes = 0;
  HADAL_TRY(bytesOf("dynamic_shared", interface.dynamicShared, launchValues, &op.sharedBytes));
  HADAL_TRY(bytesOf("workspace", interface.workspace, launchValues, &workspaceBytes));
  workspaceBytes = std::max<uint64_t>(workspaceBytes, 64) + HADAL_KERNEL_COUNTER_BYTES;
  if (interface.workspace != kNone && workspace.size() < workspaceBytes) {
    // Launches that were prepared before would keep the old address.
    neededWorkspace = std::max(neededWorkspace, workspaceBytes);
    *any = false;
    return {};
  }
  op.bindings = static_cast<uint32_t>(prepared.bindings.size());
  for (const artifact::Binding &binding : launch.bindings)
    prepared.bindings.push_back(resolve(entry, binding).address);
  op.constants = static_cast<uint32_t>(prepared.constants.size());
  op.constantCount = launch.constants.size();
  prepared.constants.insert(prepared.constants.end(), launchConstants.begin(),
                            launchConstants.begin() + op.constantCount);
  if (interface.parameters.empty()) {
    if (interface.workspace != kNone)
      prepared.bindings.push_back(workspaceAddress());
    op.bindingCount = static_cast<uint32_t>(prepared.bindings.size()) - op.bindings;
    return {};
  }
  op.readsBlock = readsConstants(interface);
  op.block = usedBlock;
  if (op.readsBlock)
    usedBlock += constantsBytesOf(launch);
  return prepareParameters(interface, op);
}

Status Session::prepareOps(const Entry &entry, const std::vector<Op> &ops, uint32_t branchOf) {
  for (uint32_t i = 0; i < ops.size(); ++i) {
    PreparedOp op;
    op.index = i;
    op.branch = branchOf;
    if (const auto *launch = std::get_if<Launch>(&ops[i].body)) {
      bool any = false;
      if (Status status = prepareLaunch(entry, *launch, op, &any); !status.ok())
        return prepared.at(std::move(status), op, program());
      if (any)
        prepared.ops.push_back(op);
    } else if (const auto *branch = std::get_if<Branch>(&ops[i].body)) {
      bool taken = values[branch->condition] != 0;
      auto inner = static_cast<uint32_t>(prepared.branches.size());
      prepared.branches.push_back({i, taken, branchOf});
      HADAL_TRY(prepareOps(entry, taken ? branch->thenOps : branch->elseOps, inner));
    } else if (const auto *tap = std::get_if<Tap>(&ops[i].body); tap && tapCallback) {
      op.tap = tap;
      prepared.ops.push_back(op);
    }
  }
  return {};
}

Status Session::prepare(const Entry &entry) {
  HADAL_TRY(prepareArena(entry));
  for (;;) {
    prepared.clear();
    usedBlock = 0;
    neededWorkspace = 0;
    HADAL_TRY(prepareOps(entry, entry.ops, UINT32_MAX));
    if (!neededWorkspace)
      break;
    HADAL_TRY(grow(neededWorkspace, "workspace", workspace));
  }
  uint32_t map = 0;
  for (hadal_device_parameter_t &parameter : prepared.parameters)
    if (parameter.kind == HADAL_DEVICE_PARAMETER_TENSOR_MAP)
      parameter.map = &prepared.maps[map++];
  return {};
}

} // namespace hadal::runtime
