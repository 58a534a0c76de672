// SPDX-License-Identifier: Apache-2.0
// What hardware and driver allow: indexes, memory, clusters, tensor maps, machine code.
#include "cuda/CubinBuilder.h"
#include "cuda/DriverControl.h"
#include "device/Device.h"
#include "device/Kernels.h"

#include "gtest/gtest.h"

#include <algorithm>

using namespace hadal::test;

namespace {

void expectRefusal(const Device &device, hadal_device_code_t code, hadal_device_code_t expected,
                   const std::string &message) {
  EXPECT_EQ(code, expected);
  EXPECT_EQ(device.message(), message);
}

std::string levels(const Device &device) {
  hadal_device_info_t info = device.info();
  std::string all;
  for (uint32_t i = 0; i < std::min(info.level_count, 6u); ++i)
    all += std::string(i ? " " : "") + info.levels[i];
  return all;
}

TEST(OpenTest, SaysWhatIsMissing) {
  Device device;
  expectRefusal(device, device.open(1), HADAL_STATUS_NOT_FOUND,
                "cuda:1: expected an index below 1, the number of devices, got 1");
  Setting none("DEVICES", "0");
  expectRefusal(
      device, device.open(), HADAL_STATUS_NOT_FOUND,
      "cuda: expected a device, got none that the driver (CUDA 12.4) sees; CUDA_VISIBLE_DEVICES may hide some");
}

TEST(OpenTest, DevicesAreTheirOwn) {
  Setting two("DEVICES", "2");
  Device first, second;
  ASSERT_DONE(first, first.open(0));
  ASSERT_DONE(second, second.open(1));
  EXPECT_STREQ(first.info().hardware, "Test device 0, sm_80, driver of CUDA 12.4");
  EXPECT_STREQ(second.info().hardware, "Test device 1, sm_80, driver of CUDA 12.4");
  hadal_device_address_t memory;
  EXPECT_DONE(second, second.allocate(100, memory));
}

TEST(OpenTest, LevelsAreThoseWhosePtxRuns) {
  const struct {
    const char *capability, *levels;
  } cases[] = {{"8.0", "sm_80 sm_75 sm_72 sm_70 sm_62 sm_61"},
               {"9.0", "sm_90a sm_90 sm_89 sm_88 sm_87 sm_86"},
               {"10.3", "sm_103a sm_103f sm_103 sm_100f sm_100 sm_90"},
               {"12.9", "sm_129a sm_129f sm_129 sm_121f sm_121 sm_120f"}};
  for (const auto &item : cases) {
    Setting capability("CAPABILITY", item.capability);
    Device device;
    ASSERT_DONE(device, device.open());
    EXPECT_EQ(levels(device), item.levels);
  }
}

TEST(LimitsTest, LackOfMemorySaysHowMuchThereIs) {
  Setting total("MEMORY", "1000000");
  std::vector<char> weights(500000);
  Device device;
  ASSERT_DONE(device, device.open());
  EXPECT_EQ(device.info().memory_bytes, 1000000u);
  hadal_device_address_t memory, other;
  ASSERT_DONE(device, device.allocate(600000, memory));
  constexpr auto lack = HADAL_STATUS_OUT_OF_MEMORY;
  expectRefusal(
      device, device.allocate(400001, other), lack,
      "the arena: expected 400001 B of the device's memory, got 400000 B free of 1000000 B");
  expectRefusal(
      device, device.import(weights.data(), weights.size(), other), lack,
      "weights: expected 500000 B of the device's memory, got 400000 B free of 1000000 B");
  device.release(memory);
  EXPECT_DONE(device, device.import(weights.data(), weights.size(), other));
}

TEST(LimitsTest, ImagesOfOtherLevelsAreRefused) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_image_t *image;
  expectRefusal(device, device.load(kMapKernel, "sm_90", {"copy_map"}, image),
                HADAL_STATUS_UNSUPPORTED,
                "image 'kernels': expected PTX that sm_80 runs, got sm_90");
  // Machine code runs on its own major alone, and on no earlier minor.
  expectRefusal(device, device.load(buildCubin(75, {"add"}), "sm_75", {"add"}, image),
                HADAL_STATUS_UNSUPPORTED,
                "image 'kernels': expected machine code that sm_80 runs, got sm_75");
  expectRefusal(device, device.load(buildCubin(86, {"add"}), "sm_86", {"add"}, image),
                HADAL_STATUS_UNSUPPORTED,
                "image 'kernels': expected machine code that sm_80 runs, got sm_86");
  expectRefusal(
      device, device.load(buildCubin(80, {"add"}), "sm_80", {"add"}, image),
      HADAL_STATUS_INVALID_ARTIFACT,
      "image 'kernels': cuModuleLoadDataEx: expected success, got CUDA_ERROR_INVALID_IMAGE (200)");
}

TEST(LimitsTest, MachineCodeRuns) {
  Setting capability("CAPABILITY", "8.6");
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_image_t *image;
  hadal_device_kernel_t *scale;
  hadal_device_queue_t *queue;
  hadal_device_address_t memory;
  ASSERT_DONE(device,
              device.load(buildCubin(80, {"add", "scale"}, kKernels), "sm_80", {"scale"}, image));
  ASSERT_DONE(device, device.find(image, "scale", interfaceOf("scale"), scale));
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.allocate(4, memory));
  ASSERT_DONE(device, device.launch(queue, scale, 1,
                                    {address(memory), address(memory), i32(1), i64(5), i64(1)}));
  int32_t value = 0;
  ASSERT_DONE(device, device.download(queue, &value, memory, 4));
  ASSERT_DONE(device, device.synchronize(queue));
  EXPECT_EQ(value, 5);
}

