// SPDX-License-Identifier: Apache-2.0
// Events, and their times as the host's clock would have shown them.
#include "cuda/Device.h"
#include "device/Fail.h"

#include <ctime>
#include <memory>

namespace hadal::cuda {
namespace {

using device::expectRunning;
using device::fail;

// The driver tells times between events, in milliseconds as a float: to stay within a
// microsecond, the event that they are told from is replaced by a new one now and then.
constexpr float kLongMilliseconds = 1000;
constexpr float kTooLongMilliseconds = 10000; // the host's clock is the better measure then
constexpr int kAttempts = 4; // to know the host's time of the first event

double hostNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return double(now.tv_sec) * 1e9 + double(now.tv_nsec);
}

// An event that was just reached, and the host's time of it, known to half of `between`.
hadal_device_code_t reachEvent(Call &call, hadal_device &device, CUevent &out, double &nanoseconds,
                               double &between) {
  CUevent event;
  HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuEventCreate, &event, CU_EVENT_DEFAULT));
  double before = hostNow();
  hadal_device_code_t code = HADAL_CUDA_CALL(call, cuEventRecord, event, device.stream);
  if (!code)
    code = HADAL_CUDA_CALL(call, cuEventSynchronize, event);
  if (code) {
    HADAL_CUDA_RELEASE(call, cuEventDestroy_v2, event);
    return code;
  }
  out = event;
  between = hostNow() - before;
  nanoseconds = before + between / 2;
  return HADAL_STATUS_OK;
}

// Begins to count from a new event. The clock is locked.
hadal_device_code_t advanceClock(Call &call, hadal_device &device) {
  Clock &clock = device.clock;
  CUevent event;
  double nanoseconds, between;
  HADAL_DEVICE_TRY(reachEvent(call, device, event, nanoseconds, between));
  float since;
  if (hadal_device_code_t code =
          HADAL_CUDA_CALL(call, cuEventElapsedTime, &since, clock.base, event)) {
    HADAL_CUDA_RELEASE(call, cuEventDestroy_v2, event);
    return code;
  }
  if (since < kTooLongMilliseconds)
    nanoseconds = clock.nanoseconds + double(since) * 1e6;
  HADAL_CUDA_RELEASE(call, cuEventDestroy_v2, clock.base);
  clock.base = event;
  clock.nanoseconds = nanoseconds;
  return HADAL_STATUS_OK;
}

} // namespace

hadal_device_code_t startClock(Call &call, hadal_device &device) {
  // The first event may wait until the device has woken up, and the host may be interrupted at any.
  Clock &clock = device.clock;
  double best = 0;
  for (int i = 0; i < kAttempts; ++i) {
    CUevent event;
    double nanoseconds, between;
    HADAL_DEVICE_TRY(reachEvent(call, device, event, nanoseconds, between));
    bool better = !clock.base || between < best;
    if (CUevent worse = better ? clock.base : event)
      HADAL_CUDA_RELEASE(call, cuEventDestroy_v2, worse);
    if (better) {
      clock.base = event;
      clock.nanoseconds = nanoseconds;
      best = between;
    }
  }
  return HADAL_STATUS_OK;
}

void stopClock(Call &call, hadal_device &device) {
  if (device.clock.base)
    HADAL_CUDA_RELEASE(call, cuEventDestroy_v2, device.clock.base);
  device.clock.base = nullptr;
}

hadal_device_code_t eventCreate(hadal_device_t *device, hadal_device_event_t **out_event,
                                hadal_device_error_t *error) {
  Call call(*device, error);
  HADAL_DEVICE_TRY(call.ready());
  auto event = std::make_unique<hadal_device_event>();
  event->device = device;
  HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuEventCreate, &event->event, CU_EVENT_DEFAULT));
  *out_event = event.release();
  return HADAL_STATUS_OK;
}

void eventRelease(hadal_device_t *device, hadal_device_event_t *event) {
  Call call(*device);
  HADAL_CUDA_RELEASE(call, cuEventDestroy_v2, event->event);
  delete event;
}

hadal_device_code_t queueSignal(hadal_device_queue_t *queue, hadal_device_event_t *event,
                                hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(queue->recording, "signal", error));
  Call call(*queue->device, error);
  HADAL_DEVICE_TRY(call.ready());
  HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuEventRecord, event->event, queue->stream));
  event->signalled = true;
  return HADAL_STATUS_OK;
}

hadal_device_code_t queueWait(hadal_device_queue_t *queue, hadal_device_event_t *event,
                              hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(queue->recording, "wait", error));
  Call call(*queue->device, error);
  HADAL_DEVICE_TRY(call.ready());
  if (!event->signalled)
    return HADAL_STATUS_OK;
  return HADAL_CUDA_CALL(call, cuStreamWaitEvent, queue->stream, event->event,
                         CU_EVENT_WAIT_DEFAULT);
}

hadal_device_code_t eventSynchronize(hadal_device_event_t *event, hadal_device_error_t *error) {
  Call call(*event->device, error);
  HADAL_DEVICE_TRY(call.ready());
  if (!event->signalled)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "event: expected one that was signalled, got one that never was");
  return HADAL_CUDA_CALL(call, cuEventSynchronize, event->event);
}

hadal_device_code_t eventTime(hadal_device_event_t *event, uint64_t *out_nanoseconds,
                              hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(eventSynchronize(event, error));
  hadal_device &device = *event->device;
  Call call(device, error);
  HADAL_DEVICE_TRY(call.ready());
  Clock &clock = device.clock;
  std::lock_guard<std::mutex> lock(clock.mutex);
  float since;
  HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuEventElapsedTime, &since, clock.base, event->event));
  if (since > kLongMilliseconds) {
    HADAL_DEVICE_TRY(advanceClock(call, device));
    HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuEventElapsedTime, &since, clock.base, event->event));
  }
  *out_nanoseconds = uint64_t(clock.nanoseconds + double(since) * 1e6);
  return HADAL_STATUS_OK;
}

} // namespace hadal::cuda
