// SPDX-License-Identifier: Apache-2.0
// Pages of memory and mapped files, owned.
#ifndef HADAL_CORE_MEMORY_H
#define HADAL_CORE_MEMORY_H

#include "core/Status.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace hadal::runtime {

/// A regular file, open for reading. Move-only.
class File {
public:
  File() = default;
  File(File &&other) noexcept
      : descriptor(std::exchange(other.descriptor, -1)), length(std::exchange(other.length, 0)) {}
  File &operator=(File &&other) noexcept {
    std::swap(descriptor, other.descriptor);
    std::swap(length, other.length);
    return *this;
  }
  ~File();

  static Status open(const char *path, File &out);

  /// Bytes `offset` to `offset + size`; an error where the file ends before.
  Status read(uint64_t offset, uint8_t *to, size_t size, const char *path) const;

  /// Bytes, when it was opened.
  size_t size() const { return length; }

private:
  friend class Pages;
  int descriptor = -1;
  size_t length = 0;
};

/// A range of pages, unmapped at the end of its life. Move-only.
class Pages {
public:
  Pages() = default;
  Pages(Pages &&other) noexcept
      : base(std::exchange(other.base, nullptr)), length(std::exchange(other.length, 0)) {}
  Pages &operator=(Pages &&other) noexcept {
    std::swap(base, other.base);
    std::swap(length, other.length);
    return *this;
  }
  ~Pages();

  /// Zeroed, readable and writable; memory is spent when a page is touched.
  /// `size` may be 0. The message of an error starts with `what`.
  static Status allocate(size_t size, const char *what, Pages &out);

  /// The same for what is written at once: where the system knows that it cannot be had, it is an
  /// error here.
  static Status reserve(size_t size, const char *what, Pages &out);

  /// The same, in huge pages where the system grants them.
  static Status reserveHuge(size_t size, const char *what, Pages &out);

  /// The whole file, mapped read-only, not read. `path` is for the message.
  static Status map(const File &file, const char *path, Pages &out);

  /// The whole regular file at `path`, read into memory, so that a later change
  /// of the file cannot matter. At most `limit` bytes.
  static Status readFile(const char *path, size_t limit, Pages &out);

  uint8_t *data() const { return base; }
  size_t size() const { return length; }

private:
  static Status allocate(size_t size, const char *what, int flags, Pages &out);
  Pages(uint8_t *base, size_t length) : base(base), length(length) {}
  uint8_t *base = nullptr;
  size_t length = 0;
};

} // namespace hadal::runtime

#endif // HADAL_CORE_MEMORY_H
