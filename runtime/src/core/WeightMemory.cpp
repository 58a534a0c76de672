// SPDX-License-Identifier: Apache-2.0
// Reads, copies and locks weights piece by piece, so that progress can be told.
#include "core/WeightMemory.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace hadal::runtime {
namespace {

// Bytes between two calls of the progress function: some milliseconds from memory.
constexpr uint64_t kPiece = 32 << 20;
constexpr uint64_t kAlignment = 64; // of an import

std::string memoryLimit() {
  struct rlimit limit = {};
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
    return "";
  return "; RLIMIT_MEMLOCK is " + std::to_string(limit.rlim_cur) + " B";
}

// The pages that hold a range.
struct PageRange {
  PageRange(const uint8_t *data, uint64_t size) {
    auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    uintptr_t first = reinterpret_cast<uintptr_t>(data) / page * page;
    length = reinterpret_cast<uintptr_t>(data) + size - first;
    base = reinterpret_cast<void *>(first);
  }
  void *base;
  size_t length;
};

Status lock(const uint8_t *data, uint64_t size) {
  PageRange range(data, size);
  if (mlock(range.base, range.length) == 0)
    return {};
  return fail(HADAL_STATUS_OUT_OF_MEMORY, "options.lock_weights: cannot lock %" PRIu64 " B: %s%s",
              size, strerror(errno), memoryLimit().c_str());
}

// Makes the pages of a mapped file present.
Status populate(const uint8_t *data, uint64_t size) {
#if defined(MADV_POPULATE_READ)
  PageRange range(data, size);
  for (;;) {
    if (madvise(range.base, range.length, MADV_POPULATE_READ) == 0)
      return {};
    if (errno == EINVAL)
      break; // Linux before 5.14
    if (errno != EINTR && errno != EAGAIN)
      return fail(HADAL_STATUS_IO, "cannot read: %s", strerror(errno));
  }
#endif
  auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const volatile uint8_t *bytes = data;
  for (uint64_t at = 0; at < size; at += page)
    (void)bytes[at];
  if (size != 0)
    (void)bytes[size - 1];
  return {};
}

} // namespace

Status WeightMemory::make(const artifact::Module &module, const Weights &weights,
                          const std::vector<bool> &isRead, const hadal_module_options_t &options,
                          WeightMemory &out) {
  bool copied = options.weights_memory == HADAL_WEIGHTS_COPY, locked = options.lock_weights != 0;
  WeightMemory result;
  if (!copied && !locked && !options.prefault_weights) {
    out = std::move(result);
    return {};
  }
  uint64_t total = 0, room = 0;
  std::vector<uint64_t> offsets(isRead.size(), kNone);
  for (uint32_t i = 0; i < isRead.size(); ++i) {
    if (!isRead[i])
      continue;
    uint64_t size = module.parameters()->Get(i)->length();
    offsets[i] = room;
    total += size;
    room += (size + kAlignment - 1) / kAlignment * kAlignment;
  }
  if (copied) {
    HADAL_TRY(Pages::reserveHuge(room, "copy of weights", result.copies));
    result.offsets = std::move(offsets);
  }
  uint64_t done = 0;
  for (uint32_t i = 0; i < isRead.size(); ++i) {
    if (!isRead[i])
      continue;
    const artifact::Parameter &parameter = *module.parameters()->Get(i);
    for (uint64_t at = 0; at < parameter.length();) {
      uint64_t size = std::min<uint64_t>(kPiece, parameter.length() - at);
      const uint8_t *piece = weights.data(parameter) + at;
      if (copied) {
        uint8_t *to = result.copies.data() + result.offsets[i] + at;
        HADAL_TRY(weights.read(parameter, at, to, size));
        piece = to;
      } else if (!locked) {
        HADAL_TRY_IN(populate(piece, size), "%s: ", weights.path(parameter.file()));
      }
      if (locked)
        HADAL_TRY(lock(piece, size));
      at += size;
      done += size;
      if (options.progress && options.progress(options.progress_user, done, total) != 0)
        return fail(HADAL_STATUS_CANCELLED,
                    "options.progress: cancelled at %" PRIu64 " of %" PRIu64 " B of weights", done,
                    total);
    }
  }
  out = std::move(result);
  return {};
}

} // namespace hadal::runtime
