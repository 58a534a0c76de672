// SPDX-License-Identifier: Apache-2.0
// Maps a kernel image, a small ELF file, without the dynamic loader.
#ifndef HADAL_CPU_ELFIMAGE_H
#define HADAL_CPU_ELFIMAGE_H

#include "core/Memory.h"
#include "core/Status.h"

#include <string_view>
#include <vector>

namespace hadal::runtime {

/// An x86-64 ELF of type ET_DYN that imports nothing, whose only relocations
/// are R_X86_64_RELATIVE, and of which no page is both writable and executable.
/// Everything else is refused by name. Nothing of it runs at load.
class ElfImage {
public:
  /// Checks the file in [data, data + size), which must outlive this object.
  static Status parse(const uint8_t *data, size_t size, ElfImage &out);

  /// Maps and relocates it; addresses are valid for the life of this object.
  Status map();

  bool mapped() const { return pages.data() != nullptr; }

  /// Whether the image exports a function of that name.
  bool exports(const char *symbol) const { return find(symbol) != nullptr; }

  /// The address of an exported function; null when there is none, or before
  /// map().
  void *address(const char *symbol) const;

private:
  struct Segment {
    uint64_t offset, address, fileSize, memorySize;
    uint32_t flags;
  };
  struct Symbol {
    std::string_view name;
    uint64_t address;
  };
  struct Relocation {
    uint64_t target, addend;
  };
  struct Dynamic;

  const Symbol *find(const char *symbol) const;
  const uint8_t *view(uint64_t address, uint64_t size) const;
  const Segment *segmentOf(uint64_t address, uint64_t size, uint32_t flags) const;
  Status parseSegments(uint64_t *dynamicAddress, uint64_t *dynamicSize);
  Status addSegment(const Segment &segment, uint64_t alignment);
  Status parseDynamicSection(uint64_t address, uint64_t size);
  Status parseTags(uint64_t address, uint64_t size, Dynamic &out) const;
  Status parseSymbols(const Dynamic &dynamic);
  Status countSymbols(const Dynamic &dynamic, uint64_t *count) const;
  Status parseRelocations(const Dynamic &dynamic);

  const uint8_t *data = nullptr;
  size_t size = 0;
  uint64_t span = 0; // bytes of address space
  uint64_t readOnlyStart = 0, readOnlySize = 0; // PT_GNU_RELRO
  std::vector<Segment> segments;
  std::vector<Symbol> symbols; // by name
  std::vector<Relocation> relocations;
  Pages pages;
};

} // namespace hadal::runtime

#endif // HADAL_CPU_ELFIMAGE_H
