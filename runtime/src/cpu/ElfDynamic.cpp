// SPDX-License-Identifier: Apache-2.0
// The dynamic section of a kernel image: its tags, symbols and relocations;
// source: the System V ABI, chapter 5, and its x86-64 supplement.
#include "cpu/ElfImage.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <elf.h>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;
constexpr uint64_t kMaxSymbols = 1 << 20;

// Why a tag is refused; null for one that is not.
const char *refusal(int64_t tag) {
  switch (tag) {
  case DT_NEEDED: return "no needed library, got DT_NEEDED";
  case DT_INIT:
  case DT_FINI:
  case DT_INIT_ARRAY:
  case DT_FINI_ARRAY:
  case DT_PREINIT_ARRAY: return "no initialiser or finaliser, got one";
  case DT_REL: return "relocations with addends, got DT_REL";
  case DT_RELR: return "plain relocations, got DT_RELR";
  case DT_JMPREL: return "no procedure linkage table, got DT_JMPREL";
  case DT_TEXTREL: return "position-independent code, got DT_TEXTREL";
  case DT_RPATH:
  case DT_RUNPATH: return "no search path, got one";
  case DT_VERNEED: return "no needed symbol version, got DT_VERNEED";
  case DT_AUXILIARY:
  case DT_FILTER: return "no filter, got one";
  default: return nullptr;
  }
}

const char *relocationName(uint32_t type) {
  switch (type) {
  case R_X86_64_64: return "R_X86_64_64";
  case R_X86_64_COPY: return "R_X86_64_COPY";
  case R_X86_64_GLOB_DAT: return "R_X86_64_GLOB_DAT";
  case R_X86_64_JUMP_SLOT: return "R_X86_64_JUMP_SLOT";
  case R_X86_64_DTPMOD64: return "R_X86_64_DTPMOD64";
  case R_X86_64_TPOFF64: return "R_X86_64_TPOFF64";
  case R_X86_64_IRELATIVE: return "R_X86_64_IRELATIVE";
  default: return "type";
  }
}

uint32_t readWord(const uint8_t *from, uint64_t index) {
  uint32_t value;
  std::memcpy(&value, from + index * sizeof value, sizeof value);
  return value;
}

} // namespace

struct ElfImage::Dynamic {
  uint64_t symbols = 0, strings = 0, stringBytes = 0;
  uint64_t hash = 0, gnuHash = 0;
  uint64_t relocations = 0, relocationBytes = 0;
  const char *refusal = nullptr; // of the first tag that is refused
};

Status ElfImage::parseTags(uint64_t address, uint64_t bytes, Dynamic &out) const {
  const uint8_t *entries = view(address, bytes);
  if (!entries)
    return fail(kInvalid,
                "PT_DYNAMIC: expected %" PRIu64 " B within a segment, got address %" PRIu64, bytes,
                address);
  for (uint64_t i = 0; i < bytes / sizeof(Elf64_Dyn); ++i) {
    Elf64_Dyn entry;
    std::memcpy(&entry, entries + i * sizeof entry, sizeof entry);
    if (entry.d_tag == DT_NULL)
      return {};
    if (!out.refusal)
      out.refusal = refusal(entry.d_tag);
    uint64_t value = entry.d_un.d_val;
    switch (entry.d_tag) {
    case DT_SYMTAB: out.symbols = value; break;
    case DT_STRTAB: out.strings = value; break;
    case DT_STRSZ: out.stringBytes = value; break;
    case DT_HASH: out.hash = value; break;
    case DT_GNU_HASH: out.gnuHash = value; break;
    case DT_RELA: out.relocations = value; break;
    case DT_RELASZ: out.relocationBytes = value; break;
    case DT_SYMENT:
      if (value != sizeof(Elf64_Sym))
        return fail(kInvalid, "DT_SYMENT: expected %zu, got %" PRIu64, sizeof(Elf64_Sym), value);
      break;
    case DT_RELAENT:
      if (value != sizeof(Elf64_Rela))
        return fail(kInvalid, "DT_RELAENT: expected %zu, got %" PRIu64, sizeof(Elf64_Rela), value);
      break;
    case DT_FLAGS:
      if (value & (DF_TEXTREL | DF_STATIC_TLS))
        return fail(kInvalid,
                    "DT_FLAGS: expected neither DF_TEXTREL nor DF_STATIC_TLS, got %" PRIu64, value);
      break;
    default: // names, counts and hints that the above do without
      break;
    }
  }
  return fail(kInvalid, "dynamic section: expected DT_NULL at the end, got none");
}

// The table itself has no length: a hash table over it tells.
Status ElfImage::countSymbols(const Dynamic &dynamic, uint64_t *count) const {
  *count = 0;
  if (dynamic.hash) {
    const uint8_t *header = view(dynamic.hash, 8);
    if (!header)
      return fail(kInvalid, "DT_HASH: expected a table within a segment, got address %" PRIu64,
                  dynamic.hash);
    *count = readWord(header, 1);
    return {};
  }
  if (!dynamic.gnuHash)
    return fail(kInvalid, "dynamic section: expected DT_HASH or DT_GNU_HASH, got neither");
  auto malformed = [&] {
    return fail(kInvalid, "DT_GNU_HASH: expected a table within a segment, got address %" PRIu64,
                dynamic.gnuHash);
  };
  const uint8_t *header = view(dynamic.gnuHash, 16);
  if (!header)
    return malformed();
  uint64_t buckets = readWord(header, 0), first = readWord(header, 1), bloom = readWord(header, 2);
  uint64_t bucketAddress = dynamic.gnuHash + 16 + bloom * 8;
  const uint8_t *bucket = view(bucketAddress, buckets * 4);
  if (!bucket)
    return malformed();
  uint64_t last = 0;
  for (uint64_t i = 0; i < buckets; ++i)
    last = std::max<uint64_t>(last, readWord(bucket, i));
  if (last < first) { // no symbol is exported
    *count = first;
    return {};
  }
  // The chain of the highest bucket ends at the last symbol.
  for (uint64_t chain = bucketAddress + buckets * 4; last < kMaxSymbols; ++last) {
    const uint8_t *word = view(chain + (last - first) * 4, 4);
    if (!word)
      return malformed();
    if (readWord(word, 0) & 1)
      break;
  }
  *count = last + 1;
  return {};
}

