// SPDX-License-Identifier: Apache-2.0
// Cases of results whose extents are computed, by each op on integers, around zero.
#include "Cases.h"

#include <algorithm>

namespace hadal::conformance {
namespace {

/// An extent made of n - 7, in the lines that define %d, and what it is.
struct Size {
  const char *name, *lines;
  int64_t (*value)(int64_t n);
};

int64_t half(int64_t n) { return (n - 7) / 2; } // towards zero

const Size kSizes[] = {
    {"divsi", "%q = arith.divsi %a, %c2 : index\n  %d = arith.addi %q, %c4 : index",
     [](int64_t n) { return half(n) + 4; }},
    {"floordivsi", "%q = arith.floordivsi %a, %c2 : index\n  %d = arith.addi %q, %c4 : index",
     [](int64_t n) { return half(n) - (n < 7 && n % 2 == 0 ? 1 : 0) + 4; }},
    {"ceildivsi", "%q = arith.ceildivsi %a, %c2 : index\n  %d = arith.addi %q, %c4 : index",
     [](int64_t n) { return half(n) + (n > 7 && n % 2 == 0 ? 1 : 0) + 4; }},
    {"maxsi", "%d = arith.maxsi %a, %c2 : index",
     [](int64_t n) { return std::max<int64_t>(n - 7, 2); }},
    {"minui", "%d = arith.minui %a, %c4 : index",
     [](int64_t n) { return n < 7 ? 4 : std::min<int64_t>(n - 7, 4); }},
    {"maxui", "%m = arith.maxui %a, %c2 : index\n  %d = arith.minui %m, %c9 : index",
     [](int64_t n) { return n < 7 ? 9 : std::clamp<int64_t>(n - 7, 2, 9); }},
    {"divui", "%m = arith.maxsi %a, %c2 : index\n  %d = arith.divui %m, %c2 : index",
     [](int64_t n) { return std::max<int64_t>(n - 7, 2) / 2; }},
};

void sizeCase(Case &c, const Size &size) {
  c.argument("x", Element::f32, {-1});
  c.line(std::string(R"(
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c7 = arith.constant 7 : index
  %c9 = arith.constant 9 : index
  %one = arith.constant 1.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %a = arith.subi %n, %c7 : index
  )") + size.lines +
             R"(
  %empty = tensor.empty(%d) : tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%empty : tensor<?xf32>) {
  ^bb0(%o: f32):
    linalg.yield %one : f32
  } -> tensor<?xf32>)",
         "y", "tensor<?xf32>");
  c.result("y", Element::f32, {-1});
  for (int64_t count : {0, 1, 4, 5, 6, 7, 8, 10, 33}) {
    Tensor y = Tensor::undefined(Element::f32, {size.value(count)});
    std::fill(y.values.begin(), y.values.end(), 1);
    Call &call = c.call(rowsText(count));
    call.argument("x", Tensor::undefined(Element::f32, {count}));
    call.expect("y", y, kExact);
  }
}

} // namespace

void addSizeCases(Cases &cases) {
  for (const Size &size : kSizes)
    cases.push_back({std::string("sizes.") + size.name, [&size](Case &c) { sizeCase(c, size); }});
}

} // namespace hadal::conformance
