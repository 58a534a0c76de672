// SPDX-License-Identifier: Apache-2.0
// Multi-head Latent Attention: appending to the latent cache and attending to it.
#ifndef HADAL_IR_HADALMLAOPS_TD
#define HADAL_IR_HADALMLAOPS_TD

include "hadal/IR/HadalAttributes.td"

def Hadal_MlaAppendOp : Hadal_TensorOp<"mla_append", [AsExact, AsVector, AsAngles, AsAngles, AsPlaces, AsIndex, AsIndex, AsIndex, AsCache], [DestinationStyleOpInterface]> {
  let summary = "Appends the latents of new tokens to the cache, in place";
  let description = [{
    For token n of sequence s at position p: the first r columns of `kv` are
    normalised as in hadal.rms_norm, the last dr rotated as in hadal.rope, and
    the row is stored at page `block_table[slots[s], p / page_size]`, row
    `p mod page_size` (DeepSeek-V2, arXiv:2405.04434, equations 9, 15 and 16: the
    compressed latent and the decoupled rotary key are all that is cached).
    The result is the cache itself: the op is in destination style and must
    bufferize in place.
    Shapes: kv [N, r + dr], weight [r], cos and sin [P, dr / 2], positions [N],
    sequence_offsets [S + 1], slots [S], block_table [slots, pages_per_slot],
    cache [pages, page_size, r + dr].

    Constraints:
    1. mla_append_c1: the row of the cache is as wide as kv
    2. mla_append_c2: r plus dr is the width of kv
    3. mla_append_c3: cos and sin have the same type
    4. mla_append_c4: the result is of the cache's type
    5. mla_append_c5: eps is positive and finite
    6. mla_append_c6: one position for each row of kv, and one sequence offset more than slots

    ```mlir
    %c1 = hadal.mla_append %kv, %w, %cos, %sin, %pos, %offs, %slots, %table outs(%c0) {eps = 1.0e-6 : f32, interleaved}
      : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
    ```
  }];
  let arguments = (ins Hadal_RowsF32:$kv, Hadal_Vector:$weight, Hadal_Table:$cos, Hadal_Table:$sin,
                       Hadal_Index1D:$positions, Hadal_Index1D:$sequence_offsets, Hadal_Index1D:$slots,
                       Hadal_Index2D:$block_table, Hadal_Cache:$cache, F32Attr:$eps, UnitAttr:$interleaved);
  let results = (outs Hadal_Cache:$result);
  let assemblyFormat = [{
    $kv `,` $weight `,` $cos `,` $sin `,` $positions `,` $sequence_offsets `,` $slots `,` $block_table
    `outs` `(` $cache `)` attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getCacheMutable(); }
  }];
}

def Hadal_MlaAttentionOp : Hadal_TensorOp<"mla_attention", [AsFactor, AsCache, AsMatrix, AsMatrix, AsIndex, AsIndex, AsIndex, AsIndex], [RoundsResult, HasParts]> {
  let summary = "Attention of rotated queries to the latent cache";
  let description = [{
    For head h and token n at position p of sequence s, over the cached rows
    `[c_j; k_j]` (r and dr columns) of its slot at positions j <= p:

    ```
    score_j = scale * (q_nope . (W_UK,h c_j) + q_rope . k_j)
    y[n, h] = W_UV,h (sum_j softmax(score)_j c_j)
    ```

    (DeepSeek-V2, arXiv:2405.04434, equations 10 to 19). `form` says how it is
    evaluated and is set by `hadal-select-attention-form`: *expanded* makes the
    keys and values of each head from the cache tile by tile, *absorbed* moves
    W_UK to the query and W_UV to the result; *auto* decides for each sequence:
    expanded from `threshold` new tokens on. `hadal-expand` gives the absorbed form
    whatever is set, with loops over the longest context of the step, masked.
    Shapes: q [N, H (dn + dr)] rotated, cache [pages, page_size, r + dr],
    w_uk [H, dn, r], w_uv [H, dv, r], positions [N], sequence_offsets [S + 1],
    slots [S], block_table [slots, pages_per_slot], y [N, H dv].

    Constraints:
    1. mla_attention_c1: w_uk and w_uv agree in heads and latent rank
    2. mla_attention_c2: the query's width is heads times (dn + dr)
    3. mla_attention_c3: the cache's row is wider than the latent rank, by dr
    4. mla_attention_c4: the result's width is heads times dv
    5. mla_attention_c5: a threshold is given exactly when the form is auto
    6. mla_attention_c6: scale is positive and finite
    7. mla_attention_c7: one position for each row of q, and one sequence offset more than slots
    8. mla_attention_c8: as many result rows as q has

    ```mlir
    %y = hadal.mla_attention %q, %cache, %uk, %uv, %pos, %offs, %slots, %table {form = #hadal.form<absorbed>, scale = 0.1 : f32}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    ```
  }];
  let arguments = (ins Hadal_Rows:$q, Hadal_Cache:$cache, Hadal_StackedMatrix:$w_uk, Hadal_StackedMatrix:$w_uv,
                       Hadal_Index1D:$positions, Hadal_Index1D:$sequence_offsets, Hadal_Index1D:$slots,
                       Hadal_Index2D:$block_table, F32Attr:$scale,
                       DefaultValuedAttr<Hadal_AttentionFormAttr, "::hadal::AttentionForm::Unset">:$form,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$threshold);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = [{
    $q `,` $cache `,` $w_uk `,` $w_uv `,` $positions `,` $sequence_offsets `,` $slots `,` $block_table
    attr-dict `:` functional-type(operands, results)
  }];
}

