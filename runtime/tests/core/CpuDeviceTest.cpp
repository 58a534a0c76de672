// SPDX-License-Identifier: Apache-2.0
// The cpu device by itself: two queues with an event between them, records, what goes wrong in them.
#include "Run.h"
#include "core/Device.h"
#include "hadal_kernel_abi.h"

#include <ctime>

namespace hadal::test {
namespace {

using namespace hadal::runtime;
using Floats = std::vector<float>;

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1000000000u + static_cast<uint64_t>(time.tv_nsec);
}

class CpuDeviceTest : public testing::Test {
protected:
  CpuDeviceTest() {
    require("open", Device::open("cpu", 2, /*pin=*/false, device).message());
    section.struct_size = sizeof section;
    section.name = "model";
    section.level = "x86-64-v3";
    section.data = bytes.data();
    section.size = bytes.size();
    require("loadImage", device->loadImage(section, image).message());
    project = find("project");
    give = find("give");
    for (DeviceQueue &queue : queues)
      require("createQueue", device->createQueue(queue).message());
    for (DeviceMemory *memory : {&sums, &weight, &logits})
      require("allocate", device->allocate(4 * kColumns, "test", *memory).message());
  }

  hadal_device_kernel_t *find(const char *symbol) {
    hadal_device_interface_t interface = {};
    interface.struct_size = sizeof interface;
    hadal_device_kernel_t *kernel = nullptr;
    require(symbol, device->findKernel(image, symbol, interface, &kernel).message());
    return kernel;
  }

  /// logits[v] = sums[0] * weight[v].
  Status launchProject(DeviceQueue &queue) {
    const DeviceAddress bindings[] = {sums.address(), weight.address(), logits.address()};
    const int64_t constants[] = {kColumns, 1};
    return queue.launch(launch(project, bindings, 3, constants, 2, kColumns));
  }

  /// A kernel that returns `code`.
  Status launchGive(DeviceQueue &queue, int64_t code) {
    const DeviceAddress bindings[] = {sums.address()};
    return queue.launch(launch(give, bindings, 1, &code, 1, 3));
  }

  static hadal_device_launch_t launch(hadal_device_kernel_t *kernel, const DeviceAddress *bindings,
                                      uint32_t bindingCount, const int64_t *constants,
                                      uint32_t constantCount, uint32_t width) {
    hadal_device_launch_t launch = {};
    launch.struct_size = sizeof launch;
    launch.kernel = kernel;
    launch.grid[0] = width;
    launch.grid[1] = launch.grid[2] = 1;
    launch.bindings = bindings;
    launch.binding_count = bindingCount;
    launch.constants = constants;
    launch.constant_count = constantCount;
    return launch;
  }

