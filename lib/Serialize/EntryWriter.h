// SPDX-License-Identifier: Apache-2.0
// Writes entry points of a plan as tables of the artifact.
#ifndef HADAL_LIB_SERIALIZE_ENTRYWRITER_H
#define HADAL_LIB_SERIALIZE_ENTRYWRITER_H

#include "plan/IR/PlanDialect.h"

#include "hadal_generated.h"

#include "llvm/ADT/StringMap.h"

namespace hadal {

namespace fb = hadal::artifact;

/// The schema's name for an element type that verifyElementTypes accepts.
fb::ElementType elementTypeOf(mlir::Type element);

/// Fails, with a diagnostic at the op, where a program declares a tensor of
/// elements that the schema has no name for.
llvm::LogicalResult verifyElementTypes(plan::ProgramOp program);

/// Numbers of symbols in the lists of the artifact.
struct SymbolNumbers {
  llvm::StringMap<uint32_t> executables, parameters, states;
};

/// Writes one entry point: a walk over its ops, in order.
flatbuffers::Offset<fb::EntryPoint> writeEntry(flatbuffers::FlatBufferBuilder &builder,
                                               plan::EntryOp entry,
                                               const SymbolNumbers &numbers);

/// Bytes of weights that a step of one token reads, by the launches of `entry`.
uint64_t weightBytesOfOneToken(plan::EntryOp entry);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_ENTRYWRITER_H
