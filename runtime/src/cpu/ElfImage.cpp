// SPDX-License-Identifier: Apache-2.0
// Segments of a kernel image, and its mapping; source: the System V ABI, chapter
// 5, and its x86-64 supplement.
#include "cpu/ElfImage.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <elf.h>
#include <sys/mman.h>

namespace hadal::runtime {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kMaxSpan = uint64_t(1) << 28;
constexpr uint32_t kMaxSegments = 32;
constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;

uint64_t pageFloor(uint64_t value) { return value & ~(kPage - 1); }
uint64_t pageCeil(uint64_t value) { return pageFloor(value + kPage - 1); }

Status checkHeader(const Elf64_Ehdr &header, size_t size) {
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return fail(kInvalid, "e_ident: expected an ELF file, got other bytes");
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
    return fail(kInvalid, "e_ident: expected 64-bit little-endian, got class %u, data %u",
                header.e_ident[EI_CLASS], header.e_ident[EI_DATA]);
  if (header.e_type != ET_DYN)
    return fail(kInvalid, "e_type: expected ET_DYN (3), got %u", header.e_type);
  if (header.e_machine != EM_X86_64)
    return fail(kInvalid, "e_machine: expected EM_X86_64 (62), got %u", header.e_machine);
  if (header.e_version != EV_CURRENT)
    return fail(kInvalid, "e_version: expected 1, got %u", header.e_version);
  if (header.e_phentsize != sizeof(Elf64_Phdr))
    return fail(kInvalid, "e_phentsize: expected %zu, got %u", sizeof(Elf64_Phdr),
                header.e_phentsize);
  if (header.e_phnum == 0 || header.e_phnum > kMaxSegments)
    return fail(kInvalid, "e_phnum: expected 1 to %u, got %u", kMaxSegments, header.e_phnum);
  if (header.e_phoff > size || size - header.e_phoff < header.e_phnum * sizeof(Elf64_Phdr))
    return fail(kInvalid, "e_phoff: expected %u program headers within %zu B, got offset %" PRIu64,
                header.e_phnum, size, header.e_phoff);
  return {};
}

int protectionOf(uint32_t flags) {
  return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
         (flags & PF_X ? PROT_EXEC : 0);
}

} // namespace

Status ElfImage::addSegment(const Segment &segment, uint64_t alignment) {
  if (segment.offset > size || segment.fileSize > size - segment.offset)
    return fail(kInvalid, "p_offset: expected %" PRIu64 " B within %zu B, got offset %" PRIu64,
                segment.fileSize, size, segment.offset);
  if (segment.fileSize > segment.memorySize)
    return fail(kInvalid, "p_filesz: expected at most p_memsz %" PRIu64 ", got %" PRIu64,
                segment.memorySize, segment.fileSize);
  if (segment.address > kMaxSpan || segment.memorySize > kMaxSpan - segment.address)
    return fail(kInvalid,
                "p_memsz: expected an image of at most %" PRIu64 " B, got %" PRIu64
                " B at %" PRIu64,
                kMaxSpan, segment.memorySize, segment.address);
  if (alignment > kPage)
    return fail(kInvalid, "p_align: expected at most %" PRIu64 ", got %" PRIu64, kPage, alignment);
  if ((segment.flags & PF_W) && (segment.flags & PF_X))
    return fail(kInvalid, "p_flags: expected writable or executable, got both");
  if (segment.flags & ~uint32_t(PF_R | PF_W | PF_X))
    return fail(kInvalid, "p_flags: expected read, write and execute only, got %u", segment.flags);
  if (!segments.empty()) {
    const Segment &last = segments.back();
    uint64_t lastEnd = pageCeil(last.address + last.memorySize);
    if (pageFloor(segment.address) < lastEnd)
      return fail(kInvalid, "p_vaddr: expected a page behind %" PRIu64 ", got %" PRIu64, lastEnd,
                  segment.address);
  }
  segments.push_back(segment);
  span = pageCeil(segment.address + segment.memorySize);
  return {};
}

