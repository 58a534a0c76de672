// SPDX-License-Identifier: Apache-2.0
// Launches: parameters, grids, shared memory, cooperation, and what is refused.
#include "device/Device.h"
#include "device/Kernels.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <numeric>

using namespace hadal::test;

namespace {

class LaunchTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_DONE(device, device.open());
    ASSERT_DONE(device, device.queue(queue));
  }

  hadal_device_address_t put(const std::vector<int32_t> &values) {
    hadal_device_address_t memory = 0;
    EXPECT_DONE(device, device.allocate(values.size() * 4, memory));
    EXPECT_DONE(device, device.upload(queue, memory, values.data(), values.size() * 4));
    EXPECT_DONE(device, device.synchronize(queue));
    return memory;
  }

  std::vector<int32_t> get(hadal_device_address_t memory, size_t count) {
    std::vector<int32_t> values(count);
    EXPECT_DONE(device, device.download(queue, values.data(), memory, count * 4));
    EXPECT_DONE(device, device.synchronize(queue));
    return values;
  }

  // With a message of the form that the interface asks for; its words are the device's.
  void expectRefusal(hadal_device_code_t code) {
    EXPECT_NE(code, HADAL_STATUS_OK);
    EXPECT_NE(code, HADAL_STATUS_DEVICE_LOST);
    std::string message = device.message();
    ASSERT_NE(message, "");
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_NE(message.back(), '.') << message;
    EXPECT_FALSE(isupper(static_cast<unsigned char>(message[0]))) << message;
  }

  Device device;
  hadal_device_queue_t *queue = nullptr;
};

TEST_F(LaunchTest, ReadsConstantsByAddressAndSurplusWorkgroupsExit) {
  hadal_device_kernel_t *add;
  ASSERT_DONE(device, device.kernel("add", add));
  std::vector<int32_t> x(200), y(200);
  std::iota(x.begin(), x.end(), 0);
  std::iota(y.begin(), y.end(), 1000);
  auto out = put(std::vector<int32_t>(200, -1)), constants = put({150, 0});
  // Seven workgroups, where three would do.
  ASSERT_DONE(device,
              device.launch(queue, add, 7,
                            {address(put(x)), address(put(y)), address(out), address(constants)}));
  std::vector<int32_t> read = get(out, 200);
  for (int i = 0; i < 200; ++i)
    EXPECT_EQ(read[size_t(i)], i < 150 ? 1000 + 2 * i : -1) << i;
}

TEST_F(LaunchTest, PassesIntegersOfBothWidths) {
  hadal_device_kernel_t *scale;
  ASSERT_DONE(device, device.kernel("scale", scale));
  auto x = put({1, 2, 3, 4}), out = put({0, 0, 0, 0});
  ASSERT_DONE(device,
              device.launch(queue, scale, 1, {address(x), address(out), i32(-5), i64(-7), i64(3)}));
  EXPECT_EQ(get(out, 4), (std::vector<int32_t>{-12, -17, -22, 0}));
}

TEST_F(LaunchTest, KeepsParametersAsTheyWere) {
  hadal_device_kernel_t *scale;
  ASSERT_DONE(device, device.kernel("scale", scale));
  auto x = put({1, 2}), out = put({0, 0});
  std::vector<Parameter> parameters = {address(x), address(out), i32(2), i64(0), i64(2)};
  ASSERT_DONE(device, device.launch(queue, scale, 1, parameters));
  parameters.assign(5, i32(0)); // the launch may not have begun
  EXPECT_EQ(get(out, 2), (std::vector<int32_t>{2, 4}));
}

TEST_F(LaunchTest, UsesSharedMemoryBeyond48KiB) {
  hadal_device_kernel_t *reverse;
  ASSERT_DONE(device, device.kernel("reverse", reverse));
  std::vector<int32_t> x(64);
  std::iota(x.begin(), x.end(), 0);
  auto in = put(x), out = put(std::vector<int32_t>(64));
  const int32_t offset = 80 << 10;
  ASSERT_DONE(device, device.launch(queue, reverse, 1, {address(in), address(out), i32(offset)},
                                    uint64_t(offset) + 256));
  std::reverse(x.begin(), x.end());
  EXPECT_EQ(get(out, 64), x);
  expectRefusal(device.launch(queue, reverse, 1, {address(in), address(out), i32(0)}, 1 << 20));
}

