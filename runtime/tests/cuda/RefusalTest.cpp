// SPDX-License-Identifier: Apache-2.0
// What the cuda device says when it refuses launches, interfaces and images.
#include "device/Device.h"
#include "device/Kernels.h"

#include "gtest/gtest.h"

using namespace hadal::test;

namespace {

class RefusalTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_DONE(device, device.open());
    ASSERT_DONE(device, device.queue(queue));
  }

  void expectRefusal(hadal_device_code_t code, hadal_device_code_t expected,
                     const std::string &words) {
    EXPECT_EQ(code, expected);
    EXPECT_NE(device.message().find(words), std::string::npos) << device.message();
  }

  Device device;
  hadal_device_queue_t *queue = nullptr;
};

TEST_F(RefusalTest, RefusesParametersThatAreNotTheInterfaces) {
  hadal_device_kernel_t *scale;
  ASSERT_DONE(device, device.kernel("scale", scale));
  hadal_device_address_t x;
  ASSERT_DONE(device, device.allocate(4, x));
  constexpr auto invalid = HADAL_STATUS_INVALID_ARGUMENT;
  expectRefusal(device.launch(queue, scale, 1, {address(x)}), invalid,
                "expected 5 parameters, got 1");
  expectRefusal(device.launch(queue, scale, 1, {address(x), address(x), i64(1), i64(1), i64(1)}),
                invalid, "parameters[2]: expected an i32, got an i64");
  expectRefusal(device.launch(queue, scale, 1,
                              {address(x), address(x), i32(int64_t(1) << 40), i64(1), i64(1)}),
                invalid, "expected a value of 32 bits, got 1099511627776");
  expectRefusal(
      device.launch(queue, scale, 1, {address(x), address(x), i32(1), i64(0), i64(1)}, 16), invalid,
      "shared_bytes: expected 0 B");
  expectRefusal(device.launch(queue, scale, 0, {address(x), address(x), i32(1), i64(0), i64(1)}),
                HADAL_STATUS_UNSUPPORTED, "grid[0]: expected 1 to 2147483647 workgroups, got 0");
  hadal_device_kernel_t *reverse;
  ASSERT_DONE(device, device.kernel("reverse", reverse));
  expectRefusal(
      device.launch(queue, reverse, 1, {address(x), address(x), i32(0)}, 1 << 20),
      HADAL_STATUS_UNSUPPORTED,
      "shared_bytes: expected at most 166912 B beside its static shared memory, got 1048576 B");
}

TEST_F(RefusalTest, RefusesInterfacesByTheFieldThatAsks) {
  constexpr auto unsupported = HADAL_STATUS_UNSUPPORTED;
  Interface good = interfaceOf("add"), none = good, wide = good, scratch = good, shared = good;
  none.threads[1] = 0;
  expectRefusal(device.check(none), unsupported, "workgroup_size[1]: expected 1 to");
  wide.threads[0] = wide.threads[1] = 64;
  expectRefusal(device.check(wide), unsupported,
                "workgroup_size: expected at most 1024 threads, got 64x64x1");
  scratch.scratch = 100;
  expectRefusal(device.check(scratch), unsupported, "scratch_bytes: expected 0 B");
  shared.staticShared = 1 << 30;
  expectRefusal(device.check(shared), unsupported, "static_shared_bytes: expected at most");
}

TEST_F(RefusalTest, RefusesImagesThatAreBroken) {
  constexpr auto broken = HADAL_STATUS_INVALID_ARTIFACT;
  std::string kernels = kKernels;
  expectRefusal(device.check(kernels, "sm_80", {"add", "substract"}), broken, "'substract'");
  expectRefusal(device.check(kernels, "sm_75", {"add"}), broken, "sm_75");
  expectRefusal(device.check(kernels, "x86-64-v3", {"add"}), broken, "x86-64-v3");
  expectRefusal(device.check("rubbish", "sm_80", {"add"}), broken, "expected");
  expectRefusal(device.check("", "sm_80", {}), broken, "expected");
  expectRefusal(device.check(kernels.substr(0, 20) + std::string(1, '\0') + kernels.substr(20),
                             "sm_80", {"add"}),
                broken, "zero byte");
  // What only the compiler finds is found when the image is loaded.
  std::string wrong = kernels;
  wrong.replace(wrong.find("add.s32 %r6, %r4, %r5"), 21, "add.s32 %r6, %r4, %q5");
  hadal_device_image_t *image;
  expectRefusal(device.load(wrong, "sm_80", {"add"}, image), broken, "%q5");
}

TEST_F(RefusalTest, FindsKernelsThatFitTheirInterface) {
  hadal_device_image_t *image;
  hadal_device_kernel_t *kernel;
  ASSERT_DONE(device, device.load(kKernels, "sm_80", {"add"}, image));
  expectRefusal(device.find(image, "substract", interfaceOf("add"), kernel),
                HADAL_STATUS_INVALID_ARTIFACT, "no 'substract'");
  Interface fewer = interfaceOf("add"), other = interfaceOf("add"), more = interfaceOf("add");
  fewer.parameters.pop_back();
  expectRefusal(device.find(image, "add", fewer, kernel), HADAL_STATUS_INVALID_ARTIFACT,
                "parameters");
  more.parameters.push_back(HADAL_DEVICE_PARAMETER_I32);
  expectRefusal(device.find(image, "add", more, kernel), HADAL_STATUS_INVALID_ARTIFACT,
                "parameters");
  other.parameters[1] = HADAL_DEVICE_PARAMETER_I32;
  expectRefusal(device.find(image, "add", other, kernel), HADAL_STATUS_INVALID_ARTIFACT,
                "parameters[1]");
}

} // namespace
