// SPDX-License-Identifier: Apache-2.0
// Matrix products of ../cuda/gemm.cu, gemm_bf16.cu and fp8.cu: tiled f32, wmma in every type, mma.sync.
#include "Harness.h"
#include "Values.h"

using namespace hadal::simtest;

namespace {

/// C = A B with accessors, in f64; operands are small integers or exact in the stored type, so results are exact.
template <typename A, typename B>
std::vector<double> multiply(size_t m, size_t n, size_t k, const A &a, const B &b) {
  std::vector<double> c(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l)
        c[i * n + j] += double(a(i, l)) * double(b(l, j));
  return c;
}

TEST(Gemm, TiledF32) {
  const size_t m = 37, n = 50, k = 29;
  auto a = reals<float>(m * k, 1, -1, 1), b = reals<float>(k * n, 2, -1, 1);
  Case c("gemm.ptx", "gemm_tiled_f32");
  c.grid(4, 3).block(16, 16).in(a);
  c.in(b);
  int out = c.out<float>(m * n);
  c.scalar<int32_t>(m).scalar<int32_t>(n).scalar<int32_t>(k);
  ASSERT_TRUE(c.run());
  std::vector<float> expected(m * n); // the same order and fused operations: bit-identical
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l)
        expected[i * n + j] = std::fma(a[i * k + l], b[l * n + j], expected[i * n + j]);
  expectEqual(c.result<float>(out), expected);
}

TEST(Gemm, RegisterTiledF32) {
  const size_t m = 128, n = 64, k = 48;
  auto a = reals<float>(m * k, 3, -1, 1), b = reals<float>(k * n, 4, -1, 1);
  Case c("gemm.ptx", "gemm_register_tiled_f32");
  c.grid(1, 2).block(256).in(a);
  c.in(b);
  int out = c.out<float>(m * n);
  c.scalar<int32_t>(m).scalar<int32_t>(n).scalar<int32_t>(k);
  ASSERT_TRUE(c.run());
  std::vector<float> expected(m * n);
  for (size_t i = 0; i < m; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t l = 0; l < k; ++l)
        expected[i * n + j] = std::fma(a[i * k + l], b[l * n + j], expected[i * n + j]);
  expectEqual(c.result<float>(out), expected);
}

struct Wmma {
  const char *entry;
  size_t tileM, tileN, tileK;
  char type; ///< h f16, H f16 with f16 result, b bf16, t tf32, s s8, u u8, d f64
  bool rowA, rowB;
};
class WmmaTest : public testing::TestWithParam<Wmma> {};
INSTANTIATE_TEST_SUITE_P(Gemm, WmmaTest,
                         testing::Values(Wmma{"wmma_f16_f32_rr", 16, 16, 16, 'h', true, true},
                                         Wmma{"wmma_f16_f32_rc", 16, 16, 16, 'h', true, false},
                                         Wmma{"wmma_f16_f32_cr", 16, 16, 16, 'h', false, true},
                                         Wmma{"wmma_f16_f32_cc", 16, 16, 16, 'h', false, false},
                                         Wmma{"wmma_f16_f16", 16, 16, 16, 'H', true, false},
                                         Wmma{"wmma_f16_f32_32x8", 32, 8, 16, 'h', true, false},
                                         Wmma{"wmma_f16_f32_8x32", 8, 32, 16, 'h', true, true},
                                         Wmma{"wmma_bf16", 16, 16, 16, 'b', true, false},
                                         Wmma{"wmma_bf16_32x8", 32, 8, 16, 'b', false, true},
                                         Wmma{"wmma_bf16_8x32", 8, 32, 16, 'b', true, true},
                                         Wmma{"wmma_tf32", 16, 16, 8, 't', true, false},
                                         Wmma{"wmma_s8", 16, 16, 16, 's', true, false},
                                         Wmma{"wmma_u8_32x8", 32, 8, 16, 'u', true, true},
                                         Wmma{"wmma_s8_8x32", 8, 32, 16, 's', false, true},
                                         Wmma{"wmma_f64", 8, 8, 4, 'd', true, false}),
                         [](const auto &info) { return std::string(info.param.entry); });

