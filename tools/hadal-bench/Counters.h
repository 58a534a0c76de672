// SPDX-License-Identifier: Apache-2.0
// What a device that counts tells of a launch: bytes, instructions, wavefronts, matrix products.
#ifndef HADAL_TOOLS_BENCH_COUNTERS_H
#define HADAL_TOOLS_BENCH_COUNTERS_H

#include <cstdint>
#include <map>
#include <string>

namespace hadal::tools {

/// Sums over launches. docs/Simulator.md describes what they are made of.
struct Counters {
  uint64_t readRequested = 0, writeRequested = 0; // bytes that lanes ask for
  uint64_t readDistinct = 0, writeDistinct = 0;   // bytes of sectors, each once a launch
  uint64_t warpInstructions = 0, moves = 0;       // of PTX; moves are among them
  uint64_t wavefronts = 0, bankConflicts = 0;     // of shared memory
  uint64_t barriers = 0;
  std::map<std::string, uint64_t> mma; // "m16n8k16.row.col.f32.bf16.bf16.f32": warp-wide products

  uint64_t products() const;
  void operator+=(const Counters &other);
};

/// Reads hadal_launch_t.counters; a device whose counters are others is an error of the tool.
Counters readCounters(const char *json);

/// Operations of warp-wide products, a multiply-add counted as two, by the width of the operands.
struct MatrixWork {
  double bits8 = 0, bits16 = 0, tf32 = 0;
  uint64_t others = 0; // products of other types
};
MatrixWork matrixWork(const Counters &counters);

} // namespace hadal::tools

#endif // HADAL_TOOLS_BENCH_COUNTERS_H
