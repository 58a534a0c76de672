// SPDX-License-Identifier: Apache-2.0
// Bounded reads of files, with errors that name them.
#include "FileBytes.h"

#include "FileKinds.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <climits>
#include <unistd.h>

using namespace llvm;

namespace hadal {

std::string joinPath(StringRef directory, StringRef name) {
  SmallString<256> path(directory);
  sys::path::append(path, name);
  return path.str().str();
}

bool isRegularFile(StringRef path) { return sys::fs::is_regular_file(path); }

bool hasEntry(StringRef path) {
  sys::fs::file_status status;
  return !sys::fs::status(path, status, /*follow=*/false);
}

/// Why a file can't be opened: `code`, or what a cache of downloads leaves.
static std::string describeFailure(const std::string &path, std::error_code code) {
  char target[PATH_MAX];
  ssize_t length = ::readlink(path.c_str(), target, sizeof target);
  if (code == std::errc::no_such_file_or_directory && length > 0)
    return ("a link to " + StringRef(target, length) + ", which is gone; download it again").str();
  return "'" + code.message() + "'";
}

FileReader::~FileReader() {
  if (descriptor >= 0) {
    sys::fs::file_t file = descriptor;
    sys::fs::closeFile(file);
  }
}

bool FileReader::open(StringRef name, Problems &problems) {
  path = name.str();
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status)) {
    problems.error(path, "", "expected a readable file, got " + describeFailure(path, code));
    return false;
  }
  // Opening a pipe would wait for a writer that never comes.
  if (status.type() != sys::fs::file_type::regular_file) {
    problems.error(path, "", "expected a regular file, got another kind");
    return false;
  }
  Expected<sys::fs::file_t> file = sys::fs::openNativeFileForRead(path);
  if (!file) {
    problems.error(path, "", "expected a readable file, got '" + toString(file.takeError()) + "'");
    return false;
  }
  descriptor = *file;
  bytes = status.getSize();
  return true;
}

bool FileReader::read(uint64_t offset, uint64_t length, char *to, Problems &problems) {
  while (length) {
    Expected<size_t> got =
        sys::fs::readNativeFileSlice(descriptor, MutableArrayRef<char>(to, length), offset);
    if (!got) {
      problems.error(path, "", "expected a readable file, got '" + toString(got.takeError()) + "'");
      return false;
    }
    if (*got == 0) {
      problems.error(path, "",
                     "expected " + Twine(length) + " more bytes at " + Twine(offset) +
                         ", got the end of the file");
      return false;
    }
    to += *got;
    offset += *got;
    length -= *got;
  }
  return true;
}

std::optional<std::string> readJsonText(StringRef path, uint64_t limit, Problems &problems) {
  FileReader file;
  if (!file.open(path, problems))
    return std::nullopt;
  if (file.size() > limit) {
    problems.error(path, "",
                   "expected at most " + Twine(limit) + " bytes, got " + Twine(file.size()));
    return std::nullopt;
  }
  std::string text(file.size(), '\0');
  if (!file.read(0, text.size(), text.data(), problems))
    return std::nullopt;
  if (std::optional<std::string> stray = describeStrayContent(text)) {
    problems.error(path, "", "expected JSON, got " + *stray);
    return std::nullopt;
  }
  return text;
}

} // namespace hadal
