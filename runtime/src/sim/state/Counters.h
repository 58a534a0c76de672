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
};

/// Counters of one worker thread; added up when a launch ends.
struct Counters {
  std::vector<LineCount> lines;     // by pc
  /// What is executed from a pc on and, negative, no more from a pc on: straight
  /// pieces are counted at their ends. settle() adds them to the lines.
  std::vector<LineCount> pieces;
  std::vector<MemoryCount> memory;  // by pc
  u64 barriers = 0;                 // completed by a block
  void resize(size_t count) {
    lines.assign(count, {});
    pieces.assign(count + 1, {});
    memory.assign(count, {});
  }
  void settle();
  void add(const Counters &other);
};

} // namespace hadal::sim

#endif // HADAL_SIM_STATE_COUNTERS_H
