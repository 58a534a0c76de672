// SPDX-License-Identifier: Apache-2.0
// Ops of the tile dialect on memory: shared tiles, copies, and what orders them.
#ifndef TILE_IR_TILEMEMORYOPS_TD
#define TILE_IR_TILEMEMORYOPS_TD

include "tile/IR/TileBase.td"

def Tile_AllocOp : Tile_Op<"alloc", [MemoryEffects<[MemAlloc]>]> {
  let summary = "A tile in shared memory";
  let description = [{
    Undefined at first, and there until the block around it ends; blocks that exclude each other
    (of one `scf.if`) have the same memory. How much a kernel needs, `sharedBytes` says. A tile `over` others has their memory from the
    beginning of the first on, for a time when nobody needs them.

    Constraints:
    1. alloc_c1: the others are allocated one behind the other, over none, and as large as the tile together at least

    ```mlir
    %x = tile.alloc : !tile.shared<3x128x64xbf16, swizzled>
    %q = tile.alloc over %x : !tile.shared<128x64xbf16, packed> over !tile.shared<3x128x64xbf16, swizzled>
    ```
  }];
  let arguments = (ins Variadic<Tile_Shared>:$over);
  let results = (outs Tile_Shared:$tile);
  let assemblyFormat = "(`over` $over^)? attr-dict `:` type($tile) (`over` type($over)^)?";
  let hasVerifier = 1;
}

def Tile_PlaneOp : Tile_Op<"plane", [Pure]> {
  let summary = "One plane of a tile in shared memory";
  let description = [{
    Constraints:
    1. plane_c1: the result is a plane of the tile, of the same elements, order and padding

    ```mlir
    %p = tile.plane %x[%i] : !tile.shared<3x128x64xbf16, swizzled> -> !tile.shared<128x64xbf16, swizzled>
    ```
  }];
  let arguments = (ins Tile_Shared:$tile, I32:$index);
  let results = (outs Tile_Shared:$plane);
  let assemblyFormat = "$tile `[` $index `]` attr-dict `:` type($tile) `->` type($plane)";
  let hasVerifier = 1;
}

def Tile_CopyOp : Tile_Op<"copy", [MemoryEffects<[MemRead, MemWrite]>, AttrSizedOperandSegments]> {
  let summary = "Begin to copy a window of a matrix to shared memory";
  let description = [{
    The window begins at (row, column) and is as large as the tile. It is there after a `tile.wait` for its group, and a
    barrier for other threads' parts. What lies outside of the matrix is zero: behind
    its last column, and behind the first `rows` rows of the window. `rows`, which may be more than
    the window has, is left out where the type says how many there are; then these count. With an index row r of the window is
    row `index[row + r] / divisor` of the matrix.

    Constraints:
    1. copy_c1: the tile is one plane, of the matrix's elements, and packed exactly when the matrix is
    2. copy_c2: a row of the matrix is a multiple of 16 bytes
    3. copy_c3: rows are given exactly when the type does not say them
    4. copy_c4: there is an index only where rows are given, and its divisor is positive

    ```mlir
    tile.copy %x[%row, %k] rows %left to %p : !tile.global<?x2048xbf16, rows>, !tile.shared<128x64xbf16, swizzled>
    tile.copy %x[%row, %k] rows %left by %pairs div 6 : memref<?xi32> to %p : !tile.global<?x2048xbf16, rows>, !tile.shared<128x64xbf16, swizzled>
    ```
  }];
  let arguments = (ins Tile_Global:$source, I32:$row, I32:$column, Optional<I32>:$rows, Optional<Tile_Index>:$index,
                       Tile_Shared:$tile, DefaultValuedAttr<I64Attr, "1">:$divisor);
  let assemblyFormat = [{
    $source `[` $row `,` $column `]` (`rows` $rows^)? (`by` $index^ `div` $divisor `:` type($index))? `to` $tile attr-dict
    `:` type($source) `,` type($tile)
  }];
  let hasVerifier = 1;
}

