// SPDX-License-Identifier: Apache-2.0
// The C interface: what it refuses, use after free, files mapped without a copy, contexts in several threads.
#include <hadal_sim.h>

#include <atomic>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

const char *kCopy =
    ".version 8.0\n.target sm_80\n.address_size 64\n"
    ".visible .entry copy(.param .u64 to, .param .u64 from)\n{\n.reg .b64 %a, %b, %o;\n.reg .b32 %t, %n, %c;\n"
    "ld.param.u64 %a, [to];\nld.param.u64 %b, [from];\nmov.u32 %c, %ctaid.x;\nmov.u32 %n, %ntid.x;\nmov.u32 %t, %tid.x;\n"
    "mad.lo.u32 %t, %c, %n, %t;\nmul.wide.u32 %o, %t, 4;\nadd.s64 %a, %a, %o;\nadd.s64 %b, %b, %o;\nld.global.u32 %t, [%b];\n"
    "st.global.u32 [%a], %t;\nret;\n}\n.visible .entry fill(.param .u64 to, .param .u32 value) { .reg .b64 %a; .reg .b32 %v;\n"
    "ld.param.u64 %a, [to]; ld.param.u32 %v, [value]; st.global.u32 [%a], %v; ret; }\n";
const uint32_t kLoadLine = 17, kStoreLine = 18;

class Api : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(hadal_sim_context_create(&context), HADAL_SIM_OK);
    ASSERT_EQ(hadal_sim_module_load(context, kCopy, strlen(kCopy), "copy.ptx", &module),
              HADAL_SIM_OK)
        << message();
    hadal_sim_launch_defaults(&launch);
    launch.block[0] = 32;
  }
  void TearDown() override { hadal_sim_context_release(context); }
  std::string message() const { return hadal_sim_context_message(context); }
  uint64_t allocate(uint64_t bytes, const char *name, bool filled = true) {
    uint64_t address = 0;
    EXPECT_EQ(hadal_sim_alloc(context, bytes, name, &address), HADAL_SIM_OK) << message();
    if (filled)
      EXPECT_EQ(hadal_sim_fill(context, address, 5, bytes), HADAL_SIM_OK) << message();
    return address;
  }
  hadal_sim_status_t copy(uint64_t to, uint64_t from) {
    const void *arguments[] = {&to, &from};
    return hadal_sim_launch(context, module, "copy", &launch, arguments, 2);
  }
  void expectMessage(std::vector<std::string> words) const {
    for (const std::string &word : words)
      EXPECT_NE(message().find(word), std::string::npos)
          << "expected '" << word << "' in: " << message();
  }
  hadal_sim_context_t *context = nullptr;
  hadal_sim_module_t *module = nullptr;
  hadal_sim_launch_t launch;
};

TEST_F(Api, ZerosAndImports) {
  uint64_t zeros = 0, imported = 0;
  ASSERT_EQ(hadal_sim_alloc_zeros(context, uint64_t(1) << 40, "zeros", &zeros), HADAL_SIM_OK)
      << message();
  alignas(16) uint32_t host[64] = {}, back[32] = {};
  ASSERT_EQ(hadal_sim_import(context, host, sizeof(host), "host", &imported), HADAL_SIM_OK)
      << message();
  host[33] = 7; // kernels read it in place
  uint64_t end = zeros + (uint64_t(1) << 40) - 128;
  ASSERT_EQ(copy(end, imported + 128), HADAL_SIM_OK) << message();
  ASSERT_EQ(hadal_sim_copy_out(context, back, end, 128, nullptr), HADAL_SIM_OK) << message();
  EXPECT_EQ(back[1], 7u);
  EXPECT_EQ(copy(imported, zeros), HADAL_SIM_CHECK);
  expectMessage({"bounds", "read-only buffer 'host'"});
  EXPECT_EQ(hadal_sim_fill(context, imported, 1, 4), HADAL_SIM_ERROR);
  expectMessage({"'host'", "read-only"});
  EXPECT_EQ(hadal_sim_free(context, imported), HADAL_SIM_OK);
  EXPECT_EQ(host[33], 7u);
  EXPECT_EQ(copy(zeros, imported), HADAL_SIM_CHECK);
  expectMessage({"after free"});
  EXPECT_EQ(hadal_sim_import(context, host + 1, 16, "askew", &imported), HADAL_SIM_ERROR);
  expectMessage({"aligned to 16 bytes"});
  EXPECT_EQ(hadal_sim_import(context, nullptr, 16, "none", &imported), HADAL_SIM_ERROR);
}

