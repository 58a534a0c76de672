// SPDX-License-Identifier: Apache-2.0
// Cooperative groups (../cuda/groups.cu), 128-bit integers (wide.cu), printf and assert (report.cu).
#include "Harness.h"
#include "Values.h"

#include <algorithm>
#include <numeric>

using namespace hadal::simtest;

namespace {

class Groups : public testing::TestWithParam<const char *> {
protected:
  std::string file() const { return std::string("groups") + GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Levels, Groups, testing::Values(".ptx", ".sm_75.ptx"),
                         [](const auto &info) {
                           return std::string(info.param) == ".ptx" ? "sm_80" : "sm_75";
                         });

TEST_P(Groups, TilesOfAWarp) {
  auto data = integers<int32_t>(256, 1, -100, 100);
  Case c(file(), "groups_tiles");
  c.grid(2).block(128).in(data);
  int out = c.out<int32_t>(5 * 256);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(5 * 256);
  for (size_t i = 0; i < 256; ++i) {
    auto first = data.begin() + long(i / 8 * 8), here = data.begin() + long(i);
    expected[5 * i + 0] = std::accumulate(first, first + 8, 0);
    expected[5 * i + 1] = std::accumulate(first, here + 1, 0);
    expected[5 * i + 2] = std::accumulate(first, here, 0);
    expected[5 * i + 3] = *std::max_element(first, first + 8);
    expected[5 * i + 4] = data[(i ^ 3) ^ 7] + 1;
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Groups, Partitions) {
  auto data = integers<int32_t>(64, 2, 0, 1000);
  Case c(file(), "groups_partitions");
  c.block(64).in(data);
  int out = c.out<int32_t>(3 * 64);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(3 * 64);
  for (size_t i = 0; i < 64; ++i) {
    int sum = 0, size = 0, rank = 0, odd = 0;
    for (size_t j = i / 32 * 32; j < i / 32 * 32 + 32; ++j) {
      if ((data[j] & 3) == (data[i] & 3)) {
        sum += data[j];
        rank += j < i;
        ++size;
      }
      odd += data[i] % 3 == 1 && data[j] % 3 == 1 && (data[j] & 4) == (data[i] & 4);
    }
    expected[3 * i + 0] = sum;
    expected[3 * i + 1] = size * 100 + rank;
    expected[3 * i + 2] = odd;
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(Groups, AsynchronousCopies) {
  const size_t count = 1000;
  auto data = integers<int32_t>(count, 3, 0, 1000);
  Case c(file(), "groups_copies");
  c.block(96).dynamicShared(1024).in(data);
  int out = c.out<int32_t>(96);
  c.scalar<int32_t>(count);
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(96);
  for (size_t i = 0; i < count; ++i)
    expected[i % 256 % 96] += data[i] * int(i % 256 & 3);
  expectEqual(c.result<int32_t>(out), expected);
}

// Before sm_80 such tiles need memory that the kernel hands over.
TEST(GroupsOfWarps, MeetInReservedMemory) {
  auto data = integers<int32_t>(256, 4, 0, 10);
  Case c("groups.ptx", "groups_wide_tiles");
  c.grid(2).block(256).in(data);
  int out = c.out<int32_t>(256);
  c.timingDependent().seeds(6); // warps wait for each other in loops
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected(256);
  for (size_t i = 0; i < 256; ++i) {
    auto first = data.begin() + long(i / 64 * 64);
    expected[i] = std::accumulate(first, first + 64, 0) * 1000 +
                  std::accumulate(first, data.begin() + long(i), 0) + first[5];
  }
  expectEqual(c.result<int32_t>(out), expected);
}

TEST(Wide, DividesLikeTheHost) {
  using Wide = unsigned __int128;
  const size_t count = 500;
  auto data = bits<uint64_t>(3 * count, 5);
  Random random(6);
  for (size_t i = 0; i < data.size(); ++i)
    data[i] >>= random.integer(0, 3) ? 0 : random.integer(0, 60);
  for (size_t i = 0; i < count; ++i)
    data[3 * i + 2] |= 2; // neither the divisor nor its half is zero
  Case c("wide.ptx", "wide_divide");
  c.grid(4).block(128).in(data);
  int out = c.out<uint64_t>(8 * count);
  c.scalar<int32_t>(count).seeds(3);
  ASSERT_TRUE(c.run());
  std::vector<uint64_t> expected;
  for (size_t i = 0; i < count; ++i) {
    Wide a = Wide(data[3 * i]) << 64 | data[3 * i + 1], b = data[3 * i + 2];
    if (i & 1)
      b = b << 37 | data[3 * i];
    for (Wide value : {a / b, a % b, a * b, Wide(-(__int128)(a >> 1) / (__int128)(b >> 1))}) {
      expected.push_back(uint64_t(value));
      expected.push_back(uint64_t(value >> 64));
    }
  }
  expectEqual(c.result<uint64_t>(out), expected);
}

TEST(Report, PrintsLikePrintf) {
  Case c("report.ptx", "report_print");
  c.block(32).scalar<int32_t>(42).scalar<double>(1.5);
  testing::internal::CaptureStdout();
  Outcome outcome = c.runOnce({});
  std::string text = testing::internal::GetCapturedStdout();
  EXPECT_TRUE(outcome.ok) << outcome.error;
  EXPECT_EQ(text, "thread 0 of 32:  0.000 text c [42   |00042|     42] 123456789abc -5%\n"
                  "thread 1 of 32:  1.500 text c [42   |00042|     42] 123456789abc -5%\n");
}

TEST(Report, AssertionsEndTheLaunch) {
  auto data = integers<int32_t>(32, 7, 0, 99);
  data[11] = 100;
  for (int limit : {101, 100}) {
    Case c("report.ptx", "report_assert");
    c.block(32).in(data);
    int out = c.out<int32_t>(32);
    c.scalar<int32_t>(limit);
    Outcome outcome = c.runOnce({});
    ASSERT_EQ(outcome.ok, limit == 101) << outcome.error;
    if (limit == 101)
      EXPECT_EQ(outcome.buffers[size_t(out)].size(), 128u);
    else
      EXPECT_NE(
          outcome.error.find(
              "thread (11,0,0): assertion 'value < limit && \"value within its limit\"' failed"),
          std::string::npos)
          << outcome.error;
  }
}

// Launches without the check of undefined values leave nothing to report when results are copied.
TEST(Report, NothingIsUndefinedWithoutTheCheck) {
  Case c("groups.ptx", "groups_tiles");
  c.grid(1).block(128).in(std::vector<int32_t>(128, 1));
  c.out<int32_t>(5 * 256); // more than is written
  Schedule schedule;
  EXPECT_FALSE(c.runOnce(schedule).ok);
  schedule.checks = false;
  Outcome outcome = c.runOnce(schedule);
  EXPECT_TRUE(outcome.ok) << outcome.error;
}

} // namespace