def Hadal_MlaAttendAbsorbedOp : Hadal_TensorOp<"mla_attend_absorbed", [AsExact, AsFactor, AsCache, AsIndex, AsIndex, AsIndex, AsIndex]> {
  let summary = "The middle of absorbed attention: queries in latent space against the cache";
  let description = [{
    `y[n, h] = sum_j softmax(scale * (q_latent[n, h] . c_j + q[n, h, dn:] . k_j)) c_j`
    over positions j <= p of the own slot. Rows of sequences with at least
    `threshold` new tokens are left undefined.
    Shapes: q_latent [N, H r], q [N, H (dn + dr)], cache [pages, page_size, r + dr],
    y [N, H r]; the rest as in hadal.mla_attention.

    Constraints:
    1. mla_attend_absorbed_c1: heads divide the widths of q_latent and q
    2. mla_attend_absorbed_c2: the cache's row is wider than r, by at most the columns of a head of q
    3. mla_attend_absorbed_c3: the result has the shape of q_latent
    4. mla_attend_absorbed_c4: scale is positive and finite
    5. mla_attend_absorbed_c5: one position for each row of q, and one sequence offset more than slots
    6. mla_attend_absorbed_c6: as many rows of q_latent as q has

    ```mlir
    %y = hadal.mla_attend_absorbed %ql, %q, %cache, %pos, %offs, %slots, %table {heads = 3 : i64, scale = 0.1 : f32}
      : (tensor<?x192xf32>, tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xf32>
    ```
  }];
  let arguments = (ins Hadal_RowsF32:$q_latent, Hadal_Rows:$q, Hadal_Cache:$cache,
                       Hadal_Index1D:$positions, Hadal_Index1D:$sequence_offsets, Hadal_Index1D:$slots,
                       Hadal_Index2D:$block_table, ConfinedAttr<I64Attr, [IntPositive]>:$heads, F32Attr:$scale,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$threshold);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = [{
    $q_latent `,` $q `,` $cache `,` $positions `,` $sequence_offsets `,` $slots `,` $block_table
    attr-dict `:` functional-type(operands, results)
  }];
}

def Hadal_MlaAttendExpandedOp : Hadal_TensorOp<"mla_attend_expanded", [AsFactor, AsCache, AsMatrix, AsMatrix, AsIndex, AsIndex, AsIndex, AsIndex, AsExact], [DestinationStyleOpInterface]> {
  let summary = "Expanded attention, tile by tile";
  let description = [{
    hadal.mla_attention in its expanded form, written over `out`: rows of
    sequences with fewer than `threshold` new tokens keep what `out` holds.

    Constraints:
    1. mla_attend_expanded_c1: w_uk and w_uv agree in heads and latent rank
    2. mla_attend_expanded_c2: the query's width is heads times (dn + dr)
    3. mla_attend_expanded_c3: the cache's row is wider than the latent rank, by dr
    4. mla_attend_expanded_c4: the result's width is heads times dv
    5. mla_attend_expanded_c5: the result is of the type of out
    6. mla_attend_expanded_c6: scale is positive and finite
    7. mla_attend_expanded_c7: one position for each row of q, and one sequence offset more than slots
    8. mla_attend_expanded_c8: as many result rows as q has

    ```mlir
    %y = hadal.mla_attend_expanded %q, %cache, %uk, %uv, %pos, %offs, %slots, %table outs(%o) {scale = 0.1 : f32, threshold = 171 : i64}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xf32>) -> tensor<?x96xf32>
    ```
  }];
  let arguments = (ins Hadal_Rows:$q, Hadal_Cache:$cache, Hadal_StackedMatrix:$w_uk, Hadal_StackedMatrix:$w_uv,
                       Hadal_Index1D:$positions, Hadal_Index1D:$sequence_offsets, Hadal_Index1D:$slots,
                       Hadal_Index2D:$block_table, Hadal_Rows:$out, F32Attr:$scale,
                       OptionalAttr<ConfinedAttr<I64Attr, [IntPositive]>>:$threshold);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = [{
    $q `,` $cache `,` $w_uk `,` $w_uv `,` $positions `,` $sequence_offsets `,` $slots `,` $block_table
    `outs` `(` $out `)` attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getOutMutable(); }
  }];
}

#endif // HADAL_IR_HADALMLAOPS_TD
