// SPDX-License-Identifier: Apache-2.0
// The ELF loader: what it maps, what it refuses, and that damage never crashes it.
#include "cpu/ElfImage.h"
#include "ArtifactBuilder.h"
#include "hadal_kernel_abi.h"

#include <gtest/gtest.h>

#include <cstring>
#include <elf.h>

namespace hadal::runtime {
namespace {

using test::AlignedBytes;
using test::Bytes;
using test::readImage;

std::string parseMessage(const Bytes &bytes) {
  AlignedBytes copy(bytes);
  ElfImage image;
  return ElfImage::parse(copy.data(), copy.size(), image).message();
}

// Sets a field of the ELF header, or of the first program header of a type.
template <typename T>
Bytes patch(Bytes bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
  return bytes;
}

size_t programHeader(const Bytes &bytes, uint32_t type) {
  Elf64_Ehdr header;
  std::memcpy(&header, bytes.data(), sizeof header);
  for (uint32_t i = 0; i < header.e_phnum; ++i) {
    size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
    uint32_t found;
    std::memcpy(&found, bytes.data() + at, sizeof found);
    if (found == type)
      return at;
  }
  ADD_FAILURE() << "no program header of type " << type;
  return 0;
}

TEST(ElfImageTest, RunsAndRelocates) {
  for (const char *name : {"model", "model-sysv", "model-gnu"}) {
    Bytes bytes = readImage(name);
    ElfImage image;
    ASSERT_STREQ(ElfImage::parse(bytes.data(), bytes.size(), image).message(), "ok") << name;
    EXPECT_TRUE(image.exports("relocated"));
    EXPECT_FALSE(image.exports("relocate"));
    EXPECT_FALSE(image.exports(""));
    EXPECT_EQ(image.address("relocated"), nullptr);
    ASSERT_STREQ(image.map().message(), "ok");
    auto kernel = reinterpret_cast<hadal_kernel_fn_t>(image.address("relocated"));
    ASSERT_NE(kernel, nullptr);
    hadal_workgroup_state_t workgroup = {};
    EXPECT_EQ(kernel(nullptr, &workgroup), 41);
    EXPECT_EQ(kernel(nullptr, &workgroup), 42);
    // A second image of the same bytes has its own data.
    ElfImage other;
    ASSERT_TRUE(ElfImage::parse(bytes.data(), bytes.size(), other).ok());
    ASSERT_TRUE(other.map().ok());
    kernel = reinterpret_cast<hadal_kernel_fn_t>(other.address("relocated"));
    EXPECT_EQ(kernel(nullptr, &workgroup), 41);
  }
}

// The permissions of the page at `address`, as in /proc/self/maps: "r-xp".
std::string permissionsAt(const void *address) {
  FILE *maps = std::fopen("/proc/self/maps", "r");
  char line[512], permissions[8] = "";
  uintptr_t wanted = reinterpret_cast<uintptr_t>(address);
  while (maps && std::fgets(line, sizeof line, maps)) {
    unsigned long from, to;
    char found[8];
    if (std::sscanf(line, "%lx-%lx %7s", &from, &to, found) == 3 && wanted >= from && wanted < to)
      std::strcpy(permissions, found);
  }
  if (maps)
    std::fclose(maps);
  return permissions;
}

TEST(ElfImageTest, CodeIsNotWritable) {
  Bytes bytes = readImage("model");
  ElfImage image;
  ASSERT_TRUE(ElfImage::parse(bytes.data(), bytes.size(), image).ok());
  ASSERT_TRUE(image.map().ok());
  EXPECT_EQ(permissionsAt(image.address("sum")), "r-xp");
}

TEST(ElfImageTest, RefusesByName) {
  struct Case {
    const char *image;
    const char *message;
  } const cases[] = {
      {"import", "symbol 'absent': expected a definition in the image, got an import"},
      {"initialiser", "dynamic section: expected no initialiser or finaliser, got one"},
      {"needed", "dynamic section: expected no needed library, got DT_NEEDED"},
      {"packed-relocations", "dynamic section: expected plain relocations, got DT_RELR"},
      {"symbolic", "relocation 0: expected R_X86_64_RELATIVE (8), got R_X86_64_GLOB_DAT (6)"},
  };
  for (const Case &entry : cases)
    EXPECT_EQ(parseMessage(readImage(entry.image)), entry.message) << entry.image;
  struct Part {
    const char *image;
    const char *part;
  } const parts[] = {
      {"thread-local", "expected no thread-local storage, got PT_TLS"},
      {"executable-stack", "expected a stack that is not executable"},
      {"writable-code", "p_flags: expected writable or executable, got both"},
      {"large-pages", "p_align: expected at most 4096, got 65536"},
  };
  for (const Part &entry : parts) {
    std::string message = parseMessage(readImage(entry.image));
    EXPECT_NE(message.find(entry.part), std::string::npos) << entry.image << ": " << message;
  }
}

TEST(ElfImageTest, RefusesOtherFiles) {
  Bytes image = readImage("model");
  EXPECT_EQ(parseMessage({}), "size: expected at least 64 B, got 0 B");
  EXPECT_EQ(parseMessage(Bytes(100)), "e_ident: expected an ELF file, got other bytes");
  EXPECT_EQ(parseMessage(patch<uint8_t>(image, EI_CLASS, ELFCLASS32)),
            "e_ident: expected 64-bit little-endian, got class 1, data 1");
  EXPECT_EQ(parseMessage(patch<uint16_t>(image, offsetof(Elf64_Ehdr, e_type), ET_EXEC)),
            "e_type: expected ET_DYN (3), got 2");
  EXPECT_EQ(parseMessage(patch<uint16_t>(image, offsetof(Elf64_Ehdr, e_machine), EM_AARCH64)),
            "e_machine: expected EM_X86_64 (62), got 183");
  EXPECT_EQ(parseMessage(patch<uint16_t>(image, offsetof(Elf64_Ehdr, e_phnum), 33)),
            "e_phnum: expected 1 to 32, got 33");
  EXPECT_EQ(parseMessage(patch<uint64_t>(image, offsetof(Elf64_Ehdr, e_phoff), UINT64_MAX - 8))
                .find("e_phoff: expected "),
            0u);
}

TEST(ElfImageTest, RefusesSegmentsOutOfBounds) {
  Bytes image = readImage("model");
  size_t load = programHeader(image, PT_LOAD), dynamic = programHeader(image, PT_DYNAMIC);
  auto has = [&](const Bytes &bytes, const char *part) {
    std::string message = parseMessage(bytes);
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  has(patch<uint64_t>(image, load + offsetof(Elf64_Phdr, p_offset), UINT64_MAX),
      "p_offset: expected");
  has(patch<uint64_t>(image, load + offsetof(Elf64_Phdr, p_filesz), uint64_t(1) << 40),
      "p_offset: expected");
  has(patch<uint64_t>(image, load + offsetof(Elf64_Phdr, p_memsz), 1),
      "p_filesz: expected at most");
  has(patch<uint64_t>(image, load + offsetof(Elf64_Phdr, p_memsz), uint64_t(1) << 40),
      "p_memsz: expected");
  has(patch<uint64_t>(image, load + offsetof(Elf64_Phdr, p_vaddr), 0x100000), "p_vaddr: expected");
  has(patch<uint32_t>(image, dynamic, PT_NULL), "expected a PT_DYNAMIC, got none");
  has(patch<uint32_t>(image, dynamic, PT_INTERP), "expected no interpreter");
  has(patch<uint32_t>(image, dynamic, 0x12345678), "p_type: expected a known type");
  has(patch<uint64_t>(image, dynamic + offsetof(Elf64_Phdr, p_vaddr), uint64_t(1) << 33),
      "PT_DYNAMIC: expected");
}

// Every byte of the parts that the loader reads, with several values; what still
// parses must map. Nothing may read out of bounds (the sanitizers watch).
TEST(ElfImageTest, DamageNeverCrashes) {
  for (const char *name : {"model-sysv", "model-gnu"}) {
    Bytes image = readImage(name);
    size_t parsed = 0, refused = 0;
    for (size_t i = 0; i < image.size(); ++i)
      for (uint8_t flip : {0x01, 0x80, 0xff}) {
        Bytes damaged = image;
        damaged[i] ^= flip;
        AlignedBytes copy(damaged);
        ElfImage parsedImage;
        if (!ElfImage::parse(copy.data(), copy.size(), parsedImage).ok()) {
          ++refused;
          continue;
        }
        ++parsed;
        if (flip == 0xff)
          EXPECT_TRUE(parsedImage.map().ok());
      }
    EXPECT_GT(parsed, 0u);
    EXPECT_GT(refused, 100u);
    for (size_t size = 0; size < image.size(); size += 7)
      parseMessage(Bytes(image.begin(), image.begin() + static_cast<ptrdiff_t>(size)));
  }
}

} // namespace
} // namespace hadal::runtime
