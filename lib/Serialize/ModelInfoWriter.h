// SPDX-License-Identifier: Apache-2.0
// Writes what a model is as a table of the artifact.
#ifndef HADAL_LIB_SERIALIZE_MODELINFOWRITER_H
#define HADAL_LIB_SERIALIZE_MODELINFOWRITER_H

#include "hadal/Serialize/Serialize.h"

#include "hadal_generated.h"

namespace hadal {

namespace fb = hadal::artifact;

flatbuffers::Offset<fb::ModelInfo> writeModelInfo(flatbuffers::FlatBufferBuilder &builder,
                                                  mlir::ModuleOp module, bool shapesOnly,
                                                  const SerializeResult &counted);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_MODELINFOWRITER_H
