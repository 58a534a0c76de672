// SPDX-License-Identifier: Apache-2.0
// Tests of the cuda device over the test driver: hadal-cuda-tests --device=LIBRARY
#include "cuda/DriverControl.h"
#include "device/Device.h"

#include "gtest/gtest.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

namespace hadal::test {
namespace {

template <typename Function> void find(void *library, const char *name, Function &out) {
  out = reinterpret_cast<Function>(dlsym(library, name));
  if (!out) {
    std::fprintf(stderr, "expected the test driver's %s in libcuda.so.1, got none\n", name);
    std::exit(2);
  }
}

DriverControl load() {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    std::fprintf(stderr, "expected the test driver, got: %s\n", dlerror());
    std::exit(2);
  }
  DriverControl found;
  find(library, "hadal_test_driver_counts", found.readCounts);
  find(library, "hadal_test_driver_reset", found.reset);
  find(library, "hadal_test_driver_set", found.change);
  find(library, "hadal_test_driver_failed", found.failed);
  find(library, "hadal_test_driver_problems", found.problems);
  find(library, "hadal_test_driver_leaks", found.leaks);
  return found;
}

} // namespace

const DriverControl &driver() {
  static const DriverControl found = load();
  return found;
}

} // namespace hadal::test

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  hadal::test::findDeviceLibrary(argc, argv);
  hadal::test::driver();
  return RUN_ALL_TESTS();
}
