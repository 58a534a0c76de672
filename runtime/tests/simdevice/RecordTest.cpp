// SPDX-License-Identifier: Apache-2.0
// Records: what is kept, what a replay gives, what ends one.
#include "Device.h"

namespace hadal::simdevicetest {
namespace {

struct Constants {
  uint32_t workgroups, count;
  float factor;
};

class Record : public SimDevice {
protected:
  void SetUp() override {
    SimDevice::SetUp();
    hadal_device_image_t *image = load(kScale);
    scale = kernel(image, "scale", Interface({kAddress, kAddress, kAddress}, 64));
    add = kernel(image, "add", Interface({kAddress, kI32, kI64}, 1));
    constants = allocate(sizeof(Constants), "constants");
    for (hadal_device_address_t &buffer : buffers)
      buffer = upload(std::vector<float>(300, 1.5f));
    begin();
  }
  void TearDown() override {
    if (record)
      table()->record_release(device, record);
    SimDevice::TearDown();
  }
  void begin() { good(table()->record_begin(queue, &error)); }
  void end() { good(table()->record_end(queue, &record, &error)); }
  void change(uint32_t count, float factor) {
    Constants block = {(count + 63) / 64, count, factor};
    good(table()->queue_upload(queue, constants, &block, sizeof(block), &error));
  }
  /// A small step: 0 to 1, 1 to 2.
  void step() {
    for (int i = 0; i < 2; ++i) {
      std::vector<hadal_device_parameter_t> parameters = {address(constants), address(buffers[i]),
                                                          address(buffers[i + 1])};
      good(launch(queue, scale, 5, parameters));
      parameters.assign(3, address(0)); // the record does not look there again
    }
  }
  hadal_device_code_t replay(const volatile int32_t *cancel = nullptr) {
    return table()->queue_replay(queue, record, cancel, &error);
  }
  hadal_device_kernel_t *scale = nullptr, *add = nullptr;
  hadal_device_address_t constants = 0, buffers[3] = {0, 0, 0};
  hadal_device_record_t *record = nullptr;
};

TEST_F(Record, ReplayIsWhatLaunchesGive) {
  step();
  end();
  EXPECT_EQ(download<float>(buffers[2], 300), std::vector<float>(300, 1.5f)); // nothing has run
  for (auto [count, factor] : {std::pair{3u, 2.0f}, {64u, 0.25f}, {300u, -3.0f}, {1u, 8.0f}}) {
    for (int i = 1; i < 3; ++i)
      good(table()->queue_upload(queue, buffers[i], std::vector<float>(300, 9.0f).data(), 1200,
                                 &error));
    change(count, factor);
    step();
    std::vector<float> direct = download<float>(buffers[2], 300),
                       middle = download<float>(buffers[1], 300);
    for (int i = 1; i < 3; ++i)
      good(table()->queue_upload(queue, buffers[i], std::vector<float>(300, 9.0f).data(), 1200,
                                 &error));
    good(replay());
    good(table()->queue_synchronize(queue, &error));
    EXPECT_EQ(download<float>(buffers[2], 300), direct);
    EXPECT_EQ(download<float>(buffers[1], 300), middle);
    EXPECT_EQ(direct[0], 1.5f * factor * factor);
    EXPECT_NE(std::string(table()->queue_counters(queue)).find("\"grid\": [5, 1, 1]"),
              std::string::npos);
  }
}

TEST_F(Record, LaunchesAlone) {
  float value = 0;
  hadal_device_event_t *event = nullptr;
  good(table()->event_create(device, &event, &error));
  auto refused = [&](hadal_device_code_t code, const char *what) {
    bad(code, HADAL_STATUS_INVALID_ARGUMENT, {"records", what});
  };
  bad(table()->record_begin(queue, &error), HADAL_STATUS_INVALID_ARGUMENT, {"got one that does"});
  refused(table()->queue_upload(queue, constants, &value, 4, &error), "an upload");
  refused(table()->queue_download(queue, &value, constants, 4, &error), "a download");
  refused(table()->queue_signal(queue, event, &error), "a signal");
  refused(table()->queue_wait(queue, event, &error), "a wait");
  refused(table()->queue_synchronize(queue, &error), "a wait of the host");
  step();
  end();
  bad(table()->record_end(queue, &record, &error), HADAL_STATUS_INVALID_ARGUMENT,
      {"got one that does not"});
  begin();
  refused(replay(), "a replay");
  table()->record_release(device, record);
  end();
  good(replay()); // of nothing
  table()->event_release(device, event);

  hadal_device_queue_t *other = nullptr;
  good(table()->queue_create(device, &other, &error));
  bad(table()->queue_replay(other, record, nullptr, &error), HADAL_STATUS_INVALID_ARGUMENT,
      {"another"});
  // One that is released while it records.
  good(table()->record_begin(other, &error));
  good(launch(other, add, 1, {address(constants), i32(1), i64(0)}));
  table()->queue_release(device, other);
}

TEST_F(Record, LaunchThatFailsWhileRecording) {
  step();
  bad(launch(queue, add, 0, {address(constants), i32(1), i64(0)}), HADAL_STATUS_INVALID_ARGUMENT,
      {"grid extent 0"});
  good(launch(queue, add, 1, {address(constants), i32(1), i64(0)}));
  bad(launch(queue, add, 1, {}), HADAL_STATUS_INVALID_ARGUMENT, {"3 parameters"});
  bad(table()->record_end(queue, &record, &error), HADAL_STATUS_INVALID_ARGUMENT,
      {"grid extent 0"});
  // Launches run again.
  EXPECT_EQ(record, nullptr);
  good(launch(queue, add, 1, {address(constants), i32(2), i64(0)}));
  EXPECT_EQ(download<int>(constants, 1), std::vector<int>{2});
  begin();
  step();
  end();
}

TEST_F(Record, LaunchThatFailsInAReplay) {
  step();
  good(launch(queue, add, 1, {address(buffers[0]), i32(1), i64(300)}));
  good(launch(queue, add, 1, {address(constants), i32(1), i64(2)}));
  end();
  change(300, 2.0f);
  error.launch = UINT32_MAX;
  hadal_device_code_t code = replay();
  EXPECT_EQ(error.launch, 2u);
  bad(code, HADAL_STATUS_KERNEL_FAILED, {"bounds", "kernel 'add'"});
  EXPECT_EQ(download<float>(buffers[2], 1), std::vector<float>{6.0f});
  EXPECT_EQ(download<float>(constants + 8, 1), std::vector<float>{2.0f});
}

TEST_F(Record, Cancelled) {
  step();
  end();
  change(300, 2.0f);
  volatile int32_t cancel = 1;
  bad(replay(&cancel), HADAL_STATUS_CANCELLED, {"cancelled"});
  EXPECT_EQ(download<float>(buffers[1], 1), std::vector<float>{1.5f});
  cancel = 0;
  good(replay(&cancel));
  EXPECT_EQ(download<float>(buffers[2], 1), std::vector<float>{6.0f});
}

} // namespace
} // namespace hadal::simdevicetest