TEST_F(Api, WhatALaunchWouldSay) {
  EXPECT_STREQ(hadal_sim_module_target(module), "sm_80");
  EXPECT_EQ(hadal_sim_launch_check(context, module, "copy", &launch, 2), HADAL_SIM_OK) << message();
  EXPECT_EQ(hadal_sim_launch_check(context, module, "copy", &launch, 3), HADAL_SIM_ERROR);
  expectMessage({"expected 2 arguments, got 3"});
  EXPECT_EQ(hadal_sim_launch_check(context, module, "paste", &launch, 2), HADAL_SIM_ERROR);
  expectMessage({"no entry 'paste'"});
  launch.block[1] = 1024;
  EXPECT_EQ(hadal_sim_launch_check(context, module, "copy", &launch, 2), HADAL_SIM_ERROR);
  expectMessage({"block has 32768 threads"});
}

TEST_F(Api, UseAfterFree) {
  uint64_t to = allocate(128, "result"), from = allocate(128, "weights"),
           other = allocate(64, "other");
  ASSERT_EQ(copy(to, from), HADAL_SIM_OK) << message();
  ASSERT_EQ(hadal_sim_free(context, from), HADAL_SIM_OK);
  uint32_t line = 0;
  for (uint32_t threads : {1u, 2u}) {
    launch.threads = threads;
    EXPECT_EQ(copy(to, from), HADAL_SIM_CHECK);
    EXPECT_STREQ(hadal_sim_context_check(context, &line), "bounds");
    EXPECT_EQ(line, kLoadLine);
    expectMessage({"after free", "'weights'", "line " + std::to_string(kLoadLine), "block (0,0,0)",
                   "thread (0,0,0)", "kernel 'copy'"});
  }
  // In the middle, and when writing.
  from = allocate(256, "fresh");
  ASSERT_EQ(hadal_sim_free(context, to), HADAL_SIM_OK);
  EXPECT_EQ(copy(to + 64, from), HADAL_SIM_CHECK);
  EXPECT_STREQ(hadal_sim_context_check(context, &line), "bounds");
  EXPECT_EQ(line, kStoreLine);
  expectMessage({"after free", "'result'"});
  // New buffers never take old addresses.
  for (int i = 0; i < 100; ++i) {
    uint64_t fresh = allocate(128, "fresh");
    EXPECT_GT(fresh, other);
    EXPECT_EQ(hadal_sim_free(context, fresh), HADAL_SIM_OK);
  }
  // The host is told as well.
  uint32_t word = 0;
  EXPECT_EQ(hadal_sim_copy_out(context, &word, to, 4, nullptr), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_copy_in(context, to, &word, 4), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_fill(context, to, 0, 4), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_free(context, to), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_free(context, other + 4), HADAL_SIM_ERROR);
}

TEST_F(Api, VariablesAfterTheirModule) {
  const char *text =
      ".version 8.0\n.target sm_80\n.address_size 64\n.global .align 4 .b32 table[32] = {1, 2, 3};\n.visible .entry k() { ret; }\n";
  hadal_sim_module_t *other = nullptr;
  ASSERT_EQ(hadal_sim_module_load(context, text, strlen(text), "table.ptx", &other), HADAL_SIM_OK)
      << message();
  uint64_t table = 0, bytes = 0, to = allocate(128, "result");
  ASSERT_EQ(hadal_sim_module_variable(context, other, "table", &table, &bytes), HADAL_SIM_OK);
  EXPECT_EQ(bytes, 128u);
  ASSERT_EQ(copy(to, table), HADAL_SIM_OK) << message();
  uint32_t back[3];
  ASSERT_EQ(hadal_sim_copy_out(context, back, to, 12, nullptr), HADAL_SIM_OK);
  EXPECT_EQ(back[2], 3u);
  EXPECT_EQ(hadal_sim_module_variable(context, other, "absent", &table, &bytes), HADAL_SIM_ERROR);
  hadal_sim_module_release(context, other);
  EXPECT_EQ(copy(to, table), HADAL_SIM_CHECK);
  expectMessage({"after free", "'table'"});
}

TEST_F(Api, EmptyBuffers) {
  uint64_t empty = allocate(0, "empty"), after = allocate(4, "after"), bytes = 0;
  EXPECT_NE(empty, after);
  EXPECT_EQ(hadal_sim_copy_in(context, empty, nullptr, 0), HADAL_SIM_OK) << message();
  EXPECT_EQ(hadal_sim_copy_out(context, nullptr, empty, 0, nullptr), HADAL_SIM_OK) << message();
  EXPECT_EQ(hadal_sim_copy_out(context, &bytes, empty, 1, nullptr), HADAL_SIM_ERROR);
  launch.block[0] = 1;
  EXPECT_EQ(copy(after, empty), HADAL_SIM_CHECK);
  expectMessage({"'empty'"});
  EXPECT_EQ(hadal_sim_free(context, empty), HADAL_SIM_OK) << message();
  EXPECT_EQ(hadal_sim_free(context, empty), HADAL_SIM_ERROR);
}

