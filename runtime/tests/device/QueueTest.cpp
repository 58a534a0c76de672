// SPDX-License-Identifier: Apache-2.0
// Queues, events and their times, records, and what happens when a kernel fails.
#include "device/Kernels.h"
#include "device/Program.h"

#include "gtest/gtest.h"

#include <atomic>
#include <chrono>
#include <ctime>
#include <thread>

using namespace hadal::test;

namespace {

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1000000000 + uint64_t(time.tv_nsec);
}

TEST(QueueTest, ProgramRunsDirectlyAndReplayed) {
  for (bool replay : {false, true}) {
    Device device;
    ASSERT_DONE(device, device.open());
    ProgramOptions options;
    options.steps = 7;
    options.replay = replay;
    std::vector<int32_t> values;
    ASSERT_DONE(device, runProgram(device, options, values));
    EXPECT_TRUE(values == expectedOfProgram(options));
  }
}

TEST(QueueTest, ThreadsUseOneDeviceAtOnce) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_kernel_t *scale;
  ASSERT_DONE(device, device.kernel("scale", scale));
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      const hadal_device_table_t &t = table();
      hadal_device_error_t error;
      hadal_device_queue_t *queue;
      hadal_device_memory_t *memory;
      hadal_device_address_t at;
      if (t.queue_create(device.get(), &queue, &error))
        return;
      std::vector<int32_t> values(100, i + 1), read(100);
      bool good = !t.memory_allocate(device.get(), 400, HADAL_DEVICE_MEMORY_SPARSE, "x", &memory,
                                     &at, &error) &&
                  !t.queue_upload(queue, at, values.data(), 400, &error);
      for (int j = 0; good && j < 5; ++j) {
        Parameter parameters[] = {address(at), address(at), i32(2), i64(1), i64(100)};
        hadal_device_launch_t launch = {};
        launch.struct_size = sizeof launch;
        launch.kernel = scale;
        launch.grid[0] = 2;
        launch.grid[1] = launch.grid[2] = 1;
        launch.parameters = parameters;
        launch.parameter_count = 5;
        good = !t.queue_launch(queue, &launch, &error);
      }
      good = good && !t.queue_download(queue, read.data(), at, 400, &error) &&
             !t.queue_synchronize(queue, &error);
      t.queue_release(device.get(), queue);
      t.memory_release(device.get(), memory);
      right += good && read == std::vector<int32_t>(100, 32 * (i + 1) + 31);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(right, 4);
}

TEST(EventTest, TimesAreOfTheHostsClock) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue;
  hadal_device_event_t *first, *second;
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.event(first));
  ASSERT_DONE(device, device.event(second));
  uint64_t before = now(), a, b;
  ASSERT_DONE(device, device.signal(queue, first));
  ASSERT_DONE(device, device.synchronize(first));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_DONE(device, device.signal(queue, second));
  ASSERT_DONE(device, device.time(second, b));
  ASSERT_DONE(device, device.time(first, a));
  constexpr uint64_t slack = 20000000; // the machine may be busy
  EXPECT_GE(a + slack, before);
  EXPECT_GE(b, a + 4000000); // by one clock, to a microsecond
  EXPECT_LE(b, now() + slack);
  // Signalled again, it is the last signal that counts; the clock was adjusted meanwhile.
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  ASSERT_DONE(device, device.signal(queue, first));
  ASSERT_DONE(device, device.time(first, a));
  EXPECT_GE(a, b + 1000000000);
  EXPECT_LE(a, now() + slack);
  uint64_t again;
  ASSERT_DONE(device, device.time(second, again));
  EXPECT_LE(again > b ? again - b : b - again, 1000u); // within a microsecond
}

TEST(EventTest, NeverSignalledIsNoWaitAndHasNoTime) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue;
  hadal_device_event_t *event;
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.event(event));
  EXPECT_DONE(device, device.wait(queue, event));
  EXPECT_DONE(device, device.synchronize(queue));
  uint64_t time;
  EXPECT_EQ(device.synchronize(event), HADAL_STATUS_INVALID_ARGUMENT);
  EXPECT_NE(device.message().find("never"), std::string::npos) << device.message();
  EXPECT_EQ(device.time(event, time), HADAL_STATUS_INVALID_ARGUMENT);
}

