// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// global_c1: two extents or three, of which the first may be unknown, the others are known and positive
// expected-error @+1 {{expected a matrix, or a stack of some, of positive extents of which all but the first are known, got 2 extents}}
func.func private @matrix(!tile.global<?x?xbf16, rows>)

// -----

// global_c1
// expected-error @+1 {{expected a matrix, or a stack of some, of positive extents of which all but the first are known, got 3 extents}}
func.func private @matrix(!tile.global<4x?x64xbf16, rows>)

// -----

// global_c2: elements are bf16 or f32; packed ones bf16 or f8E4M3FN, and all extents of theirs known
// expected-error @+1 {{expected elements of bf16 or f32, or packed ones of bf16 or f8E4M3FN, got 'i8'}}
func.func private @matrix(!tile.global<16x64xi8, rows>)

// -----

// global_c2
// expected-error @+1 {{expected a packed matrix of known rows, got elements of 'bf16'}}
func.func private @matrix(!tile.global<?x64xbf16, packed>)

// -----

// global_c2
// expected-error @+1 {{expected an order rows or packed in global memory, got swizzled}}
func.func private @matrix(!tile.global<64x64xbf16, swizzled>)

// -----

// shared_c1: two or three positive extents
// expected-error @+1 {{expected two or three positive extents, got 1}}
func.func private @tile(!tile.shared<64xbf16, rows>)

// -----

// shared_c2: elements are bf16 or f32; swizzled ones bf16, packed ones bf16 or f8E4M3FN
// expected-error @+1 {{expected a swizzled tile of bf16, got 'f32'}}
func.func private @tile(!tile.shared<64x64xf32, swizzled>)

// -----

// shared_c3: a row is a multiple of 16 bytes with its padding, a swizzled one of 128; packed ones have a multiple of 16 rows and of 32 columns
// expected-error @+1 {{expected rows of a multiple of 128 bytes, got 64}}
func.func private @tile(!tile.shared<64x32xbf16, swizzled>)

// -----

// shared_c3
// expected-error @+1 {{expected a packed tile of multiples of 16 rows and 32 columns, got 8 and 64}}
func.func private @tile(!tile.shared<8x64xbf16, packed>)

// -----

// shared_c4: padding is not negative, none of packed tiles, and of swizzled ones a multiple of 128 bytes
// expected-error @+1 {{expected padding of a multiple of 128 bytes, got 16}}
func.func private @tile(!tile.shared<64x64xbf16, swizzled, pad = 8>)

// -----

// shared_c4
// expected-error @+1 {{expected no padding of packed tiles, and none below zero, got 32}}
func.func private @tile(!tile.shared<64x64xbf16, packed, pad = 32>)

// -----

// fragment_c1: two positive extents, three positive numbers of warps
// expected-error @+1 {{expected two positive extents and three positive numbers of warps, got 2 and 2}}
func.func private @fragment(!tile.fragment<64x64xbf16, lhs, [2, 2]>)

// -----

// fragment_c2: operands are bf16, left ones f8E4M3FN too, sums f32
// expected-error @+1 {{expected operands of bf16, left ones of f8E4M3FN too, and sums of f32, got 'f32'}}
func.func private @fragment(!tile.fragment<64x64xf32, lhs, [2, 2, 1]>)

// -----

// fragment_c3: a warp holds multiples of 16 rows of a sum or a left operand, and of 8 columns of a sum or a right operand
// expected-error @+1 {{expected a multiple of 16 rows for each of 3 warps, got 64}}
func.func private @fragment(!tile.fragment<64x64xbf16, lhs, [3, 1, 1]>)

// -----

// fragment_c4: the depth of an operand is a multiple of 32, or of 16 in pairs; a sum is of eights
// expected-error @+1 {{expected an operand whose depth is a multiple of 32, got 16}}
func.func private @fragment(!tile.fragment<16x64xbf16, rhs, [2, 2, 1]>)

// -----

// plane_c1: the result is a plane of the tile, of the same elements, order and padding
func.func @plane(%i: i32) {
  %t = tile.alloc : !tile.shared<3x64x64xbf16, swizzled>
  // expected-error @+1 {{expected a plane of '!tile.shared<3x64x64xbf16, swizzled>', got '!tile.shared<64x64xbf16, rows>'}}
  %p = tile.plane %t[%i] : !tile.shared<3x64x64xbf16, swizzled> -> !tile.shared<64x64xbf16, rows>
  return
}

// -----

