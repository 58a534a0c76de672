// SPDX-License-Identifier: Apache-2.0
// The host has no memory, for each allocation in turn, or no threads: a status, and all works again after.
#include "Device.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <new>
#include <pthread.h>

namespace {

// The allocation that fails, counted down on all threads; 0: none.
std::atomic<int64_t> failing{0};
std::atomic<bool> lacksThreads{false};

void *allocate(size_t size, size_t alignment) {
  if (failing.load() > 0 && failing.fetch_sub(1) == 1)
    return nullptr;
  void *data = nullptr;
  return posix_memalign(&data, alignment, size ? size : 1) == 0 ? data : nullptr;
}

void *allocateOrThrow(size_t size, size_t alignment = alignof(std::max_align_t)) {
  if (void *data = allocate(size, alignment))
    return data;
  throw std::bad_alloc();
}

} // namespace

// In place of the C++ library's, also for the libraries that are loaded.
void *operator new(size_t size) { return allocateOrThrow(size); }
void *operator new[](size_t size) { return allocateOrThrow(size); }
void *operator new(size_t size, std::align_val_t alignment) {
  return allocateOrThrow(size, size_t(alignment));
}
void *operator new(size_t size, const std::nothrow_t &) noexcept {
  return allocate(size, alignof(std::max_align_t));
}
void operator delete(void *data) noexcept { std::free(data); }
void operator delete[](void *data) noexcept { std::free(data); }
void operator delete(void *data, size_t) noexcept { std::free(data); }
void operator delete[](void *data, size_t) noexcept { std::free(data); }
void operator delete(void *data, std::align_val_t) noexcept { std::free(data); }
void operator delete(void *data, size_t, std::align_val_t) noexcept { std::free(data); }
void operator delete(void *data, const std::nothrow_t &) noexcept { std::free(data); }

namespace hadal::simdevicetest {
namespace {

struct Constants {
  uint32_t workgroups, count;
  float factor;
};

class NoMemory : public SimDevice {
protected:
  // Everything that a device can be asked for, once; what it gave is given back.
  hadal_device_code_t all(std::vector<float> &out) {
    const hadal_device_table_t &t = *table();
    hadal_device_options_t options = {sizeof options, 0, 4};
    hadal_device_t *own = nullptr;
    hadal_device_code_t code = t.open(&options, &own, &error);
    if (code)
      return code;
    code = onDevice(own, out);
    t.close(own);
    return code;
  }

  hadal_device_code_t onDevice(hadal_device_t *own, std::vector<float> &out) {
    const hadal_device_table_t &t = *table();
    hadal_device_image_t *image = nullptr;
    hadal_device_memory_t *memory = nullptr;
    hadal_device_queue_t *made = nullptr;
    hadal_device_event_t *event = nullptr;
    hadal_device_record_t *record = nullptr;
    hadal_device_code_t code = [&] {
      hadal_device_code_t failed = t.image_check(own, &code_, &error);
      hadal_device_kernel_t *scale = nullptr;
      hadal_device_address_t at = 0;
      if (!failed)
        failed = t.image_load(own, &code_, &image, &error);
      if (!failed)
        failed = t.kernel_find(own, image, "scale", &interface, &scale, &error);
      if (!failed)
        failed = t.memory_allocate(own, 4096, HADAL_DEVICE_MEMORY_SPARSE,
                                   "memory whose name is longer than what a string holds itself",
                                   &memory, &at, &error);
      if (!failed)
        failed = t.queue_create(own, &made, &error);
      if (!failed)
        failed = t.event_create(own, &event, &error);
      std::vector<uint8_t> &bytes = block;
      if (!failed)
        failed = t.queue_upload(made, at, bytes.data(), bytes.size(), &error);
      hadal_device_parameter_t parameters[] = {address(at), address(at + 64), address(at + 2048)};
      hadal_device_launch_t step = {};
      step.struct_size = sizeof step;
      step.kernel = scale;
      step.grid[0] = 5;
      step.grid[1] = step.grid[2] = 1;
      step.parameters = parameters;
      step.parameter_count = 3;
      if (!failed)
        failed = t.queue_launch(made, &step, &error);
      if (!failed)
        failed = t.record_begin(made, &error);
      if (!failed) {
        // A launch that fails makes the record fail.
        hadal_device_code_t launched = t.queue_launch(made, &step, &error);
        failed = t.record_end(made, &record, &error);
        if (launched)
          EXPECT_NE(failed, HADAL_STATUS_OK);
      }
      if (!failed)
        failed = t.queue_replay(made, record, nullptr, &error);
      if (!failed)
        failed = t.queue_signal(made, event, &error);
      if (!failed)
        t.queue_counters(made);
      return failed ? failed
                    : t.queue_download(made, out.data(), at + 2048, out.size() * 4, &error);
    }();
    if (record)
      t.record_release(own, record);
    if (event)
      t.event_release(own, event);
    if (made)
      t.queue_release(own, made);
    if (memory)
      t.memory_release(own, memory);
    if (image)
      t.image_release(own, image);
    return code;
  }

  void SetUp() override {
    SimDevice::SetUp();
    code_ = section(kScale, "sm_80", {"scale", "add"});
    Constants constants = {5, 300, 2};
    block.resize(2048);
    memcpy(block.data(), &constants, sizeof constants);
    for (size_t i = 0; i < 300; ++i) {
      float value = float(i);
      memcpy(&block[64 + 4 * i], &value, 4);
      expected.push_back(2 * value);
    }
  }

  Interface interface{{kAddress, kAddress, kAddress}, 64};
  hadal_device_code_section_t code_ = {};
  std::vector<uint8_t> block;
  std::vector<float> expected;
};

TEST_F(NoMemory, EveryAllocationInTurn) {
  std::vector<float> got(300);
  int64_t nth = 1, failures = 0;
  for (;; ++nth) {
    failing = nth;
    std::fill(got.begin(), got.end(), 0);
    hadal_device_code_t code = all(got);
    bool failed = failing.exchange(0) <= 0;
    if (code == HADAL_STATUS_OK) {
      EXPECT_EQ(got, expected) << nth; // with a thread less, or without counters
    } else {
      ++failures;
      EXPECT_EQ(code, HADAL_STATUS_OUT_OF_MEMORY) << nth << ": " << error.message;
      EXPECT_STRNE(error.message, "") << nth;
    }
    if (!failed)
      break;
    ASSERT_LT(nth, 100000);
  }
  EXPECT_GT(failures, 100);
  EXPECT_GT(nth, failures);
}

TEST_F(NoMemory, FewerThreadsDoTheSame) {
  std::vector<float> got(300);
  lacksThreads = true;
  hadal_device_code_t code = all(got);
  lacksThreads = false;
  good(code);
  EXPECT_EQ(got, expected);
}

} // namespace
} // namespace hadal::simdevicetest

// The third of each launch cannot be started, where there are to be none.
extern "C" int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*start)(void *),
                              void *argument) {
  static const auto real =
      reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  static std::atomic<int> count{0};
  if (lacksThreads && ++count % 3 == 0)
    return EAGAIN;
  return real(thread, how, start, argument);
}
