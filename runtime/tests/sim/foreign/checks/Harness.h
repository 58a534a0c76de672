// SPDX-License-Identifier: Apache-2.0
// Launches one kernel under many schedules, compares the runs, and hands the results to a test.
#ifndef HADAL_TESTS_SIM_HARNESS_H
#define HADAL_TESTS_SIM_HARNESS_H

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace hadal::simtest {

/// One argument of a launch: a scalar, a device buffer, or a struct by value with pointers to buffers patched in.
struct Argument {
  enum class Kind { Scalar, Buffer, Struct };
  struct Patch {
    size_t offset; ///< Byte offset of the pointer in the struct.
    int buffer; ///< Index into Case::buffers.
  };
  Kind kind;
  std::vector<uint8_t> bytes;
  int buffer = -1;
  std::vector<Patch> patches;
};

/// A device buffer: `poisoned` ones start as never written.
struct Buffer {
  std::vector<uint8_t> bytes;
  bool poisoned = false;
  bool compared = true; ///< Runs must agree on it.
};

/// What one run gave.
struct Outcome {
  bool ok = false;
  std::string error; ///< Message of a refused launch or of the first check that fired.
  std::vector<std::string> reports; ///< One line for each check that fired.
  std::vector<std::vector<uint8_t>> buffers; ///< Contents after the run.
  std::string counters; ///< JSON.
};

/// How one run is scheduled and checked.
struct Schedule {
  uint64_t seed = 1;
  unsigned threads = 1;
  bool checks = true;
  bool globalRaces = false;
  bool inStep = false; ///< Without the check of races between lanes of a warp.
  uint64_t maxInstructions = 0; ///< 0: the default limit.
};

/// A launch to be tested. Arguments are given in the kernel's order; buffers are named by the handle returned.
class Case {
public:
  Case(std::string file, std::string entry) : file_(std::move(file)), entry_(std::move(entry)) {}

  Case &grid(unsigned x, unsigned y = 1, unsigned z = 1);
  Case &block(unsigned x, unsigned y = 1, unsigned z = 1);
  Case &dynamicShared(unsigned bytes);
  Case &cooperative();
  /// Counters or an output depend on the schedule: compare neither the counters nor buffers marked by ignore().
  Case &timingDependent();
  /// Fewer schedules, for slow launches.
  Case &seeds(unsigned count);

  template <typename T> Case &scalar(T value) {
    Argument argument{Argument::Kind::Scalar, std::vector<uint8_t>(sizeof(T)), -1, {}};
    std::memcpy(argument.bytes.data(), &value, sizeof(T));
    arguments_.push_back(std::move(argument));
    return *this;
  }
  /// Adds a buffer and an argument that points to it.
  template <typename T> int in(const std::vector<T> &values) { return argumentFor(buffer(values)); }
  template <typename T> int out(size_t count) { return argumentFor(poisoned(count * sizeof(T))); }
  /// Adds a buffer alone, for structs that hold pointers.
  template <typename T> int buffer(const std::vector<T> &values) {
    Buffer made;
    made.bytes.resize(values.size() * sizeof(T));
    if (!values.empty())
      std::memcpy(made.bytes.data(), values.data(), made.bytes.size());
    buffers_.push_back(std::move(made));
    return int(buffers_.size()) - 1;
  }
  int poisoned(size_t bytes);
  Case &structure(std::vector<uint8_t> bytes, std::vector<Argument::Patch> patches);
  Case &nullPointer() { return scalar<uint64_t>(0); }
  void ignore(int buffer) { buffers_[size_t(buffer)].compared = false; }

  /// Runs under all schedules, also with the check of global races, of which kernels here are free; test failures name the schedule. False when any run failed.
  bool run();
  /// One run, for tests that look at reports.
  Outcome runOnce(const Schedule &schedule) const;

  /// Contents of a buffer after the first run.
  template <typename T> std::vector<T> result(int buffer) const {
    std::vector<T> values;
    if (size_t(buffer) < first_.buffers.size()) {
      const std::vector<uint8_t> &bytes = first_.buffers[size_t(buffer)];
      values.resize(bytes.size() / sizeof(T));
      std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    }
    return values;
  }
  const Outcome &first() const { return first_; }

private:
  int argumentFor(int buffer);

  std::string file_, entry_;
  unsigned grid_[3] = {1, 1, 1}, block_[3] = {1, 1, 1};
  unsigned dynamicShared_ = 0, seeds_ = 20;
  bool cooperative_ = false, timingDependent_ = false;
  std::vector<Argument> arguments_;
  std::vector<Buffer> buffers_;
  Outcome first_;
};

/// Path of a file below the folder of foreign PTX.
std::string foreignFile(const std::string &name);

} // namespace hadal::simtest

#endif // HADAL_TESTS_SIM_HARNESS_H
