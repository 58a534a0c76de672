// SPDX-License-Identifier: Apache-2.0
// The outline of a call: check, place in the device's memory, run or replay, fetch.
#include "core/Session.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

namespace hadal::runtime {
namespace {

// Bytes that a tensor takes in shared storage: whole lines, and one at least, so that no address is
// null.
uint64_t placeOf(uint64_t bytes) { return (std::max<uint64_t>(bytes, 1) + 63) / 64 * 64; }

uint8_t *hostMemory(DeviceAddress address) { return reinterpret_cast<uint8_t *>(address); }

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
      return fail(HADAL_STATUS_INVALID_ARGUMENT,
                  "call.entry: expected an entry of the program, got '%s'", call.entry);
  }
  return run(inputs);
}

Status Session::findEntry(const CallInputs &inputs, const Entry **out) const {
  *out = inputs.entry;
  if (!*out && inputs.step && inputs.step->token_count == inputs.step->sequence_count)
    *out = decodeEntry;
  if (!*out)
    *out = stepEntry;
  if (!*out)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "%s: programs[%u].entries: expected one of role step, got none", module->path(),
                module->programIndex());
  if (inputs.isStep && !(*out)->givesLogits)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "entry '%s': expected a result of role logits for hadal_session_step, got none; "
                "hadal_session_call takes results by name",
                (*out)->name);
  return {};
}

// Expressions of the entry point: as they are, and over dims that are rounded up.
Status Session::evaluate(const CallInputs &inputs) {
  const Entry &entry = *inputs.entry;
  HADAL_TRY(
      inProgram(evaluateExpressions(entry.exprs, {dims, argumentExtents, {}}, values), entry.name));
  if (!mayRecord(entry) || !isRounded(entry)) {
    layout = values;
  } else {
    HADAL_TRY(inProgram(
        evaluateExpressions(entry.exprs, {roundedDims, argumentExtents, {}}, layout), entry.name));
  }
  HADAL_TRY(checkShapes(inputs));
  return shapeResults(inputs);
}

Status Session::run(const CallInputs &given) {
  cancelled.store(0, std::memory_order_relaxed);
  CallInputs inputs = given;
  HADAL_TRY(findEntry(given, &inputs.entry));
  const Entry &entry = *inputs.entry;
  HADAL_TRY(checkCall(inputs));
  HADAL_TRY(replaceWorkspace());
  Recording *recording = nullptr;
  if (mayRecord(entry)) {
    roundDims(entry);
    makeKey(entry);
    recording = findRecording();
  }
  // Shapes that the record was not made of are for evaluate to refuse.
  if (recording && !isRounded(entry) && recording->argumentExtents == argumentExtents) {
    resultExtents = recording->resultExtents;
    results = recording->results;
  } else {
    HADAL_TRY(evaluate(inputs));
  }
  HADAL_TRY(bindResults(inputs));
  if (inputs.step)
    HADAL_TRY(checkPages(entry, *inputs.step));
  Status status = execute(inputs, recording);
  if (!status.ok()) {
    static_cast<void>(queue.synchronize()); // what was passed in is the caller's again
    workspaceIsSpoiled = workspace.size() != 0;
  }
  if (inputs.step)
    setLengths(*inputs.step, status.ok());
  return inProgram(std::move(status), entry.name);
}

// A kernel that did not end leaves no zeros in front of it.
Status Session::replaceWorkspace() {
  if (!workspaceIsSpoiled)
    return {};
  HADAL_TRY(queue.synchronize());
  records.clear();
  workspace = DeviceMemory();
  workspaceIsSpoiled = false;
  return {};
}

Status Session::execute(const CallInputs &inputs, const Recording *recording) {
  const Entry &entry = *inputs.entry;
  if (recording) {
    for (uint32_t i = 0; i < arguments.size(); ++i)
      arguments[i].address = recording->arguments[i].address;
    for (uint32_t i = 0; i < results.size(); ++i)
      results[i].address = recording->results[i].address;
    HADAL_TRY(uploadArguments(recording->prepared, isRounded(entry)));
    HADAL_TRY(replay(*recording));
  } else {
    bool isWorth = mayRecord(entry) && isWorthRecording(entry);
    HADAL_TRY(placeArguments(entry));
    HADAL_TRY(placeResults(entry, !isWorth && module->device().sharesHostMemory()));
    HADAL_TRY(prepare(entry));
    HADAL_TRY(uploadArguments(prepared, isRounded(entry)));
    if (isWorth)
      HADAL_TRY(record(entry));
    HADAL_TRY(isWorth ? replay(records.front()) : runOps(inputs));
  }
  HADAL_TRY(fetchResults());
  keepResults(entry);
  if (recording)
    ++replayed;
  return {};
}

// Bytes of a port in shared storage, for all calls that are rounded up to the same.
uint64_t Session::layoutBytes(const Port &port, uint64_t actual) const {
  Extents extents;
  extents.rank = port.shape.size();
  for (uint32_t i = 0; i < extents.rank; ++i)
    extents.values[i] = layout[port.shape[i]];
  uint64_t bytes = 0;
  return sizeOfTensor(extents, port.type, &bytes) ? std::max(bytes, actual) : actual;
}

