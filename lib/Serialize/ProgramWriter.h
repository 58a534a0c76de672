// SPDX-License-Identifier: Apache-2.0
// Writes programs of a plan, and the parameters that they name, as tables of the artifact.
#ifndef HADAL_LIB_SERIALIZE_PROGRAMWRITER_H
#define HADAL_LIB_SERIALIZE_PROGRAMWRITER_H

#include "EntryWriter.h"
#include "WeightsFile.h"

#include "hadal/Serialize/Serialize.h"

namespace hadal {

/// What was compiled of a kernel.
struct KernelCode {
  uint64_t size = 0;                  // in its image
  std::optional<KernelMachineCode> machineCode;
  std::string machineSection;         // that holds it
};

/// By (image, symbol).
using KernelCodes = std::map<std::pair<std::string, std::string>, KernelCode>;

flatbuffers::Offset<fb::Parameter> writeParameter(flatbuffers::FlatBufferBuilder &builder,
                                                  const PlacedParameter &placed);

flatbuffers::Offset<fb::Program> writeProgram(flatbuffers::FlatBufferBuilder &builder,
                                              plan::ProgramOp program, const WeightsLayout &layout,
                                              const KernelCodes &codes);

/// Bytes of weights that the program reads to decode one token; 0 without an
/// entry point for it.
uint64_t decodeWeightBytes(plan::ProgramOp program);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_PROGRAMWRITER_H