TEST_P(WmmaTest, Multiplies) {
  const Wmma &p = GetParam();
  const size_t m = 2 * p.tileM, n = 2 * p.tileN, k = 3 * p.tileK;
  // Small integers: every product and sum is exact in every type, so the result does not depend on the order.
  auto a = integers<int>(m * k, 5, p.type == 'u' ? 0 : -6, 6),
       b = integers<int>(k * n, 6, p.type == 'u' ? 0 : -5, 7);
  if (p.type == 's')
    a[3] = -128, b[5] = 127;
  if (p.type == 'u')
    a[3] = 255, b[5] = 255;
  Case c("gemm.ptx", p.entry);
  c.grid(2, 2).block(32);
  auto pass = [&](const std::vector<int> &values) {
    switch (p.type) {
    case 'h':
    case 'H':
    case 'b': {
      std::vector<uint16_t> stored;
      for (int v : values)
        stored.push_back(p.type == 'b' ? bfloatBits(float(v)) : halfBits(v));
      return c.in(stored);
    }
    case 't': return c.in(std::vector<float>(values.begin(), values.end()));
    case 'd': return c.in(std::vector<double>(values.begin(), values.end()));
    default: return c.in(std::vector<uint8_t>(values.begin(), values.end()));
    }
  };
  pass(a);
  pass(b);
  int out = p.type == 'H'   ? c.out<uint16_t>(m * n)
            : p.type == 'd' ? c.out<double>(m * n)
                            : c.out<float>(m * n);
  c.scalar<int32_t>(int32_t(n)).scalar<int32_t>(int32_t(k));
  ASSERT_TRUE(c.run());
  auto expected = multiply(
      m, n, k, [&](size_t i, size_t l) { return p.rowA ? a[i * k + l] : a[l * m + i]; },
      [&](size_t l, size_t j) { return p.rowB ? b[l * n + j] : b[j * k + l]; });
  std::vector<double> got(m * n);
  for (size_t i = 0; i < m * n; ++i)
    got[i] = p.type == 'H'                    ? halfValue(c.result<uint16_t>(out)[i])
             : p.type == 'd'                  ? c.result<double>(out)[i]
             : p.type == 's' || p.type == 'u' ? double(c.result<int32_t>(out)[i])
                                              : c.result<float>(out)[i];
  for (double &v : got)
    v += 0.0;
  expectEqual(got, expected, p.entry);
}

TEST(Gemm, WmmaShared) {
  const size_t m = 64, n = 64, k = 48;
  auto a = integers<int>(m * k, 7, -4, 4), b = integers<int>(k * n, 8, -4, 4);
  auto old = integers<float>(m * n, 9, -9, 9);
  std::vector<uint16_t> ha, hb;
  for (int v : a)
    ha.push_back(halfBits(v));
  for (int v : b)
    hb.push_back(halfBits(v));
  Case c("gemm.ptx", "wmma_shared_f16");
  c.grid(2, 2).block(128).in(ha);
  c.in(hb);
  int out = c.in(old);
  c.scalar<int32_t>(n).scalar<int32_t>(k).scalar<float>(0.5f).scalar<float>(-2.0f);
  ASSERT_TRUE(c.run());
  auto product = multiply(
      m, n, k, [&](size_t i, size_t l) { return a[i * k + l]; },
      [&](size_t l, size_t j) { return b[l * n + j]; });
  std::vector<double> expected;
  for (size_t i = 0; i < m * n; ++i)
    expected.push_back(0.5 * product[i] - 2.0 * double(old[i]));
  expectNear(c.result<float>(out), expected, 0, 0);
}

std::vector<uint16_t> bfloats(size_t count, uint64_t seed) {
  std::vector<uint16_t> values;
  for (float v : reals<float>(count, seed, -1, 1))
    values.push_back(bfloatBits(v));
  return values;
}

TEST(Gemm, Bf16LdmatrixCpAsync) {
  for (size_t k : {size_t(96), size_t(256)}) {
    const size_t m = 128, n = 128;
    auto a = bfloats(m * k, 10), b = bfloats(n * k, 11);
    Case c("gemm_bf16.ptx", "gemm_bf16_64x64x32");
    c.grid(n / 64, m / 64).block(128).in(a);
    c.in(b);
    int out = c.out<float>(m * n);
    c.scalar<int32_t>(n).scalar<int32_t>(int32_t(k)).seeds(k == 96 ? 20 : 2);
    ASSERT_TRUE(c.run());
    auto expected = multiply(
        m, n, k, [&](size_t i, size_t l) { return bfloatValue(a[i * k + l]); },
        [&](size_t l, size_t j) { return bfloatValue(b[j * k + l]); });
    expectNear(c.result<float>(out), expected, 2e-5, 1e-5);
  }
}

