// SPDX-License-Identifier: Apache-2.0
// The tile dialect, its types and enumerations.
#ifndef TILE_IR_TILEBASE_TD
#define TILE_IR_TILEBASE_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tile_Dialect : Dialect {
  let name = "tile";
  let cppNamespace = "::hadal::tile";
  let summary = "Kernels of matrix units, in tiles";
  let description = [{
    What a workgroup does, in tiles: matrices in global memory, windows of them in
    shared memory, and in registers. An op is done by all warps of the workgroup together; the
    type of a tile in registers says which warp holds what. Positions are `i32`, in
    elements, of windows within a matrix whose type says how its rows lie. docs/Tile.md has
    the language on one page.

    Control flow is `scf`, with conditions that are the same in all threads around
    `tile.barrier`; numbers are `arith`. How warps and lanes hold a tile's elements is the
    architecture's (`hadal/Target/TileArchitecture.h`), and so is what is done in a lane.
  }];
  let useDefaultTypePrinterParser = 1;
}

class Tile_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::hadal::tile";
}

def Tile_Order : Tile_Enum<"Order", "how the elements of a matrix lie in memory", [
    I32EnumAttrCase<"Rows", 0, "rows">,
    I32EnumAttrCase<"Swizzled", 1, "swizzled">,
    I32EnumAttrCase<"Packed", 2, "packed">]>;

def Tile_Role : Tile_Enum<"Role", "what a tile in registers is to a product", [
    I32EnumAttrCase<"Lhs", 0, "lhs">,
    I32EnumAttrCase<"Rhs", 1, "rhs">,
    I32EnumAttrCase<"Accumulator", 2, "accumulator">]>;

def Tile_Depth : Tile_Enum<"Depth", "how the depth of an operand goes to lanes", [
    I32EnumAttrCase<"Eights", 0, "eights">,
    I32EnumAttrCase<"Pairs", 1, "pairs">]>;

def Tile_Share : Tile_Enum<"Share", "what a lane has of a row's number", [
    I32EnumAttrCase<"Whole", 0, "whole">,
    I32EnumAttrCase<"Parts", 1, "parts">]>;

def Tile_Reduction : Tile_Enum<"Reduction", "what numbers of a row are made to one by", [
    I32EnumAttrCase<"Sum", 0, "sum">,
    I32EnumAttrCase<"Maximum", 1, "maximum">]>;

// A parameter that is left out where it has its default.
class Tile_Defaulted<EnumInfo info, string value> : EnumParameter<info> {
  let defaultValue = value;
}

// Rows and columns, and elements: "128x64xbf16".
class Tile_Type<string name, string typeMnemonic> : TypeDef<Tile_Dialect, name> {
  let mnemonic = typeMnemonic;
  let genVerifyDecl = 1;
}

