// SPDX-License-Identifier: Apache-2.0
// Memory of the device and of the host: zeros that cost nothing until they are touched, weights in place.
#include "Device.h"

#include <cstdlib>
#include <cstring>

namespace hadal::simdevice {

namespace {

constexpr size_t kHostAlignment = 64;
constexpr size_t kImportAlignment = 16; // of hadal_sim_import

void *allocateHost(size_t size) {
  void *data = nullptr;
  uint64_t available = hostMemory();
  if (available && size > available)
    return nullptr;
  return posix_memalign(&data, kHostAlignment, size ? size : 1) == 0 ? data : nullptr;
}

hadal_device_code_t noMemory(const char *what, size_t size, hadal_device_error_t *error) {
  return fail(error, HADAL_STATUS_OUT_OF_MEMORY,
              "%s: expected memory for %zu bytes, got none of the host's %llu", what, size,
              (unsigned long long)hostMemory());
}

} // namespace

hadal_device_code_t memoryAllocate(hadal_device_t *device, size_t size,
                                   hadal_device_memory_use_t use, const char *what,
                                   hadal_device_memory_t **out_memory,
                                   hadal_device_address_t *out_address,
                                   hadal_device_error_t *error) {
  if (!size)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT, "%s: expected at least 1 byte, got 0", what);
  // The host would promise more than it has, and end the process when it is written.
  uint64_t available = hostMemory();
  if (use == HADAL_DEVICE_MEMORY_WHOLE && available && size > available)
    return noMemory(what, size, error);
  auto memory = std::make_unique<hadal_device_memory>();
  std::lock_guard<std::mutex> guard(device->lock);
  hadal_device_address_t address = 0;
  if (hadal_sim_alloc_zeros(device->sim, size, what, &address) != HADAL_SIM_OK)
    return noMemory(what, size, error);
  memory->address = *out_address = address;
  *out_memory = memory.release();
  return HADAL_STATUS_OK;
}

hadal_device_code_t memoryImport(hadal_device_t *device, const void *data, size_t size,
                                 const char *what, hadal_device_memory_t **out_memory,
                                 hadal_device_address_t *out_address, hadal_device_error_t *error) {
  auto memory = std::make_unique<hadal_device_memory>();
  if (uintptr_t(data) % kImportAlignment) {
    memory->copy = allocateHost(size);
    if (!memory->copy)
      return noMemory(what, size, error);
    data = memcpy(memory->copy, data, size);
  }
  std::lock_guard<std::mutex> guard(device->lock);
  hadal_sim_status_t status = hadal_sim_import(device->sim, data, size, what, &memory->address);
  if (hadal_device_code_t code =
          expectOk(device, status, HADAL_STATUS_INVALID_ARGUMENT, what, error)) {
    free(memory->copy);
    return code;
  }
  *out_address = memory->address;
  *out_memory = memory.release();
  return HADAL_STATUS_OK;
}

void memoryRelease(hadal_device_t *device, hadal_device_memory_t *memory) {
  std::lock_guard<std::mutex> guard(device->lock);
  hadal_sim_free(device->sim, memory->address);
  free(memory->copy);
  delete memory;
}

hadal_device_code_t hostAllocate(hadal_device_t *, size_t size, void **out_data,
                                 hadal_device_error_t *error) {
  void *data = allocateHost(size);
  if (!data)
    return noMemory("host memory", size, error);
  *out_data = data;
  return HADAL_STATUS_OK;
}

void hostRelease(hadal_device_t *, void *data) { free(data); }

} // namespace hadal::simdevice
