// SPDX-License-Identifier: Apache-2.0
// Checks the packed arguments of a step, before anything changes.
#include "core/Given.h"
#include "core/Session.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARGUMENT;

bool takes(const Entry &entry, artifact::PortRole role) {
  return std::any_of(entry.arguments.begin(), entry.arguments.end(),
                     [&](const Port &port) { return port.role == role; });
}

Status checkPointers(const Entry &entry, const hadal_step_t &step) {
  struct {
    const char *name;
    const void *pointer;
    bool needed;
  } const pointers[] = {{"step.tokens", step.tokens, takes(entry, artifact::PortRole::tokens)},
                        {"step.positions", step.positions, true},
                        {"step.sequence_offsets", step.sequence_offsets, true},
                        {"step.slots", step.slots, true},
                        {"step.logit_rows", step.logit_rows, step.logit_row_count != 0}};
  for (const auto &pointer : pointers)
    if (pointer.needed)
      HADAL_TRY(requireAddress(pointer.pointer, pointer.name));
  return {};
}

Status checkCounts(const hadal_step_t &step, uint32_t slots) {
  if (step.token_count == 0 || step.token_count > INT32_MAX)
    return fail(kInvalid, "step.token_count: expected 1 to %d, got %u", INT32_MAX,
                step.token_count);
  if (step.sequence_count == 0 || step.sequence_count > slots)
    return fail(kInvalid, "step.sequence_count: expected 1 to the session's %u slots, got %u",
                slots, step.sequence_count);
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
    return fail(kInvalid, "step.slots[%u]: expected a slot below %u, got %d", sequence, slots(),
                slot);
  if (stamps[slot] == stamp)
    return fail(kInvalid, "step.slots[%u]: expected a slot once in a step, got %d again", sequence,
                slot);
  stamps[slot] = stamp;
  uint32_t begin = static_cast<uint32_t>(step.sequence_offsets[sequence]);
  uint32_t end = static_cast<uint32_t>(step.sequence_offsets[sequence + 1]);
  if (end - begin > stepTokens)
    return fail(
        kInvalid,
        "step.sequence_offsets[%u]: expected at most the session's %u new tokens of a sequence "
        "(step_tokens), got %u",
        sequence + 1, stepTokens, end - begin);
  int32_t first = step.positions[begin];
  if (first < 0 || static_cast<uint32_t>(first) > lengths[slot])
    return fail(kInvalid,
                "step.positions[%u]: expected 0 to the %u tokens that slot %d holds, got %d", begin,
                lengths[slot], slot, first);
  for (uint32_t i = begin; i < end; ++i) {
    int64_t expected = int64_t(first) + (i - begin);
    if (step.positions[i] != expected)
      return fail(kInvalid,
                  "step.positions[%u]: expected %" PRId64
                  ", one more than the position before, got %d",
                  i, expected, step.positions[i]);
    if (expected >= tokens)
      return fail(kInvalid,
                  "step.positions[%u]: expected a position below the capacity of %u, got %d", i,
                  tokens, step.positions[i]);
  }
  return {};
}

Status Session::checkStep(const Entry &entry, const hadal_step_t &step) {
  HADAL_TRY(checkPointers(entry, step));
  HADAL_TRY(checkCounts(step, slots()));
  HADAL_TRY(checkOffsets(step));
  uint32_t vocabulary = module->plan().model()->vocab_size();
  for (uint32_t i = 0; i < step.token_count && takes(entry, artifact::PortRole::tokens); ++i)
    if (step.tokens[i] < 0 || static_cast<uint32_t>(step.tokens[i]) >= vocabulary)
      return fail(kInvalid, "step.tokens[%u]: expected an id below %u, got %d", i, vocabulary,
                  step.tokens[i]);
  for (uint32_t i = 0; i < step.logit_row_count; ++i)
    if (step.logit_rows[i] < 0 || static_cast<uint32_t>(step.logit_rows[i]) >= step.token_count)
      return fail(kInvalid, "step.logit_rows[%u]: expected a row below %u, got %d", i,
                  step.token_count, step.logit_rows[i]);
  ++stamp;
  for (uint32_t i = 0; i < step.sequence_count; ++i)
    HADAL_TRY(checkSequence(step, i));
  return {};
}

void Session::setStepDims(const hadal_step_t &step) {
  int64_t most = 0, fewest = INT32_MAX, context = 0;
  for (uint32_t i = 0; i < step.sequence_count; ++i) {
    int64_t count = step.sequence_offsets[i + 1] - step.sequence_offsets[i];
    most = std::max(most, count);
    fewest = std::min(fewest, count);
    context =
        std::max<int64_t>(context, int64_t(step.positions[step.sequence_offsets[i + 1] - 1]) + 1);
  }
  using artifact::Dim;
  const std::vector<HostDim> &known = program().dims;
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i].kind == Dim::tokens)
      dims[i] = step.token_count;
    else if (known[i].kind == Dim::sequences)
      dims[i] = step.sequence_count;
    else if (known[i].kind == Dim::logit_rows)
      dims[i] = step.logit_row_count;
    else if (known[i].kind == Dim::max_sequence_tokens)
      dims[i] = most;
    else if (known[i].kind == Dim::min_sequence_tokens)
      dims[i] = fewest;
    else if (known[i].kind == Dim::max_context)
      dims[i] = context;
  }
}

} // namespace hadal::runtime
