// SPDX-License-Identifier: Apache-2.0
// New tokens of some sequences, as a step of a session takes them.
#include "Step.h"

namespace hadal::tools {

void Step::add(uint32_t slot, uint32_t position, const int32_t *ids, size_t count, Rows wanted) {
  size_t before = tokens.size();
  tokens.insert(tokens.end(), ids, ids + count);
  for (size_t i = 0; i < count; ++i)
    positions.push_back(static_cast<int32_t>(position + i));
  offsets.push_back(static_cast<int32_t>(tokens.size()));
  slots.push_back(static_cast<int32_t>(slot));
  if (wanted == Rows::none)
    return;
  for (size_t i = wanted == Rows::all ? before : tokens.size() - 1; i < tokens.size(); ++i)
    rows.push_back(static_cast<int32_t>(i));
}

hadal_status_t Step::run(hadal_session_t *session, float *logits) const {
  hadal_step_t step{};
  step.tokens = tokens.data();
  step.positions = positions.data();
  step.sequence_offsets = offsets.data();
  step.slots = slots.data();
  step.logit_rows = rows.data();
  step.token_count = static_cast<uint32_t>(tokens.size());
  step.sequence_count = static_cast<uint32_t>(slots.size());
  step.logit_row_count = static_cast<uint32_t>(rows.size());
  return hadal_session_step(session, &step, logits);
}

} // namespace hadal::tools
