// SPDX-License-Identifier: Apache-2.0
// Cases of linalg, tensor and scf, for targets that take the plain path.
#include "Cases.h"

#include <algorithm>
#include <cmath>

namespace hadal::conformance {
namespace {

/// `text` with each @NAME of a type replaced.
std::string with(std::string text, const std::map<std::string, std::string> &types) {
  for (auto &[name, type] : types)
    for (size_t at = 0; (at = text.find("@" + name, at)) != std::string::npos; at += type.size())
      text.replace(at, name.size() + 1, type);
  return text;
}

const char kRowsOfX[] = R"(
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : @X)";

/// y = exp(x w) + bias, or with the transposed weight: a product, and maps behind it.
void productCase(Case &c, Element stored, int64_t in, int64_t out, bool transposed) {
  Random random(in);
  Tensor w = Tensor::random(random, stored, transposed ? Shape{out, in} : Shape{in, out}, 0.1);
  Tensor bias = Tensor::random(random, Element::f32, {out});
  Shape rows = {-1, in}, made = {-1, out};
  c.argument("x", Element::f32, rows);
  c.parameter("w", w);
  c.parameter("bias", bias);
  std::string body = R"(
  %empty = tensor.empty(%n) : @Y
  %start = linalg.fill ins(%zero : f32) outs(%empty : @Y) -> @Y
  %product = linalg.generic {indexing_maps = [affine_map<(n, o, i) -> (n, i)>, affine_map<(n, o, i) -> @M>, affine_map<(n, o, i) -> (n, o)>],
      iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %w : @X, @W) outs(%start : @Y) {
  ^bb0(%a: f32, %b: @E, %sum: f32):
    @C
    %p = arith.mulf %a, %wide : f32
    %s = arith.addf %sum, %p : f32
    linalg.yield %s : f32
  } -> @Y
  %exp = math.exp %product : @Y
  %y = linalg.generic {indexing_maps = [affine_map<(n, o) -> (n, o)>, affine_map<(n, o) -> (o)>, affine_map<(n, o) -> (n, o)>],
      iterator_types = ["parallel", "parallel"]} ins(%exp, %bias : @Y, @B) outs(%empty : @Y) {
  ^bb0(%a: f32, %b: f32, %unused: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> @Y)";
  std::string element = infoOf(stored).name;
  std::string widened =
      stored == Element::f32
          ? "%unit = arith.constant 1.0 : f32\n    %wide = arith.mulf %b, %unit : f32"
          : "%wide = arith.extf %b : " + element + " to f32";
  c.line(with(kRowsOfX + body, {{"X", typeText(Element::f32, rows)},
                                {"Y", typeText(Element::f32, made)},
                                {"W", typeText(stored, w.shape)},
                                {"B", typeText(Element::f32, {out})},
                                {"M", transposed ? "(o, i)" : "(i, o)"},
                                {"E", element},
                                {"C", widened}}),
         "y", typeText(Element::f32, made));
  c.result("y", Element::f32, made);
  for (int64_t count : c.rowCounts()) {
    Tensor x = Tensor::random(random, Element::f32, {count, in});
    Tensor y = Tensor::undefined(Element::f32, {count, out});
    for (int64_t n = 0; n < count; ++n)
      for (int64_t o = 0; o < out; ++o) {
        double sum = 0;
        for (int64_t i = 0; i < in; ++i)
          sum += x.row(n)[i] * w.values[transposed ? o * in + i : i * out + o];
        y.row(n)[o] = std::exp(sum) + bias.values[o];
      }
    Call &call = c.call(rowsText(count));
    call.argument("x", x);
    call.expect("y", y, kOfF32);
  }
}

/// Named ops, whose destination is an argument that the caller keeps.
void matmulCase(Case &c) {
  Random random(3);
  Shape a = {-1, 21}, b = {21, 19}, d = {-1, 19};
  c.argument("a", Element::f32, a);
  c.argument("b", Element::f32, b);
  c.argument("d", Element::f32, d);
  std::string types = typeText(Element::f32, a) + ", " + typeText(Element::f32, b);
  std::string made = typeText(Element::f32, d);
  c.line("%y = linalg.matmul ins(%a, %b : " + types + ") outs(%d : " + made + ") -> " + made, "y",
         made);
  c.line("%z = linalg.sub ins(%y, %d : " + made + ", " + made + ") outs(%d : " + made + ") -> " +
             made,
         "z", made);
  c.result("y", Element::f32, d);
  c.result("z", Element::f32, d);
  for (int64_t count : c.rowCounts()) {
    Tensor left = Tensor::random(random, Element::f32, {count, 21});
    Tensor right = Tensor::random(random, Element::f32, {21, 19});
    Tensor start = Tensor::random(random, Element::f32, {count, 19});
    Tensor y = start, z = start;
    for (int64_t n = 0; n < count; ++n)
      for (int64_t o = 0; o < 19; ++o) {
        for (int64_t i = 0; i < 21; ++i)
          y.row(n)[o] += left.row(n)[i] * right.row(i)[o];
        z.row(n)[o] = y.row(n)[o] - start.row(n)[o];
      }
    Call &call = c.call(rowsText(count));
    call.argument("a", left);
    call.argument("b", right);
    call.argument("d", start);
    call.expect("y", y, kOfF32);
    call.expect("z", z, kOfF32);
  }
}

/// The softmax of rows: sums and maxima along the rows, and maps that read them.
void softmaxCase(Case &c, int64_t width) {
  Random random(width);
  Shape rows = {-1, width};
  c.argument("x", Element::f32, rows);
  std::string body = R"(
  %lowest = arith.constant 0xFF800000 : f32
  %column = tensor.empty(%n) : @S
  %none = linalg.fill ins(%lowest : f32) outs(%column : @S) -> @S
  %largest = linalg.reduce ins(%x : @X) outs(%none : @S) dimensions = [1] (%a: f32, %m: f32) {
    %r = arith.maximumf %a, %m : f32
    linalg.yield %r : f32
  }
  %empty = tensor.empty(%n) : @X
  %tails = linalg.generic {indexing_maps = [affine_map<(n, i) -> (n, i)>, affine_map<(n, i) -> (n)>, affine_map<(n, i) -> (n, i)>],
      iterator_types = ["parallel", "parallel"]} ins(%x, %largest : @X, @S) outs(%empty : @X) {
  ^bb0(%a: f32, %m: f32, %unused: f32):
    %d = arith.subf %a, %m : f32
    %r = math.exp %d : f32
    linalg.yield %r : f32
  } -> @X
  %nothing = linalg.fill ins(%zero : f32) outs(%column : @S) -> @S
  %total = linalg.reduce { arith.addf } ins(%tails : @X) outs(%nothing : @S) dimensions = [1]
  %y = linalg.generic {indexing_maps = [affine_map<(n, i) -> (n, i)>, affine_map<(n, i) -> (n)>, affine_map<(n, i) -> (n, i)>],
      iterator_types = ["parallel", "parallel"]} ins(%tails, %total : @X, @S) outs(%empty : @X) {
  ^bb0(%a: f32, %t: f32, %unused: f32):
    %r = arith.divf %a, %t : f32
    linalg.yield %r : f32
  } -> @X)";
  c.line(with(kRowsOfX + body,
              {{"X", typeText(Element::f32, rows)}, {"S", typeText(Element::f32, {-1})}}),
         "y", typeText(Element::f32, rows));
  c.result("y", Element::f32, rows);
  for (int64_t count : c.rowCounts()) {
    Tensor x = Tensor::random(random, Element::f32, {count, width}, 5);
    Tensor y = x;
    for (int64_t n = 0; n < count; ++n) {
      double largest = *std::max_element(x.row(n), x.row(n) + width), total = 0;
      for (int64_t i = 0; i < width; ++i)
        total += y.row(n)[i] = std::exp(x.row(n)[i] - largest);
      for (int64_t i = 0; i < width; ++i)
        y.row(n)[i] /= total;
    }
    Call &call = c.call(rowsText(count));
    call.argument("x", x);
    call.expect("y", y, kOfF32);
  }
}

/// Rows that data chooses are read, and written to places that data chooses.
void rowsCase(Case &c) {
  Random random(7);
  Shape rows = {-1, 24};
  c.argument("x", Element::f32, rows);
  c.argument("from", Element::i32, {-1});
  c.argument("to", Element::i32, {-1});
  std::string body = R"(
  %m = tensor.dim %from, %c0 : @I
  %empty = tensor.empty(%m) : @X
  %read = linalg.generic {indexing_maps = [affine_map<(n, i) -> (n)>, affine_map<(n, i) -> (n, i)>],
      iterator_types = ["parallel", "parallel"]} ins(%from : @I) outs(%empty : @X) {
  ^bb0(%a: i32, %unused: f32):
    %row = arith.index_cast %a : i32 to index
    %i = linalg.index 1 : index
    %r = tensor.extract %x[%row, %i] : @X
    linalg.yield %r : f32
  } -> @X
  %y = scf.forall (%p) in (%m) shared_outs(%o = %empty) -> (@X) {
    %a = tensor.extract %to[%p] : @I
    %row = arith.index_cast %a : i32 to index
    %slice = tensor.extract_slice %read[%p, 0] [1, 24] [1, 1] : @X to tensor<1x24xf32>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %slice into %o[%row, 0] [1, 24] [1, 1] : tensor<1x24xf32> into @X
    }
  })";
  c.line(with(kRowsOfX + body,
              {{"X", typeText(Element::f32, rows)}, {"I", typeText(Element::i32, {-1})}}),
         "y", typeText(Element::f32, rows));
  c.result("y", Element::f32, rows);
  for (int64_t count : c.rowCounts()) {
    Tensor x = Tensor::random(random, Element::f32, {9, 24});
    Tensor y = Tensor::undefined(Element::f32, {count, 24});
    std::vector<int32_t> from(count), to(count);
    for (int64_t n = 0; n < count; ++n) {
      from[n] = static_cast<int32_t>(random.below(9));
      to[n] = static_cast<int32_t>(count - 1 - n);
      std::copy_n(x.row(from[n]), 24, y.row(to[n]));
    }
    Call &call = c.call(rowsText(count));
    call.argument("x", x);
    call.indices("from", Tensor::integers(from), 9);
    call.indices("to", Tensor::integers(to), std::max<int64_t>(count, 1));
    call.expect("y", y, kExact);
  }
}