Status ElfImage::parseSegments(uint64_t *dynamicAddress, uint64_t *dynamicSize) {
  Elf64_Ehdr header;
  if (size < sizeof header)
    return fail(kInvalid, "size: expected at least %zu B, got %zu B", sizeof header, size);
  std::memcpy(&header, data, sizeof header);
  HADAL_TRY(checkHeader(header, size));
  bool dynamic = false;
  for (uint32_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr entry;
    std::memcpy(&entry, data + header.e_phoff + i * sizeof entry, sizeof entry);
    switch (entry.p_type) {
    case PT_LOAD:
      if (entry.p_memsz == 0)
        break;
      HADAL_TRY_IN(
          addSegment({entry.p_offset, entry.p_vaddr, entry.p_filesz, entry.p_memsz, entry.p_flags},
                     entry.p_align),
          "program header %u: ", i);
      break;
    case PT_DYNAMIC:
      if (dynamic)
        return fail(kInvalid, "program header %u: expected one PT_DYNAMIC, got two", i);
      dynamic = true;
      *dynamicAddress = entry.p_vaddr;
      *dynamicSize = entry.p_filesz;
      break;
    case PT_GNU_STACK:
      if (entry.p_flags & PF_X)
        return fail(kInvalid, "program header %u: expected a stack that is not executable", i);
      break;
    case PT_GNU_RELRO:
      readOnlyStart = entry.p_vaddr;
      readOnlySize = entry.p_memsz;
      break;
    case PT_NULL:
    case PT_NOTE:
    case PT_PHDR:
    case PT_GNU_EH_FRAME:
    case PT_GNU_PROPERTY: break;
    case PT_TLS:
      return fail(kInvalid, "program header %u: expected no thread-local storage, got PT_TLS", i);
    case PT_INTERP:
      return fail(kInvalid, "program header %u: expected no interpreter, got PT_INTERP", i);
    default:
      return fail(kInvalid, "program header %u: p_type: expected a known type, got %u", i,
                  entry.p_type);
    }
  }
  if (segments.empty())
    return fail(kInvalid, "program headers: expected a PT_LOAD, got none");
  if (!dynamic)
    return fail(kInvalid, "program headers: expected a PT_DYNAMIC, got none");
  if (readOnlyStart > span || readOnlySize > span - readOnlyStart)
    return fail(kInvalid,
                "PT_GNU_RELRO: expected a range within %" PRIu64 " B, got %" PRIu64
                " B at %" PRIu64,
                span, readOnlySize, readOnlyStart);
  return {};
}

// The file's bytes of an address range that lies within one segment.
const uint8_t *ElfImage::view(uint64_t address, uint64_t length) const {
  for (const Segment &segment : segments)
    if (address >= segment.address && address - segment.address <= segment.fileSize &&
        length <= segment.fileSize - (address - segment.address))
      return data + segment.offset + (address - segment.address);
  return nullptr;
}

const ElfImage::Segment *ElfImage::segmentOf(uint64_t address, uint64_t length,
                                             uint32_t flags) const {
  for (const Segment &segment : segments)
    if ((segment.flags & flags) == flags && address >= segment.address &&
        address - segment.address <= segment.memorySize &&
        length <= segment.memorySize - (address - segment.address))
      return &segment;
  return nullptr;
}

Status ElfImage::map() {
  Pages image;
  HADAL_TRY(Pages::allocate(span, "kernel image", image));
  for (const Segment &segment : segments)
    std::memcpy(image.data() + segment.address, data + segment.offset, segment.fileSize);
  for (const Relocation &relocation : relocations) {
    uint64_t value = reinterpret_cast<uint64_t>(image.data()) + relocation.addend;
    std::memcpy(image.data() + relocation.target, &value, sizeof value);
  }
  uint64_t end = 0;
  auto protect = [&](uint64_t from, uint64_t to, int protection) -> Status {
    if (from < to && mprotect(image.data() + from, to - from, protection) != 0)
      return fail(HADAL_STATUS_UNSUPPORTED,
                  "kernel image: expected to make %" PRIu64 " B %s, got: %s", to - from,
                  protection & PROT_EXEC ? "executable" : "read-only", strerror(errno));
    return {};
  };
  for (const Segment &segment : segments) {
    uint64_t from = pageFloor(segment.address), to = pageCeil(segment.address + segment.memorySize);
    HADAL_TRY(protect(end, from, PROT_NONE));
    HADAL_TRY(protect(from, to, protectionOf(segment.flags)));
    end = to;
  }
  // Only whole pages of a writable segment: the rest may hold data.
  if (segmentOf(readOnlyStart, readOnlySize, PF_W))
    HADAL_TRY(
        protect(pageFloor(readOnlyStart), pageFloor(readOnlyStart + readOnlySize), PROT_READ));
  pages = std::move(image);
  return {};
}

void *ElfImage::address(const char *symbol) const {
  const Symbol *found = find(symbol);
  return found && pages.data() ? pages.data() + found->address : nullptr;
}

Status ElfImage::parse(const uint8_t *data, size_t size, ElfImage &out) {
  ElfImage image;
  image.data = data;
  image.size = size;
  uint64_t address = 0, bytes = 0;
  HADAL_TRY(image.parseSegments(&address, &bytes));
  HADAL_TRY(image.parseDynamicSection(address, bytes));
  out = std::move(image);
  return {};
}

} // namespace hadal::runtime