  static constexpr int64_t kColumns = 5;
  AlignedBytes bytes{readImage("model")};
  std::unique_ptr<Device> device;
  hadal_device_code_section_t section = {};
  DeviceImage image;
  DeviceQueue queues[2];
  DeviceMemory sums, weight, logits;
  hadal_device_kernel_t *project = nullptr, *give = nullptr;
};

TEST_F(CpuDeviceTest, TwoQueuesWithAnEventBetweenThem) {
  DeviceEvent event;
  ASSERT_TRUE(device->createEvent(event).ok());
  uint64_t time = 1;
  EXPECT_STREQ(device->eventTime(event, &time).message(),
               "event: expected one that was signalled, got another");
  EXPECT_EQ(time, 0u);
  EXPECT_TRUE(queues[1].wait(event).ok()); // never signalled: no wait
  const Floats weights = {1, 2, 3, 4, 5};
  uint64_t last = now();
  for (float sum : {2.0f, 3.0f, 4.0f}) {
    // One makes what the other fetches.
    ASSERT_TRUE(queues[0].upload(sums.address(), &sum, sizeof sum).ok());
    ASSERT_TRUE(queues[0].upload(weight.address(), weights.data(), 4 * kColumns).ok());
    ASSERT_STREQ(launchProject(queues[0]).message(), "ok");
    ASSERT_TRUE(queues[0].signal(event).ok());
    Floats got(kColumns);
    ASSERT_TRUE(queues[1].wait(event).ok());
    ASSERT_TRUE(queues[1].download(got.data(), logits.address(), 4 * kColumns).ok());
    ASSERT_TRUE(queues[1].synchronize().ok());
    EXPECT_EQ(got, (Floats{sum, 2 * sum, 3 * sum, 4 * sum, 5 * sum}));
    ASSERT_TRUE(device->eventTime(event, &time).ok());
    EXPECT_GE(time, last);
    EXPECT_LE(time, now());
    last = time;
  }
}

TEST_F(CpuDeviceTest, ARecordRunsAgain) {
  const Floats weights = {1, 2, 3, 4, 5};
  ASSERT_TRUE(queues[0].upload(weight.address(), weights.data(), 4 * kColumns).ok());
  ASSERT_TRUE(queues[0].beginRecord().ok());
  ASSERT_TRUE(launchGive(queues[0], 0).ok());
  ASSERT_TRUE(launchProject(queues[0]).ok());
  DeviceRecord record;
  ASSERT_TRUE(queues[0].endRecord(record).ok());
  EXPECT_EQ(reinterpret_cast<const float *>(logits.address())[4], 0.0f); // nothing was run
  int32_t cancel = 0;
  uint32_t failed = 7;
  for (float sum : {2.0f, 3.0f}) {
    ASSERT_TRUE(queues[0].upload(sums.address(), &sum, sizeof sum).ok());
    ASSERT_STREQ(queues[0].replay(record, &cancel, &failed).message(), "ok");
    EXPECT_EQ(failed, UINT32_MAX);
    EXPECT_EQ(reinterpret_cast<const float *>(logits.address())[4], 5 * sum);
  }
  // Launches run again, and another queue may record meanwhile.
  ASSERT_TRUE(queues[1].beginRecord().ok());
  EXPECT_STREQ(launchGive(queues[0], 5).message(), "kernel: expected code 0, got 5");
  EXPECT_TRUE(launchGive(queues[1], 5).ok());
  DeviceRecord other;
  ASSERT_TRUE(queues[1].endRecord(other).ok());
}

// Launches alone, and nothing of that stays.
TEST_F(CpuDeviceTest, WhatARecordDoesNotTake) {
  DeviceEvent event;
  ASSERT_TRUE(device->createEvent(event).ok());
  float sum = 1;
  ASSERT_TRUE(queues[0].beginRecord().ok());
  auto refused = [](const Status &status, const std::string &call) {
    EXPECT_EQ(status.message(),
              call + ": expected a queue that does not record, got one that does");
  };
  refused(queues[0].upload(sums.address(), &sum, sizeof sum), "upload");
  refused(queues[0].download(&sum, sums.address(), sizeof sum), "download");
  refused(queues[0].signal(event), "signal");
  refused(queues[0].wait(event), "wait");
  refused(queues[0].synchronize(), "synchronize");
  refused(queues[0].beginRecord(), "record_begin");
  ASSERT_TRUE(launchGive(queues[0], 0).ok());
  DeviceRecord record;
  ASSERT_TRUE(queues[0].endRecord(record).ok());
  ASSERT_TRUE(queues[0].synchronize().ok());
  int32_t cancel = 0;
  uint32_t failed = 7;
  ASSERT_TRUE(queues[0].beginRecord().ok());
  refused(queues[0].replay(record, &cancel, &failed), "replay");
}

TEST_F(CpuDeviceTest, ARecordThatDoesNotEnd) {
  ASSERT_TRUE(queues[0].beginRecord().ok());
  for (int64_t code : {0, 0, 6, 0})
    ASSERT_TRUE(launchGive(queues[0], code).ok());
  DeviceRecord record;
  ASSERT_TRUE(queues[0].endRecord(record).ok());
  int32_t cancel = 0;
  uint32_t failed = 7;
  Status status = queues[0].replay(record, &cancel, &failed);
  EXPECT_EQ(status.code(), HADAL_STATUS_KERNEL_FAILED);
  EXPECT_STREQ(status.message(), "kernel: expected code 0, got 6");
  EXPECT_EQ(failed, 2u);
  cancel = 1;
  status = queues[0].replay(record, &cancel, &failed);
  EXPECT_EQ(status.code(), HADAL_STATUS_CANCELLED);
  EXPECT_EQ(failed, 0u);
  DeviceRecord none;
  EXPECT_STREQ(queues[0].endRecord(none).message(),
               "queue: expected one that records, got another");
}

} // namespace
} // namespace hadal::test
