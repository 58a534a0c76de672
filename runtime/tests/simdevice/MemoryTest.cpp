// SPDX-License-Identifier: Apache-2.0
// Zeros that cost nothing until they are touched, weights that kernels read in place, and what is refused.
#include "Device.h"

#include <cstdio>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

namespace hadal::simdevicetest {
namespace {

using Memory = SimDevice;

/// Bytes of this process that lie in memory.
size_t resident() {
  size_t total = 0, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (!file || fscanf(file, "%zu %zu", &total, &pages) != 2)
    ADD_FAILURE() << "expected /proc/self/statm";
  if (file)
    fclose(file);
  return pages * size_t(sysconf(_SC_PAGESIZE));
}

constexpr size_t kMiB = size_t(1) << 20;

TEST_F(Memory, SparseIsZerosThatCostNothing) {
  size_t before = resident();
  constexpr size_t size = size_t(1) << 40; // more than hosts have
  hadal_device_address_t at = allocate(size, "cache");
  EXPECT_EQ(at % 256, 0u);
  EXPECT_EQ(download<int>(at + size - 8, 2), (std::vector<int>{0, 0}));
  hadal_device_kernel_t *add = kernel(load(kScale), "add", Interface({kAddress, kI32, kI64}, 1));
  int64_t middle = int64_t(size / 8);
  good(launch(queue, add, 1, {address(at), i32(-7), i64(middle)}));
  int value = 5;
  good(table()->queue_upload(queue, at + size - 4, &value, 4, &error));
  EXPECT_EQ(download<int>(at + size / 2, 2), (std::vector<int>{-7, 0}));
  EXPECT_EQ(download<int>(at + size - 8, 2), (std::vector<int>{0, 5}));
  EXPECT_LT(resident(), before + 64 * kMiB); // huge pages
}

TEST_F(Memory, ImportsWithoutACopy) {
  constexpr size_t size = 256 * kMiB, count = size / 4;
  auto *data = static_cast<float *>(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  ASSERT_NE(data, MAP_FAILED);
  data[0] = 1;
  size_t before = resident();
  hadal_device_memory_t *memory = nullptr;
  hadal_device_address_t weights = 0;
  good(table()->memory_import(device, data, size, "weights", &memory, &weights, &error));
  hadal_device_image_t *image = load(kScale);
  hadal_device_kernel_t *scale =
      kernel(image, "scale", Interface({kAddress, kAddress, kAddress}, 64));
  hadal_device_address_t to = allocate(400);
  struct Constants {
    uint32_t workgroups, count;
    float factor;
  };
  hadal_device_address_t constants = upload<Constants>({{2, 100, 2.0f}});
  // That the kernel sees what is written later shows that there is no copy.
  for (size_t i = 0; i < 100; ++i)
    data[count - 100 + i] = float(i);
  good(launch(queue, scale, 2, {address(constants), address(weights + size - 400), address(to)}));
  std::vector<float> result = download<float>(to, 100);
  for (size_t i = 0; i < 100; ++i)
    EXPECT_EQ(result[i], 2.0f * float(i));
  EXPECT_LT(resident(), before + 64 * kMiB);

  // Nobody writes there.
  hadal_device_kernel_t *add = kernel(image, "add", Interface({kAddress, kI32, kI64}, 1));
  bad(launch(queue, add, 1, {address(weights), i32(1), i64(0)}), HADAL_STATUS_KERNEL_FAILED,
      {"bounds", "read-only buffer 'weights'", "kernel 'add'", "line 42"});
  bad(table()->queue_upload(queue, weights, result.data(), 4, &error),
      HADAL_STATUS_INVALID_ARGUMENT, {"'weights'", "read-only"});
  EXPECT_EQ(data[0], 1.0f);
  table()->memory_release(device, memory);
  EXPECT_EQ(data[0], 1.0f);
  bad(launch(queue, add, 1, {address(weights), i32(1), i64(0)}), HADAL_STATUS_KERNEL_FAILED,
      {"after free", "'weights'", "line 40"});
  munmap(data, size);
}

TEST_F(Memory, ImportsWhatLiesAskew) {
  alignas(64) uint8_t bytes[264] = {};
  for (size_t i = 0; i < sizeof(bytes); ++i)
    bytes[i] = uint8_t(i);
  hadal_device_memory_t *memory = nullptr;
  hadal_device_address_t at = 0;
  good(table()->memory_import(device, bytes + 4, 260, "tables", &memory, &at, &error));
  memories.push_back(memory);
  EXPECT_EQ(download<uint8_t>(at + 10, 2), (std::vector<uint8_t>{14, 15}));
  hadal_device_kernel_t *add = kernel(load(kScale), "add", Interface({kAddress, kI32, kI64}, 1));
  bad(launch(queue, add, 1, {address(at), i32(1), i64(0)}), HADAL_STATUS_KERNEL_FAILED,
      {"read-only", "'tables'"});
}

TEST_F(Memory, Refusals) {
  hadal_device_memory_t *memory = nullptr;
  hadal_device_address_t at = 0;
  auto allocate = [&](size_t size, hadal_device_memory_use_t use) {
    return table()->memory_allocate(device, size, use, "weights", &memory, &at, &error);
  };
  bad(allocate(0, HADAL_DEVICE_MEMORY_SPARSE), HADAL_STATUS_INVALID_ARGUMENT,
      {"weights", "1 byte"});
  bad(allocate(size_t(1) << 41, HADAL_DEVICE_MEMORY_WHOLE), HADAL_STATUS_OUT_OF_MEMORY,
      {"weights", "2199023255552 bytes", "of the host's"});
  bad(allocate(size_t(1) << 50, HADAL_DEVICE_MEMORY_SPARSE), HADAL_STATUS_OUT_OF_MEMORY,
      {"weights"});
  void *data = nullptr;
  bad(table()->host_allocate(device, size_t(1) << 62, &data, &error), HADAL_STATUS_OUT_OF_MEMORY,
      {"host memory"});
  good(table()->host_allocate(device, 100, &data, &error));
  EXPECT_EQ(uintptr_t(data) % 64, 0u);
  memset(data, 1, 100);
  table()->host_release(device, data);

  good(allocate(100, HADAL_DEVICE_MEMORY_WHOLE));
  uint8_t bytes[8] = {};
  bad(table()->queue_upload(queue, at + 96, bytes, 8, &error), HADAL_STATUS_INVALID_ARGUMENT,
      {"upload", "8 bytes"});
  bad(table()->queue_download(queue, bytes, at + 96, 8, &error), HADAL_STATUS_INVALID_ARGUMENT,
      {"download", "8 bytes"});
  bad(table()->queue_download(queue, bytes, 4096, 8, &error), HADAL_STATUS_INVALID_ARGUMENT,
      {"0x1000"});
  table()->memory_release(device, memory);
  bad(table()->queue_upload(queue, at, bytes, 8, &error), HADAL_STATUS_INVALID_ARGUMENT,
      {"weights", "freed"});
}

} // namespace
} // namespace hadal::simdevicetest
