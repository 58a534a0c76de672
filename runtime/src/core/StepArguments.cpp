// SPDX-License-Identifier: Apache-2.0
// Checks what the caller passes to a step, before anything changes.
#include "core/Session.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARGUMENT;

Status checkPointers(const hadal_step_t &step, const float *logits) {
  struct {
    const char *name;
    const void *pointer;
    bool needed;
  } const pointers[] = {{"step.tokens", step.tokens, true},
                        {"step.positions", step.positions, true},
                        {"step.sequence_offsets", step.sequence_offsets, true},
                        {"step.slots", step.slots, true},
                        {"step.logit_rows", step.logit_rows, step.logit_row_count != 0},
                        {"logits", logits, step.logit_row_count != 0}};
  for (const auto &entry : pointers)
    if (entry.needed && !entry.pointer)
      return fail(kInvalid, "%s: expected an address, got NULL", entry.name);
  return {};
}

Status checkCounts(const hadal_step_t &step, uint32_t slots) {
  if (step.token_count == 0 || step.token_count > INT32_MAX)
    return fail(kInvalid, "step.token_count: expected 1 to %d, got %u", INT32_MAX, step.token_count);
  if (step.sequence_count == 0 || step.sequence_count > slots)
    return fail(kInvalid, "step.sequence_count: expected 1 to the session's %u slots, got %u", slots,
                step.sequence_count);
  if (step.logit_row_count > INT32_MAX)
    return fail(kInvalid, "step.logit_row_count: expected at most %d, got %u", INT32_MAX,
                step.logit_row_count);
  return {};
}

Status checkOffsets(const hadal_step_t &step) {
  const int32_t *offsets = step.sequence_offsets;
  if (offsets[0] != 0)
    return fail(kInvalid, "step.sequence_offsets[0]: expected 0, got %d", offsets[0]);
  for (uint32_t i = 1; i <= step.sequence_count; ++i)
    if (offsets[i] <= offsets[i - 1] || static_cast<uint32_t>(offsets[i]) > step.token_count)
      return fail(kInvalid, "step.sequence_offsets[%u]: expected %" PRId64 " to %u, got %d", i,
                  int64_t(offsets[i - 1]) + 1, step.token_count, offsets[i]);
  if (static_cast<uint32_t>(offsets[step.sequence_count]) != step.token_count)
    return fail(kInvalid, "step.sequence_offsets[%u]: expected the token count %u, got %d",
                step.sequence_count, step.token_count, offsets[step.sequence_count]);
  return {};
}

} // namespace

Status Session::checkSequence(const hadal_step_t &step, uint32_t sequence) {
  int32_t slot = step.slots[sequence];
  if (slot < 0 || static_cast<uint32_t>(slot) >= slots())
    return fail(kInvalid, "step.slots[%u]: expected a slot below %u, got %d", sequence, slots(), slot);
  if (stamps[slot] == stamp)
    return fail(kInvalid, "step.slots[%u]: expected a slot once in a step, got %d again", sequence,
                slot);
  stamps[slot] = stamp;
  uint32_t begin = static_cast<uint32_t>(step.sequence_offsets[sequence]);
  uint32_t end = static_cast<uint32_t>(step.sequence_offsets[sequence + 1]);
  int32_t first = step.positions[begin];
  if (first < 0 || static_cast<uint32_t>(first) > lengths[slot])
    return fail(kInvalid, "step.positions[%u]: expected 0 to the %u tokens that slot %d holds, got %d",
                begin, lengths[slot], slot, first);
  for (uint32_t i = begin; i < end; ++i) {
    int64_t expected = int64_t(first) + (i - begin);
    if (step.positions[i] != expected)
      return fail(kInvalid, "step.positions[%u]: expected %" PRId64
                  ", one more than the position before, got %d", i, expected, step.positions[i]);
    if (expected >= tokens)
      return fail(kInvalid, "step.positions[%u]: expected a position below the capacity of %u, got %d",
                  i, tokens, step.positions[i]);
  }
  return {};
}

