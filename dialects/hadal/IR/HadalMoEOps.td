// SPDX-License-Identifier: Apache-2.0
// DeepSeekMoE: routing tokens to experts and applying the experts to ragged groups.
#ifndef HADAL_IR_HADALMOEOPS_TD
#define HADAL_IR_HADALMOEOPS_TD

include "hadal/IR/HadalAttributes.td"

def Hadal_MoeRouteOp : Hadal_TensorOp<"moe_route", [AsExact, AsVector]> {
  let summary = "Chooses k experts for each token and weighs them";
  let description = [{
    In f32, for each row of logits:

    ```
    score  = softmax(logits) | sigmoid(logits)
    choice = score + bias
    groups: none, or the experts of the topk_group best of n_group groups, ranked
            by the max of choice (max) or by the sum of its two largest (top_two_sum)
    ids    = the top_k largest choices among them, ties to the lower index
    w      = score[ids], divided by (sum + 1e-20) if normalise, times scale
    ```

    (DeepSeek-V2, arXiv:2405.04434, section 2.2; DeepSeek-V3, arXiv:2412.19437,
    equations 13 to 16.) The bias takes part in the choice only; experts outside
    the kept groups are excluded, also where biased scores are negative. A choice that
    is NaN is as low as any.
    Shapes: logits [N, E], bias [E], weights and ids [N, k].

    Constraints:
    1. moe_route_c1: the bias has one element for each expert
    2. moe_route_c2: weights and ids have top_k columns
    3. moe_route_c3: n_group divides the experts, and topk_group is at most n_group
    4. moe_route_c4: top_k is at most the experts of the kept groups
    5. moe_route_c5: a group rule of none goes with n_group = 1
    6. moe_route_c6: the sum of the two best needs groups of at least two experts
    7. moe_route_c7: scale is positive and finite
    8. moe_route_c8: as many rows of weights and ids as logits has

    ```mlir
    %w, %ids = hadal.moe_route %logits bias %b {scoring = #hadal.scoring<sigmoid>, group_rule = #hadal.groups<top_two_sum>, n_group = 4 : i64, topk_group = 2 : i64, top_k = 4 : i64, normalise, scale = 2.5 : f32}
      : (tensor<?x16xf32>, tensor<16xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>)
    ```
  }];
  let arguments = (ins Hadal_RowsF32:$logits, Optional<Hadal_Vector>:$bias, Hadal_ScoringAttr:$scoring,
                       DefaultValuedAttr<Hadal_GroupRuleAttr, "::hadal::GroupRule::None">:$group_rule,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$n_group,
                       DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$topk_group,
                       ConfinedAttr<I64Attr, [IntPositive]>:$top_k, UnitAttr:$normalise, F32Attr:$scale);
  let results = (outs Hadal_RowsF32:$weights, Hadal_Ids:$ids);
  let assemblyFormat = "$logits (`bias` $bias^)? attr-dict `:` functional-type(operands, results)";
}

