// SPDX-License-Identifier: Apache-2.0
// The bytes of an artifact, as the runtime's reader accepts them.
#include "ArtifactBytes.h"

#include "core/Artifact.h"

#include <cstring>

using namespace mlir;
using namespace hadal;

static constexpr char kProducer[] = "hadal-compile 0.1.0";

/// Fails where there is more than a FlatBuffer addresses.
static llvm::Error checkSize(ArrayRef<const SectionBytes *> sections) {
  uint64_t total = 0;
  for (const SectionBytes *section : sections)
    total += section->bytes.size();
  if (total <= kMaxArtifactSize)
    return llvm::Error::success();
  return llvm::createStringError(std::errc::file_too_large,
                                 "expected an artifact of %zu bytes at most, got %llu of code, "
                                 "plan and text",
                                 kMaxArtifactSize, (unsigned long long)total);
}

static void build(flatbuffers::FlatBufferBuilder &builder, ArrayRef<const SectionBytes *> sections,
                  const std::string &buildId) {
  std::vector<flatbuffers::Offset<fb::Section>> list;
  for (const SectionBytes *section : sections) {
    builder.ForceVectorAlignment(section->bytes.size(), 1, 64);
    auto data = builder.CreateVector(section->bytes);
    auto name = builder.CreateString(section->name);
    list.push_back(
        fb::CreateSection(builder, section->kind, name,
                          runtime::hashBytes(section->bytes.data(), section->bytes.size()), data));
  }
  auto sectionList = builder.CreateVector(list);
  auto producer = builder.CreateString(kProducer);
  auto id = builder.CreateString(buildId);
  builder.Finish(fb::CreateArtifact(builder, runtime::kSchemaMajor, runtime::kSchemaMinor, producer,
                                    id, sectionList),
                 fb::ArtifactIdentifier());
}

llvm::Expected<std::vector<uint8_t>> hadal::makeArtifact(const SectionBytes &plan,
                                                         ArrayRef<SectionBytes> others,
                                                         const std::string &buildId) {
  std::vector<const SectionBytes *> sections = {&plan};
  for (const SectionBytes &section : others)
    sections.push_back(&section);
  if (llvm::Error failed = checkSize(sections))
    return std::move(failed);
  flatbuffers::FlatBufferBuilder builder(1 << 20);
  build(builder, sections, buildId);
  std::vector<uint8_t> bytes(builder.GetBufferPointer(),
                             builder.GetBufferPointer() + builder.GetSize());
  runtime::Trailer trailer = {bytes.size(), runtime::hashBytes(bytes.data(), bytes.size()), 0, {}};
  trailer.self = runtime::hashBytes(&trailer, 16);
  std::memcpy(trailer.magic, "HADLEND", sizeof trailer.magic);
  const auto *end = reinterpret_cast<const uint8_t *>(&trailer);
  bytes.insert(bytes.end(), end, end + sizeof trailer);
  runtime::Artifact read;
  if (runtime::Status status =
          runtime::Artifact::copy("artifact", bytes.data(), bytes.size(), read);
      !status.ok())
    return llvm::createStringError(std::errc::invalid_argument,
                                   "expected an artifact that the runtime reads, got one that it "
                                   "refuses: %s",
                                   status.message());
  return bytes;
}
