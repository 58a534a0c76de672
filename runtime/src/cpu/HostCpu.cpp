// SPDX-License-Identifier: Apache-2.0
// Reads the CPU's features; sources: Intel SDM volume 2 (CPUID), volume 1
// chapter 13 (XCR0), and the x86-64 psABI (levels v3 and v4).
#include "cpu/HostCpu.h"

#include <cstdlib>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace hadal::runtime {
namespace {

constexpr uint32_t bits() { return 0; }
template <typename... Rest> constexpr uint32_t bits(unsigned first, Rest... rest) {
  return uint32_t(1) << first | bits(rest...);
}

// FMA, SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX, F16C
constexpr uint32_t kV3Leaf1 = bits(12, 20, 22, 23, 27, 28, 29);
// BMI1, AVX2, BMI2
constexpr uint32_t kV3Leaf7 = bits(3, 5, 8);
// LZCNT
constexpr uint32_t kV3Extended = bits(5);
// AVX512F, DQ, CD, BW, VL
constexpr uint32_t kV4Leaf7 = kV3Leaf7 | bits(16, 17, 28, 30, 31);
// AVX512_VNNI: the compiler may use it in every kernel of the level
constexpr uint32_t kVnniLeaf7 = bits(11);
// AVX512_BF16
constexpr uint32_t kBf16Leaf7Sub1 = bits(5);
// Registers that the operating system saves: XMM and YMM; opmask and ZMM.
constexpr uint64_t kXcr0Avx = 0x6, kXcr0Avx512 = 0xe6;

struct Level {
  const char *name;
  CpuIdentity needs;
};

// Ascending: each needs what the one before it does.
constexpr Level kLevels[] = {
    {"x86-64-v2", {}}, // to pass for a machine that executes none of the others
    {"x86-64-v3", {kV3Leaf1, kV3Leaf7, 0, 0, kV3Extended, kXcr0Avx}},
    {"x86-64-v4", {kV3Leaf1, kV4Leaf7, 0, 0, kV3Extended, kXcr0Avx512}},
    {"x86-64-v4-bf16", {kV3Leaf1, kV4Leaf7, kVnniLeaf7, kBf16Leaf7Sub1, kV3Extended, kXcr0Avx512}},
};

bool has(uint64_t value, uint64_t mask) { return (value & mask) == mask; }

CpuIdentity readRegisters() {
  CpuIdentity identity;
#if defined(__x86_64__)
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d))
    return identity;
  identity.leaf1Ecx = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
    identity.leaf7Ebx = b;
    identity.leaf7Ecx = c;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d))
      identity.leaf7Sub1Eax = a;
  }
  if (__get_cpuid(0x80000001u, &a, &b, &c, &d))
    identity.extended1Ecx = c;
  if (has(identity.leaf1Ecx, bits(27))) { // xgetbv exists
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    identity.xcr0 = uint64_t(high) << 32 | low;
  }
#endif
  return identity;
}

} // namespace

std::string readHostCpu(CpuIdentity &identity) {
  identity = readRegisters();
  const char *name = std::getenv("HADAL_CPU_AT_MOST");
  if (!name || !*name)
    return "";
  std::string known;
  for (const auto &[level, needs] : kLevels) {
    if (!std::strcmp(name, level)) {
      identity.leaf1Ecx &= needs.leaf1Ecx;
      identity.leaf7Ebx &= needs.leaf7Ebx;
      identity.leaf7Ecx &= needs.leaf7Ecx;
      identity.leaf7Sub1Eax &= needs.leaf7Sub1Eax;
      identity.extended1Ecx &= needs.extended1Ecx;
      identity.xcr0 &= needs.xcr0;
      return "";
    }
    known += std::string(known.empty() ? "" : ", ") + level;
  }
  return "HADAL_CPU_AT_MOST: expected one of " + known + ", got '" + name + "'";
}

std::vector<const char *> executableLevels(const CpuIdentity &identity) {
  std::vector<const char *> names;
  for (const Level &level : kLevels) {
    const CpuIdentity &needs = level.needs;
    if (needs.xcr0 && has(identity.leaf1Ecx, needs.leaf1Ecx) &&
        has(identity.leaf7Ebx, needs.leaf7Ebx) && has(identity.leaf7Ecx, needs.leaf7Ecx) &&
        has(identity.leaf7Sub1Eax, needs.leaf7Sub1Eax) &&
        has(identity.extended1Ecx, needs.extended1Ecx) && has(identity.xcr0, needs.xcr0))
      names.insert(names.begin(), level.name);
  }
  return names;
}

bool executes(const CpuIdentity &identity, const char *level) {
  for (const char *name : executableLevels(identity))
    if (!std::strcmp(name, level))
      return true;
  return false;
}

} // namespace hadal::runtime
