// SPDX-License-Identifier: Apache-2.0
// From bytes to a checked artifact: trailer, FlatBuffers structure, sections.
#include "core/Artifact.h"
#include "core/Read.h"
#include "core/Verify.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cinttypes>
#include <cstring>

namespace hadal::runtime {

uint64_t hashBytes(const void *data, size_t size) { return XXH3_64bits(data, size); }

namespace {

Status invalid(const char *field, const char *expected, const char *got) {
  return fail(HADAL_STATUS_INVALID_ARTIFACT, "%s: expected %s, got %s", field, expected, got);
}

Status checkTrailer(const uint8_t *data, size_t size) {
  if (size < sizeof(Trailer) + 8)
    return fail(HADAL_STATUS_INVALID_ARTIFACT,
                "file size: expected at least %zu B, got %zu B: not an artifact of Hadal",
                sizeof(Trailer) + 8, size);
  Trailer trailer;
  std::memcpy(&trailer, data + size - sizeof trailer, sizeof trailer);
  static const char magic[8] = {'H', 'A', 'D', 'L', 'E', 'N', 'D', 0};
  if (std::memcmp(trailer.magic, magic, sizeof magic) != 0)
    return invalid("trailer.magic", "HADLEND in the last 8 bytes",
                   "other bytes: not an artifact of Hadal, or cut short");
  uint64_t self = hashBytes(data + size - sizeof trailer, 16);
  if (trailer.self != self)
    return fail(HADAL_STATUS_INVALID_ARTIFACT,
                "trailer.self: expected checksum %016" PRIx64 ", got %016" PRIx64
                ": the file is damaged",
                trailer.self, self);
  if (trailer.size != size - sizeof trailer)
    return fail(HADAL_STATUS_INVALID_ARTIFACT,
                "trailer.size: expected %" PRIu64 " B before the trailer, got %zu B", trailer.size,
                size - sizeof trailer);
  uint64_t hash = hashBytes(data, trailer.size);
  if (trailer.hash != hash)
    return fail(HADAL_STATUS_INVALID_ARTIFACT,
                "trailer.hash: expected checksum %016" PRIx64 ", got %016" PRIx64
                ": the file is damaged",
                trailer.hash, hash);
  return {};
}

flatbuffers::Verifier makeVerifier(const uint8_t *data, size_t size) {
  // Depth: a branch takes two tables, and kMaxBranchDepth of them are allowed.
  constexpr flatbuffers::uoffset_t maxDepth = 64, maxTables = 1000000;
  return flatbuffers::Verifier(data, size, maxDepth, maxTables);
}

// Reads schema_major before the full check, since what a newer major holds may
// not pass the check of this one.
Status checkVersion(const uint8_t *data, size_t size) {
  flatbuffers::Verifier verifier = makeVerifier(data, size);
  flatbuffers::uoffset_t offset = verifier.VerifyOffset(0);
  struct Root : flatbuffers::Table {
    bool check(flatbuffers::Verifier &verifier) const {
      return VerifyTableStart(verifier) &&
             VerifyField<uint16_t>(verifier, artifact::Artifact::VT_SCHEMA_MAJOR, 2);
    }
    uint16_t major() const { return GetField<uint16_t>(artifact::Artifact::VT_SCHEMA_MAJOR, 0); }
  };
  const auto *root = reinterpret_cast<const Root *>(data + offset);
  if (!offset || !root->check(verifier))
    return invalid("root", "a FlatBuffers table", "a malformed one");
  if (root->major() < kOldestMajor || root->major() > kSchemaMajor)
    return fail(
        HADAL_STATUS_UNSUPPORTED,
        "schema_major: expected %u to %u, got %u: compile the model again, or use %s runtime",
        kOldestMajor, kSchemaMajor, root->major(),
        root->major() > kSchemaMajor ? "a newer" : "an older");
  return {};
}

Status checkSections(const artifact::Artifact &root) {
  uint32_t count = sizeOf(root.sections());
  if (count > kMaxSections)
    return fail(HADAL_STATUS_INVALID_ARTIFACT, "sections: expected at most %u, got %u",
                kMaxSections, count);
  for (uint32_t i = 0; i < count; ++i) {
    const artifact::Section &section = *root.sections()->Get(i);
    for (uint32_t j = 0; j < i; ++j)
      if (std::strcmp(root.sections()->Get(j)->name()->c_str(), section.name()->c_str()) == 0)
        return fail(HADAL_STATUS_INVALID_ARTIFACT,
                    "sections[%u].name: expected a new name, got '%s' of sections[%u]", i,
                    text(section.name()), j);
    // Nothing has no address that could be aligned.
    if (section.data()->size() != 0 &&
        reinterpret_cast<uintptr_t>(section.data()->data()) % 64 != 0)
      return fail(HADAL_STATUS_INVALID_ARTIFACT, "sections[%u].data: expected 64-byte alignment",
                  i);
    uint64_t hash = hashBytes(section.data()->data(), section.data()->size());
    if (hash != section.checksum())
      return fail(HADAL_STATUS_INVALID_ARTIFACT,
                  "sections[%u].checksum: expected %016" PRIx64 ", got %016" PRIx64, i,
                  section.checksum(), hash);
  }
  return {};
}

} // namespace

const artifact::Section *Artifact::section(artifact::SectionKind kind) const {
  for (const artifact::Section *section : *root().sections())
    if (section->kind() == kind)
      return section;
  return nullptr;
}

const artifact::Section *Artifact::section(const char *name) const {
  for (const artifact::Section *section : *root().sections())
    if (std::strcmp(section->name()->c_str(), name) == 0)
      return section;
  return nullptr;
}

Status Artifact::parse(const uint8_t *data, size_t size, Artifact &out) {
  HADAL_TRY(checkTrailer(data, size));
  size -= sizeof(Trailer);
  if (!artifact::ArtifactBufferHasIdentifier(data))
    return invalid("identifier", "HADL in bytes 4 to 7", "other bytes");
  HADAL_TRY(checkVersion(data, size));
  flatbuffers::Verifier verifier = makeVerifier(data, size);
  if (!artifact::VerifyArtifactBuffer(verifier))
    return invalid("root", "FlatBuffers tables of the schema", "malformed ones");

  Artifact result;
  result.bytes = size + sizeof(Trailer);
  result.rootTable = artifact::GetArtifact(data);
  HADAL_TRY(checkSections(*result.rootTable));
  const artifact::Section *plan = result.section(artifact::SectionKind::plan);
  if (!plan)
    return invalid("sections", "one of kind plan", "none");
  flatbuffers::Verifier planVerifier = makeVerifier(plan->data()->data(), plan->data()->size());
  if (!planVerifier.VerifyBuffer<artifact::Module>(nullptr))
    return fail(HADAL_STATUS_INVALID_ARTIFACT,
                "section '%s': expected FlatBuffers tables of the schema, got malformed ones",
                text(plan->name()));
  result.planTable = flatbuffers::GetRoot<artifact::Module>(plan->data()->data());
  HADAL_TRY(verifyModule(*result.planTable));
  result.programList.resize(sizeOf(result.planTable->programs()));
  for (uint32_t i = 0; i < result.programList.size(); ++i) {
    Program &program = result.programList[i];
    HADAL_TRY_IN(readProgram(*result.planTable, i, result.rootTable->schema_major(), program),
                 "programs[%u].", i);
    HADAL_TRY_IN(verifyProgram(result, program), "programs[%u].", i);
  }
  out = std::move(result);
  return {};
}

Status Artifact::copy(const char *name, const void *data, size_t size, Artifact &out) {
  constexpr size_t limit = kMaxArtifactSize + sizeof(Trailer);
  if (size > limit)
    return fail(HADAL_STATUS_INVALID_ARTIFACT, "%s: expected at most %zu B, got %zu B", name, limit,
                size);
  Pages pages;
  HADAL_TRY(Pages::allocate(size, name, pages));
  if (size)
    std::memcpy(pages.data(), data, size);
  HADAL_TRY_IN(parse(pages.data(), pages.size(), out), "%s: ", name);
  out.pages = std::move(pages);
  return {};
}

Status Artifact::open(const char *path, Artifact &out) {
  Pages pages;
  HADAL_TRY(Pages::readFile(path, kMaxArtifactSize + sizeof(Trailer), pages));
  HADAL_TRY_IN(parse(pages.data(), pages.size(), out), "%s: ", path);
  out.pages = std::move(pages);
  return {};
}

} // namespace hadal::runtime