// copy_c1: the tile is one plane, of the matrix's elements, and packed exactly when the matrix is
func.func @copy(%w: !tile.global<64x64xbf16, packed>, %i: i32) {
  %t = tile.alloc : !tile.shared<64x64xbf16, swizzled>
  // expected-error @+1 {{expected one plane of the elements and the packing of '!tile.global<64x64xbf16, packed>', got '!tile.shared<64x64xbf16, swizzled>'}}
  tile.copy %w[%i, %i] to %t : !tile.global<64x64xbf16, packed>, !tile.shared<64x64xbf16, swizzled>
  return
}

// -----

// copy_c2: a row of the matrix is a multiple of 16 bytes
func.func @copy(%x: !tile.global<64x68xbf16, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<64x64xbf16, swizzled>
  // expected-error @+1 {{expected rows of a multiple of 16 bytes, got 136}}
  tile.copy %x[%i, %i] to %t : !tile.global<64x68xbf16, rows>, !tile.shared<64x64xbf16, swizzled>
  return
}

// -----

// copy_c3: rows are given exactly when the type does not say them
func.func @copy(%x: !tile.global<?x64xbf16, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<64x64xbf16, swizzled>
  // expected-error @+1 {{expected rows exactly when the type does not say how many there are, got '!tile.global<?x64xbf16, rows>'}}
  tile.copy %x[%i, %i] to %t : !tile.global<?x64xbf16, rows>, !tile.shared<64x64xbf16, swizzled>
  return
}

// -----

// copy_c4: there is an index only where rows are given, and its divisor is positive
func.func @copy(%x: !tile.global<64x64xbf16, rows>, %i: i32, %m: memref<?xi32>) {
  %t = tile.alloc : !tile.shared<64x64xbf16, swizzled>
  // expected-error @+1 {{expected an index only where rows are given, with a positive divisor, got 1}}
  tile.copy %x[%i, %i] by %m div 1 : memref<?xi32> to %t : !tile.global<64x64xbf16, rows>, !tile.shared<64x64xbf16, swizzled>
  return
}

// -----

// fetch_c4: there is an index only where rows are given, and its divisor is positive
func.func @fetch(%x: !tile.global<?x64xbf16, rows>, %i: i32, %m: memref<?xi32>) {
  // expected-error @+1 {{expected an index only where rows are given, with a positive divisor, got 0}}
  %b = tile.fetch %x[%i, %i] rows %i by %m div 0 : memref<?xi32> : !tile.global<?x64xbf16, rows> -> !tile.fragment<64x8xbf16, rhs, [1, 1, 1]>
  return
}

// -----

// widen_c1: operands of the same shape and warps, the first of f8E4M3FN, the result of bf16
func.func @widen(%a: !tile.fragment<64x32xf8E4M3FN, lhs, [1, 1, 1]>) {
  // expected-error @+1 {{expected an operand of f8E4M3FN and one like it of bf16, got}}
  %b = tile.widen %a : !tile.fragment<64x32xf8E4M3FN, lhs, [1, 1, 1]> -> !tile.fragment<64x64xbf16, lhs, [1, 1, 1]>
  return
}

// -----

// add_scaled_c1: sums, and a matrix of f32 and of order rows, of known rows
func.func @add_scaled(%c: !tile.fragment<64x8xf32, accumulator, [1, 1, 1]>, %s: !tile.global<?x4xf32, rows>, %i: i32) {
  // expected-error @+1 {{expected sums, and a matrix of f32 of known rows, got}}
  %d = tile.add_scaled %c to %c by %s[%i, %i] block [128, 128] : !tile.fragment<64x8xf32, accumulator, [1, 1, 1]>, !tile.global<?x4xf32, rows>
  return
}

// -----

// add_scaled_c2: a block has two positive extents
func.func @add_scaled(%c: !tile.fragment<64x8xf32, accumulator, [1, 1, 1]>, %s: !tile.global<4x4xf32, rows>, %i: i32) {
  // expected-error @+1 {{expected a block of two positive extents, got [128]}}
  %d = tile.add_scaled %c to %c by %s[%i, %i] block [128] : !tile.fragment<64x8xf32, accumulator, [1, 1, 1]>, !tile.global<4x4xf32, rows>
  return
}

// -----

// locate_c1: the offsets are known in number, two or more, of i32
func.func @locate(%i: i32, %m: memref<?xi32>) {
  // expected-error @+1 {{expected two offsets or more, whose number is known, got 'memref<?xi32>'}}
  %g, %r, %n = tile.locate %i in %m height 16 : memref<?xi32>
  return
}

// -----

// locate_c2: the height is positive
func.func @locate(%i: i32, %m: memref<9xi32>) {
  // expected-error @+1 {{expected a positive height, got 0}}
  %g, %r, %n = tile.locate %i in %m height 0 : memref<9xi32>
  return
}

