// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// global_c1: two extents or three; the columns are known, and positive as the rows are where they are known, which they are in a stack
// expected-error @+1 {{expected a matrix, or a stack of some, of positive extents whose columns are known, got 2 extents}}
func.func private @matrix(!tile.global<?x?xbf16, rows>)

// -----

// global_c1
// expected-error @+1 {{expected a matrix, or a stack of some, of positive extents whose columns are known, got 3 extents}}
func.func private @matrix(!tile.global<4x?x64xbf16, rows>)

// -----

// global_c2: elements are bf16 or f32; packed ones bf16, of known rows
// expected-error @+1 {{expected elements of bf16 or f32, got 'i8'}}
func.func private @matrix(!tile.global<16x64xi8, rows>)

// -----

// global_c2
// expected-error @+1 {{expected a packed matrix of bf16 and of known rows, got elements of 'bf16'}}
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

// shared_c2: elements are bf16 or f32; swizzled and packed ones bf16
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

// shared_c4: padding is not negative, and of order rows alone
// expected-error @+1 {{expected padding of tiles of order rows, and none below zero, got 8}}
func.func private @tile(!tile.shared<64x64xbf16, swizzled, pad = 8>)

// -----

// fragment_c1: two positive extents, three positive numbers of warps
// expected-error @+1 {{expected two positive extents and three positive numbers of warps, got 2 and 2}}
func.func private @fragment(!tile.fragment<64x64xbf16, lhs, [2, 2]>)

// -----

// fragment_c2: operands are bf16, sums f32
// expected-error @+1 {{expected operands of bf16 and sums of f32, got 'f32'}}
func.func private @fragment(!tile.fragment<64x64xf32, lhs, [2, 2, 1]>)

// -----

// fragment_c3: a warp holds multiples of 16 rows of a sum or a left operand, and of 8 columns of a sum or a right operand
// expected-error @+1 {{expected a multiple of 16 rows for each of 3 warps, got 64}}
func.func private @fragment(!tile.fragment<64x64xbf16, lhs, [3, 1, 1]>)

// -----

// fragment_c4: the depth of an operand is a multiple of 32
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

// group_c1: three positive numbers of warps
func.func @group() {
  // expected-error @+1 {{expected three positive numbers of warps, got [2, 2]}}
  %g = tile.group [2, 2]
  return
}

// -----

// load_c1: the tile is one plane, of the operand's elements; packed for a left operand, and of another order for a right one
func.func @load() {
  %t = tile.alloc : !tile.shared<64x64xbf16, swizzled>
  // expected-error @+1 {{expected a left operand of a packed plane, or a right one of another order, of the same elements, got '!tile.fragment<64x64xbf16, lhs, [2, 2, 1]>' of '!tile.shared<64x64xbf16, swizzled>'}}
  %a = tile.load %t [0, 0] : !tile.shared<64x64xbf16, swizzled> -> !tile.fragment<64x64xbf16, lhs, [2, 2, 1]>
  return
}

// -----

// load_c2: the window lies within the tile, at a multiple of 16 rows for a left and of 8 for a right operand, and of 32 columns
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

// mma_c1: a left operand [m, k], a right one [k, n] and a sum [m, n], of the same warps
func.func @mma(%a: !tile.fragment<64x64xbf16, lhs, [2, 2, 1]>, %b: !tile.fragment<64x64xbf16, rhs, [2, 2, 1]>, %c: !tile.fragment<64x32xf32, accumulator, [2, 2, 1]>) {
  // expected-error @+1 {{expected [m, k], [k, n] and [m, n] of the same warps, got}}
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
