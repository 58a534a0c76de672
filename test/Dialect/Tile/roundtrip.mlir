// Every type and op of the tile dialect, in text and in bytecode.
// RUN: hadal-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @pipeline(
// CHECK-SAME:    %[[X:.*]]: !tile.global<?x2048xbf16, rows>, %[[W:.*]]: !tile.global<1408x2048xbf16, packed>, %[[Y:.*]]: !tile.global<?x1408xf32, rows>,
func.func @pipeline(%x: !tile.global<?x2048xbf16, rows>, %w: !tile.global<1408x2048xbf16, packed>, %y: !tile.global<?x1408xf32, rows>,
                    %row: i32, %column: i32, %k: i32, %left: i32) {
  // CHECK: %[[WS:.*]] = tile.alloc : <3x128x64xbf16, packed>
  %ws = tile.alloc : !tile.shared<3x128x64xbf16, packed>
  // CHECK: %[[XS:.*]] = tile.alloc : <3x64x64xbf16, swizzled>
  %xs = tile.alloc : !tile.shared<3x64x64xbf16, swizzled>
  // CHECK: %[[YS:.*]] = tile.alloc : <64x128xf32, rows, pad = 4>
  %ys = tile.alloc : !tile.shared<64x128xf32, rows, pad = 4>
  // CHECK: %[[WP:.*]] = tile.plane %[[WS]][%{{.*}}] : <3x128x64xbf16, packed> -> <128x64xbf16, packed>
  %wp = tile.plane %ws[%row] : !tile.shared<3x128x64xbf16, packed> -> !tile.shared<128x64xbf16, packed>
  %xp = tile.plane %xs[%row] : !tile.shared<3x64x64xbf16, swizzled> -> !tile.shared<64x64xbf16, swizzled>
  // CHECK: tile.copy %[[W]][%{{.*}}, %{{.*}}] to %[[WP]] : <1408x2048xbf16, packed>, <128x64xbf16, packed>
  tile.copy %w[%column, %k] to %wp : !tile.global<1408x2048xbf16, packed>, !tile.shared<128x64xbf16, packed>
  // CHECK: tile.copy %[[X]][%{{.*}}, %{{.*}}] rows %{{.*}} to %{{.*}} : <?x2048xbf16, rows>, <64x64xbf16, swizzled>
  tile.copy %x[%row, %k] rows %left to %xp : !tile.global<?x2048xbf16, rows>, !tile.shared<64x64xbf16, swizzled>
  // CHECK: tile.commit
  tile.commit
  // CHECK: tile.wait {pending = 1 : i32}
  tile.wait {pending = 1 : i32}
  // CHECK: tile.barrier
  tile.barrier
  // CHECK: %[[C:.*]] = tile.zero : <128x64xf32, accumulator, [2, 2, 1]>
  %c = tile.zero : !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>
  // CHECK: %[[A:.*]] = tile.load %[[WP]] [0, 32] : <128x64xbf16, packed> -> <128x32xbf16, lhs, [2, 2, 1]>
  %a = tile.load %wp [0, 32] : !tile.shared<128x64xbf16, packed> -> !tile.fragment<128x32xbf16, lhs, [2, 2, 1]>
  // CHECK: %[[B:.*]] = tile.load %{{.*}} [0, 32] : <64x64xbf16, swizzled> -> <32x64xbf16, rhs, [2, 2, 1]>
  %b = tile.load %xp [0, 32] : !tile.shared<64x64xbf16, swizzled> -> !tile.fragment<32x64xbf16, rhs, [2, 2, 1]>
  // CHECK: %[[D:.*]] = tile.mma %[[A]], %[[B]], %[[C]] : <128x32xbf16, lhs, [2, 2, 1]>, <32x64xbf16, rhs, [2, 2, 1]>, <128x64xf32, accumulator, [2, 2, 1]>
  %d = tile.mma %a, %b, %c : !tile.fragment<128x32xbf16, lhs, [2, 2, 1]>, !tile.fragment<32x64xbf16, rhs, [2, 2, 1]>, !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>
  // CHECK: tile.store %[[D]] to %[[YS]] : <128x64xf32, accumulator, [2, 2, 1]>, <64x128xf32, rows, pad = 4>
  tile.store %d to %ys : !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>, !tile.shared<64x128xf32, rows, pad = 4>
  // CHECK: tile.store %[[D]] to %[[YS]] accumulate
  tile.store %d to %ys accumulate : !tile.fragment<128x64xf32, accumulator, [2, 2, 1]>, !tile.shared<64x128xf32, rows, pad = 4>
  // CHECK: tile.write %[[YS]] to %[[Y]][%{{.*}}, %{{.*}}] rows %{{.*}} : !tile.shared<64x128xf32, rows, pad = 4> to <?x1408xf32, rows> {
  // CHECK: ^bb0(%[[E:.*]]: f32):
  // CHECK: tile.yield %[[E]] : f32
  tile.write %ys to %y[%row, %column] rows %left : !tile.shared<64x128xf32, rows, pad = 4> to !tile.global<?x1408xf32, rows> {
  ^bb0(%e: f32):
    tile.yield %e : f32
  }
  // CHECK: tile.write %[[YS]], %[[YS]] with %[[Y]] : !tile.global<?x1408xf32, rows> to %[[Y]]
  // CHECK: ^bb0(%{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32):
  tile.write %ys, %ys with %y : !tile.global<?x1408xf32, rows> to %y[%row, %column] rows %left
    : !tile.shared<64x128xf32, rows, pad = 4>, !tile.shared<64x128xf32, rows, pad = 4> to !tile.global<?x1408xf32, rows> {
  ^bb0(%g: f32, %u: f32, %r: f32):
    %p = arith.mulf %g, %u : f32
    %s = arith.addf %p, %r : f32
    tile.yield %s : f32
  }
  return
}