def Hadal_MoeExpertsOp : Hadal_TensorOp<"moe_experts", [AsFactor, AsExact, AsIndex, AsMatrix, AsMatrix, AsMatrix, AsScales, AsScales, AsScales], [AttrSizedOperandSegments, HasParts]> {
  let summary = "The weighted sum of the chosen experts";
  let description = [{
    `y[n] = sum_j weights[n, j] * down[e] (silu(gate[e] x[n]) * (up[e] x[n]))` with
    `e = ids[n, j]`, summed by rank j ascending. How many tokens an expert gets
    is known on the device only. Gate, up and down may have different element
    types, as checkpoints have that leave some of them out of quantisation;
    `scales` then names `none` for a weight without.
    Shapes: x [N, D], weights and ids [N, k], gate and up [E, I, D],
    down [E, D, I], scales [E, ceil(out / bo), ceil(in / bi)], y [N, D].

    Constraints:
    1. moe_experts_c1: gate and up have the same shape, and down is their transpose in shape
    2. moe_experts_c2: x and the result are as wide as the experts' input
    3. moe_experts_c3: weights and ids have the same shape
    4. moe_experts_c4: a scale is given exactly for each weight of f8E4M3FN
    5. moe_experts_c5: scales have the shape of the blocks of `block` over the experts
    6. moe_experts_c6: as many rows of weights and the result as x has

    ```mlir
    %y = hadal.moe_experts %x, %w, %ids, %g, %u, %d
      : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xbf16>) -> tensor<?x64xf32>
    %z = hadal.moe_experts %x, %w, %ids, %g, %u, %q scales none, none, %s {block = array<i64: 64, 32>}
      : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xf8E4M3FN>, tensor<16x1x1xf32>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Hadal_Rows:$x, Hadal_RowsF32:$weights, Hadal_Ids:$ids, Hadal_StackedMatrix:$gate,
                       Hadal_StackedMatrix:$up, Hadal_StackedMatrix:$down, Optional<Hadal_Scales>:$gate_scale,
                       Optional<Hadal_Scales>:$up_scale, Optional<Hadal_Scales>:$down_scale,
                       OptionalAttr<DenseI64ArrayAttr>:$block);
  let results = (outs Hadal_RowsF32:$result);
  let assemblyFormat = [{
    $x `,` $weights `,` $ids `,` $gate `,` $up `,` $down custom<Scales>($gate_scale, $up_scale, $down_scale)
    attr-dict `:` functional-type(operands, results)
  }];
}

def Hadal_MoeGroupOp : Hadal_TensorOp<"moe_group", [AsIndex]> {
  let summary = "Sorts the chosen (token, rank) pairs by expert";
  let description = [{
    `rows` lists n * k + j for all pairs with ids[n, j] = e, expert after expert
    and ascending within one; those of expert e are `rows[offsets[e] .. offsets[e + 1])`.
    Shapes: ids [N, k], offsets [E + 1], rows [N k].

    Constraints:
    1. moe_group_c1: offsets has one element more than there are experts
    2. moe_group_c2: as many rows as ids has elements

    ```mlir
    %o, %r = hadal.moe_group %ids {experts = 16 : i64} : (tensor<?x4xi32>) -> (tensor<17xi32>, tensor<?xi32>)
    ```
  }];
  let arguments = (ins Hadal_Ids:$ids, ConfinedAttr<I64Attr, [IntPositive]>:$experts);
  let results = (outs Hadal_Index1D:$offsets, Hadal_Index1D:$rows);
  let assemblyFormat = "$ids attr-dict `:` functional-type(operands, results)";
}

def Hadal_MoeGateUpOp : Hadal_TensorOp<"moe_gate_up", [AsFactor, AsIndex, AsIndex, AsMatrix, AsMatrix, AsScales, AsScales], [RoundsResult, AttrSizedOperandSegments]> {
  let summary = "Gate and up projections of all experts over their ragged groups";
  let description = [{
    `h[p] = silu(gate[e] x[n]) * (up[e] x[n])` for p in the group of expert e,
    n = rows[p] / top_k. The element types of gate and up may differ; each is read
    as it is stored. `scales` names `none` for the one without.
    Shapes: x [N, D], offsets [E + 1], rows [N k], gate and up [E, I, D], h [N k, I].

    Constraints:
    1. moe_gate_up_c1: gate and up have the same shape
    2. moe_gate_up_c2: x is as wide as the experts' input, the result as their output
    3. moe_gate_up_c3: offsets has one element more than there are experts
    4. moe_gate_up_c4: a scale is given exactly for each of gate and up that is f8E4M3FN
    5. moe_gate_up_c5: as many result rows as rows are given

    ```mlir
    %h = hadal.moe_gate_up %x, %o, %r, %g, %u {top_k = 4 : i64}
      : (tensor<?x64xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>) -> tensor<?x32xbf16>
    %i = hadal.moe_gate_up %x, %o, %r, %g, %q scales none, %s {top_k = 4 : i64, block = array<i64: 32, 64>}
      : (tensor<?x64xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xf8E4M3FN>, tensor<16x1x1xf32>) -> tensor<?x32xbf16>
    ```
  }];
  let arguments = (ins Hadal_Rows:$x, Hadal_Index1D:$offsets, Hadal_Index1D:$rows, Hadal_StackedMatrix:$gate,
                       Hadal_StackedMatrix:$up, Optional<Hadal_Scales>:$gate_scale, Optional<Hadal_Scales>:$up_scale,
                       ConfinedAttr<I64Attr, [IntPositive]>:$top_k, OptionalAttr<DenseI64ArrayAttr>:$block);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = [{
    $x `,` $offsets `,` $rows `,` $gate `,` $up custom<Scales>($gate_scale, $up_scale)
    attr-dict `:` functional-type(operands, results)
  }];
}

def Hadal_MoeDownOp : Hadal_TensorOp<"moe_down", [AsFactor, AsIndex, AsIndex, AsMatrix, AsScales]> {
  let summary = "Down projections of all experts over their ragged groups";
  let description = [{
    `y[rows[p]] = down[e] h[p]` for p in the group of expert e.
    Shapes: h [N k, I], offsets [E + 1], rows [N k], down [E, D, I], y [N k, D].

    Constraints:
    1. moe_down_c1: h is as wide as the experts' input, the result as their output
    2. moe_down_c2: offsets has one element more than there are experts
    3. moe_down_c3: a scale is given exactly when the experts are f8E4M3FN
    4. moe_down_c4: as many rows of h and the result as rows are given

    ```mlir
    %y = hadal.moe_down %h, %o, %r, %d : (tensor<?x32xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x64x32xbf16>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Hadal_Rows:$h, Hadal_Index1D:$offsets, Hadal_Index1D:$rows, Hadal_StackedMatrix:$down,
                       Optional<Hadal_Scales>:$scale, OptionalAttr<DenseI64ArrayAttr>:$block);
  let results = (outs Hadal_RowsF32:$result);
  let assemblyFormat = "$h `,` $offsets `,` $rows `,` $down (`scale` $scale^)? attr-dict `:` functional-type(operands, results)";
}

def Hadal_MoeCombineOp : Hadal_TensorOp<"moe_combine", [AsExact, AsExact]> {
  let summary = "Weighs and sums what the experts made of each token";
  let description = [{
    `out[n] = sum_j weights[n, j] * y[n k + j]`, by rank ascending, so that the sum of
    a token does not depend on its neighbours.
    Shapes: y [N k, D], weights [N, k], out [N, D].

    Constraints:
    1. moe_combine_c1: y and the result have the same width
    2. moe_combine_c2: as many result rows as weights
    3. moe_combine_c3: as many rows of y as weights has elements

    ```mlir
    %out = hadal.moe_combine %y, %w : (tensor<?x64xf32>, tensor<?x4xf32>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Hadal_RowsF32:$y, Hadal_RowsF32:$weights);
  let results = (outs Hadal_RowsF32:$result);
  let assemblyFormat = "$y `,` $weights attr-dict `:` functional-type(operands, results)";
}

#endif // HADAL_IR_HADALMOEOPS_TD
