// SPDX-License-Identifier: Apache-2.0
// The levels of the host's instruction set that the simulator was built for.
#ifndef HADAL_SIM_API_LEVELS_H
#define HADAL_SIM_API_LEVELS_H

#include "sim/decode/Level.h"

namespace hadal::sim {

/// The best level that this machine can run, or the one that HADAL_SIM_LEVEL
/// (v3, v4) names; null if it can run none of them.
const Level *bestLevel();
/// The message where that gives none.
std::string whyNoLevel();

} // namespace hadal::sim

#endif // HADAL_SIM_API_LEVELS_H
