// SPDX-License-Identifier: Apache-2.0
// Files for a program that reads and writes them by name.
#include "hadal/Target/Workplace.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace hadal;
using namespace llvm;

Workplace::Workplace(StringRef prefix) { error = sys::fs::createUniqueDirectory(prefix, folder); }

Workplace::~Workplace() {
  if (!error)
    sys::fs::remove_directories(folder, /*IgnoreErrors=*/true);
}

std::string Workplace::path(StringRef name) const {
  SmallString<128> path = folder;
  sys::path::append(path, name);
  return path.str().str();
}

std::error_code Workplace::write(StringRef name, StringRef bytes) const {
  std::error_code problem;
  raw_fd_ostream stream(path(name), problem);
  if (problem)
    return problem;
  stream << bytes;
  stream.close();
  problem = stream.error();
  stream.clear_error();
  return problem;
}

std::string Workplace::read(StringRef name) const {
  auto buffer =
      MemoryBuffer::getFile(path(name), /*IsText=*/false, /*RequiresNullTerminator=*/false);
  return buffer ? (*buffer)->getBuffer().str() : "";
}
