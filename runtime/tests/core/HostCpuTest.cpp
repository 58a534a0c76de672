// SPDX-License-Identifier: Apache-2.0
// Which levels follow from which registers of cpuid and xgetbv, and from the environment.
#include "Host.h"
#include "cpu/CpuLevel.h"

#include <gtest/gtest.h>

#include <string>

namespace hadal::test {
namespace {

using namespace hadal::runtime;

std::string joined(const std::vector<const char *> &levels) {
  std::string names;
  for (const char *level : levels)
    names += std::string(names.empty() ? "" : " ") + level;
  return names;
}

std::string names(const CpuIdentity &identity) { return joined(cpuLevels(identity)); }

TEST(HostCpuTest, EachFeatureCounts) {
  EXPECT_EQ(names(fullCpu()), "x86-64-v4-bf16 x86-64-v3");
  EXPECT_EQ(joined(executableLevels(fullCpu())), "x86-64-v4-bf16 x86-64-v4 x86-64-v3");
  EXPECT_EQ(names({}), "");
  EXPECT_EQ(joined(executableLevels({})), "");
  for (unsigned bit : {12u, 20u, 22u, 23u, 27u, 28u, 29u}) {
    CpuIdentity identity = fullCpu();
    identity.leaf1Ecx &= ~(1u << bit);
    EXPECT_EQ(names(identity), "") << "leaf 1 ecx " << bit;
  }
  for (unsigned bit : {3u, 5u, 8u}) {
    CpuIdentity identity = fullCpu();
    identity.leaf7Ebx &= ~(1u << bit);
    EXPECT_EQ(names(identity), "") << "leaf 7 ebx " << bit;
  }
  for (unsigned bit : {16u, 17u, 28u, 30u, 31u}) {
    CpuIdentity identity = fullCpu();
    identity.leaf7Ebx &= ~(1u << bit);
    EXPECT_EQ(names(identity), "x86-64-v3") << "leaf 7 ebx " << bit;
    EXPECT_FALSE(executes(identity, "x86-64-v4")) << "leaf 7 ebx " << bit;
  }
  CpuIdentity identity = fullCpu();
  identity.leaf7Sub1Eax = 0;
  EXPECT_EQ(names(identity), "x86-64-v3");
  EXPECT_TRUE(executes(identity, "x86-64-v4"));
  identity = fullCpu();
  identity.leaf7Ecx &= ~(1u << 11);
  EXPECT_EQ(names(identity), "x86-64-v3");
  identity = fullCpu();
  identity.extended1Ecx = 0;
  EXPECT_EQ(names(identity), "");
}

TEST(HostCpuTest, TheOperatingSystemMustSaveTheRegisters) {
  CpuIdentity identity = fullCpu();
  identity.xcr0 = 0x7;
  EXPECT_EQ(joined(executableLevels(identity)), "x86-64-v3");
  identity.xcr0 = 0x3;
  EXPECT_EQ(joined(executableLevels(identity)), "");
}

TEST(HostCpuTest, OtherNamesAreNotExecuted) {
  for (const char *name : {"", "x86-64", "x86-64-v2", "x86-64-v5", "avx2"})
    EXPECT_FALSE(executes(fullCpu(), name)) << name;
}

// The environment takes features away and never gives any.
TEST(HostCpuTest, PassesForALesserMachine) {
  ASSERT_STREQ(std::getenv("HADAL_CPU_AT_MOST"), "x86-64-v3"); // of all tests here
  CpuIdentity identity;
  auto levelsAtMost = [&](const char *level) {
    Variable most("HADAL_CPU_AT_MOST", level);
    EXPECT_EQ(readHostCpu(identity), "") << level;
    return executableLevels(identity);
  };
  std::vector<const char *> host = levelsAtMost("");
  EXPECT_EQ(joined(levelsAtMost("x86-64-v4-bf16")), joined(host));
  EXPECT_EQ(joined(levelsAtMost("x86-64-v3")), host.empty() ? "" : "x86-64-v3");
  EXPECT_EQ(joined(levelsAtMost("x86-64-v2")), "");
  for (const char *level : levelsAtMost("x86-64-v4"))
    EXPECT_STRNE(level, "x86-64-v4-bf16");
  Variable most("HADAL_CPU_AT_MOST", "x86-64-v5");
  EXPECT_EQ(readHostCpu(identity), "HADAL_CPU_AT_MOST: expected one of x86-64-v2, x86-64-v3, "
                                   "x86-64-v4, x86-64-v4-bf16, got 'x86-64-v5'");
}

TEST(HostCpuTest, Forcing) {
  std::vector<const char *> levels = cpuLevels(fullCpu());
  EXPECT_TRUE(restrictLevels(nullptr, levels).ok());
  EXPECT_TRUE(restrictLevels("", levels).ok());
  EXPECT_EQ(levels.size(), 2u);
  EXPECT_TRUE(restrictLevels("x86-64-v3", levels).ok());
  ASSERT_EQ(levels.size(), 1u);
  EXPECT_STREQ(levels[0], "x86-64-v3");
  EXPECT_STREQ(restrictLevels("x86-64-v4-bf16", levels).message(),
               "HADAL_CPU_LEVEL: expected a level that this CPU has (best: x86-64-v3), got "
               "'x86-64-v4-bf16'");
  levels.clear();
  EXPECT_STREQ(restrictLevels("x86-64-v3", levels).message(),
               "HADAL_CPU_LEVEL: expected a level that this CPU has (best: none), got 'x86-64-v3'");
}

} // namespace
} // namespace hadal::test
