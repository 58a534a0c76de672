// SPDX-License-Identifier: Apache-2.0
// The safetensors file beside an artifact that holds its packed weights.
#ifndef HADAL_LIB_SERIALIZE_WEIGHTSFILE_H
#define HADAL_LIB_SERIALIZE_WEIGHTSFILE_H

#include "ParameterPacker.h"

#include "files/OutputFile.h"

#include "llvm/ADT/DenseMap.h"

#include <functional>
#include <optional>

namespace hadal {

/// Where a parameter lies in the weights file, and its name there. A rotary table
/// does not: the runtime computes it.
struct PlacedParameter {
  ParameterOp parameter;
  std::string name;
  uint64_t offset = 0, length = 0, checksum = 0;

  bool isStored() const { return !ParameterOp(parameter).getTableAttr(); }
};

/// Layout of the file: each tensor begins at a multiple of 64 bytes.
struct WeightsLayout {
  std::vector<PlacedParameter> parameters;
  /// Which of them each parameter of a program is.
  llvm::DenseMap<ParameterOp, uint32_t> numbers;
  std::string header;    // 8-byte length and JSON, with a build id of zeros
  uint64_t buildIdAt = 0; // offset of the build id's 16 digits
  uint64_t size = 0;     // saturates
};

/// Lays out the parameters of all programs. What a program stores as one before
/// it does (equal sources, selection, conversion and layout) is stored once.
WeightsLayout layOutWeights(mlir::ModuleOp module);

/// Packs all parameters into `file` and fills in their checksums; then sets the
/// build id, which it returns as 16 hex digits: the hash of the header, of those
/// checksums and of `seed`, so that files of one build id have the same bytes.
/// Fails at the end if weights were found that `nonFinite` refuses.
llvm::Expected<std::string> writeWeights(WeightsLayout &layout, files::OutputFile &file,
                                         const SourceFiles &sources, NonFiniteValues &nonFinite,
                                         uint64_t seed,
                                         const std::function<void(uint64_t, uint64_t)> &progress);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_WEIGHTSFILE_H