// One block, behind the constants that kernels read from memory.
Status Session::placeArguments(const Entry &entry) {
  const uint64_t constants = placeOf(dimsOf(entry).constantsBytes);
  uint64_t total = constants;
  for (uint32_t i = 0; i < arguments.size(); ++i)
    if (isUploaded(entry.arguments[i].role))
      total += placeOf(layoutBytes(entry.arguments[i], arguments[i].bytes));
  if (block.size() < total) {
    // The host's part first: what is on the device says that both are there.
    total = std::max(total, block.size() + block.size() / 2);
    if (!module->device().sharesHostMemory())
      HADAL_TRY(module->device().allocateStaging(total, stagedBlock));
    HADAL_TRY(grow(total, "arguments", block));
  }
  uint64_t offset = constants;
  for (uint32_t i = 0; i < arguments.size(); ++i) {
    if (!isUploaded(entry.arguments[i].role))
      continue;
    arguments[i].address = block.address() + offset;
    offset += placeOf(layoutBytes(entry.arguments[i], arguments[i].bytes));
  }
  return {};
}

// A kept result goes to the spare memory of its name; others where the caller wants them, if kernels
// can write there, else to storage of the session.
Status Session::placeResults(const Entry &entry, bool direct) {
  uint64_t total = 0, all = 0;
  for (uint32_t i = 0; i < results.size(); ++i) {
    Region &region = results[i];
    uint64_t bytes = layoutBytes(entry.results[i], region.bytes);
    region.address = 0;
    if (entry.results[i].role == artifact::PortRole::kept) {
      KeptResult &result = kept[entry.results[i].kept];
      if (result.spare.size() < std::max<uint64_t>(bytes, 1))
        HADAL_TRY(grow(placeOf(bytes), entry.results[i].name, result.spare));
      region.address = result.spare.address();
      continue;
    }
    all += placeOf(bytes);
    if (direct && targets[i] && region.bytes && reinterpret_cast<uintptr_t>(targets[i]) % 64 == 0)
      region.address = reinterpret_cast<DeviceAddress>(targets[i]);
    else
      total += placeOf(bytes);
  }
  // Place for when the call is recorded: memory that grows only then would drop other records.
  if (mayRecord(entry) && all <= kMostRecordedBytes)
    total = all;
  if (outputs.size() < total)
    HADAL_TRY(grow(total, "results", outputs));
  uint64_t offset = 0;
  for (uint32_t i = 0; i < results.size(); ++i)
    if (!results[i].address) {
      results[i].address = outputs.address() + offset;
      offset += placeOf(layoutBytes(entry.results[i], results[i].bytes));
    }
  return {};
}

// One copy to the device, of all that kernels read of this call. Where dims were rounded up,
// constants are what they are in this call.
Status Session::uploadArguments(const Prepared &launches, bool isRounded) {
  bool shared = module->device().sharesHostMemory();
  uint8_t *staged =
      shared ? hostMemory(block.address()) : static_cast<uint8_t *>(stagedBlock.get());
  uint64_t end = 0;
  for (const PreparedOp &op : launches.ops) {
    if (!op.readsBlock)
      continue;
    auto *to = reinterpret_cast<int64_t *>(staged + op.block);
    for (uint32_t i = 0; i < op.constantCount; ++i)
      to[i] = isRounded ? values[op.launch->constants[i]] : launches.constants[op.constants + i];
    end = std::max<uint64_t>(end, op.block + constantsBytesOf(*op.launch));
  }
  for (uint32_t i = 0; i < arguments.size(); ++i) {
    if (!sources[i] || !arguments[i].bytes)
      continue;
    uint64_t offset = arguments[i].address - block.address();
    std::memcpy(staged + offset, sources[i], arguments[i].bytes);
    end = std::max(end, offset + arguments[i].bytes);
  }
  return shared || end == 0 ? Status() : queue.upload(block.address(), staged, end);
}

// At most one copy from the device of what is not kept. Returns when all work has ended.
Status Session::fetchResults() {
  bool shared = module->device().sharesHostMemory();
  DeviceAddress first = UINT64_MAX, end = 0;
  std::vector<uint32_t> &together = fetched;
  together.clear();
  for (uint32_t i = 0; i < results.size(); ++i) {
    const Region &region = results[i];
    if (!targets[i] || !region.bytes || (shared && hostMemory(region.address) == targets[i]))
      continue;
    bool isOutput = region.address - outputs.address() < outputs.size();
    if (!shared && !isOutput) {
      HADAL_TRY(queue.download(targets[i], region.address, region.bytes));
      continue;
    }
    first = std::min(first, region.address);
    end = std::max(end, region.address + region.bytes);
    together.push_back(i);
  }
  const uint8_t *from = hostMemory(first);
  if (!shared && together.size() == 1) {
    HADAL_TRY(queue.download(targets[together[0]], first, end - first));
    together.clear();
  } else if (!shared && !together.empty()) {
    if (stagedOutputBytes < outputs.size()) {
      HADAL_TRY(module->device().allocateStaging(outputs.size(), stagedOutputs));
      stagedOutputBytes = outputs.size();
    }
    from = static_cast<const uint8_t *>(stagedOutputs.get());
    HADAL_TRY(queue.download(stagedOutputs.get(), first, end - first));
  }
  HADAL_TRY(queue.synchronize());
  for (uint32_t i : together)
    std::memcpy(targets[i], from + (results[i].address - first), results[i].bytes);
  return {};
}

void Session::keepResults(const Entry &entry) {
  for (uint32_t i = 0; i < entry.results.size(); ++i) {
    if (entry.results[i].role != artifact::PortRole::kept)
      continue;
    KeptResult &result = kept[entry.results[i].kept];
    std::swap(result.memory, result.spare);
    result.extents = resultExtents[i];
    result.made = true;
  }
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
