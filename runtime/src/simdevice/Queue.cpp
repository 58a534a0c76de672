// SPDX-License-Identifier: Apache-2.0
// Queues and events. Work runs within the call that puts it into a queue, which is one of the orders that
// queues and events allow: a signal has been reached when its call ends, so a wait has nothing to wait for.
#include "Device.h"
#include "support/Clock.h"

namespace hadal::simdevice {

namespace {

/// Nothing but launches belongs between record_begin and record_end.
hadal_device_code_t checkIdle(const hadal_device_queue_t *queue, const char *what,
                              hadal_device_error_t *error) {
  if (queue->recording)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "expected launches alone while the queue records, got %s", what);
  return HADAL_STATUS_OK;
}

} // namespace

void keepCounters(hadal_device_t *device) {
  if (!device->counted)
    return;
  try {
    device->counted->counters = hadal_sim_counters_json(device->sim);
  } catch (...) {
    device->counted->counters.clear(); // no memory to tell of them
  }
  device->counted = nullptr;
}

hadal_device_code_t queueCreate(hadal_device_t *device, hadal_device_queue_t **out_queue,
                                hadal_device_error_t *) {
  *out_queue = new hadal_device_queue;
  (*out_queue)->device = device;
  return HADAL_STATUS_OK;
}

void queueRelease(hadal_device_t *device, hadal_device_queue_t *queue) {
  std::lock_guard<std::mutex> guard(device->lock);
  if (device->counted == queue)
    device->counted = nullptr;
  delete queue;
}

hadal_device_code_t queueUpload(hadal_device_queue_t *queue, hadal_device_address_t to,
                                const void *from, size_t size, hadal_device_error_t *error) {
  if (hadal_device_code_t code = checkIdle(queue, "an upload", error))
    return code;
  std::lock_guard<std::mutex> guard(queue->device->lock);
  if (hadal_sim_copy_in(queue->device->sim, to, from, size) != HADAL_SIM_OK)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT, "upload: %s",
                hadal_sim_context_message(queue->device->sim));
  return HADAL_STATUS_OK;
}

hadal_device_code_t queueDownload(hadal_device_queue_t *queue, void *to,
                                  hadal_device_address_t from, size_t size,
                                  hadal_device_error_t *error) {
  if (hadal_device_code_t code = checkIdle(queue, "a download", error))
    return code;
  std::lock_guard<std::mutex> guard(queue->device->lock);
  switch (hadal_sim_copy_out(queue->device->sim, to, from, size, nullptr)) {
  case HADAL_SIM_OK: return HADAL_STATUS_OK;
  case HADAL_SIM_CHECK: // what kernels made of values that were never written
    return fail(error, HADAL_STATUS_KERNEL_FAILED, "download: init: %s",
                hadal_sim_context_message(queue->device->sim));
  default:
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT, "download: %s",
                hadal_sim_context_message(queue->device->sim));
  }
}

hadal_device_code_t queueSignal(hadal_device_queue_t *queue, hadal_device_event_t *event,
                                hadal_device_error_t *error) {
  if (hadal_device_code_t code = checkIdle(queue, "a signal", error))
    return code;
  event->time.store(monotonicTime(), std::memory_order_release);
  return HADAL_STATUS_OK;
}

hadal_device_code_t queueWait(hadal_device_queue_t *queue, hadal_device_event_t *,
                              hadal_device_error_t *error) {
  return checkIdle(queue, "a wait", error);
}

hadal_device_code_t queueSynchronize(hadal_device_queue_t *queue, hadal_device_error_t *error) {
  return checkIdle(queue, "a wait of the host", error);
}

const char *queueCounters(hadal_device_queue_t *queue) {
  std::lock_guard<std::mutex> guard(queue->device->lock);
  if (queue->device->counted == queue)
    keepCounters(queue->device);
  return queue->counters.empty() ? nullptr : queue->counters.c_str();
}

hadal_device_code_t eventCreate(hadal_device_t *, hadal_device_event_t **out_event,
                                hadal_device_error_t *) {
  *out_event = new hadal_device_event;
  return HADAL_STATUS_OK;
}

void eventRelease(hadal_device_t *, hadal_device_event_t *event) { delete event; }

hadal_device_code_t eventSynchronize(hadal_device_event_t *event, hadal_device_error_t *error) {
  uint64_t time = 0;
  return eventTime(event, &time, error);
}

hadal_device_code_t eventTime(hadal_device_event_t *event, uint64_t *out_nanoseconds,
                              hadal_device_error_t *error) {
  uint64_t time = event->time.load(std::memory_order_acquire);
  if (!time)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "expected an event that was signalled, got one that never was");
  *out_nanoseconds = time;
  return HADAL_STATUS_OK;
}

} // namespace hadal::simdevice
