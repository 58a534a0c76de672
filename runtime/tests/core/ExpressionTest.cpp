// SPDX-License-Identifier: Apache-2.0
// Values, rounding, overflow and malformed nodes of plan expressions.
#include "core/Expression.h"

#include <gtest/gtest.h>

namespace hadal::runtime {
namespace {

using artifact::Dim;
using artifact::Expr;
using artifact::ExprKind;

// What programs of 1.x know.
std::vector<HostDim> makeDims() {
  std::vector<HostDim> dims;
  for (uint32_t i = 0; i <= static_cast<uint32_t>(Dim::max_context); ++i)
    dims.push_back({artifact::EnumNameDim(static_cast<Dim>(i)), static_cast<Dim>(i)});
  return dims;
}

// The value of `kind` over constants of a launch, or the message.
std::string evaluate(ExprKind kind, int64_t a, int64_t b, int64_t c = 0) {
  std::vector<Expr> exprs({Expr(0, 0, 0, 0, ExprKind::launch_constant),
                           Expr(1, 0, 0, 0, ExprKind::launch_constant),
                           Expr(2, 0, 0, 0, ExprKind::launch_constant), Expr(0, 0, 1, 2, kind)});
  EXPECT_TRUE(verifyExpressions(exprs, ExprScope::ofInterface(3)).ok());
  std::vector<int64_t> values, constants = {a, b, c};
  Status status = evaluateExpressions(exprs, {{}, {}, constants}, values);
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

TEST(ExpressionTest, NamesStandForWhatIsGiven) {
  std::vector<Expr> nodes = {Expr(2, 0, 0, 0, ExprKind::dim), Expr(0, 1, 1, 0, ExprKind::extent),
                             Expr(1, 0, 0, 0, ExprKind::launch_constant),
                             Expr(0, 0, 1, 0, ExprKind::add), Expr(0, 2, 3, 0, ExprKind::mul)};
  std::vector<int64_t> dims = {1, 2, 30}, constants = {7, 1000}, values;
  std::vector<Extents> arguments = {{1, {5}}, {2, {6, 400}}};
  ASSERT_TRUE(evaluateExpressions(nodes, {dims, arguments, constants}, values).ok());
  EXPECT_EQ(values, (std::vector<int64_t>{30, 400, 1000, 430, 430000}));
}

std::string message(const Expr &expr, const ExprScope &scope) {
  return verifyExpressions(std::vector<Expr>{Expr(0, 0, 0, 0, ExprKind::constant), expr}, scope)
      .message();
}

TEST(ExpressionTest, MalformedNodes) {
  std::vector<HostDim> dims = makeDims();
  ExprScope scope = {dims, false, nullptr, 0};
  EXPECT_EQ(message(Expr(0, 0, 1, 0, ExprKind::add), scope),
            "exprs[1].b: expected an earlier expression, got 1");
  EXPECT_EQ(message(Expr(0, 7, 0, 0, ExprKind::add), scope),
            "exprs[1].a: expected an earlier expression, got 7");
  EXPECT_EQ(message(Expr(0, 0, 0, 1, ExprKind::select), scope),
            "exprs[1].c: expected an earlier expression, got 1");
  EXPECT_EQ(message(Expr(0, 0, 0, 9, ExprKind::add), scope), "ok"); // c is not used
  EXPECT_EQ(message(Expr(9, 0, 0, 0, ExprKind::dim), scope),
            "exprs[1].value: expected a dim below 9, got 9");
  EXPECT_EQ(message(Expr(-1, 0, 0, 0, ExprKind::dim), scope),
            "exprs[1].value: expected a dim below 9, got -1");
  EXPECT_EQ(message(Expr(0, 0, 0, 0, static_cast<ExprKind>(17)), scope),
            "exprs[1].kind: expected at most 16, got 17");
  EXPECT_TRUE(verifyExpressions({}, scope).ok());
}

// What could never be evaluated is refused when it is read.
TEST(ExpressionTest, ConstantsWithoutAValue) {
  ExprScope scope = ExprScope::ofInterface(1);
  auto of = [&](ExprKind kind, int64_t a, int64_t b) -> std::string {
    std::vector<Expr> nodes = {Expr(0, 0, 0, 0, ExprKind::launch_constant),
                               Expr(a, 0, 0, 0, ExprKind::constant),
                               Expr(b, 0, 0, 0, ExprKind::constant), Expr(0, 1, 2, 0, kind),
                               Expr(0, 0, 3, 0, ExprKind::add)};
    return verifyExpressions(nodes, scope).message();
  };
  EXPECT_EQ(of(ExprKind::mul, int64_t(1) << 62, int64_t(1) << 62),
            "exprs[3]: mul of 4611686018427387904 and 4611686018427387904 exceeds 64 bits");
  EXPECT_EQ(of(ExprKind::floor_div, 0, 0), "exprs[3]: expected a positive divisor, got 0");
  EXPECT_EQ(of(ExprKind::ceil_div, 8, 2), "ok");
  // The sum is over what a launch says.
  EXPECT_EQ(of(ExprKind::add, INT64_MAX, 0), "ok");
}

// Each name has a place where it means something.
TEST(ExpressionTest, NamesInOtherPlaces) {
  Program program = {};
  program.dims = makeDims();
  Entry entry = {};
  std::vector<uint32_t> shape = {0, 0};
  entry.arguments = {{"x", artifact::ElementType::f32, shape, artifact::PortRole::value, 0}};
  ExprScope ofProgram = ExprScope::ofProgram(program), ofEntry = ExprScope::ofEntry(program, entry),
            ofInterface = ExprScope::ofInterface(2);
  Expr tokens(0, 0, 0, 0, ExprKind::dim), slots(3, 0, 0, 0, ExprKind::dim);
  EXPECT_EQ(message(slots, ofProgram), "ok");
  EXPECT_EQ(message(tokens, ofProgram),
            "exprs[1].value: expected a dim of a session, got 'tokens' of a call");
  EXPECT_EQ(message(tokens, ofEntry), "ok");
  EXPECT_EQ(message(slots, ofInterface), "exprs[1].value: expected a dim below 0, got 3");
  EXPECT_EQ(message(Expr(0, 0, 1, 0, ExprKind::extent), ofEntry), "ok");
  EXPECT_EQ(message(Expr(0, 1, 0, 0, ExprKind::extent), ofEntry),
            "exprs[1].a: expected an argument below 1, got 1");
  EXPECT_EQ(message(Expr(0, 0, 2, 0, ExprKind::extent), ofEntry),
            "exprs[1].b: expected an axis below 2 of argument 'x', got 2");
  for (const ExprScope &scope : {ofProgram, ofInterface})
    EXPECT_EQ(message(Expr(0, 0, 0, 0, ExprKind::extent), scope),
              "exprs[1].kind: expected extent in entry points alone, got it elsewhere");
  EXPECT_EQ(message(Expr(1, 0, 0, 0, ExprKind::launch_constant), ofInterface), "ok");
  EXPECT_EQ(message(Expr(2, 0, 0, 0, ExprKind::launch_constant), ofInterface),
            "exprs[1].value: expected a constant below 2, got 2");
  for (const ExprScope &scope : {ofProgram, ofEntry})
    EXPECT_EQ(message(Expr(0, 0, 0, 0, ExprKind::launch_constant), scope),
              "exprs[1].kind: expected launch_constant in interfaces alone, got it elsewhere");
}

TEST(ExpressionTest, WhatIsKnownAtLoad) {
  Program program = {};
  program.dims = {{"rank", Dim::rank}, {"slots", Dim::slots}, {"world", Dim::world_size}};
  std::vector<Expr> nodes = {Expr(0, 0, 0, 0, ExprKind::dim), Expr(1, 0, 0, 0, ExprKind::dim),
                             Expr(2, 0, 0, 0, ExprKind::dim), Expr(0, 0, 2, 0, ExprKind::floor_div),
                             Expr(0, 0, 1, 0, ExprKind::floor_div)};
  program.exprs = nodes;
  std::vector<bool> known = knownAtLoad(program);
  EXPECT_EQ(known, (std::vector<bool>{true, false, true, true, false}));
  // What is not known is not evaluated: nothing is divided by no slots.
  std::vector<int64_t> dims = {6, 0, 2}, values;
  ASSERT_TRUE(evaluateExpressions(nodes, {dims, {}, {}}, values, &known).ok());
  EXPECT_EQ(values[3], 3);
}

} // namespace
} // namespace hadal::runtime
