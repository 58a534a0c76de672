/* SPDX-License-Identifier: Apache-2.0
 * Kernels of the test model: each slot's cache holds its tokens, and the logits
 * of a token are (sum of the tokens so far) * weight[v]. */
#include "hadal_kernel_abi.h"

#define EXPORT __attribute__((visibility("default")))

/* bindings: tokens, positions, sequence_offsets, slots, block_table, cache.
 * constants: page_size, pages_per_slot, sequences. Grid: x = sequences. */
EXPORT int32_t append(const hadal_dispatch_state_t *state,
                      const hadal_workgroup_state_t *workgroup) {
  const int32_t *tokens = state->bindings[0], *positions = state->bindings[1];
  const int32_t *offsets = state->bindings[2], *slots = state->bindings[3];
  const int32_t *table = state->bindings[4];
  float *cache = state->bindings[5];
  int64_t page_size = state->constants[0], pages = state->constants[1];
  uint32_t sequence = workgroup->workgroup_id[0];
  if (sequence >= state->constants[2])
    return 0; /* a record may have more workgroups than work */
  for (int32_t i = offsets[sequence]; i < offsets[sequence + 1]; ++i) {
    int64_t page = table[slots[sequence] * pages + positions[i] / page_size];
    cache[page * page_size + positions[i] % page_size] = (float)tokens[i];
  }
  return 0;
}

/* bindings: positions, sequence_offsets, slots, logit_rows, block_table, cache,
 * sums. constants: page_size, pages_per_slot, sequences, logit rows. Grid: x = logit rows. */
EXPORT int32_t sum(const hadal_dispatch_state_t *state, const hadal_workgroup_state_t *workgroup) {
  const int32_t *positions = state->bindings[0], *offsets = state->bindings[1];
  const int32_t *slots = state->bindings[2], *rows = state->bindings[3];
  const int32_t *table = state->bindings[4];
  const float *cache = state->bindings[5];
  float *sums = state->bindings[6];
  int64_t page_size = state->constants[0], pages = state->constants[1];
  int64_t sequences = state->constants[2];
  if (workgroup->workgroup_id[0] >= state->constants[3])
    return 0;
  int32_t row = rows[workgroup->workgroup_id[0]];
  int64_t sequence = 0;
  while (sequence + 1 < sequences && offsets[sequence + 1] <= row)
    ++sequence;
  /* Through scratch, to test it. */
  float *total = workgroup->scratch;
  total[0] = 0;
  for (int64_t p = 0; p <= positions[row]; ++p)
    total[0] += cache[table[slots[sequence] * pages + p / page_size] * page_size + p % page_size];
  sums[workgroup->workgroup_id[0]] = total[0];
  return 0;
}

/* bindings: sums, weight, logits. constants: vocabulary, logit rows. Grid: x = vocabulary,
 * y = logit rows. */
EXPORT int32_t project(const hadal_dispatch_state_t *state,
                       const hadal_workgroup_state_t *workgroup) {
  const float *sums = state->bindings[0], *weight = state->bindings[1];
  float *logits = state->bindings[2];
  uint32_t v = workgroup->workgroup_id[0], row = workgroup->workgroup_id[1];
  if (v >= state->constants[0] || row >= state->constants[1])
    return 0;
  logits[row * state->constants[0] + v] = sums[row] * weight[v];
  return 0;
}

/* Returns its constant, or 7 when the dispatch state is not what the interface
 * promises. */
EXPORT int32_t give(const hadal_dispatch_state_t *state, const hadal_workgroup_state_t *workgroup) {
  if (state->reserved != 0 || state->constant_count != 1 || ((uintptr_t)workgroup->scratch & 63))
    return 7;
  for (uint32_t i = 0; i < state->binding_count; ++i)
    if (!state->bindings[i] || ((uintptr_t)state->bindings[i] & 63))
      return 7;
  return (int32_t)state->constants[0];
}

/* bindings: tokens. constants: a token, tokens. Grid: x = tokens. Returns 3 at that token. */
EXPORT int32_t refuse(const hadal_dispatch_state_t *state,
                      const hadal_workgroup_state_t *workgroup) {
  const int32_t *tokens = state->bindings[0];
  return tokens[workgroup->workgroup_id[0]] == state->constants[0] ? 3 : 0;
}

/* A table of addresses, which needs relocations, and writable data. */
static int32_t counter = 40;
static int32_t *const volatile counters[2] = {&counter, &counter};

EXPORT int32_t relocated(const hadal_dispatch_state_t *state,
                         const hadal_workgroup_state_t *workgroup) {
  return ++*counters[workgroup->thread & 1];
}