def Tile_Global : Tile_Type<"Global", "global"> {
  let summary = "A matrix in global memory";
  let description = [{
    The whole matrix, from its first element on, aligned to 64 bytes. Order `rows`: one
    row after the other, without gaps; how many there are may be known to the launch
    alone. Order `packed`: the weights of `#hadal.fragments`, blocks of 16 rows and 32
    columns, whose rows and columns are padded to multiples of 16 and 64 with zeros. Three extents are a stack of
    matrices, one behind the other; of order rows, how many may be known to the launch alone.

    Constraints:
    1. global_c1: two extents or three, of which the first may be unknown, the others are known and positive
    2. global_c2: elements are bf16 or f32; packed ones bf16 or f8E4M3FN, and all extents of theirs known

    ```mlir
    !tile.global<?x2048xbf16, rows>
    !tile.global<1408x2048xbf16, packed>
    !tile.global<64x1408x2048xbf16, packed>
    !tile.global<?x512x320xbf16, rows>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        EnumParameter<Tile_Order>:$order);
  let assemblyFormat = "`<` custom<Extents>($shape, $elementType) `,` $order `>`";
}

def Tile_Shared : Tile_Type<"Shared", "shared"> {
  let summary = "A tile in shared memory";
  let description = [{
    Rows and columns, or planes of them: stages of a pipeline, or sums of groups of warps.
    Order `rows`: rows of the columns and `pad` elements more. Order `swizzled`: the pieces of 16 bytes of a row are
    exchanged within groups of eight, piece p of row r lies at p xor reverse(r mod 8),
    where reverse exchanges the first and the last of three bits: eight lanes that read
    one column of pieces, or two rows of four, then touch all banks. Order `packed` is that of global memory.
    What is padding of a window (`tile.window`) are the other columns of its tile.

    Constraints:
    1. shared_c1: two or three positive extents
    2. shared_c2: elements are bf16 or f32; swizzled ones bf16, packed ones bf16 or f8E4M3FN
    3. shared_c3: a row is a multiple of 16 bytes with its padding, a swizzled one of 128; packed ones have a multiple of 16 rows and of 32 columns
    4. shared_c4: padding is not negative, none of packed tiles, and of swizzled ones a multiple of 128 bytes

    ```mlir
    !tile.shared<3x128x64xbf16, swizzled>
    !tile.shared<128x128xf32, rows, pad = 4>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        EnumParameter<Tile_Order>:$order, DefaultValuedParameter<"int64_t", "0">:$pad);
  let assemblyFormat = "`<` custom<Extents>($shape, $elementType) `,` $order (`,` `pad` `=` $pad^)? `>`";
  let extraClassDeclaration = [{
    /// Of one plane.
    int64_t getRows() const { return getShape()[getShape().size() - 2]; }
    int64_t getColumns() const { return getShape().back(); }
    int64_t getPlanes() const { return getShape().size() == 3 ? getShape().front() : 1; }
    int64_t getElementBytes() const { return getElementType().getIntOrFloatBitWidth() / 8; }
    /// Bytes from a row to the next; of packed tiles, from 16 rows to the next 16.
    int64_t getRowBytes() const;
    int64_t getPlaneBytes() const;
    int64_t getBytes() const { return getPlanes() * getPlaneBytes(); }
  }];
}

def Tile_Fragment : Tile_Type<"Fragment", "fragment"> {
  let summary = "A tile in registers, spread over the warps of a workgroup";
  let description = [{
    A matrix [rows, columns] as an operand of `tile.mma`, or its sum. `warps` = [m, n, g]:
    g groups of m x n warps. Each group has a tile of its own. Within a group the rows of a sum and of the left operand
    are cut in m equal parts, the columns of a sum and of the right operand in n; warps that differ otherwise
    hold the same. Warp w belongs to group w mod g, part w / (g n) of the rows and w / g mod n of the columns.

    How an operand's depth goes to lanes both operands of a product agree in: `eights`, within 32 elements eight at a time, so that one access of
    16 bytes serves two steps of the matrix unit; `pairs`, within 16 elements two at a time and the two that follow eight later, as the loads of
    matrices of 8 x 8 bring it (written where it is not eights). A sum has no depth, and is of eights.

    Constraints:
    1. fragment_c1: two positive extents, three positive numbers of warps
    2. fragment_c2: operands are bf16, left ones f8E4M3FN too, sums f32
    3. fragment_c3: a warp holds multiples of 16 rows of a sum or a left operand, and of 8 columns of a sum or a right operand
    4. fragment_c4: the depth of an operand is a multiple of 32, or of 16 in pairs; a sum is of eights

    ```mlir
    !tile.fragment<128x32xbf16, lhs, [2, 2, 1]>
    !tile.fragment<32x64xbf16, rhs, [2, 2, 1]>
    !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>
    !tile.fragment<16x512xbf16, rhs, [1, 4, 1], pairs>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType,
                        EnumParameter<Tile_Role>:$role, ArrayRefParameter<"int64_t">:$warps,
                        Tile_Defaulted<Tile_Depth, "::hadal::tile::Depth::Eights">:$depth);
  let assemblyFormat = "`<` custom<Extents>($shape, $elementType) `,` $role `,` `[` $warps `]` (`,` $depth^)? `>`";
  let builders = [TypeBuilder<(ins "::llvm::ArrayRef<int64_t>":$shape, "::mlir::Type":$elementType, "Role":$role,
                                   "::llvm::ArrayRef<int64_t>":$warps),
                              [{ return $_get($_ctxt, shape, elementType, role, warps, Depth::Eights); }]>];
  let extraClassDeclaration = [{
    /// Of the whole block, in all groups.
    int64_t getWarpCount() const { return getWarps()[0] * getWarps()[1] * getWarps()[2]; }
    int64_t getGroups() const { return getWarps()[2]; }
    /// What one warp holds.
    int64_t getWarpRows() const { return getShape()[0] / (getRole() == Role::Rhs ? 1 : getWarps()[0]); }
    int64_t getWarpColumns() const { return getShape()[1] / (getRole() == Role::Lhs ? 1 : getWarps()[1]); }
  }];
}

def Tile_Column : Tile_Type<"Column", "column"> {
  let summary = "A number of f32 for each row of a sum, in registers";
  let description = [{
    As the rows of `!tile.fragment` over the warps [m, n, g]. `whole`: each lane that holds elements of a row has
    the row's number. `parts`: each has one for its own elements, and the row's is what they make together.

    Constraints:
    1. column_c1: three positive numbers of warps, and a multiple of 16 rows for each of m

    ```mlir
    !tile.column<64, [2, 4, 1], whole>
    !tile.column<64, [2, 4, 1], parts>
    ```
  }];
  let parameters = (ins "int64_t":$rows, ArrayRefParameter<"int64_t">:$warps, EnumParameter<Tile_Share>:$share);
  let assemblyFormat = "`<` $rows `,` `[` $warps `]` `,` $share `>`";
  let extraClassDeclaration = [{
    int64_t getWarpCount() const { return getWarps()[0] * getWarps()[1] * getWarps()[2]; }
    /// What one warp holds.
    int64_t getWarpRows() const { return getRows() / getWarps()[0]; }
  }];
}

def Tile_Numbers : AnyTypeOf<[Tile_Fragment, Tile_Column], "a sum or a column">;

// Which rows of a matrix the rows of a window are, where they are not neighbours.
def Tile_Index : MemRefRankOf<[I32], [1]>;

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

#endif // TILE_IR_TILEBASE_TD