TEST(Gemm, Bf16Trans) {
  const size_t m = 64, n = 128, k = 96;
  auto a = bfloats(m * k, 12), b = bfloats(n * k, 13);
  Case c("gemm_bf16.ptx", "gemm_bf16_trans");
  c.grid(n / 64, m / 64).block(128).dynamicShared(2 * (64 * 40 + 32 * 72) * 2).in(a);
  c.in(b);
  int out = c.out<uint16_t>(m * n);
  c.scalar<int32_t>(n).scalar<int32_t>(k);
  ASSERT_TRUE(c.run());
  auto expected = multiply(
      m, n, k, [&](size_t i, size_t l) { return bfloatValue(a[i * k + l]); },
      [&](size_t l, size_t j) { return bfloatValue(b[l * n + j]); });
  std::vector<float> got;
  for (uint16_t v : c.result<uint16_t>(out))
    got.push_back(bfloatValue(v));
  expectNear(got, expected, 1e-3, 1.0 / 256 + 1e-5);
}

/// Value of an fp8 byte: `mantissa` bits, bias, and whether infinities exist (e5m2).
double fp8Value(uint8_t bits, int mantissa, int bias, bool infinities) {
  int exponent = (bits & 0x7f) >> mantissa, fraction = bits & ((1 << mantissa) - 1);
  if (infinities ? exponent == 31 : (bits & 0x7f) == 0x7f)
    return infinities && fraction == 0 ? (bits & 0x80 ? -HUGE_VAL : HUGE_VAL) : std::nan("");
  double value = exponent == 0 ? std::ldexp(fraction, 1 - bias - mantissa)
                               : std::ldexp(fraction + (1 << mantissa), exponent - bias - mantissa);
  return bits & 0x80 ? -value : value;
}
double e4m3(uint8_t bits) { return fp8Value(bits, 3, 7, false); }
double e5m2(uint8_t bits) { return fp8Value(bits, 2, 15, true); }

TEST(Fp8, Conversions) {
  auto data = reals<float>(1024, 14, -500, 500);
  for (size_t i = 0; i < 512; ++i)
    data[i] = std::ldexp(data[i], -int(i % 24));
  data[0] = 0.0f, data[1] = -0.0f, data[2] = 1e30f, data[3] = -1e30f, data[4] = 448.0f,
  data[5] = 464.0f, data[6] = 57344.0f;
  data[7] = 61440.0f, data[8] = std::ldexp(1.0f, -10), data[9] = std::ldexp(3.0f, -11),
  data[10] = HUGE_VALF, data[11] = -HUGE_VALF;
  Case c("fp8.ptx", "fp8_convert");
  c.grid(8).block(128).in(data);
  int narrow4 = c.out<uint8_t>(1024), narrow5 = c.out<uint8_t>(1024), wide = c.out<uint16_t>(512);
  ASSERT_TRUE(c.run());
  std::vector<double> expected4, expected5, got4, got5;
  auto got = c.result<uint8_t>(narrow4);
  for (size_t i = 0; i < data.size(); ++i) {
    double v = double(data[i]);
    expected4.push_back(std::copysign(std::min(roundTo(std::fabs(v), 3, -6), 448.0), v));
    expected5.push_back(std::copysign(std::min(roundTo(std::fabs(v), 2, -14), 57344.0), v));
    got4.push_back(e4m3(got[i]));
    got5.push_back(e5m2(c.result<uint8_t>(narrow5)[i]));
  }
  expectEqual(got4, expected4, "e4m3");
  expectEqual(got5, expected5, "e5m2");
  auto widened = c.result<uint16_t>(wide);
  for (unsigned i = 0; i < 256; ++i)
    for (int kind = 0; kind < 2; ++kind) {
      double value = kind ? e5m2(uint8_t(i)) : e4m3(uint8_t(i));
      float seen = halfValue(widened[2 * i + unsigned(kind)]);
      if (std::isnan(value))
        EXPECT_TRUE(std::isnan(seen)) << i;
      else
        EXPECT_EQ(double(seen), value) << i;
    }
}

TEST(Fp8, Gemm) {
  const size_t m = 32, n = 16, k = 96;
  auto a = bits<uint8_t>(m * k, 15), b = bits<uint8_t>(n * k, 16);
  for (auto *v : {&a, &b})
    for (uint8_t &byte : *v)
      byte = uint8_t((byte & 0x80) | (byte & 0x3f)); // finite in both formats
  for (bool mixed : {false, true}) {
    Case c("fp8.ptx", mixed ? "fp8_gemm_mixed" : "fp8_gemm_e4m3");
    c.grid(n / 8, m / 16).block(32).in(a);
    c.in(b);
    int out = c.out<float>(m * n);
    c.scalar<int32_t>(n).scalar<int32_t>(k);
    ASSERT_TRUE(c.run());
    auto expected = multiply(
        m, n, k, [&](size_t i, size_t l) { return e4m3(a[i * k + l]); },
        [&](size_t l, size_t j) { return mixed ? e5m2(b[j * k + l]) : e4m3(b[j * k + l]); });
    expectNear(c.result<float>(out), expected, 1e-3, 1e-5);
  }
}

} // namespace
