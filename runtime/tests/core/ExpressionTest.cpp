// SPDX-License-Identifier: Apache-2.0
// Values, rounding, overflow and malformed nodes of plan expressions.
#include "ArtifactBuilder.h"
#include "core/Expression.h"

#include <gtest/gtest.h>

namespace hadal::runtime {
namespace {

using artifact::Dim;
using artifact::Expr;
using artifact::ExprKind;

// A list of expressions in a buffer of its own.
class Expressions {
public:
  explicit Expressions(const std::vector<Expr> &exprs) {
    builder.Finish(builder.CreateVectorOfStructs(exprs));
    list = flatbuffers::GetRoot<ExprList>(builder.GetBufferPointer());
  }
  flatbuffers::FlatBufferBuilder builder;
  const ExprList *list;
};

// The value of `kind` over constants, or the message.
std::string evaluate(ExprKind kind, int64_t a, int64_t b, int64_t c = 0) {
  Expressions exprs({Expr(a, 0, 0, 0, ExprKind::constant), Expr(b, 0, 0, 0, ExprKind::constant),
                     Expr(c, 0, 0, 0, ExprKind::constant), Expr(0, 0, 1, 2, kind)});
  EXPECT_TRUE(verifyExpressions(exprs.list).ok());
  std::vector<int64_t> values;
  Status status = evaluateExpressions(exprs.list, Dims(), values);
  return status.ok() ? std::to_string(values[3]) : status.message();
}

TEST(ExpressionTest, Values) {
  EXPECT_EQ(evaluate(ExprKind::add, 2, -5), "-3");
  EXPECT_EQ(evaluate(ExprKind::sub, 2, -5), "7");
  EXPECT_EQ(evaluate(ExprKind::mul, -2, 5), "-10");
  EXPECT_EQ(evaluate(ExprKind::min, -2, 5), "-2");
  EXPECT_EQ(evaluate(ExprKind::max, -2, 5), "5");
  EXPECT_EQ(evaluate(ExprKind::lt, 5, 5), "0");
  EXPECT_EQ(evaluate(ExprKind::lt, 4, 5), "1");
  EXPECT_EQ(evaluate(ExprKind::le, 5, 5), "1");
  EXPECT_EQ(evaluate(ExprKind::le, 6, 5), "0");
  EXPECT_EQ(evaluate(ExprKind::eq, 5, 5), "1");
  EXPECT_EQ(evaluate(ExprKind::eq, 5, 4), "0");
  EXPECT_EQ(evaluate(ExprKind::logical_and, 2, 4), "1");
  EXPECT_EQ(evaluate(ExprKind::logical_and, 2, 0), "0");
  EXPECT_EQ(evaluate(ExprKind::logical_or, 0, 4), "1");
  EXPECT_EQ(evaluate(ExprKind::logical_or, 0, 0), "0");
  EXPECT_EQ(evaluate(ExprKind::select, 1, 10, 20), "10");
  EXPECT_EQ(evaluate(ExprKind::select, 0, 10, 20), "20");
}

TEST(ExpressionTest, DivisionRoundsAsItsNameSays) {
  EXPECT_EQ(evaluate(ExprKind::floor_div, 7, 2), "3");
  EXPECT_EQ(evaluate(ExprKind::floor_div, -7, 2), "-4");
  EXPECT_EQ(evaluate(ExprKind::floor_div, -8, 2), "-4");
  EXPECT_EQ(evaluate(ExprKind::ceil_div, 7, 2), "4");
  EXPECT_EQ(evaluate(ExprKind::ceil_div, -7, 2), "-3");
  EXPECT_EQ(evaluate(ExprKind::ceil_div, 8, 2), "4");
  EXPECT_EQ(evaluate(ExprKind::ceil_div, INT64_MAX, 2), "4611686018427387904");
  EXPECT_EQ(evaluate(ExprKind::floor_div, INT64_MIN, 1), "-9223372036854775808");
  EXPECT_EQ(evaluate(ExprKind::floor_div, 1, 0), "exprs[3]: expected a positive divisor, got 0");
  EXPECT_EQ(evaluate(ExprKind::ceil_div, INT64_MIN, -1),
            "exprs[3]: expected a positive divisor, got -1");
}

TEST(ExpressionTest, OverflowIsAnError) {
  EXPECT_EQ(evaluate(ExprKind::add, INT64_MAX, 1),
            "exprs[3]: add of 9223372036854775807 and 1 exceeds 64 bits");
  EXPECT_EQ(evaluate(ExprKind::sub, INT64_MIN, 1),
            "exprs[3]: sub of -9223372036854775808 and 1 exceeds 64 bits");
  EXPECT_EQ(evaluate(ExprKind::mul, INT64_MIN, -1),
            "exprs[3]: mul of -9223372036854775808 and -1 exceeds 64 bits");
}

TEST(ExpressionTest, DimsAreThoseOfTheStep) {
  std::vector<Expr> nodes;
  Dims dims;
  for (uint32_t i = 0; i < kDimCount; ++i) {
    nodes.emplace_back(i, 0, 0, 0, ExprKind::dim);
    dims.values[i] = 100 + i;
  }
  Expressions exprs(nodes);
  std::vector<int64_t> values;
  ASSERT_TRUE(evaluateExpressions(exprs.list, dims, values).ok());
  EXPECT_EQ(values[static_cast<uint32_t>(Dim::max_context)], 108);
  EXPECT_EQ(values[static_cast<uint32_t>(Dim::tokens)], 100);
}

TEST(ExpressionTest, MalformedNodes) {
  auto message = [](const Expr &expr) {
    Expressions exprs({Expr(0, 0, 0, 0, ExprKind::constant), expr});
    return std::string(verifyExpressions(exprs.list).message());
  };
  EXPECT_EQ(message(Expr(0, 0, 1, 0, ExprKind::add)),
            "exprs[1].b: expected an earlier expression, got 1");
  EXPECT_EQ(message(Expr(0, 7, 0, 0, ExprKind::add)),
            "exprs[1].a: expected an earlier expression, got 7");
  EXPECT_EQ(message(Expr(0, 0, 0, 1, ExprKind::select)),
            "exprs[1].c: expected an earlier expression, got 1");
  EXPECT_EQ(message(Expr(0, 0, 0, 9, ExprKind::add)), "ok"); // c is not used
  EXPECT_EQ(message(Expr(9, 0, 0, 0, ExprKind::dim)), "exprs[1].value: expected a dim below 9, got 9");
  EXPECT_EQ(message(Expr(-1, 0, 0, 0, ExprKind::dim)),
            "exprs[1].value: expected a dim below 9, got -1");
  EXPECT_EQ(message(Expr(0, 0, 0, 0, static_cast<ExprKind>(15))),
            "exprs[1].kind: expected at most 14, got 15");
  EXPECT_TRUE(verifyExpressions(nullptr).ok());
}

} // namespace
} // namespace hadal::runtime