Status ElfImage::parseSymbols(const Dynamic &dynamic) {
  uint64_t count = 0;
  HADAL_TRY(countSymbols(dynamic, &count));
  if (count > kMaxSymbols)
    return fail(kInvalid, "DT_SYMTAB: expected at most %" PRIu64 " symbols, got %" PRIu64,
                kMaxSymbols, count);
  const uint8_t *table = view(dynamic.symbols, count * sizeof(Elf64_Sym));
  const uint8_t *strings = view(dynamic.strings, dynamic.stringBytes);
  if (!table || !strings || dynamic.stringBytes == 0 || strings[dynamic.stringBytes - 1] != 0)
    return fail(kInvalid, "%s: expected a table within a segment%s, got address %" PRIu64,
                table ? "DT_STRTAB" : "DT_SYMTAB", table ? " that ends with 0" : "",
                table ? dynamic.strings : dynamic.symbols);
  for (uint64_t i = 1; i < count; ++i) {
    Elf64_Sym symbol;
    std::memcpy(&symbol, table + i * sizeof symbol, sizeof symbol);
    if (symbol.st_name >= dynamic.stringBytes)
      return fail(kInvalid,
                  "symbol %" PRIu64 ": st_name: expected an offset below %" PRIu64 ", got %u", i,
                  dynamic.stringBytes, symbol.st_name);
    const char *name = reinterpret_cast<const char *>(strings) + symbol.st_name;
    if (symbol.st_shndx == SHN_UNDEF)
      return fail(kInvalid, "symbol '%s': expected a definition in the image, got an import", name);
    if (ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC || ELF64_ST_TYPE(symbol.st_info) == STT_TLS)
      return fail(kInvalid, "symbol '%s': expected a function or an object, got type %u", name,
                  ELF64_ST_TYPE(symbol.st_info));
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC)
      continue;
    if (symbol.st_shndx == SHN_ABS ||
        !segmentOf(symbol.st_value, std::max<uint64_t>(symbol.st_size, 1), PF_X))
      return fail(kInvalid,
                  "symbol '%s': expected an address in an executable segment, got %" PRIu64, name,
                  symbol.st_value);
    symbols.push_back({name, symbol.st_value});
  }
  std::sort(symbols.begin(), symbols.end(),
            [](const Symbol &a, const Symbol &b) { return a.name < b.name; });
  return {};
}

Status ElfImage::parseRelocations(const Dynamic &dynamic) {
  if (dynamic.relocationBytes == 0)
    return {};
  const uint8_t *table = view(dynamic.relocations, dynamic.relocationBytes);
  if (!table || dynamic.relocationBytes % sizeof(Elf64_Rela) != 0)
    return fail(kInvalid,
                "DT_RELA: expected whole entries within a segment, got %" PRIu64 " B at %" PRIu64,
                dynamic.relocationBytes, dynamic.relocations);
  for (uint64_t i = 0; i < dynamic.relocationBytes / sizeof(Elf64_Rela); ++i) {
    Elf64_Rela entry;
    std::memcpy(&entry, table + i * sizeof entry, sizeof entry);
    uint32_t type = ELF64_R_TYPE(entry.r_info);
    if (type != R_X86_64_RELATIVE)
      return fail(kInvalid, "relocation %" PRIu64 ": expected R_X86_64_RELATIVE (8), got %s (%u)",
                  i, relocationName(type), type);
    if (!segmentOf(entry.r_offset, sizeof(uint64_t), PF_W))
      return fail(kInvalid,
                  "relocation %" PRIu64 ": expected a target in a writable segment, got %" PRIu64,
                  i, entry.r_offset);
    if (static_cast<uint64_t>(entry.r_addend) > span)
      return fail(kInvalid,
                  "relocation %" PRIu64 ": expected an addend of at most %" PRIu64 ", got %" PRId64,
                  i, span, entry.r_addend);
    relocations.push_back({entry.r_offset, static_cast<uint64_t>(entry.r_addend)});
  }
  return {};
}

Status ElfImage::parseDynamicSection(uint64_t address, uint64_t bytes) {
  Dynamic dynamic;
  HADAL_TRY(parseTags(address, bytes, dynamic));
  // Symbols first: the name of an import says more than the tag that it brings.
  HADAL_TRY(parseSymbols(dynamic));
  if (dynamic.refusal)
    return fail(kInvalid, "dynamic section: expected %s", dynamic.refusal);
  return parseRelocations(dynamic);
}

const ElfImage::Symbol *ElfImage::find(const char *name) const {
  auto at = std::lower_bound(symbols.begin(), symbols.end(), std::string_view(name),
                             [](const Symbol &a, std::string_view b) { return a.name < b; });
  return at != symbols.end() && at->name == name ? &*at : nullptr;
}

} // namespace hadal::runtime
