// SPDX-License-Identifier: Apache-2.0
// Ops of the tile dialect on sums element by element, and along their rows.
#ifndef TILE_IR_TILEROWOPS_TD
#define TILE_IR_TILEROWOPS_TD

include "tile/IR/TileBase.td"

def Tile_FillOp : Tile_Op<"fill", [Pure]> {
  let summary = "The same number everywhere";
  let description = [{
    Constraints:
    1. fill_c1: it is a sum or a column

    ```mlir
    %m = tile.fill %lowest : !tile.column<64, [2, 4, 1], whole>
    ```
  }];
  let arguments = (ins F32:$value);
  let results = (outs Tile_Numbers:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tile_MapOp : Tile_Op<"map", [Pure, SingleBlock]> {
  let summary = "Compute each element from those at the same place";
  let description = [{
    The block takes an element of each operand, of a column that of the row, and yields the result's. It is done for
    each element that a lane has, so of parts of a sum it must be linear. Functions of `math` are as the machine has them:
    `math.exp2` is exact to 2 units in the last place, and results too small for a normal number are zero.

    Constraints:
    1. map_c1: operands are columns of the result's rows and warps, or sums of its type
    2. map_c2: the block takes f32 for each operand, has ops of `arith` and `math` alone and yields f32

    ```mlir
    %p = tile.map %s, %m : !tile.fragment<64x64xf32, accumulator, [2, 4, 1]>, !tile.column<64, [2, 4, 1], whole> -> !tile.fragment<64x64xf32, accumulator, [2, 4, 1]> {
    ^bb0(%x: f32, %y: f32):
      %d = arith.subf %x, %y : f32
      %e = math.exp2 %d : f32
      tile.yield %e : f32
    }
    ```
  }];
  let arguments = (ins Variadic<Tile_Numbers>:$inputs);
  let results = (outs Tile_Numbers:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$inputs `:` type($inputs) `->` type($result) $body attr-dict";
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Tile_YieldOp : Tile_Op<"yield", [Pure, Terminator, ParentOneOf<["MapOp", "WriteOp"]>]> {
  let summary = "What a block of elements makes of them";
  let description = [{
    ```mlir
    tile.yield %p : f32
    ```
  }];
  let arguments = (ins F32:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Tile_MaskOp : Tile_Op<"mask", [Pure, AllTypesMatch<["sum", "result"]>]> {
  let summary = "Replace the columns of a sum from one on";
  let description = [{
    Elements of the first `columns` columns stay, whatever the others hold: they become `value`. With `rising` row m keeps
    m columns more.

    Constraints:
    1. mask_c1: it is a sum

    ```mlir
    %t = tile.mask %s columns %left else %lowest : !tile.fragment<64x64xf32, accumulator, [2, 4, 1]>
    %u = tile.mask %s columns %left rising else %lowest : !tile.fragment<64x64xf32, accumulator, [2, 4, 1]>
    ```
  }];
  let arguments = (ins Tile_Fragment:$sum, I32:$columns, F32:$value, UnitAttr:$rising);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "$sum `columns` $columns (`rising` $rising^)? `else` $value attr-dict `:` type($sum)";
  let hasVerifier = 1;
}

def Tile_ReduceOp : Tile_Op<"reduce", [Pure]> {
  let summary = "What a lane has of each row of a sum, as one number";
  let description = [{
    By `sum` or `maximum`, columns upwards. A maximum is NaN only where all are.

    Constraints:
    1. reduce_c1: a sum, and a column in parts of its rows and warps

    ```mlir
    %p = tile.reduce maximum %s : !tile.fragment<64x64xf32, accumulator, [2, 4, 1]> -> !tile.column<64, [2, 4, 1], parts>
    ```
  }];
  let arguments = (ins Tile_Reduction:$kind, Tile_Fragment:$sum);
  let results = (outs Tile_Column:$result);
  let assemblyFormat = "$kind $sum attr-dict `:` type($sum) `->` type($result)";
  let hasVerifier = 1;
}

def Tile_CombineOp : Tile_Op<"combine", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "The number of each row from the parts that lanes have";
  let description = [{
    Lanes of a warp by themselves; where several warps have parts of a row, through a tile in shared memory, one column
    for each of them, with a barrier between. Parts are made to one in a fixed order, warps upwards. The tile must be free: a barrier must have followed what read it last.

    Constraints:
    1. combine_c1: a column in parts, and a whole one of its rows and warps
    2. combine_c2: a tile exactly where n of the warps is more than one: of f32 and of order rows, one plane of as many rows as the column, and n columns
    3. combine_c3: n is 1, 2 or 4

    ```mlir
    %m = tile.combine maximum %p through %t : !tile.column<64, [2, 4, 1], parts>, !tile.shared<64x4xf32, rows> -> !tile.column<64, [2, 4, 1], whole>
    ```
  }];
  let arguments = (ins Tile_Reduction:$kind, Tile_Column:$parts, Optional<Tile_Shared>:$tile);
  let results = (outs Tile_Column:$result);
  let assemblyFormat = [{
    $kind $parts (`through` $tile^)? attr-dict `:` type($parts) (`,` type($tile)^)? `->` type($result)
  }];
  let hasVerifier = 1;
}

def Tile_ExchangeOp : Tile_Op<"exchange", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Add the sums of two groups, and give each half of the columns";
  let description = [{
    Of the two warps that differ in their group alone, each gives the other half of its columns, through a tile
    that must be free, with a barrier between: the sum lies over the warps [m, 2 n, 1] then.

    Constraints:
    1. exchange_c1: a sum of two groups over [m, n, 2], whose warps have a multiple of 16 columns, and one of its extents over [m, 2 n, 1]
    2. exchange_c2: a tile of f32 and of order rows without padding, of one plane with a row for each warp, of half as many columns as the warp has numbers

    ```mlir
    %t = tile.exchange %s through %x : !tile.fragment<64x32xf32, accumulator, [2, 2, 2]>, !tile.shared<8x256xf32, rows> -> !tile.fragment<64x32xf32, accumulator, [2, 4, 1]>
    ```
  }];
  let arguments = (ins Tile_Fragment:$sum, Tile_Shared:$tile);
  let results = (outs Tile_Fragment:$result);
  let assemblyFormat = "$sum `through` $tile attr-dict `:` type($sum) `,` type($tile) `->` type($result)";
  let hasVerifier = 1;
}

def Tile_OperandOp : Tile_Op<"operand", [Pure]> {
  let summary = "Columns of a sum as the left operand of a product, rounded";
  let description = [{
    Those from `column` on, to nearest even. Where a warp has whole rows of a sum, it has what it needs of the operand: nothing goes through
    shared memory, as with `tile.put`.

    Constraints:
    1. operand_c1: a sum, and a left operand of bf16 in pairs of its rows and warps, one of which has all columns of a row
    2. operand_c2: the columns lie within the sum, from a multiple of 16 on

    ```mlir
    %a = tile.operand %p [16] : !tile.fragment<128x64xf32, accumulator, [8, 1, 1]> -> !tile.fragment<128x16xbf16, lhs, [8, 1, 1], pairs>
    ```
  }];
  let arguments = (ins Tile_Fragment:$sum, I64Attr:$column);
  let results = (outs Tile_Fragment:$fragment);
  let assemblyFormat = "$sum `[` $column `]` attr-dict `:` type($sum) `->` type($fragment)";
  let hasVerifier = 1;
}

def Tile_KeepOp : Tile_Op<"keep", [MemoryEffects<[MemWrite]>]> {
  let summary = "Keep sums and columns in global memory";
  let description = [{
    All bits of them, from the first element of row `row` on, in an order that is each thread's own: `tile.recall` of the same types, by the
    same workgroup, brings them back, and needs no barrier; by another workgroup behind `tile.meet`. How much memory they take is the architecture's.

    Constraints:
    1. keep_c1: sums and columns, at least one
    2. keep_c2: a matrix of order rows, whose rows are a multiple of 16 bytes

    ```mlir
    tile.keep %m, %o to %memory[%row] : !tile.column<128, [8, 1, 1], whole>, !tile.fragment<128x128xf32, accumulator, [8, 1, 1]> to !tile.global<1024x320xbf16, rows>
    ```
  }];
  let arguments = (ins Variadic<Tile_Numbers>:$values, Tile_Global:$memory, I32:$row);
  let assemblyFormat = "$values `to` $memory `[` $row `]` attr-dict `:` type($values) `to` type($memory)";
  let hasVerifier = 1;
}

def Tile_RecallOp : Tile_Op<"recall", [MemoryEffects<[MemRead]>]> {
  let summary = "Bring back what was kept in global memory";
  let description = [{
    Constraints:
    1. recall_c1: sums and columns, at least one
    2. recall_c2: a matrix of order rows, whose rows are a multiple of 16 bytes

    ```mlir
    %m, %o = tile.recall %memory[%row] : !tile.global<1024x320xbf16, rows> -> !tile.column<128, [8, 1, 1], whole>, !tile.fragment<128x128xf32, accumulator, [8, 1, 1]>
    ```
  }];
  let arguments = (ins Tile_Global:$memory, I32:$row);
  let results = (outs Variadic<Tile_Numbers>:$values);
  let assemblyFormat = "$memory `[` $row `]` attr-dict `:` type($memory) `->` type($values)";
  let hasVerifier = 1;
}

def Tile_MeetOp : Tile_Op<"meet", [MemoryEffects<[MemRead, MemWrite]>]> {
  let summary = "Whether another workgroup has come here before";
  let description = [{
    For two workgroups of a launch, which name the same bit, 0 to 31, of the same word of those in front of a matrix, counted
    backwards, and wait for nobody. The second one sees all that the first has written before; the bit, zero at first, is zero again. Whoever
    names other bits is not met. A barrier is in it, before and after.

    Constraints:
    1. meet_c1: a matrix of order rows, whose rows are a multiple of 16 bytes

    ```mlir
    %isSecond = tile.meet %memory[%word, %bit] : !tile.global<?x8704xf32, rows>
    ```
  }];
  let arguments = (ins Tile_Global:$memory, I32:$word, I32:$bit);
  let results = (outs I1:$result);
  let assemblyFormat = "$memory `[` $word `,` $bit `]` attr-dict `:` type($memory)";
  let hasVerifier = 1;
}

def Tile_DifferOp : Tile_Op<"differ", [Pure, AllTypesMatch<["lhs", "rhs"]>]> {
  let summary = "Whether two columns differ in any row of a warp";
  let description = [{
    The same in all lanes of a warp; other warps may see another answer, so no barrier may depend on it.

    Constraints:
    1. differ_c1: the columns are whole

    ```mlir
    %b = tile.differ %x, %y : !tile.column<64, [2, 4, 1], whole>
    ```
  }];
  let arguments = (ins Tile_Column:$lhs, Tile_Column:$rhs);
  let results = (outs I1:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` type($lhs)";
  let hasVerifier = 1;
}

#endif // TILE_IR_TILEROWOPS_TD
