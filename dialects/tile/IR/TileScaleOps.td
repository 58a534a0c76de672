// SPDX-License-Identifier: Apache-2.0
// Ops of the tile dialect on weights of eight bits, whose blocks have scales.
#ifndef TILE_IR_TILESCALEOPS_TD
#define TILE_IR_TILESCALEOPS_TD

include "tile/IR/TileBase.td"

def Tile_WidenOp : Tile_Op<"widen", [Pure]> {
  let summary = "A left operand of eight bits as one of bf16";
  let description = [{
    Each element has the same value: bf16 has all values of f8E4M3FN, but for NaN, which becomes an ordinary number.

    Constraints:
    1. widen_c1: operands of the same shape and warps, the first of f8E4M3FN, the result of bf16

    ```mlir
    %b = tile.widen %a : !tile.fragment<128x64xf8E4M3FN, lhs, [4, 1, 1]> -> !tile.fragment<128x64xbf16, lhs, [4, 1, 1]>
    ```
  }];
  let arguments = (ins Tile_Fragment:$operand);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "$operand attr-dict `:` type($operand) `->` type($result)";
  let hasVerifier = 1;
}

def Tile_AddScaledOp : Tile_Op<"add_scaled", [MemoryEffects<[MemRead]>, AllTypesMatch<["part", "sum", "result"]>]> {
  let summary = "Add a sum to another, with the scales of the weights' blocks";
  let description = [{
    `result[m, n] = sum[m, n] + part[m, n] * scales[(row + m) / block[0], column / block[1]]`, rounded once. Row and column are those of the window
    of weights that `part` is of, whose columns lie within one block; a column may differ between groups of warps.
    Rows behind the last block have its scale: what comes of them is nobody's.

    Constraints:
    1. add_scaled_c1: sums, and a matrix of f32 and of order rows, of known rows
    2. add_scaled_c2: a block has two positive extents

    ```mlir
    %d = tile.add_scaled %c to %t by %scales[%row, %k] block [128, 128] : !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>, !tile.global<11x16xf32, rows>
    ```
  }];
  let arguments = (ins Tile_Fragment:$part, Tile_Fragment:$sum, Tile_Global:$scales, I32:$row, I32:$column,
                       DenseI64ArrayAttr:$block);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = [{
    $part `to` $sum `by` $scales `[` $row `,` $column `]` `block` $block attr-dict `:` type($part) `,` type($scales)
  }];
  let hasVerifier = 1;
}

#endif // TILE_IR_TILESCALEOPS_TD
