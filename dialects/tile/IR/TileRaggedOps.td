// SPDX-License-Identifier: Apache-2.0
// Ops of the tile dialect on groups of rows whose sizes the device alone knows, each with a matrix of its own.
#ifndef TILE_IR_TILERAGGEDOPS_TD
#define TILE_IR_TILERAGGEDOPS_TD

include "tile/IR/TileBase.td"

def Tile_LocateOp : Tile_Op<"locate", [MemoryEffects<[MemRead]>]> {
  let summary = "Where a tile of ragged groups of rows is";
  let description = [{
    Rows `offsets[g]` up to `offsets[g + 1]` are those of group g. Each group is cut in tiles of `height`
    rows, of which its last may have less, and all tiles are numbered, group after group. Gives the group of tile
    `number`, its first row, and how many rows the group has from there on, which may be more than the height: none where there is no
    such tile; then the others are 0 as well. All lanes of a warp search together.

    Constraints:
    1. locate_c1: the offsets are known in number, two or more, of i32
    2. locate_c2: the height is positive

    ```mlir
    %group, %row, %rows = tile.locate %number in %offsets height 16 : memref<65xi32>
    ```
  }];
  let arguments = (ins I32:$number, Tile_Index:$offsets, I64Attr:$height);
  let results = (outs I32:$group, I32:$row, I32:$rows);
  let assemblyFormat = "$number `in` $offsets `height` $height attr-dict `:` type($offsets)";
  let hasVerifier = 1;
}

def Tile_MatrixOp : Tile_Op<"matrix", [Pure]> {
  let summary = "One matrix of a stack in global memory";
  let description = [{
    Constraints:
    1. matrix_c1: the result is a matrix of the stack, of the same elements and order

    ```mlir
    %m = tile.matrix %w[%group] : !tile.global<64x1408x2048xbf16, packed> -> !tile.global<1408x2048xbf16, packed>
    ```
  }];
  let arguments = (ins Tile_Global:$stack, I32:$index);
  let results = (outs Tile_Global:$matrix);
  let assemblyFormat = "$stack `[` $index `]` attr-dict `:` type($stack) `->` type($matrix)";
  let hasVerifier = 1;
}

#endif // TILE_IR_TILERAGGEDOPS_TD
