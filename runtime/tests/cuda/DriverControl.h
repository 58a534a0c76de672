// SPDX-License-Identifier: Apache-2.0
// The test driver of this process, as tests steer it.
#ifndef HADAL_TESTS_CUDA_DRIVERCONTROL_H
#define HADAL_TESTS_CUDA_DRIVERCONTROL_H

#include "driver/TestDriver.h"

#include <string>

namespace hadal::test {

/// The functions of TestDriver.h; the process ends where the driver is another one.
struct DriverControl {
  decltype(&hadal_test_driver_counts) readCounts;
  decltype(&hadal_test_driver_reset) reset;
  decltype(&hadal_test_driver_set) change;
  decltype(&hadal_test_driver_failed) failed;
  decltype(&hadal_test_driver_problems) problems;
  decltype(&hadal_test_driver_leaks) leaks;

  hadal_test_driver_counts_t counts() const {
    hadal_test_driver_counts_t counts;
    readCounts(&counts);
    return counts;
  }
};

const DriverControl &driver();

/// A setting for as long as the object lives.
class Setting {
public:
  Setting(const char *name, const std::string &value) : name(name) {
    driver().change(name, value.c_str());
  }
  ~Setting() { driver().change(name, nullptr); }
  Setting(const Setting &) = delete;

private:
  const char *name;
};

} // namespace hadal::test

#endif // HADAL_TESTS_CUDA_DRIVERCONTROL_H
