// SPDX-License-Identifier: Apache-2.0
// Executes the expansions of the attention ops, over ragged batches and pages in any order.
#include "../../../Target/CPU/MLACase.h"
#include "../../../Target/CPU/RowReference.h"
#include "ExpansionHarness.h"
#include "StoredWeight.h"

#include "llvm/Support/FormatVariadic.h"

#include <gtest/gtest.h>

#include <array>
#include <tuple>

using namespace hadal::testing;

namespace {

constexpr double scale = 0.125;

/// The shape that the tests below are about.
int64_t heads, latent, nope, rope, value, pageSize;

void setShape(const std::array<int64_t, 6> &shape = {3, 20, 6, 4, 5, 7}) {
  std::tie(heads, latent, nope, rope, value, pageSize) = std::tuple_cat(shape);
}

MLACase makeCase(FloatType type, std::vector<Sequence> sequences,
                 std::vector<uint32_t> seeds = {}) {
  MLACase c{};
  c.heads = heads;
  c.latent = latent;
  c.nope = nope;
  c.rope = rope;
  c.value = value;
  c.pageSize = pageSize;
  c.pagesPerSlot = 64 / pageSize + 1;
  c.type = type;
  c.sequences = std::move(sequences);
  for (size_t s = 0; s < c.sequences.size(); ++s)
    c.seeds.push_back(s < seeds.size() ? seeds[s] : uint32_t(s + 1));
  c.build();
  // Entries of the table that no sequence has come to name no page.
  std::vector<int32_t> table(c.blockTable.size(), INT32_MIN);
  for (int64_t s = 0; s < c.sequenceCount(); ++s)
    for (int64_t p = 0; p < c.sequences[s].context + c.sequences[s].tokens; ++p) {
      int64_t entry = c.slots[s] * c.pagesPerSlot + p / pageSize;
      table[entry] = c.blockTable[entry];
    }
  c.blockTable = table;
  return c;
}

int64_t contextOf(const MLACase &c) {
  return *std::max_element(c.positions.begin(), c.positions.end()) + 1;
}

/// A function of the op over sequences: `op` is what stands before and after them.
std::string functionOf(const std::string &op, const std::string &first,
                       const std::string &attributes, const std::string &types,
                       const std::string &result) {
  const char *text = R"(
    plan.host_dim @context is max_context
    func.func @f({2}, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: {4}) -> {4} {{
      %y = hadal.{0} {1}, %p, %o, %s, %t {3} -> {4}
      return %y : {4}
    }
  )";
  return llvm::formatv(text, op, first, types, attributes, result);
}

std::string cacheType(FloatType type) {
  return llvm::formatv("tensor<?x{0}x{1}x{2}>", pageSize, latent + rope, typeOf(type));
}
std::string rowsType(int64_t width, FloatType type) {
  return llvm::formatv("tensor<?x{0}x{1}>", width, typeOf(type));
}
std::string weightType(int64_t outputs, FloatType type) {
  return llvm::formatv("tensor<{0}x{1}x{2}x{3}>", heads, outputs, latent, typeOf(type));
}
constexpr const char *sequenceTypes =
    "tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>";

/// What all of the ops read: the operands that name rows of the cache.
struct Step {
  explicit Step(const MLACase &c)
      : c(c), cache(c.cache, c.type), q(c.rotatedQuery, c.type),
        queryLatent(c.latentQuery, FloatType::F32), positions(c.positions), offsets(c.offsets),
        slots(c.slots), table(c.blockTable) {}

  std::vector<Argument> with(std::vector<Argument> first, Buffer &out, int64_t width) {
    int64_t slotCount = int64_t(c.blockTable.size()) / c.pagesPerSlot;
    first.insert(first.end(), {{positions, {c.tokens()}},
                               {offsets, {c.sequenceCount() + 1}},
                               {slots, {c.sequenceCount()}},
                               {table, {slotCount, c.pagesPerSlot}},
                               {out, {c.tokens(), width}}});
    return first;
  }
  std::vector<int64_t> cacheExtents() const {
    return {int64_t(c.cache.size()) / (pageSize * c.size()), pageSize, c.size()};
  }

  const MLACase &c;
  Buffer cache, q, queryLatent, positions, offsets, slots, table;
};

struct Weights {
  explicit Weights(FloatType type)
      : key({heads, nope, latent}, typeOf(type), 501),
        value({heads, ::value, latent}, typeOf(type), 502) {}
  StoredWeight key, value;
};

class Attention {
public:
  explicit Attention(FloatType type)
      : weights(type),
        compiled(functionOf("mla_attention", "%q, %c, %k, %v",
                            llvm::formatv("{{scale = 0.125 : f32} : ({0}, {1}, {2}, {3}, {4})",
                                          rowsType(heads * (nope + rope), type), cacheType(type),
                                          weightType(nope, type), weightType(value, type),
                                          sequenceTypes),
                            llvm::formatv("%q: {0}, %c: {1}, %k: {2}, %v: {3}",
                                          rowsType(heads * (nope + rope), type), cacheType(type),
                                          weightType(nope, type), weightType(value, type)),
                            rowsType(heads * value, FloatType::F32))) {}

