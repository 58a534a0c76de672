// SPDX-License-Identifier: Apache-2.0
// Streams, events, capture and graphs of the test driver.
#include "driver/State.h"

#include <algorithm>

namespace hadal::cuda {

namespace {

// What ends a capture with a failure: the stream is asked for something that is not captured.
CUresult disturb(CUstream stream) {
  stream->captureLost = true;
  return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

} // namespace

HADAL_TEST_DRIVER CUresult cuStreamCreate(CUstream *out, unsigned flags) {
  Entry entry("cuStreamCreate", Entry::InContext);
  if (!entry.ok())
    return entry;
  static uint64_t count = 0;
  auto *stream = new CUstream_st{};
  stream->context = entry.context();
  stream->number = count++;
  entry.context()->streams.insert(stream);
  *out = stream;
  return entry;
}

HADAL_TEST_DRIVER CUresult cuStreamDestroy_v2(CUstream stream) {
  Entry entry("cuStreamDestroy_v2", Entry::InContext);
  if (!entry.hasObject(entry.context() && entry.context()->streams.count(stream)))
    return entry;
  // The driver lets the work end by itself; nobody can tell when.
  waitFor(stream, stream->added, entry.lock());
  auto &demands = entry.context()->demands;
  demands.erase(std::remove_if(demands.begin(), demands.end(),
                               [&](const auto &demand) { return demand.first == stream; }),
                demands.end());
  entry.context()->streams.erase(stream);
  delete stream;
  return entry;
}

HADAL_TEST_DRIVER CUresult cuStreamSynchronize(CUstream stream) {
  Entry entry("cuStreamSynchronize", Entry::InContext);
  if (!entry.ok() || !entry.has(entry.context()->streams, stream))
    return entry;
  return stream->capture ? disturb(stream) : waitFor(stream, stream->added, entry.lock());
}

HADAL_TEST_DRIVER CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
  Entry entry("cuStreamWaitEvent", Entry::InContext);
  if (!entry.ok() || !entry.has(entry.context()->streams, stream) ||
      !entry.has(entry.context()->events, event))
    return entry;
  if (stream->capture)
    return disturb(stream);
  if (!event->mark)
    return entry;
  Work work(Work::Wait);
  work.mark = event->mark;
  return add(stream, std::move(work));
}

HADAL_TEST_DRIVER CUresult cuEventCreate(CUevent *out, unsigned flags) {
  Entry entry("cuEventCreate", Entry::InContext);
  if (!entry.ok())
    return entry;
  *out = new CUevent_st{entry.context(), flags, nullptr};
  entry.context()->events.insert(*out);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuEventDestroy_v2(CUevent event) {
  Entry entry("cuEventDestroy_v2", Entry::InContext);
  if (!entry.hasObject(entry.context() && entry.context()->events.count(event)))
    return entry;
  entry.context()->events.erase(event);
  delete event;
  return entry;
}

HADAL_TEST_DRIVER CUresult cuEventRecord(CUevent event, CUstream stream) {
  Entry entry("cuEventRecord", Entry::InContext);
  if (!entry.ok() || !entry.has(entry.context()->events, event) ||
      !entry.has(entry.context()->streams, stream))
    return entry;
  if (stream->capture)
    return disturb(stream);
  event->mark = std::make_shared<Mark>();
  event->mark->stream = stream;
  event->mark->place = stream->added + 1;
  Work work(Work::Reach);
  work.mark = event->mark;
  return add(stream, std::move(work));
}

HADAL_TEST_DRIVER CUresult cuEventSynchronize(CUevent event) {
  Entry entry("cuEventSynchronize", Entry::InContext);
  if (!entry.ok() || !entry.has(entry.context()->events, event))
    return entry;
  std::shared_ptr<Mark> mark = event->mark;
  return !mark || mark->done ? CUresult(entry) : waitFor(mark->stream, mark->place, entry.lock());
}

HADAL_TEST_DRIVER CUresult cuEventElapsedTime(float *milliseconds, CUevent from, CUevent to) {
  Entry entry("cuEventElapsedTime", Entry::InContext);
  if (!entry.ok() || !entry.has(entry.context()->events, from) ||
      !entry.has(entry.context()->events, to))
    return entry;
  if (!from->mark || !to->mark || ((from->flags | to->flags) & CU_EVENT_DISABLE_TIMING))
    return CUDA_ERROR_INVALID_HANDLE;
  if (!from->mark->done || !to->mark->done)
    return CUDA_ERROR_NOT_READY;
  *milliseconds = float(double(int64_t(to->mark->nanoseconds - from->mark->nanoseconds)) / 1e6);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode) {
  Entry entry("cuStreamBeginCapture_v2", Entry::InContext);
  if (!entry.ok() || !entry.has(entry.context()->streams, stream))
    return entry;
  if (stream->capture)
    return disturb(stream);
  stream->capture = std::make_unique<CUgraph_st>();
  stream->capture->context = entry.context();
  stream->captureLost = false;
  stream->captureMode = mode;
  stream->captureThread = std::this_thread::get_id();
  return entry;
}

HADAL_TEST_DRIVER CUresult cuStreamEndCapture(CUstream stream, CUgraph *out) {
  Entry entry("cuStreamEndCapture", Entry::InContext);
  if (!entry.context() || !entry.has(entry.context()->streams, stream))
    return entry;
  if (!stream->capture)
    return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
  std::unique_ptr<CUgraph_st> graph = std::move(stream->capture);
  *out = nullptr;
  if (!entry.ok() || stream->captureLost)
    return entry.ok() ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUresult(entry);
  *out = graph.release();
  entry.context()->graphs.insert(*out);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuGraphInstantiateWithFlags(CUgraphExec *out, CUgraph graph,
                                                       unsigned long long flags) {
  Entry entry("cuGraphInstantiateWithFlags", Entry::InContext);
  if (!entry.ok() || !entry.has(entry.context()->graphs, graph))
    return entry;
  *out = new CUgraphExec_st{entry.context(), graph->work};
  entry.context()->execs.insert(*out);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream) {
  Entry entry("cuGraphLaunch", Entry::InContext);
  if (!entry.ok() || !entry.has(entry.context()->execs, exec) ||
      !entry.has(entry.context()->streams, stream))
    return entry;
  if (stream->capture)
    return disturb(stream);
  ++state().counts.graph_launches;
  for (const Work &work : exec->work)
    add(stream, work);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuGraphExecDestroy(CUgraphExec exec) {
  Entry entry("cuGraphExecDestroy", Entry::InContext);
  if (!entry.hasObject(entry.context() && entry.context()->execs.count(exec)))
    return entry;
  entry.context()->execs.erase(exec);
  delete exec;
  return entry;
}

HADAL_TEST_DRIVER CUresult cuGraphDestroy(CUgraph graph) {
  Entry entry("cuGraphDestroy", Entry::InContext);
  if (!entry.hasObject(entry.context() && entry.context()->graphs.count(graph)))
    return entry;
  entry.context()->graphs.erase(graph);
  delete graph;
  return entry;
}

} // namespace hadal::cuda
