// SPDX-License-Identifier: Apache-2.0
// The same results in every order that the driver may choose, and what a step costs.
#include "cuda/DriverControl.h"
#include "device/Program.h"

#include "gtest/gtest.h"

using namespace hadal::test;

namespace {

TEST(OrderTest, ResultsAreTheSameInEveryOrder) {
  for (int seed = 0; seed < 20; ++seed)
    for (bool replay : {false, true}) {
      Setting order("SEED", std::to_string(seed));
      ProgramOptions options;
      options.steps = 6;
      options.replay = replay;
      std::vector<int32_t> values;
      {
        Device device;
        ASSERT_DONE(device, device.open());
        ASSERT_DONE(device, runProgram(device, options, values));
      }
      EXPECT_TRUE(values == expectedOfProgram(options)) << "seed " << seed << ", replay " << replay;
      EXPECT_STREQ(driver().problems(), "");
      EXPECT_STREQ(driver().leaks(), "");
    }
}

// The check itself: a user who fills staging memory again while a copy may read it.
TEST(OrderTest, StagingUsedTooEarlyIsNoticed) {
  for (int seed : {0, 1, 2}) {
    Setting order("SEED", std::to_string(seed));
    ProgramOptions options;
    options.reuseStaging = true;
    std::vector<int32_t> values;
    {
      Device device;
      ASSERT_DONE(device, device.open());
      ASSERT_DONE(device, runProgram(device, options, values));
    }
    EXPECT_NE(
        std::string(driver().problems()).find("page-locked memory changed before the copy ran"),
        std::string::npos);
  }
}

// A user who does not wait: the other queue reads what is not there yet, in some order at least.
TEST(OrderTest, MissingWaitIsNoticed) {
  int wrong = 0;
  for (int seed = 0; seed < 20; ++seed) {
    Setting order("SEED", std::to_string(seed));
    Device device;
    ASSERT_DONE(device, device.open());
    hadal_device_queue_t *writer, *reader;
    hadal_device_address_t memory;
    ASSERT_DONE(device, device.queue(writer));
    ASSERT_DONE(device, device.queue(reader));
    ASSERT_DONE(device, device.allocate(4, memory));
    int32_t written = 7, read = 0;
    ASSERT_DONE(device, device.upload(writer, memory, &written, 4));
    ASSERT_DONE(device, device.download(reader, &read, memory, 4));
    ASSERT_DONE(device, device.synchronize(reader));
    wrong += read != 7;
  }
  EXPECT_GT(wrong, 0);
  EXPECT_LT(wrong, 20);
}

TEST(OrderTest, StepIsOneUploadOneGraphAndOneDownload) {
  ProgramOptions options;
  options.replay = true;
  hadal_test_driver_counts_t counts[2];
  for (int i = 0; i < 2; ++i) {
    options.steps = 3 + i;
    driver().reset();
    Device device;
    ASSERT_DONE(device, device.open());
    std::vector<int32_t> values;
    ASSERT_DONE(device, runProgram(device, options, values));
    counts[i] = driver().counts();
  }
  EXPECT_EQ(counts[1].uploads - counts[0].uploads, 1u);
  EXPECT_EQ(counts[1].graph_launches - counts[0].graph_launches, 1u);
  EXPECT_EQ(counts[1].downloads - counts[0].downloads, 1u);
  EXPECT_EQ(counts[1].launches - counts[0].launches, 1u); // of the other queue
  EXPECT_EQ(counts[1].work - counts[0].work, 4u);
}

} // namespace
