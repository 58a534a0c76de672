// Expanded attention: a chunk of the cache is expanded into the workspace, then tiles of queries attend to it; scores are masked
// in the tiles of keys that not all rows see.
// RUN: hadal-opt %s --pass-pipeline='builtin.module(hadal.program(hadal-cuda-emit-kernels))' --split-input-file --verify-diagnostics | FileCheck %s

hadal.program @cuda target <"cuda", levels = ["sm_80"]> {
  // CHECK-LABEL: hadal.executable @attend interface <bindings = [0, 1, 2, 3, 4, 5, 6, 7, 8], access = [read, read, read, read, read, read, read, read, read_write], constants = [#hadal.extent<0, 0>, #hadal.extent<6, 0>, #hadal.extent<7, 1>]>
  // CHECK:           plan.interface workgroup_size [256, 1, 1]
  // CHECK-NEXT:      ^bb0(%[[TOKENS:.*]]: !plan.int, %{{.*}}: !plan.int, %{{.*}}: !plan.int):
  // CHECK:             plan.kernel_parameter workspace
  // As many groups of tokens as there is memory for.
  // CHECK:             %[[ALL:.*]] = plan.expr ceil_div %[[TOKENS]], %{{.*}}
  // CHECK:             %[[GROUPS:.*]] = plan.expr min %[[ALL]], %{{.*}}
  // CHECK:             %[[BYTES:.*]] = plan.expr mul %[[GROUPS]], %{{.*}}
  // CHECK:             plan.grid %[[GROUPS]], %{{.*}}, %{{.*}} dynamic_shared %{{.*}} workspace %[[BYTES]]
  // CHECK:           func.func @attend(
  // CHECK-SAME:        !tile.global<3x32x64xbf16, packed>
  // CHECK-SAME:        !tile.global<?x{{[0-9]+}}x192xbf16, rows>
  // CHECK:             gpu.grid_dim x
  // Sequences of fewer new tokens are left out.
  // CHECK:             %[[LEAST:.*]] = arith.constant 171 : i32
  // CHECK-NEXT:        arith.cmpi sge, %{{.*}}, %[[LEAST]]
  // CHECK:             tile.drain %{{.*}} : <64x64xbf16, swizzled>, <{{[0-9]+}}x192xbf16, rows>
  // CHECK-COUNT-2:     tile.write
  // CHECK:             tile.read
  // CHECK:             tile.recall
  // CHECK:             scf.for
  // CHECK-NOT:           tile.mask
  // CHECK:               tile.operand %{{.*}}[48]
  // CHECK:             scf.for
  // CHECK:               tile.mask %{{.*}} columns %{{.*}} rising else
  // CHECK:             tile.drain %{{.*}} columns 32 : <128x64xbf16, swizzled>, <?x96xbf16, rows>
  // CHECK:             tile.keep
  hadal.executable @attend {
    func.func @body(%q: tensor<?x144xbf16>, %cache: tensor<?x64x80xbf16>, %uk: tensor<3x32x64xbf16, #hadal.fragments<segment = 64>>, %uv: tensor<3x32x64xbf16, #hadal.fragments<segment = 64>>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<?x96xbf16>) -> tensor<?x96xbf16> {
      %y = hadal.mla_attend_expanded %q, %cache, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32, threshold = 171 : i64}
        : (tensor<?x144xbf16>, tensor<?x64x80xbf16>, tensor<3x32x64xbf16, #hadal.fragments<segment = 64>>, tensor<3x32x64xbf16, #hadal.fragments<segment = 64>>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xbf16>) -> tensor<?x96xbf16>
      return %y : tensor<?x96xbf16>
    }
  }
}

// -----

hadal.program @cuda target <"cuda"> {
  hadal.executable @attend {
    func.func @body(%q: tensor<?x144xbf16>, %cache: tensor<?x64x80xbf16>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<?x96xbf16>) -> tensor<?x96xbf16> {
      // expected-error @+1 {{expected a weight in fragments, got 'tensor<3x32x64xbf16>' (run hadal-pack-parameters)}}
      %y = hadal.mla_attend_expanded %q, %cache, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32}
        : (tensor<?x144xbf16>, tensor<?x64x80xbf16>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xbf16>) -> tensor<?x96xbf16>
      return %y : tensor<?x96xbf16>
    }
  }
}
