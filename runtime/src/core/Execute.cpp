// SPDX-License-Identifier: Apache-2.0
// Walks the ops of an entry point: launches, branches and taps.
#include "core/ElementType.h"
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

Status Session::runEntry(const artifact::EntryPoint &entry, const Dims &dims) {
  HADAL_TRY(evaluateExpressions(entry.exprs(), dims, values));
  HADAL_TRY(checkShapes(entry, dims));
  HADAL_TRY(prepareArena(entry));
  HADAL_TRY(runOps(entry, entry.ops()));
  return module->device().synchronize();
}

Status Session::prepareArena(const artifact::EntryPoint &entry) {
  uint32_t count = sizeOf(entry.buffers());
  if (count == 0)
    return {};
  int64_t size = values[entry.arena_size()];
  if (size < 0)
    return fail(kInvalid, "arena_size: expected at least 0 B, got %" PRId64 " B", size);
  for (uint32_t i = 0; i < count; ++i) {
    const artifact::Buffer &buffer = *entry.buffers()->Get(i);
    int64_t offset = values[buffer.offset()], bytes = values[buffer.size()];
    if (offset < 0 || offset % 64 != 0 || bytes < 0 || offset > size || bytes > size - offset)
      return fail(kInvalid, "buffers[%u] '%s': expected a 64-byte aligned range within the arena's %"
                  PRId64 " B, got %" PRId64 " B at %" PRId64, i, text(buffer.name()), size, bytes,
                  offset);
  }
  uint64_t held = arenaBytes(), needed = std::max<uint64_t>(size, 64);
  if (held >= needed)
    return {};
  // Grows by half at least, so that a context that grows token by token does not
  // replace the arena in every step. The old one goes first.
  arena.reset();
  return module->device().allocate(std::max(needed, held + held / 2), "arena", arena);
}

Session::Region Session::resolve(const artifact::EntryPoint &entry,
                                 const artifact::Binding &binding) const {
  uint32_t index = binding.index();
  switch (binding.kind()) {
  case artifact::BindingKind::argument: {
    Input input = Input::tokens;
    findInput(entry.arguments()->Get(index)->name()->c_str(), &input);
    auto at = static_cast<uint32_t>(input);
    return {inputAddress[at], inputBytes[at]};
  }
  case artifact::BindingKind::result:
    return {logitAddress, logitBytes};
  case artifact::BindingKind::parameter:
    return {module->parameter(index), module->plan().parameters()->Get(index)->length()};
  case artifact::BindingKind::state:
    return {states[index]->address(), states[index]->size()};
  case artifact::BindingKind::transient: {
    const artifact::Buffer &buffer = *entry.buffers()->Get(index);
    return {static_cast<uint8_t *>(arena->address()) + values[buffer.offset()],
            static_cast<uint64_t>(values[buffer.size()])};
  }
  }
  return {};
}

Status Session::runLaunch(const artifact::EntryPoint &entry, const artifact::Launch &launch) {
  LaunchRequest request = {};
  request.executable = launch.executable();
  uint64_t total = 1;
  for (uint32_t i = 0; i < 3; ++i) {
    int64_t extent = values[launch.grid()->Get(i)];
    if (extent < 0 || extent > INT32_MAX)
      return fail(kInvalid, "grid[%u]: expected 0 to %d workgroups, got %" PRId64, i, INT32_MAX,
                  extent);
    request.grid[i] = static_cast<uint32_t>(extent);
    if (!multiply(total, uint64_t(extent), &total) || total > kMaxWorkgroups)
      return fail(kInvalid, "grid: expected at most %" PRIu64 " workgroups, got more", kMaxWorkgroups);
  }
  if (request.grid[0] == 0 || request.grid[1] == 0 || request.grid[2] == 0)
    return {};

  DevicePointer bindings[kMaxBindings];
  int64_t constants[kMaxConstants];
  request.bindings = bindings;
  request.bindingCount = sizeOf(launch.bindings());
  for (uint32_t i = 0; i < request.bindingCount; ++i)
    bindings[i] = resolve(entry, *launch.bindings()->Get(i)).address;
  request.constants = constants;
  request.constantCount = sizeOf(launch.constants());
  for (uint32_t i = 0; i < request.constantCount; ++i)
    constants[i] = values[launch.constants()->Get(i)];

  Device &device = module->device();
  if (!launchCallback)
    return device.launch(module->kernels(), request);
  uint64_t start = now();
  HADAL_TRY(device.launch(module->kernels(), request));
  HADAL_TRY(device.synchronize());
  const artifact::Executable &executable = *module->program()->executables()->Get(launch.executable());
  hadal_launch_t info = {};
  info.start_ns = start;
  info.duration_ns = now() - start;
  info.entry = text(entry.name());
  info.label = text(launch.label());
  info.executable = text(executable.name());
  info.family = text(executable.family());
  info.level = module->level();
  std::copy(request.grid, request.grid + 3, info.grid);
  info.flops = notNegative(values[launch.flops()]);
  info.bytes = notNegative(values[launch.bytes()]);
  launchCallback(launchUser, &info);
  return {};
}

Status Session::runTap(const artifact::EntryPoint &entry, const artifact::Tap &tap) {
  if (!tapCallback)
    return {};
  int64_t shape[kMaxRank];
  uint32_t rank = sizeOf(tap.shape());
  uint64_t bytes = elementSize(tap.type());
  for (uint32_t i = 0; i < rank; ++i) {
    shape[i] = values[tap.shape()->Get(i)];
    if (shape[i] < 0 || !multiply(bytes, uint64_t(shape[i]), &bytes))
      return fail(kInvalid, "shape[%u]: expected at least 0 and a size within 64 bits, got %" PRId64, i,
                  shape[i]);
  }
  Region region = resolve(entry, *tap.binding());
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
  info.name = text(tap.name());
  info.type = static_cast<hadal_element_type_t>(tap.type());
  info.rank = rank;
  info.shape = shape;
  info.data = copy.empty() ? region.address : copy.data();
  info.size = bytes;
  tapCallback(tapUser, &info);
  return {};
}

Status Session::runOps(const artifact::EntryPoint &entry, const Ops *ops) {
  for (uint32_t i = 0; i < sizeOf(ops); ++i) {
    if (cancelled.load(std::memory_order_relaxed))
      return fail(HADAL_STATUS_CANCELLED, "cancelled before ops[%u]", i);
    const artifact::Op &op = *ops->Get(i);
    if (const artifact::Launch *launch = op.body_as_Launch()) {
      HADAL_TRY_IN(runLaunch(entry, *launch), "ops[%u] '%s': executable '%s': ", i,
                   text(launch->label()),
                   text(module->program()->executables()->Get(launch->executable())->name()));
    } else if (const artifact::Branch *branch = op.body_as_Branch()) {
      bool taken = values[branch->condition()] != 0;
      HADAL_TRY_IN(runOps(entry, taken ? branch->then_ops() : branch->else_ops()), "ops[%u].%s.", i,
                   taken ? "then" : "else");
    } else if (const artifact::Tap *tap = op.body_as_Tap()) {
      HADAL_TRY_IN(runTap(entry, *tap), "ops[%u] '%s': ", i, text(tap->name()));
    }
  }
  return {};
}

} // namespace hadal::runtime
