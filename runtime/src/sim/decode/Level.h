// SPDX-License-Identifier: Apache-2.0
// An instruction set that can be executed: what decoding and launching know of `exec`.
#ifndef HADAL_SIM_DECODE_LEVEL_H
#define HADAL_SIM_DECODE_LEVEL_H

#include "sim/decode/Code.h"

namespace hadal::sim {

class Decoder;

/// One opcode: its decoder reads the modifiers and operands of `decoder.ast()`,
/// fills `decoder.out` and returns false after decoder.fail(...).
struct OpRow {
  const char *name;
  bool (*decode)(Decoder &decoder);
};

/// The instruction set compiled for one level of the host's instruction set.
struct Level {
  const char *name;
  struct Table {
    const OpRow *rows;
    size_t count;
  };
  const Table *const *tables;
  size_t tableCount;
  /// Runs `warp` until it blocks, ends or has used up its budget.
  void (*run)(Warp &warp);
};

} // namespace hadal::sim

#endif // HADAL_SIM_DECODE_LEVEL_H