TEST(LimitsTest, ClustersAndTensorMapsAreRefusedByName) {
  Device device;
  ASSERT_DONE(device, device.open());
  Interface cluster = interfaceOf("add"), map = interfaceOf("add");
  cluster.cluster[0] = 2;
  cluster.cluster[1] = cluster.cluster[2] = 1;
  map.parameters[1] = HADAL_DEVICE_PARAMETER_TENSOR_MAP;
  constexpr auto unsupported = HADAL_STATUS_UNSUPPORTED;
  expectRefusal(device, device.check(cluster), unsupported,
                "cluster: expected none on sm_80, got 2x1x1");
  expectRefusal(device, device.check(map), unsupported,
                "parameters[1]: expected sm_90 or later for a tensor map, got sm_80");
}

TEST(LimitsTest, ClustersRun) {
  Setting capability("CAPABILITY", "9.0");
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_image_t *image;
  hadal_device_kernel_t *scale;
  hadal_device_queue_t *queue;
  hadal_device_address_t memory;
  Interface interface = interfaceOf("scale");
  interface.cluster[0] = 16; // more than every device has
  interface.cluster[1] = interface.cluster[2] = 1;
  ASSERT_DONE(device, device.load(kKernels, "sm_80", {"scale"}, image));
  ASSERT_DONE(device, device.find(image, "scale", interface, scale));
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.allocate(4, memory));
  std::vector<Parameter> parameters = {address(memory), address(memory), i32(1), i64(5), i64(1)};
  expectRefusal(device, device.launch(queue, scale, 17, parameters), HADAL_STATUS_UNSUPPORTED,
                "kernel 'scale': grid[0]: expected a multiple of the cluster's 16, got 17");
  ASSERT_DONE(device, device.launch(queue, scale, 32, parameters));
  int32_t value = 0;
  ASSERT_DONE(device, device.download(queue, &value, memory, 4));
  ASSERT_DONE(device, device.synchronize(queue));
  EXPECT_EQ(value, 5);
}

TEST(LimitsTest, CooperativeGridsThatDoNotFitAreRefused) {
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_kernel_t *meet;
  hadal_device_queue_t *queue;
  hadal_device_address_t memory;
  ASSERT_DONE(device, device.kernel("meet", meet));
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.allocate(100000, memory));
  expectRefusal(
      device, device.launch(queue, meet, 5000, {address(memory), address(memory + 16)}),
      HADAL_STATUS_UNSUPPORTED,
      "kernel 'meet': cooperative: expected a grid that is resident at once, got 5000x1x1 workgroups");
}

TEST(LimitsTest, TensorMapsAreEncoded) {
  Setting capability("CAPABILITY", "9.0");
  Device device;
  ASSERT_DONE(device, device.open());
  hadal_device_image_t *image;
  hadal_device_kernel_t *copy;
  hadal_device_queue_t *queue;
  hadal_device_address_t memory;
  Interface interface;
  interface.threads[0] = 16;
  interface.parameters = {HADAL_DEVICE_PARAMETER_TENSOR_MAP, HADAL_DEVICE_PARAMETER_ADDRESS};
  ASSERT_DONE(device, device.load(kMapKernel, "sm_90", {"copy_map"}, image));
  ASSERT_DONE(device, device.find(image, "copy_map", interface, copy));
  ASSERT_DONE(device, device.queue(queue));
  ASSERT_DONE(device, device.allocate(1 << 20, memory));
  hadal_device_tensor_map_t map = {HADAL_TYPE_BF16, 2, {576, 100}, {1152}, {64, 16}, 128};
  ASSERT_DONE(device,
              device.launch(queue, copy, 1, {tensorMap(memory + 4096, map), address(memory)}));
  map = {}; // encoded by the launch
  uint64_t words[16];
  ASSERT_DONE(device, device.download(queue, words, memory, sizeof words));
  ASSERT_DONE(device, device.synchronize(queue));
  // As Launches.cpp of the test driver lays it out.
  EXPECT_EQ(words[0], memory + 4096);
  EXPECT_EQ(words[1], (uint64_t(9) << 32) + 2);
  EXPECT_EQ(words[2], (uint64_t(3) << 32) + 64);
  EXPECT_EQ(words[3], 576u);
  EXPECT_EQ(words[4], 100u);
  EXPECT_EQ(words[8], 1152u);

  constexpr auto unsupported = HADAL_STATUS_UNSUPPORTED;
  map = {HADAL_TYPE_BF16, 2, {576, 100}, {1152}, {64, 16}, 100};
  expectRefusal(
      device, device.launch(queue, copy, 1, {tensorMap(memory, map), address(memory)}), unsupported,
      "kernel 'copy_map': parameters[0].map.swizzle: expected 0, 32, 64 or 128 B, got 100 B");
  map.swizzle = 128;
  map.strides[0] = 1150;
  EXPECT_EQ(device.launch(queue, copy, 1, {tensorMap(memory, map), address(memory)}), unsupported);
  EXPECT_EQ(device.message().find(
                "kernel 'copy_map': parameters[0].map: expected an address and strides"),
            0u)
      << device.message();
}

} // namespace
