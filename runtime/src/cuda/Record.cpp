// SPDX-License-Identifier: Apache-2.0
// Records: launches captured from a stream, replayed as one graph.
#include "cuda/Device.h"
#include "device/Fail.h"

namespace hadal::cuda {

using device::expectRunning;
using device::fail;

hadal_device_code_t recordBegin(hadal_device_queue_t *queue, hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(queue->recording, "record_begin", error));
  Call call(*queue->device, error);
  HADAL_DEVICE_TRY(call.ready());
  // Relaxed: other threads, and other calls of this one, may allocate meanwhile.
  HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuStreamBeginCapture_v2, queue->stream,
                                   CU_STREAM_CAPTURE_MODE_RELAXED));
  queue->recording = true;
  queue->recordCode = HADAL_STATUS_OK;
  queue->recordFailure.clear();
  return HADAL_STATUS_OK;
}

hadal_device_code_t recordEnd(hadal_device_queue_t *queue, hadal_device_record_t **out_record,
                              hadal_device_error_t *error) {
  if (!queue->recording)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "record_end: expected a queue that records, got one that does not");
  Call call(*queue->device, error);
  HADAL_DEVICE_TRY(call.ready());
  // A capture that the driver gave up is over as well.
  queue->recording = false;
  CUgraph graph = nullptr;
  hadal_device_code_t code = HADAL_CUDA_CALL(call, cuStreamEndCapture, queue->stream, &graph);
  if (queue->recordCode)
    code =
        fail(error, hadal_status_code_t(queue->recordCode),
             "record: expected all launches to be recorded, got: %s", queue->recordFailure.c_str());
  CUgraphExec exec = nullptr;
  if (!code)
    code = HADAL_CUDA_CALL(call, cuGraphInstantiateWithFlags, &exec, graph, 0);
  if (graph)
    HADAL_CUDA_RELEASE(call, cuGraphDestroy, graph);
  if (code)
    return code;
  *out_record = new hadal_device_record{exec};
  return HADAL_STATUS_OK;
}

void recordRelease(hadal_device_t *device, hadal_device_record_t *record) {
  Call call(*device);
  HADAL_CUDA_RELEASE(call, cuGraphExecDestroy, record->exec);
  delete record;
}

hadal_device_code_t queueReplay(hadal_device_queue_t *queue, hadal_device_record_t *record,
                                const volatile int32_t *, hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(queue->recording, "replay", error));
  Call call(*queue->device, error);
  HADAL_DEVICE_TRY(call.ready());
  return HADAL_CUDA_CALL(call, cuGraphLaunch, record->exec, queue->stream);
}

} // namespace hadal::cuda
