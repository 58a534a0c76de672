// SPDX-License-Identifier: Apache-2.0
// Writes executables, their variants and how each is launched as tables of the artifact.
#ifndef HADAL_LIB_SERIALIZE_KERNELWRITER_H
#define HADAL_LIB_SERIALIZE_KERNELWRITER_H

#include "ProgramWriter.h"

namespace hadal {

flatbuffers::Offset<fb::Executable> writeExecutable(flatbuffers::FlatBufferBuilder &builder,
                                                    plan::ExecutableOp executable,
                                                    const KernelCodes &codes);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_KERNELWRITER_H
