// SPDX-License-Identifier: Apache-2.0
// Detects instruction-set levels; sources: Intel SDM volume 2 (CPUID), volume 1
// chapter 13 (XCR0), and the x86-64 psABI (levels v3 and v4).
#include "cpu/CpuLevel.h"

#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace hadal::runtime {
namespace {

constexpr const char *kV3 = "x86-64-v3";
constexpr const char *kV4Bf16 = "x86-64-v4-bf16";
constexpr const char *kKnown[] = {kV4Bf16, kV3};

constexpr uint32_t bit(unsigned index) { return uint32_t(1) << index; }

// FMA, SSE4.2, MOVBE, POPCNT, OSXSAVE, AVX, F16C
constexpr uint32_t kV3Leaf1 = bit(12) | bit(20) | bit(22) | bit(23) | bit(27) | bit(28) | bit(29);
// BMI1, AVX2, BMI2
constexpr uint32_t kV3Leaf7 = bit(3) | bit(5) | bit(8);
// LZCNT
constexpr uint32_t kV3Extended = bit(5);
// AVX512F, DQ, CD, BW, VL
constexpr uint32_t kV4Leaf7 = bit(16) | bit(17) | bit(28) | bit(30) | bit(31);
// AVX512_VNNI: the compiler may use it in every kernel of the level
constexpr uint32_t kVnniLeaf7 = bit(11);
// AVX512_BF16
constexpr uint32_t kBf16Leaf7Sub1 = bit(5);
// Registers that the operating system saves: XMM and YMM; opmask and ZMM.
constexpr uint64_t kXcr0Avx = 0x6, kXcr0Avx512 = 0xe6;

bool has(uint64_t value, uint64_t mask) { return (value & mask) == mask; }

} // namespace

CpuIdentity readCpuIdentity() {
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
  if (identity.leaf1Ecx & bit(27)) { // xgetbv exists
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    identity.xcr0 = uint64_t(high) << 32 | low;
  }
#endif
  return identity;
}

std::vector<const char *> cpuLevels(const CpuIdentity &identity) {
  std::vector<const char *> levels;
  bool v3 = has(identity.leaf1Ecx, kV3Leaf1) && has(identity.leaf7Ebx, kV3Leaf7) &&
            has(identity.extended1Ecx, kV3Extended) && has(identity.xcr0, kXcr0Avx);
  bool v4Bf16 = v3 && has(identity.leaf7Ebx, kV4Leaf7) && has(identity.leaf7Ecx, kVnniLeaf7) &&
                has(identity.leaf7Sub1Eax, kBf16Leaf7Sub1) && has(identity.xcr0, kXcr0Avx512);
  if (v4Bf16)
    levels.push_back(kV4Bf16);
  if (v3)
    levels.push_back(kV3);
  return levels;
}

Status restrictLevels(const char *forced, std::vector<const char *> &levels) {
  if (!forced || !*forced)
    return {};
  for (const char *level : levels)
    if (!std::strcmp(level, forced)) {
      levels.assign(1, level);
      return {};
    }
  for (const char *known : kKnown)
    if (!std::strcmp(known, forced))
      return fail(HADAL_STATUS_UNSUPPORTED,
                  "HADAL_CPU_LEVEL: expected a level that this CPU has (best: %s), got '%s'",
                  levels.empty() ? "none" : levels.front(), forced);
  return fail(HADAL_STATUS_INVALID_ARGUMENT, "HADAL_CPU_LEVEL: expected %s or %s, got '%s'", kV3,
              kV4Bf16, forced);
}

} // namespace hadal::runtime
