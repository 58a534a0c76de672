// SPDX-License-Identifier: Apache-2.0
// Devices of the tests: what the core may assume of a device, and what it asks of one.
#ifndef HADAL_TESTS_CORE_TESTDEVICES_H
#define HADAL_TESTS_CORE_TESTDEVICES_H

#include "Run.h"
#include "core/Device.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hadal::test {

/// A device with memory of its own: the host reaches it by upload and download alone, and touching one
/// of its addresses otherwise is a fault of the process. Weights are read when they are taken in.
/// Launches wait until something asks for their effects. For one thread.
class SeparateDevice : public runtime::Device {
public:
  uint32_t threads() const override { return 1; }
  bool sharesHostMemory() const override { return false; }
  runtime::Status allocate(size_t size, const char *what,
                           std::unique_ptr<runtime::DeviceMemory> &out) override;
  runtime::Status importWeights(const uint8_t *data, size_t size,
                                std::unique_ptr<runtime::DeviceMemory> &out) override;
  runtime::Status upload(runtime::DevicePointer to, const void *from, size_t size) override;
  runtime::Status download(void *to, runtime::DevicePointer from, size_t size) override;
  runtime::Status launch(const runtime::DeviceKernels &kernels,
                         const runtime::LaunchRequest &request) override;
  runtime::Status synchronize() override;

  /// Bytes of weights that were taken in.
  size_t taken = 0;

protected:
  /// Does the work of a launch; memory is open.
  virtual runtime::Status execute(const runtime::DeviceKernels &kernels,
                                  const runtime::LaunchRequest &request) = 0;

private:
  class Memory;
  /// Whether all bytes of the range are of one piece of memory.
  bool holds(const void *address, size_t size) const;
  void check(const runtime::LaunchRequest &request) const;

  std::map<uintptr_t, size_t> pieces; // address and size of all memory
  std::vector<std::function<runtime::Status()>> waiting;
};

/// One that executes programs of the cpu.
class SeparateCpuDevice final : public SeparateDevice {
public:
  SeparateCpuDevice();
  const char *name() const override { return "separate"; }
  const char *family() const override { return "cpu"; }
  const char *level() const override { return cpu->level(); }
  runtime::Status loadKernels(const runtime::Artifact &artifact, const runtime::Program &program,
                              std::unique_ptr<runtime::DeviceKernels> &out) override {
    return cpu->loadKernels(artifact, program, out);
  }

private:
  runtime::Status execute(const runtime::DeviceKernels &kernels,
                          const runtime::LaunchRequest &request) override {
    return cpu->launch(kernels, request);
  }

  std::unique_ptr<runtime::Device> cpu;
};

/// What a device was asked to launch.
struct RecordedLaunch : runtime::LaunchRequest {
  std::vector<runtime::DevicePointer> boundAt;
  std::vector<int64_t> passed;
};

/// One of the family `recorder` that takes any program, executes nothing, and keeps what was asked.
class RecordingDevice final : public SeparateDevice {
public:
  /// Of all levels, it has this one.
  explicit RecordingDevice(std::string level) : has(std::move(level)) {}
  const char *name() const override { return "recorder"; }
  const char *family() const override { return "recorder"; }
  const char *level() const override { return has.c_str(); }
  runtime::Status loadKernels(const runtime::Artifact &artifact, const runtime::Program &program,
                              std::unique_ptr<runtime::DeviceKernels> &out) override;

  std::vector<RecordedLaunch> launches;
  const runtime::Program *loaded = nullptr;

private:
  runtime::Status execute(const runtime::DeviceKernels &kernels,
                          const runtime::LaunchRequest &request) override;

  std::string has;
};

/// A context of the C interface over a device of the tests.
ContextHandle makeContextOf(std::unique_ptr<runtime::Device> device);

} // namespace hadal::test

#endif // HADAL_TESTS_CORE_TESTDEVICES_H
