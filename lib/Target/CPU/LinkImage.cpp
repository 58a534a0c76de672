// SPDX-License-Identifier: Apache-2.0
// Links one relocatable object to an image, in process, and checks the result.
#include "LinkImage.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include "lld/Common/Driver.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace hadal::cpu;
using namespace llvm;

namespace {
Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

/// What the runtime's loader will insist on, so that a kernel which needs more
/// fails here, where the kernel's name is at hand.
Expected<std::vector<KernelSymbol>> inspect(MemoryBufferRef buffer) {
  auto file = object::ELF64LEObjectFile::create(buffer);
  if (!file)
    return file.takeError();
  const auto &elf = file->getELFFile();

  auto dynamic = elf.dynamicEntries();
  if (!dynamic)
    return dynamic.takeError();
  for (const auto &entry : *dynamic)
    if (entry.d_tag == ELF::DT_NEEDED)
      return makeError("expected an image without needed libraries");

  for (const object::SectionRef &section :
       static_cast<const object::ObjectFile &>(*file)
           .dynamic_relocation_sections())
    for (const object::RelocationRef &relocation : section.relocations())
      if (relocation.getType() != ELF::R_X86_64_RELATIVE) {
        SmallString<32> name;
        relocation.getTypeName(name);
        return makeError("expected relative relocations only, got " + name);
      }

  std::vector<KernelSymbol> symbols;
  for (const object::ELFSymbolRef symbol : file->getDynamicSymbolIterators()) {
    auto name = symbol.getName();
    auto flags = symbol.getFlags();
    if (!name)
      return name.takeError();
    if (!flags)
      return flags.takeError();
    if (name->empty())
      continue;
    if (*flags & object::SymbolRef::SF_Undefined)
      return makeError("expected an image without imports, got '" + *name +
                       "'");
    if (symbol.getELFType() == ELF::STT_FUNC)
      symbols.push_back({name->str(), symbol.getSize()});
  }
  llvm::sort(symbols, [](const KernelSymbol &a, const KernelSymbol &b) {
    return a.name < b.name;
  });
  return symbols;
}
} // namespace

Expected<Image> hadal::cpu::linkImage(StringRef object) {
  // The linker reads and writes files by name; its output keeps no trace of
  // them, since it has neither a symbol table nor a soname.
  SmallString<128> directory;
  if (std::error_code error =
          sys::fs::createUniqueDirectory("hadal-link", directory))
    return makeError("cannot create a temporary directory: " +
                     error.message());
  scope_exit removeDirectory(
      [&] { sys::fs::remove_directories(directory, /*IgnoreErrors=*/true); });
  SmallString<128> input = directory, output = directory;
  sys::path::append(input, "kernels.o");
  sys::path::append(output, "kernels.so");
  {
    std::error_code error;
    raw_fd_ostream stream(input, error);
    if (!error) {
      stream << object;
      stream.close();
      error = stream.error();
      stream.clear_error();
    }
    if (error)
      return makeError("cannot write '" + input + "': " + error.message());
  }

  const char *arguments[] = {"ld.lld",
                             "-shared",
                             "--no-undefined",
                             "--build-id=none",
                             "--hash-style=sysv",
                             "--threads=1",
                             "-znow",
                             "-znoexecstack",
                             "-s",
                             "-o",
                             output.c_str(),
                             input.c_str()};
  std::string messages;
  raw_string_ostream stream(messages);
  {
    // The linker keeps its state in globals.
    static std::mutex mutex;
    std::lock_guard<std::mutex> lock(mutex);
    lld::Result result = lld::lldMain(arguments, stream, stream,
                                      {{lld::Gnu, &lld::elf::link}});
    if (result.retCode != 0)
      return makeError("cannot link the kernels: " +
                       StringRef(messages).rtrim());
  }

  auto buffer = MemoryBuffer::getFile(output, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError("cannot read '" + output +
                     "': " + buffer.getError().message());
  auto symbols = inspect((*buffer)->getMemBufferRef());
  if (!symbols)
    return symbols.takeError();
  StringRef bytes = (*buffer)->getBuffer();
  Image image;
  image.bytes.assign(bytes.bytes_begin(), bytes.bytes_end());
  image.symbols = std::move(*symbols);
  return image;
}
