// SPDX-License-Identifier: Apache-2.0
// Writes small cubins.
#include "cuda/CubinBuilder.h"

#include <cstring>
#include <elf.h>

namespace hadal::test {
namespace {

template <typename Part> void append(std::string &out, const Part &part) {
  out.append(reinterpret_cast<const char *>(&part), sizeof part);
}

} // namespace

std::string buildCubin(unsigned level, const std::vector<std::string> &functions,
                       const std::string &ptx) {
  const std::string sectionNames("\0.strtab\0.symtab\0.text\0.ptx\0", 28);
  std::string names(1, '\0'), symbols(sizeof(Elf64_Sym), '\0');
  for (const std::string &function : functions) {
    Elf64_Sym symbol = {};
    symbol.st_name = Elf64_Word(names.size());
    symbol.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC);
    symbol.st_shndx = 3;
    append(symbols, symbol);
    names += function + '\0';
  }
  names += sectionNames; // one table serves both
  Elf64_Word sectionBase = Elf64_Word(names.size() - sectionNames.size());
  struct {
    Elf64_Word name, type;
    std::string data;
  } sections[] = {{0, SHT_NULL, ""},
                  {1, SHT_STRTAB, names},
                  {9, SHT_SYMTAB, symbols},
                  {17, SHT_PROGBITS, std::string(16, '\0')},
                  {23, SHT_PROGBITS, ptx + '\0'}};
  unsigned count = ptx.empty() ? 4 : 5;

  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_ident[EI_OSABI] = 41;
  header.e_ident[EI_ABIVERSION] = 8;
  header.e_type = ET_EXEC;
  header.e_machine = 190;
  header.e_version = EV_CURRENT;
  header.e_flags = 0x6000004 | level << 8;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = Elf64_Half(count);
  header.e_shstrndx = 1;
  header.e_shoff = sizeof header;
  std::string out, data;
  append(out, header);
  for (unsigned i = 0; i < count; ++i) {
    Elf64_Shdr section = {};
    section.sh_name = i ? sectionBase + sections[i].name : 0;
    section.sh_type = sections[i].type;
    section.sh_offset = sizeof header + count * sizeof section + data.size();
    section.sh_size = sections[i].data.size();
    section.sh_link = sections[i].type == SHT_SYMTAB ? 1 : 0;
    section.sh_entsize = sections[i].type == SHT_SYMTAB ? sizeof(Elf64_Sym) : 0;
    append(out, section);
    data += sections[i].data;
  }
  return out + data;
}

} // namespace hadal::test