// CHECK-LABEL: func.func @straight(
func.func @straight(%x: !tile.global<?x2048xbf16, rows>, %w: !tile.global<1408x2048xbf16, packed>, %row: i32, %rows: i32) {
  // CHECK: tile.group [2, 1, 2]
  %g = tile.group [2, 1, 2]
  // CHECK: tile.fetch %{{.*}}[%{{.*}}, %{{.*}}] : <1408x2048xbf16, packed> -> <64x64xbf16, lhs, [2, 1, 2]>
  %a = tile.fetch %w[%row, %g] : !tile.global<1408x2048xbf16, packed> -> !tile.fragment<64x64xbf16, lhs, [2, 1, 2]>
  // CHECK: tile.fetch %{{.*}}[%{{.*}}, %{{.*}}] rows %{{.*}} : <?x2048xbf16, rows> -> <64x8xbf16, rhs, [2, 1, 2]>
  %b = tile.fetch %x[%row, %g] rows %rows : !tile.global<?x2048xbf16, rows> -> !tile.fragment<64x8xbf16, rhs, [2, 1, 2]>
  return
}

// CHECK-LABEL: func.func @ragged(
// CHECK-SAME:    %[[X:.*]]: !tile.global<?x64xbf16, rows>, %[[W:.*]]: !tile.global<8x96x64xbf16, packed>, %[[Y:.*]]: !tile.global<?x96xf32, rows>,
// CHECK-SAME:    %[[OFFSETS:.*]]: memref<9xi32>, %[[PAIRS:.*]]: memref<?xi32>, %[[I:.*]]: i32
func.func @ragged(%x: !tile.global<?x64xbf16, rows>, %w: !tile.global<8x96x64xbf16, packed>, %y: !tile.global<?x96xf32, rows>,
                  %offsets: memref<9xi32>, %pairs: memref<?xi32>, %i: i32) {
  // CHECK: %[[G:.*]], %[[R:.*]], %[[N:.*]] = tile.locate %[[I]] in %[[OFFSETS]] height 16 : memref<9xi32>
  %g, %r, %n = tile.locate %i in %offsets height 16 : memref<9xi32>
  // CHECK: tile.matrix %[[W]][%[[G]]] : <8x96x64xbf16, packed> -> <96x64xbf16, packed>
  %m = tile.matrix %w[%g] : !tile.global<8x96x64xbf16, packed> -> !tile.global<96x64xbf16, packed>
  %t = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  // CHECK: tile.copy %[[X]][%[[R]], %[[I]]] rows %[[N]] by %[[PAIRS]] div 6 : memref<?xi32> to %{{.*}} : <?x64xbf16, rows>, <16x64xbf16, swizzled>
  tile.copy %x[%r, %i] rows %n by %pairs div 6 : memref<?xi32> to %t : !tile.global<?x64xbf16, rows>, !tile.shared<16x64xbf16, swizzled>
  // CHECK: tile.fetch %[[X]][%[[R]], %[[I]]] rows %[[N]] by %[[PAIRS]] div 6 : memref<?xi32> : <?x64xbf16, rows> -> <64x16xbf16, rhs, [4, 1, 1]>
  %b = tile.fetch %x[%r, %i] rows %n by %pairs div 6 : memref<?xi32> : !tile.global<?x64xbf16, rows> -> !tile.fragment<64x16xbf16, rhs, [4, 1, 1]>
  %s = tile.alloc : !tile.shared<16x64xf32, rows, pad = 4>
  // CHECK: tile.write %{{.*}} to %[[Y]][%[[R]], %[[I]]] rows %[[N]] by %[[PAIRS]] : memref<?xi32> : !tile.shared<16x64xf32, rows, pad = 4> to <?x96xf32, rows>
  tile.write %s to %y[%r, %i] rows %n by %pairs : memref<?xi32> : !tile.shared<16x64xf32, rows, pad = 4> to !tile.global<?x96xf32, rows> {
  ^bb0(%e: f32):
    tile.yield %e : f32
  }
  return
}

