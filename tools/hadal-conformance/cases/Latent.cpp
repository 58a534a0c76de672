// SPDX-License-Identifier: Apache-2.0
// The equations of latent attention as loops.
#include "Latent.h"

#include <cmath>

namespace hadal::conformance {

namespace {

/// softmax of scores over the positions that a token sees.
template <typename Score>
std::vector<double> weightsOf(const Batch::Token &token, const Score &score) {
  std::vector<double> weights(token.position + 1);
  double largest = -INFINITY, sum = 0;
  for (size_t j = 0; j < weights.size(); ++j)
    largest = std::max(largest, weights[j] = score(static_cast<int64_t>(j)));
  for (double &weight : weights)
    sum += weight = std::exp(weight - largest);
  for (double &weight : weights)
    weight /= sum;
  return weights;
}

double dot(const double *a, const double *b, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += a[i] * b[i];
  return sum;
}

} // namespace

Tensor attendAbsorbed(const Latent &shape, const Cache &cache,
                      const std::vector<Batch::Token> &tokens, const Tensor &latent,
                      const Tensor &q, Element result) {
  Tensor y = Tensor::undefined(result, latent.shape);
  for (size_t n = 0; n < tokens.size(); ++n)
    for (int64_t h = 0; h < shape.heads; ++h) {
      const double *ql = latent.row(n) + h * shape.rank,
                   *qr = q.row(n) + h * shape.query() + shape.nope;
      std::vector<double> weights = weightsOf(tokens[n], [&](int64_t j) {
        const double *row = cache.at(tokens[n].sequence, j);
        return kAttentionScale * (dot(ql, row, shape.rank) + dot(qr, row + shape.rank, shape.rope));
      });
      double *out = y.row(n) + h * shape.rank;
      std::fill_n(out, shape.rank, 0);
      for (size_t j = 0; j < weights.size(); ++j)
        for (int64_t i = 0; i < shape.rank; ++i)
          out[i] += weights[j] * cache.at(tokens[n].sequence, static_cast<int64_t>(j))[i];
    }
  return y;
}

Tensor attention(const Latent &shape, const Cache &cache, const std::vector<Batch::Token> &tokens,
                 const Tensor &q, const Matrix &uk, const Matrix &uv, Element result) {
  Tensor latent = Tensor::undefined(Element::f32, {q.rows(), shape.heads * shape.rank});
  for (int64_t n = 0; n < q.rows(); ++n)
    for (int64_t h = 0; h < shape.heads; ++h)
      for (int64_t i = 0; i < shape.rank; ++i) {
        double sum = 0;
        for (int64_t d = 0; d < shape.nope; ++d)
          sum += q.row(n)[h * shape.query() + d] * uk.at(h, d, i);
        latent.row(n)[h * shape.rank + i] = sum;
      }
  Tensor attended = attendAbsorbed(shape, cache, tokens, latent, q, Element::f32);
  Tensor y = Tensor::undefined(result, {q.rows(), shape.heads * shape.value});
  for (int64_t n = 0; n < q.rows(); ++n)
    for (int64_t h = 0; h < shape.heads; ++h)
      for (int64_t d = 0; d < shape.value; ++d)
        y.row(n)[h * shape.value + d] = uv.dot(h, d, attended.row(n) + h * shape.rank);
  return y;
}

Tensor appended(const Latent &shape, const std::vector<Batch::Token> &tokens, const Tensor &kv,
                const Tensor &weight, const Tensor &cos, const Tensor &sin, bool interleaved,
                Element element) {
  Tensor rows = Tensor::undefined(element, kv.shape);
  int64_t half = shape.rope / 2;
  for (size_t n = 0; n < tokens.size(); ++n) {
    const double *from = kv.row(n), *turned = from + shape.rank;
    double *to = rows.row(n);
    double root = std::sqrt(dot(from, from, shape.rank) / static_cast<double>(shape.rank) +
                            static_cast<float>(kAttentionEpsilon));
    for (int64_t i = 0; i < shape.rank; ++i)
      to[i] = from[i] / root * weight.values[i];
    const double *c = cos.row(tokens[n].position), *s = sin.row(tokens[n].position);
    for (int64_t i = 0; i < half; ++i) {
      double a = turned[interleaved ? 2 * i : i], b = turned[interleaved ? 2 * i + 1 : i + half];
      to[shape.rank + i] = a * c[i] - b * s[i];
      to[shape.rank + half + i] = b * c[i] + a * s[i];
    }
  }
  for (double &value : rows.values)
    value = rounded(value, element);
  return rows;
}

UpProjections UpProjections::declare(Case &c, const Latent &shape, Element stored,
                                     const Precision &precision) {
  Random random(shape.heads);
  const Shape block = {16, 32};
  UpProjections result{
      Matrix::random(random, stored, {shape.heads, shape.nope, shape.rank}, block, precision),
      Matrix::random(random, stored, {shape.heads, shape.value, shape.rank}, block, precision)};
  for (auto [name, matrix] :
       {std::pair<const char *, Matrix *>{"uk", &result.uk}, {"uv", &result.uv}}) {
    // So that scores stay in a range where softmax has more than one winner.
    for (double &value : matrix->isScaled() ? matrix->scales.values : matrix->stored.values)
      value /= 4;
    if (!matrix->isScaled()) {
      matrix->declare(c, name);
      continue;
    }
    // Powers of two: the products are values that bf16 has too.
    for (double &scale : matrix->scales.values)
      scale = std::exp2(std::floor(std::log2(scale)));
    c.scaledParameter(name, Element::f32, matrix->stored, matrix->scales, block);
  }
  return result;
}

} // namespace hadal::conformance
