// SPDX-License-Identifier: Apache-2.0
// Cases of matrix products: plain, gated, by heads, and what fuses to them.
#include "Matrix.h"

#include <algorithm>
#include <cmath>

namespace hadal::conformance {
namespace {

struct Linear {
  Precision precision;
  Element stored;
  Shape shape, block;
};

Random randomOf(const Linear &spec) { return Random(spec.shape[0] * 1000 + spec.shape[1]); }

void linearCase(Case &c, const Linear &spec, bool residual, Element result) {
  Random random = randomOf(spec);
  c.precision = spec.precision.name;
  Matrix w = Matrix::random(random, spec.stored, spec.shape, spec.block, spec.precision);
  c.argument("x", spec.precision.activation, {-1, w.inputs()});
  w.declare(c, "w");
  if (residual)
    c.argument("r", Element::f32, {-1, w.outputs()});
  c.op("%y = hadal.linear %x, %w" + std::string(w.isScaled() ? " scale %w_scale" : "") + " {" +
           w.blockText() + "}",
       {typeText(result, {-1, w.outputs()})});
  if (residual)
    c.sum("s", "r", "y");
  std::string last = residual ? "s" : "y";
  c.result(last, result, {-1, w.outputs()});
  for (int64_t rows : c.rowCounts()) {
    Tensor x = Tensor::random(random, spec.precision.activation, {rows, w.inputs()});
    Tensor y = product(x, w, result);
    Call &call = c.call(rowsText(rows));
    call.argument("x", x);
    double addend = 0;
    if (residual) {
      Tensor r = Tensor::random(random, Element::f32, y.shape, 4);
      for (size_t i = 0; i < y.values.size(); ++i) {
        y.values[i] += r.values[i];
        addend = std::max(addend, std::fabs(r.values[i]));
      }
      call.argument("r", r);
    }
    call.expect(last, y, limitOf(result), addend);
  }
}

/// As one op, or as the three that fuse to it.
void gatedLinearCase(Case &c, const Linear &spec, bool apart, Element result) {
  Random random = randomOf(spec);
  c.precision = spec.precision.name;
  Matrix gate = Matrix::random(random, spec.stored, spec.shape, spec.block, spec.precision);
  Matrix up = Matrix::random(random, spec.stored, spec.shape, spec.block, spec.precision);
  std::string type = typeText(result, {-1, gate.outputs()}),
              wide = typeText(Element::f32, {-1, gate.outputs()});
  c.argument("x", spec.precision.activation, {-1, gate.inputs()});
  gate.declare(c, "gate");
  up.declare(c, "up");
  std::string block = " {" + gate.blockText() + "}";
  if (apart) {
    for (std::string name : {"gate", "up"})
      c.op("%" + name + "_y = hadal.linear %x, %" + name +
               (gate.isScaled() ? " scale %" + name + "_scale" : "") + block,
           {wide});
    c.op("%y = hadal.swiglu %gate_y, %up_y", {type});
  } else {
    c.op("%y = hadal.gated_linear %x, %gate, %up" +
             std::string(gate.isScaled() ? " scales %gate_scale, %up_scale" : "") + block,
         {type});
  }
  c.result("y", result, {-1, gate.outputs()});
  for (int64_t rows : c.rowCounts()) {
    Tensor x = Tensor::random(random, spec.precision.activation, {rows, gate.inputs()});
    Tensor g = product(x, gate, Element::f32), y = product(x, up, result);
    for (size_t i = 0; i < y.values.size(); ++i)
      y.values[i] *= silu(g.values[i]);
    Call &call = c.call(rowsText(rows));
    call.argument("x", x);
    call.expect("y", y, limitOf(result));
  }
}

struct Heads {
  int64_t heads, width, inputs, outputs;
};

/// y[n, h, o] = sum_i x[n, h, i] * weight[h, o, i], of the first columns of a head.
void headLinearCase(Case &c, const Precision &precision, Element stored, Element result,
                    const Heads &shape) {
  Random random(shape.heads * 1000 + shape.inputs);
  c.precision = precision.name;
  Matrix w =
      Matrix::random(random, stored, {shape.heads, shape.outputs, shape.inputs}, {}, precision);
  Shape read = {-1, shape.heads * shape.width}, made = {-1, shape.heads * shape.outputs};
  c.argument("x", precision.activation, read);
  w.declare(c, "w");
  c.op("%y = hadal.head_linear %x, %w", {typeText(result, made)});
  c.result("y", result, made);
  for (int64_t rows : c.rowCounts()) {
    Tensor x = Tensor::random(random, precision.activation, {rows, read[1]});
    Tensor y = Tensor::undefined(result, {rows, made[1]});
    for (int64_t n = 0; n < rows; ++n)
      for (int64_t h = 0; h < shape.heads; ++h)
        for (int64_t o = 0; o < shape.outputs; ++o)
          y.row(n)[h * shape.outputs + o] = w.dot(h, o, x.row(n) + h * shape.width);
    Call &call = c.call(rowsText(rows));
    call.argument("x", x);
    call.expect("y", y, limitOf(result));
  }
}

} // namespace

void addLinearCases(Cases &cases) {
  struct Size {
    Shape shape, block;
  };
  const Size sizes[] = {
      {{96, 64}, {32, 32}}, {{33, 45}, {16, 32}}, {{1, 7}, {128, 128}}, {{130, 512}, {128, 128}}};
  for (const Precision &precision : kPrecisions)
    for (Element stored : {Element::f32, Element::bf16, Element::f16, Element::f8})
      for (const Size &size : sizes) {
        std::string tail = std::string("/") + precision.name + "/" + infoOf(stored).name + "/" +
                           shapeText(size.shape);
        Linear spec{precision, stored, size.shape, size.block};
        Element act = precision.activation;
        for (bool residual : {false, true})
          cases.push_back({"linear" + tail + (residual ? "/residual" : ""),
                           [=](Case &c) { linearCase(c, spec, residual, Element::f32); }});
        for (bool apart : {false, true})
          cases.push_back({"gated_linear" + tail + (apart ? "/of three" : ""),
                           [=](Case &c) { gatedLinearCase(c, spec, apart, act); }});
        if (&size != sizes)
          continue;
        // What no precision asks for: the other type.
        Element other = act == Element::f32 ? Element::bf16 : Element::f32;
        cases.push_back({"linear" + tail + "/to bf16",
                         [=](Case &c) { linearCase(c, spec, false, Element::bf16); }});
        cases.push_back({"gated_linear" + tail + "/to " + infoOf(other).name,
                         [=](Case &c) { gatedLinearCase(c, spec, false, other); }});
      }
  for (const Precision &precision : kPrecisions)
    for (Element stored : {Element::f32, Element::bf16, Element::f16})
      for (Element result : {Element::f32, Element::bf16})
        for (const Heads &heads :
             {Heads{3, 48, 32, 64}, Heads{5, 20, 20, 37}, Heads{2, 80, 64, 128}})
          cases.push_back({std::string("head_linear/") + precision.name + "/" +
                               infoOf(stored).name + "/to " + infoOf(result).name + "/" +
                               shapeText({heads.heads, heads.outputs, heads.inputs}),
                           [=](Case &c) { headLinearCase(c, precision, stored, result, heads); }});
}

void addLinearFamilies(Families &families) {
  const auto draw = [](Random &r) {
    Linear spec{oneOf(r, kPrecisions),
                oneOf(r, {Element::f32, Element::bf16, Element::f16, Element::f8}),
                {},
                {}};
    spec.shape = {r.between(1, 140), r.between(1, r.coin() ? 300 : 64)};
    const auto side = [&] { return oneOf(r, {int64_t(16), int64_t(32), int64_t(128)}); };
    spec.block = {side(), side()};
    return spec;
  };
  const auto results = [](Random &r) { return oneOf(r, {Element::f32, Element::bf16}); };
  families.push_back({"linear", [=](Case &c, Random &r) {
                        Linear spec = draw(r);
                        bool residual = r.coin();
                        linearCase(c, spec, residual, residual ? Element::f32 : results(r));
                      }});
  families.push_back({"gated_linear", [=](Case &c, Random &r) {
                        Linear spec = draw(r);
                        bool apart = r.coin();
                        gatedLinearCase(c, spec, apart,
                                        apart ? spec.precision.activation : results(r));
                      }});
  families.push_back({"head_linear", [=](Case &c, Random &r) {
                        Precision precision = oneOf(r, kPrecisions);
                        Element stored = oneOf(r, {Element::f32, Element::bf16, Element::f16});
                        Heads heads{r.between(1, 6), 0, r.between(1, 64), r.between(1, 64)};
                        heads.width = heads.inputs + r.between(0, 16);
                        headLinearCase(c, precision, stored, results(r), heads);
                      }});
}

} // namespace hadal::conformance
