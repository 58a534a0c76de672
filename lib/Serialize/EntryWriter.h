// SPDX-License-Identifier: Apache-2.0
// Writes entry points of a plan as tables of the artifact.
#ifndef HADAL_LIB_SERIALIZE_ENTRYWRITER_H
#define HADAL_LIB_SERIALIZE_ENTRYWRITER_H

#include "ExprWriter.h"

namespace hadal {

/// Numbers of symbols in the lists of the artifact.
struct SymbolNumbers {
  llvm::StringMap<uint32_t> dims, blockTables, executables, parameters, states;
};

/// Writes one entry point: a walk over its ops, in order.
flatbuffers::Offset<fb::EntryPoint> writeEntry(flatbuffers::FlatBufferBuilder &builder,
                                               plan::EntryOp entry, const SymbolNumbers &numbers);

/// Bytes of weights that a step of one token reads, by the launches of `entry`.
uint64_t weightBytesOfOneToken(plan::EntryOp entry);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_ENTRYWRITER_H
