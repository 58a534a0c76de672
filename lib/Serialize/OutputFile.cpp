// SPDX-License-Identifier: Apache-2.0
// A file that appears under its name only when it is complete.
#include "OutputFile.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Signals.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace hadal;

llvm::Error OutputFile::fail(const char *what) {
  std::error_code code(errno, std::generic_category());
  return llvm::createStringError(code, "%s: cannot %s: %s", path.c_str(), what,
                                 code.message().c_str());
}

llvm::Expected<OutputFile> OutputFile::create(std::string path) {
  OutputFile file;
  file.path = std::move(path);
  // The process number keeps two compilations of one target apart.
  file.temporary = file.path + ".tmp-" + std::to_string(::getpid());
  file.fd = ::open(file.temporary.c_str(), O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0666);
  if (file.fd < 0)
    return file.fail("create");
  llvm::sys::RemoveFileOnSignal(file.temporary);
  return file;
}

OutputFile::OutputFile(OutputFile &&other)
    : path(std::move(other.path)), temporary(std::move(other.temporary)), fd(other.fd),
      written(other.written) {
  other.fd = -1;
}

OutputFile::~OutputFile() {
  if (fd < 0)
    return;
  ::close(fd);
  ::unlink(temporary.c_str());
  llvm::sys::DontRemoveFileOnSignal(temporary);
}

llvm::Error OutputFile::write(const void *data, size_t size) {
  const char *bytes = static_cast<const char *>(data);
  while (size > 0) {
    ssize_t count = ::write(fd, bytes, size);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return fail("write");
    bytes += count;
    size -= count;
    written += count;
  }
  return llvm::Error::success();
}

llvm::Error OutputFile::patch(uint64_t offset, const void *data, size_t size) {
  if (::pwrite(fd, data, size, offset) != static_cast<ssize_t>(size))
    return fail("write");
  return llvm::Error::success();
}

llvm::Error OutputFile::commit() {
  int handle = fd;
  fd = -1;
  bool closed = ::close(handle) == 0;
  if (!closed || ::rename(temporary.c_str(), path.c_str()) != 0) {
    llvm::Error error = fail(closed ? "rename to this name" : "write");
    ::unlink(temporary.c_str());
    return error;
  }
  llvm::sys::DontRemoveFileOnSignal(temporary);
  return llvm::Error::success();
}
