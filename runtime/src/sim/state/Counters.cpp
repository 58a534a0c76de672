// SPDX-License-Identifier: Apache-2.0
// Adds up what the workers of a launch have counted.
#include "sim/state/Counters.h"

namespace hadal::sim {

MemoryCount &MemoryCount::operator+=(const MemoryCount &other) {
  requests += other.requests;
  bytes += other.bytes;
  sectors += other.sectors;
  wavefronts += other.wavefronts;
  idealWavefronts += other.idealWavefronts;
  divergent += other.divergent;
  return *this;
}

MemoryCount &MemoryCount::operator-=(const MemoryCount &other) {
  requests -= other.requests;
  bytes -= other.bytes;
  sectors -= other.sectors;
  wavefronts -= other.wavefronts;
  idealWavefronts -= other.idealWavefronts;
  divergent -= other.divergent;
  return *this;
}

void Counters::settle() {
  LineCount now;
  for (size_t i = 0; i < lines.size(); ++i) {
    now.warps += pieces[i].warps;
    now.lanes += pieces[i].lanes;
    lines[i].warps += now.warps;
    lines[i].lanes += now.lanes;
    pieces[i] = {};
  }
  pieces.back() = {};
}

void Counters::add(const Counters &other) {
  for (size_t i = 0; i < lines.size(); ++i) {
    lines[i].warps += other.lines[i].warps;
    lines[i].lanes += other.lines[i].lanes;
    memory[i] += other.memory[i];
  }
  for (size_t i = 0; i < spinLines.size(); ++i) {
    spinLines[i].warps += other.spinLines[i].warps;
    spinLines[i].lanes += other.spinLines[i].lanes;
    spinMemory[i] += other.spinMemory[i];
  }
  barriers += other.barriers;
  distinctReads += other.distinctReads;
  distinctWrites += other.distinctWrites;
}

} // namespace hadal::sim
