// SPDX-License-Identifier: Apache-2.0
// Takes single barriers, waits and fences out of compiled kernels: each removal must be reported, the whole kernel must not.
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
std::vector<size_t> linesOf(const std::vector<std::string> &lines, const std::string &entry,
                            const std::string &word) {
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
  // What the kernel could do without, by number from 0: the barriers; the waits; the first of two waits one after the other.
  std::vector<size_t> sparedBarriers = {}, sparedWaits = {}, doubledWaits = {}, sparedFences = {};
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
      {"scan.ptx",
       "scan_blelloch_f32",
       [](Case &c) {
         c.block(256).in(std::vector<float>(512, 1));
         c.out<float>(512);
       },
       // Before 0 and after 17 a thread touches only what it wrote itself; around 9 thread 0 is the only one at work.
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
      {"coop.ptx",
       "coop_hand_barrier",
       [](Case &c) {
         c.grid(4).block(64).cooperative().out<int32_t>(2 * 4 * 64);
         c.in(std::vector<uint32_t>{0});
         c.scalar<int32_t>(3);
       },
       // The barrier of the block after the strong reads stands for the reader's fence.
       {},
       {},
       {},
       {1}},
      {"triton_gemm_f16.ptx",
       "triton_gemm",
       [](Case &c) {
         c.grid(2, 2).block(128).dynamicShared(16384);
         c.in(std::vector<uint16_t>(73 * 128, 0x3c00));
         c.in(std::vector<uint16_t>(80 * 128, 0x3c00));
         c.out<float>(73 * 80);
         c.scalar<int32_t>(73).scalar<int32_t>(80).scalar<int32_t>(128).nullPointer().nullPointer();
       },
       // At the top of the loop nothing was issued since the last wait, and both sides of the barrier only read.
       {1},
       {1, 2, 3},
       {2}},
      {"triton_gemm_bf16.ptx",
       "triton_gemm",
       [](Case &c) {
         c.grid(2, 2).block(256).dynamicShared(36864);
         c.in(std::vector<uint16_t>(137 * 128, 0x3f80));
         c.in(std::vector<uint16_t>(80 * 128, 0x3f80));
         c.out<float>(137 * 80);
         c.scalar<int32_t>(137)
             .scalar<int32_t>(80)
             .scalar<int32_t>(128)
             .nullPointer()
             .nullPointer();
       },
       // At the top of the loop nothing was issued since the last wait, and both sides of the barrier only read.
       {1},
       {1, 2, 3},
       {2}},
      {"triton_gemm_tf32.ptx",
       "triton_gemm",
       [](Case &c) {
         c.grid(2, 2).block(64).dynamicShared(8192);
         c.in(std::vector<float>(41 * 128, 1));
         c.in(std::vector<float>(48 * 128, 1));
         c.out<float>(41 * 48);
         c.scalar<int32_t>(41).scalar<int32_t>(48).scalar<int32_t>(128).nullPointer().nullPointer();
       },
       // At the top of the loop nothing was issued since the last wait, and both sides of the barrier only read.
       // The last wait covers nothing: the one before it, or that before the loop, left none.
       {1},
       {1, 2, 3, 4},
       {2}},
      {"triton_gemm_int8.ptx",
       "triton_gemm_int8",
       [](Case &c) {
         c.grid(2).block(64).dynamicShared(8192);
         c.in(bits<int8_t>(64 * 192, 3));
         c.in(bits<int8_t>(32 * 192, 4));
         c.out<int32_t>(64 * 32);
         c.scalar<int32_t>(64).scalar<int32_t>(32).scalar<int32_t>(192).nullPointer().nullPointer();
       },
       // At the top of the loop nothing was issued since the last wait, and both sides of the barrier only read.
       {1},
       {1, 2, 3},
       {2}},
      {"triton_attention.ptx",
       "triton_attention",
       [](Case &c) {
         for (int i = 0; i < 3; ++i)
           c.in(std::vector<uint16_t>(2 * 100 * 64, 0x2c00));
         c.grid(2, 2).block(128).dynamicShared(16384);
         c.out<uint16_t>(2 * 100 * 64);
         c.scalar<int32_t>(100).scalar<float>(0.125f).nullPointer().nullPointer();
       },
       // The copies in flight go to the upper half, and the stores that follow to the lower one, whose readers the loop's barrier orders.
       {2},
       {1}},
      {"triton_softmax.ptx", "triton_softmax",
       [](Case &c) {
         c.grid(2).block(128).dynamicShared(16).in(reals<float>(1600, 5, -6, 6));
         c.in(std::vector<float>(1600, -1));
         c.scalar<int32_t>(781).scalar<int32_t>(800).nullPointer().nullPointer();
       }},
      {"triton_layer_norm.ptx", "triton_layer_norm",
       [](Case &c) {
         c.grid(3).block(64).dynamicShared(512).in(std::vector<uint16_t>(2100, 0x3c00));
         c.in(std::vector<float>(700, 1));
         c.in(std::vector<float>(700, 1));
         c.out<uint16_t>(2100);
         c.scalar<int32_t>(700).scalar<float>(1e-5f).nullPointer().nullPointer();
       }},
      {"triton_scan.ptx", "triton_scan",
       [](Case &c) {
         c.grid(3).block(128).dynamicShared(1024).in(integers<int32_t>(768, 9, -1000, 1000));
         c.out<int32_t>(768);
         c.out<int32_t>(768);
         c.nullPointer().nullPointer();
       }},
      {"triton_histogram.ptx", "triton_histogram",
       [](Case &c) {
         c.grid(3).block(128).dynamicShared(128).in(integers<int32_t>(1300, 10, 0, 31));
         c.in(std::vector<int32_t>(35, 0));
         c.scalar<int32_t>(1300).nullPointer().nullPointer();
       }},
      {"apps.ptx",
       "app_edit_distance",
       [](Case &c) {
         c.block(128).in(std::vector<uint8_t>(90, 'a'));
         c.in(std::vector<uint8_t>(90, 'b'));
         c.scalar<int32_t>(90);
         c.out<int32_t>(1);
       },
       {2}}, // nothing follows
  };
}

