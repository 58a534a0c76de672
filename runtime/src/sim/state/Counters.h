// SPDX-License-Identifier: Apache-2.0
// What a launch counts, by PTX line and in all.
#ifndef HADAL_SIM_STATE_COUNTERS_H
#define HADAL_SIM_STATE_COUNTERS_H

#include "sim/decode/Code.h"

namespace hadal::sim {

/// Executions of one instruction.
struct LineCount {
  u64 warps = 0; // warp instructions
  u64 lanes = 0; // lane instructions
};

/// What one memory instruction moved. Sectors are 32 bytes of global or local
/// memory; wavefronts are passes through the 32 banks of shared memory.
struct MemoryCount {
  u64 requests = 0;     // warp instructions with at least one lane
  u64 bytes = 0;        // asked for by all lanes
  u64 sectors = 0;
  u64 wavefronts = 0;
  u64 idealWavefronts = 0; // without conflicts
  u64 divergent = 0;    // branches of which both sides were taken

  MemoryCount &operator+=(const MemoryCount &other);
  MemoryCount &operator-=(const MemoryCount &other);
};

/// Counters of one worker thread; added up when a launch ends.
struct Counters {
  std::vector<LineCount> lines;     // by pc
  /// What is executed from a pc on and, negative, no more from a pc on: straight
  /// pieces are counted at their ends. settle() adds them to the lines.
  std::vector<LineCount> pieces;
  std::vector<MemoryCount> memory;  // by pc
  /// Of both, what loops that only poll executed to go round again; empty where
  /// the program has none.
  std::vector<LineCount> spinLines;
  std::vector<MemoryCount> spinMemory;
  u64 barriers = 0;                 // completed by a block
  /// Sectors of global memory, each once a launch, where they are counted.
  bool distinct = false;
  u64 distinctReads = 0, distinctWrites = 0;
  void resize(const Program &program) {
    size_t count = program.code.size();
    lines.assign(count, {});
    pieces.assign(count + 1, {});
    memory.assign(count, {});
    spinLines.assign(program.polls ? count : 0, {});
    spinMemory.assign(program.polls ? count : 0, {});
  }
  LineCount spinLine(size_t pc) const { return spinLines.empty() ? LineCount() : spinLines[pc]; }
  void settle();
  void add(const Counters &other);
};

} // namespace hadal::sim

#endif // HADAL_SIM_STATE_COUNTERS_H
