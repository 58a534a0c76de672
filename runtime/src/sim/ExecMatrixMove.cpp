// SPDX-License-Identifier: Apache-2.0
// MatrixMove instructions.
#include "FloatSupport.h"

namespace hadal::HADAL_SIM_LEVEL {
const Level::Table kMatrixMoveTable = {nullptr, 0};
} // namespace hadal::HADAL_SIM_LEVEL
