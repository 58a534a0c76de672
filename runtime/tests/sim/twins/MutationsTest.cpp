// SPDX-License-Identifier: Apache-2.0
// Takes single barriers and waits out of compiled kernels: each removal must be reported, the whole kernel must not.
#include "../foreign/checks/Harness.h"
#include "../foreign/checks/Values.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <unistd.h>

using namespace hadal::simtest;

namespace {

std::vector<std::string> readLines(const std::string &path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    lines.push_back(line);
  return lines;
}

/// Lines of the entry's body that contain `word`.
std::vector<size_t> linesOf(const std::vector<std::string> &lines, const std::string &entry, const std::string &word) {
  std::vector<size_t> found;
  bool inside = false;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].find(".entry") != std::string::npos)
      inside = lines[i].find(" " + entry + "(") != std::string::npos;
    if (inside && lines[i].find(word) != std::string::npos)
      found.push_back(i);
  }
  return found;
}

struct Kernel {
  const char *file, *entry;
  std::function<void(Case &)> prepare;
  std::vector<size_t> spared = {}; ///< Ordinals of barriers that the kernel could do without, from 0.
};

std::vector<Kernel> kernels() {
  auto bfloats = [](size_t count) {
    std::vector<uint16_t> values;
    for (float v : reals<float>(count, 1, -1, 1))
      values.push_back(bfloatBits(v));
    return values;
  };
  return {
      {"gemm.ptx", "gemm_tiled_f32",
       [](Case &c) {
         c.grid(1).block(16, 16).in(std::vector<float>(16 * 48, 1));
         c.in(std::vector<float>(16 * 48, 1));
         c.out<float>(256);
         c.scalar<int32_t>(16).scalar<int32_t>(16).scalar<int32_t>(48);
       }},
      {"gemm_bf16.ptx", "gemm_bf16_64x64x32",
       [=](Case &c) {
         c.block(128).in(bfloats(64 * 256));
         c.in(bfloats(64 * 256));
         c.out<float>(4096);
         c.scalar<int32_t>(64).scalar<int32_t>(256);
       }},
      {"gemm_bf16.ptx", "gemm_bf16_trans",
       [=](Case &c) {
         c.block(128).dynamicShared(2 * (64 * 40 + 32 * 72) * 2).in(bfloats(64 * 128));
         c.in(bfloats(64 * 128));
         c.out<uint16_t>(4096);
         c.scalar<int32_t>(64).scalar<int32_t>(128);
       }},
      {"reduce.ptx", "reduce_tree_f32",
       [](Case &c) {
         c.block(256).dynamicShared(1024).in(std::vector<float>(512, 1));
         c.out<float>(1);
         c.scalar<int32_t>(512);
       }},
      {"scan.ptx", "scan_hillis_steele",
       [](Case &c) {
         c.block(256).dynamicShared(2048).in(std::vector<int32_t>(256, 1));
         c.out<int32_t>(256);
         c.scalar<int32_t>(256);
       }},
      {"scan.ptx", "scan_blelloch_f32",
       [](Case &c) {
         c.block(256).in(std::vector<float>(512, 1));
         c.out<float>(512);
       },
       {0, 9, 18}},
      {"sort.ptx", "sort_bitonic_i64", [](Case &c) { c.block(512).in(bits<int64_t>(1024, 2)); }},
      {"pipeline.ptx", "pipeline_ring_f32",
       [](Case &c) {
         c.block(128).in(std::vector<float>(128 * 11, 1));
         c.out<float>(128 * 11);
         c.scalar<int32_t>(11);
       }},
      {"pipeline.ptx", "pipeline_transpose_u64",
       [](Case &c) {
         c.block(256).in(bits<uint64_t>(1024, 3));
         c.out<uint64_t>(1024);
         c.scalar<int32_t>(32).scalar<int32_t>(32);
       }},
      {"flash.ptx", "flash_forward_f16",
       [=](Case &c) {
         for (int i = 0; i < 3; ++i)
           c.in(std::vector<uint16_t>(256 * 64, 0x2c00));
         c.block(128).grid(4).dynamicShared(5 * 64 * 72 * 2);
         c.out<uint16_t>(256 * 64);
         c.out<float>(256);
         c.scalar<int32_t>(256).scalar<float>(0.1f).scalar<int32_t>(0);
       }},
      {"apps.ptx", "app_edit_distance",
       [](Case &c) {
         c.block(128).in(std::vector<uint8_t>(90, 'a'));
         c.in(std::vector<uint8_t>(90, 'b'));
         c.scalar<int32_t>(90);
         c.out<int32_t>(1);
       },
       {2}},
  };
}

class Mutations : public testing::TestWithParam<Kernel> {};
INSTANTIATE_TEST_SUITE_P(Removed, Mutations, testing::ValuesIn(kernels()), [](const auto &info) { return std::string(info.param.entry); });

TEST_P(Mutations, AreReported) {
  const Kernel &kernel = GetParam();
  std::vector<std::string> lines = readLines(foreignFile(kernel.file));
  std::string path = (std::filesystem::temp_directory_path() / ("hadal-mutant-" + std::to_string(getpid()) + ".ptx")).string();
  auto runWithout = [&](size_t removed, uint64_t seed) {
    std::ofstream file(path);
    for (size_t i = 0; i < lines.size(); ++i)
      file << (i == removed ? std::string() : lines[i]) << "\n";
    file.close();
    Case made(path, kernel.entry);
    kernel.prepare(made);
    Schedule schedule;
    schedule.seed = seed;
    return made.runOnce(schedule);
  };
  Outcome whole = runWithout(lines.size(), 1);
  EXPECT_TRUE(whole.ok) << whole.error;
  size_t mutants = 0;
  for (const char *word : {"bar.sync", "cp.async.wait"}) {
    std::vector<size_t> found = linesOf(lines, kernel.entry, word);
    for (size_t i = 0; i < found.size(); ++i) {
      if (word[0] == 'b' && std::count(kernel.spared.begin(), kernel.spared.end(), i))
        continue;
      ++mutants;
      for (uint64_t seed = 1; seed <= 5; ++seed) {
        Outcome outcome = runWithout(found[i], seed);
        EXPECT_FALSE(outcome.reports.empty()) << kernel.entry << ": line " << found[i] + 1 << " removed: " << lines[found[i]] << ", seed " << seed;
        EXPECT_NE(outcome.error.find("line "), std::string::npos) << outcome.error;
      }
    }
  }
  EXPECT_GT(mutants, 0u);
  std::filesystem::remove(path);
}

} // namespace
