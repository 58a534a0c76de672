/* SPDX-License-Identifier: Apache-2.0
 * Kernels over states of several rates, a ring, and results that stay. */
#include "hadal_kernel_abi.h"

#define EXPORT __attribute__((visibility("default")))

/* Where row `row` of a slot lies, by a block table of `pages` entries a slot. */
static int64_t place(const int32_t *table, int32_t slot, int64_t pages, int64_t page_size,
                     int64_t row) {
  return table[slot * pages + row / page_size] * page_size + row % page_size;
}

/* bindings: tokens, positions, sequence_offsets, slots, the tables full, quarter and coarse, the
 * states of each, ring, hidden, sums. constants: entries a slot of each table, rows of the ring,
 * scale, sequences. Grid: x = sequences. */
EXPORT int32_t remember(const hadal_dispatch_state_t *state,
                        const hadal_workgroup_state_t *workgroup) {
  const int32_t *tokens = state->bindings[0], *positions = state->bindings[1];
  const int32_t *offsets = state->bindings[2], *slots = state->bindings[3];
  const int32_t *full = state->bindings[4], *quarter = state->bindings[5],
                *coarse = state->bindings[6];
  float *ones = state->bindings[7];
  int64_t (*fours)[2] = state->bindings[8];
  double *many = state->bindings[9];
  float (*ring)[2][2] = state->bindings[10];
  float *hidden = state->bindings[11];
  double *sums = state->bindings[12];
  const int64_t *pages = state->constants;
  int64_t rows = state->constants[3], scale = state->constants[4];
  uint32_t sequence = workgroup->workgroup_id[0];
  int32_t slot = slots[sequence], last = 0;
  for (int32_t i = offsets[sequence]; i < offsets[sequence + 1]; ++i) {
    int32_t p = last = positions[i], token = tokens[i];
    ones[place(full, slot, pages[0], 4, p)] = (float)token;
    int64_t *four = fours[place(quarter, slot, pages[1], 2, p / 4)];
    four[0] = p % 4 ? four[0] + token : token;
    four[1] = p % 4 + 1;
    double *sum = &many[place(coarse, slot, pages[2], 1, p / 128)];
    *sum = p % 128 ? *sum + token : token;
    float (*row)[2] = ring[slot * rows + p % rows];
    row[0][0] = (float)token;
    row[0][1] = (float)p;
    row[1][0] = (float)-token;
    row[1][1] = 1;
    float window = 0;
    for (int32_t q = p < 2 ? 0 : p - 2; q <= p; ++q) {
      float (*past)[2] = ring[slot * rows + q % rows];
      if (past[0][1] != (float)q || past[1][0] != -past[0][0])
        return 1;
      window += past[0][0];
    }
    hidden[i] = (float)scale * window;
  }
  double *sum = sums + sequence * 3;
  sum[0] = sum[1] = sum[2] = 0;
  for (int32_t p = 0; p <= last; ++p)
    sum[0] += ones[place(full, slot, pages[0], 4, p)];
  for (int32_t r = 0; r <= last / 4; ++r) {
    const int64_t *four = fours[place(quarter, slot, pages[1], 2, r)];
    if (four[1] != (r < last / 4 ? 4 : last % 4 + 1))
      return 1;
    sum[1] += (double)four[0];
  }
  for (int32_t r = 0; r <= last / 128; ++r)
    sum[2] += many[place(coarse, slot, pages[2], 1, r)];
  return 0;
}

/* bindings: hidden, bias, the next hidden, drafted; workspace of a float for each row. constants:
 * rows. Grid: one. Returns 7 when the workspace is not where the interface promises. */
EXPORT int32_t draft(const hadal_dispatch_state_t *state,
                     const hadal_workgroup_state_t *workgroup) {
  const float *hidden = state->bindings[0], *bias = state->bindings[1];
  float *next = state->bindings[2], *drafted = state->bindings[3];
  if (state->binding_count != 5 || !state->bindings[4] || ((uintptr_t)state->bindings[4] & 63))
    return 7;
  float *workspace = state->bindings[4];
  int64_t rows = state->constants[0];
  for (int64_t i = 0; i < rows; ++i)
    workspace[i] = 2 * hidden[i] + bias[0];
  for (int64_t i = 0; i < rows; ++i) {
    next[i] = workspace[i];
    drafted[i] = workspace[i] + bias[1];
  }
  return 0;
}

/* bindings: weight, table, turned. Grid: x = numbers. */
EXPORT int32_t turn(const hadal_dispatch_state_t *state, const hadal_workgroup_state_t *workgroup) {
  const float *weight = state->bindings[0], *table = state->bindings[1];
  float *turned = state->bindings[2];
  uint32_t i = workgroup->workgroup_id[0];
  turned[i] = weight[i] * table[i];
  return 0;
}
