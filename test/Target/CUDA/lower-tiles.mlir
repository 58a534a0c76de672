// Tiles become words of registers, mma.sync and cp.async; addresses are a base and constants.
// RUN: hadal-opt %s --hadal-cuda-lower-tiles --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: llvm.mlir.global external @hadal_shared() {addr_space = 3 : i32, alignment = 128 : i64} : !llvm.array<0 x i8>
// CHECK-LABEL: func.func @stage(
// CHECK-SAME:    %[[W:.*]]: !llvm.ptr<1> {llvm.align = 64 : i64}, %[[X:.*]]: !llvm.ptr<1>, %[[OUT:.*]]: !llvm.ptr<1>,
func.func @stage(%w: !tile.global<256x200xbf16, packed> {llvm.align = 64 : i64}, %x: !tile.global<?x200xbf16, rows>, %y: !tile.global<?x256xbf16, rows>,
                 %row: i32, %k: i32, %left: i32) attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  // CHECK: %[[BASE:.*]] = llvm.mlir.addressof @hadal_shared : !llvm.ptr<3>
  // CHECK: %[[XS:.*]] = llvm.getelementptr inbounds %[[BASE]][16384] : (!llvm.ptr<3>) -> !llvm.ptr<3>, i8
  %ws = tile.alloc : !tile.shared<128x64xbf16, packed>
  %xs = tile.alloc : !tile.shared<32x64xbf16, swizzled>
  %ys = tile.alloc : !tile.shared<32x128xf32, rows, pad = 4>
  // Eight rows of blocks, one a pass; all of them exist.
  // CHECK-COUNT-8: nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
  tile.copy %w[%row, %k] to %ws : !tile.global<256x200xbf16, packed>, !tile.shared<128x64xbf16, packed>
  // Sixteen rows a pass; zeros behind the last row and, as 200 is no multiple of 64, behind the last column.
  // CHECK:         %[[ISCOLUMN:.*]] = arith.cmpi sgt, %{{.*}}, %{{.*}} : i32
  // CHECK:         %[[ISROW:.*]] = arith.cmpi sgt, %{{.*}}, %{{.*}} : i32
  // CHECK:         %[[EXISTS:.*]] = arith.andi %[[ISCOLUMN]], %[[ISROW]] : i1
  // CHECK:         %[[BYTES:.*]] = arith.select %[[EXISTS]], %{{.*}}, %{{.*}} : i32
  // CHECK:         nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg, %[[BYTES]] : !llvm.ptr<3>, !llvm.ptr<1>, i32
  // CHECK:         nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg, %{{.*}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
  tile.copy %x[%row, %k] rows %left to %xs : !tile.global<?x200xbf16, rows>, !tile.shared<32x64xbf16, swizzled>
  // CHECK: nvvm.cp.async.commit.group
  tile.commit
  // CHECK: nvvm.cp.async.wait.group 0
  tile.wait {pending = 0 : i32}
  // CHECK: nvvm.barrier0
  tile.barrier
  %c = tile.zero : !tile.fragment<128x32xf32, accumulator, [2, 2, 1]>
  // Four rows of blocks of two steps, two rows of eight.
  // CHECK-COUNT-8: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
  %a = tile.load %ws [0, 32] : !tile.shared<128x64xbf16, packed> -> !tile.fragment<128x32xbf16, lhs, [2, 2, 1]>
  // CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xi32>
  %b = tile.load %xs [0, 32] : !tile.shared<32x64xbf16, swizzled> -> !tile.fragment<32x32xbf16, rhs, [2, 2, 1]>
  // CHECK-COUNT-16: nvvm.mma.sync A[{{.*}}] B[{{.*}}] C[{{.*}}] {{.*}}bf16{{.*}} : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
  // CHECK-NOT:      nvvm.mma
  %d = tile.mma %a, %b, %c : !tile.fragment<128x32xbf16, lhs, [2, 2, 1]>, !tile.fragment<32x32xbf16, rhs, [2, 2, 1]>, !tile.fragment<128x32xf32, accumulator, [2, 2, 1]>
  // CHECK-COUNT-32: llvm.store %{{.*}}, %{{.*}} {alignment = 4 : i64} : f32, !llvm.ptr<3>
  tile.store %d to %ys : !tile.fragment<128x32xf32, accumulator, [2, 2, 1]>, !tile.shared<32x128xf32, rows, pad = 4>
  tile.barrier
  // CHECK: scf.for
  // CHECK:   llvm.call_intrinsic "llvm.nvvm.ff2bf16x2.rn"
  // CHECK:   llvm.store %{{.*}}, %{{.*}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
  tile.write %ys to %y[%row, %k] rows %left : !tile.shared<32x128xf32, rows, pad = 4> to !tile.global<?x256xbf16, rows> {
  ^bb0(%e: f32):
    tile.yield %e : f32
  }
  return
}

