// SPDX-License-Identifier: Apache-2.0
// Devices of the tests: what the core may assume of a device, and what it asks of one.
#ifndef HADAL_TESTS_CORE_TESTDEVICES_H
#define HADAL_TESTS_CORE_TESTDEVICES_H

#include "Run.h"
#include "core/Device.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace hadal::test {

/// A launch with copies of its lists, and the interface of its kernel.
struct KeptLaunch : hadal_device_launch_t {
  explicit KeptLaunch(const hadal_device_launch_t &launch);
  KeptLaunch(const KeptLaunch &other)
      : KeptLaunch(static_cast<const hadal_device_launch_t &>(other)) {}
  KeptLaunch &operator=(const KeptLaunch &) = delete;

  std::vector<hadal_device_address_t> boundAt;
  std::vector<int64_t> passed;
  std::vector<hadal_device_parameter_t> given;
  std::vector<hadal_device_tensor_map_t> maps; // of those parameters, in order
};

/// A device with memory of its own: the host reaches it by upload and download alone, and touching one
/// of its addresses otherwise is a fault of the process. Weights are read when they are taken in.
/// Launches wait until something asks for their effects. For one thread.
class SeparateDevice {
public:
  virtual ~SeparateDevice() = default;

  /// Bytes of weights that were taken in; copies to and from the device; replays.
  size_t taken = 0, uploads = 0, downloads = 0, replays = 0;

protected:
  friend struct SeparateTable;
  virtual void describe(hadal_device_info_t &info) = 0;
  virtual runtime::Status loadImage(const hadal_device_code_section_t &section,
                                    hadal_device_image_t **out) = 0;
  virtual void releaseImage(hadal_device_image_t *image) = 0;
  virtual runtime::Status findKernel(hadal_device_image_t *image, const char *symbol,
                                     const hadal_device_interface_t &interface,
                                     hadal_device_kernel_t **out) = 0;
  /// Does the work of a launch; memory is open.
  virtual runtime::Status execute(const KeptLaunch &launch) = 0;

private:
  struct Memory {
    void *base;
    size_t length;
  };
  runtime::Status allocate(size_t size, const char *what, Memory **out);
  void release(Memory *memory);
  runtime::Status upload(void *to, const void *from, size_t size);
  runtime::Status download(void *to, const void *from, size_t size);
  runtime::Status launch(const hadal_device_launch_t &launch);
  runtime::Status synchronize();
  /// Whether all bytes of the range are of one piece of memory.
  bool holds(const void *address, size_t size) const;
  void check(const hadal_device_launch_t &launch) const;

  std::map<uintptr_t, size_t> pieces; // address and size of all memory
  std::vector<KeptLaunch> waiting;
  std::unique_ptr<std::vector<KeptLaunch>> recording;
};

/// One that executes programs of the cpu.
class SeparateCpuDevice : public SeparateDevice {
public:
  SeparateCpuDevice();

private:
  void describe(hadal_device_info_t &info) override;
  runtime::Status loadImage(const hadal_device_code_section_t &section,
                            hadal_device_image_t **out) override;
  void releaseImage(hadal_device_image_t *image) override;
  runtime::Status findKernel(hadal_device_image_t *image, const char *symbol,
                             const hadal_device_interface_t &interface,
                             hadal_device_kernel_t **out) override;
  runtime::Status execute(const KeptLaunch &launch) override;

  std::unique_ptr<runtime::Device> cpu;

protected:
  runtime::DeviceQueue queue;
};

/// The same for kernels that take parameters: the addresses of their bindings, and that of their
/// constants last.
class ParameterCpuDevice final : public SeparateCpuDevice {
private:
  runtime::Status execute(const KeptLaunch &launch) override;
};

/// Gives all kernels of a model the parameters that such a device knows.
void giveParameters(ModelSpec &model);

/// One of the family `recorder` that takes any program, executes nothing, and keeps what was asked.
class RecordingDevice final : public SeparateDevice {
public:
  /// Of all levels, it has this one.
  explicit RecordingDevice(std::string level) : has(std::move(level)), levels{has.c_str()} {}

  std::vector<KeptLaunch> launches;
  /// What was asked of kernels, in the order in which they were found.
  std::deque<hadal_device_interface_t> kernels;
  const hadal_device_interface_t &interface(const hadal_device_launch_t &launch) const {
    return *reinterpret_cast<const hadal_device_interface_t *>(launch.kernel);
  }

private:
  void describe(hadal_device_info_t &info) override;
  runtime::Status loadImage(const hadal_device_code_section_t &section,
                            hadal_device_image_t **out) override;
  void releaseImage(hadal_device_image_t *) override {}
  runtime::Status findKernel(hadal_device_image_t *image, const char *symbol,
                             const hadal_device_interface_t &interface,
                             hadal_device_kernel_t **out) override;
  runtime::Status execute(const KeptLaunch &launch) override;

  std::string has;
  const char *levels[1];
};

/// The table of both. Its `open` makes none: see makeContextOf.
const hadal_device_table_t &separateTable();

/// A context of the C interface over a device of the tests.
ContextHandle makeContextOf(std::unique_ptr<SeparateDevice> device);
/// The same over a table, opened with one thread.
ContextHandle makeContextOf(const hadal_device_table_t &table);

} // namespace hadal::test

#endif // HADAL_TESTS_CORE_TESTDEVICES_H
