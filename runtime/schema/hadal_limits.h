// SPDX-License-Identifier: Apache-2.0
// Limits of what an artifact holds: a reader refuses more, and the compiler says so before it writes.
//
// They bound what a damaged or hostile file can ask for, far above what a model needs. A field
// without a limit here takes all that its type in hadal.fbs can hold.
#ifndef HADAL_SCHEMA_HADAL_LIMITS_H
#define HADAL_SCHEMA_HADAL_LIMITS_H

#include <cstddef>
#include <cstdint>

namespace hadal {

// ---- The file ----------------------------------------------------------------

/// FlatBuffers addresses with 32 bits, signed in places.
constexpr size_t kMaxArtifactSize = (size_t(1) << 31) - 1;
constexpr uint32_t kMaxSections = 4096;
constexpr uint32_t kMaxPrograms = 16;

// ---- The model ---------------------------------------------------------------

/// Ids of tokens and positions of a sequence are i32.
constexpr int32_t kMaxVocabSize = INT32_MAX;
constexpr int32_t kMaxPositions = INT32_MAX;
/// Columns of a rotary table, times two.
constexpr uint32_t kMaxRopeDim = 1 << 16;

// ---- Tensors and states --------------------------------------------------------

/// Of any tensor, and of a row of a state.
constexpr uint32_t kMaxRank = 8;
/// Rows of a page, and tokens of a sequence for one row.
constexpr uint32_t kMaxPageSize = 1 << 20;
constexpr uint32_t kMaxTokensPerRow = 1 << 20;
/// Elements of a row of a state.
constexpr uint64_t kMaxStateRow = 1 << 20;

// ---- Programs ------------------------------------------------------------------

constexpr uint32_t kMaxDims = 256;
constexpr uint32_t kMaxBlockTables = 64;
constexpr uint32_t kMaxExecutables = 1 << 16;
constexpr uint32_t kMaxEntries = 64;
/// Arguments or results of one entry point.
constexpr uint32_t kMaxPorts = 64;
/// Branches inside branches.
constexpr uint32_t kMaxBranchDepth = 8;

// ---- Kernels -------------------------------------------------------------------

/// Operands and constants of one launch.
constexpr uint32_t kMaxBindings = 64;
constexpr uint32_t kMaxConstants = 256;
constexpr uint32_t kMaxVariants = 16;
/// What a kernel is passed.
constexpr uint32_t kMaxKernelParameters = 512;
/// Of a tensor map: what hardware has.
constexpr uint32_t kMaxMapRank = 5;
/// Private scratch of a workgroup, in bytes.
constexpr uint64_t kMaxScratch = uint64_t(1) << 30;
/// Workgroups of a launch along one axis.
constexpr int32_t kMaxGridExtent = INT32_MAX;

} // namespace hadal

#endif // HADAL_SCHEMA_HADAL_LIMITS_H