// -----

// Straight from memory: the number of rows is a limit of the position, not a condition.
// CHECK-LABEL: func.func @straight(
func.func @straight(%w: !tile.global<256x256xbf16, packed>, %x: !tile.global<?x256xbf16, rows>, %k: i32, %rows: i32) attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  // The second group of warps sums the second half.
  // CHECK:         %[[WARP:.*]] = arith.divui %{{.*}}, %c32_i32 : i32
  // CHECK:         arith.remui %[[WARP]], %c2_i32 : i32
  %g = tile.group [2, 1, 2]
  %h = arith.muli %g, %k : i32
  // CHECK-COUNT-4: llvm.load %{{.*}} invariant {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
  %a = tile.fetch %w[%k, %h] : !tile.global<256x256xbf16, packed> -> !tile.fragment<64x32xbf16, lhs, [2, 1, 2]>
  // CHECK:         arith.minsi
  // CHECK:         llvm.load %{{.*}} invariant {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
  %b = tile.fetch %x[%k, %h] rows %rows : !tile.global<?x256xbf16, rows> -> !tile.fragment<32x8xbf16, rhs, [2, 1, 2]>
  %c = tile.zero : !tile.fragment<64x8xf32, accumulator, [2, 1, 2]>
  // CHECK-COUNT-4: nvvm.mma.sync
  // CHECK-NOT:     nvvm.mma.sync
  %d = tile.mma %a, %b, %c : !tile.fragment<64x32xbf16, lhs, [2, 1, 2]>, !tile.fragment<32x8xbf16, rhs, [2, 1, 2]>, !tile.fragment<64x8xf32, accumulator, [2, 1, 2]>
  %t = tile.alloc : !tile.shared<2x8x64xf32, rows, pad = 4>
  // Each adds to what is in a plane of its own.
  // CHECK:         %[[BEFORE:.*]] = llvm.load %[[AT:.*]] {alignment = 4 : i64} : !llvm.ptr<3> -> f32
  // CHECK-NEXT:    %[[SUM:.*]] = arith.addf %[[BEFORE]], %{{.*}} : f32
  // CHECK-NEXT:    llvm.store %[[SUM]], %[[AT]] {alignment = 4 : i64} : f32, !llvm.ptr<3>
  tile.store %d to %t accumulate : !tile.fragment<64x8xf32, accumulator, [2, 1, 2]>, !tile.shared<2x8x64xf32, rows, pad = 4>
  return
}

// -----

// A row of 128 bytes has all banks: two rows of four pieces meet in half of them.
func.func @conflicts() attributes {nvvm.reqntid = array<i32: 32, 1, 1>} {
  %t = tile.alloc : !tile.shared<32x64xbf16, rows>
  // expected-warning @below {{expected no conflicts of banks, got 8 wavefronts in the place of 4}}
  %b = tile.load %t [0, 0] : !tile.shared<32x64xbf16, rows> -> !tile.fragment<32x32xbf16, rhs, [1, 1, 1]>
  return
}

// -----

