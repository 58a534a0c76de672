// SPDX-License-Identifier: Apache-2.0
// Cases of ops that treat each row by itself.
#include "Cases.h"

#include <cmath>

namespace hadal::conformance {
namespace {

constexpr double kEpsilon = 1e-5;

/// y[n] = table[tokens[n]]
Tensor embedding(const Tensor &table, const std::vector<int32_t> &tokens) {
  Tensor y = Tensor::undefined(Element::f32, {static_cast<int64_t>(tokens.size()), table.width()});
  for (int64_t n = 0; n < y.rows(); ++n)
    std::copy_n(table.row(tokens[n]), y.width(), y.row(n));
  return y;
}

void embeddingCase(Case &c, Element stored, int64_t width) {
  Random random(width);
  constexpr int64_t vocabulary = 97;
  Tensor table = Tensor::random(random, stored, {vocabulary, width});
  c.argument("tokens", Element::i32, {-1});
  c.parameter("table", table);
  c.op("%y = hadal.embedding %tokens, %table", {typeText(Element::f32, {-1, width})});
  c.result("y", Element::f32, {-1, width});
  auto add = [&](const std::string &name, const std::vector<int32_t> &tokens) {
    Call &call = c.call(name);
    call.indices("tokens", Tensor::integers(tokens), vocabulary);
    call.expect("y", embedding(table, tokens), kExact);
  };
  for (int64_t rows : c.rowCounts()) {
    std::vector<int32_t> tokens(rows);
    for (int32_t &token : tokens)
      token = static_cast<int32_t>(random.below(vocabulary));
    add(rowsText(rows), tokens);
  }
  add("the first token and the last", {0, vocabulary - 1, 0});
}

/// y[n] = x[m] / sqrt(mean(x[m]²) + eps) * weight
Tensor rmsNorm(const Tensor &x, const Tensor &weight, Element result) {
  Tensor y = Tensor::undefined(result, x.shape);
  for (int64_t n = 0; n < x.rows(); ++n) {
    double squares = 0;
    for (int64_t i = 0; i < x.width(); ++i)
      squares += x.row(n)[i] * x.row(n)[i];
    double root =
        std::sqrt(squares / static_cast<double>(x.width()) + static_cast<float>(kEpsilon));
    for (int64_t i = 0; i < x.width(); ++i)
      y.row(n)[i] = x.row(n)[i] / root * weight.values[i];
  }
  return y;
}

struct Norm {
  Element stored, result;
  int64_t width;
  bool rows, wide;
  bool given = false; // the weight is an argument
};

void rmsNormCase(Case &c, const Norm &norm) {
  Random random(norm.width);
  Tensor weight = Tensor::random(random, norm.stored, {norm.width}, 2);
  c.argument("x", Element::f32, {-1, norm.width});
  if (norm.given)
    c.argument("weight", norm.stored, {norm.width});
  else
    c.parameter("weight", weight);
  if (norm.rows)
    c.argument("rows", Element::i32, {-1});
  std::string type = typeText(norm.result, {-1, norm.width});
  std::string op = " = hadal.rms_norm %x, %weight" + std::string(norm.rows ? " rows %rows" : "") +
                   " {eps = 1.0e-5 : f32}";
  if (norm.wide) { // what something else reads in f32 is rounded by an op of its own
    std::string wide = typeText(Element::f32, {-1, norm.width});
    c.op("%w" + op, {wide});
    c.line("%y = arith.truncf %w : " + wide + " to " + type, "y", type);
  } else {
    c.op("%y" + op, {type});
  }
  c.result("y", norm.result, {-1, norm.width});
  if (norm.wide)
    c.result("w", Element::f32, {-1, norm.width});
  auto add = [&](const std::string &name, const Tensor &x, const std::vector<int32_t> &rows) {
    Call &call = c.call(name);
    call.argument("x", x);
    if (norm.given)
      call.argument("weight", weight);
    Tensor read = norm.rows ? embedding(x, rows) : x;
    if (norm.rows)
      call.indices("rows", Tensor::integers(rows), std::max<int64_t>(x.rows(), 1));
    call.expect("y", rmsNorm(read, weight, norm.result), limitOf(norm.result));
    if (norm.wide)
      call.expect("w", rmsNorm(read, weight, Element::f32), kOfF32);
  };
  for (int64_t rows : c.rowCounts()) {
    std::vector<int32_t> chosen;
    if (rows)
      chosen = {static_cast<int32_t>(rows - 1), 0, static_cast<int32_t>(rows / 2)};
    add(rowsText(rows), Tensor::random(random, Element::f32, {rows, norm.width}, 3), chosen);
  }
  Tensor zeros = Tensor::random(random, Element::f32, {3, norm.width});
  std::fill_n(zeros.row(1), norm.width, 0);
  add("a row of zeros", zeros, {1, 0});
}

/// The last columns of each head rotated; a pair is (i, i + dr / 2) in the result.
Tensor rope(const Tensor &x, const Tensor &positions, const Tensor &cos, const Tensor &sin,
            int64_t heads, bool interleaved, Element result) {
  Tensor y = Tensor::undefined(result, x.shape);
  int64_t head = x.width() / heads, half = cos.width(), nope = head - 2 * half;
  for (int64_t n = 0; n < x.rows(); ++n)
    for (int64_t h = 0; h < heads; ++h) {
      const double *from = x.row(n) + h * head;
      double *to = y.row(n) + h * head;
      std::copy_n(from, nope, to);
      auto at = static_cast<int64_t>(positions.values[n]);
      for (int64_t i = 0; i < half; ++i) {
        double a = from[nope + (interleaved ? 2 * i : i)],
               b = from[nope + (interleaved ? 2 * i + 1 : i + half)];
        to[nope + i] = a * cos.row(at)[i] - b * sin.row(at)[i];
        to[nope + half + i] = b * cos.row(at)[i] + a * sin.row(at)[i];
      }
    }
  return y;
}

void ropeCase(Case &c, Element result, int64_t heads, int64_t nope, int64_t rotated,
              bool interleaved) {
  Random random(heads);
  constexpr int64_t positions = 50;
  int64_t width = heads * (nope + rotated);
  c.argument("x", Element::f32, {-1, width});
  c.argument("positions", Element::i32, {-1});
  c.argument("cos", Element::f32, {positions, rotated / 2});
  c.argument("sin", Element::f32, {positions, rotated / 2});
  c.op("%y = hadal.rope %x, %positions, %cos, %sin {heads = " + std::to_string(heads) + " : i64" +
           (interleaved ? ", interleaved}" : "}"),
       {typeText(result, {-1, width})});
  c.result("y", result, {-1, width});
  for (int64_t rows : c.rowCounts()) {
    Tensor x = Tensor::random(random, Element::f32, {rows, width});
    Tensor cos = Tensor::random(random, Element::f32, {positions, rotated / 2});
    Tensor sin = Tensor::random(random, Element::f32, {positions, rotated / 2});
    std::vector<int32_t> at(rows);
    for (int32_t &position : at)
      position = static_cast<int32_t>(random.below(positions));
    if (rows)
      at.back() = positions - 1;
    Call &call = c.call(rowsText(rows));
    call.argument("x", x);
    call.indices("positions", Tensor::integers(at), positions);
    call.argument("cos", cos);
    call.argument("sin", sin);
    call.expect("y", rope(x, Tensor::integers(at), cos, sin, heads, interleaved, result),
                limitOf(result));
  }
}

void gatherRowsCase(Case &c, Element element, int64_t width) {
  Random random(width);
  c.argument("x", element, {-1, width});
  c.argument("rows", Element::i32, {-1});
  c.op("%y = hadal.gather_rows %x, %rows", {typeText(element, {-1, width})});
  c.result("y", element, {-1, width});
  auto add = [&](const std::string &name, int64_t count, const std::vector<int32_t> &rows) {
    Tensor x = Tensor::random(random, element, {count, width});
    Call &call = c.call(name);
    call.argument("x", x);
    call.indices("rows", Tensor::integers(rows), count);
    Tensor y = embedding(x, rows);
    y.element = element;
    call.expect("y", y, kExact);
  };
  for (int64_t i = 0; c.draw && i < c.draw->edges; ++i) {
    int64_t count = random.between(1, 40);
    std::vector<int32_t> rows(random.between(0, 12));
    for (int32_t &row : rows)
      row = static_cast<int32_t>(random.below(count));
    add(std::to_string(rows.size()) + " of " + rowsText(count), count, rows);
  }
  add("the only row", 1, {0});
  add("in reverse", 5, {4, 3, 2, 1, 0});
  add("some rows, one of them twice", 33, {32, 7, 7, 0});
  add("no row", 9, {});
}

void swigluCase(Case &c, Element read, Element result, int64_t width) {
  Random random(width);
  c.argument("gate", read, {-1, width});
  c.argument("up", read, {-1, width});
  c.op("%y = hadal.swiglu %gate, %up", {typeText(result, {-1, width})});
  c.result("y", result, {-1, width});
  for (int64_t rows : c.rowCounts()) {
    Tensor gate = Tensor::random(random, read, {rows, width}, rows == 7 ? 100 : 4);
    Tensor up = Tensor::random(random, read, {rows, width});
    Tensor y = Tensor::undefined(result, up.shape);
    for (size_t i = 0; i < y.values.size(); ++i)
      y.values[i] = gate.values[i] / (1 + std::exp(-gate.values[i])) * up.values[i];
    Call &call = c.call(rowsText(rows));
    call.argument("gate", gate);
    call.argument("up", up);
    call.expect("y", y, limitOf(result));
  }
}

} // namespace

void addRowCases(Cases &cases) {
  auto nameOf = [](Element element) { return std::string(infoOf(element).name); };
  for (Element stored : {Element::f32, Element::bf16, Element::f16})
    for (int64_t width : {64, 45})
      cases.push_back({"embedding/" + nameOf(stored) + "/" + std::to_string(width),
                       [=](Case &c) { embeddingCase(c, stored, width); }});
  for (Element stored : {Element::f32, Element::bf16, Element::f16})
    for (int64_t width : {64, 45, 1024})
      cases.push_back({"rms_norm/" + nameOf(stored) + "/" + std::to_string(width), [=](Case &c) {
                         rmsNormCase(c, {stored, Element::f32, width, false, false});
                       }});
  for (Element stored : {Element::f32, Element::bf16})
    cases.push_back({"rms_norm/" + nameOf(stored) + "/64/weight given", [=](Case &c) {
                       rmsNormCase(c, {stored, Element::f32, 64, false, false, true});
                     }});
  for (bool rows : {false, true})
    for (bool wide : {false, true})
      cases.push_back(
          {std::string("rms_norm/to bf16/72") + (rows ? "/rows" : "") + (wide ? "/wide" : ""),
           [=](Case &c) { rmsNormCase(c, {Element::bf16, Element::bf16, 72, rows, wide}); }});
  for (Element result : {Element::f32, Element::bf16})
    for (bool interleaved : {false, true}) {
      cases.push_back({"rope/to " + nameOf(result) + (interleaved ? "/interleaved" : "/halves"),
                       [=](Case &c) { ropeCase(c, result, 3, 32, 16, interleaved); }});
      cases.push_back(
          {"rope/to " + nameOf(result) + (interleaved ? "/interleaved" : "/halves") + "/odd",
           [=](Case &c) { ropeCase(c, result, 5, 7, 6, interleaved); }});
    }
  for (Element element : {Element::f32, Element::bf16})
    for (int64_t width : {64, 41})
      cases.push_back({"gather_rows/" + nameOf(element) + "/" + std::to_string(width),
                       [=](Case &c) { gatherRowsCase(c, element, width); }});
  for (Element read : {Element::f32, Element::bf16})
    for (Element result : {Element::f32, Element::bf16})
      cases.push_back({"swiglu/" + nameOf(read) + "/to " + nameOf(result) + "/45",
                       [=](Case &c) { swigluCase(c, read, result, 45); }});
}

void addRowFamilies(Families &families) {
  const auto stored = [](Random &r) {
    return oneOf(r, {Element::f32, Element::bf16, Element::f16});
  };
  const auto activation = [](Random &r) { return oneOf(r, {Element::f32, Element::bf16}); };
  families.push_back({"embedding", [=](Case &c, Random &r) {
                        Element element = stored(r);
                        embeddingCase(c, element, r.between(1, 150));
                      }});
  families.push_back({"rms_norm", [=](Case &c, Random &r) {
                        Element result = activation(r);
                        bool rows = r.coin(), wide = result == Element::bf16 && r.coin();
                        Element element = stored(r);
                        rmsNormCase(c, {element, result, r.between(1, 150), rows, wide});
                      }});
  families.push_back({"rope", [=](Case &c, Random &r) {
                        int64_t heads = r.between(1, 6), nope = r.between(0, 40);
                        bool interleaved = r.coin();
                        ropeCase(c, activation(r), heads, nope, 2 * r.between(1, 20), interleaved);
                      }});
  families.push_back({"gather_rows", [=](Case &c, Random &r) {
                        Element element = activation(r);
                        gatherRowsCase(c, element, r.between(1, 150));
                      }});
  families.push_back({"swiglu", [=](Case &c, Random &r) {
                        Element read = activation(r), result = activation(r);
                        swigluCase(c, read, result, r.between(1, 150));
                      }});
}

} // namespace hadal::conformance
