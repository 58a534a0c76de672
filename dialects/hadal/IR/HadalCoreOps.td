// SPDX-License-Identifier: Apache-2.0
// Ops that any transformer has: embedding, norm, linear, rotary embedding, SwiGLU.
#ifndef HADAL_IR_HADALCOREOPS_TD
#define HADAL_IR_HADALCOREOPS_TD

include "hadal/IR/HadalAttributes.td"

def Hadal_EmbeddingOp : Hadal_TensorOp<"embedding", [AsIndex, AsLookup]> {
  let summary = "Rows of the embedding table";
  let description = [{
    `y[n] = table[tokens[n]]`, widened to f32. A token that is no row of the table is
    an error that a kernel reports; the expansion reads nothing for it and gives NaN.
    Shapes: tokens [N], table [V, D], y [N, D].

    Constraints:
    1. embedding_c1: the result has the width of the table
    2. embedding_c2: as many result rows as tokens

    ```mlir
    %y = hadal.embedding %tokens, %table : (tensor<?xi32>, tensor<97x64xbf16>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Hadal_Index1D:$tokens, Hadal_Matrix:$table);
  let results = (outs Hadal_RowsF32:$result);
  let assemblyFormat = "$tokens `,` $table attr-dict `:` functional-type(operands, results)";
}

def Hadal_RmsNormOp : Hadal_TensorOp<"rms_norm", [AsExact, AsVector, AsIndex], [RoundsResult]> {
  let summary = "Root-mean-square norm of rows";
  let description = [{
    `y[n] = x[m] / sqrt(mean(x[m]²) + eps) * weight`, in f32 (Zhang and Sennrich
    2019, arXiv:1910.07467, equation 4), with `m = rows[n]` where rows are given,
    else `m = n`.
    Shapes: x [N, D], weight [D], rows [R], y [N or R, D].

    Constraints:
    1. rms_norm_c1: the weight has as many elements as a row
    2. rms_norm_c2: the result has the width of x
    3. rms_norm_c3: as many result rows as x has, or as rows are given
    4. rms_norm_c4: eps is positive and finite

    ```mlir
    %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xbf16>
    %z = hadal.rms_norm %x, %w rows %rows {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Hadal_RowsF32:$x, Hadal_Vector:$weight, Optional<Hadal_Index1D>:$rows, F32Attr:$eps);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = "$x `,` $weight (`rows` $rows^)? attr-dict `:` functional-type(operands, results)";
}

def Hadal_LinearOp : Hadal_TensorOp<"linear", [AsFactor, AsMatrix, AsScales]> {
  let summary = "Linear layer, with block scales for fp8 weights";
  let description = [{
    `y[n, o] = sum_i x[n, i] * w[o, i]`, accumulated in f32, where
    `w[o, i] = weight[o, i] * scale[o / bo, i / bi]` if a scale is given. The
    last blocks of a row or column may be partial.
    Shapes: x [N, in], weight [out, in], scale [ceil(out / bo), ceil(in / bi)],
    y [N, out].

    Constraints:
    1. linear_c1: the weight's last dimension is the width of x
    2. linear_c2: the result's width is the weight's first dimension
    3. linear_c3: as many result rows as x has
    4. linear_c4: a scale is given exactly when the weight is f8E4M3FN
    5. linear_c5: the scale's shape is that of the blocks of `block` over the weight

    ```mlir
    %y = hadal.linear %x, %w : (tensor<?x64xbf16>, tensor<96x64xbf16>) -> tensor<?x96xf32>
    %z = hadal.linear %x, %q scale %s {block = array<i64: 128, 128>} : (tensor<?x64xf32>, tensor<96x64xf8E4M3FN>, tensor<1x1xf32>) -> tensor<?x96xf32>
    ```
  }];
  let arguments = (ins Hadal_Rows:$x, Hadal_Matrix:$weight, Optional<Hadal_Scales>:$scale,
                       OptionalAttr<DenseI64ArrayAttr>:$block);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = "$x `,` $weight (`scale` $scale^)? attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    /// A router's projection stays exact: a flipped choice moves a whole token.
    ::hadal::OperandRole getOperandRole(::mlir::OpOperand &operand);
  }];
}

def Hadal_GatedLinearOp : Hadal_TensorOp<"gated_linear", [AsFactor, AsMatrix, AsMatrix, AsScales, AsScales], [RoundsResult, AttrSizedOperandSegments]> {
  let summary = "Two linear layers joined by SwiGLU";
  let description = [{
    `y = silu(x gateᵀ) * (x upᵀ)` (Shazeer 2020, arXiv:2002.05202, equation 6):
    what `hadal-fuse-gates` makes of two linear ops and a swiglu.
    Shapes: x [N, in], gate and up [out, in], scales as in hadal.linear, y [N, out].

    Constraints:
    1. gated_linear_c1: gate and up have the same type
    2. gated_linear_c2: the weights' last dimension is the width of x
    3. gated_linear_c3: the result's width is the weights' first dimension
    4. gated_linear_c4: scales are given exactly when the weights are f8E4M3FN
    5. gated_linear_c5: the scales' shape is that of the blocks of `block` over the weights
    6. gated_linear_c6: as many result rows as x has

    ```mlir
    %y = hadal.gated_linear %x, %g, %u : (tensor<?x64xbf16>, tensor<96x64xbf16>, tensor<96x64xbf16>) -> tensor<?x96xbf16>
    ```
  }];
  let arguments = (ins Hadal_Rows:$x, Hadal_Matrix:$gate, Hadal_Matrix:$up, Optional<Hadal_Scales>:$gate_scale,
                       Optional<Hadal_Scales>:$up_scale, OptionalAttr<DenseI64ArrayAttr>:$block);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = "$x `,` $gate `,` $up (`scales` $gate_scale^ `,` $up_scale)? attr-dict `:` functional-type(operands, results)";
}

