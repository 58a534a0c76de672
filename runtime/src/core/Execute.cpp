// SPDX-License-Identifier: Apache-2.0
// Walks the ops of an entry point: launches, branches and taps.
#include "core/Session.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <ctime>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

// Workgroups of one launch: far more than any kernel needs, far less than what
// would overflow the counter that threads claim them with.
constexpr uint64_t kMaxWorkgroups = uint64_t(1) << 40;

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1000000000u + static_cast<uint64_t>(time.tv_nsec);
}

uint64_t notNegative(int64_t value) { return value < 0 ? 0 : static_cast<uint64_t>(value); }

} // namespace

Status Session::prepareArena(const Entry &entry) {
  if (entry.buffers.empty())
    return {};
  int64_t size = values[entry.arenaSize];
  if (size < 0)
    return fail(kInvalid, "arena_size: expected at least 0 B, got %" PRId64 " B", size);
  for (uint32_t i = 0; i < entry.buffers.size(); ++i) {
    const Buffer &buffer = entry.buffers[i];
    int64_t offset = values[buffer.offset], bytes = values[buffer.size];
    if (offset < 0 || offset % 64 != 0 || bytes < 0 || offset > size || bytes > size - offset)
      return fail(kInvalid, "buffers[%u] '%s': expected a 64-byte aligned range within the arena's %"
                  PRId64 " B, got %" PRId64 " B at %" PRId64, i, buffer.name, size, bytes, offset);
  }
  uint64_t held = arenaBytes(), needed = std::max<uint64_t>(size, 64);
  if (held >= needed)
    return {};
  // Grows by half at least, so that a context that grows token by token does not
  // replace the arena in every step. The old one goes first.
  arena.reset();
  return module->device().allocate(std::max(needed, held + held / 2), "arena", arena);
}

Session::Region Session::resolve(const Entry &entry, const artifact::Binding &binding) const {
  uint32_t index = binding.index();
  auto whole = [](const DeviceMemory &memory) { return Region{memory.address(), memory.size()}; };
  switch (binding.kind()) {
  case artifact::BindingKind::argument:
    return arguments[index];
  case artifact::BindingKind::result:
    return results[index];
  case artifact::BindingKind::parameter:
    return whole(computed[index] ? *computed[index] : *module->parameter(index));
  case artifact::BindingKind::slice:
    return whole(*module->slice(index));
  case artifact::BindingKind::state:
    return whole(*states[index]);
  case artifact::BindingKind::transient: {
    const Buffer &buffer = entry.buffers[index];
    return {static_cast<uint8_t *>(arena->address()) + values[buffer.offset],
            static_cast<uint64_t>(values[buffer.size])};
  }
  }
  return {};
}

// Evaluates what the interface says over the constants of the launch.
Status Session::prepareLaunch(const KernelInterface &interface, LaunchRequest &request) {
  HADAL_TRY_IN(evaluateExpressions(interface.exprs, {{}, {}, constants}, launchValues), "interface.");
  uint64_t total = 1;
  for (uint32_t i = 0; i < 3; ++i) {
    int64_t extent = launchValues[interface.grid[i]];
    if (extent < 0 || extent > INT32_MAX)
      return fail(kInvalid, "grid[%u]: expected 0 to %d workgroups, got %" PRId64, i, INT32_MAX,
                  extent);
    request.grid[i] = static_cast<uint32_t>(extent);
    if (!multiply(total, uint64_t(extent), &total) || total > kMaxWorkgroups)
      return fail(kInvalid, "grid: expected at most %" PRIu64 " workgroups, got more", kMaxWorkgroups);
  }
  if (total == 0)
    return {};
  std::copy(interface.workgroupSize.begin(), interface.workgroupSize.end(), request.workgroupSize);
  std::copy(interface.cluster.begin(), interface.cluster.end(), request.cluster);
  request.cooperative = interface.cooperative;
  if (interface.dynamicShared != kNone) {
    int64_t bytes = launchValues[interface.dynamicShared];
    if (bytes < 0)
      return fail(kInvalid, "dynamic_shared: expected at least 0 B, got %" PRId64 " B", bytes);
    request.sharedBytes = static_cast<uint64_t>(bytes);
  }
  if (interface.workspace == kNone)
    return {};
  int64_t bytes = launchValues[interface.workspace];
  if (bytes < 0)
    return fail(kInvalid, "workspace: expected at least 0 B, got %" PRId64 " B", bytes);
  request.workspaceBytes = static_cast<uint64_t>(bytes);
  if (workspaceBytes() < std::max<uint64_t>(request.workspaceBytes, 64)) {
    // An earlier launch may still use the old one, which goes first.
    HADAL_TRY(module->device().synchronize());
    workspace.reset();
    HADAL_TRY(module->device().allocate(std::max<uint64_t>(request.workspaceBytes, 64), "workspace",
                                        workspace));
  }
  request.workspace = workspace->address();
  return {};
}