// -----

// matrix_c1: the result is a matrix of the stack, of the same elements and order
func.func @matrix(%w: !tile.global<8x64x64xbf16, packed>, %i: i32) {
  // expected-error @+1 {{expected a matrix of '!tile.global<8x64x64xbf16, packed>', got '!tile.global<32x64xbf16, packed>'}}
  %m = tile.matrix %w[%i] : !tile.global<8x64x64xbf16, packed> -> !tile.global<32x64xbf16, packed>
  return
}

// -----

// write_c1: one tile or more, all of the same type, of f32 and of order rows; the matrix of order rows
func.func @write(%y: !tile.global<?x64xbf16, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<64x64xbf16, rows>
  // expected-error @+1 {{expected tiles of one type, of f32, and a matrix, all of order rows, got '!tile.shared<64x64xbf16, rows>' and '!tile.global<?x64xbf16, rows>'}}
  tile.write %t to %y[%i, %i] rows %i : !tile.shared<64x64xbf16, rows> to !tile.global<?x64xbf16, rows> {
  ^bb0(%e: f32):
    tile.yield %e : f32
  }
  return
}

// -----

// write_c2: the columns of a tile are a power of two, and at least four
func.func @write(%y: !tile.global<?x64xbf16, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<64x48xf32, rows>
  // expected-error @+1 {{expected a tile whose columns are a power of two from 4 on, got 48}}
  tile.write %t to %y[%i, %i] rows %i : !tile.shared<64x48xf32, rows> to !tile.global<?x64xbf16, rows> {
  ^bb0(%e: f32):
    tile.yield %e : f32
  }
  return
}

// -----

// write_c3: the others are matrices of f32 and of order rows, of as many columns as the one that is written
func.func @write(%y: !tile.global<?x64xbf16, rows>, %z: !tile.global<?x32xf32, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<64x64xf32, rows>
  // expected-error @+1 {{expected matrices of f32 in rows of 64 columns, got '!tile.global<?x32xf32, rows>'}}
  tile.write %t with %z : !tile.global<?x32xf32, rows> to %y[%i, %i] rows %i : !tile.shared<64x64xf32, rows> to !tile.global<?x64xbf16, rows> {
  ^bb0(%e: f32, %f: f32):
    tile.yield %e : f32
  }
  return
}

// -----

// write_c4: the block takes f32 for each tile and each other, and yields f32
func.func @write(%y: !tile.global<?x64xbf16, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<64x64xf32, rows>
  // expected-error @+1 {{expected a block that takes 1 elements of f32 and ends in tile.yield, got 2}}
  tile.write %t to %y[%i, %i] rows %i : !tile.shared<64x64xf32, rows> to !tile.global<?x64xbf16, rows> {
  ^bb0(%e: f32, %f: f32):
    tile.yield %e : f32
  }
  return
}

// -----

// write_c5: angles are of one tile without others or index, with both tables of f32 in rows, of one type, positions and the columns of a head
func.func @write(%y: !tile.global<?x96xbf16, rows>, %z: !tile.global<?x96xf32, rows>, %c: !tile.global<9x8xf32, rows>, %p: memref<?xi32>, %i: i32) {
  %t = tile.alloc : !tile.shared<64x64xf32, rows>
  // expected-error @+1 {{expected angles of one tile alone, of tables of f32 in rows, got '!tile.global<9x8xf32, rows>' and '!tile.global<9x8xf32, rows>' for 1 tiles, 1 others}}
  tile.write %t with %z : !tile.global<?x96xf32, rows> to %y[%i, %i] rows %i rotated by %c, %c at %p heads 48 : !tile.global<9x8xf32, rows>, !tile.global<9x8xf32, rows>, memref<?xi32> : !tile.shared<64x64xf32, rows> to !tile.global<?x96xbf16, rows> {
  ^bb0(%e: f32, %f: f32):
    tile.yield %e : f32
  }
  return
}

// -----

// write_c6: heads divide the matrix, four divides what is rotated of a head and what is not, and, if no pairs are neighbours, no rotation is of two tiles
func.func @write(%y: !tile.global<?x96xbf16, rows>, %c: !tile.global<9x12xf32, rows>, %p: memref<?xi32>, %i: i32) {
  %t = tile.alloc : !tile.shared<64x64xf32, rows>
  // expected-error @+1 {{expected heads that divide 96 columns, and rotations that tiles of 64 have whole, got 24 of 48}}
  tile.write %t to %y[%i, %i] rows %i rotated by %c, %c at %p heads 48 : !tile.global<9x12xf32, rows>, !tile.global<9x12xf32, rows>, memref<?xi32> : !tile.shared<64x64xf32, rows> to !tile.global<?x96xbf16, rows> {
  ^bb0(%e: f32):
    tile.yield %e : f32
  }
  return
}

