// SPDX-License-Identifier: Apache-2.0
// Tests over the table of a device: hadal-device-tests --device=LIBRARY
#include "device/Device.h"

#include "gtest/gtest.h"

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  hadal::test::findDeviceLibrary(argc, argv);
  return RUN_ALL_TESTS();
}