/// Views, and results that are nothing else.
void viewsCase(Case &c) {
  Random random(8);
  Shape rows = {-1, 24}, part = {-1, 8};
  c.argument("x", Element::bf16, rows);
  std::string body = R"(
  %heads = tensor.expand_shape %x [[0], [1, 2]] output_shape [%n, 3, 8] : @X into @H
  %middle = tensor.extract_slice %heads[0, 1, 0] [%n, 1, 8] [1, 1, 1] : @H to @P
  %empty = tensor.empty(%n) : @Y
  %wide = linalg.generic {indexing_maps = [affine_map<(n, i) -> (n, i)>, affine_map<(n, i) -> (n, i)>],
      iterator_types = ["parallel", "parallel"]} ins(%middle : @P) outs(%empty : @Y) {
  ^bb0(%a: bf16, %unused: f32):
    %r = arith.extf %a : bf16 to f32
    linalg.yield %r : f32
  } -> @Y
  %y = tensor.expand_shape %wide [[0], [1, 2]] output_shape [%n, 2, 4] : @Y into @Z)";
  c.line(with(kRowsOfX + body, {{"X", typeText(Element::bf16, rows)},
                                {"H", typeText(Element::bf16, {-1, 3, 8})},
                                {"P", typeText(Element::bf16, part)},
                                {"Y", typeText(Element::f32, part)},
                                {"Z", typeText(Element::f32, {-1, 2, 4})}}),
         "y", typeText(Element::f32, {-1, 2, 4}));
  c.result("y", Element::f32, {-1, 2, 4});
  c.result("middle", Element::bf16, part);
  for (int64_t count : c.rowCounts()) {
    Tensor x = Tensor::random(random, Element::bf16, {count, 24});
    Tensor y = Tensor::undefined(Element::f32, {count, 2, 4});
    Tensor middle = Tensor::undefined(Element::bf16, {count, 8});
    for (int64_t n = 0; n < count; ++n)
      for (int64_t i = 0; i < 8; ++i)
        y.values[n * 8 + i] = middle.values[n * 8 + i] = x.row(n)[8 + i];
    Call &call = c.call(rowsText(count));
    call.argument("x", x);
    call.expect("y", y, kExact);
    call.expect("middle", middle, kExact);
  }
}

} // namespace

void addLinalgCases(Cases &cases) {
  for (Element stored : {Element::f32, Element::bf16, Element::f8})
    for (bool transposed : {false, true})
      for (auto [in, out] : {std::pair<int64_t, int64_t>{45, 33}, {64, 96}, {3, 5}})
        cases.push_back(
            {std::string("linalg.product/") + infoOf(stored).name + "/" + std::to_string(in) + "x" +
                 std::to_string(out) + (transposed ? "/transposed" : ""),
             [=, in = in, out = out](Case &c) { productCase(c, stored, in, out, transposed); }});
  cases.push_back({"linalg.matmul/f32/21x19", matmulCase});
  for (int64_t width : {1, 16, 45, 130})
    cases.push_back(
        {"linalg.softmax/f32/" + std::to_string(width), [=](Case &c) { softmaxCase(c, width); }});
  cases.push_back({"linalg.rows/f32/24", rowsCase});
  cases.push_back({"linalg.views/bf16/24", viewsCase});
}

} // namespace hadal::conformance