// -----

// group_c1: three positive numbers of warps
func.func @group() {
  // expected-error @+1 {{expected three positive numbers of warps, got [2, 2]}}
  %g = tile.group [2, 2]
  return
}

// -----

// load_c1: the tile is one plane, of the operand's elements; packed ones are for left operands in eights alone
func.func @load() {
  %t = tile.alloc : !tile.shared<64x64xbf16, packed>
  // expected-error @+1 {{expected an operand of a plane of the same elements, and of a packed one a left operand in eights, got '!tile.fragment<64x64xbf16, rhs, [2, 2, 1]>' of '!tile.shared<64x64xbf16, packed>'}}
  %a = tile.load %t [0, 0] : !tile.shared<64x64xbf16, packed> -> !tile.fragment<64x64xbf16, rhs, [2, 2, 1]>
  return
}

// -----

// load_c2: the window lies within the tile, at a multiple of 16 rows for a left operand or one in pairs, else of 8, and of as many columns as a step, or an access, has: 32, in pairs 16
func.func @load() {
  %t = tile.alloc : !tile.shared<64x64xbf16, swizzled>
  // expected-error @+1 {{expected a position within the tile, at a multiple of 8 rows and 32 columns, got [0, 32]}}
  %b = tile.load %t [0, 32] : !tile.shared<64x64xbf16, swizzled> -> !tile.fragment<64x64xbf16, rhs, [2, 2, 1]>
  return
}

// -----

// fetch_c1: the matrix is of the operand's elements, packed for a left operand and of order rows for a right one
func.func @fetch(%x: !tile.global<?x64xbf16, rows>, %i: i32) {
  // expected-error @+1 {{expected a left operand of a packed matrix, or a right one of one in rows, of the same elements, got '!tile.fragment<64x64xbf16, lhs, [2, 2, 1]>' of '!tile.global<?x64xbf16, rows>'}}
  %a = tile.fetch %x[%i, %i] : !tile.global<?x64xbf16, rows> -> !tile.fragment<64x64xbf16, lhs, [2, 2, 1]>
  return
}

// -----

// fetch_c2: rows are given exactly for a right operand
func.func @fetch(%x: !tile.global<?x64xbf16, rows>, %i: i32) {
  // expected-error @+1 {{expected rows exactly for a right operand, got '!tile.fragment<64x64xbf16, rhs, [2, 2, 1]>'}}
  %b = tile.fetch %x[%i, %i] : !tile.global<?x64xbf16, rows> -> !tile.fragment<64x64xbf16, rhs, [2, 2, 1]>
  return
}

// -----

// fetch_c3: a row of the matrix is a multiple of 16 bytes
func.func @fetch(%x: !tile.global<?x60xbf16, rows>, %i: i32) {
  // expected-error @+1 {{expected rows of a multiple of 16 bytes, got 120}}
  %b = tile.fetch %x[%i, %i] rows %i : !tile.global<?x60xbf16, rows> -> !tile.fragment<64x64xbf16, rhs, [2, 2, 1]>
  return
}

// -----

// zero_c1: it is a sum
func.func @zero() {
  // expected-error @+1 {{expected a sum, got '!tile.fragment<64x64xbf16, lhs, [2, 2, 1]>'}}
  %c = tile.zero : !tile.fragment<64x64xbf16, lhs, [2, 2, 1]>
  return
}

// -----

// mma_c1: a left operand [m, k], a right one [k, n] and a sum [m, n], of the same warps, operands of bf16 and of the same depth in lanes
func.func @mma(%a: !tile.fragment<64x64xbf16, lhs, [2, 2, 1]>, %b: !tile.fragment<64x64xbf16, rhs, [2, 2, 1]>, %c: !tile.fragment<64x32xf32, accumulator, [2, 2, 1]>) {
  // expected-error @+1 {{expected [m, k], [k, n] and [m, n] of bf16 and of the same warps, got}}
  %d = tile.mma %a, %b, %c : !tile.fragment<64x64xbf16, lhs, [2, 2, 1]>, !tile.fragment<64x64xbf16, rhs, [2, 2, 1]>, !tile.fragment<64x32xf32, accumulator, [2, 2, 1]>
  return
}

// -----

