// SPDX-License-Identifier: Apache-2.0
// Launches: checked and run, or checked and written down to be run many times.
#include "Device.h"

#include <cstring>

namespace hadal::simdevice {

namespace {

hadal_device_code_t keepParameters(const hadal_device_launch_t &launch,
                                   const hadal_device_kernel_t &kernel, KeptLaunch &kept,
                                   hadal_device_error_t *error) {
  if (launch.parameter_count != kernel.parameters.size())
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "kernel '%s': expected %zu parameters, got %u", kernel.name.c_str(),
                kernel.parameters.size(), launch.parameter_count);
  for (uint32_t i = 0; i < launch.parameter_count; ++i) {
    const hadal_device_parameter_t &parameter = launch.parameters[i];
    if (parameter.kind != kernel.parameters[i])
      return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                  "kernel '%s': parameter %u: expected kind %d, got %d", kernel.name.c_str(), i,
                  int(kernel.parameters[i]), int(parameter.kind));
    bool isAddress = parameter.kind == HADAL_DEVICE_PARAMETER_ADDRESS;
    if (parameter.kind == HADAL_DEVICE_PARAMETER_I32 &&
        (parameter.value < INT32_MIN || parameter.value > int64_t(UINT32_MAX)))
      return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                  "kernel '%s': parameter %u: expected an integer of 32 bits, got %lld",
                  kernel.name.c_str(), i, (long long)parameter.value);
    kept.values.push_back(isAddress ? parameter.address : uint64_t(parameter.value));
  }
  return HADAL_STATUS_OK;
}

/// Everything about a launch that can be told before it runs.
hadal_device_code_t keep(hadal_device_t *device, const hadal_device_launch_t &launch,
                         KeptLaunch &kept, hadal_device_error_t *error) {
  const hadal_device_kernel_t &kernel = *launch.kernel;
  kept.kernel = launch.kernel;
  if (launch.binding_count || launch.constant_count)
    return fail(
        error, HADAL_STATUS_INVALID_ARGUMENT,
        "kernel '%s': expected parameters, got %u bindings and %u constants of an ABI that fixes them",
        kernel.name.c_str(), launch.binding_count, launch.constant_count);
  if (hadal_device_code_t code = keepParameters(launch, kernel, kept, error))
    return code;
  if (launch.shared_bytes && !kernel.dynamicShared)
    return fail(
        error, HADAL_STATUS_INVALID_ARGUMENT,
        "kernel '%s': expected no dynamic shared memory as its interface says, got %llu bytes",
        kernel.name.c_str(), (unsigned long long)launch.shared_bytes);
  uint64_t most = kernel.image->maximumShared;
  if (launch.shared_bytes > most - kernel.staticShared)
    return fail(
        error, HADAL_STATUS_INVALID_ARGUMENT,
        "kernel '%s': shared memory: expected at most the %llu bytes of its level, got %llu and %llu dynamic",
        kernel.name.c_str(), (unsigned long long)most, (unsigned long long)kernel.staticShared,
        (unsigned long long)launch.shared_bytes);
  hadal_sim_launch_defaults(&kept.how);
  memcpy(kept.how.grid, launch.grid, sizeof(launch.grid));
  memcpy(kept.how.block, kernel.workgroup, sizeof(kernel.workgroup));
  kept.how.dynamic_shared_bytes = uint32_t(launch.shared_bytes);
  kept.how.threads = device->threads;
  kept.how.cooperative = kernel.cooperative;
  kept.how.distinct_sectors = 1;
  std::lock_guard<std::mutex> guard(device->lock);
  hadal_sim_status_t status = hadal_sim_launch_check(
      device->sim, kernel.image->module, kernel.name.c_str(), &kept.how, kept.values.size());
  return expectOk(device, status, HADAL_STATUS_INVALID_ARGUMENT, kernel.image->name.c_str(), error);
}

hadal_device_code_t run(hadal_device_queue_t *queue, const KeptLaunch &launch,
                        hadal_device_error_t *error) {
  hadal_device_t *device = queue->device;
  const hadal_device_kernel_t &kernel = *launch.kernel;
  std::vector<const void *> arguments;
  for (const uint64_t &value : launch.values)
    arguments.push_back(&value);
  std::lock_guard<std::mutex> guard(device->lock);
  if (device->counted != queue)
    keepCounters(device);
  device->counted = queue;
  hadal_sim_status_t status =
      hadal_sim_launch(device->sim, kernel.image->module, kernel.name.c_str(), &launch.how,
                       arguments.data(), arguments.size());
  return expectOk(device, status, HADAL_STATUS_KERNEL_FAILED, kernel.image->name.c_str(), error);
}

} // namespace

hadal_device_code_t queueLaunch(hadal_device_queue_t *queue, const hadal_device_launch_t *launch,
                                hadal_device_error_t *error) {
  KeptLaunch kept;
  hadal_device_code_t before = queue->recordCode;
  // Of a launch that throws nothing is recorded.
  if (queue->recording && before == HADAL_STATUS_OK)
    queue->recordCode = HADAL_STATUS_OUT_OF_MEMORY;
  hadal_device_code_t code = keep(queue->device, known(launch), kept, error);
  if (!queue->recording)
    return code == HADAL_STATUS_OK ? run(queue, kept, error) : code;
  if (code == HADAL_STATUS_OK)
    queue->recording->launches.push_back(std::move(kept));
  if (before == HADAL_STATUS_OK) {
    queue->recordCode = code;
    queue->recordError.clear();
    if (code != HADAL_STATUS_OK)
      queue->recordError = error->message;
  }
  return code;
}

hadal_device_code_t recordBegin(hadal_device_queue_t *queue, hadal_device_error_t *error) {
  if (queue->recording)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "expected a queue that does not record, got one that does");
  queue->recording = std::make_unique<hadal_device_record>();
  queue->recording->queue = queue;
  queue->recordCode = HADAL_STATUS_OK;
  return HADAL_STATUS_OK;
}

hadal_device_code_t recordEnd(hadal_device_queue_t *queue, hadal_device_record_t **out_record,
                              hadal_device_error_t *error) {
  if (!queue->recording)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "expected a queue that records, got one that does not");
  std::unique_ptr<hadal_device_record> record = std::move(queue->recording);
  if (queue->recordCode != HADAL_STATUS_OK)
    return fail(error, queue->recordCode, "expected all launches to be recorded, got: %s",
                queue->recordError.c_str());
  *out_record = record.release();
  return HADAL_STATUS_OK;
}

void recordRelease(hadal_device_t *, hadal_device_record_t *record) { delete record; }

hadal_device_code_t queueReplay(hadal_device_queue_t *queue, hadal_device_record_t *record,
                                const volatile int32_t *cancel, hadal_device_error_t *error) {
  if (queue->recording)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "expected launches alone while the queue records, got a replay");
  if (record->queue != queue)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "expected a record of this queue, got another's");
  for (size_t i = 0; i < record->launches.size(); ++i) {
    error->launch = uint32_t(i);
    if (device::isCancelled(cancel))
      return fail(error, HADAL_STATUS_CANCELLED, "cancelled before launch %zu of %zu", i,
                  record->launches.size());
    if (hadal_device_code_t code = run(queue, record->launches[i], error))
      return code;
  }
  error->launch = UINT32_MAX;
  return HADAL_STATUS_OK;
}

} // namespace hadal::simdevice
