// SPDX-License-Identifier: Apache-2.0
// Latent attention in double precision.
#ifndef HADAL_TOOLS_CONFORMANCE_CASES_LATENT_H
#define HADAL_TOOLS_CONFORMANCE_CASES_LATENT_H

#include "Batch.h"
#include "Matrix.h"

namespace hadal::conformance {

/// What the ops of the cases have as attributes.
constexpr double kAttentionScale = 0.125, kAttentionEpsilon = 1e-5;
/// Positions that the rotary tables cover.
constexpr int64_t kTablePositions = 256;

struct Latent {
  int64_t heads, rank, nope, rope, value, pageSize;

  int64_t width() const { return rank + rope; }
  int64_t query() const { return nope + rope; }
  std::string text() const {
    return shapeText({heads, rank, nope, rope, value}) + "/pages of " + std::to_string(pageSize);
  }
};

/// What attention reads: rows of the pool [pages * page size, rank + rope].
struct Cache {
  const Batch &batch;
  Tensor rows;
  const double *at(int64_t sequence, int64_t position) const {
    return rows.row(batch.cacheRow({sequence, position}));
  }
};

/// y[n, h] = sum_j softmax(scale * (q_latent[n, h] . c_j + q[n, h, dn:] . k_j)) c_j
Tensor attendAbsorbed(const Latent &shape, const Cache &cache,
                      const std::vector<Batch::Token> &tokens, const Tensor &latent,
                      const Tensor &q, Element result);

/// The whole: queries moved into the latent space by W_UK, the result out of it by W_UV.
Tensor attention(const Latent &shape, const Cache &cache, const std::vector<Batch::Token> &tokens,
                 const Tensor &q, const Matrix &uk, const Matrix &uv, Element result);

/// The rows that mla_append stores: a norm of the first columns, a rotation of the last.
Tensor appended(const Latent &shape, const std::vector<Batch::Token> &tokens, const Tensor &kv,
                const Tensor &weight, const Tensor &cos, const Tensor &sin, bool interleaved,
                Element element);

/// W_UK and W_UV. Those of f8E4M3FN are declared f32, with their scales, as in a
/// checkpoint whose weights have them.
struct UpProjections {
  Matrix uk, uv;
  static UpProjections declare(Case &c, const Latent &shape, Element stored,
                               const Precision &precision);
};

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_CASES_LATENT_H