TEST_F(Api, RefusesImpossibleSizes) {
  uint64_t address = 0;
  EXPECT_EQ(hadal_sim_alloc(context, ~uint64_t(0), "all", &address), HADAL_SIM_OUT_OF_MEMORY);
  EXPECT_EQ(hadal_sim_alloc(context, uint64_t(1) << 62, "much", &address), HADAL_SIM_OUT_OF_MEMORY);
  expectMessage({"4611686018427387904"});
  uint64_t small = allocate(16, "small");
  std::vector<uint8_t> bytes(64);
  EXPECT_EQ(hadal_sim_copy_in(context, small, bytes.data(), 17), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_copy_in(context, small + 8, bytes.data(), 9), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_copy_in(context, small + 8, bytes.data(), ~uint64_t(0)), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_copy_in(context, small - 1, bytes.data(), 4), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_copy_in(context, 64, bytes.data(), 4), HADAL_SIM_ERROR);
  expectMessage({"0x40", "small"});
  EXPECT_EQ(hadal_sim_copy_in(context, small + 8, bytes.data(), 8), HADAL_SIM_OK) << message();
}

TEST_F(Api, RefusesLaunches) {
  uint64_t to = allocate(128, "to"), from = allocate(128, "from");
  const void *arguments[] = {&to, &from, &to};
  EXPECT_EQ(hadal_sim_launch(context, module, "absent", &launch, arguments, 2), HADAL_SIM_ERROR);
  expectMessage({"absent", "copy", "fill"});
  EXPECT_EQ(hadal_sim_launch(context, module, "copy", &launch, arguments, 1), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_launch(context, module, "copy", &launch, arguments, 3), HADAL_SIM_ERROR);
  expectMessage({"2", "3"});
  auto refused = [&](auto change, std::vector<std::string> words) {
    hadal_sim_launch_t saved = launch;
    change(launch);
    EXPECT_EQ(copy(to, from), HADAL_SIM_ERROR);
    expectMessage(words);
    EXPECT_STREQ(hadal_sim_context_check(context, nullptr), "");
    launch = saved;
  };
  refused([](auto &l) { l.grid[0] = 0; }, {"grid", "0"});
  refused([](auto &l) { l.grid[0] = 0x80000000; }, {"grid", "2147483648", "2147483647"});
  refused([](auto &l) { l.grid[2] = 65536; }, {"65536", "65535"});
  refused([](auto &l) { l.block[1] = 0; }, {"block", "0"});
  refused([](auto &l) { l.block[1] = 33; }, {"1056", "1024"});
  refused([](auto &l) { l.block[2] = 65; }, {"65", "64"});
  refused([](auto &l) { l.dynamic_shared_bytes = 232449; }, {"232449", "232448"});
  refused([](auto &l) { l.dynamic_shared_bytes = ~0u; }, {"4294967295"});
  refused([](auto &l) { l.cooperative = 1, l.grid[0] = 4097; }, {"4097", "4096"});
  refused([](auto &l) { l.struct_size = 8; }, {"8"});
  refused([](auto &l) { l.threads = 1025; }, {"1025", "1024"});
  EXPECT_EQ(copy(to, from), HADAL_SIM_OK) << message();
}

TEST_F(Api, ManyMoreThreadsThanBlocks) {
  uint64_t to = allocate(4 * 32 * 7, "to"), from = allocate(4 * 32 * 7, "from");
  launch.grid[0] = 7;
  launch.threads = 1024;
  EXPECT_EQ(copy(to, from), HADAL_SIM_OK) << message();
}

class Folder {
public:
  Folder() {
    path_ = std::filesystem::temp_directory_path() / ("hadal-sim-api-" + std::to_string(getpid()));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string &name) const { return (path_ / name).string(); }

private:
  std::filesystem::path path_;
};

/// Kilobytes of memory that belong to the process alone.
long anonymousKilobytes() {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;)
    if (word == "RssAnon:") {
      long value = 0;
      file >> value;
      return value;
    }
  return -1;
}

