// SPDX-License-Identifier: Apache-2.0
// Tests that nothing is written that the runtime's reader would refuse.
#include "ArtifactBytes.h"

#include <gtest/gtest.h>

using namespace hadal;

namespace {

/// The plan of a module without programs.
SectionBytes planOf(uint32_t vocabSize) {
  flatbuffers::FlatBufferBuilder builder;
  fb::ModelInfoBuilder info(builder);
  info.add_vocab_size(vocabSize);
  info.add_max_positions(64);
  auto model = info.Finish();
  builder.Finish(fb::CreateModule(builder, model));
  return {fb::SectionKind::plan,
          "plan",
          {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()}};
}

std::string errorOf(const SectionBytes &plan, llvm::ArrayRef<SectionBytes> others) {
  llvm::Expected<std::vector<uint8_t>> bytes = makeArtifact(plan, others, "0123456789abcdef");
  return bytes ? std::string() : llvm::toString(bytes.takeError());
}

TEST(ArtifactBytes, WhatTheReaderTakesIsMade) {
  EXPECT_EQ(errorOf(planOf(97), {}), "");
  EXPECT_EQ(errorOf(planOf(97), {{fb::SectionKind::kernels, "a", {1, 2, 3}}}), "");
}

TEST(ArtifactBytes, WhatTheReaderRefusesIsAnError) {
  const std::string refused =
      "expected an artifact that the runtime reads, got one that it refuses: artifact: ";
  EXPECT_EQ(errorOf(planOf(0), {}), refused + "model.vocab_size: expected 1 to 2147483647, got 0");
  EXPECT_EQ(errorOf(planOf(97), {{fb::SectionKind::kernels, "plan", {}}}),
            refused + "sections[1].name: expected a new name, got 'plan' of sections[0]");
  EXPECT_EQ(errorOf({fb::SectionKind::plan, "plan", {1, 2, 3, 4, 5, 6, 7, 8}}, {}),
            refused +
                "section 'plan': expected FlatBuffers tables of the schema, got malformed ones");
}

} // namespace