// store_c1: a sum [m, n] of g groups, and a tile of f32 and of order rows with g planes [n, m]
func.func @store(%c: !tile.fragment<64x32xf32, accumulator, [2, 1, 2]>) {
  %t = tile.alloc : !tile.shared<32x64xf32, rows>
  // expected-error @+1 {{expected a sum, and a tile of f32 in rows that is its transpose, a plane for each group, got '!tile.fragment<64x32xf32, accumulator, [2, 1, 2]>' and '!tile.shared<32x64xf32, rows>'}}
  tile.store %c to %t : !tile.fragment<64x32xf32, accumulator, [2, 1, 2]>, !tile.shared<32x64xf32, rows>
  return
}

// -----

// load_c3: a warp has a multiple of 16 columns of a right operand in pairs
func.func @load() {
  %t = tile.alloc : !tile.shared<64x64xbf16, swizzled>
  // expected-error @+1 {{expected a multiple of 16 columns for each warp, got 8}}
  %a = tile.load %t [0, 0] : !tile.shared<64x64xbf16, swizzled> -> !tile.fragment<16x32xbf16, rhs, [1, 4, 1], pairs>
  return
}

// -----

// A sum is of eights.
// expected-error @+1 {{expected a sum of eights, got pairs}}
func.func private @tile(!tile.fragment<16x64xf32, accumulator, [1, 4, 1], pairs>)

// -----

// mma_c1
func.func @mma(%a: !tile.fragment<16x32xbf16, lhs, [1, 4, 1]>, %b: !tile.fragment<32x64xbf16, rhs, [1, 4, 1], pairs>, %c: !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>) {
  // expected-error @+1 {{expected [m, k], [k, n] and [m, n] of bf16 and of the same warps}}
  %d = tile.mma %a, %b, %c : !tile.fragment<16x32xbf16, lhs, [1, 4, 1]>, !tile.fragment<32x64xbf16, rhs, [1, 4, 1], pairs>, !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>
  return
}

// -----

// column_c1: three positive numbers of warps, and a multiple of 16 rows for each of m
// expected-error @+1 {{expected three positive numbers of warps, and a multiple of 16 rows for each part of them, got 24 rows}}
func.func private @column(!tile.column<24, [2, 4, 1], whole>)

// -----

// fill_c1: it is a sum or a column
func.func @fill(%x: f32) {
  // expected-error @+1 {{expected a sum or a column, got '!tile.fragment<16x32xbf16, lhs, [1, 4, 1]>'}}
  %a = tile.fill %x : !tile.fragment<16x32xbf16, lhs, [1, 4, 1]>
  return
}

// -----

// map_c1: operands are columns of the result's rows and warps, or sums of its type
func.func @map(%x: !tile.column<16, [1, 2, 1], whole>) {
  // expected-error @+1 {{expected columns of the rows and warps of '!tile.fragment<16x64xf32, accumulator, [1, 4, 1]>', or sums of that type, got '!tile.column<16, [1, 2, 1], whole>'}}
  %a = tile.map %x : !tile.column<16, [1, 2, 1], whole> -> !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> {
  ^bb0(%e: f32):
    tile.yield %e : f32
  }
  return
}

// -----

// map_c2: the block takes f32 for each operand, has ops of `arith` and `math` alone and yields f32
func.func @map(%x: !tile.column<16, [1, 4, 1], whole>) {
  // expected-error @+1 {{expected a block that takes 1 elements of f32 and ends in tile.yield, got 2}}
  %a = tile.map %x : !tile.column<16, [1, 4, 1], whole> -> !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> {
  ^bb0(%e: f32, %f: f32):
    tile.yield %e : f32
  }
  return
}

// -----

// map_c2
func.func @map(%x: !tile.column<16, [1, 4, 1], whole>) {
  // expected-error @+1 {{expected ops of arith and math, got tile.barrier}}
  %a = tile.map %x : !tile.column<16, [1, 4, 1], whole> -> !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> {
  ^bb0(%e: f32):
    tile.barrier
    tile.yield %e : f32
  }
  return
}

// -----

// mask_c1: it is a sum
func.func @mask(%a: !tile.fragment<16x32xbf16, lhs, [1, 4, 1]>, %n: i32, %x: f32) {
  // expected-error @+1 {{expected a sum, got '!tile.fragment<16x32xbf16, lhs, [1, 4, 1]>'}}
  %b = tile.mask %a columns %n else %x : !tile.fragment<16x32xbf16, lhs, [1, 4, 1]>
  return
}

// -----

