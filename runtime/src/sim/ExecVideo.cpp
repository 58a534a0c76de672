// SPDX-License-Identifier: Apache-2.0
// Video instructions.
#include "FloatSupport.h"

namespace hadal::HADAL_SIM_LEVEL {
const Level::Table kVideoTable = {nullptr, 0};
} // namespace hadal::HADAL_SIM_LEVEL