/// Keeps addresses out of the messages.
void PrintTo(const Kernel &kernel, std::ostream *out) { *out << kernel.file; }

class Mutations : public testing::TestWithParam<Kernel> {};
INSTANTIATE_TEST_SUITE_P(Removed, Mutations, testing::ValuesIn(kernels()), [](const auto &info) {
  return std::string(info.param.entry) + "_" +
         std::filesystem::path(info.param.file).stem().string();
});

TEST_P(Mutations, AreReported) {
  const Kernel &kernel = GetParam();
  std::vector<std::string> lines = readLines(foreignFile(kernel.file));
  std::string path = (std::filesystem::temp_directory_path() /
                      ("hadal-mutant-" + std::to_string(getpid()) + ".ptx"))
                         .string();
  // Fences order global memory, which is checked on request.
  bool orders = !linesOf(lines, kernel.entry, "membar.").empty();
  auto runWithout = [&](size_t first, size_t last, uint64_t seed) {
    std::ofstream file(path);
    for (size_t i = 0; i < lines.size(); ++i)
      file << (i == first || i == last ? std::string() : lines[i]) << "\n";
    file.close();
    Case made(path, kernel.entry);
    kernel.prepare(made);
    Schedule schedule;
    schedule.seed = seed;
    schedule.globalRaces = orders;
    return made.runOnce(schedule);
  };
  Outcome whole = runWithout(lines.size(), lines.size(), 1);
  EXPECT_TRUE(whole.ok) << whole.error;
  size_t mutants = 0;
  for (const char *word : {"bar.sync", "cp.async.wait", "membar."}) {
    std::vector<size_t> found = linesOf(lines, kernel.entry, word);
    const std::vector<size_t> &spared = word[0] == 'b'   ? kernel.sparedBarriers
                                        : word[0] == 'c' ? kernel.sparedWaits
                                                         : kernel.sparedFences;
    for (size_t i = 0; i < found.size(); ++i) {
      bool doubled =
          word[0] == 'c' && std::count(kernel.doubledWaits.begin(), kernel.doubledWaits.end(), i);
      if (!doubled && std::count(spared.begin(), spared.end(), i))
        continue;
      ++mutants;
      for (uint64_t seed = 1; seed <= 5; ++seed) {
        Outcome outcome = runWithout(found[i], doubled ? found[i + 1] : found[i], seed);
        EXPECT_FALSE(outcome.reports.empty())
            << kernel.file << ": line " << found[i] + 1 << " removed: " << lines[found[i]]
            << ", seed " << seed;
        EXPECT_NE(outcome.error.find("line "), std::string::npos) << outcome.error;
      }
    }
  }
  EXPECT_GT(mutants, 0u);
  std::filesystem::remove(path);
}

} // namespace
