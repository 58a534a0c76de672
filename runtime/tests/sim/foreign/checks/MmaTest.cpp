// SPDX-License-Identifier: Apache-2.0
// mma.sync in every shape and type (../cuda/mma.cu) against products of unpacked matrices.
#include "Harness.h"
#include "Values.h"

using namespace hadal::simtest;

namespace {

struct Shape {
  const char *entry;
  size_t m, k;
  char a, b; ///< h f16, b bf16, t tf32, s s8, u u8, S s4, U u4, x and n: b1 with xor or and, d f64
  char out; ///< f f32, h f16, i s32, d f64
};

unsigned widthOf(char type) {
  switch (type) {
  case 'h':
  case 'b': return 16;
  case 't': return 32;
  case 's':
  case 'u': return 8;
  case 'S':
  case 'U': return 4;
  case 'd': return 64;
  default: return 1;
  }
}

/// Bits of an element with a small integer value (any value of the type for integers).
uint64_t encode(char type, int64_t value) {
  switch (type) {
  case 'h': return halfBits(double(value));
  case 'b': return bfloatBits(float(value));
  case 't': return bitCast<uint32_t>(float(value));
  case 'd': return bitCast<uint64_t>(double(value));
  default: return uint64_t(value) & ((uint64_t(1) << widthOf(type)) - 1);
  }
}

std::vector<uint8_t> packAll(char type, const std::vector<int> &values) {
  unsigned width = widthOf(type);
  std::vector<uint8_t> bytes(values.size() * width / 8);
  for (size_t i = 0; i < values.size(); ++i) {
    uint64_t word = encode(type, values[i]);
    for (unsigned bit = 0; bit < width; ++bit)
      if (word >> bit & 1)
        bytes[(i * width + bit) / 8] |= uint8_t(1 << (i * width + bit) % 8);
  }
  return bytes;
}

std::vector<int> valuesFor(char type, size_t count, uint64_t seed) {
  switch (type) {
  case 's': return integers<int>(count, seed, -128, 127);
  case 'u': return integers<int>(count, seed, 0, 255);
  case 'S': return integers<int>(count, seed, -8, 7);
  case 'U': return integers<int>(count, seed, 0, 15);
  case 'x':
  case 'n': return integers<int>(count, seed, 0, 1);
  default: return integers<int>(count, seed, -9, 9);
  }
}

class Mma : public testing::TestWithParam<Shape> {};
INSTANTIATE_TEST_SUITE_P(Shapes, Mma,
                         testing::Values(Shape{"mma_f16_k16", 16, 16, 'h', 'h', 'f'},
                                         Shape{"mma_f16_k8", 16, 8, 'h', 'h', 'f'},
                                         Shape{"mma_f16_f16_k16", 16, 16, 'h', 'h', 'h'},
                                         Shape{"mma_bf16_k16", 16, 16, 'b', 'b', 'f'},
                                         Shape{"mma_bf16_k8", 16, 8, 'b', 'b', 'f'},
                                         Shape{"mma_tf32_k8", 16, 8, 't', 't', 'f'},
                                         Shape{"mma_tf32_k4", 16, 4, 't', 't', 'f'},
                                         Shape{"mma_s8_k32", 16, 32, 's', 's', 'i'},
                                         Shape{"mma_s8_k16", 16, 16, 's', 's', 'i'},
                                         Shape{"mma_u8s8_k32_sat", 16, 32, 'u', 's', 'i'},
                                         Shape{"mma_s4_k64", 16, 64, 'S', 'S', 'i'},
                                         Shape{"mma_u4_k32", 16, 32, 'U', 'U', 'i'},
                                         Shape{"mma_b1_k256_and", 16, 256, 'n', 'n', 'i'},
                                         Shape{"mma_b1_k128_xor", 16, 128, 'x', 'x', 'i'},
                                         Shape{"mma_s8_m8n8k16", 8, 16, 's', 's', 'i'},
                                         Shape{"mma_f64_m8n8k4", 8, 4, 'd', 'd', 'd'}),
                         [](const auto &info) { return std::string(info.param.entry); });

TEST_P(Mma, Multiplies) {
  const Shape &p = GetParam();
  auto a = valuesFor(p.a, p.m * p.k, 1), b = valuesFor(p.b, 8 * p.k, 2);
  auto addend = integers<int>(p.m * 8, 3, -100, 100);
  bool saturates = std::string(p.entry).find("sat") != std::string::npos;
  if (saturates)
    addend[0] = INT32_MAX, addend[9] = INT32_MIN;
  Case c("mma.ptx", p.entry);
  c.block(32).in(packAll(p.a, a));
  c.in(packAll(p.b, b));
  int out = -1;
  switch (p.out) {
  case 'i':
    c.in(addend);
    out = c.out<int32_t>(addend.size());
    break;
  case 'd':
    c.in(std::vector<double>(addend.begin(), addend.end()));
    out = c.out<double>(addend.size());
    break;
  case 'h':
    c.in(packAll('h', addend));
    out = c.out<uint16_t>(addend.size());
    break;
  default:
    c.in(std::vector<float>(addend.begin(), addend.end()));
    out = c.out<float>(addend.size());
  }
  c.seeds(1);
  ASSERT_TRUE(c.run());
  std::vector<double> expected, got;
  for (size_t i = 0; i < p.m; ++i)
    for (size_t j = 0; j < 8; ++j) {
      int64_t sum = addend[i * 8 + j];
      for (size_t l = 0; l < p.k; ++l) {
        int x = a[i * p.k + l], y = b[j * p.k + l];
        sum += p.a == 'x' ? x ^ y : p.a == 'n' ? x & y : x * y;
      }
      if (saturates)
        sum = std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN), INT32_MAX);
      expected.push_back(double(sum));
    }
  for (size_t i = 0; i < expected.size(); ++i)
    got.push_back((p.out == 'i'   ? double(c.result<int32_t>(out)[i])
                   : p.out == 'd' ? c.result<double>(out)[i]
                   : p.out == 'h' ? double(halfValue(c.result<uint16_t>(out)[i]))
                                  : double(c.result<float>(out)[i])) +
                  0.0);
  expectEqual(got, expected, p.entry);
}