func.func @warps(%w: !tile.global<256x256xbf16, packed>, %k: i32) attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  // expected-error @below {{expected the 4 warps of its kernel, got 2}}
  %a = tile.fetch %w[%k, %k] : !tile.global<256x256xbf16, packed> -> !tile.fragment<64x32xbf16, lhs, [2, 1, 1]>
  return
}

// -----

// expected-error @below {{expected at most 166912 bytes of shared memory, which sm_80 has, got 196608}}
func.func @shared() attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  %t = tile.alloc : !tile.shared<12x128x64xbf16, packed>
  return
}

// -----

// expected-error @below {{expected a kernel in tiles to have a known number of threads, a multiple of 32}}
func.func @threads() {
  tile.barrier
  return
}

// -----

// What excludes each other has the same memory.
// CHECK: llvm.mlir.global external @hadal_shared
// CHECK-LABEL: func.func @programs(
func.func @programs(%few: i1, %y: !tile.global<?x256xf32, rows>, %row: i32) attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  // CHECK: %[[BASE:.*]] = llvm.mlir.addressof @hadal_shared
  // CHECK-NOT: llvm.getelementptr inbounds %[[BASE]]
  // CHECK: return
  scf.if %few {
    %t = tile.alloc : !tile.shared<16x128xf32, rows>
    tile.write %t to %y[%row, %row] rows %row : !tile.shared<16x128xf32, rows> to !tile.global<?x256xf32, rows> {
    ^bb0(%e: f32):
      tile.yield %e : f32
    }
  } else {
    %t = tile.alloc : !tile.shared<32x128xf32, rows>
    tile.write %t to %y[%row, %row] rows %row : !tile.shared<32x128xf32, rows> to !tile.global<?x256xf32, rows> {
    ^bb0(%e: f32):
      tile.yield %e : f32
    }
  }
  return
}

// -----

// What is written is computed of an element of each sum, and of the others at its place.
// CHECK-LABEL: func.func @gate(
// CHECK-SAME:    %[[Y:.*]]: !llvm.ptr<1>, %[[R:.*]]: !llvm.ptr<1>, %{{.*}}: i32)
func.func @gate(%y: !tile.global<?x98xf32, rows>, %r: !tile.global<?x98xf32, rows>, %row: i32) attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  %g = tile.alloc : !tile.shared<2x16x64xf32, rows, pad = 4>
  %u = tile.alloc : !tile.shared<2x16x64xf32, rows, pad = 4>
  // CHECK:     scf.for
  // CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xf32>
  // Rows of 98 elements are aligned to two.
  // CHECK:       scf.if
  // CHECK:         llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
  // CHECK:         %[[P:.*]] = arith.mulf
  // CHECK:         arith.addf %[[P]]
  // CHECK:         llvm.store %{{.*}}, %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
  // CHECK:       scf.if
  // CHECK:         llvm.store %{{.*}}, %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
  // CHECK-NOT:     llvm.store
  tile.write %g, %u with %r : !tile.global<?x98xf32, rows> to %y[%row, %row] rows %row
    : !tile.shared<2x16x64xf32, rows, pad = 4>, !tile.shared<2x16x64xf32, rows, pad = 4> to !tile.global<?x98xf32, rows> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %p = arith.mulf %a, %b : f32
    %s = arith.addf %p, %c : f32
    tile.yield %s : f32
  }
  return
}

// -----

