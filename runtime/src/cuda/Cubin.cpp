// SPDX-License-Identifier: Apache-2.0
// Machine code: an ELF file of NVIDIA's machine, its level and its functions.
#include "cuda/Image.h"

#include <cstdint>
#include <cstring>
#include <elf.h>

namespace hadal::cuda {
namespace {

constexpr unsigned kMachine = 190; // EM_CUDA

// e_flags holds the level: in the lowest byte, and since version 8 of the ABI (CUDA 13) in the one
// above, as LLVM's BinaryFormat/ELF.h records (EF_CUDA_SM, EF_CUDA_SM_MASK).
constexpr unsigned kLevelMoved = 8;

// A copy of what lies at `at`, wherever that is; false where the file ends before.
template <typename Part> bool readAt(std::string_view image, uint64_t at, Part &out) {
  if (at > image.size() || image.size() - at < sizeof out)
    return false;
  std::memcpy(&out, image.data() + at, sizeof out);
  return true;
}

bool readFunctions(std::string_view image, const Elf64_Shdr &symbols, const Elf64_Shdr &names,
                   ImageFacts &out) {
  if (names.sh_offset > image.size() || names.sh_size > image.size() - names.sh_offset)
    return false;
  std::string_view strings = image.substr(names.sh_offset, names.sh_size);
  for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symbols.sh_size; at += sizeof(Elf64_Sym)) {
    Elf64_Sym symbol;
    if (!readAt(image, symbols.sh_offset + at, symbol))
      return false;
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL ||
        symbol.st_shndx == SHN_UNDEF)
      continue;
    if (symbol.st_name >= strings.size())
      return false;
    std::string_view name = strings.substr(symbol.st_name);
    if (name.find('\0') == std::string_view::npos)
      return false;
    out.functions.emplace(name.substr(0, name.find('\0')));
  }
  return true;
}

} // namespace

bool isElf(std::string_view image) {
  return image.substr(0, SELFMAG) == std::string_view(ELFMAG, SELFMAG);
}

bool readCubin(std::string_view image, ImageFacts &out, std::string &why) {
  Elf64_Ehdr header;
  if (!readAt(image, 0, header)) {
    why = "expected an ELF header of 64 bytes, got " + std::to_string(image.size());
    return false;
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_machine != kMachine) {
    why = "expected 64-bit code of machine 190 (CUDA), got class " +
          std::to_string(header.e_ident[EI_CLASS]) + ", machine " +
          std::to_string(header.e_machine);
    return false;
  }
  unsigned shift = header.e_ident[EI_ABIVERSION] >= kLevelMoved ? 8 : 0;
  unsigned level = (header.e_flags >> shift) & 0xff;
  if (!parseLevel("sm_" + std::to_string(level), out.level)) {
    why = "expected a level in the flags, got " + std::to_string(level);
    return false;
  }
  bool found = false, whole = header.e_shentsize == sizeof(Elf64_Shdr);
  for (uint64_t i = 0; whole && i < header.e_shnum; ++i) {
    Elf64_Shdr section, names;
    // A wrapped sum lies before the header, and reads as a section of nonsense at most.
    whole = readAt(image, header.e_shoff + i * sizeof section, section);
    if (!whole || section.sh_type != SHT_SYMTAB)
      continue;
    found = true;
    whole = section.sh_link < header.e_shnum &&
            readAt(image, header.e_shoff + uint64_t(section.sh_link) * sizeof names, names) &&
            readFunctions(image, section, names, out);
  }
  if (!whole || !found) {
    why = whole ? "expected a table of symbols, got none"
                : "expected whole tables, got some that end beyond the image";
    return false;
  }
  out.machineCode = true;
  return true;
}

} // namespace hadal::cuda
