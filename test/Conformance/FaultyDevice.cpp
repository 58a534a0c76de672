// SPDX-License-Identifier: Apache-2.0
// The cpu with a fault in one kernel, or one that does too little, as a device library: for tests of what
// notices it.
#define HADAL_DEVICE_LIBRARY
#include "cpu/CpuDevice.h"

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

using namespace hadal::runtime;

namespace {

/// HADAL_TEST_FAULT: "spoil:NAME", "fail:NAME" or "crash:NAME", for all kernels whose names
/// contain NAME; or what is left out:
///   replay-none, replay-second   every replay, or every second one
///   record-none, record-rest     all launches of a record, or those behind its first
///   upload-later                 uploads after the first record was made
///   zeros                        memory is not zeroed
struct Fault {
  Fault() {
    const char *given = std::getenv("HADAL_TEST_FAULT");
    std::string text = given ? given : "";
    size_t colon = text.find(':');
    what = text.substr(0, colon);
    kernel = colon == std::string::npos ? "" : text.substr(colon + 1);
  }
  std::string what, kernel;
};

const hadal_device_table_t &cpu() { return cpuDeviceTable(); }

/// Kernels with the fault, and what launches of records spoil.
struct State {
  Fault fault;
  std::map<hadal_device_kernel_t *, bool> isFaulty;
  bool isRecording = false, hasRecorded = false;
  size_t launchesOfRecord = 0, replays = 0;
  std::vector<hadal_device_address_t> recorded;
  std::map<hadal_device_record_t *, std::vector<hadal_device_address_t>> records;
};
State &state() {
  static State state;
  return state;
}

hadal_device_code_t findKernel(hadal_device_t *device, hadal_device_image_t *image,
                               const char *symbol, const hadal_device_interface_t *interface,
                               hadal_device_kernel_t **out, hadal_device_error_t *error) {
  hadal_device_code_t code = cpu().kernel_find(device, image, symbol, interface, out, error);
  const Fault &fault = state().fault;
  if (code == HADAL_STATUS_OK)
    state().isFaulty[*out] = !fault.kernel.empty() && std::strstr(symbol, fault.kernel.c_str());
  return code;
}

/// Changes the first elements of what the kernels wrote last, whatever their type.
hadal_device_code_t spoil(hadal_device_queue_t *queue,
                          const std::vector<hadal_device_address_t> &places,
                          hadal_device_error_t *error) {
  hadal_device_code_t code =
      places.empty() ? HADAL_STATUS_OK : cpu().queue_synchronize(queue, error);
  for (hadal_device_address_t place : places)
    for (int byte : {1, 3})
      reinterpret_cast<unsigned char *>(place)[byte] ^= 0x40;
  return code;
}

bool isLeftOut(const char *what) { return state().fault.what == what; }

/// Memory of its own, so that uploads and downloads are the device's business.
void info(hadal_device_t *device, hadal_device_info_t *out) {
  cpu().info(device, out);
  out->shares_host_memory = 0;
}

hadal_device_code_t allocate(hadal_device_t *device, size_t size, hadal_device_memory_use_t use,
                             const char *what, hadal_device_memory_t **out_memory,
                             hadal_device_address_t *out_address, hadal_device_error_t *error) {
  hadal_device_code_t code =
      cpu().memory_allocate(device, size, use, what, out_memory, out_address, error);
  if (code == HADAL_STATUS_OK && isLeftOut("zeros"))
    std::memset(reinterpret_cast<void *>(*out_address), 0x41, size);
  return code;
}

hadal_device_code_t upload(hadal_device_queue_t *queue, hadal_device_address_t to, const void *from,
                           size_t size, hadal_device_error_t *error) {
  if (state().hasRecorded && isLeftOut("upload-later"))
    return HADAL_STATUS_OK;
  return cpu().queue_upload(queue, to, from, size, error);
}

hadal_device_code_t launch(hadal_device_queue_t *queue, const hadal_device_launch_t *launch,
                           hadal_device_error_t *error) {
  if (state().isRecording &&
      (isLeftOut("record-none") || (state().launchesOfRecord++ > 0 && isLeftOut("record-rest"))))
    return HADAL_STATUS_OK;
  bool isFaulty = state().isFaulty[launch->kernel];
  const std::string &what = state().fault.what;
  if (isFaulty && what == "crash")
    std::abort();
  if (isFaulty && what == "fail") {
    std::strcpy(error->message, "expected a kernel that works, got a faulty one");
    return HADAL_STATUS_KERNEL_FAILED;
  }
  hadal_device_code_t code = cpu().queue_launch(queue, launch, error);
  if (code != HADAL_STATUS_OK || !isFaulty)
    return code;
  hadal_device_address_t last = launch->bindings[launch->binding_count - 1];
  if (!state().isRecording)
    return spoil(queue, {last}, error);
  state().recorded.push_back(last);
  return code;
}

hadal_device_code_t beginRecord(hadal_device_queue_t *queue, hadal_device_error_t *error) {
  state().isRecording = true;
  state().launchesOfRecord = 0;
  state().recorded.clear();
  return cpu().record_begin(queue, error);
}

hadal_device_code_t endRecord(hadal_device_queue_t *queue, hadal_device_record_t **out,
                              hadal_device_error_t *error) {
  state().isRecording = false;
  state().hasRecorded = true;
  hadal_device_code_t code = cpu().record_end(queue, out, error);
  if (code == HADAL_STATUS_OK)
    state().records[*out] = state().recorded;
  return code;
}

hadal_device_code_t replay(hadal_device_queue_t *queue, hadal_device_record_t *record,
                           const volatile int32_t *cancel, hadal_device_error_t *error) {
  if (isLeftOut("replay-none") || (isLeftOut("replay-second") && ++state().replays % 2 == 0))
    return HADAL_STATUS_OK;
  hadal_device_code_t code = cpu().queue_replay(queue, record, cancel, error);
  return code == HADAL_STATUS_OK ? spoil(queue, state().records[record], error) : code;
}

} // namespace

HADAL_API const hadal_device_table_t *hadal_device_query(uint32_t version) {
  static const hadal_device_table_t table = [] {
    hadal_device_table_t table = cpu();
    table.name = "faulty";
    table.info = info;
    table.memory_allocate = allocate;
    table.queue_upload = upload;
    table.kernel_find = findKernel;
    table.queue_launch = launch;
    table.record_begin = beginRecord;
    table.record_end = endRecord;
    table.queue_replay = replay;
    return table;
  }();
  return version == table.version ? &table : nullptr;
}
