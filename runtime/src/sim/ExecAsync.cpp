// SPDX-License-Identifier: Apache-2.0
// Async instructions.
#include "FloatSupport.h"

namespace hadal::HADAL_SIM_LEVEL {
const Level::Table kAsyncTable = {nullptr, 0};
} // namespace hadal::HADAL_SIM_LEVEL
