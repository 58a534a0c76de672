// SPDX-License-Identifier: Apache-2.0
// New tokens of some sequences, as a step of a session takes them.
#ifndef HADAL_TOOLS_SUPPORT_STEP_H
#define HADAL_TOOLS_SUPPORT_STEP_H

#include <hadal_runtime.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hadal::tools {

/// Whose logits are wanted of the new tokens of a sequence.
enum class Rows { none, last, all };

struct Step {
  std::vector<int32_t> tokens, positions, offsets{0}, slots, rows;

  /// Appends `count` new tokens of one sequence, which are at `position` and behind.
  void add(uint32_t slot, uint32_t position, const int32_t *ids, size_t count, Rows wanted);

  /// Runs it; `logits` is for a row of the vocabulary for each of `rows`.
  hadal_status_t run(hadal_session_t *session, float *logits) const;
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_STEP_H
