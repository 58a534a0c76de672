// SPDX-License-Identifier: Apache-2.0
// Ops of the tile dialect on tiles in registers: operands, products, sums.
#ifndef TILE_IR_TILEMATRIXOPS_TD
#define TILE_IR_TILEMATRIXOPS_TD

include "tile/IR/TileBase.td"

def Tile_GroupOp : Tile_Op<"group", [Pure]> {
  let summary = "The number of the group of warps";
  let description = [{
    For `warps` = [m, n, g], the remainder of the warp's number by g: 0 to g - 1. Positions that depend
    on it let groups work at different places.

    Constraints:
    1. group_c1: three positive numbers of warps

    ```mlir
    %g = tile.group [1, 1, 4]
    ```
  }];
  let arguments = (ins DenseI64ArrayAttr:$warps);
  let results = (outs I32:$number);
  let assemblyFormat = "$warps attr-dict";
  let hasVerifier = 1;
}

def Tile_LoadOp : Tile_Op<"load", [MemoryEffects<[MemRead]>]> {
  let summary = "An operand of a product, from shared memory";
  let description = [{
    A left operand is the window that begins at `position`, a right operand is its transpose: weights and
    activations alike have their depth along a row. A right operand of depth `pairs` is the window itself: its depth goes down the rows.
    So one tile is read both ways, as keys and as values. Where groups share the depth, the window of each begins `apart` columns
    behind that of the one before.

    Constraints:
    1. load_c1: the tile is one plane, of the operand's elements; packed ones are for left operands in eights alone
    2. load_c2: the window lies within the tile, at a multiple of 16 rows for a left operand or one in pairs, else of 8, and of as many columns as a step, or an access, has: 32, in pairs 16
    3. load_c3: a warp has a multiple of 16 columns of a right operand in pairs
    4. load_c4: windows of groups are a multiple of 32 columns apart, of operands in eights, and all in the same 64 columns of a swizzled tile

    ```mlir
    %a = tile.load %w [0, 32] : !tile.shared<128x64xbf16, packed> -> !tile.fragment<128x32xbf16, lhs, [2, 2, 1]>
    %b = tile.load %x [0, 32] : !tile.shared<64x64xbf16, swizzled> -> !tile.fragment<32x64xbf16, rhs, [2, 2, 1]>
    %v = tile.load %x [16, 0] : !tile.shared<64x64xbf16, swizzled> -> !tile.fragment<16x64xbf16, rhs, [2, 2, 1], pairs>
    ```
  }];
  let arguments = (ins Tile_Shared:$tile, DenseI64ArrayAttr:$position, DefaultValuedAttr<I64Attr, "0">:$apart);
  let results = (outs Tile_Fragment:$fragment);
  let assemblyFormat = "$tile $position attr-dict `:` type($tile) `->` type($fragment)";
  let hasVerifier = 1;
}

def Tile_FetchOp : Tile_Op<"fetch", [MemoryEffects<[MemRead]>, AttrSizedOperandSegments]> {
  let summary = "An operand of a product, from global memory";
  let description = [{
    As `tile.load`, of a window that begins at (row, column), without a way through shared memory. Behind
    the last column there are zeros. Rows behind the last one, of which the first `rows` of the window are left, have the
    values of one that exists: what comes of them is nobody's. With an index row r of the window is row `index[row + r] / divisor` of the
    matrix. A position may differ between groups of warps.
    The matrix is not written while the kernel runs.

    Constraints:
    1. fetch_c1: the matrix is of the operand's elements, packed for a left operand and of order rows for a right one
    2. fetch_c2: rows are given exactly for a right operand
    3. fetch_c3: a row of the matrix is a multiple of 16 bytes
    4. fetch_c4: there is an index only where rows are given, and its divisor is positive

    ```mlir
    %a = tile.fetch %w[%row, %k] : !tile.global<1408x2048xbf16, packed> -> !tile.fragment<64x64xbf16, lhs, [2, 1, 2]>
    %b = tile.fetch %x[%zero, %k] rows %n : !tile.global<?x2048xbf16, rows> -> !tile.fragment<64x8xbf16, rhs, [2, 1, 2]>
    %c = tile.fetch %x[%first, %k] rows %n by %pairs div 6 : memref<?xi32> : !tile.global<?x2048xbf16, rows> -> !tile.fragment<64x8xbf16, rhs, [2, 1, 2]>
    ```
  }];
  let arguments = (ins Tile_Global:$source, I32:$row, I32:$column, Optional<I32>:$rows, Optional<Tile_Index>:$index,
                       DefaultValuedAttr<I64Attr, "1">:$divisor);
  let results = (outs Tile_Fragment:$fragment);
  let assemblyFormat = [{
    $source `[` $row `,` $column `]` (`rows` $rows^)? (`by` $index^ `div` $divisor `:` type($index))? attr-dict
    `:` type($source) `->` type($fragment)
  }];
  let hasVerifier = 1;
}

def Tile_ZeroOp : Tile_Op<"zero", [Pure]> {
  let summary = "A sum of nothing";
  let description = [{
    Constraints:
    1. zero_c1: it is a sum

    ```mlir
    %c = tile.zero : !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>
    ```
  }];
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tile_MmaOp : Tile_Op<"mma", [Pure, AllTypesMatch<["sum", "result"]>]> {
  let summary = "Add a product to a sum";
  let description = [{
    `result[m, n] = sum[m, n] + sum_k lhs[m, k] * rhs[k, n]` in f32, in each group of warps. Depth goes upwards in steps
    of the matrix unit; how a step rounds is the machine's, and the same for all elements.

    Constraints:
    1. mma_c1: a left operand [m, k], a right one [k, n] and a sum [m, n], of the same warps, operands of bf16 and of the same depth in lanes

    ```mlir
    %d = tile.mma %a, %b, %c : !tile.fragment<128x32xbf16, lhs, [2, 2, 1]>, !tile.fragment<32x64xbf16, rhs, [2, 2, 1]>, !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>
    ```
  }];
  let arguments = (ins Tile_Fragment:$lhs, Tile_Fragment:$rhs, Tile_Fragment:$sum);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "$lhs `,` $rhs `,` $sum attr-dict `:` type($lhs) `,` type($rhs) `,` type($sum)";
  let hasVerifier = 1;
}

def Tile_StoreOp : Tile_Op<"store", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Store the transpose of a sum in shared memory, or add it";
  let description = [{
    Element (m, n) of the sum is element (n, m) of the tile: rows of weights become columns of a result. Each group has a plane of its
    own. With `accumulate` it is added to what is there. A thread touches the same elements each time, so sums that follow one another need no barrier.

    Constraints:
    1. store_c1: a sum [m, n] of g groups, and a tile of f32 and of order rows with g planes [n, m]

    ```mlir
    tile.store %c to %s : !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>, !tile.shared<64x128xf32, rows, pad = 4>
    tile.store %c to %s accumulate : !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>, !tile.shared<64x128xf32, rows, pad = 4>
    ```
  }];
  let arguments = (ins Tile_Fragment:$sum, Tile_Shared:$tile, UnitAttr:$accumulate);
  let assemblyFormat = "$sum `to` $tile (`accumulate` $accumulate^)? attr-dict `:` type($sum) `,` type($tile)";
  let hasVerifier = 1;
}

#endif // TILE_IR_TILEMATRIXOPS_TD