TEST(RecordTest, TakesNothingButLaunches) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue;
  hadal_device_event_t *event;
  hadal_device_address_t memory;
  hadal_device_record_t *record;
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.event(event));
  ASSERT_DONE(device, device.allocate(4, memory));
  constexpr auto invalid = HADAL_STATUS_INVALID_ARGUMENT;
  int32_t value = 1;
  EXPECT_EQ(device.endRecord(queue, record), invalid);
  ASSERT_DONE(device, device.beginRecord(queue));
  EXPECT_EQ(device.beginRecord(queue), invalid);
  EXPECT_EQ(device.upload(queue, memory, &value, 4), invalid);
  EXPECT_EQ(device.download(queue, &value, memory, 4), invalid);
  EXPECT_EQ(device.signal(queue, event), invalid);
  EXPECT_EQ(device.wait(queue, event), invalid);
  // What is not of this queue goes on.
  hadal_device_address_t other;
  EXPECT_DONE(device, device.allocate(4, other));
  ASSERT_DONE(device, device.endRecord(queue, record));
  EXPECT_DONE(device, device.replay(queue, record)); // of no launches
  EXPECT_DONE(device, device.synchronize(queue));
}

TEST(RecordTest, RunsNothingUntilReplayedAndThenEachTime) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue;
  hadal_device_kernel_t *scale;
  hadal_device_address_t memory;
  hadal_device_record_t *record;
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.kernel("scale", scale));
  ASSERT_DONE(device, device.allocate(4, memory));
  auto read = [&] {
    int32_t value = -1;
    EXPECT_DONE(device, device.download(queue, &value, memory, 4));
    EXPECT_DONE(device, device.synchronize(queue));
    return value;
  };
  ASSERT_DONE(device, device.beginRecord(queue));
  std::vector<Parameter> parameters = {address(memory), address(memory), i32(1), i64(1), i64(1)};
  ASSERT_DONE(device, device.launch(queue, scale, 1, parameters));
  parameters[2] = i32(3);
  ASSERT_DONE(device, device.launch(queue, scale, 1, parameters));
  ASSERT_DONE(device, device.endRecord(queue, record));
  parameters.assign(5, i32(0));
  EXPECT_EQ(read(), 0);
  ASSERT_DONE(device, device.replay(queue, record));
  EXPECT_EQ(read(), 4);
  ASSERT_DONE(device, device.replay(queue, record));
  ASSERT_DONE(device, device.replay(queue, record));
  EXPECT_EQ(read(), 52);
}

TEST(RecordTest, FailsWhenALaunchDidAndLaunchesRunAgain) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue;
  hadal_device_kernel_t *scale;
  hadal_device_address_t memory;
  hadal_device_record_t *record = nullptr;
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.kernel("scale", scale));
  ASSERT_DONE(device, device.allocate(4, memory));
  std::vector<Parameter> good = {address(memory), address(memory), i32(1), i64(1), i64(1)};
  ASSERT_DONE(device, device.beginRecord(queue));
  EXPECT_DONE(device, device.launch(queue, scale, 1, good));
  EXPECT_NE(device.launch(queue, scale, 1, {}), HADAL_STATUS_OK);
  EXPECT_DONE(device, device.launch(queue, scale, 1, good));
  EXPECT_NE(device.endRecord(queue, record), HADAL_STATUS_OK);
  EXPECT_NE(device.message().find("expected 5 parameters"), std::string::npos) << device.message();
  int32_t value = 0;
  ASSERT_DONE(device, device.launch(queue, scale, 1, good));
  ASSERT_DONE(device, device.download(queue, &value, memory, 4));
  ASSERT_DONE(device, device.synchronize(queue));
  EXPECT_EQ(value, 1);
}

TEST(RecordTest, QueueMayGoWhileItRecords) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue;
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.beginRecord(queue));
}

TEST(FailureTest, KernelThatStraysIsReported) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue, *other;
  hadal_device_kernel_t *stray;
  hadal_device_address_t memory;
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.queue(other));
  ASSERT_DONE(device, device.kernel("stray", stray));
  ASSERT_DONE(device, device.allocate(4, memory));
  hadal_device_code_t code = device.launch(queue, stray, 1, {address(memory + (1 << 30))});
  if (!code) // then a later call of the queue says so, at the latest
    code = device.synchronize(queue);
  EXPECT_TRUE(code == HADAL_STATUS_DEVICE_LOST || code == HADAL_STATUS_KERNEL_FAILED)
      << device.message();
  EXPECT_NE(device.message(), "");
}

} // namespace
