// SPDX-License-Identifier: Apache-2.0
// A device that works but for one call, which it does not do as the table promises.
#ifndef HADAL_TESTS_CORE_LYINGDEVICE_H
#define HADAL_TESTS_CORE_LYINGDEVICE_H

#include "TestDevices.h"

#include <string>

namespace hadal::test {

enum class Lie {
  none,
  fails,        // with a message
  isSilent,     // fails without one
  isEndless,    // fails with a message that has no end
  isUnknown,    // returns a number that is no status code
  losesDevice,  // fails, and from then on expects releases alone
  givesNothing, // succeeds without an object
  hasNoAddress, // succeeds with an object, but nowhere
  isMisaligned, // succeeds with an object at an odd place
  endsNowhere,  // succeeds with an object whose end is beyond all addresses
};

/// What is told, and what came of it. One for all devices of the table below.
struct Liar {
  Lie lie = Lie::none;
  int at = 0;           // the number of the call, from 1 on
  bool separate = false; // memory of its own, or the host's

  int calls = 0;        // so far
  std::string told;     // by which function, or ""
  int live = 0;         // objects that were not released
  int afterLoss = 0;    // calls that should not have been made
};
Liar &liar();

/// Over the cpu, or over SeparateCpuDevice.
const hadal_device_table_t &lyingTable();

} // namespace hadal::test

#endif // HADAL_TESTS_CORE_LYINGDEVICE_H
