// SPDX-License-Identifier: Apache-2.0
// Which kernels are picked for which CPU. Kernels are loaded and not run, so that the CPU need not be
// the host's.
#include "ArtifactBuilder.h"
#include "Host.h"
#include "core/Kernels.h"
#include "cpu/CpuDevice.h"

#include <gtest/gtest.h>

namespace hadal::test {
namespace {

using runtime::CpuIdentity;

CpuIdentity withoutBf16() {
  CpuIdentity cpu = fullCpu();
  cpu.leaf7Sub1Eax = 0;
  return cpu;
}

/// The test model with kernels of the levels that `offers` lists for an executable, "3", "4" or "34".
ModelSpec makeLevels(const std::vector<std::string> &offers) {
  ModelSpec model = makeModel();
  SectionSpec image = model.sections[0];
  image.name = "kernels.x86-64-v4-bf16";
  model.sections.push_back(image);
  std::vector<ExecutableSpec> &executables = model.programs[0].executables;
  for (size_t i = 0; i < executables.size(); ++i) {
    VariantSpec v3 = executables[i].variants[0], v4 = v3;
    v4.level = "x86-64-v4-bf16";
    v4.image = image.name;
    executables[i].variants.clear();
    for (char level : offers[i])
      executables[i].variants.push_back(level == '3' ? v3 : v4);
  }
  return model;
}

/// The level that is picked, or the message.
std::string pick(const std::vector<std::string> &offers, const CpuIdentity &cpu,
                 const char *forced = "") {
  AlignedBytes bytes(serialize(makeLevels(offers)));
  runtime::Artifact artifact;
  runtime::Status status = runtime::Artifact::parse(bytes.data(), bytes.size(), artifact);
  if (!status.ok())
    return status.message();
  Variable level("HADAL_CPU_LEVEL", forced);
  std::unique_ptr<runtime::Device> device;
  status = runtime::openCpuDevice(1, cpu, device);
  runtime::Kernels kernels;
  if (status.ok())
    status = kernels.load(*device, artifact, artifact.programs()[0]);
  return status.ok() ? kernels.level() : status.message();
}

const char *const kV3 = "x86-64-v3", *const kV4 = "x86-64-v4-bf16";

TEST(LevelChoiceTest, TheBestThatAllExecutablesHave) {
  for (const char *both : {"34", "43"}) {
    EXPECT_EQ(pick({both, both, both}, fullCpu()), kV4);
    EXPECT_EQ(pick({both, both, both}, withoutBf16()), kV3);
    EXPECT_EQ(pick({both, "3", both}, fullCpu()), kV3);
    EXPECT_EQ(pick({both, "4", both}, fullCpu()), kV4);
  }
  EXPECT_EQ(pick({"3", "3", "3"}, fullCpu()), kV3);
}

TEST(LevelChoiceTest, OrTheOneThatIsForced) {
  EXPECT_EQ(pick({"34", "34", "34"}, fullCpu(), kV3), kV3);
  EXPECT_EQ(pick({"34", "34", "34"}, fullCpu(), kV4), kV4);
  EXPECT_EQ(pick({"34", "34", "34"}, withoutBf16(), kV4),
            "HADAL_CPU_LEVEL: expected a level that this CPU has (best: x86-64-v3), got "
            "'x86-64-v4-bf16'");
  EXPECT_EQ(pick({"34", "34", "34"}, fullCpu(), "x86-64-v4"),
            "HADAL_CPU_LEVEL: expected x86-64-v3 or x86-64-v4-bf16, got 'x86-64-v4'");
}

TEST(LevelChoiceTest, NoneIsAnErrorThatSaysWhatIsMissing) {
  const std::string none =
      "executables: expected kernels of a level that device 'cpu' has, got none: ";
  EXPECT_EQ(pick({"34", "4", "34"}, withoutBf16()), none + "executables[1] has no x86-64-v3");
  EXPECT_EQ(pick({"3", "3", "4"}, fullCpu()),
            none + "executables[0] has no x86-64-v4-bf16; executables[2] has no x86-64-v3");
  EXPECT_EQ(pick({"34", "34", "34"}, {}), none + "the CPU is below x86-64-v3");
  EXPECT_EQ(pick({"34", "34", "3"}, fullCpu(), kV4),
            none + "executables[2] has no x86-64-v4-bf16; HADAL_CPU_LEVEL allows no other");
}

} // namespace
} // namespace hadal::test