def Tile_CommitOp : Tile_Op<"commit", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Make a group of the copies begun since the last one";
  let description = [{
    A group may be empty.

    ```mlir
    tile.commit
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_WaitOp : Tile_Op<"wait", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Wait until at most so many groups of copies are under way";
  let description = [{
    ```mlir
    tile.wait {pending = 1 : i32}
    ```
  }];
  let arguments = (ins ConfinedAttr<I32Attr, [IntNonNegative]>:$pending);
  let assemblyFormat = "attr-dict";
}

def Tile_BarrierOp : Tile_Op<"barrier", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Wait for all threads of the workgroup";
  let description = [{
    What any of them did to memory before, shared or global, all see after.

    ```mlir
    tile.barrier
    ```
  }];
  let assemblyFormat = "attr-dict";
}

def Tile_WriteOp : Tile_Op<"write", [MemoryEffects<[MemRead, MemWrite]>, AttrSizedOperandSegments, SingleBlock]> {
  let summary = "Write what is computed of tiles in shared memory to a window of a matrix";
  let description = [{
    The planes of each tile are added up, the first one first. The block takes an element of each sum, then
    the one of each of `others` at the same place of the window, and yields what is written, rounded to
    the matrix's elements. Where there are angles, what is written are heads of so many columns, and the last ones of each, two
    for each column of the tables, are rotated: with pair i of (a, b), `a' = a cos - b sin` and `b' = b cos + a sin`, from row
    `positions[r]` of the tables, r the matrix's. A pair is columns (2i, 2i + 1) if `interleaved`, else (i, i + half); written it is (i, i + half). The window begins at (row, column); only its first `rows` rows and what lies within the matrix's
    columns is written. With an index row r of the window is row `index[row + r]` of the matrices. Neighbouring threads write neighbouring elements, so that sectors are filled.

    Constraints:
    1. write_c1: one tile or more, all of the same type, of f32 and of order rows; the matrix of order rows
    2. write_c2: the columns of a tile are a power of two, and at least four
    3. write_c3: the others are matrices of f32 and of order rows, of as many columns as the one that is written
    4. write_c4: the block takes f32 for each tile and each other, and yields f32
    5. write_c5: angles are of one tile without others or index, with both tables of f32 in rows, of one type, positions and the columns of a head
    6. write_c6: heads divide the matrix, four divides what is rotated of a head and what is not, and, if no pairs are neighbours, no rotation is of two tiles

    ```mlir
    tile.write %g, %u to %y[%row, %column] rows %left : !tile.shared<16x64xf32, rows, pad = 4>, !tile.shared<16x64xf32, rows, pad = 4> to !tile.global<?x1408xbf16, rows> {
    ^bb0(%a: f32, %b: f32):
      %p = arith.mulf %a, %b : f32
      tile.yield %p : f32
    }
    ```
  }];
  let arguments = (ins Variadic<Tile_Shared>:$tiles, Variadic<Tile_Global>:$others, Tile_Global:$destination, I32:$row,
                       I32:$column, I32:$rows, Optional<Tile_Index>:$index, Optional<Tile_Global>:$cos, Optional<Tile_Global>:$sin,
                       Optional<Tile_Index>:$positions, OptionalAttr<I64Attr>:$head, UnitAttr:$interleaved);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $tiles (`with` $others^ `:` type($others))? `to` $destination `[` $row `,` $column `]` `rows` $rows (`by` $index^ `:` type($index))?
    (`rotated` `by` $cos^ `,` $sin `at` $positions `heads` $head `:` type($cos) `,` type($sin) `,` type($positions))?
    `:` type($tiles) `to` type($destination) $body attr-dict
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    SharedType getTileType() { return ::llvm::cast<SharedType>(getTiles().front().getType()); }
    /// Columns of a head that are rotated.
    int64_t getRotated() { return 2 * getCos().getType().getShape()[1]; }
  }];
}

#endif // TILE_IR_TILEMEMORYOPS_TD