TEST_F(Api, MapsALargeFileWithoutACopy) {
  Folder folder;
  std::string path = folder / "large.bin";
  const uint64_t size = uint64_t(1) << 30;
  {
    std::ofstream file(path, std::ios::binary);
    file << "abcd";
  }
  std::filesystem::resize_file(path, size); // sparse
  long before = anonymousKilobytes();
  uint64_t from = 0, bytes = 0, to = allocate(128, "to");
  ASSERT_EQ(hadal_sim_map_file(context, path.c_str(), &from, &bytes), HADAL_SIM_OK) << message();
  EXPECT_EQ(bytes, size);
  ASSERT_EQ(copy(to, from), HADAL_SIM_OK) << message();
  ASSERT_EQ(copy(to, from + size - 128), HADAL_SIM_OK) << message();
  launch.checks |= HADAL_SIM_CHECK_GLOBAL_RACE;
  ASSERT_EQ(copy(to, from), HADAL_SIM_OK) << message();
  char back[4];
  ASSERT_EQ(hadal_sim_copy_out(context, back, to, 4, nullptr), HADAL_SIM_OK);
  EXPECT_EQ(memcmp(back, "abcd", 4), 0);
  ASSERT_GT(before, 0);
  EXPECT_LT(anonymousKilobytes() - before, 65536);
  // It is read-only for kernels and for the host.
  EXPECT_EQ(copy(from, to), HADAL_SIM_CHECK);
  expectMessage({"read-only", "large.bin"});
  EXPECT_EQ(hadal_sim_fill(context, from, 0, 4), HADAL_SIM_ERROR);
  EXPECT_EQ(copy(to, from + size - 124), HADAL_SIM_CHECK);
  EXPECT_EQ(hadal_sim_free(context, from), HADAL_SIM_OK);
  EXPECT_EQ(copy(to, from), HADAL_SIM_CHECK);
  expectMessage({"after free"});
}

TEST_F(Api, RefusesFiles) {
  Folder folder;
  uint64_t address = 0, bytes = 0;
  EXPECT_EQ(hadal_sim_map_file(context, (folder / "absent").c_str(), &address, &bytes),
            HADAL_SIM_ERROR);
  expectMessage({"absent", "No such file"});
  EXPECT_EQ(hadal_sim_map_file(context, (folder / "").c_str(), &address, &bytes), HADAL_SIM_ERROR);
  EXPECT_EQ(hadal_sim_map_file(context, "/dev/zero", &address, &bytes), HADAL_SIM_ERROR);
  expectMessage({"/dev/zero", "regular"});
  std::ofstream(folder / "empty").close();
  EXPECT_EQ(hadal_sim_map_file(context, (folder / "empty").c_str(), &address, &bytes), HADAL_SIM_OK)
      << message();
  EXPECT_EQ(bytes, 0u);
  EXPECT_EQ(hadal_sim_free(context, address), HADAL_SIM_OK) << message();
}

// Contexts do not share anything: each thread has its own, with its own errors.
TEST(ApiThreads, ContextsAreIndependent) {
  std::atomic<int> failures{0};
  auto work = [&](uint32_t number) {
    for (int round = 0; round < 20; ++round) {
      hadal_sim_context_t *context = nullptr;
      hadal_sim_module_t *module = nullptr;
      if (hadal_sim_context_create(&context) != HADAL_SIM_OK ||
          hadal_sim_module_load(context, kCopy, strlen(kCopy), "copy.ptx", &module) !=
              HADAL_SIM_OK) {
        ++failures;
        return;
      }
      uint64_t to = 0, from = 0;
      std::vector<uint32_t> values(32 * 16), back(32 * 16);
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = number * 1000000 + uint32_t(round) * 1000 + uint32_t(i);
      hadal_sim_alloc(context, values.size() * 4, "to", &to);
      hadal_sim_alloc(context, values.size() * 4, "from", &from);
      hadal_sim_copy_in(context, from, values.data(), values.size() * 4);
      hadal_sim_launch_t launch;
      hadal_sim_launch_defaults(&launch);
      launch.grid[0] = 16, launch.block[0] = 32, launch.threads = 2;
      const void *arguments[] = {&to, &from};
      if (hadal_sim_launch(context, module, "copy", &launch, arguments, 2) != HADAL_SIM_OK ||
          hadal_sim_copy_out(context, back.data(), to, back.size() * 4, nullptr) != HADAL_SIM_OK ||
          back != values)
        ++failures;
      // A failure of one is no failure of another.
      launch.grid[0] = 17;
      hadal_sim_launch(context, module, "copy", &launch, arguments, 2);
      if (std::string(hadal_sim_context_check(context, nullptr)) != "bounds")
        ++failures;
      if (std::string(hadal_sim_counters_json(context)).empty())
        ++failures;
      hadal_sim_context_release(context);
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i)
    threads.emplace_back(work, i);
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures.load(), 0);
}

} // namespace
