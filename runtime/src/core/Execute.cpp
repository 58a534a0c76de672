// SPDX-License-Identifier: Apache-2.0
// Runs what was prepared, launch by launch, for calls that are not replayed.
#include "core/Session.h"

#include <algorithm>
#include <cinttypes>

namespace hadal::runtime {
namespace {

uint64_t notNegative(int64_t value) { return value < 0 ? 0 : static_cast<uint64_t>(value); }

} // namespace

Status Session::reportLaunch(const CallInputs &inputs, const PreparedOp &op) {
  const Device &device = module->device();
  for (DeviceEvent *event : {&before, &after})
    if (!*event)
      HADAL_TRY(device.createEvent(*event));
  uint64_t start = 0, end = 0;
  HADAL_TRY(queue.signal(before));
  HADAL_TRY(queue.launch(prepared.launch(op)));
  HADAL_TRY(queue.signal(after));
  HADAL_TRY(queue.synchronize());
  HADAL_TRY(device.eventTime(before, &start));
  HADAL_TRY(device.eventTime(after, &end));
  const Executable &executable = program().executables[op.launch->executable];
  hadal_launch_t info = {};
  info.start_ns = start;
  info.duration_ns = end < start ? 0 : end - start;
  info.entry = inputs.entry->name;
  info.label = op.launch->label;
  info.executable = executable.name;
  info.family = executable.family;
  info.level = module->level();
  std::copy(op.grid, op.grid + 3, info.grid);
  info.flops = notNegative(values[op.launch->flops]);
  info.bytes = notNegative(values[op.launch->bytes]);
  HADAL_TRY(queue.counters(&info.counters));
  countTraffic(inputs, *op.launch, info);
  info.index = op.launch->index;
  launchCallback(launchUser, &info);
  return {};
}

Status Session::runTap(const Entry &entry, const Tap &tap) {
  Extents shape;
  shape.rank = tap.shape.size();
  uint64_t bytes = elementSize(tap.type);
  for (uint32_t i = 0; i < shape.rank; ++i) {
    int64_t extent = shape.values[i] = values[tap.shape[i]];
    if (extent < 0 || !multiply(bytes, uint64_t(extent), &bytes))
      return fail(HADAL_STATUS_INVALID_ARTIFACT,
                  "shape[%u]: expected at least 0 and a size within 64 bits, got %" PRId64, i,
                  extent);
  }
  Region region = resolve(entry, tap.binding);
  if (bytes > region.bytes)
    return fail(HADAL_STATUS_INVALID_ARTIFACT,
                "shape: expected at most the buffer's %" PRIu64 " B, got %" PRIu64 " B",
                region.bytes, bytes);
  std::vector<uint8_t> copy;
  hadal_tap_t info = {};
  info.data = reinterpret_cast<const void *>(region.address);
  if (!module->device().sharesHostMemory()) {
    copy.resize(std::max<uint64_t>(bytes, 1));
    info.data = copy.data();
    if (bytes)
      HADAL_TRY(queue.download(copy.data(), region.address, bytes));
  }
  HADAL_TRY(queue.synchronize());
  info.name = tap.name;
  info.type = static_cast<hadal_element_type_t>(tap.type);
  info.rank = shape.rank;
  info.shape = shape.values;
  info.size = bytes;
  openTap = {region.address, bytes};
  openTapIsOurs = !isReadOnly(tap.binding.kind());
  tapCallback(tapUser, &info);
  openTap = {};
  return {};
}

Status Session::replaceTap(const void *data, size_t size) {
  if (!openTap.address)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "session: expected the callback of a tap to replace its value, got none");
  if (!openTapIsOurs)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "session: expected a tap of what the step makes, got an argument or a parameter");
  if (size != openTap.bytes)
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "size: expected the tap's %" PRIu64 " B, got %zu B",
                openTap.bytes, size);
  if (size == 0)
    return {};
  if (!data)
    return fail(HADAL_STATUS_INVALID_ARGUMENT, "data: expected an address, got NULL");
  HADAL_TRY(queue.upload(openTap.address, data, size));
  return queue.synchronize(); // `data` is the caller's
}

Status Session::runOps(const CallInputs &inputs) {
  for (const PreparedOp &op : prepared.ops) {
    Status status;
    if (cancelled.load(std::memory_order_relaxed))
      return prepared.cancelledBefore(op);
    if (op.tap)
      status = runTap(*inputs.entry, *op.tap);
    else if (launchCallback)
      status = reportLaunch(inputs, op);
    else
      status = queue.launch(prepared.launch(op));
    if (!status.ok())
      return prepared.at(std::move(status), op, program());
  }
  return {};
}

} // namespace hadal::runtime
