// SPDX-License-Identifier: Apache-2.0
// What the machine can do at best: read memory, multiply and add.
#ifndef HADAL_TOOLS_ROOFS_ROOFS_H
#define HADAL_TOOLS_ROOFS_ROOFS_H

#include <cstdint>
#include <string>
#include <vector>

#include "roofs/Team.h"
#include "support/Model.h"

namespace hadal::tools {

struct ByteRange {
  const char *data;
  uint64_t size;
};

/// The parameter bytes that one decoded token reads: all parameters but the
/// tables, and of stacked experts such a share that the sum is the model's
/// `decode_weight_bytes`; all of them where no share gives that sum.
std::vector<ByteRange> decodeRanges(const Model &model);

uint64_t totalBytes(const std::vector<ByteRange> &ranges);

/// Reads all bytes once, each thread its part. Returns bytes per second.
double measureRead(Team &team, const std::vector<ByteRange> &ranges);

/// The fastest unit for dot products: bf16 with f32 sums where the CPU has it
/// (vdpbf16ps), else f32 multiply-add at the widest vectors.
std::string dotUnitName();

/// Runs the unit from registers in every thread for about `seconds`. Returns
/// operations per second, a multiply-add counted as two.
double measureDot(Team &team, double seconds);

} // namespace hadal::tools

#endif // HADAL_TOOLS_ROOFS_ROOFS_H
