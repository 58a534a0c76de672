// SPDX-License-Identifier: Apache-2.0
// Cases of latent attention: appending to the cache, both forms by themselves, and the whole.
#include "Latent.h"

#include <algorithm>
#include <cmath>

namespace hadal::conformance {
namespace {

/// The operands of mla_append but those of the step.
struct Appending {
  Tensor weight, cos, sin;
  bool interleaved;

  static Appending declare(Case &c, const Latent &shape, Element stored, bool interleaved) {
    Random random(shape.rank);
    Appending operands{Tensor::random(random, stored, {shape.rank}, 2),
                       Tensor::random(random, Element::f32, {kTablePositions, shape.rope / 2}),
                       Tensor::random(random, Element::f32, {kTablePositions, shape.rope / 2}),
                       interleaved};
    c.argument("kv", Element::f32, {-1, shape.width()});
    c.parameter("norm", operands.weight);
    c.argument("cos", Element::f32, operands.cos.shape);
    c.argument("sin", Element::f32, operands.sin.shape);
    return operands;
  }
  void op(Case &c, const std::string &cacheType) const {
    c.op(
        "%cache1 = hadal.mla_append %kv, %norm, %cos, %sin, %positions, %sequence_offsets, %slots, %block_table "
        "outs(%cache) {eps = 1.0e-5 : f32" +
            std::string(interleaved ? ", interleaved}" : "}"),
        {cacheType});
  }
  void give(Call &call, const Tensor &kv) const {
    call.argument("kv", kv);
    call.argument("cos", cos);
    call.argument("sin", sin);
  }
};

/// Rows that nothing has written hold no number.
Cache cacheOf(const Latent &shape, const Batch &batch, Element element) {
  Cache cache{batch, Tensor::undefined(element, {batch.cacheRows(), shape.width()})};
  for (int64_t s = 0; s < batch.count(); ++s)
    for (int64_t p = 0; p < batch.end(s); ++p) {
      Tensor row = rowsFor({{s, p}}, 11, element, shape.width());
      std::copy(row.values.begin(), row.values.end(), cache.rows.row(batch.cacheRow({s, p})));
    }
  return cache;
}

Shape pagedShape(const Latent &shape, const Batch &batch) {
  return {batch.cacheRows() / shape.pageSize, shape.pageSize, shape.width()};
}

void appendCase(Case &c, const Latent &shape, Element element, bool interleaved) {
  c.stepArguments(shape.pageSize);
  Appending operands = Appending::declare(c, shape, Element::bf16, interleaved);
  // How many pages there are is all that it says.
  c.argument("pool", Element::i32, {-1});
  std::string type = typeText(element, {-1, shape.pageSize, shape.width()});
  c.line("%zero = arith.constant 0 : index", "zero", "index");
  c.line("%pages = tensor.dim %pool, %zero : tensor<?xi32>", "pages", "index");
  c.line("%cache = tensor.empty(%pages) : " + type, "cache", type);
  operands.op(c, type);
  c.result("cache1", element, {-1, shape.pageSize, shape.width()});
  for (const Batch &batch : batchesOf(c, shape.pageSize)) {
    Edge &edge = batch.addTo(c);
    for (const Batch::Tokens &tokens : batch.calls()) {
      Tensor kv = rowsFor(tokens.list, 3, Element::f32, shape.width(), 2);
      Tensor rows = appended(shape, tokens.list, kv, operands.weight, operands.cos, operands.sin,
                             interleaved, element);
      Tensor cache = Tensor::undefined(element, {batch.cacheRows(), shape.width()});
      for (size_t n = 0; n < tokens.list.size(); ++n)
        std::copy_n(rows.row(n), shape.width(), cache.row(batch.cacheRow(tokens.list[n])));
      Call &call = edge.calls.emplace_back();
      call.step = tokens.step;
      operands.give(call, kv);
      Shape paged = pagedShape(shape, batch);
      call.argument("pool", Tensor::integers(std::vector<int32_t>(paged.front())));
      cache.shape = paged;
      call.expect("cache1", cache, limitOf(element));
    }
  }
}

using BatchesOf = std::vector<Batch>(int64_t pageSize);

/// Where tiles of keys, and pages, begin and end.
std::vector<Batch> batchesAtEdges(int64_t pageSize) {
  return {{"positions 0, 1, 63, 64, 65, 1000",
           {{0, 1}, {1, 1}, {63, 1}, {64, 1}, {65, 1}, {1000, 1}},
           pageSize}};
}

/// Where parts of a context begin that are computed apart; by one that has all of them, too.
std::vector<Batch> batchesOfSegments(int64_t pageSize) {
  return {{"positions 511, 512, 1023, 1024, 1600",
           {{511, 1}, {512, 1}, {1023, 1}, {1024, 2}, {1600, 1}},
           pageSize},
          {"seventy rows from 1,000 on", {{1000, 70}, {1030, 1}}, pageSize}};
}

/// Queries and results of the precision's type, and a cache of that or of another.
void absorbedCase(Case &c, const Latent &shape, const Precision &precision, Element cached,
                  BatchesOf *batches = nullptr) {
  c.precision = precision.name;
  Element element = precision.activation;
  Shape latent = {-1, shape.heads * shape.rank}, query = {-1, shape.heads * shape.query()};
  c.stepArguments(shape.pageSize);
  c.argument("ql", Element::f32, latent);
  c.argument("q", element, query);
  c.argument("cache", cached, {-1, shape.pageSize, shape.width()});
  c.op(
      "%y = hadal.mla_attend_absorbed %ql, %q, %cache, %positions, %sequence_offsets, %slots, %block_table {heads = " +
          std::to_string(shape.heads) + " : i64, scale = 0.125 : f32}",
      {typeText(element, latent)});
  c.result("y", element, latent);
  for (const Batch &batch : batches ? batches(shape.pageSize) : batchesOf(c, shape.pageSize)) {
    Edge &edge = batch.addTo(c);
    Cache cache = cacheOf(shape, batch, cached);
    for (const Batch::Tokens &tokens : batch.calls()) {
      Tensor ql = rowsFor(tokens.list, 5, Element::f32, latent[1], 2);
      Tensor q = rowsFor(tokens.list, 7, element, query[1], 2);
      Call &call = edge.calls.emplace_back();
      call.step = tokens.step;
      call.argument("ql", ql);
      call.argument("q", q);
      Tensor paged = cache.rows;
      paged.shape = pagedShape(shape, batch);
      call.argument("cache", paged);
      // Weights of the softmax are rounded where products are of bf16.
      call.expect("y", attendAbsorbed(shape, cache, tokens.list, ql, q, element),
                  limitOfTwice(element));
    }
  }
}

/// A state is zeros until it is written.
void unwrittenCase(Case &c, const Latent &shape) {
  Shape latent = {-1, shape.heads * shape.rank}, query = {-1, shape.heads * shape.query()};
  c.stepArguments(shape.pageSize);
  c.argument("ql", Element::f32, latent);
  c.argument("q", Element::f32, query);
  c.state("cache", Element::f32, {-1, shape.pageSize, shape.width()});
  c.op(
      "%y = hadal.mla_attend_absorbed %ql, %q, %cache, %positions, %sequence_offsets, %slots, %block_table {heads = " +
          std::to_string(shape.heads) + " : i64, scale = 0.125 : f32}",
      {typeText(Element::f32, latent)});
  c.writeState("cache", "cache");
  c.result("y", Element::f32, latent);
  for (const Batch &batch : batchesOf(c, shape.pageSize)) {
    Edge &edge = batch.addTo(c);
    for (const Batch::Tokens &tokens : batch.calls()) {
      Call &call = edge.calls.emplace_back();
      call.step = tokens.step;
      call.argument("ql", rowsFor(tokens.list, 5, Element::f32, latent[1], 2));
      call.argument("q", rowsFor(tokens.list, 7, Element::f32, query[1], 2));
      Tensor y{Element::f32, call.arguments.front().value.shape, {}};
      y.values.assign(elementCount(y.shape), 0);
      call.expect("y", y, kExact);
    }
  }
}

void expandedCase(Case &c, const Latent &shape, Element stored, const Precision &precision) {
  c.precision = precision.name;
  Element element = precision.activation;
  Shape query = {-1, shape.heads * shape.query()}, made = {-1, shape.heads * shape.value};
  c.stepArguments(shape.pageSize);
  c.argument("q", element, query);
  c.argument("cache", element, {-1, shape.pageSize, shape.width()});
  UpProjections up = UpProjections::declare(c, shape, stored, precision);
  c.line("%zero = arith.constant 0 : index", "zero", "index");
  c.line("%rows = tensor.dim %q, %zero : " + typeText(element, query), "rows", "index");
  c.line("%out = tensor.empty(%rows) : " + typeText(element, made), "out", typeText(element, made));
  c.op(
      "%y = hadal.mla_attend_expanded %q, %cache, %uk, %uv, %positions, %sequence_offsets, %slots, %block_table "
      "outs(%out) {scale = 0.125 : f32}",
      {typeText(element, made)});
  c.result("y", element, made);
  for (const Batch &batch : batchesOf(c, shape.pageSize)) {
    Edge &edge = batch.addTo(c);
    Cache cache = cacheOf(shape, batch, element);
    for (const Batch::Tokens &tokens : batch.calls()) {
      Tensor q = rowsFor(tokens.list, 7, element, query[1], 2);
      Call &call = edge.calls.emplace_back();
      call.step = tokens.step;
      call.argument("q", q);
      Tensor paged = cache.rows;
      paged.shape = pagedShape(shape, batch);
      call.argument("cache", paged);
      // Keys and values of a head may be rounded.
      call.expect("y", attention(shape, cache, tokens.list, q, up.uk, up.uv, element),
                  limitOfTwice(element));
    }
  }
}

/// The largest element of `w` times the largest of `x`.
double largestProduct(const Matrix &w, const Tensor &x) {
  double ofW = 0, ofX = 0;
  for (int64_t index = 0; index < w.stored.shape.front(); ++index)
    for (int64_t o = 0; o < w.outputs(); ++o)
      for (int64_t i = 0; i < w.inputs(); ++i)
        ofW = std::max(ofW, std::fabs(w.at(index, o, i)));
  for (double value : x.values)
    ofX = std::max(ofX, std::fabs(value));
  return ofW * ofX;
}

/// Appends to a state of the session and attends to it, as a layer does.
void attentionCase(Case &c, const Latent &shape, const std::string &form, Element stored,
                   const Precision &precision) {
  c.precision = precision.name;
  c.attention = form;
  Element element = precision.activation;
  Shape query = {-1, shape.heads * shape.query()}, made = {-1, shape.heads * shape.value};
  std::string cacheType = typeText(element, {-1, shape.pageSize, shape.width()});
  c.stepArguments(shape.pageSize);
  Appending operands = Appending::declare(c, shape, Element::f32, /*interleaved=*/true);
  c.argument("q", element, query);
  UpProjections up = UpProjections::declare(c, shape, stored, precision);
  c.state("cache", element, {-1, shape.pageSize, shape.width()});
  operands.op(c, cacheType);
  c.writeState("cache", "cache1");
  c.op(
      "%y = hadal.mla_attention %q, %cache1, %uk, %uv, %positions, %sequence_offsets, %slots, %block_table "
      "{scale = 0.125 : f32}",
      {typeText(element, made)});
  c.result("y", element, made);
  for (const Batch &batch : batchesOf(c, shape.pageSize)) {
    Edge &edge = batch.addTo(c);
    Cache cache{batch, Tensor::undefined(element, {batch.cacheRows(), shape.width()})};
    for (const Batch::Tokens &tokens : batch.calls()) {
      Tensor kv = rowsFor(tokens.list, 3, Element::f32, shape.width(), 2);
      Tensor q = rowsFor(tokens.list, 7, element, query[1], 2);
      Tensor rows = appended(shape, tokens.list, kv, operands.weight, operands.cos, operands.sin,
                             true, element);
      for (size_t n = 0; n < tokens.list.size(); ++n)
        std::copy_n(rows.row(n), shape.width(), cache.rows.row(batch.cacheRow(tokens.list[n])));
      Call &call = edge.calls.emplace_back();
      call.step = tokens.step;
      operands.give(call, kv);
      call.argument("q", q);
      call.expect("y", attention(shape, cache, tokens.list, q, up.uk, up.uv, element),
                  limitOfTwice(element), largestProduct(up.uv, rows));
    }
  }
}

} // namespace

void addAttentionCases(Cases &cases) {
  const Latent shapes[] = {{3, 64, 32, 16, 32, 64}, {5, 37, 20, 6, 45, 16}};
  for (Element element : {Element::f32, Element::bf16})
    for (bool interleaved : {false, true})
      for (const Latent &shape : shapes)
        cases.push_back({std::string("mla_append/to ") + infoOf(element).name +
                             (interleaved ? "/interleaved/" : "/halves/") +
                             shapeText({shape.rank, shape.rope}) + "/pages of " +
                             std::to_string(shape.pageSize),
                         [=](Case &c) { appendCase(c, shape, element, interleaved); }});
  cases.push_back({"state/never written", [=](Case &c) { unwrittenCase(c, shapes[0]); }});
  for (int64_t heads : {1, 3, 16, 20, 64, 128}) {
    const Latent shape{heads, 32, 16, 16, 16, 64};
    const Precision native{"native", Element::bf16};
    cases.push_back(
        {"mla_attend_absorbed/native/" + std::to_string(heads) + " heads at edges",
         [=](Case &c) { absorbedCase(c, shape, native, Element::bf16, batchesAtEdges); }});
    if (heads == 3)
      cases.push_back(
          {"mla_attend_absorbed/native/" + std::to_string(heads) + " heads in segments",
           [=](Case &c) { absorbedCase(c, shape, native, Element::bf16, batchesOfSegments); }});
  }
  for (const Precision &precision : kPrecisions)
    for (const Latent &shape : shapes) {
      for (Element cached : {Element::f32, Element::bf16})
        cases.push_back({std::string("mla_attend_absorbed/") + precision.name + "/cache of " +
                             infoOf(cached).name + "/" + shape.text(),
                         [=](Case &c) { absorbedCase(c, shape, precision, cached); }});
      for (Element stored : {Element::f32, Element::bf16, Element::f16, Element::f8}) {
        std::string tail =
            std::string("/") + precision.name + "/" + infoOf(stored).name + "/" + shape.text();
        cases.push_back({"mla_attend_expanded" + tail,
                         [=](Case &c) { expandedCase(c, shape, stored, precision); }});
        for (const char *form : {"absorbed", "expanded", "auto"})
          cases.push_back({std::string("mla_attention/") + form + tail,
                           [=](Case &c) { attentionCase(c, shape, form, stored, precision); }});
      }
    }
}

void addAttentionFamilies(Families &families) {
  auto draw = [](Random &r) {
    return Latent{r.between(1, 5),  r.between(1, 72),
                  r.between(1, 40), 2 * r.between(1, 12),
                  r.between(1, 40), oneOf(r, {int64_t(4), int64_t(16), int64_t(64)})};
  };
  const auto elements = [](Random &r) { return oneOf(r, {Element::f32, Element::bf16}); };
  const auto stored = [](Random &r) {
    return oneOf(r, {Element::f32, Element::bf16, Element::f16, Element::f8});
  };
  families.push_back({"mla_append", [=](Case &c, Random &r) {
                        Latent shape = draw(r);
                        appendCase(c, shape, elements(r), r.coin());
                      }});
  families.push_back({"mla_attend_absorbed", [=](Case &c, Random &r) {
                        Latent shape = draw(r);
                        Precision precision = oneOf(r, kPrecisions);
                        absorbedCase(c, shape, precision, elements(r));
                      }});
  families.push_back({"mla_attend_expanded", [=](Case &c, Random &r) {
                        Latent shape = draw(r);
                        Element element = stored(r);
                        expandedCase(c, shape, element, oneOf(r, kPrecisions));
                      }});
  families.push_back({"mla_attention", [=](Case &c, Random &r) {
                        Latent shape = draw(r);
                        Element element = stored(r);
                        const char *form = oneOf(r, {"absorbed", "expanded", "auto"});
                        attentionCase(c, shape, form, element, oneOf(r, kPrecisions));
                      }});
}

} // namespace hadal::conformance
