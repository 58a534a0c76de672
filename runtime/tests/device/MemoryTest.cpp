// SPDX-License-Identifier: Apache-2.0
// What a device is, and its memory.
#include "device/Device.h"

#include "gtest/gtest.h"

#include <cstring>
#include <numeric>

using namespace hadal::test;

namespace {

TEST(DeviceTest, SaysWhatItIs) {
  EXPECT_EQ(table().version, uint32_t(HADAL_DEVICE_VERSION));
  EXPECT_GE(table().struct_size, sizeof(hadal_device_table_t));
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_info_t info = device.info();
  EXPECT_STREQ(info.family, "cuda");
  EXPECT_STRNE(info.hardware, "");
  EXPECT_EQ(info.kernel_abi, uint32_t(HADAL_CUDA_KERNEL_ABI_VERSION));
  ASSERT_GE(info.level_count, 1u);
  bool found = false;
  for (uint32_t i = 0; i < info.level_count; ++i)
    found = found || !std::strcmp(info.levels[i], "sm_80");
  EXPECT_TRUE(found) << "the tests' kernels are for sm_80";
  EXPECT_NE(info.level_note, nullptr);
  EXPECT_GE(info.alignment, 64u);
  EXPECT_EQ(info.alignment & (info.alignment - 1), 0u);
  EXPECT_GE(info.max_workgroup_threads, 1024u);
  EXPECT_GE(info.max_shared_bytes, 48u << 10);
}

TEST(DeviceTest, FillsNoMoreThanTheCallerHas) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_info_t info;
  std::memset(&info, 0x5a, sizeof info);
  info.struct_size = offsetof(hadal_device_info_t, levels);
  table().info(device.get(), &info);
  EXPECT_STREQ(info.family, "cuda");
  EXPECT_EQ(info.struct_size, offsetof(hadal_device_info_t, levels));
  EXPECT_EQ(info.level_count, 0x5a5a5a5au);
}

TEST(DeviceTest, OpensTwice) {
  Device first, second;
  ASSERT_DONE(first, first.open());
  ASSERT_DONE(second, second.open());
  hadal_device_address_t a, b;
  EXPECT_DONE(first, first.allocate(100, a));
  EXPECT_DONE(second, second.allocate(100, b));
}

TEST(MemoryTest, IsZeroedAndAligned) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue;
  ASSERT_DONE(device, device.queue(queue));
  for (size_t bytes : {1, 5, 4096, 1000001}) {
    hadal_device_address_t memory = 0;
    ASSERT_DONE(device, device.allocate(bytes, memory));
    EXPECT_NE(memory, 0u);
    EXPECT_EQ(memory % device.info().alignment, 0u);
    std::vector<char> read(bytes, 1);
    ASSERT_DONE(device, device.download(queue, read.data(), memory, bytes));
    ASSERT_DONE(device, device.synchronize(queue));
    EXPECT_EQ(read, std::vector<char>(bytes, 0));
  }
}

TEST(MemoryTest, UploadsAndDownloads) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue;
  hadal_device_address_t memory;
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.allocate(1000, memory));
  std::vector<char> written(1000), read(1000);
  std::iota(written.begin(), written.end(), char(0));
  ASSERT_DONE(device, device.upload(queue, memory, written.data(), 1000));
  ASSERT_DONE(device, device.upload(queue, memory + 10, "hello", 5)); // in order, at any address
  ASSERT_DONE(device, device.download(queue, read.data(), memory, 1000));
  ASSERT_DONE(device, device.synchronize(queue));
  std::memcpy(&written[10], "hello", 5);
  EXPECT_EQ(read, written);
  EXPECT_DONE(device, device.upload(queue, memory, nullptr, 0));
  EXPECT_DONE(device, device.download(queue, nullptr, memory, 0));
}

TEST(MemoryTest, ImportsInPlaceOrInACopy) {
  // Larger than what a device would stage at once, and twice, so that staging is used again. They
  // outlive the device, which may read them where they are.
  std::vector<uint32_t> weights(2500001);
  std::iota(weights.begin(), weights.end(), 1u);
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_queue_t *queue;
  ASSERT_DONE(device, device.queue(queue));
  for (int i = 0; i < 2; ++i) {
    hadal_device_address_t memory;
    size_t bytes = weights.size() * 4;
    ASSERT_DONE(device, device.import(weights.data(), bytes, memory));
    std::vector<uint32_t> read(weights.size());
    ASSERT_DONE(device, device.download(queue, read.data(), memory, bytes));
    ASSERT_DONE(device, device.synchronize(queue));
    EXPECT_TRUE(read == weights);
  }
}

TEST(MemoryTest, HostMemoryIsAligned) {
  Device device;
  ASSERT_DONE(device, device.open());
  for (size_t bytes : {1, 100, 100000}) {
    void *data;
    ASSERT_DONE(device, device.allocateHost(bytes, data));
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 64, 0u);
    std::memset(data, 1, bytes);
  }
  void *data;
  EXPECT_EQ(device.allocateHost(SIZE_MAX, data), HADAL_STATUS_OUT_OF_MEMORY);
}

TEST(MemoryTest, RefusesWhatDoesNotFit) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_address_t memory;
  EXPECT_EQ(device.allocate(size_t(1) << 60, memory), HADAL_STATUS_OUT_OF_MEMORY);
  EXPECT_NE(device.message().find("the arena"), std::string::npos) << device.message();
  EXPECT_NE(device.message().find("1152921504606846976"), std::string::npos) << device.message();
  EXPECT_DONE(device, device.allocate(100, memory));
}

} // namespace
