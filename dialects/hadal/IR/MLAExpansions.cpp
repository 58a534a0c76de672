// SPDX-License-Identifier: Apache-2.0
// Expansions of the attention ops: the absorbed form, over the context that the host knows.
#include "Expansion.h"

#include "hadal/IR/OpChecks.h"

#include <limits>

using namespace mlir;
using namespace hadal;

using Results = FailureOr<SmallVector<Value>>;

namespace {
/// Where the tokens of a step and the keys that they attend to lie in the cache.
struct CachePlaces {
  template <typename Op>
  CachePlaces(Expansion &e, Op op)
      : e(e), positions(op.getPositions()), offsets(op.getSequenceOffsets()), slots(op.getSlots()),
        table(op.getBlockTable()), pageSize(tensorType(op.getCache()).getDimSize(1)),
        tokens(e.extent(positions, 0)), sequence(e.groupOf("sequence", offsets, tokens)) {}

  /// The cache's row of a position of token n, as page and row in it.
  SmallVector<Value> locate(ElementBuilder &b, Value sequence, Value position) {
    Value slot = b.toIndex(b.extract(slots, b.toIndex(sequence)));
    Value page = b.extract(table, {slot, b.divIndex(position, pageSize)});
    return {b.toIndex(page), b.remIndex(position, pageSize)};
  }

  /// [N, context]: the row of each key, counted over all pages. Keys after a token's
  /// position are that of the position, so that nothing else is read.
  Value findKeys(Value context) {
    Type i32 = IntegerType::get(context.getContext(), 32);
    return e.map("keys", {tokens, context}, i32, {{positions, {0}}, {sequence, {0}}},
                 [&](ElementBuilder &b, ValueRange read) {
                   Value key = b.minIndex(b.loop(1), b.toIndex(read[0]));
                   SmallVector<Value> at = locate(b, read[1], key);
                   return b.toI32(b.add(b.mul(at[0], b.index(pageSize)), at[1]));
                 });
  }

  Expansion &e;
  Value positions, offsets, slots, table;
  int64_t pageSize;
  OpFoldResult tokens;
  Value sequence; // [N], of each token
};

/// Attention of queries in latent space; every sum is in f32 and over keys in
/// ascending order.
class Attention {
public:
  /// Of an op of attention. Fails where the host's context is not declared.
  template <typename Op> static FailureOr<Attention> create(Expansion &e, Op op) {
    FailureOr<Value> context = e.hostDim(plan::DimKind::MaxContext);
    if (failed(context))
      return failure();
    return Attention(e, op, *context);
  }

  /// The mean of the latents, [N, H, r], weighted by the softmax of scores of queries
  /// [N, H, r] and [N, H, dr].
  Value attend(Value latent, Value rope) {
    SmallVector<OpFoldResult> heads{e.extent(latent, 0), e.extent(latent, 1)};
    SmallVector<OpFoldResult> each{heads[0], heads[1], context};
    int64_t rank = tensorType(latent).getDimSize(2);
    Value scores = addScores("latent_scores", latent, 0, e.zeros(each));
    scores = addScores("scores", rope, rank, scores);
    Value masked = mask(scores, each);
    Value largest =
        reduceKeys("largest", masked, heads, lowest,
                   [](ElementBuilder &b, ValueRange read) { return b.max(read[1], read[0]); });
    Value weights =
        e.map("weights", each, f32(), {{masked, {0, 1, 2}}, {largest, {0, 1}}},
              [](ElementBuilder &b, ValueRange read) { return b.exp(b.sub(read[0], read[1])); });
    Value total = reduceKeys("total", weights, heads, 0, [](ElementBuilder &b, ValueRange read) {
      return b.add(read[1], read[0]);
    });
    Value sum = addLatents(weights, e.zeros(e.extentsOf(latent)));
    return e.map("attended", e.extentsOf(latent), f32(), {{sum, {0, 1, 2}}, {total, {0, 1}}},
                 [](ElementBuilder &b, ValueRange read) { return b.div(read[0], read[1]); });
  }

  /// [N]: how many new tokens the sequence of each token has.
  Value countTokens() {
    Type i32 = IntegerType::get(context.getContext(), 32);
    return e.map("new_tokens", places.tokens, i32, Read{places.sequence, {0}},
                 [&](ElementBuilder &b, ValueRange read) {
                   Value s = b.toIndex(read[0]);
                   return b.sub(b.extract(places.offsets, b.add(s, b.index(1))),
                                b.extract(places.offsets, s));
                 });
  }

private:
  template <typename Op>
  Attention(Expansion &e, Op op, Value context)
      : e(e), places(e, op), cache(op.getCache()), scale(op.getScale().convertToDouble()),
        context(context), keys(places.findKeys(context)) {}

  Type f32() { return Float32Type::get(context.getContext()); }

  /// The element of a key's row in the cache.
  Value keyElement(ElementBuilder &b, Value key, Value column) {
    Value row = b.toIndex(key);
    return b.widen(b.extract(
        cache, {b.divIndex(row, places.pageSize), b.remIndex(row, places.pageSize), column}));
  }

  /// start[n, h, j] + q[n, h] . key[j], columns of the key from `first` on.
  Value addScores(StringRef what, Value q, int64_t first, Value start) {
    return e.reduce(
        what, start, 1, {{q, {0, 1, 3}}, {keys, {0, 2}}}, [&](ElementBuilder &b, ValueRange read) {
          Value column = b.loop(3);
          if (first)
            column = b.add(column, b.index(first));
          return b.add(read[2], b.mul(b.widen(read[0]), keyElement(b, read[1], column)));
        });
  }

