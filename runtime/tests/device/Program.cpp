// SPDX-License-Identifier: Apache-2.0
// The program that the tests run on devices, under faults and in any order.
#include "device/Program.h"

#include <cstring>

namespace hadal::test {
namespace {

constexpr uint32_t kBucket = 300;             // elements that the recorded grid is made for
constexpr uint32_t kGrid = (kBucket + 63) / 64;
constexpr size_t kBytes = kBucket * 4;

int32_t weight(uint32_t i) { return int32_t(i * 7 + 3); }
int32_t input(int step, uint32_t i) { return int32_t(1000 * uint32_t(step + 1) + i); }
uint32_t count(int step) { return kBucket - 41 * uint32_t(step % 5); } // changes from step to step

std::vector<int32_t> allWeights() {
  std::vector<int32_t> values(kBucket);
  for (uint32_t i = 0; i < kBucket; ++i)
    values[i] = weight(i);
  return values;
}

// A step's block, which is uploaded at once: {i64 n, i32 input[kBucket]}
constexpr size_t kBlock = 8 + kBytes;

void fillBlock(char *block, int step) {
  int64_t n = count(step);
  std::memcpy(block, &n, 8);
  for (uint32_t i = 0; i < kBucket; ++i) {
    int32_t value = input(step, i);
    std::memcpy(block + 8 + 4 * i, &value, 4);
  }
}

#define TRY(call)                                                                                  \
  if (hadal_device_code_t code = (call))                                                           \
    return code;

struct Run {
  Device &device;
  hadal_device_kernel_t *add = nullptr, *scale = nullptr;
  hadal_device_address_t weights = 0, block = 0, sum = 0, state = 0, copy = 0;
  hadal_device_queue_t *main = nullptr, *side = nullptr;
  hadal_device_event_t *stepped = nullptr, *copied = nullptr;
  void *staging[2] = {}, *result = nullptr;

  hadal_device_code_t prepare() {
    TRY(device.kernel("add", add));
    TRY(device.kernel("scale", scale));
    // Where they are imported in place, they are read there until the device is closed.
    static const std::vector<int32_t> values = allWeights();
    TRY(device.import(values.data(), kBytes, weights));
    TRY(device.allocate(kBlock, block));
    TRY(device.allocate(kBytes, sum));
    TRY(device.allocate(kBytes, state));
    TRY(device.allocate(kBytes, copy));
    TRY(device.queue(main));
    TRY(device.queue(side));
    TRY(device.event(stepped));
    TRY(device.event(copied));
    TRY(device.allocateHost(kBlock, staging[0]));
    TRY(device.allocateHost(kBlock, staging[1]));
    return device.allocateHost(kBytes, result);
  }

  // sum = input + weights; state = state + sum; state = 3 state - 1. Elements from n on keep theirs,
  // but for the last kernel, whose n is fixed.
  hadal_device_code_t launchStep() {
    TRY(device.launch(main, add, kGrid,
                      {address(block + 8), address(weights), address(sum), address(block)}));
    TRY(device.launch(main, add, kGrid,
                      {address(state), address(sum), address(state), address(block)}));
    return device.launch(main, scale, kGrid,
                         {address(state), address(state), i32(3), i64(-1), i64(kBucket)});
  }

  // The other queue copies the state away while the first goes on, and is waited for before the
  // state is written again.
  hadal_device_code_t step(hadal_device_record_t *record, void *from,
                           std::vector<int32_t> &values) {
    TRY(device.upload(main, block, from, kBlock));
    TRY(device.wait(main, copied));
    if (record) {
      TRY(device.replay(main, record));
    } else {
      TRY(launchStep());
    }
    TRY(device.signal(main, stepped));
    TRY(device.wait(side, stepped));
    TRY(device.launch(side, scale, kGrid,
                      {address(state), address(copy), i32(1), i64(0), i64(kBucket)}));
    TRY(device.signal(side, copied));
    TRY(device.download(side, result, copy, kBytes));
    TRY(device.synchronize(side));
    auto *read = static_cast<const int32_t *>(result);
    values.insert(values.end(), read, read + kBucket);
    return HADAL_STATUS_OK;
  }
};

} // namespace

hadal_device_code_t runProgram(Device &device, const ProgramOptions &options,
                               std::vector<int32_t> &out) {
  Run run = {device};
  TRY(run.prepare());
  hadal_device_record_t *record = nullptr;
  if (options.replay) {
    TRY(device.beginRecord(run.main));
    hadal_device_code_t code = run.launchStep();
    std::string message = device.message();
    hadal_device_code_t ended = device.endRecord(run.main, record);
    if (code || ended)
      return code ? code : ended;
  }
  std::vector<int32_t> values;
  for (int step = 0; step < options.steps; ++step) {
    auto *staging = static_cast<char *>(run.staging[step % 2]);
    fillBlock(staging, step);
    if (options.reuseStaging && step == options.steps - 1) {
      TRY(device.upload(run.side, run.block, staging, kBlock));
      staging[0] ^= 1;
    }
    TRY(run.step(record, staging, values));
  }
  uint64_t stepped, copied;
  TRY(device.time(run.stepped, stepped));
  TRY(device.time(run.copied, copied));
  TRY(device.synchronize(run.main));
  out = std::move(values);
  return HADAL_STATUS_OK;
}

std::vector<int32_t> expectedOfProgram(const ProgramOptions &options) {
  std::vector<int32_t> sum(kBucket), state(kBucket), all;
  for (int step = 0; step < options.steps; ++step) {
    for (uint32_t i = 0; i < count(step); ++i) {
      sum[i] = input(step, i) + weight(i);
      state[i] += sum[i];
    }
    for (int32_t &value : state)
      value = int32_t(uint32_t(value) * 3u - 1u);
    all.insert(all.end(), state.begin(), state.end());
  }
  return all;
}

} // namespace hadal::test
