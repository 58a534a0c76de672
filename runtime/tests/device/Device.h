// SPDX-License-Identifier: Apache-2.0
// A device's library under test, and an open device of it.
#ifndef HADAL_TESTS_DEVICE_DEVICE_H
#define HADAL_TESTS_DEVICE_DEVICE_H

#include "hadal_device.h"

#include <functional>
#include <string>
#include <vector>

namespace hadal::test {

/// The table of the library that --device=PATH names. The process ends where there is none.
const hadal_device_table_t &table();
/// Takes --device=PATH out of the arguments.
void findDeviceLibrary(int &argc, char **argv);

using Parameter = hadal_device_parameter_t;
Parameter address(hadal_device_address_t at);
Parameter i32(int64_t value);
Parameter i64(int64_t value);
Parameter tensorMap(hadal_device_address_t at, const hadal_device_tensor_map_t &map);

/// How a kernel is launched; the defaults are those of a plain one.
struct Interface {
  std::vector<hadal_device_parameter_kind_t> parameters;
  uint32_t threads[3] = {64, 1, 1};
  uint32_t cluster[3] = {0, 0, 0};
  bool cooperative = false, dynamicShared = false;
  uint64_t staticShared = 0, scratch = 0;

  hadal_device_interface_t get() const;
};

/// Of the kernels in Kernels.h.
Interface interfaceOf(const std::string &kernel);

/// An open device. Each call returns the table's code and keeps its message; what was made is given
/// back by the destructor, in the order that the interface asks for.
class Device {
public:
  ~Device();

  hadal_device_code_t open(uint32_t index = 0);
  hadal_device_t *get() const { return device; }
  hadal_device_info_t info() const;

  hadal_device_code_t load(const std::string &code, const char *level,
                           std::vector<const char *> symbols, hadal_device_image_t *&out);
  hadal_device_code_t check(const std::string &code, const char *level,
                            std::vector<const char *> symbols);
  hadal_device_code_t find(hadal_device_image_t *image, const char *name,
                           const Interface &interface, hadal_device_kernel_t *&out);
  hadal_device_code_t check(const Interface &interface);
  /// Loads Kernels.h and finds one of them.
  hadal_device_code_t kernel(const char *name, hadal_device_kernel_t *&out);

  hadal_device_code_t allocate(size_t bytes, hadal_device_address_t &out);
  hadal_device_code_t import(const void *data, size_t bytes, hadal_device_address_t &out);
  hadal_device_code_t allocateHost(size_t bytes, void *&out);
  hadal_device_code_t queue(hadal_device_queue_t *&out);
  hadal_device_code_t event(hadal_device_event_t *&out);
  void release(hadal_device_address_t memory);

  hadal_device_code_t upload(hadal_device_queue_t *, hadal_device_address_t to, const void *from,
                             size_t bytes);
  hadal_device_code_t download(hadal_device_queue_t *, void *to, hadal_device_address_t from,
                               size_t bytes);
  hadal_device_code_t launch(hadal_device_queue_t *, hadal_device_kernel_t *, uint32_t grid,
                             const std::vector<Parameter> &, uint64_t sharedBytes = 0);
  hadal_device_code_t signal(hadal_device_queue_t *, hadal_device_event_t *);
  hadal_device_code_t wait(hadal_device_queue_t *, hadal_device_event_t *);
  hadal_device_code_t synchronize(hadal_device_queue_t *);
  hadal_device_code_t synchronize(hadal_device_event_t *);
  hadal_device_code_t time(hadal_device_event_t *, uint64_t &out);
  hadal_device_code_t beginRecord(hadal_device_queue_t *);
  hadal_device_code_t endRecord(hadal_device_queue_t *, hadal_device_record_t *&out);
  hadal_device_code_t replay(hadal_device_queue_t *, hadal_device_record_t *);

  /// The message of the last call that failed.
  std::string message() const { return error.message; }

private:
  hadal_device_error_t &fresh();

  hadal_device_t *device = nullptr;
  hadal_device_error_t error = {};
  hadal_device_image_t *kernels = nullptr; // of Kernels.h
  std::vector<std::pair<hadal_device_address_t, hadal_device_memory_t *>> memories;
  std::vector<std::function<void()>> releases; // run backwards
};

/// True for HADAL_STATUS_OK; else the call is a failed test.
#define EXPECT_DONE(device, call) EXPECT_EQ((call), HADAL_STATUS_OK) << (device).message()
#define ASSERT_DONE(device, call) ASSERT_EQ((call), HADAL_STATUS_OK) << (device).message()

} // namespace hadal::test

#endif // HADAL_TESTS_DEVICE_DEVICE_H
