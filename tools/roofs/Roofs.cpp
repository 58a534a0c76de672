// SPDX-License-Identifier: Apache-2.0
// What the machine can do at best: read memory, multiply and add.
#include "roofs/Roofs.h"

#include "cpu/HostCpu.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>

#include <immintrin.h>

namespace hadal::tools {

namespace {

enum class Use { always, experts, table, never };

/// What a decoded token reads of a parameter, by the names that the importer
/// gives: stacked experts are layers.N.moe.{gate,up,down} [experts, ...].
Use useOf(const hadal_parameter_info_t &info) {
  std::string name = info.name;
  if (!info.data || name.rfind("rope.", 0) == 0)
    return Use::never; // a row of a table
  if (name.rfind("embed", 0) == 0)
    return Use::table;
  bool moe = name.find(".moe.") != std::string::npos || name.find("experts") != std::string::npos;
  return moe && info.rank >= 3 ? Use::experts : Use::always;
}

} // namespace

std::vector<ByteRange> decodeRanges(const Model &model) {
  struct Entry {
    ByteRange range;
    Use use;
  };
  std::vector<Entry> entries;
  uint64_t always = 0, experts = 0;
  bool hasHead = false;
  uint32_t count = hadal_module_parameter_count(model.module());
  for (uint32_t i = 0; i < count; ++i) {
    hadal_parameter_info_t info{};
    info.struct_size = sizeof(info);
    check(hadal_module_parameter(model.module(), i, &info));
    entries.push_back({{static_cast<const char *>(info.data), info.size}, useOf(info)});
    hasHead |= std::strstr(info.name, "head") != nullptr;
  }
  for (Entry &entry : entries) {
    // Tied embeddings are the output projection too, which is read whole.
    if (entry.use == Use::table)
      entry.use = hasHead ? Use::never : Use::always;
    if (entry.use == Use::always)
      always += entry.range.size;
    if (entry.use == Use::experts)
      experts += entry.range.size;
  }
  uint64_t wanted = model.info().decode_weight_bytes;
  double share = 1;
  if (experts > 0 && wanted > always && wanted < always + experts)
    share = static_cast<double>(wanted - always) / static_cast<double>(experts);
  std::vector<ByteRange> ranges;
  for (const Entry &entry : entries) {
    ByteRange range = entry.range;
    if (entry.use == Use::never)
      continue;
    if (entry.use == Use::experts)
      range.size = static_cast<uint64_t>(static_cast<double>(range.size) * share);
    ranges.push_back(range);
  }
  return ranges;
}

uint64_t totalBytes(const std::vector<ByteRange> &ranges) {
  uint64_t sum = 0;
  for (const ByteRange &range : ranges)
    sum += range.size;
  return sum;
}

namespace {

/// Keeps results alive that nothing reads.
std::atomic<uint64_t> sink{0};

/// Eight loads are in flight a core; or-ing them is the cheapest use.
__attribute__((target("avx2"))) uint64_t readBytes(const char *data, uint64_t size) {
  __m256i sums[8];
  for (__m256i &sum : sums)
    sum = _mm256_setzero_si256();
  uint64_t i = 0;
  for (; i + 256 <= size; i += 256)
    for (int k = 0; k < 8; ++k)
      sums[k] = _mm256_or_si256(
          sums[k], _mm256_loadu_si256(reinterpret_cast<const __m256i *>(data + i) + k));
  for (int k = 1; k < 8; ++k)
    sums[0] = _mm256_or_si256(sums[0], sums[k]);
  uint64_t result = static_cast<uint64_t>(_mm256_extract_epi64(sums[0], 0)) |
                    static_cast<uint64_t>(_mm256_extract_epi64(sums[0], 2));
  for (; i < size; ++i)
    result |= static_cast<unsigned char>(data[i]);
  return result;
}

// Twelve independent sums cover the latency of the multiply-add units of current
// cores. The empty asm keeps the compiler from computing the sums in advance.
constexpr int chains = 12;
constexpr uint64_t batch = 4096;

__attribute__((target("avx2,fma"))) float fmaBatch256() {
  __m256 sums[chains];
  for (__m256 &sum : sums)
    sum = _mm256_setzero_ps();
  __m256 a = _mm256_set1_ps(1.0000001f), b = _mm256_set1_ps(1e-7f);
  for (uint64_t i = 0; i < batch; ++i) {
    asm volatile("" : "+x"(a), "+x"(b));
    for (__m256 &sum : sums)
      sum = _mm256_fmadd_ps(a, b, sum);
  }
  __m256 total = sums[0];
  for (int k = 1; k < chains; ++k)
    total = _mm256_add_ps(total, sums[k]);
  return _mm256_cvtss_f32(total);
}

__attribute__((target("avx512f"))) float fmaBatch512() {
  __m512 sums[chains];
  for (__m512 &sum : sums)
    sum = _mm512_setzero_ps();
  __m512 a = _mm512_set1_ps(1.0000001f), b = _mm512_set1_ps(1e-7f);
  for (uint64_t i = 0; i < batch; ++i) {
    asm volatile("" : "+v"(a), "+v"(b));
    for (__m512 &sum : sums)
      sum = _mm512_fmadd_ps(a, b, sum);
  }
  __m512 total = sums[0];
  for (int k = 1; k < chains; ++k)
    total = _mm512_add_ps(total, sums[k]);
  return _mm512_cvtss_f32(total);
}

__attribute__((target("avx512f,avx512bf16"))) float bf16Batch() {
  __m512 sums[chains];
  for (__m512 &sum : sums)
    sum = _mm512_setzero_ps();
  // 0x3f80 is one in bf16.
  __m512i a = _mm512_set1_epi16(0x3f80), b = _mm512_set1_epi16(0x3f80);
  for (uint64_t i = 0; i < batch; ++i) {
    asm volatile("" : "+v"(a), "+v"(b));
    for (__m512 &sum : sums)
      sum = _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
  }
  __m512 total = sums[0];
  for (int k = 1; k < chains; ++k)
    total = _mm512_add_ps(total, sums[k]);
  return _mm512_cvtss_f32(total);
}

struct DotUnit {
  const char *name;
  float (*run)();
  double operations; // of one instruction
};

DotUnit dotUnit() {
  runtime::CpuIdentity cpu;
  runtime::readHostCpu(cpu); // a variable that it cannot read has ended the context
  if (runtime::executes(cpu, "x86-64-v4-bf16"))
    return {"bf16 dot product, 512 bits (vdpbf16ps)", bf16Batch, 64};
  if (runtime::executes(cpu, "x86-64-v4"))
    return {"f32 multiply-add, 512 bits (vfmadd231ps)", fmaBatch512, 32};
  return {"f32 multiply-add, 256 bits (vfmadd231ps)", fmaBatch256, 16};
}

} // namespace

double measureRead(Team &team, const std::vector<ByteRange> &ranges) {
  uint64_t total = totalBytes(ranges);
  // Each thread reads one contiguous part of the whole.
  uint64_t part = (total / team.size() + 63) / 64 * 64;
  double seconds = team.run([&](unsigned index) {
    uint64_t begin = std::min(total, part * index);
    uint64_t end = index + 1 == team.size() ? total : std::min(total, begin + part);
    uint64_t at = 0, result = 0;
    for (const ByteRange &range : ranges) {
      uint64_t from = std::max(begin, at), to = std::min(end, at + range.size);
      if (from < to)
        result |= readBytes(range.data + (from - at), to - from);
      at += range.size;
    }
    sink |= result;
  });
  return seconds > 0 ? static_cast<double>(total) / seconds : 0;
}

std::string dotUnitName() { return dotUnit().name; }

double measureDot(Team &team, double seconds) {
  DotUnit unit = dotUnit();
  std::atomic<uint64_t> batches{0};
  double elapsed = team.run([&](unsigned) {
    auto start = std::chrono::steady_clock::now();
    uint64_t own = 0;
    float result = 0;
    do {
      result += unit.run();
      ++own;
    } while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() <
             seconds);
    batches += own;
    sink |= static_cast<uint64_t>(result != 0);
  });
  return static_cast<double>(batches.load() * batch * chains) * unit.operations / elapsed;
}

} // namespace hadal::tools
