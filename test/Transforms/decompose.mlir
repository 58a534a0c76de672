// Attention and experts become ops of one kernel each.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --mlir-print-debuginfo --mlir-print-local-scope --hadal-decompose | FileCheck %s

hadal.program @cpu target <"cpu"> {
  hadal.parameter @w_uk : tensor<3x32x64xbf16>
    sources [#hadal.source<0, "kv_b", offset = 0, length = 24576, tensor<192x64xbf16>>] select <group = 64, start = 0, count = 32>
  hadal.parameter @w_uv : tensor<3x32x64xbf16>

  // W_UK turns queries into latents, so it is read transposed: a parameter beside the stored one.
  // CHECK-LABEL: hadal.parameter @w_uk.t : tensor<3x64x32xbf16> sources [#hadal.source<0, "kv_b"
  // CHECK-SAME:    select <group = 64, start = 0, count = 32> transpose

  // CHECK-LABEL: func.func @absorbed
  // CHECK-SAME:    %[[Q:[^:]*]]: tensor<?x144xf32>
  // CHECK:         %[[UK:.*]] = hadal.param @w_uk.t
  // CHECK:         %[[L:.*]] = hadal.head_linear %[[Q]], %[[UK]] : {{.*}} -> tensor<?x192xf32> loc("attn.absorb_k")
  // CHECK:         %[[A:.*]] = hadal.mla_attend_absorbed %[[L]], %[[Q]]
  // CHECK-NOT:     hadal.when
  // CHECK-SAME:    loc("attn.absorbed")
  // CHECK:         hadal.head_linear %[[A]], %{{.*}} -> tensor<?x96xf32> loc("attn.absorb_v")
  // CHECK-NOT:     expanded
  func.func @absorbed(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xf32> {
    %uk = hadal.param @w_uk : tensor<3x32x64xbf16>
    %uv = hadal.param @w_uv : tensor<3x32x64xbf16>
    %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {form = #hadal.form<absorbed>, scale = 0.1 : f32}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32> loc("attn")
    return %y : tensor<?x96xf32>
  }

  // CHECK-LABEL: func.func @expanded
  // CHECK:         %[[E:.*]] = tensor.empty(%{{.*}}) : tensor<?x96xf32>
  // CHECK:         hadal.mla_attend_expanded {{.*}} outs(%[[E]]) {scale
  // CHECK-NOT:     absorbed
  func.func @expanded(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xf32> {
    %uk = hadal.param @w_uk : tensor<3x32x64xbf16>
    %uv = hadal.param @w_uv : tensor<3x32x64xbf16>
    %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {form = #hadal.form<expanded>, scale = 0.1 : f32}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }

  // Both, each for its sequences: absorbed attention fills all rows that expanded does not overwrite.
  // CHECK-LABEL: func.func @auto
  // CHECK:         hadal.head_linear {{.*}}hadal.when = #hadal.when<any_shorter, 171>
  // CHECK:         hadal.mla_attend_absorbed {{.*}}hadal.when = #hadal.when<any_shorter, 171>{{.*}}threshold = 171 : i64
  // CHECK:         %[[A:.*]] = hadal.head_linear {{.*}}hadal.when = #hadal.when<any_shorter, 171>
  // CHECK:         %[[Y:.*]] = hadal.mla_attend_expanded {{.*}} outs(%[[A]]) {hadal.when = #hadal.when<any_at_least, 171>{{.*}}threshold = 171 : i64
  // CHECK:         return %[[Y]]
  func.func @auto(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xf32> {
    %uk = hadal.param @w_uk : tensor<3x32x64xbf16>
    %uv = hadal.param @w_uv : tensor<3x32x64xbf16>
    %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {form = #hadal.form<auto>, scale = 0.1 : f32, threshold = 171 : i64}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }

  // CHECK-LABEL: func.func @experts
  // CHECK:         %[[G:.*]], %[[R:.*]] = hadal.moe_group %{{.*}} {experts = 16 : i64} : (tensor<?x4xi32>) -> (tensor<17xi32>, tensor<?xi32>) loc("moe.group")
  // CHECK:         %[[H:.*]] = hadal.moe_gate_up %{{.*}}, %[[G]], %[[R]], {{.*}}top_k = 4 : i64{{.*}} -> tensor<?x32xbf16> loc("moe.gate_up")
  // CHECK:         %[[D:.*]] = hadal.moe_down %[[H]], %[[G]], %[[R]], {{.*}} -> tensor<?x64xf32> loc("moe.down")
  // CHECK:         hadal.moe_combine %[[D]], %{{.*}} -> tensor<?x64xf32> loc("moe.combine")
  func.func @experts(%x: tensor<?x64xbf16>, %w: tensor<?x4xf32>, %ids: tensor<?x4xi32>, %g: tensor<16x32x64xbf16>, %d: tensor<16x64x32xbf16>) -> tensor<?x64xf32> {
    %y = hadal.moe_experts %x, %w, %ids, %g, %g, %d
      : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xbf16>) -> tensor<?x64xf32> loc("moe")
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // Blocks go with scales alone, so that layers of the same kernel share it.
  // CHECK-LABEL: func.func @mixed_experts
  // CHECK:         hadal.moe_gate_up {{.*}} {top_k = 4 : i64} : {{.*}} tensor<16x32x64xbf16>, tensor<16x32x64xf16>)
  // CHECK:         hadal.moe_down {{.*}} scale %{{.*}} {block = array<i64: 64, 32>}
  func.func @mixed_experts(%x: tensor<?x64xbf16>, %w: tensor<?x4xf32>, %ids: tensor<?x4xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xf16>, %d: tensor<16x64x32xf8E4M3FN>, %s: tensor<16x1x1xf32>) -> tensor<?x64xf32> {
    %y = hadal.moe_experts %x, %w, %ids, %g, %u, %d scales none, none, %s {block = array<i64: 64, 32>}
      : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xf16>, tensor<16x64x32xf8E4M3FN>, tensor<16x1x1xf32>) -> tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  hadal.parameter @u : tensor<3x32x64xbf16>
  func.func @unset(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xf32> {
    %u = hadal.param @u : tensor<3x32x64xbf16>
    // expected-error @+1 {{expected a form, got none (run hadal-select-attention-form)}}
    %y = hadal.mla_attention %q, %c, %u, %u, %i, %i, %i, %t {scale = 0.1 : f32}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }
}

// -----

hadal.program @cpu target <"cpu"> {
  // expected-error @+1 {{expected W_UK to be a hadal.param, got another value}}
  func.func @no_parameter(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %u: tensor<3x32x64xbf16>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xf32> {
    %y = hadal.mla_attention %q, %c, %u, %u, %i, %i, %i, %t {form = #hadal.form<absorbed>, scale = 0.1 : f32}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    return %y : tensor<?x96xf32>
  }
}

// -----

// Whatever else has the name, the transpose is the one that the pass makes, one for both readers.
hadal.program @cpu target <"cpu"> {
  hadal.parameter @w_uk : tensor<3x32x64xbf16>
    sources [#hadal.source<0, "kv_b", offset = 0, length = 24576, tensor<192x64xbf16>>] select <group = 64, start = 0, count = 32>
  hadal.parameter @w_uv : tensor<3x32x64xbf16>
  hadal.parameter @w_uk.t : tensor<3x64x32xbf16>
    sources [#hadal.source<0, "other", offset = 0, length = 24576, tensor<192x64xbf16>>] select <group = 64, start = 0, count = 32>
  plan.host_dim @w_uv.t is tokens
  // CHECK-LABEL: hadal.parameter @w_uk.t_0 : tensor<3x64x32xbf16> sources [#hadal.source<0, "kv_b"
  // CHECK-SAME:    transpose
  // CHECK:       hadal.parameter @w_uv.t_1 : tensor<3x64x32xbf16> transpose
  // CHECK-LABEL: func.func @names
  // CHECK:         %[[UK:.*]] = hadal.param @w_uk.t_0
  // CHECK:         hadal.head_linear %{{.*}}, %[[UK]]
  // CHECK:         %[[UK2:.*]] = hadal.param @w_uk.t_0
  // CHECK:         hadal.head_linear %{{.*}}, %[[UK2]]
  // CHECK:         %[[UV:.*]] = hadal.param @w_uv.t_1
  // CHECK:         hadal.head_linear %{{.*}}, %[[UV]]
  func.func @names(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> (tensor<?x96xf32>, tensor<?x96xf32>, tensor<?x96xf32>) {
    %uk = hadal.param @w_uk : tensor<3x32x64xbf16>
    %uv = hadal.param @w_uv : tensor<3x32x64xbf16>
    %x = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {form = #hadal.form<absorbed>, scale = 0.1 : f32}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    %y = hadal.mla_attention %q, %c, %uk, %uv, %i, %i, %i, %t {form = #hadal.form<absorbed>, scale = 0.2 : f32}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    %z = hadal.mla_attention %q, %c, %uv, %uv, %i, %i, %i, %t {form = #hadal.form<absorbed>, scale = 0.1 : f32}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    return %x, %y, %z : tensor<?x96xf32>, tensor<?x96xf32>, tensor<?x96xf32>
  }
}
