// SPDX-License-Identifier: Apache-2.0
// Which levels follow from which registers of cpuid and xgetbv.
#include "cpu/CpuLevel.h"

#include <gtest/gtest.h>

#include <string>

namespace hadal::runtime {
namespace {

// What a CPU with all features reports.
CpuIdentity everything() {
  CpuIdentity identity;
  identity.leaf1Ecx = identity.leaf7Ebx = identity.leaf7Ecx = identity.leaf7Sub1Eax = ~0u;
  identity.extended1Ecx = ~0u;
  identity.xcr0 = 0xe7;
  return identity;
}

std::string names(const CpuIdentity &identity) {
  std::string joined;
  for (const char *level : cpuLevels(identity))
    joined += std::string(joined.empty() ? "" : " ") + level;
  return joined;
}

TEST(CpuLevelTest, EachFeatureCounts) {
  EXPECT_EQ(names(everything()), "x86-64-v4-bf16 x86-64-v3");
  EXPECT_EQ(names({}), "");
  for (unsigned bit : {12u, 20u, 22u, 23u, 27u, 28u, 29u}) {
    CpuIdentity identity = everything();
    identity.leaf1Ecx &= ~(1u << bit);
    EXPECT_EQ(names(identity), "") << "leaf 1 ecx " << bit;
  }
  for (unsigned bit : {3u, 5u, 8u}) {
    CpuIdentity identity = everything();
    identity.leaf7Ebx &= ~(1u << bit);
    EXPECT_EQ(names(identity), "") << "leaf 7 ebx " << bit;
  }
  for (unsigned bit : {16u, 17u, 28u, 30u, 31u}) {
    CpuIdentity identity = everything();
    identity.leaf7Ebx &= ~(1u << bit);
    EXPECT_EQ(names(identity), "x86-64-v3") << "leaf 7 ebx " << bit;
  }
  CpuIdentity identity = everything();
  identity.leaf7Sub1Eax = 0;
  EXPECT_EQ(names(identity), "x86-64-v3");
  identity = everything();
  identity.leaf7Ecx &= ~(1u << 11);
  EXPECT_EQ(names(identity), "x86-64-v3");
  identity = everything();
  identity.extended1Ecx = 0;
  EXPECT_EQ(names(identity), "");
}

TEST(CpuLevelTest, TheOperatingSystemMustSaveTheRegisters) {
  CpuIdentity identity = everything();
  identity.xcr0 = 0x7;
  EXPECT_EQ(names(identity), "x86-64-v3");
  identity.xcr0 = 0x3;
  EXPECT_EQ(names(identity), "");
}

TEST(CpuLevelTest, Forcing) {
  std::vector<const char *> levels = cpuLevels(everything());
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
} // namespace hadal::runtime
