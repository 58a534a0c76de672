// SPDX-License-Identifier: Apache-2.0
// The artifact file: read once, checked once, then trusted.
#ifndef HADAL_CORE_ARTIFACT_H
#define HADAL_CORE_ARTIFACT_H

#include "core/Memory.h"
#include "core/Program.h"
#include "core/Status.h"
#include "hadal_limits.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hadal::runtime {

/// The version of the schema that this runtime was built with, and the oldest that it reads.
constexpr uint16_t kSchemaMajor = 2;
constexpr uint16_t kSchemaMinor = 1;
constexpr uint16_t kOldestMajor = 1;

/// The 32 bytes behind the FlatBuffer.
struct Trailer {
  uint64_t size; // bytes of the FlatBuffer
  uint64_t hash; // XXH3-64 of the FlatBuffer
  uint64_t self; // XXH3-64 of the 16 bytes before
  char magic[8]; // "HADLEND\0"
};
static_assert(sizeof(Trailer) == 32);

/// A checked artifact in memory. Move-only.
class Artifact {
public:
  /// Reads the file and checks every byte of it and every field of the plan.
  /// Messages start with `path`.
  static Status open(const char *path, Artifact &out);

  /// The same for a copy of bytes in memory; messages start with `name`.
  static Status copy(const char *name, const void *data, size_t size, Artifact &out);

  /// The same for bytes in memory, which must outlive `out` and be 64-byte
  /// aligned; messages start with the field.
  static Status parse(const uint8_t *data, size_t size, Artifact &out);

  const artifact::Artifact &root() const { return *rootTable; }
  const artifact::Module &plan() const { return *planTable; }
  /// Those of plan(), as the runtime uses them.
  const std::vector<Program> &programs() const { return programList; }
  size_t fileSize() const { return bytes; }

  /// The first section of `kind`, or the one of that name; null when absent.
  const artifact::Section *section(artifact::SectionKind kind) const;
  const artifact::Section *section(const char *name) const;

private:
  Pages pages;
  size_t bytes = 0;
  const artifact::Artifact *rootTable = nullptr;
  const artifact::Module *planTable = nullptr;
  std::vector<Program> programList;
};

/// XXH3-64.
uint64_t hashBytes(const void *data, size_t size);

/// The text of an optional string; "" when absent.
inline const char *text(const flatbuffers::String *string) { return string ? string->c_str() : ""; }

/// The length of an optional vector.
template <typename Vector>
inline uint32_t sizeOf(const Vector *vector) {
  return vector ? vector->size() : 0;
}

} // namespace hadal::runtime

#endif // HADAL_CORE_ARTIFACT_H
