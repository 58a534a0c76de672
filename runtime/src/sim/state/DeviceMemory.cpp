// SPDX-License-Identifier: Apache-2.0
// Global memory of a context: buffers with guard gaps and shadow state.
#include "sim/state/DeviceMemory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::sim {

namespace {
constexpr u64 kGuardBytes = 4096;
constexpr u64 kPage = 4096;
constexpr u64 kHugeBytes = u64(4) << 20;

void *mapZeros(u64 bytes) {
  void *at = mmap(nullptr, bytes ? bytes : 1, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED)
    return nullptr;
  // Scattered accesses to large buffers would miss the TLB at every step.
  if (bytes >= kHugeBytes)
    madvise(at, bytes, MADV_HUGEPAGE);
  return at;
}
} // namespace

void Buffer::release() {
  if (host && !borrowed)
    munmap(host, bytes ? bytes : 1);
  if (undefined)
    munmap(undefined, bytes ? bytes : 1);
  if (race)
    munmap(race, (bytes / 4 + 1) * sizeof(GlobalRaceCell));
  if (sectors)
    munmap(sectors, 2 * sectorWords() * sizeof(u64));
  sectors = nullptr;
  host = undefined = nullptr;
  race = nullptr;
}

u64 DeviceMemory::place(u64 bytes) {
  u64 base = next;
  next = (base + bytes + kGuardBytes + kPage - 1) & ~(kPage - 1);
  return base;
}

Buffer *DeviceMemory::allocate(u64 bytes, std::string name, bool undefined) {
  constexpr u64 most = u64(1) << 42;
  if (bytes > most)
    return nullptr;
  auto buffer = std::make_unique<Buffer>();
  buffer->bytes = bytes;
  buffer->name = std::move(name);
  buffer->host = static_cast<u8 *>(mapZeros(bytes));
  buffer->undefined = static_cast<u8 *>(mapZeros(bytes));
  if (!buffer->host || !buffer->undefined)
    return nullptr;
  if (undefined) {
    memset(buffer->undefined, 0xff, bytes);
    // A value that stands out: the bytes of a signalling f32 and f16 NaN.
    memset(buffer->host, 0xff, bytes);
    buffer->mayBeUndefined = true;
  }
  return add(std::move(buffer));
}

Buffer *DeviceMemory::add(std::unique_ptr<Buffer> buffer) {
  buffer->base = place(buffer->bytes);
  buffers.push_back(std::move(buffer));
  return buffers.back().get();
}

Buffer *DeviceMemory::import(const void *data, u64 bytes, std::string name) {
  auto buffer = std::make_unique<Buffer>();
  buffer->bytes = bytes;
  buffer->readOnly = buffer->mapped = buffer->borrowed = true;
  buffer->name = std::move(name);
  // Nothing writes to a buffer that is read-only.
  buffer->host = static_cast<u8 *>(const_cast<void *>(data));
  return add(std::move(buffer));
}

Buffer *DeviceMemory::mapFile(const std::string &path, std::string &error) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file < 0 || fstat(file, &status) != 0) {
    error = path + ": " + strerror(errno);
    if (file >= 0)
      close(file);
    return nullptr;
  }
  if (!S_ISREG(status.st_mode)) {
    error = path + ": expected a regular file";
    close(file);
    return nullptr;
  }
  auto buffer = std::make_unique<Buffer>();
  buffer->bytes = u64(status.st_size);
  buffer->readOnly = true;
  buffer->mapped = true;
  buffer->name = path;
  void *at = nullptr;
  if (buffer->bytes) {
    at = mmap(nullptr, buffer->bytes, PROT_READ, MAP_PRIVATE, file, 0);
    if (at == MAP_FAILED) {
      error = path + ": " + strerror(errno);
      close(file);
      return nullptr;
    }
  } else {
    at = mapZeros(1);
  }
  close(file);
  buffer->host = static_cast<u8 *>(at);
  return add(std::move(buffer));
}

bool DeviceMemory::free(u64 base) {
  // By its first address, which an empty buffer has as well.
  auto at =
      std::lower_bound(buffers.begin(), buffers.end(), base,
                       [](const std::unique_ptr<Buffer> &b, u64 from) { return b->base < from; });
  if (at == buffers.end() || (*at)->base != base || (*at)->freed)
    return false;
  Buffer *buffer = at->get();
  buffer->release();
  buffer->freed = true; // its addresses are never given out again
  return true;
}

Buffer *DeviceMemory::find(u64 address) const {
  auto after =
      std::upper_bound(buffers.begin(), buffers.end(), address,
                       [](u64 at, const std::unique_ptr<Buffer> &b) { return at < b->base; });
  if (after == buffers.begin())
    return nullptr;
  Buffer *buffer = (after - 1)->get();
  return address < buffer->end() ? buffer : nullptr;
}

Buffer *DeviceMemory::nearest(u64 address) const {
  Buffer *best = nullptr;
  u64 bestDistance = ~u64(0);
  for (const auto &buffer : buffers) {
    u64 distance = address < buffer->base     ? buffer->base - address
                   : address >= buffer->end() ? address - buffer->end()
                                              : 0;
    if (distance < bestDistance) {
      bestDistance = distance;
      best = buffer.get();
    }
  }
  return best;
}

bool DeviceMemory::enableRaceCells() {
  for (auto &buffer : buffers)
    if (!buffer->readOnly && !buffer->freed && !buffer->race) {
      buffer->race =
          static_cast<GlobalRaceCell *>(mapZeros((buffer->bytes / 4 + 1) * sizeof(GlobalRaceCell)));
      if (!buffer->race)
        return false;
    }
  return true;
}

bool DeviceMemory::clearSectors() {
  for (auto &buffer : buffers) {
    u64 bytes = 2 * buffer->sectorWords() * sizeof(u64);
    if (buffer->freed)
      continue;
    if (!buffer->sectors)
      buffer->sectors = static_cast<u64 *>(mapZeros(bytes));
    else if (buffer->hasSectors.exchange(false))
      madvise(buffer->sectors, bytes, MADV_DONTNEED);
    if (!buffer->sectors)
      return false;
  }
  return true;
}

void DeviceMemory::defineAll() {
  for (auto &buffer : buffers)
    if (buffer->undefined && !buffer->freed && buffer->mayBeUndefined.exchange(false))
      memset(buffer->undefined, 0, buffer->bytes);
}

void DeviceMemory::clearRaceCells() {
  for (auto &buffer : buffers)
    if (buffer->race)
      madvise(buffer->race, (buffer->bytes / 4 + 1) * sizeof(GlobalRaceCell), MADV_DONTNEED);
}

} // namespace hadal::sim
