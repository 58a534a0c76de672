// SPDX-License-Identifier: Apache-2.0
// Ops of the tile dialect on windows of shared tiles, and their ways to and from other places.
#ifndef TILE_IR_TILEWINDOWOPS_TD
#define TILE_IR_TILEWINDOWOPS_TD

include "tile/IR/TileBase.td"

def Tile_WindowOp : Tile_Op<"window", [Pure]> {
  let summary = "A window of a tile in shared memory";
  let description = [{
    The same memory as another tile, whose padding is what lies beside the window in a row. Rows of several planes
    follow one another.

    Constraints:
    1. window_c1: a tile of order rows or swizzled, of planes of a multiple of eight rows if there are several, and a window of one plane, of the same elements and order, with as many bytes from a row to the next
    2. window_c2: it lies within the tile, at a multiple of 16 bytes of a row; of a swizzled tile at a multiple of eight rows and of 128 bytes

    ```mlir
    %p = tile.window %k [0, 512] : !tile.shared<64x576xbf16, swizzled> -> !tile.shared<16x64xbf16, swizzled, pad = 512>
    ```
  }];
  let arguments = (ins Tile_Shared:$tile, DenseI64ArrayAttr:$position);
  let results = (outs Tile_Shared:$window);
  let assemblyFormat = "$tile $position attr-dict `:` type($tile) `->` type($window)";
  let hasVerifier = 1;
}

def Tile_PutOp : Tile_Op<"put", [MemoryEffects<[MemWrite]>]> {
  let summary = "Round a sum into shared memory";
  let description = [{
    Element (m, n) of the sum is that of the tile, to nearest even: what was a result can be the operand of a product.

    Constraints:
    1. put_c1: a sum of one group, and a tile of one plane, of its extents, of bf16 and not packed

    ```mlir
    tile.put %p to %t : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>, !tile.shared<16x64xbf16, swizzled, pad = 512>
    ```
  }];
  let arguments = (ins Tile_Fragment:$sum, Tile_Shared:$tile);
  let assemblyFormat = "$sum `to` $tile attr-dict `:` type($sum) `,` type($tile)";
  let hasVerifier = 1;
}

def Tile_ReadOp : Tile_Op<"read", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Bring a window of a matrix to columns of a shared tile, rounded";
  let description = [{
    All rows of the tile, and its columns from `columns[0]` to before `columns[1]`, from the window of the matrix that begins at
    (row, column), whose first element exists. What lies outside of the matrix is zero: behind its last column, and behind the first `rows` rows.
    It is there after a barrier. `tile.copy` converts nothing and waits for nothing. The matrix is not written while the kernel runs.

    Constraints:
    1. read_c1: a matrix of order rows, and a tile of one plane and of bf16
    2. read_c2: the columns lie within the tile, and begin and end at multiples of eight, of a packed tile of 32
    3. read_c3: a row of the matrix is a multiple of eight elements

    ```mlir
    tile.read %q[%row, %column] rows %left to %t [512, 576] : !tile.global<?x192xbf16, rows>, !tile.shared<16x576xbf16, swizzled>
    ```
  }];
  let arguments = (ins Tile_Global:$source, I32:$row, I32:$column, I32:$rows, Tile_Shared:$tile,
                       DenseI64ArrayAttr:$columns);
  let assemblyFormat = [{
    $source `[` $row `,` $column `]` `rows` $rows `to` $tile $columns attr-dict `:` type($source) `,` type($tile)
  }];
  let hasVerifier = 1;
}

def Tile_DrainOp : Tile_Op<"drain", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Write a tile in shared memory to a window of a matrix as it is";
  let description = [{
    Sixteen bytes at a time; only the first `rows` rows of the window, which begins at (row, column), and what lies within the matrix's columns;
    of the tile's columns the first `columns`, or all.

    Constraints:
    1. drain_c1: a tile of one plane that is not packed, and a matrix of its elements and of order rows
    2. drain_c2: a row of the matrix is a multiple of 16 bytes
    3. drain_c3: the columns are a multiple of 16 bytes, within the tile

    ```mlir
    tile.drain %t to %y[%row, %column] rows %left : !tile.shared<16x512xbf16, swizzled, pad = 64>, !tile.global<?x512xbf16, rows>
    tile.drain %t to %y[%row, %column] rows %left columns 32 : !tile.shared<16x64xbf16, swizzled>, !tile.global<?x96xbf16, rows>
    ```
  }];
  let arguments = (ins Tile_Shared:$tile, Tile_Global:$destination, I32:$row, I32:$column, I32:$rows,
                       DefaultValuedAttr<I64Attr, "0">:$columns);
  let assemblyFormat = [{
    $tile `to` $destination `[` $row `,` $column `]` `rows` $rows (`columns` $columns^)? attr-dict
    `:` type($tile) `,` type($destination)
  }];
  let extraClassDeclaration = [{
    int64_t getDrainedColumns() {
      return getColumns() ? int64_t(getColumns()) : getTile().getType().getColumns();
    }
  }];
  let hasVerifier = 1;
}

#endif // TILE_IR_TILEWINDOWOPS_TD