// Lanes have two groups each, whose tiles are counted and added up; one lane finds the tile and tells the others.
// CHECK-LABEL: func.func @ragged(
// CHECK-SAME:    %[[W:.*]]: !llvm.ptr<1>, %[[X:.*]]: !llvm.ptr<1>, %[[OFFSETS:.*]]: memref<41xi32>, %[[PAIRS:.*]]: memref<?xi32>
func.func @ragged(%w: !tile.global<40x48x64xbf16, packed>, %x: !tile.global<?x64xbf16, rows>, %offsets: memref<41xi32>, %pairs: memref<?xi32>, %i: i32) attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  // CHECK-COUNT-3: memref.load %[[OFFSETS]]
  // CHECK-COUNT-5: nvvm.shfl.sync up
  // CHECK-COUNT-2: arith.cmpi ult
  // CHECK:         %[[GROUP:.*]] = nvvm.redux.sync or
  // CHECK:         nvvm.redux.sync or
  // CHECK:         nvvm.redux.sync or
  %g, %r, %n = tile.locate %i in %offsets height 16 : memref<41xi32>
  // A matrix is 3 blocks of 2 KiB.
  // CHECK:         %[[WIDE:.*]] = arith.extui %[[GROUP]]
  // CHECK:         %[[AT:.*]] = arith.muli %[[WIDE]], %c6144_i64
  // CHECK:         llvm.getelementptr %[[W]][%[[AT]]]
  %m = tile.matrix %w[%g] : !tile.global<40x48x64xbf16, packed> -> !tile.global<48x64xbf16, packed>
  %t = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  // CHECK:         %[[PAIR:.*]] = memref.load %[[PAIRS]]
  // CHECK:         arith.divui %[[PAIR]]
  // CHECK:         nvvm.cp.async.shared.global
  tile.copy %x[%r, %i] rows %n by %pairs div 6 : memref<?xi32> to %t : !tile.global<?x64xbf16, rows>, !tile.shared<16x64xbf16, swizzled>
  %p = tile.alloc : !tile.shared<16x64xbf16, packed>
  tile.copy %m[%i, %i] to %p : !tile.global<48x64xbf16, packed>, !tile.shared<16x64xbf16, packed>
  return
}

// -----

