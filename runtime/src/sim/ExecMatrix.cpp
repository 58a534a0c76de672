// SPDX-License-Identifier: Apache-2.0
// Matrix instructions.
#include "FloatSupport.h"

namespace hadal::HADAL_SIM_LEVEL {
const Level::Table kMatrixTable = {nullptr, 0};
} // namespace hadal::HADAL_SIM_LEVEL