Status Session::checkStep(const hadal_step_t &step, const float *logits, Dims &dims) {
  HADAL_TRY(checkPointers(step, logits));
  HADAL_TRY(checkCounts(step, slots()));
  HADAL_TRY(checkOffsets(step));
  uint32_t vocabulary = module->plan().model()->vocab_size();
  for (uint32_t i = 0; i < step.token_count; ++i)
    if (step.tokens[i] < 0 || static_cast<uint32_t>(step.tokens[i]) >= vocabulary)
      return fail(kInvalid, "step.tokens[%u]: expected an id below %u, got %d", i, vocabulary,
                  step.tokens[i]);
  for (uint32_t i = 0; i < step.logit_row_count; ++i)
    if (step.logit_rows[i] < 0 || static_cast<uint32_t>(step.logit_rows[i]) >= step.token_count)
      return fail(kInvalid, "step.logit_rows[%u]: expected a row below %u, got %d", i,
                  step.token_count, step.logit_rows[i]);
  ++stamp;
  int64_t most = 0, fewest = INT32_MAX, context = 0;
  for (uint32_t i = 0; i < step.sequence_count; ++i) {
    HADAL_TRY(checkSequence(step, i));
    int64_t count = step.sequence_offsets[i + 1] - step.sequence_offsets[i];
    most = std::max(most, count);
    fewest = std::min(fewest, count);
    context = std::max<int64_t>(context, int64_t(step.positions[step.sequence_offsets[i + 1] - 1]) + 1);
  }
  using artifact::Dim;
  dims[Dim::tokens] = step.token_count;
  dims[Dim::sequences] = step.sequence_count;
  dims[Dim::logit_rows] = step.logit_row_count;
  dims[Dim::slots] = slots();
  dims[Dim::capacity] = tokens;
  dims[Dim::pages_per_slot] = pagesPerSlot;
  dims[Dim::max_sequence_tokens] = most;
  dims[Dim::min_sequence_tokens] = fewest;
  dims[Dim::max_context] = context;
  return {};
}

Status Session::uploadInputs(const hadal_step_t &step) {
  const void *sources[] = {step.tokens, step.positions, step.sequence_offsets, step.slots,
                           step.logit_rows};
  const uint64_t counts[] = {step.token_count, step.token_count, uint64_t(step.sequence_count) + 1,
                             step.sequence_count, step.logit_row_count};
  uint64_t offsets[6] = {0};
  // Rounded up, and at least one line each, so that none has a null address.
  for (int i = 0; i < 5; ++i)
    offsets[i + 1] = offsets[i] + std::max<uint64_t>((counts[i] * sizeof(int32_t) + 63) / 64, 1) * 64;
  Device &device = module->device();
  if (!inputs || inputs->size() < offsets[5])
    HADAL_TRY(device.allocate(offsets[5], "inputs", inputs));
  for (int i = 0; i < 5; ++i) {
    inputAddress[i] = static_cast<uint8_t *>(inputs->address()) + offsets[i];
    inputBytes[i] = counts[i] * sizeof(int32_t);
    if (counts[i])
      HADAL_TRY(device.upload(inputAddress[i], sources[i], inputBytes[i]));
  }
  inputAddress[5] = blockTable->address();
  inputBytes[5] = blockTable->size();
  return {};
}

// What the plan says about the shapes of arguments and results must be what they
// are, or its kernels would read past their ends.
Status Session::checkShapes(const artifact::EntryPoint &entry, const Dims &dims) const {
  using artifact::Dim;
  const int64_t actual[kInputCount][2] = {
      {dims[Dim::tokens]},        {dims[Dim::tokens]},
      {dims[Dim::sequences] + 1}, {dims[Dim::sequences]},
      {dims[Dim::logit_rows]},    {dims[Dim::slots], dims[Dim::pages_per_slot]},
  };
  auto check = [&](const char *field, uint32_t index, const artifact::Argument &argument,
                   const int64_t *expected) -> Status {
    for (uint32_t j = 0; j < argument.shape()->size(); ++j) {
      int64_t value = values[argument.shape()->Get(j)];
      if (value != expected[j])
        return fail(HADAL_STATUS_INVALID_ARTIFACT, "%s[%u].shape[%u]: expected %" PRId64
                    " for '%s', got %" PRId64, field, index, j, expected[j], text(argument.name()),
                    value);
    }
    return {};
  };
  for (uint32_t i = 0; i < sizeOf(entry.arguments()); ++i) {
    const artifact::Argument &argument = *entry.arguments()->Get(i);
    Input input = Input::tokens;
    findInput(argument.name()->c_str(), &input);
    HADAL_TRY(check("arguments", i, argument, actual[static_cast<uint32_t>(input)]));
  }
  const int64_t logits[2] = {dims[Dim::logit_rows], module->plan().model()->vocab_size()};
  return check("results", 0, *entry.results()->Get(0), logits);
}

} // namespace hadal::runtime