// One tile as keys and as values: rows of sixteen bytes, then matrices that are transposed.
// CHECK-LABEL: func.func @attend(
func.func @attend(%q: !tile.global<?x512xf32, rows>, %y: !tile.global<?x512xbf16, rows>, %row: i32, %left: i32, %scale: f32,
                  %m: !tile.column<16, [1, 4, 1], whole>, %l: !tile.column<16, [1, 4, 1], parts>, %o: !tile.fragment<16x512xf32, accumulator, [1, 4, 1]>)
    attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  %lowest = arith.constant -1.0e+30 : f32
  %qs = tile.alloc : !tile.shared<16x576xbf16, swizzled>
  %ks = tile.alloc : !tile.shared<64x576xbf16, swizzled>
  %st = tile.alloc : !tile.shared<16x4xf32, rows>
  // Eight pieces for each thread, of eight numbers; those that do not exist are zero, without a branch.
  // CHECK-COUNT-16: llvm.load %{{.*}} invariant {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
  // CHECK-NOT:      scf.if
  tile.read %q[%row, %row] rows %left to %qs [0, 512] : !tile.global<?x512xf32, rows>, !tile.shared<16x576xbf16, swizzled>
  tile.barrier
  %a = tile.load %qs [0, 32] : !tile.shared<16x576xbf16, swizzled> -> !tile.fragment<16x32xbf16, lhs, [1, 4, 1]>
  %b = tile.load %ks [0, 32] : !tile.shared<64x576xbf16, swizzled> -> !tile.fragment<32x64xbf16, rhs, [1, 4, 1]>
  %z = tile.zero : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>
  // CHECK-COUNT-4: nvvm.mma.sync
  %s = tile.mma %a, %b, %z : !tile.fragment<16x32xbf16, lhs, [1, 4, 1]>, !tile.fragment<32x64xbf16, rhs, [1, 4, 1]>, !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>
  // CHECK-COUNT-8: arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
  %t = tile.mask %s columns %left else %lowest : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>
  // CHECK-COUNT-6: llvm.intr.maxnum
  %p = tile.reduce maximum %t : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> -> !tile.column<16, [1, 4, 1], parts>
  // CHECK-COUNT-4: nvvm.shfl.sync bfly
  // CHECK:         nvvm.barrier0
  // CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xf32>
  %n = tile.combine maximum %p through %st : !tile.column<16, [1, 4, 1], parts>, !tile.shared<16x4xf32, rows> -> !tile.column<16, [1, 4, 1], whole>
  // CHECK-COUNT-8: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"
  %w = tile.map %t, %n : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>, !tile.column<16, [1, 4, 1], whole> -> !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> {
  ^bb0(%x: f32, %most: f32):
    %d = arith.subf %x, %most : f32
    %e = arith.mulf %d, %scale : f32
    %f = math.exp2 %e : f32
    tile.yield %f : f32
  }
  // CHECK-COUNT-4: llvm.store %{{.*}}, %{{.*}} {alignment = 4 : i64} : i32, !llvm.ptr<3>
  %ws = tile.window %ks [0, 512] : !tile.shared<64x576xbf16, swizzled> -> !tile.shared<16x64xbf16, swizzled, pad = 512>
  tile.put %w to %ws : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>, !tile.shared<16x64xbf16, swizzled, pad = 512>
  tile.barrier
  // CHECK: nvvm.vote.sync
  %grew = tile.differ %m, %n : !tile.column<16, [1, 4, 1], whole>
  // CHECK: nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<row>, num = 4 : i32, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>}
  %c = tile.load %ws [0, 16] : !tile.shared<16x64xbf16, swizzled, pad = 512> -> !tile.fragment<16x16xbf16, lhs, [1, 4, 1], pairs>
  // CHECK-COUNT-8: nvvm.ldmatrix %{{.*}} {eltType = #nvvm.ld_st_matrix_elt_type<b16>, layout = #nvvm.mma_layout<col>, num = 4 : i32, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>}
  // CHECK-NOT:     nvvm.ldmatrix
  %v = tile.load %ks [16, 0] : !tile.shared<64x576xbf16, swizzled> -> !tile.fragment<16x512xbf16, rhs, [1, 4, 1], pairs>
  // CHECK-COUNT-16: nvvm.mma.sync
  %r = tile.mma %c, %v, %o : !tile.fragment<16x16xbf16, lhs, [1, 4, 1], pairs>, !tile.fragment<16x512xbf16, rhs, [1, 4, 1], pairs>, !tile.fragment<16x512xf32, accumulator, [1, 4, 1]>
  %out = tile.window %qs [0, 0] : !tile.shared<16x576xbf16, swizzled> -> !tile.shared<16x512xbf16, swizzled, pad = 64>
  tile.put %r to %out : !tile.fragment<16x512xf32, accumulator, [1, 4, 1]>, !tile.shared<16x512xbf16, swizzled, pad = 64>
  tile.barrier
  // CHECK-COUNT-8: llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
  tile.drain %out to %y[%row, %row] rows %left : !tile.shared<16x512xbf16, swizzled, pad = 64>, !tile.global<?x512xbf16, rows>
  return
}

// -----

// A row of matrices behind the other is in the same banks.
func.func @conflicts(%i: i32) attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  %ks = tile.alloc : !tile.shared<64x64xbf16, rows>
  // expected-warning @+1 {{expected no conflicts of banks, got 128 wavefronts in the place of 16}}
  %v = tile.load %ks [16, 0] : !tile.shared<64x64xbf16, rows> -> !tile.fragment<16x64xbf16, rhs, [1, 4, 1], pairs>
  return
}

// -----

// Two neighbouring warps share the depth: each gives the other half of its columns, in two pieces a lane.
// CHECK-LABEL: func.func @halves(
func.func @halves(%s: !tile.fragment<64x32xf32, accumulator, [2, 2, 2]>) attributes {nvvm.reqntid = array<i32: 256, 1, 1>} {
  %x = tile.alloc : !tile.shared<8x256xf32, rows>
  // CHECK-COUNT-2: llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<3>
  // CHECK:         nvvm.barrier0
  // CHECK:         arith.xori %{{.*}}, %c1_i32 : i32
  // CHECK-COUNT-8: arith.addf
  // CHECK-NOT:     arith.addf
  %t = tile.exchange %s through %x : !tile.fragment<64x32xf32, accumulator, [2, 2, 2]>, !tile.shared<8x256xf32, rows> -> !tile.fragment<64x32xf32, accumulator, [2, 4, 1]>
  %p = tile.alloc : !tile.shared<64x32xbf16, rows, pad = 8>
  tile.put %t to %p : !tile.fragment<64x32xf32, accumulator, [2, 4, 1]>, !tile.shared<64x32xbf16, rows, pad = 8>
  return
}

