// SPDX-License-Identifier: Apache-2.0
// Every call of the driver fails in turn: a clear error, nothing left behind.
#include "cuda/DriverControl.h"
#include "device/Program.h"

#include "gtest/gtest.h"

using namespace hadal::test;

namespace {

constexpr int kOutOfMemory = 2, kInvalidImage = 200, kLaunchFailed = 719;

struct Outcome {
  hadal_device_code_t code;
  std::string message;
};

// Opens a device and runs the program; the device is closed at the end.
Outcome run(uint64_t *calls = nullptr) {
  ProgramOptions options;
  options.steps = 2;
  options.replay = true;
  driver().reset();
  Device device;
  std::vector<int32_t> values;
  hadal_device_code_t code = device.open();
  if (!code)
    code = runProgram(device, options, values);
  if (!code)
    EXPECT_TRUE(values == expectedOfProgram(options));
  if (calls)
    *calls = driver().counts().calls;
  return {code, device.message()};
}

void expectClear(const Outcome &outcome, const std::string &where) {
  if (!outcome.code)
    return;
  EXPECT_NE(outcome.message.find("expected "), std::string::npos)
      << where << ": " << outcome.message;
  EXPECT_NE(outcome.message.find(", got "), std::string::npos) << where << ": " << outcome.message;
  EXPECT_EQ(outcome.message.find('\n'), std::string::npos) << outcome.message;
  EXPECT_TRUE(islower(static_cast<unsigned char>(outcome.message[0]))) << outcome.message;
  EXPECT_NE(outcome.message.back(), '.') << outcome.message;
}

TEST(FaultTest, EveryCallFailsInTurn) {
  uint64_t calls = 0;
  ASSERT_EQ(run(&calls).code, HADAL_STATUS_OK);
  ASSERT_GT(calls, 100u);
  // Some calls come with the releases, after the count was taken.
  for (int result : {kOutOfMemory, kInvalidImage, kLaunchFailed}) {
    int failures = 0;
    for (uint64_t nth = 1; nth <= calls + 60; ++nth) {
      Setting fault("FAIL", std::to_string(nth) + ":" + std::to_string(result));
      Outcome outcome = run();
      std::string where = std::string(driver().failed()) + ", call " + std::to_string(nth) +
                          ", result " + std::to_string(result);
      failures += outcome.code != HADAL_STATUS_OK;
      expectClear(outcome, where);
      EXPECT_STREQ(driver().problems(), "") << where;
      EXPECT_STREQ(driver().leaks(), "") << where;
    }
    // All but those that only tell of names, pop a context or give something back.
    EXPECT_GT(failures, int(calls) / 2);
  }
}

TEST(FaultTest, FailuresOfWorkComeWithALaterCall) {
  for (int seed = 0; seed < 4; ++seed)
    for (int nth = 1; nth <= 8; ++nth) {
      Setting order("SEED", std::to_string(seed));
      Setting fault("FAIL", "work:" + std::to_string(nth) + ":" + std::to_string(kLaunchFailed));
      Outcome outcome = run();
      EXPECT_EQ(outcome.code, HADAL_STATUS_DEVICE_LOST);
      EXPECT_NE(outcome.message.find("CUDA_ERROR_LAUNCH_FAILED (719): unspecified launch failure"),
                std::string::npos)
          << outcome.message;
      expectClear(outcome, "work");
      EXPECT_STREQ(driver().problems(), "");
      EXPECT_STREQ(driver().leaks(), "");
    }
}

TEST(FaultTest, LostDeviceSaysSoAndANewOneWorks) {
  {
    Device device;
    ASSERT_DONE(device, device.open());
    hadal_device_queue_t *queue;
    hadal_device_address_t memory;
    ASSERT_DONE(device, device.queue(queue));
    Setting fault("FAIL", "cuStreamSynchronize:1:" + std::to_string(kLaunchFailed));
    driver().reset();
    EXPECT_EQ(device.synchronize(queue), HADAL_STATUS_DEVICE_LOST);
    EXPECT_EQ(device.allocate(4, memory), HADAL_STATUS_DEVICE_LOST);
    EXPECT_EQ(device.message().find("the device was lost earlier: cuStreamSynchronize: "), 0u)
        << device.message();
  }
  EXPECT_EQ(run().code, HADAL_STATUS_OK);
}

} // namespace
