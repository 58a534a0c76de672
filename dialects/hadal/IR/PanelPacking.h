// SPDX-License-Identifier: Apache-2.0
// Packs a matrix in panels of output rows, the layout of #hadal.panels.
#ifndef HADAL_IR_PANELPACKING_H
#define HADAL_IR_PANELPACKING_H

#include "hadal/IR/StoredElements.h"

namespace hadal {

/// Of `rows` outputs a panel, with `interleave` neighbouring inputs of an output
/// side by side.
struct PanelShape {
  int64_t rows = 0, interleave = 1;

  int64_t panels(int64_t outputs) const { return (outputs + rows - 1) / rows; }
  /// Elements of one panel, padding included.
  int64_t elements(int64_t inputs) const {
    return (inputs + interleave - 1) / interleave * interleave * rows;
  }
};

/// Packs one panel: all `matrix.outputs` of the matrix (1 to shape.rows), from
/// its first. Within a panel the output is the fastest index but for the
/// interleaved inputs: [ceil(inputs / interleave)][rows][interleave]; outputs and
/// inputs beyond the last are zero. Writes shape.elements(inputs) elements.
/// bf16, f16 and f32 convert to bf16 (nearest even) and f32 (exact), e4m3 to
/// itself only. Returns false, with nothing written, for another combination.
bool packPanel(const StoredMatrix &matrix, const PanelShape &shape, StoredElement element,
               void *panel);

} // namespace hadal

#endif // HADAL_IR_PANELPACKING_H
