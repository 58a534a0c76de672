// SPDX-License-Identifier: Apache-2.0
// Binds what the caller passes to an entry point's arguments and results, before anything changes.
#include "core/Given.h"
#include "core/Session.h"

#include <algorithm>
#include <cinttypes>

namespace hadal::runtime {
namespace {

using artifact::PortRole;

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARGUMENT;

} // namespace

bool sizeOfTensor(const Extents &extents, artifact::ElementType type, uint64_t *bytes) {
  *bytes = elementSize(type);
  for (uint32_t i = 0; i < extents.rank; ++i)
    if (extents.values[i] < 0 || !multiply(*bytes, uint64_t(extents.values[i]), bytes) ||
        *bytes > INT64_MAX)
      return false;
  return true;
}

Status Session::setCallValues(const CallInputs &inputs) {
  dims = sessionDims;
  if (inputs.entry->takesStep)
    setStepDims(*inputs.step);
  return setNamedValues("call.values", artifact::Dim::call_value, program().dims, inputs.values,
                        dims);
}

// An argument that the caller gives by name.
Status Session::bindValue(const CallInputs &inputs, uint32_t index) {
  const Port &port = inputs.entry->arguments[index];
  const hadal_call_argument_t *given = findNamed(inputs.arguments, port.name);
  if (!given)
    return fail(kInvalid, "call.arguments: expected '%s' of entry '%s', got none", port.name,
                inputs.entry->name);
  if (given->rank != port.shape.size())
    return fail(kInvalid, "argument '%s': rank: expected %u, got %u", port.name, port.shape.size(),
                given->rank);
  if (given->rank && !given->shape)
    return fail(kInvalid, "argument '%s': shape: expected an address, got NULL", port.name);
  Extents &extents = argumentExtents[index];
  extents.rank = given->rank;
  std::copy(given->shape, given->shape + given->rank, extents.values);
  uint64_t bytes = 0;
  if (!sizeOfTensor(extents, port.type, &bytes))
    return fail(kInvalid,
                "argument '%s': shape: expected extents of at least 0 and a size within 63 bits, "
                "got others",
                port.name);
  if (given->size != bytes)
    return fail(kInvalid,
                "argument '%s': size: expected %" PRIu64 " B for its shape and type %s, got %zu B",
                port.name, bytes, elementName(port.type), given->size);
  if (bytes && !given->data)
    return fail(kInvalid, "argument '%s': data: expected an address, got NULL", port.name);
  sources[index] = given->data;
  arguments[index].bytes = bytes;
  return {};
}

// Sources, extents and sizes of all arguments; addresses of those that are on the device.
Status Session::bindArguments(const CallInputs &inputs) {
  const std::vector<Port> &ports = inputs.entry->arguments;
  argumentExtents.assign(ports.size(), Extents());
  arguments.assign(ports.size(), Region());
  sources.assign(ports.size(), nullptr);
  auto packed = [&](uint32_t i, const int32_t *data, int64_t count) {
    argumentExtents[i] = {1, {count}};
    sources[i] = data;
    arguments[i].bytes = static_cast<uint64_t>(count) * sizeof(int32_t);
  };
  const hadal_step_t *step = inputs.step;
  for (uint32_t i = 0; i < ports.size(); ++i) {
    switch (ports[i].role) {
    case PortRole::tokens: packed(i, step->tokens, step->token_count); break;
    case PortRole::positions: packed(i, step->positions, step->token_count); break;
    case PortRole::sequence_offsets:
      packed(i, step->sequence_offsets, int64_t(step->sequence_count) + 1);
      break;
    case PortRole::slots: packed(i, step->slots, step->sequence_count); break;
    case PortRole::logit_rows: packed(i, step->logit_rows, step->logit_row_count); break;
    case PortRole::block_table: {
      const Pool &pool = pools[ports[i].blockTable];
      argumentExtents[i] = {2, {slots(), pool.pagesPerSlot}};
      arguments[i] = {pool.memory.address(), pool.memory.size()};
      break;
    }
    case PortRole::kept: {
      const KeptResult &result = kept[ports[i].kept];
      if (!result.made)
        return fail(kInvalid,
                    "argument '%s': expected a call that makes it before entry '%s', got none",
                    ports[i].name, inputs.entry->name);
      argumentExtents[i] = result.extents;
      arguments[i] = {result.memory.address(), 0};
      if (!sizeOfTensor(result.extents, ports[i].type, &arguments[i].bytes))
        return fail(HADAL_STATUS_INVALID_ARTIFACT,
                    "argument '%s': expected a size within 63 bits, got more",
                    ports[i].name); // as long as it was when it was made
      break;
    }
    default: HADAL_TRY(bindValue(inputs, i));
    }
  }
  return {};
}

// What the plan says about the shapes of arguments must be what they are, or its kernels would read
// past their ends.
Status Session::checkShapes(const CallInputs &inputs) const {
  for (uint32_t i = 0; i < inputs.entry->arguments.size(); ++i) {
    const Port &port = inputs.entry->arguments[i];
    bool plan = port.role != PortRole::value && port.role != PortRole::kept;
    for (uint32_t j = 0; j < port.shape.size(); ++j) {
      int64_t stated = values[port.shape[j]], actual = argumentExtents[i].values[j];
      if (stated != actual && plan)
        return inProgram(fail(HADAL_STATUS_INVALID_ARTIFACT,
                              "arguments[%u].shape[%u]: expected %" PRId64
                              " for '%s', got %" PRId64,
                              i, j, actual, port.name, stated),
                         inputs.entry->name);
      if (stated != actual)
        return fail(kInvalid, "argument '%s': shape[%u]: expected %" PRId64 ", got %" PRId64,
                    port.name, j, stated, actual);
    }
  }
  return {};
}

// Extents and sizes of all results.
Status Session::shapeResults(const CallInputs &inputs) {
  const std::vector<Port> &ports = inputs.entry->results;
  resultExtents.assign(ports.size(), Extents());
  results.assign(ports.size(), Region());
  for (uint32_t i = 0; i < ports.size(); ++i) {
    const Port &port = ports[i];
    Extents &extents = resultExtents[i];
    extents.rank = port.shape.size();
    for (uint32_t j = 0; j < extents.rank; ++j)
      extents.values[j] = values[port.shape[j]];
    // What hadal_session_step promises of its logits.
    int64_t vocabulary = module->plan().model()->vocab_size();
    const int64_t expected[] = {inputs.step ? int64_t(inputs.step->logit_row_count) : 0,
                                vocabulary};
    for (uint32_t j = 0; port.role == PortRole::logits && j < 2; ++j)
      if (extents.values[j] != expected[j])
        return inProgram(fail(HADAL_STATUS_INVALID_ARTIFACT,
                              "results[%u].shape[%u]: expected %" PRId64 " for '%s', got %" PRId64,
                              i, j, expected[j], port.name, extents.values[j]),
                         inputs.entry->name);
    if (!sizeOfTensor(extents, port.type, &results[i].bytes))
      return inProgram(
          fail(HADAL_STATUS_INVALID_ARTIFACT,
               "results[%u].shape: expected extents of at least 0 and a size within 63 bits "
               "for '%s', got others",
               i, port.name),
          inputs.entry->name);
  }
  return {};
}

// Where the caller wants them.
Status Session::bindResults(const CallInputs &inputs) {
  const std::vector<Port> &ports = inputs.entry->results;
  targets.assign(ports.size(), nullptr);
  for (uint32_t i = 0; i < ports.size(); ++i) {
    const Port &port = ports[i];
    if (inputs.isStep && port.role == PortRole::logits) {
      if (results[i].bytes)
        HADAL_TRY(requireAddress(inputs.logits, "logits"));
      targets[i] = inputs.logits;
      continue;
    }
    const hadal_call_result_t *given = findNamed(inputs.results, port.name);
    if (!given && port.role != PortRole::kept && results[i].bytes)
      return fail(kInvalid, "call.results: expected '%s' of entry '%s', got none", port.name,
                  inputs.entry->name);
    if (!given)
      continue;
    if (given->size != results[i].bytes)
      return fail(kInvalid, "result '%s': size: expected %" PRIu64 " B, got %zu B", port.name,
                  results[i].bytes, given->size);
    if (given->size && !given->data)
      return fail(kInvalid, "result '%s': data: expected an address, got NULL", port.name);
    targets[i] = given->data;
  }
  return {};
}

Status Session::checkCall(const CallInputs &inputs) {
  const Entry &entry = *inputs.entry;
  if (entry.takesStep && !inputs.step)
    return fail(kInvalid, "call.step: expected the tokens of entry '%s', got NULL", entry.name);
  if (!entry.takesStep && inputs.step)
    return fail(kInvalid,
                "call.step: expected NULL for entry '%s', which has no step, got an address",
                entry.name);
  if (inputs.step)
    HADAL_TRY(checkStep(entry, *inputs.step));
  HADAL_TRY(checkGivenNames("call.arguments", inputs.arguments));
  for (uint32_t i = 0; i < inputs.arguments.size(); ++i) {
    const Port *port = findNamed(entry.arguments, inputs.arguments[i].name);
    if (!port || port->role != PortRole::value)
      return fail(kInvalid,
                  "call.arguments[%u].name: expected an argument of entry '%s' that is the "
                  "caller's, got '%s'",
                  i, entry.name, inputs.arguments[i].name);
  }
  HADAL_TRY(checkGivenNames("call.results", inputs.results));
  for (uint32_t i = 0; i < inputs.results.size(); ++i)
    if (!findNamed(entry.results, inputs.results[i].name))
      return fail(kInvalid, "call.results[%u].name: expected a result of entry '%s', got '%s'", i,
                  entry.name, inputs.results[i].name);
  HADAL_TRY(setCallValues(inputs));
  return bindArguments(inputs);
}

} // namespace hadal::runtime
