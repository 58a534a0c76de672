// SPDX-License-Identifier: Apache-2.0
// Levels, PTX directives and tables of cubins, also of broken and of real ones.
#include "cuda/Image.h"
#include "cuda/CubinBuilder.h"
#include "device/Kernels.h"

#include "gtest/gtest.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <unistd.h>

using namespace hadal::cuda;

namespace {

Level level(const char *text) {
  Level out;
  EXPECT_TRUE(parseLevel(text, out)) << text;
  return out;
}

TEST(LevelTest, NamesAreReadAndWritten) {
  for (const char *name : {"sm_50", "sm_80", "sm_90a", "sm_100f", "sm_121a"})
    EXPECT_EQ(level(name).name(), name);
  EXPECT_EQ(level("sm_103").major, 10);
  EXPECT_EQ(level("sm_103").minor, 3);
  Level ignored;
  for (const char *name :
       {"", "sm_", "sm_8", "sm_a", "sm_80b", "sm_080", "sm_1000", "80", "compute_80", "x86-64-v3"})
    EXPECT_FALSE(parseLevel(name, ignored)) << name;
}

TEST(LevelTest, PtxRunsOnLaterAndMachineCodeOnItsMajor) {
  auto ptx = [](const char *device, const char *code) {
    return runsPtx(level(device), level(code));
  };
  auto machine = [](const char *device, const char *code) {
    return runsMachineCode(level(device), level(code));
  };
  EXPECT_TRUE(ptx("sm_90", "sm_80") && ptx("sm_90", "sm_90a") && ptx("sm_120", "sm_90") &&
              ptx("sm_103", "sm_100f"));
  EXPECT_FALSE(ptx("sm_80", "sm_86") || ptx("sm_100", "sm_90a") || ptx("sm_120", "sm_100f") ||
               ptx("sm_100", "sm_103f"));
  EXPECT_TRUE(machine("sm_89", "sm_80") && machine("sm_80", "sm_80") && machine("sm_90", "sm_90a"));
  EXPECT_FALSE(machine("sm_90", "sm_80") || machine("sm_80", "sm_86"));
}

TEST(PtxTest, DirectivesAreRead) {
  ImageFacts facts;
  std::string why;
  ASSERT_TRUE(readPtx(hadal::test::kKernels, facts, why)) << why;
  EXPECT_EQ(facts.level.name(), "sm_80");
  EXPECT_EQ(facts.functions,
            (std::set<std::string, std::less<>>{"add", "meet", "reverse", "scale", "stray"}));
  const struct {
    const char *text, *why;
  } cases[] = {
      {"", "expected PTX text, got none"},
      {"// .version 7.0", "expected PTX text, got none"},
      {"hello", "expected PTX text that begins with .version, got 'hello'"},
      {".version 7.0 .address_size 64", "expected a .target, got none"},
      {".version 7.0 .target texmode", "expected a .target such as sm_80, got 'texmode'"},
      {".version 7.0 .target sm_80 .address_size 32",
       "expected .address_size 64, got another or none"},
      {".version 7.0 .target sm_80", "expected .address_size 64, got another or none"},
  };
  for (const auto &item : cases) {
    EXPECT_FALSE(readPtx(item.text, facts, why));
    EXPECT_EQ(why, item.why);
  }
  facts = {};
  ASSERT_TRUE(readPtx(
      "/* .entry a */ .version 7.0 .target sm_90a, debug .address_size 64\n.visible .entry b() // .entry c\n"
      "{ .file \".entry d\" }",
      facts, why))
      << why;
  EXPECT_EQ(facts.level.name(), "sm_90a");
  EXPECT_EQ(facts.functions, (std::set<std::string, std::less<>>{"b"}));
}

TEST(CubinTest, TablesAreRead) {
  ImageFacts facts;
  std::string why, cubin = hadal::test::buildCubin(103, {"add", "scale"});
  ASSERT_TRUE(isElf(cubin));
  ASSERT_TRUE(readCubin(cubin, facts, why)) << why;
  EXPECT_TRUE(facts.machineCode);
  EXPECT_EQ(facts.level.name(), "sm_103");
  EXPECT_EQ(facts.functions, (std::set<std::string, std::less<>>{"add", "scale"}));
  // As it was before version 8 of the ABI.
  std::string old = cubin;
  old[8] = 7;
  old[48] = 0x50;
  old[49] = 0x05;
  ASSERT_TRUE(readCubin(old, facts, why)) << why;
  EXPECT_EQ(facts.level.name(), "sm_80");
  std::string other = cubin;
  other[18] = 62;
  EXPECT_FALSE(readCubin(other, facts, why));
  EXPECT_EQ(why, "expected 64-bit code of machine 190 (CUDA), got class 2, machine 62");
}

TEST(CubinTest, DamageIsAnError) {
  ImageFacts facts;
  std::string why;
  const std::string cubin = hadal::test::buildCubin(80, {"add", "scale"}, "text");
  for (size_t size = 0; size < cubin.size(); ++size) {
    // In memory of its own, so that a sanitizer sees what lies beyond.
    std::string cut(cubin, 0, size);
    cut.shrink_to_fit();
    if (!readCubin(cut, facts, why)) {
      EXPECT_EQ(why.find("expected "), 0u) << why;
    }
  }
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = cubin;
    for (int j = 0; j < 3; ++j)
      damaged[random() % damaged.size()] = char(random());
    readCubin(damaged, facts, why);
  }
}

// What NVIDIA's assembler writes, where it is installed.
TEST(CubinTest, RealOnesAreRead) {
  std::string assembler = HADAL_TEST_PTXAS;
  if (assembler.empty() || access(assembler.c_str(), X_OK))
    GTEST_SKIP() << "ptxas is not installed";
  std::string base = testing::TempDir() + "hadal-cubin-" + std::to_string(getpid());
  std::ofstream(base + ".ptx") << hadal::test::kKernels;
  for (const char *name : {"sm_80", "sm_90", "sm_100", "sm_120"}) {
    std::string command =
        assembler + " -arch=" + name + " " + base + ".ptx -o " + base + ".cubin 2>/dev/null";
    if (std::system(command.c_str()))
      continue; // of a version that does not know this level
    std::ifstream file(base + ".cubin", std::ios::binary);
    std::string cubin((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    ImageFacts facts;
    std::string why;
    ASSERT_TRUE(isElf(cubin) && readCubin(cubin, facts, why)) << name << ": " << why;
    EXPECT_EQ(facts.level.name(), name);
    EXPECT_EQ(facts.functions,
              (std::set<std::string, std::less<>>{"add", "meet", "reverse", "scale", "stray"}));
  }
  std::remove((base + ".ptx").c_str());
  std::remove((base + ".cubin").c_str());
}

} // namespace
