// SPDX-License-Identifier: Apache-2.0
// Cases of experts over ragged groups: part by part, and the whole.
#include "Matrix.h"
#include "Routing.h"

namespace hadal::conformance {
namespace {

struct Experts {
  Precision precision;
  Element gate, up, down; // as stored
  int64_t experts, topK, width, inner;
  Shape block;

  std::string text() const {
    std::string types = infoOf(gate).name;
    if (up != gate || down != gate)
      types += std::string(", ") + infoOf(up).name + ", " + infoOf(down).name;
    return std::string("/") + precision.name + "/" + types + "/" + std::to_string(topK) + " of " +
           shapeText({experts, inner, width});
  }
  Shape shapeIn() const { return {experts, inner, width}; }
  Shape shapeOut() const { return {experts, width, inner}; }
};

/// "scales %gate_scale, none", or "".
std::string scalesText(const std::vector<std::pair<std::string, const Matrix *>> &weights) {
  std::string text;
  bool any = false;
  for (auto &[name, matrix] : weights) {
    any |= matrix->isScaled();
    text +=
        (text.empty() ? " scales " : ", ") + (matrix->isScaled() ? "%" + name + "_scale" : "none");
  }
  return any ? text : "";
}

std::string attributes(std::initializer_list<std::string> parts) {
  std::string text;
  for (const std::string &part : parts)
    if (!part.empty())
      text += (text.empty() ? "" : ", ") + part;
  return " {" + text + "}";
}

std::string blockOf(const Matrix &a, const Matrix &b) {
  return a.isScaled() ? a.blockText() : b.blockText();
}

/// silu(gate[e] x) * (up[e] x) for the row of a pair.
void gateUp(const Matrix &gate, const Matrix &up, int64_t expert, const double *x, double *h) {
  for (int64_t i = 0; i < gate.outputs(); ++i)
    h[i] = silu(gate.dot(expert, i, x)) * up.dot(expert, i, x);
}

void groupArguments(Case &c, const Experts &spec) {
  c.argument("offsets", Element::i32, {spec.experts + 1});
  c.argument("rows", Element::i32, {-1});
}

void giveGroups(Call &call, const Groups &groups) {
  call.argument("offsets", Tensor::integers(groups.offsets));
  call.argument("rows", Tensor::integers(groups.rows));
}

void gateUpCase(Case &c, const Experts &spec) {
  Random random(spec.experts);
  c.precision = spec.precision.name;
  Element act = spec.precision.activation;
  Matrix gate = Matrix::random(random, spec.gate, spec.shapeIn(), spec.block, spec.precision);
  Matrix up = Matrix::random(random, spec.up, spec.shapeIn(), spec.block, spec.precision);
  c.argument("x", act, {-1, spec.width});
  groupArguments(c, spec);
  gate.declare(c, "gate");
  up.declare(c, "up");
  c.op("%h = hadal.moe_gate_up %x, %offsets, %rows, %gate, %up" +
           scalesText({{"gate", &gate}, {"up", &up}}) +
           attributes({"top_k = " + std::to_string(spec.topK) + " : i64", blockOf(gate, up)}),
       {typeText(act, {-1, spec.inner})});
  c.result("h", act, {-1, spec.inner});
  for (const Ids &ids : idsOf(c, spec.topK, spec.experts)) {
    Groups groups(ids);
    Tensor x = Tensor::random(random, act, {ids.rows, spec.width});
    Tensor h = Tensor::undefined(act, {ids.rows * spec.topK, spec.inner});
    for (int64_t p = 0; p < h.rows(); ++p)
      gateUp(gate, up, ids.values[groups.rows[p]], x.row(groups.rows[p] / spec.topK), h.row(p));
    Call &call = c.call(ids.name);
    call.argument("x", x);
    giveGroups(call, groups);
    call.expect("h", h, limitOf(act));
  }
}

void downCase(Case &c, const Experts &spec) {
  Random random(spec.experts);
  c.precision = spec.precision.name;
  Element act = spec.precision.activation;
  Matrix down = Matrix::random(random, spec.down, spec.shapeOut(), spec.block, spec.precision);
  c.argument("h", act, {-1, spec.inner});
  groupArguments(c, spec);
  down.declare(c, "down");
  c.op("%y = hadal.moe_down %h, %offsets, %rows, %down" +
           std::string(down.isScaled() ? " scale %down_scale" : "") +
           attributes({down.blockText()}),
       {typeText(Element::f32, {-1, spec.width})});
  c.result("y", Element::f32, {-1, spec.width});
  for (const Ids &ids : idsOf(c, spec.topK, spec.experts)) {
    Groups groups(ids);
    Tensor h = Tensor::random(random, act, {ids.rows * spec.topK, spec.inner});
    Tensor y = Tensor::undefined(Element::f32, {h.rows(), spec.width});
    for (int64_t p = 0; p < h.rows(); ++p)
      for (int64_t o = 0; o < spec.width; ++o)
        y.row(groups.rows[p])[o] = down.dot(ids.values[groups.rows[p]], o, h.row(p));
    Call &call = c.call(ids.name);
    call.argument("h", h);
    giveGroups(call, groups);
    call.expect("y", y, kOfF32);
  }
}

/// With what a layer adds: the shared experts, the residual.
void combineCase(Case &c, int64_t topK, int64_t width, bool shared, bool residual) {
  Random random(topK);
  c.argument("y", Element::f32, {-1, width});
  c.argument("w", Element::f32, {-1, topK});
  for (auto [name, isThere] :
       {std::pair<const char *, bool>{"shared", shared}, {"residual", residual}})
    if (isThere)
      c.argument(name, Element::f32, {-1, width});
  c.op("%combined = hadal.moe_combine %y, %w", {typeText(Element::f32, {-1, width})});
  if (shared)
    c.sum("both", "combined", "shared");
  std::string last = shared ? "both" : "combined";
  if (residual)
    c.sum("out", "residual", last);
  c.result(residual ? "out" : last, Element::f32, {-1, width});
  for (int64_t rows : c.rowCounts()) {
    Tensor y = Tensor::random(random, Element::f32, {rows * topK, width});
    Tensor w = Tensor::random(random, Element::f32, {rows, topK});
    Tensor out = Tensor::undefined(Element::f32, {rows, width});
    Call &call = c.call(rowsText(rows));
    call.argument("y", y);
    call.argument("w", w);
    for (int64_t n = 0; n < rows; ++n)
      for (int64_t i = 0; i < width; ++i) {
        double sum = 0;
        for (int64_t j = 0; j < topK; ++j)
          sum += w.row(n)[j] * y.row(n * topK + j)[i];
        out.row(n)[i] = sum;
      }
    for (auto [name, isThere] :
         {std::pair<const char *, bool>{"shared", shared}, {"residual", residual}}) {
      if (!isThere)
        continue;
      Tensor more = Tensor::random(random, Element::f32, out.shape);
      for (size_t i = 0; i < out.values.size(); ++i)
        out.values[i] += more.values[i];
      call.argument(name, more);
    }
    call.expect(residual ? "out" : last, out, kOfF32, /*addend=*/1);
  }
}

/// All parts from the ids on, with what a layer adds to them.
void expertsCase(Case &c, const Experts &spec) {
  Random random(spec.experts);
  c.precision = spec.precision.name;
  Element act = spec.precision.activation;
  Matrix gate = Matrix::random(random, spec.gate, spec.shapeIn(), spec.block, spec.precision);
  Matrix up = Matrix::random(random, spec.up, spec.shapeIn(), spec.block, spec.precision);
  Matrix down = Matrix::random(random, spec.down, spec.shapeOut(), spec.block, spec.precision);
  Shape wide = {-1, spec.width};
  c.argument("x", act, wide);
  c.argument("w", Element::f32, {-1, spec.topK});
  c.argument("ids", Element::i32, {-1, spec.topK});
  c.argument("shared", Element::f32, wide);
  c.argument("residual", Element::f32, wide);
  gate.declare(c, "gate");
  up.declare(c, "up");
  down.declare(c, "down");
  c.op("%routed = hadal.moe_experts %x, %w, %ids, %gate, %up, %down" +
           scalesText({{"gate", &gate}, {"up", &up}, {"down", &down}}) +
           attributes({gate.isScaled() ? gate.blockText() : blockOf(up, down)}),
       {typeText(Element::f32, wide)});
  c.sum("both", "routed", "shared");
  c.sum("y", "residual", "both");
  c.result("y", Element::f32, wide);
  std::vector<double> h(spec.inner);
  for (const Ids &ids : idsOf(c, spec.topK, spec.experts)) {
    Tensor x = Tensor::random(random, act, {ids.rows, spec.width});
    Tensor w = Tensor::random(random, Element::f32, {ids.rows, spec.topK});
    Tensor shared = Tensor::random(random, Element::f32, x.shape),
           residual = Tensor::random(random, Element::f32, x.shape);
    Tensor y = shared;
    for (int64_t n = 0; n < ids.rows; ++n)
      for (int64_t j = 0; j < spec.topK; ++j) {
        int64_t expert = ids.values[n * spec.topK + j];
        gateUp(gate, up, expert, x.row(n), h.data());
        for (int64_t o = 0; o < spec.width; ++o)
          y.row(n)[o] += w.row(n)[j] * down.dot(expert, o, h.data());
      }
    for (size_t i = 0; i < y.values.size(); ++i)
      y.values[i] += residual.values[i];
    Call &call = c.call(ids.name);
    call.argument("x", x);
    call.argument("w", w);
    call.indices("ids", Tensor::integers(ids.values, {ids.rows, spec.topK}), spec.experts);
    call.argument("shared", shared);
    call.argument("residual", residual);
    // In native precision h is rounded on the way.
    call.expect("y", y, limitOfTwice(act));
  }
}

} // namespace

void addExpertCases(Cases &cases) {
  struct Types {
    Element gate, up, down;
  };
  const Types types[] = {
      {Element::f32, Element::f32, Element::f32}, {Element::bf16, Element::bf16, Element::bf16},
      {Element::f16, Element::f16, Element::f16}, {Element::f8, Element::f8, Element::f8},
      {Element::bf16, Element::f8, Element::f8},  {Element::f8, Element::bf16, Element::bf16}};
  for (const Precision &precision : kPrecisions)
    for (const Types &each : types)
      for (bool odd : {false, true}) {
        Experts spec{precision,     each.gate,     each.up,
                     each.down,     odd ? 5 : 16,  odd ? 1 : 4,
                     odd ? 45 : 64, odd ? 37 : 32, odd ? Shape{16, 32} : Shape{32, 32}};
        cases.push_back({"moe_gate_up" + spec.text(), [=](Case &c) { gateUpCase(c, spec); }});
        if (each.gate == each.down) // one for each type
          cases.push_back({"moe_down" + spec.text(), [=](Case &c) { downCase(c, spec); }});
        cases.push_back({"moe_experts" + spec.text(), [=](Case &c) { expertsCase(c, spec); }});
      }
  for (int64_t topK : {1, 6})
    for (bool shared : {false, true})
      for (bool residual : {false, true})
        cases.push_back({"moe_combine/" + std::to_string(topK) + (shared ? "/shared" : "") +
                             (residual ? "/residual" : ""),
                         [=](Case &c) { combineCase(c, topK, 45, shared, residual); }});
}

void addExpertFamilies(Families &families) {
  const auto draw = [](Random &r) {
    const Element stored[] = {Element::f32, Element::bf16, Element::f16, Element::f8};
    Experts spec{oneOf(r, kPrecisions), oneOf(r, stored), {}, {}, r.between(2, 12), 0,
                 r.between(1, 72),      r.between(1, 48), {}};
    bool mixes = spec.gate == Element::bf16 || spec.gate == Element::f8;
    spec.up = mixes && r.coin() ? Element::f8 : spec.gate;
    spec.down = mixes && r.coin() ? Element::f8 : spec.gate;
    spec.topK = r.between(1, std::min<int64_t>(6, spec.experts));
    spec.block = r.coin() ? Shape{16, 32} : Shape{32, 32};
    return spec;
  };
  families.push_back({"moe_gate_up", [=](Case &c, Random &r) { gateUpCase(c, draw(r)); }});
  families.push_back({"moe_down", [=](Case &c, Random &r) { downCase(c, draw(r)); }});
  families.push_back({"moe_experts", [=](Case &c, Random &r) { expertsCase(c, draw(r)); }});
  families.push_back({"moe_combine", [](Case &c, Random &r) {
                        bool shared = r.coin(), residual = r.coin();
                        int64_t topK = r.between(1, 8);
                        combineCase(c, topK, r.between(1, 100), shared, residual);
                      }});
}

} // namespace hadal::conformance
