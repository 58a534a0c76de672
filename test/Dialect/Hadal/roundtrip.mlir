// Every op parses, prints and parses again to the same.
// RUN: hadal-opt %s --verify-roundtrip | FileCheck %s

module attributes {hadal.files = [#hadal.file<"model.safetensors", size = 1912016, header_hash = 1234>]} {
  // CHECK-LABEL: hadal.parameter @norm : tensor<192xbf16> sources [#hadal.source<0, "model.norm.weight", offset = 128, length = 384, tensor<192xbf16>>]
  hadal.parameter @norm : tensor<192xbf16>
    sources [#hadal.source<0, "model.norm.weight", offset = 128, length = 384, tensor<192xbf16>>]
  // CHECK: hadal.parameter @w_uk : tensor<2x16x4xbf16> sources {{.*}} select <group = 6, start = 0, count = 4> transpose
  hadal.parameter @w_uk : tensor<2x16x4xbf16>
    sources [#hadal.source<0, "kv_b_proj.weight", offset = 512, length = 384, tensor<12x16xbf16>>]
    select <group = 6, start = 0, count = 4> transpose
  // CHECK: hadal.parameter @cos : tensor<128x8xf32> table <component = cos
  hadal.parameter @cos : tensor<128x8xf32>
    table <component = cos, dim = 16, theta = 1.000000e+04 : f64, factor = 4.000000e+00 : f64, original_positions = 32, beta_fast = 3.200000e+01 : f64, beta_slow = 1.000000e+00 : f64, mscale = 1.000000e+00 : f64, truncate = true>
  // CHECK: hadal.state @cache.0 growing @pages : tensor<?x64x80xf32>
  plan.block_table @pages page_size 64
  hadal.state @cache.0 growing @pages : tensor<?x64x80xf32>

  // A state may hold rows of any shape and elements; a ring has as many as an expression of the session says.
  // CHECK: hadal.state @index growing @fours : tensor<?x16xi8>
  hadal.state @index growing @fours : tensor<?x16xi8>
  // CHECK: plan.block_table @fours page_size 16 tokens_per_row 4
  plan.block_table @fours page_size 16 tokens_per_row 4
  // CHECK: hadal.state @window ring : tensor<?x?x2x128xf8E4M3FN> rows {
  // CHECK:   %[[STEP:.*]] = plan.dim @step_tokens
  // CHECK:   plan.yield %[[STEP]]
  hadal.state @window ring : tensor<?x?x2x128xf8E4M3FN> rows {
    %step = plan.dim @step_tokens
    plan.yield %step
  }
  plan.host_dim @step_tokens is step_tokens
  plan.host_dim @tokens is tokens
  plan.host_dim @sequences is sequences
  plan.host_dim @slots is slots
  plan.host_dim @pages_per_slot is pages_per_slot of @pages

  // CHECK-LABEL: func.func @host
  func.func @host() -> index {
    // CHECK: hadal.host_dim @tokens
    %n = hadal.host_dim @tokens
    return %n : index
  }

  // CHECK-LABEL: func.func private @ports
  // CHECK-SAME:    tensor<?xi32> {hadal.port = #hadal.port<"offsets", sequence_offsets, [@sequences + 1]>}
  // CHECK-SAME:    tensor<?x?xi32> {hadal.port = #hadal.port<"table", block_table of @pages, [@slots, @pages_per_slot]>}
  // CHECK-SAME:    tensor<?x?xi8> {hadal.port = #hadal.port<"mask", value, [@tokens, ?]>}
  // CHECK-SAME:    tensor<?x8xf32> {hadal.port = #hadal.port<"hidden", kept>}
  // CHECK-SAME:    -> (tensor<?x8xf32> {hadal.port = #hadal.port<"hidden", kept>})
  // CHECK-SAME:    attributes {hadal.entry = #hadal.entry<decode>}
  func.func private @ports(tensor<?xi32> {hadal.port = #hadal.port<"offsets", sequence_offsets, [@sequences + 1]>},
                           tensor<?x?xi32> {hadal.port = #hadal.port<"table", block_table of @pages, [@slots, @pages_per_slot]>},
                           tensor<?x?xi8> {hadal.port = #hadal.port<"mask", value, [@tokens, ?]>},
                           tensor<?x8xf32> {hadal.port = #hadal.port<"hidden", kept>}) -> (tensor<?x8xf32> {hadal.port = #hadal.port<"hidden", kept>})
    attributes {hadal.entry = #hadal.entry<decode>}

  // CHECK-LABEL: func.func @core
  func.func @core(%tokens: tensor<?xi32>, %rows: tensor<?xi32>, %table: tensor<97x64xbf16>, %n: tensor<64xf32>,
                  %w: tensor<64x64xbf16>, %q: tensor<96x64xf8E4M3FN>, %s: tensor<1x1xf32>,
                  %cos: tensor<128x8xf32>, %sin: tensor<128x8xf32>, %h: tensor<4x8x16xbf16>) {
    // CHECK: hadal.embedding
    %x = hadal.embedding %tokens, %table : (tensor<?xi32>, tensor<97x64xbf16>) -> tensor<?x64xf32>
    // CHECK: hadal.rms_norm %{{.*}}, %{{.*}} {eps
    %a = hadal.rms_norm %x, %n {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xbf16>
    // CHECK: hadal.rms_norm %{{.*}}, %{{.*}} rows %{{.*}} {eps
    %b = hadal.rms_norm %x, %n rows %rows {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
    // CHECK: hadal.linear %{{.*}}, %{{.*}} :
    %c = hadal.linear %a, %w : (tensor<?x64xbf16>, tensor<64x64xbf16>) -> tensor<?x64xf32>
    // CHECK: hadal.linear %{{.*}}, %{{.*}} scale %{{.*}} {block = array<i64: 128, 128>}
    %d = hadal.linear %x, %q scale %s {block = array<i64: 128, 128>} : (tensor<?x64xf32>, tensor<96x64xf8E4M3FN>, tensor<1x1xf32>) -> tensor<?x96xf32>
    // CHECK: hadal.gated_linear
    %e = hadal.gated_linear %a, %w, %w : (tensor<?x64xbf16>, tensor<64x64xbf16>, tensor<64x64xbf16>) -> tensor<?x64xbf16>
    // CHECK: hadal.swiglu
    %f = hadal.swiglu %c, %c : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
    // CHECK: hadal.rope {{.*}}heads = 4 : i64, interleaved
    %g = hadal.rope %f, %tokens, %cos, %sin {heads = 4 : i64, interleaved} : (tensor<?x64xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<?x64xf32>
    // CHECK: hadal.gather_rows
    %i = hadal.gather_rows %g, %rows : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xf32>
    // CHECK: hadal.head_linear
    %j = hadal.head_linear %g, %h : (tensor<?x64xf32>, tensor<4x8x16xbf16>) -> tensor<?x32xf32>
    // CHECK: hadal.tap "hidden.0"
    hadal.tap "hidden.0", %x : tensor<?x64xf32>
    return
  }

  // CHECK-LABEL: func.func @mla
  func.func @mla(%q: tensor<?x144xf32>, %ql: tensor<?x192xf32>, %kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %sin: tensor<128x8xf32>,
                 %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %pos: tensor<?xi32>, %offs: tensor<?xi32>, %slots: tensor<?xi32>, %table: tensor<?x?xi32>) {
    // CHECK: %[[C:.*]] = hadal.state_read @cache.0
    %c = hadal.state_read @cache.0 : tensor<?x64x80xf32>
    // CHECK: %[[C1:.*]] = hadal.mla_append {{.*}} outs(%[[C]])
    %c1 = hadal.mla_append %kv, %w, %cos, %sin, %pos, %offs, %slots, %table outs(%c) {eps = 1.0e-6 : f32, interleaved}
      : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
    // CHECK: hadal.mla_attention {{.*}}form = #hadal.form<auto>
    %y = hadal.mla_attention %q, %c1, %uk, %uv, %pos, %offs, %slots, %table {form = #hadal.form<auto>, scale = 0.1 : f32, threshold = 171 : i64}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
    // CHECK: hadal.mla_attend_absorbed
    %a = hadal.mla_attend_absorbed %ql, %q, %c1, %pos, %offs, %slots, %table {heads = 3 : i64, scale = 0.1 : f32}
      : (tensor<?x192xf32>, tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xf32>
    // CHECK: hadal.mla_attend_expanded {{.*}} outs(
    %e = hadal.mla_attend_expanded %q, %c1, %uk, %uv, %pos, %offs, %slots, %table outs(%y) {scale = 0.1 : f32, threshold = 171 : i64}
      : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xf32>) -> tensor<?x96xf32>
    // CHECK: hadal.state_write @cache.0, %[[C1]]
    hadal.state_write @cache.0, %c1 : tensor<?x64x80xf32>
    return
  }

  // CHECK-LABEL: func.func @moe
  func.func @moe(%x: tensor<?x64xbf16>, %logits: tensor<?x16xf32>, %bias: tensor<16xf32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xbf16>, %d: tensor<16x64x32xbf16>, %q: tensor<16x32x64xf8E4M3FN>, %s: tensor<16x1x1xf32>, %res: tensor<?x64xf32>) {
    // CHECK: hadal.moe_route %{{.*}} bias %{{.*}}group_rule = #hadal.groups<top_two_sum>
    %w, %ids = hadal.moe_route %logits bias %bias {scoring = #hadal.scoring<sigmoid>, group_rule = #hadal.groups<top_two_sum>, n_group = 4 : i64, topk_group = 2 : i64, top_k = 4 : i64, normalise, scale = 2.5 : f32}
      : (tensor<?x16xf32>, tensor<16xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>)
    // CHECK: hadal.moe_experts
    %y = hadal.moe_experts %x, %w, %ids, %g, %u, %d
      : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xbf16>) -> tensor<?x64xf32>
    // CHECK: hadal.moe_experts {{.*}} scales none, %[[S:.*]], none {block
    %y2 = hadal.moe_experts %x, %w, %ids, %g, %q, %d scales none, %s, none {block = array<i64: 32, 64>}
      : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xf8E4M3FN>, tensor<16x64x32xbf16>, tensor<16x1x1xf32>) -> tensor<?x64xf32>
    // CHECK: hadal.moe_group
    %o, %r = hadal.moe_group %ids {experts = 16 : i64} : (tensor<?x4xi32>) -> (tensor<17xi32>, tensor<?xi32>)
    // CHECK: hadal.moe_gate_up
    %h = hadal.moe_gate_up %x, %o, %r, %g, %u {top_k = 4 : i64}
      : (tensor<?x64xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>) -> tensor<?x32xbf16>
    // CHECK: hadal.moe_gate_up {{.*}} scales %[[S]], none {block
    %h2 = hadal.moe_gate_up %x, %o, %r, %q, %u scales %s, none {top_k = 4 : i64, block = array<i64: 32, 64>}
      : (tensor<?x64xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x32x64xf8E4M3FN>, tensor<16x32x64xbf16>, tensor<16x1x1xf32>) -> tensor<?x32xbf16>
    // CHECK: hadal.moe_down
    %dn = hadal.moe_down %h, %o, %r, %d : (tensor<?x32xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x64x32xbf16>) -> tensor<?x64xf32>
    // CHECK: hadal.moe_combine %{{.*}}, %{{.*}} :
    %out = hadal.moe_combine %dn, %w : (tensor<?x64xf32>, tensor<?x4xf32>) -> tensor<?x64xf32>
    return
  }

  // CHECK-LABEL: hadal.executable @rms_norm_0
  hadal.executable @rms_norm_0 {
    func.func @body(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
      %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
      return %y : tensor<?x64xf32>
    }
    // CHECK: hadal.variant "x86-64-v3"
    hadal.variant "x86-64-v3" {
    }
  }
  // CHECK-LABEL: func.func @calls
  func.func @calls(%x: tensor<?x64xf32>, %w: tensor<64xf32>) -> tensor<?x64xf32> {
    // CHECK: hadal.dispatch @rms_norm_0(%{{.*}}, %{{.*}}) label "layers.0.input_norm"
    %y = hadal.dispatch @rms_norm_0(%x, %w) label "layers.0.input_norm" : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
    return %y : tensor<?x64xf32>
  }
}

// CHECK-LABEL: hadal.program @one target <"one"> {
hadal.program @one target <"one"> {
  // What the host knows is known in bodies too.
  plan.host_dim @context is max_context
  // CHECK: hadal.executable @empty_0
  hadal.executable @empty_0 {
    func.func @body() -> tensor<?xf32> {
      // CHECK: hadal.host_dim @context
      %n = hadal.host_dim @context
      %y = tensor.empty(%n) : tensor<?xf32>
      return %y : tensor<?xf32>
    }
  }
  // CHECK: hadal.parameter @w
  hadal.parameter @w : tensor<64xf32>
  // CHECK: hadal.state @c growing @pages
  plan.block_table @pages page_size 64
  hadal.state @c growing @pages : tensor<?x64x80xf32>
}
// CHECK-LABEL: hadal.program @two target <"two", levels = ["old", "new"]> {
hadal.program @two target <"two", levels = ["old", "new"]> {
}
// What binds nothing has a text too.
// CHECK-LABEL: hadal.executable @nothing interface <bindings = [], access = [], constants = []> {
hadal.executable @nothing interface <bindings = [], access = [], constants = []> {
  func.func @body() {
    return
  }
}