Status Session::runLaunch(const Entry &entry, const Launch &launch) {
  LaunchRequest request = {};
  request.executable = launch.executable;
  launch.constantsFrom(values, constants);
  HADAL_TRY(prepareLaunch(module->interface(launch.executable), request));
  if (request.grid[0] == 0 || request.grid[1] == 0 || request.grid[2] == 0)
    return {};
  DevicePointer bindings[kMaxBindings];
  request.bindings = bindings;
  request.bindingCount = launch.bindings.size();
  for (uint32_t i = 0; i < request.bindingCount; ++i)
    bindings[i] = resolve(entry, launch.bindings[i]).address;
  request.constants = constants.data();
  request.constantCount = launch.constants.size();
  if (launchCallback)
    return reportLaunch(entry, launch, request);
  return module->device().launch(module->kernels(), request);
}

Status Session::reportLaunch(const Entry &entry, const Launch &launch, const LaunchRequest &request) {
  Device &device = module->device();
  uint64_t start = now();
  HADAL_TRY(device.launch(module->kernels(), request));
  HADAL_TRY(device.synchronize());
  const Executable &executable = program().executables[launch.executable];
  hadal_launch_t info = {};
  info.start_ns = start;
  info.duration_ns = now() - start;
  info.entry = entry.name;
  info.label = launch.label;
  info.executable = executable.name;
  info.family = executable.family;
  info.level = module->level();
  std::copy(request.grid, request.grid + 3, info.grid);
  info.flops = notNegative(values[launch.flops]);
  info.bytes = notNegative(values[launch.bytes]);
  launchCallback(launchUser, &info);
  return {};
}

Status Session::runTap(const Entry &entry, const Tap &tap) {
  if (!tapCallback)
    return {};
  Extents shape;
  shape.rank = tap.shape.size();
  uint64_t bytes = elementSize(tap.type);
  for (uint32_t i = 0; i < shape.rank; ++i) {
    int64_t extent = shape.values[i] = values[tap.shape[i]];
    if (extent < 0 || !multiply(bytes, uint64_t(extent), &bytes))
      return fail(kInvalid, "shape[%u]: expected at least 0 and a size within 64 bits, got %" PRId64, i,
                  extent);
  }
  Region region = resolve(entry, tap.binding);
  if (bytes > region.bytes)
    return fail(kInvalid, "shape: expected at most the buffer's %" PRIu64 " B, got %" PRIu64 " B",
                region.bytes, bytes);
  Device &device = module->device();
  std::vector<uint8_t> copy;
  HADAL_TRY(device.synchronize());
  if (!device.sharesHostMemory()) {
    copy.resize(bytes);
    HADAL_TRY(device.download(copy.data(), region.address, bytes));
  }
  hadal_tap_t info = {};
  info.name = tap.name;
  info.type = static_cast<hadal_element_type_t>(tap.type);
  info.rank = shape.rank;
  info.shape = shape.values;
  info.data = copy.empty() ? region.address : copy.data();
  info.size = bytes;
  tapCallback(tapUser, &info);
  return {};
}

Status Session::runOps(const Entry &entry, const std::vector<Op> &ops) {
  for (uint32_t i = 0; i < ops.size(); ++i) {
    if (cancelled.load(std::memory_order_relaxed))
      return fail(HADAL_STATUS_CANCELLED, "cancelled before ops[%u]", i);
    if (const auto *launch = std::get_if<Launch>(&ops[i].body)) {
      HADAL_TRY_IN(runLaunch(entry, *launch), "ops[%u] '%s': executable '%s': ", i, launch->label,
                   program().executables[launch->executable].name);
    } else if (const auto *branch = std::get_if<Branch>(&ops[i].body)) {
      bool taken = values[branch->condition] != 0;
      HADAL_TRY_IN(runOps(entry, taken ? branch->thenOps : branch->elseOps), "ops[%u].%s.", i,
                   taken ? "then" : "else");
    } else if (const auto *tap = std::get_if<Tap>(&ops[i].body)) {
      HADAL_TRY_IN(runTap(entry, *tap), "ops[%u] '%s': ", i, tap->name);
    }
  }
  return {};
}

} // namespace hadal::runtime
