// SPDX-License-Identifier: Apache-2.0
// Memory and copies of the test driver.
#include "driver/State.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace hadal::cuda {

namespace {
constexpr size_t kMostPinned = size_t(1) << 34;
} // namespace

HADAL_TEST_DRIVER CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  Entry entry("cuMemGetInfo_v2", Entry::InContext);
  if (!entry.ok())
    return entry;
  *total = state().number("MEMORY");
  *free = *total - std::min(*total, entry.context()->used);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes) {
  Entry entry("cuMemAlloc_v2", Entry::InContext);
  if (!entry.ok() || !entry.mayDisturb())
    return entry;
  CUcontext context = entry.context();
  if (!bytes)
    return CUDA_ERROR_INVALID_VALUE;
  size_t total = state().number("MEMORY");
  uint64_t found;
  if (bytes > total || context->used > total - bytes ||
      hadal_sim_alloc(context->sim, bytes, "memory", &found) != HADAL_SIM_OK)
    return CUDA_ERROR_OUT_OF_MEMORY;
  context->memory[found] = bytes;
  context->used += bytes;
  *address = found;
  return entry;
}

HADAL_TEST_DRIVER CUresult cuMemFree_v2(CUdeviceptr address) {
  Entry entry("cuMemFree_v2", Entry::InContext);
  CUcontext context = entry.context();
  if (!entry.hasObject(context && context->memory.count(address)) || !entry.mayDisturb())
    return entry;
  context->used -= context->memory[address];
  context->memory.erase(address);
  hadal_sim_free(context->sim, address);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuMemHostAlloc(void **data, size_t bytes, unsigned flags) {
  Entry entry("cuMemHostAlloc", Entry::InContext);
  if (!entry.ok() || !entry.mayDisturb())
    return entry;
  if (!bytes)
    return CUDA_ERROR_INVALID_VALUE;
  // Rounding a size up may not wrap, nor may the host promise what it has not.
  char *memory =
      bytes > kMostPinned
          ? nullptr
          : static_cast<char *>(::operator new[](bytes, std::align_val_t(4096), std::nothrow));
  if (!memory)
    return CUDA_ERROR_OUT_OF_MEMORY;
  std::memset(memory, 0xcd, bytes);
  entry.context()->pinned[memory] = bytes;
  *data = memory;
  return entry;
}

HADAL_TEST_DRIVER CUresult cuMemFreeHost(void *data) {
  Entry entry("cuMemFreeHost", Entry::InContext);
  CUcontext context = entry.context();
  auto *memory = static_cast<char *>(data);
  if (!entry.hasObject(context && context->pinned.count(memory)) || !entry.mayDisturb())
    return entry;
  size_t size = context->pinned[memory];
  for (CUstream stream : context->streams)
    for (Work &work : stream->work)
      if (work.host >= memory && work.host < memory + size && !context->lost) {
        state().problem("cuMemFreeHost: copies of the memory have not run");
        work = Work(Work::Wait); // for what is over
        work.mark = std::make_shared<Mark>();
        work.mark->done = true;
      }
  context->pinned.erase(memory);
  ::operator delete[](memory, std::align_val_t(4096));
  return entry;
}

namespace {

CUresult copy(Entry &entry, CUstream stream, Work work) {
  if (!entry.ok() || !entry.has(entry.context()->streams, stream))
    return entry;
  bool waits = work.kind == Work::Download && !stream->capture &&
               !isPinned(*entry.context(), work.host, work.bytes);
  if (!stream->capture && work.kind == Work::Upload) {
    ++state().counts.uploads;
    state().counts.upload_bytes += work.bytes;
  }
  if (!stream->capture && work.kind == Work::Download) {
    ++state().counts.downloads;
    state().counts.download_bytes += work.bytes;
  }
  add(stream, std::move(work));
  return waits ? waitFor(stream, stream->added, entry.lock()) : CUresult(entry);
}

} // namespace

HADAL_TEST_DRIVER CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes,
                                           CUstream stream) {
  Entry entry("cuMemsetD8Async", Entry::InContext);
  Work work(Work::Fill);
  work.address = to;
  work.value = value;
  work.bytes = bytes;
  return copy(entry, stream, std::move(work));
}

HADAL_TEST_DRIVER CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                                                CUstream stream) {
  Entry entry("cuMemcpyHtoDAsync_v2", Entry::InContext);
  Work work(Work::Upload);
  work.address = to;
  work.host = const_cast<char *>(static_cast<const char *>(from));
  work.bytes = bytes;
  return copy(entry, stream, std::move(work));
}

HADAL_TEST_DRIVER CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                                                CUstream stream) {
  Entry entry("cuMemcpyDtoHAsync_v2", Entry::InContext);
  Work work(Work::Download);
  work.address = from;
  work.host = static_cast<char *>(to);
  work.bytes = bytes;
  return copy(entry, stream, std::move(work));
}

} // namespace hadal::cuda