// -----

// Two pairs of a word: one by a mask, one by shifts and masks, each made right by a product. The sum of a block is
// added with its scale, which 16 rows have in common.
// CHECK-LABEL: func.func @scaled(
// CHECK-SAME:    %[[W:.*]]: !llvm.ptr<1>, %[[S:.*]]: !llvm.ptr<1>
func.func @scaled(%w: !tile.global<96x64xf8E4M3FN, packed>, %x: !tile.global<?x64xbf16, rows>, %s: !tile.global<3x2xf32, rows>, %t: !tile.global<5x2xf32, rows>, %i: i32) attributes {nvvm.reqntid = array<i32: 32, 1, 1>} {
  // CHECK-COUNT-2: llvm.load {{.*}} vector<4xi32>
  %a = tile.fetch %w[%i, %i] : !tile.global<96x64xf8E4M3FN, packed> -> !tile.fragment<32x32xf8E4M3FN, lhs, [1, 1, 1]>
  %b = tile.fetch %x[%i, %i] rows %i : !tile.global<?x64xbf16, rows> -> !tile.fragment<32x8xbf16, rhs, [1, 1, 1]>
  // CHECK:         %[[UP:.*]] = arith.shli %[[WORD:.*]], %{{.*}} : i32
  // CHECK:         %[[DOWN:.*]] = arith.shrui %[[WORD]], %{{.*}} : i32
  // CHECK:         arith.andi %[[WORD]]
  // CHECK:         llvm.intr.fma{{.*}} vector<2xbf16>
  // CHECK:         %[[HIGH:.*]] = arith.andi %[[UP]]
  // CHECK:         %[[LOW:.*]] = arith.andi %[[DOWN]]
  // CHECK:         arith.ori %[[HIGH]], %[[LOW]]
  // CHECK:         llvm.intr.fma{{.*}} vector<2xbf16>
  %v = tile.widen %a : !tile.fragment<32x32xf8E4M3FN, lhs, [1, 1, 1]> -> !tile.fragment<32x32xbf16, lhs, [1, 1, 1]>
  %z = tile.zero : !tile.fragment<32x8xf32, accumulator, [1, 1, 1]>
  // CHECK-COUNT-4: nvvm.mma.sync
  %c = tile.mma %v, %b, %z : !tile.fragment<32x32xbf16, lhs, [1, 1, 1]>, !tile.fragment<32x8xbf16, rhs, [1, 1, 1]>, !tile.fragment<32x8xf32, accumulator, [1, 1, 1]>
  // CHECK:         llvm.load {{.*}} -> f32
  // CHECK-COUNT-4: llvm.intr.fma{{.*}} : (f32, f32, f32) -> f32
  // CHECK:         llvm.load {{.*}} -> f32
  // CHECK-COUNT-4: llvm.intr.fma{{.*}} : (f32, f32, f32) -> f32
  %d = tile.add_scaled %c to %z by %s[%i, %i] block [32, 32] : !tile.fragment<32x8xf32, accumulator, [1, 1, 1]>, !tile.global<3x2xf32, rows>
  // Blocks that begin anywhere: each row has its own.
  // CHECK-COUNT-2: llvm.load {{.*}} -> f32
  // CHECK-COUNT-4: llvm.intr.fma{{.*}} : (f32, f32, f32) -> f32
  // CHECK-COUNT-2: llvm.load {{.*}} -> f32
  // CHECK-COUNT-4: llvm.intr.fma{{.*}} : (f32, f32, f32) -> f32
  %e = tile.add_scaled %c to %d by %t[%i, %i] block [20, 32] : !tile.fragment<32x8xf32, accumulator, [1, 1, 1]>, !tile.global<5x2xf32, rows>
  %o = tile.alloc : !tile.shared<8x32xf32, rows, pad = 4>
  tile.store %e to %o : !tile.fragment<32x8xf32, accumulator, [1, 1, 1]>, !tile.shared<8x32xf32, rows, pad = 4>
  return
}