// CHECK-LABEL: func.func @rotate(
// CHECK-SAME:    %[[Y:.*]]: !tile.global<?x96xbf16, rows>, %[[C:.*]]: !tile.global<9x8xf32, rows>, %[[P:.*]]: memref<?xi32>
func.func @rotate(%y: !tile.global<?x96xbf16, rows>, %c: !tile.global<9x8xf32, rows>, %p: memref<?xi32>, %r: i32) {
  %s = tile.alloc : !tile.shared<16x64xf32, rows, pad = 4>
  // CHECK: tile.write %{{.*}} to %[[Y]][%{{.*}}, %{{.*}}] rows %{{.*}} rotated by %[[C]], %[[C]] at %[[P]] heads 48 : !tile.global<9x8xf32, rows>, !tile.global<9x8xf32, rows>, memref<?xi32> : !tile.shared<16x64xf32, rows, pad = 4> to <?x96xbf16, rows> {
  // CHECK: } {interleaved}
  tile.write %s to %y[%r, %r] rows %r rotated by %c, %c at %p heads 48 : !tile.global<9x8xf32, rows>, !tile.global<9x8xf32, rows>, memref<?xi32> : !tile.shared<16x64xf32, rows, pad = 4> to !tile.global<?x96xbf16, rows> {
  ^bb0(%e: f32):
    tile.yield %e : f32
  } {interleaved}
  return
}

// CHECK-LABEL: func.func @attend(
func.func @attend(%q: !tile.global<?x512xf32, rows>, %y: !tile.global<?x512xbf16, rows>, %row: i32, %left: i32, %lowest: f32) {
  %qs = tile.alloc : !tile.shared<16x576xbf16, swizzled>
  %ks = tile.alloc : !tile.shared<64x576xbf16, swizzled>
  %st = tile.alloc : !tile.shared<16x4xf32, rows>
  // CHECK: tile.read %{{.*}}[%{{.*}}, %{{.*}}] rows %{{.*}} to %{{.*}} [0, 512] : <?x512xf32, rows>, <16x576xbf16, swizzled>
  tile.read %q[%row, %row] rows %left to %qs [0, 512] : !tile.global<?x512xf32, rows>, !tile.shared<16x576xbf16, swizzled>
  // CHECK: %[[M:.*]] = tile.fill %{{.*}} : !tile.column<16, [1, 4, 1], whole>
  %m = tile.fill %lowest : !tile.column<16, [1, 4, 1], whole>
  // CHECK: %[[S:.*]] = tile.zero
  %z = tile.zero : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>
  // CHECK: %[[T:.*]] = tile.mask %[[S]] columns %{{.*}} else %{{.*}} : <16x64xf32, accumulator, [1, 4, 1]>
  %s = tile.mask %z columns %left else %lowest : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>
  // CHECK: %[[P:.*]] = tile.reduce maximum %[[T]] : <16x64xf32, accumulator, [1, 4, 1]> -> <16, [1, 4, 1], parts>
  %p = tile.reduce maximum %s : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> -> !tile.column<16, [1, 4, 1], parts>
  // CHECK: %[[N:.*]] = tile.combine maximum %[[P]] through %{{.*}} : <16, [1, 4, 1], parts>, !tile.shared<16x4xf32, rows> -> <16, [1, 4, 1], whole>
  %n = tile.combine maximum %p through %st : !tile.column<16, [1, 4, 1], parts>, !tile.shared<16x4xf32, rows> -> !tile.column<16, [1, 4, 1], whole>
  // CHECK: tile.differ %[[M]], %[[N]] : <16, [1, 4, 1], whole>
  %grew = tile.differ %m, %n : !tile.column<16, [1, 4, 1], whole>
  // CHECK: %[[W:.*]] = tile.map %[[T]], %[[N]] : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>, !tile.column<16, [1, 4, 1], whole> -> !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> {
  %w = tile.map %s, %n : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>, !tile.column<16, [1, 4, 1], whole> -> !tile.fragment<16x64xf32, accumulator, [1, 4, 1]> {
  // CHECK-NEXT: ^bb0(%[[X:.*]]: f32, %[[Y:.*]]: f32):
  ^bb0(%x: f32, %most: f32):
    // CHECK-NEXT: %[[D:.*]] = arith.subf %[[X]], %[[Y]] : f32
    %d = arith.subf %x, %most : f32
    // CHECK-NEXT: tile.yield %[[D]] : f32
    tile.yield %d : f32
  }
  // CHECK: %[[WS:.*]] = tile.window %{{.*}} [0, 512] : <64x576xbf16, swizzled> -> <16x64xbf16, swizzled, pad = 512>
  %ws = tile.window %ks [0, 512] : !tile.shared<64x576xbf16, swizzled> -> !tile.shared<16x64xbf16, swizzled, pad = 512>
  // CHECK: tile.put %[[W]] to %[[WS]] : <16x64xf32, accumulator, [1, 4, 1]>, <16x64xbf16, swizzled, pad = 512>
  tile.put %w to %ws : !tile.fragment<16x64xf32, accumulator, [1, 4, 1]>, !tile.shared<16x64xbf16, swizzled, pad = 512>
  // CHECK: tile.load %[[WS]] [0, 16] : <16x64xbf16, swizzled, pad = 512> -> <16x16xbf16, lhs, [1, 4, 1], pairs>
  %c = tile.load %ws [0, 16] : !tile.shared<16x64xbf16, swizzled, pad = 512> -> !tile.fragment<16x16xbf16, lhs, [1, 4, 1], pairs>
  // CHECK: tile.drain %{{.*}} to %{{.*}}[%{{.*}}, %{{.*}}] rows %{{.*}} : <16x576xbf16, swizzled>, <?x512xbf16, rows>
  tile.drain %qs to %y[%row, %row] rows %left : !tile.shared<16x576xbf16, swizzled>, !tile.global<?x512xbf16, rows>
  return
}

