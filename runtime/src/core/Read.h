// SPDX-License-Identifier: Apache-2.0
// From the schema's tables to programs, for each version that can be read.
#ifndef HADAL_CORE_READ_H
#define HADAL_CORE_READ_H

#include "core/Program.h"
#include "core/Status.h"

namespace hadal::runtime {

/// Takes over programs[index]. What is bounded here is what is copied here; verifyProgram
/// checks the rest. Only this depends on the version.
Status readProgram(const artifact::Module &module, uint32_t index, uint16_t major, Program &out);

/// Gives a program of 1.x what the schema says since 2.0: its names become roles, the page size
/// that its states share a block table, and the grids of launches constants of theirs.
Status translateVersion1(const artifact::Module &module, uint32_t index, Program &program);

} // namespace hadal::runtime

#endif // HADAL_CORE_READ_H