TEST(MmaQuadPairs, F16M8n8k4) {
  auto a = integers<int>(4 * 32, 4, -9, 9), b = integers<int>(4 * 32, 5, -9, 9);
  auto addend = integers<float>(4 * 64, 6, -50, 50);
  Case c("mma.ptx", "mma_f16_m8n8k4");
  c.block(32).in(packAll('h', a));
  c.in(packAll('h', b));
  c.in(addend);
  int out = c.out<float>(4 * 64);
  c.seeds(1);
  ASSERT_TRUE(c.run());
  for (size_t pair = 0; pair < 4; ++pair)
    for (size_t i = 0; i < 8; ++i)
      for (size_t j = 0; j < 8; ++j)
        for (size_t l = 0; l < 4; ++l)
          addend[pair * 64 + i * 8 + j] +=
              float(a[pair * 32 + i * 4 + l] * b[pair * 32 + l * 8 + j]);
  auto got = c.result<float>(out);
  for (float &v : got)
    v += 0.0f;
  expectEqual(got, addend);
}

class SharedSync : public testing::TestWithParam<const char *> {};
INSTANTIATE_TEST_SUITE_P(Levels, SharedSync,
                         testing::Values("sharedlock.ptx", "sharedlock.sm_75.ptx"),
                         [](const auto &info) {
                           return std::string(info.param) == "sharedlock.ptx" ? "sm_80" : "sm_75";
                         });

TEST_P(SharedSync, Mutex) {
  Case c(GetParam(), "shared_mutex");
  c.grid(2).block(96);
  int out = c.out<int32_t>(2);
  c.scalar<int32_t>(3).timingDependent();
  ASSERT_TRUE(c.run());
  expectEqual(c.result<int32_t>(out), {27, 27});
}

TEST_P(SharedSync, Flags) {
  auto data = integers<int32_t>(7 * 32, 7, -1000, 1000);
  Case c(GetParam(), "shared_flags");
  c.block(64).in(data);
  int out = c.out<int32_t>(7 * 32);
  c.scalar<int32_t>(7).timingDependent();
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (size_t i = 0; i < 7 * 32; ++i)
    expected.push_back(2 * data[i / 32 * 32 + 31 - i % 32]);
  expectEqual(c.result<int32_t>(out), expected);
}

TEST_P(SharedSync, ReleaseAcquire) {
  auto data = integers<int32_t>(32, 8, -1000, 1000);
  Case c(GetParam(), "shared_release_acquire");
  c.block(64).in(data);
  int out = c.out<int32_t>(32);
  c.timingDependent();
  ASSERT_TRUE(c.run());
  std::vector<int32_t> expected;
  for (size_t i = 0; i < 32; ++i)
    expected.push_back(data[31 - i] + 1);
  expectEqual(c.result<int32_t>(out), expected);
}

TEST(SharedSyncSm75, CudaBarrier) {
  auto data = integers<int32_t>(256, 9, -1000, 1000);
  Case c("sharedlock.sm_75.ptx", "shared_cuda_barrier");
  c.grid(2).block(128).in(data);
  int out = c.out<int32_t>(256);
  c.scalar<int32_t>(4).timingDependent();
  ASSERT_TRUE(c.run());
  for (int round = 0; round < 4; ++round) {
    std::vector<int32_t> next(256);
    for (size_t b = 0; b < 2; ++b)
      for (size_t t = 0; t < 128; ++t)
        next[b * 128 + t] = (data[b * 128 + (t * 5 + 1) % 128] + round) ^ (round << 4);
    data = next;
  }
  expectEqual(c.result<int32_t>(out), data);
}

} // namespace
