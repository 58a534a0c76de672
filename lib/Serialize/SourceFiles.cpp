// SPDX-License-Identifier: Apache-2.0
// The checkpoint's files, mapped while parameters are packed from them.
#include "SourceFiles.h"

#include "llvm/Support/Endian.h"
#include "llvm/Support/Path.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mlir;
using namespace hadal;

template <typename... Args>
static llvm::Error error(const char *format, Args... args) {
  return llvm::createStringError(std::errc::invalid_argument, format, args...);
}

llvm::Expected<SourceFiles> SourceFiles::open(ModuleOp module) {
  SourceFiles result;
  for (FileAttr file : filesOf(module)) {
    llvm::SmallString<256> path(textOf(module, kCheckpointAttrName));
    llvm::sys::path::append(path, file.getName());
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || ::fstat(fd, &status) != 0) {
      std::error_code code(errno, std::generic_category());
      if (fd >= 0)
        ::close(fd);
      return error("%s: cannot read: %s", path.c_str(), code.message().c_str());
    }
    uint64_t size = status.st_size;
    File entry{path.str().str(), nullptr, size, nullptr};
    void *data = size ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    ::close(fd);
    if (data == MAP_FAILED)
      return error("%s: cannot map %llu bytes", path.c_str(), (unsigned long long)size);
    entry.data = static_cast<uint8_t *>(data);
    result.files.push_back(entry);
    if (size != file.getSize())
      return error("%s: size: expected %llu bytes as imported, got %llu", path.c_str(),
                   (unsigned long long)file.getSize(), (unsigned long long)size);
    uint64_t header = size >= 8 ? llvm::support::endian::read64le(entry.data) : 0;
    if (size < 8 || header > size - 8 ||
        XXH3_64bits(entry.data, 8 + header) != file.getHeaderHash())
      return error("%s: header: expected the one that was imported, got another", path.c_str());
  }
  return result;
}

SourceFiles::~SourceFiles() {
  for (File &file : files)
    if (file.data)
      ::munmap(file.data, file.size);
}

llvm::Expected<const uint8_t *> SourceFiles::bytes(SourceAttr source) const {
  if (source.getFile() >= files.size())
    return error("tensor '%s': file: expected an index below %zu, got %llu",
                 source.getTensor().str().c_str(), files.size(),
                 (unsigned long long)source.getFile());
  const File &file = files[source.getFile()];
  if (source.getOffset() > file.size || source.getLength() > file.size - source.getOffset())
    return error("%s: tensor '%s': expected bytes within the file's %llu, got %llu at %llu",
                 file.path.c_str(), source.getTensor().str().c_str(), (unsigned long long)file.size,
                 (unsigned long long)source.getLength(), (unsigned long long)source.getOffset());
  return file.data + source.getOffset();
}

TensorExtent SourceFiles::tensor(SourceAttr source) {
  File &file = files[source.getFile()];
  uint64_t length = llvm::support::endian::read64le(file.data);
  if (!file.header.getAsObject()) {
    StringRef text(reinterpret_cast<const char *>(file.data) + 8, length);
    llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(text);
    if (parsed)
      file.header = std::move(*parsed);
    else
      llvm::consumeError(parsed.takeError());
  }
  const llvm::json::Object *entries = file.header.getAsObject();
  const llvm::json::Object *entry = entries ? entries->getObject(source.getTensor()) : nullptr;
  const llvm::json::Array *shape = entry ? entry->getArray("shape") : nullptr;
  const llvm::json::Array *offsets = entry ? entry->getArray("data_offsets") : nullptr;
  // The module may be another's than the importer's, and name it otherwise.
  if (!shape || !offsets || offsets->empty())
    return {source.getOffset(), llvm::SmallVector<int64_t>(source.getType().getShape())};
  TensorExtent tensor;
  tensor.offset = 8 + length + (*offsets)[0].getAsUINT64().value_or(0);
  for (const llvm::json::Value &extent : *shape)
    tensor.shape.push_back(extent.getAsInteger().value_or(1));
  return tensor;
}

void SourceFiles::release(SourceAttr source) const {
  const File &file = files[source.getFile()];
  uint64_t page = ::sysconf(_SC_PAGESIZE);
  uint64_t begin = (source.getOffset() + page - 1) / page * page;
  uint64_t end = (source.getOffset() + source.getLength()) / page * page;
  if (begin < end)
    ::madvise(file.data + begin, end - begin, MADV_DONTNEED);
}
