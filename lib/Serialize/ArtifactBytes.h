// SPDX-License-Identifier: Apache-2.0
// The bytes of an artifact, as the runtime's reader accepts them.
#ifndef HADAL_LIB_SERIALIZE_ARTIFACTBYTES_H
#define HADAL_LIB_SERIALIZE_ARTIFACTBYTES_H

#include "hadal_generated.h"

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace hadal {

namespace fb = hadal::artifact;

struct SectionBytes {
  fb::SectionKind kind;
  std::string name;
  std::vector<uint8_t> bytes;
};

/// The file: the plan, other sections, the trailer. An error where the runtime's
/// reader refuses it.
llvm::Expected<std::vector<uint8_t>> makeArtifact(const SectionBytes &plan,
                                                  llvm::ArrayRef<SectionBytes> others,
                                                  const std::string &buildId);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_ARTIFACTBYTES_H
