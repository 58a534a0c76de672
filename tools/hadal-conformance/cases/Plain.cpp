// SPDX-License-Identifier: Apache-2.0
// Cases of ops that are not of the dialect, for targets that take them.
#include "Cases.h"

namespace hadal::conformance {
namespace {

constexpr int64_t kWidth = 45;
const Shape kRows = {-1, kWidth};

void sumCase(Case &c) {
  Random random(1);
  for (const char *name : {"a", "b"})
    c.argument(name, Element::f32, kRows);
  c.sum("y", "a", "b");
  c.result("y", Element::f32, kRows);
  for (int64_t rows : c.rowCounts()) {
    Tensor a = Tensor::random(random, Element::f32, {rows, kWidth});
    Tensor b = Tensor::random(random, Element::f32, {rows, kWidth});
    Call &call = c.call(rowsText(rows));
    call.argument("a", a);
    call.argument("b", b);
    for (size_t i = 0; i < a.values.size(); ++i)
      a.values[i] += b.values[i];
    call.expect("y", a, kOfF32);
  }
}

/// An op of one operand: its name, and what it makes of a value.
void unaryCase(Case &c, const std::string &op, Element result, double (*compute)(double)) {
  Random random(2);
  std::string read = typeText(Element::f32, kRows), made = typeText(result, kRows);
  c.argument("x", Element::f32, kRows);
  c.line("%y = " + op + " %x : " + read + (result == Element::f32 ? "" : " to " + made), "y", made);
  c.result("y", result, kRows);
  for (int64_t rows : c.rowCounts()) {
    Tensor x = Tensor::random(random, Element::f32, {rows, kWidth});
    Call &call = c.call(rowsText(rows));
    call.argument("x", x);
    Tensor y{result, x.shape, x.values};
    for (double &value : y.values)
      value = rounded(compute(value), result);
    call.expect("y", y, kExact);
  }
}

} // namespace

void addPlainCases(Cases &cases) {
  cases.push_back({"arith.addf/f32/45", sumCase});
  cases.push_back({"arith.truncf/f32/to bf16/45", [](Case &c) {
                     unaryCase(c, "arith.truncf", Element::bf16, [](double x) { return x; });
                   }});
  cases.push_back({"arith.negf/f32/45", [](Case &c) {
                     unaryCase(c, "arith.negf", Element::f32, [](double x) { return -x; });
                   }});
}

} // namespace hadal::conformance