// CHECK-LABEL: func.func @halves(
func.func @halves(%s: !tile.fragment<64x32xf32, accumulator, [2, 2, 2]>) {
  %k = tile.alloc : !tile.shared<32x64xbf16, swizzled>
  // CHECK: tile.load %{{.*}} [0, 0] {apart = 32 : i64} : <32x64xbf16, swizzled> -> <32x32xbf16, rhs, [2, 2, 2]>
  %b = tile.load %k [0, 0] {apart = 32 : i64} : !tile.shared<32x64xbf16, swizzled> -> !tile.fragment<32x32xbf16, rhs, [2, 2, 2]>
  %x = tile.alloc : !tile.shared<8x256xf32, rows>
  // CHECK: tile.exchange %{{.*}} through %{{.*}} : <64x32xf32, accumulator, [2, 2, 2]>, <8x256xf32, rows> -> <64x32xf32, accumulator, [2, 4, 1]>
  %t = tile.exchange %s through %x : !tile.fragment<64x32xf32, accumulator, [2, 2, 2]>, !tile.shared<8x256xf32, rows> -> !tile.fragment<64x32xf32, accumulator, [2, 4, 1]>
  return
}

// CHECK-LABEL: func.func @scaled(
// CHECK-SAME:    %[[W:.*]]: !tile.global<96x64xf8E4M3FN, packed>, %[[S:.*]]: !tile.global<1x1xf32, rows>, %[[B:.*]]: !tile.fragment<64x8xbf16, rhs, [4, 1, 1]>, %[[I:.*]]: i32
func.func @scaled(%w: !tile.global<96x64xf8E4M3FN, packed>, %s: !tile.global<1x1xf32, rows>, %b: !tile.fragment<64x8xbf16, rhs, [4, 1, 1]>, %i: i32) {
  // CHECK: %[[A:.*]] = tile.fetch %[[W]][%[[I]], %[[I]]] : <96x64xf8E4M3FN, packed> -> <64x64xf8E4M3FN, lhs, [4, 1, 1]>
  %a = tile.fetch %w[%i, %i] : !tile.global<96x64xf8E4M3FN, packed> -> !tile.fragment<64x64xf8E4M3FN, lhs, [4, 1, 1]>
  // CHECK: tile.widen %[[A]] : <64x64xf8E4M3FN, lhs, [4, 1, 1]> -> <64x64xbf16, lhs, [4, 1, 1]>
  %v = tile.widen %a : !tile.fragment<64x64xf8E4M3FN, lhs, [4, 1, 1]> -> !tile.fragment<64x64xbf16, lhs, [4, 1, 1]>
  %z = tile.zero : !tile.fragment<64x8xf32, accumulator, [4, 1, 1]>
  %c = tile.mma %v, %b, %z : !tile.fragment<64x64xbf16, lhs, [4, 1, 1]>, !tile.fragment<64x8xbf16, rhs, [4, 1, 1]>, !tile.fragment<64x8xf32, accumulator, [4, 1, 1]>
  // CHECK: tile.add_scaled %{{.*}} to %{{.*}} by %[[S]][%[[I]], %[[I]]] block [128, 128] : <64x8xf32, accumulator, [4, 1, 1]>, <1x1xf32, rows>
  %d = tile.add_scaled %c to %z by %s[%i, %i] block [128, 128] : !tile.fragment<64x8xf32, accumulator, [4, 1, 1]>, !tile.global<1x1xf32, rows>
  %t = tile.alloc : !tile.shared<2x16x64xf8E4M3FN, packed>
  return
}

