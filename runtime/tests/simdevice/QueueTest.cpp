// SPDX-License-Identifier: Apache-2.0
// Queues, events and their times, counters, and launches that fail.
#include "Device.h"

#include <cmath>
#include <ctime>
#include <thread>

namespace hadal::simdevicetest {
namespace {

using Queue = SimDevice;

struct Constants {
  uint32_t workgroups, count;
  float factor;
};

uint64_t now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return uint64_t(time.tv_sec) * 1000000000u + uint64_t(time.tv_nsec);
}

TEST_F(Queue, ConstantsInMemoryAndSurplusWorkgroups) {
  hadal_device_kernel_t *scale =
      kernel(load(kScale), "scale", Interface({kAddress, kAddress, kAddress}, 64));
  std::vector<float> values(200, 3.0f);
  hadal_device_address_t from = upload(values), to = allocate(800),
                         constants = allocate(sizeof(Constants));
  for (uint32_t count : {1u, 64u, 130u, 200u}) {
    Constants block = {(count + 63) / 64, count, float(count)};
    good(table()->queue_upload(queue, constants, &block, sizeof(block), &error));
    good(launch(queue, scale, 8, {address(constants), address(from), address(to)}));
    good(table()->queue_synchronize(queue, &error));
    std::vector<float> result = download<float>(to, 200);
    for (uint32_t i = 0; i < 200; ++i)
      EXPECT_EQ(result[i], i < count ? 3.0f * float(count) : 0.0f) << i << " of " << count;
    values.assign(200, 0.0f);
    good(table()->queue_upload(queue, to, values.data(), 800, &error));
  }
}

TEST_F(Queue, TwoQueuesWithAnEvent) {
  hadal_device_kernel_t *add = kernel(load(kScale), "add", Interface({kAddress, kI32, kI64}, 1));
  hadal_device_queue_t *other = nullptr;
  hadal_device_event_t *event = nullptr, *later = nullptr;
  good(table()->queue_create(device, &other, &error));
  good(table()->event_create(device, &event, &error));
  good(table()->event_create(device, &later, &error));
  hadal_device_address_t at = upload<int>({10, 0});
  uint64_t time = 0;
  bad(table()->event_synchronize(event, &error), HADAL_STATUS_INVALID_ARGUMENT, {"never was"});
  bad(table()->event_time(event, &time, &error), HADAL_STATUS_INVALID_ARGUMENT, {"never was"});
  good(table()->queue_wait(other, event, &error)); // no wait

  uint64_t before = now(), first = 0, second = 0;
  for (int step = 0; step < 20; ++step) {
    good(launch(queue, add, 1, {address(at), i32(1), i64(0)}));
    good(table()->queue_signal(queue, event, &error));
    // Another thread goes on where this one's work has ended.
    std::thread thread([&] {
      hadal_device_error_t failure = {};
      EXPECT_EQ(table()->queue_wait(other, event, &failure), HADAL_STATUS_OK);
      int value = 0;
      EXPECT_EQ(table()->queue_download(other, &value, at, 4, &failure), HADAL_STATUS_OK);
      EXPECT_EQ(value, 11 + step);
    });
    thread.join();
    good(launch(other, add, 1, {address(at), i32(1), i64(1)}));
    good(table()->queue_signal(other, later, &error));
    good(table()->event_synchronize(later, &error));
    good(table()->event_time(event, &first, &error));
    good(table()->event_time(later, &second, &error));
    EXPECT_GE(first, before);
    EXPECT_LE(first, second);
    before = second;
  }
  EXPECT_LE(second, now());
  EXPECT_EQ(download<int>(at, 2), (std::vector<int>{30, 20}));
  table()->event_release(device, event);
  table()->event_release(device, later);
  table()->queue_release(device, other);
}

TEST_F(Queue, ThreadsAtOnce) {
  hadal_device_image_t *image = load(kScale);
  hadal_device_kernel_t *add = kernel(image, "add", Interface({kAddress, kI32, kI64}, 1));
  hadal_device_address_t at = upload<int>({0, 0, 0, 0});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      hadal_device_error_t failure = {};
      hadal_device_queue_t *own = nullptr;
      ASSERT_EQ(table()->queue_create(device, &own, &failure), HADAL_STATUS_OK);
      for (int i = 0; i < 25; ++i)
        EXPECT_EQ(launch(own, add, 1, {address(at), i32(t + 1), i64(t)}), HADAL_STATUS_OK);
      std::string counters = table()->queue_counters(own);
      EXPECT_NE(counters.find("\"kernel\": \"add\""), std::string::npos);
      table()->queue_release(device, own);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(download<int>(at, 4), (std::vector<int>{25, 50, 75, 100}));
}

TEST_F(Queue, Counters) {
  hadal_device_image_t *image = load(kScale);
  hadal_device_kernel_t *add = kernel(image, "add", Interface({kAddress, kI32, kI64}, 1));
  hadal_device_kernel_t *scale =
      kernel(image, "scale", Interface({kAddress, kAddress, kAddress}, 64));
  hadal_device_queue_t *other = nullptr;
  good(table()->queue_create(device, &other, &error));
  EXPECT_EQ(table()->queue_counters(queue), nullptr);
  hadal_device_address_t at = allocate(64 * 4), constants = upload<Constants>({{1, 64, 1.0f}});
  auto has = [](const char *counters, const char *words) {
    EXPECT_NE(std::string(counters ? counters : "").find(words), std::string::npos)
        << words << " in " << counters;
  };
  // Each queue has those of its own last launch.
  good(launch(queue, add, 1, {address(at), i32(1), i64(0)}));
  good(launch(other, scale, 1, {address(constants), address(at), address(at)}));
  has(table()->queue_counters(queue), "\"kernel\": \"add\"");
  has(table()->queue_counters(other), "\"kernel\": \"scale\"");
  has(table()->queue_counters(other), "\"write_sectors\": 8");
  has(table()->queue_counters(other), "\"block\": [64, 1, 1]");
  good(launch(queue, scale, 2, {address(constants), address(at), address(at)}));
  has(table()->queue_counters(queue), "\"grid\": [2, 1, 1]");
  table()->queue_release(device, other);
  good(launch(queue, add, 1, {address(at), i32(1), i64(0)}));
  has(table()->queue_counters(queue), "\"kernel\": \"add\"");
}

TEST_F(Queue, LaunchesThatAreNotAllowed) {
  hadal_device_kernel_t *add = kernel(load(kScale), "add", Interface({kAddress, kI32, kI64}, 1));
  hadal_device_address_t at = upload<int>({0});
  auto refused = [&](hadal_device_code_t code, std::vector<std::string> words) {
    bad(code, HADAL_STATUS_INVALID_ARGUMENT, words);
  };
  refused(launch(queue, add, 1, {address(at), i32(1)}),
          {"'add'", "expected 3 parameters", "got 2"});
  refused(launch(queue, add, 1, {address(at), i64(1), i64(0)}),
          {"parameter 1", "expected kind 1", "got 2"});
  refused(launch(queue, add, 1, {address(at), i32(int64_t(1) << 32), i64(0)}),
          {"parameter 1", "32 bits", "4294967296"});
  refused(launch(queue, add, 0, {address(at), i32(1), i64(0)}), {"'add'", "grid extent 0 is 0"});
  refused(launch(queue, add, 0x80000000u, {address(at), i32(1), i64(0)}),
          {"grid extent 0", "2147483647"});
  hadal_device_launch_t fixed = {};
  fixed.struct_size = sizeof(fixed);
  fixed.kernel = add;
  fixed.bindings = &at;
  fixed.binding_count = 1;
  refused(table()->queue_launch(queue, &fixed, &error), {"'add'", "1 bindings"});
  EXPECT_EQ(download<int>(at, 1), std::vector<int>{0});
}

TEST_F(Queue, KernelsThatACheckStops) {
  hadal_device_image_t *image = load(kScale);
  hadal_device_kernel_t *scale =
      kernel(image, "scale", Interface({kAddress, kAddress, kAddress}, 64));
  hadal_device_address_t constants = upload<Constants>({{2, 100, 1.0f}}, "constants");
  hadal_device_address_t from = allocate(400, "from"), to = allocate(200, "to");
  bad(launch(queue, scale, 2, {address(constants), address(from), address(to)}),
      HADAL_STATUS_KERNEL_FAILED,
      {"code: bounds", "kernel 'scale'", "line " + std::to_string(kScaleStoreLine), "'to'"});
  bad(launch(queue, scale, 2, {address(constants), address(8), address(to)}),
      HADAL_STATUS_KERNEL_FAILED, {"bounds", "line " + std::to_string(kScaleLoadLine)});

  const char *text =
      ".version 8.0\n.target sm_80\n.address_size 64\n"
      ".visible .entry k(.param .u64 to)\n{\n.shared .align 4 .b8 s[8];\n.reg .b64 %t;\n.reg .b32 %x;\n"
      ".reg .pred %p;\nld.param.u64 %t, [to];\nld.shared.u32 %x, [s];\nst.global.u32 [%t], %x;\n"
      "setp.eq.u32 %p, %x, 0;\n@%p st.global.u32 [%t+4], %x;\nret;\n}\n";
  hadal_device_kernel_t *reads = kernel(load(text), "k", Interface({kAddress}, 1));
  bad(launch(queue, reads, 1, {address(to)}), HADAL_STATUS_KERNEL_FAILED,
      {"init", "kernel 'k'", "line 14"});
  // What it made of what was never written does not leave the device unnoticed.
  int value = 0;
  bad(table()->queue_download(queue, &value, to, 4, &error), HADAL_STATUS_KERNEL_FAILED,
      {"init", "'to'", "4 of 4"});
  // The queue goes on.
  to = allocate(400);
  good(launch(queue, scale, 2, {address(constants), address(from), address(to)}));
}

} // namespace
} // namespace hadal::simdevicetest
