// SPDX-License-Identifier: Apache-2.0
// Pages and files through mmap.
#include "core/Memory.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::runtime {
namespace {
constexpr size_t kHugePage = 2 << 20; // bytes; of x86-64, and of arm64 with pages of 4 KiB
} // namespace

Pages::~Pages() {
  if (base)
    munmap(base, length);
}

Status Pages::allocate(size_t size, const char *what, int flags, Pages &out) {
  if (size == 0) {
    out = Pages();
    return {};
  }
  void *address =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  if (address == MAP_FAILED)
    return fail(HADAL_STATUS_OUT_OF_MEMORY, "%s: cannot allocate %zu B: %s", what, size,
                strerror(errno));
  out = Pages(static_cast<uint8_t *>(address), size);
  return {};
}

Status Pages::allocate(size_t size, const char *what, Pages &out) {
  // No reservation of swap: a cache is as large as its capacity, and mostly
  // stays untouched.
  return allocate(size, what, MAP_NORESERVE, out);
}

Status Pages::reserve(size_t size, const char *what, Pages &out) {
  return allocate(size, what, 0, out);
}

Status Pages::reserveHuge(size_t size, const char *what, Pages &out) {
#if defined(MADV_HUGEPAGE)
  // The system makes a huge page of a whole aligned range alone: what lies before the first and
  // behind the last is given back.
  if (size >= kHugePage) {
    size_t whole = (size + kHugePage - 1) / kHugePage * kHugePage;
    Pages room;
    HADAL_TRY(allocate(whole + kHugePage, what, 0, room));
    size_t before = -reinterpret_cast<uintptr_t>(room.base) % kHugePage,
           behind = kHugePage - before;
    if (before != 0)
      munmap(room.base, before);
    munmap(room.base + before + whole, behind);
    room.base += before;
    room.length = whole;
    // Only for speed: a system without huge pages says no.
    madvise(room.base, room.length, MADV_HUGEPAGE);
    out = std::move(room);
    return {};
  }
#endif
  return reserve(size, what, out);
}

File::~File() {
  if (descriptor >= 0)
    close(descriptor);
}

Status File::open(const char *path, File &out) {
  File file;
  // Without O_NONBLOCK, a named pipe would block here for ever.
  file.descriptor = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.descriptor < 0)
    return fail(errno == ENOENT ? HADAL_STATUS_NOT_FOUND : HADAL_STATUS_IO, "%s: cannot open: %s",
                path, strerror(errno));
  struct stat info;
  if (fstat(file.descriptor, &info) != 0)
    return fail(HADAL_STATUS_IO, "%s: cannot query: %s", path, strerror(errno));
  if (!S_ISREG(info.st_mode))
    return fail(HADAL_STATUS_IO, "%s: expected a regular file, got %s", path,
                S_ISDIR(info.st_mode) ? "a directory" : "a special file");
  file.length = static_cast<size_t>(info.st_size);
  out = std::move(file);
  return {};
}

Status File::read(uint64_t offset, uint8_t *to, size_t size, const char *path) const {
  for (size_t done = 0; done < size;) {
    ssize_t count = pread(descriptor, to + done, size - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return fail(HADAL_STATUS_IO, "%s: cannot read: %s", path, strerror(errno));
    if (count == 0)
      return fail(HADAL_STATUS_IO,
                  "%s: expected %zu B, got %zu B: the file shrank while it was read", path, length,
                  static_cast<size_t>(offset) + done);
    done += static_cast<size_t>(count);
  }
  return {};
}

Status Pages::map(const File &file, const char *path, Pages &out) {
  out = Pages();
  if (file.size() == 0)
    return {};
  // Shared: the pages are those of the page cache, whoever else maps them.
  void *address = mmap(nullptr, file.size(), PROT_READ, MAP_SHARED, file.descriptor, 0);
  if (address == MAP_FAILED)
    return fail(HADAL_STATUS_IO, "%s: cannot map %zu B: %s", path, file.size(), strerror(errno));
  out = Pages(static_cast<uint8_t *>(address), file.size());
  return {};
}

Status Pages::readFile(const char *path, size_t limit, Pages &out) {
  File file;
  HADAL_TRY(File::open(path, file));
  if (file.size() > limit)
    return fail(HADAL_STATUS_INVALID_ARTIFACT, "%s: expected at most %zu B, got %zu B", path, limit,
                file.size());
  Pages pages;
  HADAL_TRY(allocate(file.size(), path, pages));
  HADAL_TRY(file.read(0, pages.data(), file.size(), path));
  out = std::move(pages);
  return {};
}

} // namespace hadal::runtime