// reduce_c1: a sum, and a column in parts of its rows and warps
func.func @reduce(%a: !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>) {
  // expected-error @+1 {{expected a sum, and a column in parts of its rows and warps, got '!tile.fragment<16x64xf32, accumulator, [1, 4, 1]>' and '!tile.column<16, [1, 4, 1], whole>'}}
  %b = tile.reduce sum %a : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> -> !tile.column<16, [1, 4, 1], whole>
  return
}

// -----

// combine_c1: a column in parts, and a whole one of its rows and warps
func.func @combine(%a: !tile.column<16, [1, 4, 1], whole>) {
  %t = tile.alloc : !tile.shared<16x4xf32, rows>
  // expected-error @+1 {{expected a column in parts, and a whole one of its rows and warps, got '!tile.column<16, [1, 4, 1], whole>' and '!tile.column<16, [1, 4, 1], whole>'}}
  %b = tile.combine sum %a through %t : !tile.column<16, [1, 4, 1], whole>, !tile.shared<16x4xf32, rows> -> !tile.column<16, [1, 4, 1], whole>
  return
}

// -----

// combine_c2: a tile exactly where n of the warps is more than one: of f32 and of order rows, one plane of as many rows as the column, and n columns
func.func @combine(%a: !tile.column<16, [1, 4, 1], parts>) {
  // expected-error @+1 {{expected a tile of f32 in rows for 4 warps of a row, got none}}
  %b = tile.combine sum %a : !tile.column<16, [1, 4, 1], parts> -> !tile.column<16, [1, 4, 1], whole>
  return
}

// -----

// combine_c2
func.func @combine(%a: !tile.column<64, [4, 1, 1], parts>) {
  %t = tile.alloc : !tile.shared<16x4xf32, rows>
  // expected-error @+1 {{expected no tile for one warp of a row, got '!tile.shared<16x4xf32, rows>'}}
  %b = tile.combine sum %a through %t : !tile.column<64, [4, 1, 1], parts>, !tile.shared<16x4xf32, rows> -> !tile.column<64, [4, 1, 1], whole>
  return
}

// -----

// combine_c3: n is 1, 2 or 4
func.func @combine(%a: !tile.column<16, [1, 8, 1], parts>) {
  // expected-error @+1 {{expected 1, 2 or 4 warps for a row, got 8}}
  %b = tile.combine sum %a : !tile.column<16, [1, 8, 1], parts> -> !tile.column<16, [1, 8, 1], whole>
  return
}

// -----

// differ_c1: the columns are whole
func.func @differ(%a: !tile.column<16, [1, 4, 1], parts>) {
  // expected-error @+1 {{expected whole columns, got '!tile.column<16, [1, 4, 1], parts>'}}
  %b = tile.differ %a, %a : !tile.column<16, [1, 4, 1], parts>
  return
}

// -----

// window_c1: a tile of order rows or swizzled, of planes of a multiple of eight rows if there are several, and a window of one plane, of the same elements and order, with as many bytes from a row to the next
func.func @window() {
  %t = tile.alloc : !tile.shared<64x128xbf16, swizzled>
  // expected-error @+1 {{expected a tile, and a plane of its elements, order and bytes of a row, got '!tile.shared<64x128xbf16, swizzled>' and '!tile.shared<16x64xbf16, swizzled>'}}
  %w = tile.window %t [0, 64] : !tile.shared<64x128xbf16, swizzled> -> !tile.shared<16x64xbf16, swizzled>
  return
}

// -----

// window_c2: it lies within the tile, at a multiple of 16 bytes of a row; of a swizzled tile at a multiple of eight rows and of 128 bytes
func.func @window() {
  %t = tile.alloc : !tile.shared<64x128xbf16, swizzled>
  // expected-error @+1 {{expected a window within the tile, at a multiple of 8 rows and of 128 bytes, got [4, 64]}}
  %w = tile.window %t [4, 64] : !tile.shared<64x128xbf16, swizzled> -> !tile.shared<16x64xbf16, swizzled, pad = 64>
  return
}

// -----

// put_c1: a sum of one group, and a tile of one plane, of its extents, of bf16 and not packed
func.func @put(%a: !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>) {
  %t = tile.alloc : !tile.shared<64x64xbf16, swizzled>
  // expected-error @+1 {{expected a sum of one group, and a plane of bf16 of its extents that is not packed, got '!tile.fragment<16x64xf32, accumulator, [1, 4, 1]>' and '!tile.shared<64x64xbf16, swizzled>'}}
  tile.put %a to %t : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>, !tile.shared<64x64xbf16, swizzled>
  return
}

// -----