// -----

// Row m of the mask sees m columns more: rows of a lane are eight apart. Weights are rounded pair by pair, and nothing
// goes through shared memory. Ten words are three accesses of each thread, the last of two words.
// CHECK-LABEL: func.func @expanded(
func.func @expanded(%scratch: !tile.global<960x320xbf16, rows>, %i: i32, %lowest: f32) attributes {nvvm.reqntid = array<i32: 64, 1, 1>} {
  // CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
  // CHECK:         llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
  %m, %s = tile.recall %scratch[%i] : !tile.global<960x320xbf16, rows> -> !tile.column<32, [2, 1, 1], whole>, !tile.fragment<32x16xf32, accumulator, [2, 1, 1]>
  // CHECK-COUNT-8: arith.select %{{.*}}, %{{.*}}, %{{.*}} : f32
  %t = tile.mask %s columns %i rising else %lowest : !tile.fragment<32x16xf32, accumulator, [2, 1, 1]>
  // CHECK-COUNT-4: llvm.call_intrinsic "llvm.nvvm.ff2bf16x2.rn"
  // CHECK-NOT:     !llvm.ptr<3>
  %a = tile.operand %t [0] : !tile.fragment<32x16xf32, accumulator, [2, 1, 1]> -> !tile.fragment<32x16xbf16, lhs, [2, 1, 1], pairs>
  // CHECK-COUNT-2: llvm.store %{{.*}}, %{{.*}} {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
  // CHECK:         llvm.store %{{.*}}, %{{.*}} {alignment = 8 : i64} : vector<2xf32>, !llvm.ptr<1>
  tile.keep %m, %t to %scratch[%i] : !tile.column<32, [2, 1, 1], whole>, !tile.fragment<32x16xf32, accumulator, [2, 1, 1]> to !tile.global<960x320xbf16, rows>
  %ks = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  %z = tile.zero : !tile.fragment<32x16xf32, accumulator, [2, 1, 1]>
  %b = tile.load %ks [0, 0] : !tile.shared<16x64xbf16, swizzled> -> !tile.fragment<16x16xbf16, rhs, [2, 1, 1], pairs>
  %d = tile.mma %a, %b, %z : !tile.fragment<32x16xbf16, lhs, [2, 1, 1], pairs>, !tile.fragment<16x16xbf16, rhs, [2, 1, 1], pairs>, !tile.fragment<32x16xf32, accumulator, [2, 1, 1]>
  tile.keep %d to %scratch[%i] : !tile.fragment<32x16xf32, accumulator, [2, 1, 1]> to !tile.global<960x320xbf16, rows>
  return
}

// -----

// What was kept is for another workgroup: who sets a bit that is set comes second.
// CHECK-LABEL: func.func @meet(
func.func @meet(%w: !tile.global<?x8704xf32, rows>, %i: i32) -> i1 attributes {nvvm.reqntid = array<i32: 128, 1, 1>} {
  // CHECK:      nvvm.barrier0
  // CHECK:      scf.if %{{.*}} -> (i32)
  // CHECK:        llvm.fence syncscope("device") acq_rel
  // CHECK-NEXT:   %[[BEFORE:.*]] = llvm.atomicrmw _xor %{{.*}}, %[[BIT:.*]] syncscope("device") monotonic : !llvm.ptr<1>, i32
  // CHECK-NEXT:   llvm.fence syncscope("device") acq_rel
  // CHECK-NEXT:   arith.andi %[[BEFORE]], %[[BIT]]
  // CHECK:      nvvm.barrier
  // CHECK-NEXT: arith.cmpi ne
  %b = tile.meet %w[%i, %i] : !tile.global<?x8704xf32, rows>
  return %b : i1
}
