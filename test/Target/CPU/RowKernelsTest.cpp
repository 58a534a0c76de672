// SPDX-License-Identifier: Apache-2.0
// Runs the row-wise kernels, the rotation and the cache append against scalar
// references.
#include "RowReference.h"

#include "hadal/Target/CPU/MLAKernels.h"
#include "hadal/Target/CPU/RowKernels.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace hadal::cpu;
using namespace hadal::testing;

namespace {

constexpr FloatType bothTypes[] = {FloatType::F32, FloatType::BF16};

double tolerance(FloatType type) { return type == FloatType::BF16 ? 4e-3 : 1e-6; }

TEST(RowKernels, Embedding) {
  for (const KernelTarget &target : hostTargets())
    for (FloatType type : bothTypes)
      for (int64_t width : {192, 7}) {
        EmbeddingSpec spec{11, width, type};
        Kernel kernel(target, getEmbeddingInfo(spec),
                      [&](KernelBuilder &k) { emitEmbedding(k, spec); });
        ASSERT_TRUE(kernel.valid());
        Buffer tokens(std::vector<int32_t>{3, 10, 0}),
            y = Buffer::poisoned(3 * width, FloatType::F32);
        Buffer table(randomFloats(11 * width, 1), type);
        EXPECT_EQ(kernel.run({&tokens, &table, &y}, {}, 3), 0);
        std::vector<float> rows = table.floats(type), out = y.floats(FloatType::F32);
        int64_t ids[] = {3, 10, 0};
        for (int64_t n = 0; n < 3; ++n)
          for (int64_t i = 0; i < width; ++i)
            ASSERT_EQ(out[n * width + i], rows[ids[n] * width + i]);
        for (int32_t bad : {-1, 11}) {
          Buffer badTokens(std::vector<int32_t>{0, bad, 1});
          EXPECT_EQ(kernel.run({&badTokens, &table, &y}, {}, 3), 1);
        }
      }
}

TEST(RowKernels, RMSNorm) {
  for (const KernelTarget &target : hostTargets())
    for (FloatType type : bothTypes)
      for (int64_t width : {192, 100, 5, 2048}) {
        RMSNormSpec spec;
        spec.width = width;
        spec.inputStride = width + 3;
        spec.epsilon = 1e-3f;
        spec.output = type;
        spec.secondOutput = true;
        spec.selectRows = true;
        Kernel kernel(target, getRMSNormInfo(spec),
                      [&](KernelBuilder &k) { emitRMSNorm(k, spec); });
        ASSERT_TRUE(kernel.valid());
        std::vector<float> x = randomFloats(4 * spec.inputStride, 2), w = randomFloats(width, 3);
        Buffer xb(x, FloatType::F32), wb(w, FloatType::F32), rows(std::vector<int32_t>{2, 0});
        Buffer y = Buffer::poisoned(2 * width, type),
               y2 = Buffer::poisoned(2 * width, FloatType::F32);
        EXPECT_EQ(kernel.run({&xb, &rows, &wb, &y, &y2}, {}, 2), 0);
        std::vector<double> expected;
        for (int64_t row : {2, 0}) {
          std::vector<double> normed = norm(&x[row * spec.inputStride], w, 1e-3f);
          expected.insert(expected.end(), normed.begin(), normed.end());
        }
        EXPECT_LT(relativeError(y.floats(type), expected), tolerance(type));
        EXPECT_LT(relativeError(y2.floats(FloatType::F32), expected), 1e-6);
        for (size_t i = 0; i < expected.size(); ++i)
          ASSERT_EQ(y.floats(type)[i], rounded(y2.floats(FloatType::F32)[i], type));
      }
}

TEST(RowKernels, GatherAndElementwise) {
  for (const KernelTarget &target : hostTargets())
    for (int64_t width : {64, 13}) {
      std::vector<float> x = randomFloats(6 * width, 4, 30.0f);
      Buffer xb(x, FloatType::F32), rows(std::vector<int32_t>{5, 1, 1});
      for (FloatType type : bothTypes) {
        GatherRowsSpec gather{width, type};
        Kernel kernel(target, getGatherRowsInfo(gather),
                      [&](KernelBuilder &k) { emitGatherRows(k, gather); });
        ASSERT_TRUE(kernel.valid());
        Buffer source(x, type), y = Buffer::poisoned(3 * width, type);
        EXPECT_EQ(kernel.run({&source, &rows, &y}, {}, 3), 0);
        int64_t sources[] = {5, 1, 1};
        for (int64_t n = 0; n < 3; ++n)
          for (int64_t i = 0; i < width; ++i)
            ASSERT_EQ(y.floats(type)[n * width + i], rounded(x[sources[n] * width + i], type));
      }

      // Gate and up halves of one buffer, three rows of 2 * width.
      for (FloatType type : bothTypes)
        for (ElementwiseKind kind :
             {ElementwiseKind::Cast, ElementwiseKind::Add, ElementwiseKind::SwiGLU}) {
          ElementwiseSpec spec;
          spec.kind = kind;
          spec.width = width;
          spec.aStride = spec.bStride = 2 * width;
          spec.bOffset = width;
          spec.output = type;
          Kernel elementwise(target, getElementwiseInfo(spec),
                             [&](KernelBuilder &k) { emitElementwise(k, spec); });
          ASSERT_TRUE(elementwise.valid());
          Buffer z = Buffer::poisoned(3 * width, type);
          if (kind == ElementwiseKind::Cast)
            EXPECT_EQ(elementwise.run({&xb, &z}, {}, 3), 0);
          else
            EXPECT_EQ(elementwise.run({&xb, &xb, &z}, {}, 3), 0);
          for (int64_t n = 0; n < 3; ++n)
            for (int64_t i = 0; i < width; ++i) {
              double a = x[2 * width * n + i], b = x[2 * width * n + width + i];
              double expected = kind == ElementwiseKind::Cast  ? a
                                : kind == ElementwiseKind::Add ? a + b
                                                               : a / (1 + std::exp(-a)) * b;
              ASSERT_NEAR(z.floats(type)[n * width + i], expected,
                          std::fabs(expected) * tolerance(type));
            }
        }
    }
}

TEST(MLAKernels, RopeQuery) {
  for (const KernelTarget &target : hostTargets())
    for (FloatType type : bothTypes)
      for (bool interleaved : {false, true})
        for (int64_t rope : {64, 16, 10}) {
          RopeQuerySpec spec{3, 20, rope, interleaved, type};
          Kernel kernel(target, getRopeQueryInfo(spec),
                        [&](KernelBuilder &k) { emitRopeQuery(k, spec); });
          ASSERT_TRUE(kernel.valid());
          int64_t size = spec.nope + rope, half = rope / 2;
          std::vector<float> q = randomFloats(2 * 3 * size, 5), cos = randomFloats(9 * half, 6),
                             sin = randomFloats(9 * half, 7);
          Buffer qb(q, FloatType::F32), cb(cos, FloatType::F32), sb(sin, FloatType::F32),
              positions(std::vector<int32_t>{8, 3});
          Buffer y = Buffer::poisoned(q.size(), type);
          EXPECT_EQ(kernel.run({&qb, &positions, &cb, &sb, &y}, {}, 2), 0);
          std::vector<double> expected;
          for (int64_t n = 0; n < 2; ++n)
            for (int64_t h = 0; h < 3; ++h) {
              const float *row = q.data() + (n * 3 + h) * size;
              expected.insert(expected.end(), row, row + spec.nope);
              int64_t position = n ? 3 : 8;
              std::vector<double> rotated = rotate(row + spec.nope, rope, interleaved,
                                                   &cos[position * half], &sin[position * half]);
              expected.insert(expected.end(), rotated.begin(), rotated.end());
            }
          EXPECT_LT(relativeError(y.floats(type), expected), tolerance(type));
        }
}

TEST(MLAKernels, Append) {
  for (const KernelTarget &target : hostTargets())
    for (FloatType type : bothTypes)
      for (bool interleaved : {false, true}) {
        MLAAppendSpec spec;
        spec.latent = 50;
        spec.rope = 12;
        spec.inputStride = 70;
        spec.pageSize = 5;
        spec.epsilon = 1e-6f;
        spec.interleaved = interleaved;
        spec.cache = type;
        Kernel kernel(target, getMLAAppendInfo(spec),
                      [&](KernelBuilder &k) { emitMLAAppend(k, spec); });
        ASSERT_TRUE(kernel.valid());
        // Two slots of three pages; sequence 1 has no new tokens.
        std::vector<int32_t> positions{3, 4, 5, 0, 14}, offsets{0, 3, 3, 4, 5}, slots{1, 1, 0, 2};
        std::vector<int32_t> table{4, 2, 6, 0, 8, 1, 3, 5, 7};
        int64_t size = 62, half = 6, pages = 9;
        std::vector<float> kv = randomFloats(5 * 70, 8), w = randomFloats(50, 9),
                           cos = randomFloats(15 * half, 10), sin = randomFloats(15 * half, 11);
        Buffer kvb(kv, FloatType::F32), wb(w, FloatType::F32), cb(cos, FloatType::F32),
            sb(sin, FloatType::F32);
        Buffer pb(positions), ob(offsets), lb(slots), tb(table);
        Buffer cache(std::vector<float>(pages * 5 * size, 7.0f), type);
        EXPECT_EQ(kernel.run({&kvb, &wb, &cb, &sb, &pb, &ob, &lb, &tb, &cache}, {5, 4, 3}, 5, 4),
                  0);
        std::vector<double> expected(pages * 5 * size, 7.0);
        int64_t slotOf[] = {1, 1, 1, 0, 2};
        for (int64_t n = 0; n < 5; ++n) {
          int64_t p = positions[n], row = table[slotOf[n] * 3 + p / 5] * 5 + p % 5;
          const float *x = &kv[n * 70];
          std::vector<double> normed = norm(x, w, 1e-6);
          std::copy(normed.begin(), normed.end(), expected.begin() + row * size);
          std::vector<double> rotated =
              rotate(x + 50, 12, interleaved, &cos[p * half], &sin[p * half]);
          std::copy(rotated.begin(), rotated.end(), expected.begin() + row * size + 50);
        }
        std::vector<float> out = cache.floats(type);
        for (size_t i = 0; i < expected.size(); ++i)
          ASSERT_NEAR(out[i], expected[i], tolerance(type)) << i;
      }
}

} // namespace
