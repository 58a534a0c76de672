// Absorbed attention: one tile of the cache is keys and values; the last one alone is masked.
// RUN: hadal-opt %s --pass-pipeline='builtin.module(hadal.program(hadal-cuda-emit-kernels))' --split-input-file --verify-diagnostics | FileCheck %s

hadal.program @cuda target <"cuda", levels = ["sm_80", "sm_86"]> {
  plan.host_dim @max_context is max_context
  // CHECK-LABEL: hadal.executable @attend interface <bindings = [0, 1, 2, 3, 4, 5, 6, 7], access = [read, read, read, read, read, read, read, write], constants = [#hadal.extent<1, 0>, #hadal.extent<5, 0>, #hadal.extent<6, 1>, #hadal.host_dim<@max_context>]>
  // CHECK:         hadal.variant "sm_80"
  // CHECK:           plan.interface workgroup_size [256, 1, 1]
  // CHECK-NEXT:      ^bb0(%[[TOKENS:.*]]: !plan.int, %{{.*}}: !plan.int, %{{.*}}: !plan.int, %{{.*}}: !plan.int):
  // Seventy heads are two groups of 64.
  // CHECK:             %[[GROUPS:.*]] = plan.constant 2
  // CHECK:             plan.grid %[[TOKENS]], %[[GROUPS]], %{{.*}} dynamic_shared %{{.*}}
  // CHECK:           tile.read %{{.*}} [0, 512] : <?x512xf32, rows>, <64x576xbf16, packed>
  // CHECK:           tile.read %{{.*}} [512, 576] : <?x192xbf16, rows>, <64x576xbf16, packed>
  // CHECK:           scf.for
  // CHECK:             tile.copy %{{.*}} : <?x576xbf16, rows>, <32x576xbf16, swizzled>
  // CHECK-NOT:         tile.mask
  // Two neighbouring warps share the depth.
  // CHECK:             tile.load %[[KEYS:.*]] [0, 512] {apart = 32 : i64} : <32x576xbf16, swizzled> -> <32x32xbf16, rhs, [2, 2, 2]>
  // CHECK:             tile.exchange %{{.*}} : <64x32xf32, accumulator, [2, 2, 2]>, <8x256xf32, rows> -> <64x32xf32, accumulator, [2, 4, 1]>
  // CHECK:             scf.if
  // CHECK:             tile.load %[[KEYS]] [16, 0] : <32x576xbf16, swizzled> -> <16x512xbf16, rhs, [2, 4, 1], pairs>
  // CHECK:             scf.yield
  // CHECK:           tile.mask
  // CHECK:           tile.drain
  // CHECK:         hadal.variant "sm_86"
  // CHECK:           tile.copy %{{.*}} : <?x576xbf16, rows>, <32x576xbf16, swizzled>
  // Weights lie where the keys' rotary columns were.
  // CHECK:             tile.window %{{.*}} [0, 512] : <32x576xbf16, swizzled> -> <16x32xbf16, swizzled, pad = 544>
  hadal.executable @attend {
    func.func @body(%ql: tensor<?x35840xf32>, %q: tensor<?x13440xbf16>, %cache: tensor<?x64x576xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x35840xbf16> {
      %y = hadal.mla_attend_absorbed %ql, %q, %cache, %p, %o, %s, %t {heads = 70 : i64, scale = 0.1 : f32}
        : (tensor<?x35840xf32>, tensor<?x13440xbf16>, tensor<?x64x576xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x35840xbf16>
      return %y : tensor<?x35840xbf16>
    }
  }
}

// -----

// Sixteen heads split a context over workgroups: one for each segment of 512 keys, where tokens are few.
hadal.program @cuda target <"cuda", levels = ["sm_80"]> {
  plan.host_dim @max_context is max_context
  // CHECK-LABEL: hadal.executable @split interface
  // CHECK:             ^bb0(%[[TOKENS:.*]]: !plan.int, %{{.*}}: !plan.int, %{{.*}}: !plan.int, %[[CONTEXT:.*]]: !plan.int):
  // CHECK:             plan.kernel_parameter workspace
  // CHECK:             %[[SEGMENTS:.*]] = plan.expr ceil_div %[[CONTEXT]], %{{.*}}
  // Up to 128 tokens do not halve the number of workgroups, up to 64 do not do so twice, and so on.
  // CHECK:             %[[HALF:.*]] = plan.expr ceil_div %[[SEGMENTS]], %{{.*}}
  // CHECK:             %[[MOST:.*]] = plan.constant 128
  // CHECK:             plan.expr le %[[TOKENS]], %[[MOST]]
  // CHECK:             %[[FEWER:.*]] = plan.select %{{.*}}, %[[SEGMENTS]], %[[HALF]]
  // CHECK:             plan.select %{{.*}}, %[[SEGMENTS]], %[[FEWER]]
  // CHECK:             plan.grid %[[TOKENS]], %{{.*}}, %{{.*}} dynamic_shared %{{.*}} workspace %{{.*}}
  // CHECK:           scf.while
  // CHECK:             scf.for
  // CHECK:             tile.mask
  // Nodes of the tree of segments: who comes second adds both up.
  // CHECK:             scf.while
  // CHECK:               tile.keep %{{.*}} to %[[KEPT:.*]][%{{.*}}] : !tile.column<16, [1, 4, 1], whole>, !tile.column<16, [1, 4, 1], parts>, !tile.fragment<16x512xf32, accumulator, [1, 4, 1]> to <?x8704xf32, rows>
  // CHECK:               tile.meet %[[KEPT]]
  // CHECK:               tile.recall %[[KEPT]]
  // CHECK:           tile.drain
  hadal.executable @split {
    func.func @body(%ql: tensor<?x8192xf32>, %q: tensor<?x3072xbf16>, %cache: tensor<?x64x576xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x8192xbf16> {
      %y = hadal.mla_attend_absorbed %ql, %q, %cache, %p, %o, %s, %t {heads = 16 : i64, scale = 0.1 : f32}
        : (tensor<?x8192xf32>, tensor<?x3072xbf16>, tensor<?x64x576xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x8192xbf16>
      return %y : tensor<?x8192xbf16>
    }
  }
}

// -----

// Queries go into latents and results out of them by a weight for each head: a stack of them, and rows side by side.
hadal.program @cuda target <"cuda"> {
  // CHECK-LABEL: hadal.executable @absorb interface
  // CHECK:           %[[HEADS:.*]] = plan.constant 3
  // CHECK:           plan.grid %{{.*}}, %{{.*}}, %[[HEADS]] dynamic_shared
  // CHECK:           func.func @absorb(%[[X:.*]]: !tile.global<?x288xbf16, rows> {{.*}}, %[[W:.*]]: !tile.global<3x128x64xbf16, packed> {{.*}}, %[[Y:.*]]: !tile.global<?x384xf32, rows>
  // CHECK:             gpu.block_id z
  // CHECK:             %[[M:.*]] = tile.matrix %[[W]][%[[HEAD:.*]]] : <3x128x64xbf16, packed> -> <128x64xbf16, packed>
  // CHECK:             tile.copy %[[X]]
  // CHECK:             tile.fetch %[[M]]
  // CHECK:             tile.write %{{.*}} to %[[Y]]
  hadal.executable @absorb {
    func.func @body(%x: tensor<?x288xbf16>, %w: tensor<3x128x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x384xf32> {
      %y = hadal.head_linear %x, %w : (tensor<?x288xbf16>, tensor<3x128x64xbf16, #hadal.fragments<segment = 64>>) -> tensor<?x384xf32>
      return %y : tensor<?x384xf32>
    }
  }
}

// -----

// Sequences of many new tokens are left to the expanded form.
hadal.program @cuda target <"cuda"> {
  plan.host_dim @max_context is max_context
  // CHECK-LABEL: hadal.executable @short interface
  // CHECK:           func.func @short(
  // CHECK:             %[[MOST:.*]] = arith.constant 171 : i32
  // CHECK-NEXT:        %[[IS_SHORT:.*]] = arith.cmpi slt, %{{.*}}, %[[MOST]] : i32
  // CHECK-NEXT:        scf.if %[[IS_SHORT]] {
  // CHECK:               tile.copy
  hadal.executable @short {
    func.func @body(%ql: tensor<?x192xf32>, %q: tensor<?x144xbf16>, %cache: tensor<?x64x80xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x192xbf16> {
      %y = hadal.mla_attend_absorbed %ql, %q, %cache, %p, %o, %s, %t {heads = 3 : i64, scale = 0.1 : f32, threshold = 171 : i64}
        : (tensor<?x192xf32>, tensor<?x144xbf16>, tensor<?x64x80xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xbf16>
      return %y : tensor<?x192xbf16>
    }
  }
}
