// SPDX-License-Identifier: Apache-2.0
// Adds up what the workers of a launch have counted.
#include "sim/state/Counters.h"

namespace hadal::sim {

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
    memory[i].requests += other.memory[i].requests;
    memory[i].bytes += other.memory[i].bytes;
    memory[i].sectors += other.memory[i].sectors;
    memory[i].wavefronts += other.memory[i].wavefronts;
    memory[i].idealWavefronts += other.memory[i].idealWavefronts;
    memory[i].divergent += other.memory[i].divergent;
  }
  barriers += other.barriers;
}

} // namespace hadal::sim