  std::vector<float> run(const MLACase &c, int64_t context) {
    Step step(c);
    Buffer out(size_t(c.tokens() * heads * value), 4);
    return compiled
        .run(step.with({{step.q, {c.tokens(), heads * (nope + rope)}},
                        {step.cache, step.cacheExtents()},
                        {weights.key.stored, {heads, nope, latent}},
                        {weights.value.stored, {heads, value, latent}}},
                       out, heads * value),
             {4}, {context})[0]
        .floats(FloatType::F32);
  }

  Weights weights;
  Expanded compiled;
};

TEST(MLAExpansions, AttentionMatchesReference) {
  using Shape = std::array<int64_t, 6>;
  for (FloatType type : {FloatType::F32, FloatType::BF16})
    for (const Shape &shape : {Shape{3, 20, 6, 4, 5, 7}, Shape{1, 8, 2, 2, 3, 64},
                               Shape{5, 33, 3, 6, 7, 16}, Shape{16, 12, 4, 2, 1, 1}}) {
      setShape(shape);
      Attention attention(type);
      ASSERT_TRUE(attention.compiled.valid());
      StoredWeight &key = attention.weights.key, &value = attention.weights.value;
      for (std::vector<Sequence> sequences :
           {std::vector<Sequence>{{0, 1}}, {{0, 1}, {13, 4}, {0, 0}, {27, 1}, {40, 3}}}) {
        MLACase c = makeCase(type, sequences);
        std::vector<float> y = attention.run(c, contextOf(c));
        EXPECT_LT(relativeError(y, c.attend(key.values, value.values, scale)), 2e-6);
        // What lies after the context does not count, however far the loop goes.
        EXPECT_EQ(y, attention.run(c, contextOf(c) + 19));
      }
    }
}

// A row has the same bits alone, in a batch, and in chunks.
TEST(MLAExpansions, AttentionDoesNotDependOnGrouping) {
  setShape();
  Attention attention(FloatType::BF16);
  ASSERT_TRUE(attention.compiled.valid());
  MLACase whole = makeCase(FloatType::BF16, {{0, 60}}, {2});
  std::vector<float> expected = attention.run(whole, 60);
  int64_t row = heads * value;
  for (int64_t chunk : {1, 7, 16})
    for (int64_t p : {int64_t(0), 28 / chunk * chunk, 59 / chunk * chunk}) {
      int64_t count = std::min<int64_t>(chunk, 60 - p);
      MLACase part = makeCase(FloatType::BF16, {{30, 2}, {p, count}, {10, 1}}, {1, 2, 3});
      std::vector<float> y = attention.run(part, contextOf(part));
      for (int64_t i = 0; i < count * row; ++i)
        ASSERT_EQ(y[2 * row + i], expected[p * row + i]) << "chunk " << chunk << " at " << p;
    }
}

TEST(MLAExpansions, Absorbed) {
  setShape();
  for (FloatType type : {FloatType::F32, FloatType::BF16}) {
    std::string operands = llvm::formatv("{0}, {1}, {2}", rowsType(heads * latent, FloatType::F32),
                                         rowsType(heads * (nope + rope), type), cacheType(type));
    Expanded f(functionOf("mla_attend_absorbed", "%l, %q, %c",
                          llvm::formatv("{{heads = 3 : i64, scale = 0.125 : f32} : ({0}, {1})",
                                        operands, sequenceTypes),
                          llvm::formatv("%l: {0}, %q: {1}, %c: {2}",
                                        rowsType(heads * latent, FloatType::F32),
                                        rowsType(heads * (nope + rope), type), cacheType(type)),
                          rowsType(heads * latent, type)));
    ASSERT_TRUE(f.valid());
    MLACase c = makeCase(type, {{0, 1}, {13, 4}, {0, 0}, {40, 3}});
    Step step(c);
    Buffer out(c.latentQuery.size(), bytesOf(type));
    std::vector<Buffer> y = f.run(step.with({{step.queryLatent, {c.tokens(), heads * latent}},
                                             {step.q, {c.tokens(), heads * (nope + rope)}},
                                             {step.cache, step.cacheExtents()}},
                                            out, heads * latent),
                                  {bytesOf(type)}, {contextOf(c)});
    EXPECT_LT(relativeError(y[0].floats(type), c.attendAbsorbed(scale)),
              type == FloatType::BF16 ? 4e-3 : 2e-6);
  }
}

// In place over what was there, which rows of shorter sequences keep.
TEST(MLAExpansions, ExpandedKeepsShorterSequences) {
  setShape();
  constexpr FloatType type = FloatType::F32;
  std::string query = rowsType(heads * (nope + rope), type), result = rowsType(heads * value, type);
  Expanded f(functionOf(
      "mla_attend_expanded", "%q, %c, %k, %v",
      llvm::formatv(
          "outs(%out) {{scale = 0.125 : f32, threshold = 3 : i64} : ({0}, {1}, {2}, {3}, {4}, {5})",
          query, cacheType(type), weightType(nope, type), weightType(value, type), sequenceTypes,
          result),
      llvm::formatv("%q: {0}, %c: {1}, %k: {2}, %v: {3}", query, cacheType(type),
                    weightType(nope, type), weightType(value, type)),
      result));
  ASSERT_TRUE(f.valid());
  MLACase c = makeCase(type, {{5, 2}, {0, 3}, {9, 1}});
  Step step(c);
  Weights weights(type);
  int64_t row = heads * value;
  Buffer out(std::vector<float>(size_t(c.tokens() * row), 7.0f), type);
  f.run(step.with({{step.q, {c.tokens(), heads * (nope + rope)}},
                   {step.cache, step.cacheExtents()},
                   {weights.key.stored, {heads, nope, latent}},
                   {weights.value.stored, {heads, value, latent}}},
                  out, row),
        {}, {contextOf(c)});
  std::vector<double> expected = c.attend(weights.key.values, weights.value.values, scale);
  for (int64_t n : {0, 1, 5})
    std::fill_n(expected.begin() + n * row, row, 7.0);
  EXPECT_LT(relativeError(out.floats(type), expected), 2e-6);
}

TEST(MLAExpansions, Append) {
  for (FloatType type : {FloatType::F32, FloatType::BF16})
    for (bool interleaved : {false, true}) {
      constexpr int64_t rank = 50, half = 6, size = rank + 2 * half, pages = 9;
      const char *text = R"(
        func.func @f(%kv: tensor<?x62xf32>, %w: tensor<50xf32>, %a: tensor<15x6xf32>, %b: tensor<15x6xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>,
                     %s: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x5x62x{0}>) -> tensor<?x5x62x{0}> {{
          %y = hadal.mla_append %kv, %w, %a, %b, %p, %o, %s, %t outs(%c) {{eps = 1.0e-6 : f32{1}}
            : (tensor<?x62xf32>, tensor<50xf32>, tensor<15x6xf32>, tensor<15x6xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x5x62x{0}>) -> tensor<?x5x62x{0}>
          return %y : tensor<?x5x62x{0}>
        }
      )";
      Expanded f(llvm::formatv(text, typeOf(type), interleaved ? ", interleaved" : ""));
      ASSERT_TRUE(f.valid());
      // Two slots of three pages; sequence 1 has no new tokens.
      std::vector<int32_t> positions{3, 4, 5, 0, 14}, offsets{0, 3, 3, 4, 5}, slots{1, 1, 0, 2};
      std::vector<int32_t> table{4, 2, 6, 0, 8, 1, 3, 5, 7};
      std::vector<float> kv = randomFloats(5 * size, 8), w = randomFloats(rank, 9),
                         cos = randomFloats(15 * half, 10), sin = randomFloats(15 * half, 11);
      Buffer kvb(kv, FloatType::F32), wb(w, FloatType::F32), cb(cos, FloatType::F32),
          sb(sin, FloatType::F32);
      Buffer pb(positions), ob(offsets), lb(slots), tb(table);
      Buffer cache(std::vector<float>(pages * 5 * size, 7.0f), type);
      f.run({{kvb, {5, size}},
             {wb, {rank}},
             {cb, {15, half}},
             {sb, {15, half}},
             {pb, {5}},
             {ob, {5}},
             {lb, {4}},
             {tb, {3, 3}},
             {cache, {pages, 5, size}}},
            {});
      std::vector<double> expected(pages * 5 * size, 7.0);
      int64_t slotOf[] = {1, 1, 1, 0, 2};
      for (int64_t n = 0; n < 5; ++n) {
        int64_t p = positions[n], row = table[slotOf[n] * 3 + p / 5] * 5 + p % 5;
        std::vector<double> normed = norm(&kv[n * size], w, 1e-6),
                            turned = rotate(&kv[n * size + rank], 2 * half, interleaved,
                                            &cos[p * half], &sin[p * half]);
        std::copy(normed.begin(), normed.end(), expected.begin() + row * size);
        std::copy(turned.begin(), turned.end(), expected.begin() + row * size + rank);
      }
      EXPECT_LT(relativeError(cache.floats(type), expected), tolerance(type));
    }
}

} // namespace
