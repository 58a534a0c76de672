// SPDX-License-Identifier: Apache-2.0
// Exchange between lanes: shuffles, votes, match, redux. Rows are lanes.
#include "Lanes.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

constexpr int kLanes = 32;

Values lanes(uint64_t (*f)(uint64_t)) {
  Values values;
  for (uint64_t i = 0; i < kLanes; ++i)
    values.push_back(f(i));
  return values;
}

void expectLanes(const std::string &instruction, const std::vector<std::string> &types,
                 const std::vector<Values> &operands,
                 const std::function<uint64_t(int)> &expected) {
  std::string error;
  Values got = execute(instruction, types, operands, error);
  ASSERT_EQ(error, "") << instruction;
  for (int i = 0; i < kLanes; ++i)
    EXPECT_EQ(got[size_t(i)], expected(i)) << instruction << " lane " << i;
}

const Values kSquares = lanes([](uint64_t i) { return i * i + 3; });

TEST(Warp, Shuffles) {
  auto value = [](int lane) { return kSquares[size_t(lane)]; };
  for (int n : {0, 1, 5, 16, 31}) {
    std::string by = std::to_string(n);
    // Whole warp, and segments of eight lanes (mask 0x18 in bits 8 to 12).
    for (int width : {32, 8}) {
      int segment = (32 - width) << 8;
      std::string up = std::to_string(segment), down = std::to_string(segment | 31);
      auto inside = [=](int lane, int other) {
        return other / width == lane / width && other >= 0 && other < 32;
      };
      expectLanes("shfl.sync.up.b32 %d, %a, " + by + ", " + up + ", -1;", {"b32", "b32"},
                  {kSquares},
                  [=](int i) { return i - n >= 0 && inside(i, i - n) ? value(i - n) : value(i); });
      expectLanes("shfl.sync.down.b32 %d, %a, " + by + ", " + down + ", -1;", {"b32", "b32"},
                  {kSquares}, [=](int i) { return inside(i, i + n) ? value(i + n) : value(i); });
      expectLanes("shfl.sync.bfly.b32 %d, %a, " + by + ", " + down + ", -1;", {"b32", "b32"},
                  {kSquares}, [=](int i) {
                    // The clamp only bounds from above.
                    int j = i ^ n;
                    return j <= (i | (width - 1)) ? value(j) : value(i);
                  });
      expectLanes("shfl.sync.idx.b32 %d, %a, " + by + ", " + down + ", -1;", {"b32", "b32"},
                  {kSquares}, [=](int i) { return value((i & ~(width - 1)) | (n & (width - 1))); });
    }
  }
  expectLanes("{ .reg .pred %p; .reg .b32 %x; shfl.sync.down.b32 %x|%p, %a, 4, 31, "
              "-1; selp.b32 %d, 1, 0, %p; }",
              {"b32", "b32"}, {kSquares}, [](int i) { return i + 4 < 32; });
}

TEST(Warp, Votes) {
  Values odd = lanes([](uint64_t i) { return i & 1; });
  Values ones = lanes([](uint64_t) { return uint64_t(1); });
  std::vector<std::string> p = {"pred", "pred"};
  expectLanes("vote.sync.all.pred %d, %a, -1;", p, {odd}, [](int) { return 0; });
  expectLanes("vote.sync.all.pred %d, %a, -1;", p, {ones}, [](int) { return 1; });
  expectLanes("vote.sync.any.pred %d, %a, -1;", p, {odd}, [](int) { return 1; });
  expectLanes("vote.sync.any.pred %d, !%a, -1;", p, {ones}, [](int) { return 0; });
  expectLanes("vote.sync.uni.pred %d, %a, -1;", p, {odd}, [](int) { return 0; });
  expectLanes("vote.sync.ballot.b32 %d, %a, -1;", {"b32", "pred"}, {odd},
              [](int) { return 0xaaaaaaaau; });
  // Two halves of a warp vote on their own.
  expectLanes("{ .reg .pred %p; .reg .b32 %l; mov.u32 %l, %laneid;\n"
              "setp.lt.u32 %p, %l, 16;\n"
              "@%p vote.sync.ballot.b32 %d, %a, 0x0000ffff;\n"
              "@!%p vote.sync.ballot.b32 %d, %a, 0xffff0000; }",
              {"b32", "pred"}, {odd}, [](int i) { return i < 16 ? 0xaaaau : 0xaaaa0000u; });
}

TEST(Warp, MatchAndRedux) {
  Values thirds = lanes([](uint64_t i) { return i % 3; });
  expectLanes("match.any.sync.b32 %d, %a, -1;", {"b32", "b32"}, {thirds}, [](int i) {
    uint64_t mask = 0;
    for (int j = i % 3; j < 32; j += 3)
      mask |= uint64_t(1) << j;
    return mask;
  });
  expectLanes("{ .reg .pred %p; match.all.sync.b32 %d|%p, %a, -1; }", {"b32", "b32"}, {thirds},
              [](int) { return 0; });
  Values mixed = lanes([](uint64_t i) { return uint64_t(uint32_t(i % 2 ? int(i) : -int(i))); });
  auto reduce = [&](const std::string &op, auto f) {
    int64_t r = int32_t(mixed[0]);
    for (int i = 1; i < 32; ++i)
      r = f(r, int64_t(int32_t(mixed[size_t(i)])));
    expectLanes("redux.sync." + op + " %d, %a, -1;", {"b32", "b32"}, {mixed},
                [=](int) { return uint64_t(uint32_t(r)); });
  };
  using I = int64_t;
  reduce("add.s32", [](I a, I b) { return a + b; });
  reduce("min.s32", [](I a, I b) { return a < b ? a : b; });
  reduce("max.s32", [](I a, I b) { return a > b ? a : b; });
  reduce("xor.b32", [](I a, I b) { return a ^ b; });
  reduce("and.b32", [](I a, I b) { return a & b; });
  reduce("or.b32", [](I a, I b) { return a | b; });
}

TEST(Warp, MasksOfLanes) {
  Values zero = lanes([](uint64_t) { return uint64_t(0); });
  auto one = [](int i) { return uint64_t(1) << i; };
  expectLanes("mov.u32 %d, %lanemask_eq;", {"b32", "b32"}, {zero}, one);
  expectLanes("mov.u32 %d, %lanemask_lt;", {"b32", "b32"}, {zero},
              [=](int i) { return one(i) - 1; });
  expectLanes("mov.u32 %d, %lanemask_ge;", {"b32", "b32"}, {zero},
              [=](int i) { return 0xffffffff & ~(one(i) - 1); });
  expectLanes("activemask.b32 %d;", {"b32", "b32"}, {zero}, [](int) { return 0xffffffffu; });
}

TEST(Warp, TransposedMatrix) {
  // Element (row, column) of 8x8 16-bit elements is 8 * row + column.
  Values pairs = lanes([](uint64_t i) {
    uint64_t first = i / 4 * 8 + i % 4 * 2;
    return first | (first + 1) << 16;
  });
  expectLanes("movmatrix.sync.aligned.m8n8.trans.b16 %d, %a;", {"b32", "b32"}, {pairs}, [](int i) {
    uint64_t row = uint64_t(i) / 4, column = uint64_t(i) % 4 * 2;
    return (column * 8 + row) | ((column + 1) * 8 + row) << 16;
  });
}

} // namespace