TEST_F(LaunchTest, CooperativeWorkgroupsMeet) {
  hadal_device_kernel_t *meet;
  ASSERT_DONE(device, device.kernel("meet", meet));
  auto counter = put({0}), out = put(std::vector<int32_t>(20));
  ASSERT_DONE(device, device.launch(queue, meet, 20, {address(counter), address(out)}));
  EXPECT_EQ(get(out, 20), std::vector<int32_t>(20, 20));
}

TEST_F(LaunchTest, RefusesParametersThatAreNotTheInterfaces) {
  hadal_device_kernel_t *scale;
  ASSERT_DONE(device, device.kernel("scale", scale));
  auto x = put({1});
  expectRefusal(device.launch(queue, scale, 1, {address(x)}));
  expectRefusal(device.launch(queue, scale, 1, {address(x), address(x), i64(1), i64(1), i64(1)}));
  expectRefusal(device.launch(queue, scale, 1,
                              {address(x), address(x), i32(int64_t(1) << 40), i64(1), i64(1)}));
  expectRefusal(
      device.launch(queue, scale, 1, {address(x), address(x), i32(1), i64(0), i64(1)}, 16));
  // What another kind of kernel gets, beside what this one does.
  std::vector<Parameter> parameters = {address(x), address(x), i32(1), i64(0), i64(1)};
  hadal_device_launch_t both = {};
  both.struct_size = sizeof both;
  both.kernel = scale;
  std::fill(both.grid, both.grid + 3, 1);
  both.bindings = &x;
  both.binding_count = 1;
  both.parameters = parameters.data();
  both.parameter_count = static_cast<uint32_t>(parameters.size());
  hadal_device_error_t error = {};
  EXPECT_EQ(table().queue_launch(queue, &both, &error), HADAL_STATUS_INVALID_ARGUMENT);
  EXPECT_NE(std::string(error.message).find("got 1 bindings"), std::string::npos) << error.message;
  EXPECT_EQ(get(x, 1), std::vector<int32_t>{1});
}

TEST_F(LaunchTest, RefusesInterfacesThatTheHardwareHasNot) {
  Interface good = interfaceOf("add");
  EXPECT_DONE(device, device.check(good));
  Interface none = good, wide = good, scratch = good, shared = good;
  none.threads[1] = 0;
  expectRefusal(device.check(none));
  wide.threads[0] = wide.threads[1] = 64;
  expectRefusal(device.check(wide));
  scratch.scratch = 100;
  expectRefusal(device.check(scratch));
  shared.staticShared = 1 << 30;
  expectRefusal(device.check(shared));
}

TEST_F(LaunchTest, RefusesImagesThatAreBroken) {
  std::string kernels = kKernels;
  EXPECT_DONE(device, device.check(kernels, "sm_80", {"add", "scale"}));
  EXPECT_DONE(device, device.check(kernels, "sm_86", {"add"})); // PTX for less
  expectRefusal(device.check(kernels, "sm_80", {"add", "substract"}));
  expectRefusal(device.check("rubbish", "sm_80", {"add"}));
  expectRefusal(device.check("", "sm_80", {}));
  // What only the compiler finds is found when the image is loaded.
  std::string wrong = kernels;
  wrong.replace(wrong.find("add.s32 %r6, %r4, %r5"), 21, "add.s32 %r6, %r4, %q5");
  hadal_device_image_t *image;
  expectRefusal(device.load(kernels, "sm_80a", {"add"}, image)); // no level of a device
  expectRefusal(device.load(wrong, "sm_80", {"add"}, image));
  EXPECT_NE(device.message().find("%q5"), std::string::npos) << device.message();
}

TEST_F(LaunchTest, FindsKernelsThatFitTheirInterface) {
  hadal_device_image_t *image;
  hadal_device_kernel_t *kernel;
  ASSERT_DONE(device, device.load(kKernels, "sm_80", {"add"}, image));
  expectRefusal(device.find(image, "substract", interfaceOf("add"), kernel));
  Interface fewer = interfaceOf("add"), other = interfaceOf("add"), more = interfaceOf("add");
  fewer.parameters.pop_back();
  expectRefusal(device.find(image, "add", fewer, kernel));
  more.parameters.push_back(HADAL_DEVICE_PARAMETER_I32);
  expectRefusal(device.find(image, "add", more, kernel));
  other.parameters[1] = HADAL_DEVICE_PARAMETER_I32;
  expectRefusal(device.find(image, "add", other, kernel));
}

} // namespace
