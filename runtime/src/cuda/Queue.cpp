// SPDX-License-Identifier: Apache-2.0
// Queues: streams, and the copies that go into them.
#include "cuda/Device.h"
#include "device/Fail.h"

#include <memory>

namespace hadal::cuda {

using device::expectRunning;

hadal_device_code_t queueCreate(hadal_device_t *device, hadal_device_queue_t **out_queue,
                                hadal_device_error_t *error) {
  Call call(*device, error);
  HADAL_DEVICE_TRY(call.ready());
  auto queue = std::make_unique<hadal_device_queue>();
  queue->device = device;
  // Streams that do not block have no order with the legacy stream of others in the process.
  HADAL_DEVICE_TRY(HADAL_CUDA_CALL(call, cuStreamCreate, &queue->stream, CU_STREAM_NON_BLOCKING));
  *out_queue = queue.release();
  return HADAL_STATUS_OK;
}

void queueRelease(hadal_device_t *device, hadal_device_queue_t *queue) {
  Call call(*device);
  CUgraph graph = nullptr;
  if (queue->recording)
    HADAL_CUDA_RELEASE(call, cuStreamEndCapture, queue->stream, &graph);
  if (graph)
    HADAL_CUDA_RELEASE(call, cuGraphDestroy, graph);
  HADAL_CUDA_RELEASE(call, cuStreamSynchronize, queue->stream);
  HADAL_CUDA_RELEASE(call, cuStreamDestroy_v2, queue->stream);
  delete queue;
}

hadal_device_code_t queueUpload(hadal_device_queue_t *queue, hadal_device_address_t to,
                                const void *from, size_t size, hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(queue->recording, "upload", error));
  Call call(*queue->device, error);
  HADAL_DEVICE_TRY(call.ready());
  if (!size)
    return HADAL_STATUS_OK;
  return HADAL_CUDA_CALL(call, cuMemcpyHtoDAsync_v2, to, from, size, queue->stream);
}

hadal_device_code_t queueDownload(hadal_device_queue_t *queue, void *to,
                                  hadal_device_address_t from, size_t size,
                                  hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(queue->recording, "download", error));
  Call call(*queue->device, error);
  HADAL_DEVICE_TRY(call.ready());
  if (!size)
    return HADAL_STATUS_OK;
  return HADAL_CUDA_CALL(call, cuMemcpyDtoHAsync_v2, to, from, size, queue->stream);
}

hadal_device_code_t queueSynchronize(hadal_device_queue_t *queue, hadal_device_error_t *error) {
  HADAL_DEVICE_TRY(expectRunning(queue->recording, "synchronize", error));
  Call call(*queue->device, error);
  HADAL_DEVICE_TRY(call.ready());
  return HADAL_CUDA_CALL(call, cuStreamSynchronize, queue->stream);
}

} // namespace hadal::cuda
