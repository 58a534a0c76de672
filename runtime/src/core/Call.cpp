// SPDX-License-Identifier: Apache-2.0
// The outline of a call: check, place in the device's memory, run, fetch.
#include "core/Session.h"

#include <algorithm>
#include <cinttypes>

namespace hadal::runtime {
namespace {

// Bytes that a tensor takes in shared storage: whole lines, and one at least, so that no address is
// null.
uint64_t placeOf(uint64_t bytes) { return (std::max<uint64_t>(bytes, 1) + 63) / 64 * 64; }

Status growTo(Device &device, uint64_t bytes, const char *what, std::unique_ptr<DeviceMemory> &memory) {
  if (memory && memory->size() >= bytes)
    return {};
  return device.allocate(placeOf(bytes), what, memory);
}

} // namespace

Status Session::step(const hadal_step_t &step, float *logits) {
  CallInputs inputs;
  inputs.step = &step;
  inputs.isStep = true;
  inputs.logits = logits;
  return run(inputs);
}

Status Session::call(const hadal_call_t &call) {
  CallInputs inputs;
  inputs.step = call.step;
  inputs.arguments = {call.arguments, call.argument_count};
  inputs.results = {call.results, call.result_count};
  inputs.values = {call.values, call.value_count};
  if (call.entry) {
    inputs.entry = program().findEntry(call.entry);
    if (!inputs.entry)
      return fail(HADAL_STATUS_INVALID_ARGUMENT, "call.entry: expected an entry of the program, got '%s'",
                  call.entry);
  }
  return run(inputs);
}

Status Session::run(const CallInputs &given) {
  cancelled.store(false, std::memory_order_relaxed);
  CallInputs inputs = given;
  using artifact::EntryRole;
  if (!inputs.entry && inputs.step && inputs.step->token_count == inputs.step->sequence_count)
    inputs.entry = program().findEntry(EntryRole::decode);
  if (!inputs.entry)
    inputs.entry = program().findEntry(EntryRole::step);
  if (!inputs.entry)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "%s: programs[%u].entries: expected one of role step, got none", module->path(),
                module->programIndex());
  const Entry &entry = *inputs.entry;
  HADAL_TRY(checkCall(inputs));
  HADAL_TRY(place(inputs));
  Status status = prepareArena(entry);
  if (status.ok())
    status = runOps(entry, entry.ops);
  // Even of a call that failed all launches end before their memory can move.
  Status ended = module->device().synchronize();
  if (status.ok())
    status = std::move(ended);
  if (status.ok())
    status = fetchResults(entry);
  if (inputs.step)
    setLengths(*inputs.step, status.ok());
  return inProgram(std::move(status), entry.name);
}

// Copies what the caller gave to where kernels find it, and finds a place for each result.
Status Session::place(const CallInputs &inputs) {
  Device &device = module->device();
  uint64_t total = 0;
  for (uint32_t i = 0; i < arguments.size(); ++i)
    if (!arguments[i].address)
      total += placeOf(arguments[i].bytes);
  HADAL_TRY(growTo(device, total, "arguments", this->inputs));
  uint64_t offset = 0;
  for (uint32_t i = 0; i < arguments.size(); ++i) {
    Region &region = arguments[i];
    if (region.address)
      continue;
    region.address = static_cast<uint8_t *>(this->inputs->address()) + offset;
    offset += placeOf(region.bytes);
    if (region.bytes)
      HADAL_TRY(device.upload(region.address, sources[i], region.bytes));
  }
  return placeResults(*inputs.entry);
}

// A kept result goes to the spare memory of its name; others where the caller wants them, if kernels
// can write there, else to storage of the session.
Status Session::placeResults(const Entry &entry) {
  Device &device = module->device();
  uint64_t total = 0;
  for (uint32_t i = 0; i < results.size(); ++i) {
    Region &region = results[i];
    if (entry.results[i].role == artifact::PortRole::kept) {
      KeptResult &result = kept[entry.results[i].kept];
      HADAL_TRY(growTo(device, std::max<uint64_t>(region.bytes, 1), entry.results[i].name, result.spare));
      result.spareExtents = resultExtents[i];
      region.address = result.spare->address();
    } else if (targets[i] && region.bytes && device.sharesHostMemory() &&
               reinterpret_cast<uintptr_t>(targets[i]) % 64 == 0) {
      region.address = targets[i];
    } else {
      total += placeOf(region.bytes);
    }
  }
  HADAL_TRY(growTo(device, total, "results", outputs));
  uint64_t offset = 0;
  for (Region &region : results)
    if (!region.address) {
      region.address = static_cast<uint8_t *>(outputs->address()) + offset;
      offset += placeOf(region.bytes);
    }
  return {};
}

Status Session::fetchResults(const Entry &entry) {
  for (uint32_t i = 0; i < results.size(); ++i)
    if (targets[i] && targets[i] != results[i].address && results[i].bytes)
      HADAL_TRY(module->device().download(targets[i], results[i].address, results[i].bytes));
  for (const Port &port : entry.results)
    if (port.role == artifact::PortRole::kept) {
      KeptResult &result = kept[port.kept];
      std::swap(result.memory, result.spare);
      result.extents = result.spareExtents;
      result.made = true;
    }
  return {};
}

void Session::setLengths(const hadal_step_t &step, bool succeeded) {
  for (uint32_t i = 0; i < step.sequence_count; ++i) {
    uint32_t first = static_cast<uint32_t>(step.positions[step.sequence_offsets[i]]);
    uint32_t count = static_cast<uint32_t>(step.sequence_offsets[i + 1] - step.sequence_offsets[i]);
    uint32_t &length = lengths[step.slots[i]];
    length = succeeded ? first + count : std::min(length, first);
  }
}

} // namespace hadal::runtime
