// SPDX-License-Identifier: Apache-2.0
// A small program that uses all of a device: steps over two queues, direct or replayed.
#ifndef HADAL_TESTS_DEVICE_PROGRAM_H
#define HADAL_TESTS_DEVICE_PROGRAM_H

#include "device/Device.h"

#include <vector>

namespace hadal::test {

struct ProgramOptions {
  int steps = 4;
  bool replay = false;
  bool reuseStaging = false; // a mistake: the staging of a step is filled while the last one runs
};

/// Runs it and stops at the first call that fails, whose code it returns. *out is then untouched;
/// else it holds the values that all steps downloaded.
hadal_device_code_t runProgram(Device &device, const ProgramOptions &options,
                               std::vector<int32_t> &out);

/// The same by the host.
std::vector<int32_t> expectedOfProgram(const ProgramOptions &options);

} // namespace hadal::test

#endif // HADAL_TESTS_DEVICE_PROGRAM_H