  static Value isSeen(ElementBuilder &b, int64_t keyLoop, Value position) {
    return b.negate(b.less(position, b.toI32(b.loop(keyLoop))));
  }

  Value mask(Value scores, ArrayRef<OpFoldResult> each) {
    return e.map("masked", each, f32(), {{scores, {0, 1, 2}}, {places.positions, {0}}},
                 [&](ElementBuilder &b, ValueRange read) {
                   return b.select(isSeen(b, 2, read[1]), b.mul(read[0], b.f32(scale)),
                                   b.f32(lowest));
                 });
  }

  Value reduceKeys(StringRef what, Value values, ArrayRef<OpFoldResult> heads, double start,
                   Expansion::Element combine) {
    auto first = FloatAttr::get(f32(), start);
    return e.reduce(what, e.fill(heads, first), 1, Read{values, {0, 1, 2}}, combine);
  }

  /// sum over j of weights[n, h, j] * latent_j; keys after the position add nothing,
  /// whatever their row holds.
  Value addLatents(Value weights, Value start) {
    return e.reduce("latents", start, 1,
                    {{weights, {0, 1, 3}}, {keys, {0, 3}}, {places.positions, {0}}},
                    [&](ElementBuilder &b, ValueRange read) {
                      Value product = b.mul(read[0], keyElement(b, read[1], b.loop(2)));
                      product = b.select(isSeen(b, 3, read[2]), product, b.f32(0));
                      return b.add(read[3], product);
                    });
  }

  static constexpr double lowest = -std::numeric_limits<double>::infinity();

  Expansion &e;
  CachePlaces places;
  Value cache;
  double scale;
  Value context;
  Value keys; // [N, context]
};

/// Attention with W_UK moved to the query and W_UV to the result, [N, H dv] in f32.
template <typename Op>
Value attendAbsorbed(Expansion &e, Op op, Attention &attention) {
  RankedTensorType uk = tensorType(op.getWUk());
  int64_t heads = uk.getDimSize(0), nope = uk.getDimSize(1), rank = uk.getDimSize(2);
  Value q = e.split(op.getQ(), heads);
  SmallVector<OpFoldResult> extents{e.extent(q, 0), e.extent(heads), e.extent(rank)};
  Value latent = e.reduce("absorb_k", e.zeros(extents), 1,
                          {{e.columns(q, 0, nope), {0, 1, 3}}, {op.getWUk(), {1, 3, 2}}},
                          [](ElementBuilder &b, ValueRange read) {
                            return b.add(read[2], b.mul(b.widen(read[0]), b.widen(read[1])));
                          });
  Value rope = e.columns(q, nope, tensorType(q).getDimSize(2) - nope);
  return e.join(e.product("absorb_v", attention.attend(latent, rope), op.getWUv()));
}
} // namespace

//===-- ops ---------------------------------------------------------------------===//

Results MlaAppendOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  int64_t rank = tensorType(getWeight()).getDimSize(0);
  int64_t columns = 2 * tensorType(getCos()).getDimSize(1);
  Type element = tensorType(getCache()).getElementType();
  Value latent = e.rmsNorm(e.columns(getKv(), 0, rank), getWeight(), getEps(), element);
  Value key = e.rope(e.columns(getKv(), rank, columns), getPositions(), getCos(), getSin(),
                     /*heads=*/1, getInterleaved(), element);
  CachePlaces places(e, *this);
  auto from = [&](int64_t column) {
    return [&, column](ElementBuilder &b, Value n) {
      Value sequence = b.extract(places.sequence, n);
      SmallVector<Value> place =
          places.locate(b, sequence, b.toIndex(b.extract(getPositions(), n)));
      place.push_back(b.index(column));
      return place;
    };
  };
  Value cache = e.scatter("latent", latent, getCache(), from(0));
  return SmallVector<Value>{e.scatter("", key, cache, from(rank))};
}

Results MlaAttentionOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  FailureOr<Attention> attention = Attention::create(e, *this);
  if (failed(attention))
    return failure();
  Value y = attendAbsorbed(e, *this, *attention);
  return SmallVector<Value>{e.rounded(y, tensorType(getResult()).getElementType())};
}

Results MlaAttendAbsorbedOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  FailureOr<Attention> attention = Attention::create(e, *this);
  if (failed(attention))
    return failure();
  Value q = e.split(getQ(), getHeads()), latent = e.split(getQLatent(), getHeads());
  int64_t rope = tensorType(getCache()).getDimSize(2) - tensorType(latent).getDimSize(2);
  q = e.columns(q, tensorType(q).getDimSize(2) - rope, rope);
  Value y = e.join(attention->attend(latent, q));
  return SmallVector<Value>{e.rounded(y, tensorType(getResult()).getElementType())};
}

Results MlaAttendExpandedOp::expand(OpBuilder &builder) {
  Expansion e(builder, *this);
  FailureOr<Attention> attention = Attention::create(e, *this);
  if (failed(attention))
    return failure();
  Value y = attendAbsorbed(e, *this, *attention);
  Type element = tensorType(getResult()).getElementType();
  if (!getThreshold())
    return SmallVector<Value>{e.rounded(y, element)};
  int64_t threshold = *getThreshold();
  Value merged = e.mapOver("", getOut(), {{y, {0, 1}}, {attention->countTokens(), {0}}},
                           [&](ElementBuilder &b, ValueRange read) {
                             Value isShorter = b.less(read[1], b.i32(threshold));
                             return b.select(isShorter, read[2], b.round(read[0], element));
                           });
  return SmallVector<Value>{merged};
}
