// SPDX-License-Identifier: Apache-2.0
// Wmma instructions.
#include "FloatSupport.h"

namespace hadal::HADAL_SIM_LEVEL {
const Level::Table kWmmaTable = {nullptr, 0};
} // namespace hadal::HADAL_SIM_LEVEL