// A warp has whole rows of scores, which become an operand as they are; what is known is kept between chunks.
// CHECK-LABEL: func.func @expanded(
func.func @expanded(%memory: !tile.global<?x960x320xbf16, rows>, %i: i32, %lowest: f32) {
  %scratch = tile.matrix %memory[%i] : !tile.global<?x960x320xbf16, rows> -> !tile.global<960x320xbf16, rows>
  // CHECK: %[[R:.*]]:2 = tile.recall %{{.*}}[%{{.*}}] : <960x320xbf16, rows> -> !tile.column<128, [8, 1, 1], whole>, !tile.fragment<128x64xf32, accumulator, [8, 1, 1]>
  %m, %s = tile.recall %scratch[%i] : !tile.global<960x320xbf16, rows> -> !tile.column<128, [8, 1, 1], whole>, !tile.fragment<128x64xf32, accumulator, [8, 1, 1]>
  // CHECK: %[[T:.*]] = tile.mask %[[R]]#1 columns %{{.*}} rising else %{{.*}} : <128x64xf32, accumulator, [8, 1, 1]>
  %t = tile.mask %s columns %i rising else %lowest : !tile.fragment<128x64xf32, accumulator, [8, 1, 1]>
  // CHECK: tile.operand %[[T]][48] : <128x64xf32, accumulator, [8, 1, 1]> -> <128x16xbf16, lhs, [8, 1, 1], pairs>
  %a = tile.operand %t [48] : !tile.fragment<128x64xf32, accumulator, [8, 1, 1]> -> !tile.fragment<128x16xbf16, lhs, [8, 1, 1], pairs>
  // CHECK: tile.keep %[[R]]#0, %[[T]] to %{{.*}}[%{{.*}}] : !tile.column<128, [8, 1, 1], whole>, !tile.fragment<128x64xf32, accumulator, [8, 1, 1]> to <960x320xbf16, rows>
  tile.keep %m, %t to %scratch[%i] : !tile.column<128, [8, 1, 1], whole>, !tile.fragment<128x64xf32, accumulator, [8, 1, 1]> to !tile.global<960x320xbf16, rows>
  // CHECK: tile.meet %{{.*}}[%{{.*}}, %{{.*}}] : <960x320xbf16, rows>
  %b = tile.meet %scratch[%i, %i] : !tile.global<960x320xbf16, rows>
  // CHECK: tile.drain %{{.*}} to %{{.*}}[%{{.*}}, %{{.*}}] rows %{{.*}} columns 32 : <16x64xbf16, swizzled>, <960x320xbf16, rows>
  %y = tile.alloc : !tile.shared<16x64xbf16, swizzled>
  tile.drain %y to %scratch[%i, %i] rows %i columns 32 : !tile.shared<16x64xbf16, swizzled>, !tile.global<960x320xbf16, rows>
  // CHECK: tile.alloc over %{{.*}} : <16x64xbf16, packed> over !tile.shared<16x64xbf16, swizzled>
  %x = tile.alloc over %y : !tile.shared<16x64xbf16, packed> over !tile.shared<16x64xbf16, swizzled>
  // CHECK: tile.alloc over %{{.*}}, %{{.*}} : <32x32xf32, rows> over !tile.shared<16x64xbf16, swizzled>, !tile.shared<16x64xbf16, packed>
  %z = tile.alloc : !tile.shared<16x64xbf16, packed>
  %w = tile.alloc over %y, %z : !tile.shared<32x32xf32, rows> over !tile.shared<16x64xbf16, swizzled>, !tile.shared<16x64xbf16, packed>
  return
}
