// SPDX-License-Identifier: Apache-2.0
// The checks that FlatBuffers cannot make: indices, sizes, alignment, meaning.
#ifndef HADAL_CORE_VERIFY_H
#define HADAL_CORE_VERIFY_H

#include "core/Artifact.h"
#include "core/Status.h"

namespace hadal::runtime {

/// Branches inside branches.
constexpr uint32_t kMaxBranchDepth = 8;
/// Operands and constants of one launch.
constexpr uint32_t kMaxBindings = 64;
constexpr uint32_t kMaxConstants = 256;
/// Private scratch of a workgroup, in bytes.
constexpr uint64_t kMaxScratch = uint64_t(1) << 30;

/// Checks every field of the plan against every other. Messages start with the
/// path of the field: "programs[0].entries[1].ops[7].executable: ...".
Status verifyModule(const Artifact &artifact);

/// The part of verifyModule for programs[index].
Status verifyProgram(const Artifact &artifact, const artifact::Program &program);

/// What the runtime passes to an entry point, by the argument's name.
enum class Input { tokens, positions, sequenceOffsets, slots, logitRows, blockTable };
constexpr uint32_t kInputCount = 6;

struct InputDescription {
  const char *name;
  uint32_t rank;
};

/// Name and rank of an input; all are i32.
const InputDescription &describeInput(Input input);

/// The input of that name; false when there is none.
bool findInput(const char *name, Input *input);

} // namespace hadal::runtime

#endif // HADAL_CORE_VERIFY_H
