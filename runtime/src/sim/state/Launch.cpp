// SPDX-License-Identifier: Apache-2.0
// Random numbers of a launch's host threads.
#include "sim/state/Launch.h"

namespace hadal::sim {

u64 Worker::nextRandom() { // xorshift64* (Vigna 2016)
  random ^= random >> 12;
  random ^= random << 25;
  random ^= random >> 27;
  return random * 0x2545f4914f6cdd1dull;
}

} // namespace hadal::sim
