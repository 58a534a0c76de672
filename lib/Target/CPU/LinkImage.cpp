// SPDX-License-Identifier: Apache-2.0
// Links one relocatable object to an image, and checks the result.
#include "LinkImage.h"

#include "hadal/Target/Workplace.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <optional>

using namespace hadal::cpu;
using namespace llvm;

namespace {
Error makeError(const Twine &message) {
  return createStringError(inconvertibleErrorCode(), message);
}

/// The linker of the LLVM that Hadal was built with; where that is gone, as on
/// another machine, the one of the search path.
Expected<std::string> findLinker() {
  if (sys::fs::can_execute(HADAL_LLD_PATH))
    return std::string(HADAL_LLD_PATH);
  for (StringRef name : {"ld.lld-22", "ld.lld"})
    if (auto path = sys::findProgramByName(name))
      return *path;
  return makeError("cannot find the linker ld.lld-22, neither at '" + Twine(HADAL_LLD_PATH) +
                   "' nor in PATH");
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
       static_cast<const object::ObjectFile &>(*file).dynamic_relocation_sections())
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
      return makeError("expected an image without imports, got '" + *name + "'");
    if (symbol.getELFType() == ELF::STT_FUNC)
      symbols.push_back({name->str(), symbol.getSize()});
  }
  llvm::sort(symbols, [](const KernelSymbol &a, const KernelSymbol &b) { return a.name < b.name; });
  return symbols;
}
} // namespace

Expected<Image> hadal::cpu::linkImage(StringRef object) {
  // The linker reads and writes files by name; its output keeps no trace of
  // them, since it has neither a symbol table nor a soname.
  Workplace work("hadal-link");
  if (work.error)
    return makeError("cannot create a temporary directory: " + work.error.message());
  std::string input = work.path("kernels.o"), output = work.path("kernels.so");
  if (std::error_code error = work.write("kernels.o", object))
    return makeError("cannot write '" + input + "': " + error.message());

  // A process of its own: the linker as a library resets every command-line
  // option of the program that calls it, and is not safe to call from threads.
  auto linker = findLinker();
  if (!linker)
    return linker.takeError();
  std::string log = work.path("log");
  StringRef arguments[] = {*linker,
                           "-shared",
                           "--no-undefined",
                           "--build-id=none",
                           "--hash-style=sysv",
                           "--threads=1",
                           "-znow",
                           "-znoexecstack",
                           "-s",
                           "-o",
                           output,
                           input};
  std::string failure;
  std::optional<StringRef> redirects[] = {StringRef(""), StringRef(log), StringRef(log)};
  int code = sys::ExecuteAndWait(*linker, arguments, std::nullopt, redirects,
                                 /*SecondsToWait=*/0, /*MemoryLimit=*/0, &failure);
  if (code != 0) {
    failure += StringRef(work.read("log")).rtrim();
    return makeError("cannot link the kernels: " + failure);
  }

  auto buffer = MemoryBuffer::getFile(output, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError("cannot read '" + output + "': " + buffer.getError().message());
  auto symbols = inspect((*buffer)->getMemBufferRef());
  if (!symbols)
    return symbols.takeError();
  StringRef bytes = (*buffer)->getBuffer();
  Image image;
  image.bytes.assign(bytes.bytes_begin(), bytes.bytes_end());
  image.symbols = std::move(*symbols);
  return image;
}
