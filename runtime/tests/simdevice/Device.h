// SPDX-License-Identifier: Apache-2.0
// A device library loaded by path, opened, and called in few words.
#ifndef HADAL_TESTS_SIMDEVICE_DEVICE_H
#define HADAL_TESTS_SIMDEVICE_DEVICE_H

#include <hadal_device.h>

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace hadal::simdevicetest {

/// The table of the library; found once.
const hadal_device_table_t *table();

/// Kernels that many tests launch.
///   scale(constants, from, to): to[i] = from[i] * factor for i below count, by workgroups of 64; constants are
///     {u32 workgroups, u32 count, f32 factor}, and workgroups beyond the first of them have nothing to do
///   add(at, value i32, index i64): at[index] += value, by one thread
extern const char *const kScale;
constexpr uint32_t kScaleLoadLine = 24, kScaleStoreLine = 28; ///< Of kScale.

using Kind = hadal_device_parameter_kind_t;
constexpr Kind kAddress = HADAL_DEVICE_PARAMETER_ADDRESS, kI32 = HADAL_DEVICE_PARAMETER_I32,
               kI64 = HADAL_DEVICE_PARAMETER_I64;

/// An interface that points to its own parameters.
struct Interface : hadal_device_interface_t {
  Interface(std::vector<Kind> kinds, uint32_t threads);
  std::vector<Kind> kinds;
};

hadal_device_parameter_t address(hadal_device_address_t value);
hadal_device_parameter_t i32(int64_t value);
hadal_device_parameter_t i64(int64_t value);

class SimDevice : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  /// Fails the test where the call did, with its message.
  void good(hadal_device_code_t code);
  /// Expects a failure whose message has the words, in lower case and one line.
  void bad(hadal_device_code_t code, hadal_status_code_t expected, std::vector<std::string> words);
  hadal_device_code_section_t section(const char *text, const char *level = "sm_80",
                                      std::vector<const char *> symbols = {});
  hadal_device_image_t *load(const char *text, const char *level = "sm_80");
  /// Of an image that the fixture releases.
  hadal_device_kernel_t *kernel(hadal_device_image_t *image, const char *symbol,
                                const Interface &interface);
  hadal_device_address_t allocate(size_t size, const char *what = "buffer");
  template <typename T> hadal_device_address_t upload(const std::vector<T> &values,
                                                      const char *what = "buffer") {
    hadal_device_address_t at = allocate(values.size() * sizeof(T), what);
    good(table()->queue_upload(queue, at, values.data(), values.size() * sizeof(T), &error));
    return at;
  }
  template <typename T> std::vector<T> download(hadal_device_address_t at, size_t count) {
    std::vector<T> values(count);
    good(table()->queue_download(queue, values.data(), at, count * sizeof(T), &error));
    return values;
  }
  hadal_device_code_t launch(hadal_device_queue_t *on, hadal_device_kernel_t *what, uint32_t grid,
                             const std::vector<hadal_device_parameter_t> &parameters,
                             uint64_t shared = 0);

  hadal_device_t *device = nullptr;
  hadal_device_queue_t *queue = nullptr;
  hadal_device_error_t error = {};
  std::vector<hadal_device_image_t *> images;
  std::vector<hadal_device_memory_t *> memories;

private:
  std::vector<const char *> names; // of the last section
};

} // namespace hadal::simdevicetest

#endif // HADAL_TESTS_SIMDEVICE_DEVICE_H
