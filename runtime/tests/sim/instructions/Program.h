// SPDX-License-Identifier: Apache-2.0
// Runs a whole kernel over byte buffers, for instructions that work on memory or on a warp together.
#ifndef HADAL_TESTS_SIM_PROGRAM_H
#define HADAL_TESTS_SIM_PROGRAM_H

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace hadal::simtest {

using Bytes = std::vector<uint8_t>;

template <typename T> Bytes bytesOf(const std::vector<T> &values) {
  Bytes bytes(values.size() * sizeof(T));
  if (!bytes.empty())
    memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}
template <typename T> std::vector<T> valuesOf(const Bytes &bytes) {
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!values.empty())
    memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
  return values;
}

/// A kernel whose 64-bit parameters point to the buffers. The body finds their
/// addresses in %p0, %p1, ..., the thread's number in %t, and in %o4, %o8 and
/// %o16 that number times 4, 8 and 16.
struct Program {
  std::string head; ///< Statements of the module, before the entry.
  std::string body;
  std::vector<Bytes> buffers;
  std::vector<bool> poisoned; ///< Buffers that start undefined; may be shorter.
  uint32_t grid = 1, block = 32, dynamicShared = 0, threads = 1;
  uint64_t seed = 0;
  bool globalRaces = false;

  // What came of it.
  std::string message; ///< Of a failure; "" where all went well.
  std::string check; ///< Of the check that fired, "" for none.
  uint32_t line = 0; ///< Of the body, from 1, where the check names one.
  std::vector<std::vector<bool>> undefined; ///< Bytes of each buffer.

  bool run();
};

/// `{%d0, %d1, ...}` for the prefix %d.
std::string vectorOf(const std::string &prefix, int count);

/// Bits of a small whole number in a type of matrix elements, and their number.
uint64_t encoded(const std::string &type, int value);
int bitsOf(const std::string &type);

} // namespace hadal::simtest

#endif // HADAL_TESTS_SIM_PROGRAM_H