def Hadal_SwigluOp : Hadal_TensorOp<"swiglu", [AsExact, AsExact], [RoundsResult, SameOperandsAndResultShape]> {
  let summary = "Gated activation";
  let description = [{
    `y = silu(gate) * up`, `silu(x) = x / (1 + exp(-x))` (Shazeer 2020,
    arXiv:2002.05202, equation 5). Shapes: all [N, width].

    Constraints:
    1. swiglu_c1: gate and up have the same element type

    ```mlir
    %y = hadal.swiglu %gate, %up : (tensor<?x96xf32>, tensor<?x96xf32>) -> tensor<?x96xf32>
    ```
  }];
  let arguments = (ins Hadal_Rows:$gate, Hadal_Rows:$up);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = "$gate `,` $up attr-dict `:` functional-type(operands, results)";
}

def Hadal_RopeOp : Hadal_TensorOp<"rope", [AsExact, AsPlaces, AsAngles, AsAngles], [RoundsResult]> {
  let summary = "Rotary position embedding of the last columns of each head";
  let description = [{
    Each row is H heads of `dn + dr` columns; the last dr of each are rotated by
    the angle of the row's position, the first dn are copied. With pair i of
    (a, b): `a' = a cos - b sin`, `b' = b cos + a sin`, from row positions[n],
    column i of the tables (Su et al. 2021, arXiv:2104.09864, equation 34). In
    the checkpoint a pair is columns (2i, 2i + 1) if `interleaved`, else
    (i, i + dr / 2); in the result it is always (i, i + dr / 2), as in the cache,
    so that scores do not depend on it.
    Shapes: x [N, H (dn + dr)], positions [N], cos and sin [P, dr / 2], y as x.

    Constraints:
    1. rope_c1: the heads divide the width
    2. rope_c2: a head has at least dr columns
    3. rope_c3: cos and sin have the same type
    4. rope_c4: the result has the shape of x
    5. rope_c5: one position for each row

    ```mlir
    %y = hadal.rope %x, %pos, %cos, %sin {heads = 3 : i64, interleaved} : (tensor<?x144xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<?x144xf32>
    ```
  }];
  let arguments = (ins Hadal_RowsF32:$x, Hadal_Index1D:$positions, Hadal_Table:$cos, Hadal_Table:$sin,
                       ConfinedAttr<I64Attr, [IntPositive]>:$heads, UnitAttr:$interleaved);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = "$x `,` $positions `,` $cos `,` $sin attr-dict `:` functional-type(operands, results)";
}

def Hadal_GatherRowsOp : Hadal_TensorOp<"gather_rows", [AsExact, AsIndex], [RoundsResult]> {
  let summary = "Chosen rows";
  let description = [{
    `y[j] = x[rows[j]]`. Shapes: x [N, width], rows [R], y [R, width].

    Constraints:
    1. gather_rows_c1: the result has the element type and the width of x
    2. gather_rows_c2: as many result rows as rows are given

    ```mlir
    %y = hadal.gather_rows %x, %rows : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins Hadal_Rows:$x, Hadal_Index1D:$rows);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = "$x `,` $rows attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    /// Chosen rows may be rounded where all that reads them may.
    ::hadal::OperandRole getOperandRole(::mlir::OpOperand &operand);
  }];
}

def Hadal_HeadLinearOp : Hadal_TensorOp<"head_linear", [AsFactor, AsMatrix]> {
  let summary = "One linear layer for each head";
  let description = [{
    `y[n, h, o] = sum_i x[n, h, i] * weight[h, o, i]`. A head of x may be wider
    than `in`: only its first `in` columns are read, which is how the nope part
    of a query is taken without a copy.
    Shapes: x [N, H * width], weight [H, out, in], y [N, H * out].

    Constraints:
    1. head_linear_c1: the heads divide the width of x, and a head has at least `in` columns
    2. head_linear_c2: the result's width is heads times out
    3. head_linear_c3: as many result rows as x has

    ```mlir
    %y = hadal.head_linear %x, %w : (tensor<?x144xf32>, tensor<3x64x32xbf16>) -> tensor<?x192xf32>
    ```
  }];
  let arguments = (ins Hadal_Rows:$x, Hadal_StackedMatrix:$weight);
  let results = (outs Hadal_Rows:$result);
  let assemblyFormat = "$x `,` $weight attr-dict `:` functional-type(operands, results)";
}

#endif // HADAL_IR_HADALCOREOPS_TD
