// SPDX-License-Identifier: Apache-2.0
// Runs the tests as on a machine with x86-64-v3 and no more, whatever the host and the environment
// are: the test model's kernels are of that level, and messages name the levels of the machine.
#include <gtest/gtest.h>

#include <cstdlib>

int main(int argc, char **argv) {
  unsetenv("HADAL_CPU_LEVEL");
  setenv("HADAL_CPU_AT_MOST", "x86-64-v3", 1);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