// read_c1: a matrix of order rows, and a tile of one plane and of bf16
func.func @read(%q: !tile.global<?x64xf32, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<16x64xf32, rows>
  // expected-error @+1 {{expected a matrix of order rows, and a plane of bf16, got '!tile.global<?x64xf32, rows>' and '!tile.shared<16x64xf32, rows>'}}
  tile.read %q[%i, %i] rows %i to %t [0, 64] : !tile.global<?x64xf32, rows>, !tile.shared<16x64xf32, rows>
  return
}

// -----

// read_c2: the columns lie within the tile, and begin and end at multiples of eight, of a packed tile of 32
func.func @read(%q: !tile.global<?x64xf32, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  // expected-error @+1 {{expected columns within the tile, from and to multiples of 8, got [0, 72]}}
  tile.read %q[%i, %i] rows %i to %t [0, 72] : !tile.global<?x64xf32, rows>, !tile.shared<16x64xbf16, swizzled>
  return
}

// -----

// read_c3: a row of the matrix is a multiple of eight elements
func.func @read(%q: !tile.global<?x60xf32, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  // expected-error @+1 {{expected rows of a multiple of 8 elements, got 60}}
  tile.read %q[%i, %i] rows %i to %t [0, 64] : !tile.global<?x60xf32, rows>, !tile.shared<16x64xbf16, swizzled>
  return
}

// -----

// drain_c1: a tile of one plane that is not packed, and a matrix of its elements and of order rows
func.func @drain(%y: !tile.global<?x64xf32, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  // expected-error @+1 {{expected a plane that is not packed, and a matrix of its elements in rows, got '!tile.shared<16x64xbf16, swizzled>' and '!tile.global<?x64xf32, rows>'}}
  tile.drain %t to %y[%i, %i] rows %i : !tile.shared<16x64xbf16, swizzled>, !tile.global<?x64xf32, rows>
  return
}

// -----

// drain_c2: a row of the matrix is a multiple of 16 bytes
func.func @drain(%y: !tile.global<?x60xbf16, rows>, %i: i32) {
  %t = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  // expected-error @+1 {{expected rows of a multiple of 16 bytes, got 120}}
  tile.drain %t to %y[%i, %i] rows %i : !tile.shared<16x64xbf16, swizzled>, !tile.global<?x60xbf16, rows>
  return
}

// -----

// load_c4: windows of groups are a multiple of 32 columns apart, of operands in eights, and all in the same 64 columns of a swizzled tile
func.func @load() {
  %t = tile.alloc : !tile.shared<32x128xbf16, swizzled>
  // expected-error @+1 {{expected windows of groups a multiple of 32 columns apart, within the tile, got 64}}
  %b = tile.load %t [0, 0] {apart = 64 : i64} : !tile.shared<32x128xbf16, swizzled> -> !tile.fragment<32x32xbf16, rhs, [2, 2, 2]>
  return
}

// -----

// exchange_c1: a sum of two groups over [m, n, 2], whose warps have a multiple of 16 columns, and one of its extents over [m, 2 n, 1]
func.func @exchange(%s: !tile.fragment<64x32xf32, accumulator, [2, 2, 2]>) {
  %x = tile.alloc : !tile.shared<8x256xf32, rows>
  // expected-error @+1 {{expected a sum of two groups with a multiple of 16 columns for each warp, and the same over twice the warps of columns, got}}
  %t = tile.exchange %s through %x : !tile.fragment<64x32xf32, accumulator, [2, 2, 2]>, !tile.shared<8x256xf32, rows> -> !tile.fragment<64x32xf32, accumulator, [4, 2, 1]>
  return
}

// -----

// exchange_c2: a tile of f32 and of order rows without padding, of one plane with a row for each warp, of half as many columns as the warp has numbers
func.func @exchange(%s: !tile.fragment<64x32xf32, accumulator, [2, 2, 2]>) {
  %x = tile.alloc : !tile.shared<8x512xf32, rows>
  // expected-error @+1 {{expected a tile of 8 rows and 256 columns of f32, got '!tile.shared<8x512xf32, rows>'}}
  %t = tile.exchange %s through %x : !tile.fragment<64x32xf32, accumulator, [2, 2, 2]>, !tile.shared<8x512xf32, rows> -> !tile.fragment<64x32xf32, accumulator, [2, 4, 1]>
  return
}

// -----

// operand_c1: a sum, and a left operand of bf16 in pairs of its rows and warps, one of which has all columns of a row
func.func @operand(%a: !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>) {
  // expected-error @+1 {{expected a sum with a warp for all columns, and a left operand of bf16 in pairs of its rows and warps, got '!tile.fragment<16x64xf32, accumulator, [1, 4, 1]>' and '!tile.fragment<16x16xbf16, lhs, [1, 4, 1], pairs>'}}
  %b = tile.operand %a [0] : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> -> !tile.fragment<16x16xbf16, lhs, [1, 4, 1], pairs>
  return
}

// -----

// operand_c2: the columns lie within the sum, from a multiple of 16 on
func.func @operand(%a: !tile.fragment<16x64xf32, accumulator, [1, 1, 1]>) {
  // expected-error @+1 {{expected columns within the sum, from a multiple of 16 on, got 32 from 48 on}}
  %b = tile.operand %a [48] : !tile.fragment<16x64xf32, accumulator, [1, 1, 1]> -> !tile.fragment<16x32xbf16, lhs, [1, 1, 1], pairs>
  return
}

// -----

// keep_c1: sums and columns, at least one
func.func @keep(%a: !tile.fragment<16x32xbf16, lhs, [1, 1, 1]>, %m: !tile.global<64x64xbf16, rows>, %n: i32) {
  // expected-error @+1 {{expected sums and columns, at least one, got '!tile.fragment<16x32xbf16, lhs, [1, 1, 1]>'}}
  tile.keep %a to %m[%n] : !tile.fragment<16x32xbf16, lhs, [1, 1, 1]> to !tile.global<64x64xbf16, rows>
  return
}

// -----

// keep_c2: a matrix of order rows, whose rows are a multiple of 16 bytes
func.func @keep(%a: !tile.column<16, [1, 1, 1], whole>, %m: !tile.global<64x20xbf16, rows>, %n: i32) {
  // expected-error @+1 {{expected a matrix whose rows are a multiple of 16 bytes, got '!tile.global<64x20xbf16, rows>'}}
  tile.keep %a to %m[%n] : !tile.column<16, [1, 1, 1], whole> to !tile.global<64x20xbf16, rows>
  return
}

// -----

// recall_c1: sums and columns, at least one
func.func @recall(%m: !tile.global<64x64xbf16, rows>, %n: i32) {
  // expected-error @+1 {{expected sums and columns, at least one, got '!tile.fragment<16x32xbf16, lhs, [1, 1, 1]>'}}
  %a = tile.recall %m[%n] : !tile.global<64x64xbf16, rows> -> !tile.fragment<16x32xbf16, lhs, [1, 1, 1]>
  return
}

// -----

// recall_c2: a matrix of order rows, whose rows are a multiple of 16 bytes
func.func @recall(%m: !tile.global<4x64x64xbf16, packed>, %n: i32) {
  // expected-error @+1 {{expected a matrix whose rows are a multiple of 16 bytes, got '!tile.global<4x64x64xbf16, packed>'}}
  %a = tile.recall %m[%n] : !tile.global<4x64x64xbf16, packed> -> !tile.column<16, [1, 1, 1], whole>
  return
}

// -----

// meet_c1: a matrix of order rows, whose rows are a multiple of 16 bytes
func.func @meet(%m: !tile.global<64x20xbf16, rows>, %n: i32) {
  // expected-error @+1 {{expected a matrix whose rows are a multiple of 16 bytes, got '!tile.global<64x20xbf16, rows>'}}
  %b = tile.meet %m[%n, %n] : !tile.global<64x20xbf16, rows>
  return
}

// -----

// drain_c3: the columns are a multiple of 16 bytes, within the tile
func.func @drain(%t: !tile.shared<16x64xbf16, swizzled>, %m: !tile.global<64x64xbf16, rows>, %n: i32) {
  // expected-error @+1 {{expected columns within the tile, of a multiple of 16 bytes, got 72}}
  tile.drain %t to %m[%n, %n] rows %n columns 72 : !tile.shared<16x64xbf16, swizzled>, !tile.global<64x64xbf16, rows>
  return
}

// -----

// alloc_c1: the others are allocated one behind the other, over none, and as large as the tile together at least
func.func @alloc() {
  %x = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  // expected-error @+1 {{expected at least 4096 bytes to lie over, got 2048}}
  %y = tile.alloc over %x : !tile.shared<32x64xbf16, packed> over !tile.shared<16x64xbf16, swizzled>
  return
}

// -----

func.func @alloc_over_tiles_that_are_apart() {
  %x = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  %y = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  %z = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  // expected-error @+1 {{expected tiles that are allocated one behind the other to lie over, got one that is not: '!tile.shared<16x64xbf16, swizzled>'}}
  %t = tile.alloc over %x, %z : !tile.shared<32x64xbf16, packed> over !tile.shared<16x64xbf16, swizzled>, !tile.shared<16x64xbf16, swizzled>
  return
}
