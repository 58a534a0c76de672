// Every constraint of the mixture-of-experts ops is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// moe_route_c1: the bias has one element for each expert
func.func @moe_route_c1(%l: tensor<?x16xf32>, %b: tensor<15xf32>) {
  // expected-error @+1 {{expected the length of the bias to be 16, got 15}}
  %w, %ids = hadal.moe_route %l bias %b {scoring = #hadal.scoring<sigmoid>, top_k = 4 : i64, scale = 2.5 : f32} : (tensor<?x16xf32>, tensor<15xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>)
  return
}

// -----

// moe_route_c2: weights and ids have top_k columns
func.func @moe_route_c2(%l: tensor<?x16xf32>, %b: tensor<16xf32>) {
  // expected-error @+1 {{expected the columns of ids to be 4, got 3}}
  %w, %ids = hadal.moe_route %l bias %b {scoring = #hadal.scoring<sigmoid>, top_k = 4 : i64, scale = 2.5 : f32} : (tensor<?x16xf32>, tensor<16xf32>) -> (tensor<?x4xf32>, tensor<?x3xi32>)
  return
}

// -----

// moe_route_c3: n_group divides the experts, and topk_group is at most n_group
func.func @moe_route_c3(%l: tensor<?x16xf32>, %b: tensor<16xf32>) {
  // expected-error @+1 {{expected n_group to divide 16 experts and topk_group to be at most n_group, got 3 and 2}}
  %w, %ids = hadal.moe_route %l bias %b {scoring = #hadal.scoring<sigmoid>, top_k = 4 : i64, group_rule = #hadal.groups<max>, n_group = 3 : i64, topk_group = 2 : i64, scale = 2.5 : f32} : (tensor<?x16xf32>, tensor<16xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>)
  return
}

// -----

// moe_route_c4: top_k is at most the experts of the kept groups
func.func @moe_route_c4(%l: tensor<?x16xf32>, %b: tensor<16xf32>) {
  // expected-error @+1 {{expected top_k of at most 8 experts of the kept groups, got 9}}
  %w, %ids = hadal.moe_route %l bias %b {scoring = #hadal.scoring<sigmoid>, top_k = 9 : i64, group_rule = #hadal.groups<max>, n_group = 4 : i64, topk_group = 2 : i64, scale = 2.5 : f32} : (tensor<?x16xf32>, tensor<16xf32>) -> (tensor<?x9xf32>, tensor<?x9xi32>)
  return
}

// -----

// moe_route_c5: a group rule of none goes with n_group = 1
func.func @moe_route_c5(%l: tensor<?x16xf32>, %b: tensor<16xf32>) {
  // expected-error @+1 {{expected n_group to be 1 without a group rule, got 4}}
  %w, %ids = hadal.moe_route %l bias %b {scoring = #hadal.scoring<sigmoid>, top_k = 4 : i64, group_rule = #hadal.groups<none>, n_group = 4 : i64, topk_group = 2 : i64, scale = 2.5 : f32} : (tensor<?x16xf32>, tensor<16xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>)
  return
}

// -----

// moe_route_c6: the sum of the two best needs groups of at least two experts
func.func @moe_route_c6(%l: tensor<?x16xf32>, %b: tensor<16xf32>) {
  // expected-error @+1 {{expected groups of at least two experts for the sum of the two best, got one}}
  %w, %ids = hadal.moe_route %l bias %b {scoring = #hadal.scoring<sigmoid>, top_k = 4 : i64, group_rule = #hadal.groups<top_two_sum>, n_group = 16 : i64, topk_group = 4 : i64, scale = 2.5 : f32} : (tensor<?x16xf32>, tensor<16xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>)
  return
}

// -----

// moe_route_c7: scale is positive and finite
func.func @moe_route_c7(%l: tensor<?x16xf32>, %b: tensor<16xf32>) {
  // expected-error @+1 {{expected scale to be positive and finite, got -2.5}}
  %w, %ids = hadal.moe_route %l bias %b {scoring = #hadal.scoring<sigmoid>, top_k = 4 : i64, scale = -2.5 : f32} : (tensor<?x16xf32>, tensor<16xf32>) -> (tensor<?x4xf32>, tensor<?x4xi32>)
  return
}

// -----

// moe_experts_c1: gate and up have the same shape, and down is their transpose in shape
func.func @moe_experts_c1(%x: tensor<?x64xbf16>, %w: tensor<?x4xf32>, %ids: tensor<?x4xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xbf16>, %d: tensor<16x32x64xbf16>) {
  // expected-error @+1 {{expected up of the shape of gate and down of shape [16, 64, 32], got 'tensor<16x32x64xbf16>' and 'tensor<16x32x64xbf16>'}}
  %y = hadal.moe_experts %x, %w, %ids, %g, %u, %d : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>) -> tensor<?x64xf32>
  return
}

// -----

// moe_experts_c2: x and the result are as wide as the experts' input
func.func @moe_experts_c2(%x: tensor<?x96xbf16>, %w: tensor<?x4xf32>, %ids: tensor<?x4xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xbf16>, %d: tensor<16x64x32xbf16>) {
  // expected-error @+1 {{expected the width of x to be 64, got 96}}
  %y = hadal.moe_experts %x, %w, %ids, %g, %u, %d : (tensor<?x96xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xbf16>) -> tensor<?x64xf32>
  return
}

// -----

// moe_experts_c3: weights and ids have the same shape
func.func @moe_experts_c3(%x: tensor<?x64xbf16>, %w: tensor<?x4xf32>, %ids: tensor<?x3xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xbf16>, %d: tensor<16x64x32xbf16>) {
  // expected-error @+1 {{expected the columns of ids to be 4, got 3}}
  %y = hadal.moe_experts %x, %w, %ids, %g, %u, %d : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x3xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xbf16>) -> tensor<?x64xf32>
  return
}

// -----

// moe_experts_c3
func.func @moe_experts_c3_rows(%x: tensor<?x64xbf16>, %w: tensor<5x4xf32>, %ids: tensor<6x4xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xbf16>, %d: tensor<16x64x32xbf16>) {
  // expected-error @+1 {{expected the rows of ids to be 5, got 6}}
  %y = hadal.moe_experts %x, %w, %ids, %g, %u, %d : (tensor<?x64xbf16>, tensor<5x4xf32>, tensor<6x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xbf16>) -> tensor<?x64xf32>
  return
}

// -----

// moe_experts_c4: a scale is given exactly for each weight of f8E4M3FN
func.func @moe_experts_c4(%x: tensor<?x64xbf16>, %w: tensor<?x4xf32>, %ids: tensor<?x4xi32>, %g: tensor<16x32x64xf8E4M3FN>, %u: tensor<16x32x64xf8E4M3FN>, %d: tensor<16x64x32xf8E4M3FN>) {
  // expected-error @+1 {{expected a scale exactly for weights of f8E4M3FN, got no scale for 'tensor<16x32x64xf8E4M3FN>'}}
  %y = hadal.moe_experts %x, %w, %ids, %g, %u, %d : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xf8E4M3FN>, tensor<16x32x64xf8E4M3FN>, tensor<16x64x32xf8E4M3FN>) -> tensor<?x64xf32>
  return
}

// -----

// moe_experts_c5: scales have the shape of the blocks of `block` over the experts
func.func @moe_experts_c5(%x: tensor<?x64xbf16>, %w: tensor<?x4xf32>, %ids: tensor<?x4xi32>, %g: tensor<16x32x64xf8E4M3FN>, %u: tensor<16x32x64xf8E4M3FN>, %d: tensor<16x64x32xf8E4M3FN>, %gs: tensor<16x1x2xf32>, %us: tensor<16x1x2xf32>, %ds: tensor<16x1x1xf32>) {
  // expected-error @+1 {{expected a scale of shape [16, 2, 1] for blocks of [32, 32], got [16, 1, 1]}}
  %y = hadal.moe_experts %x, %w, %ids, %g, %u, %d scales %gs, %us, %ds {block = array<i64: 32, 32>} : (tensor<?x64xbf16>, tensor<?x4xf32>, tensor<?x4xi32>, tensor<16x32x64xf8E4M3FN>, tensor<16x32x64xf8E4M3FN>, tensor<16x64x32xf8E4M3FN>, tensor<16x1x2xf32>, tensor<16x1x2xf32>, tensor<16x1x1xf32>) -> tensor<?x64xf32>
  return
}

// -----

// moe_group_c1: offsets has one element more than there are experts
func.func @moe_group_c1(%ids: tensor<?x4xi32>) {
  // expected-error @+1 {{expected the length of offsets to be 17, got 16}}
  %o, %r = hadal.moe_group %ids {experts = 16 : i64} : (tensor<?x4xi32>) -> (tensor<16xi32>, tensor<?xi32>)
  return
}

// -----

// moe_gate_up_c1: gate and up have the same shape
func.func @moe_gate_up_c1(%x: tensor<?x64xbf16>, %o: tensor<17xi32>, %r: tensor<?xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x48x64xf32>) {
  // expected-error @+1 {{expected up of the shape of gate, got 'tensor<16x48x64xf32>' and 'tensor<16x32x64xbf16>'}}
  %y = hadal.moe_gate_up %x, %o, %r, %g, %u {top_k = 4 : i64} : (tensor<?x64xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x32x64xbf16>, tensor<16x48x64xf32>) -> tensor<?x32xbf16>
  return
}

// -----

// moe_gate_up_c2: x is as wide as the experts' input, the result as their output
func.func @moe_gate_up_c2(%x: tensor<?x64xbf16>, %o: tensor<17xi32>, %r: tensor<?xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xbf16>) {
  // expected-error @+1 {{expected the width of the result to be 32, got 64}}
  %y = hadal.moe_gate_up %x, %o, %r, %g, %u {top_k = 4 : i64} : (tensor<?x64xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>) -> tensor<?x64xbf16>
  return
}

// -----

// moe_gate_up_c3: offsets has one element more than there are experts
func.func @moe_gate_up_c3(%x: tensor<?x64xbf16>, %o: tensor<16xi32>, %r: tensor<?xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xbf16>) {
  // expected-error @+1 {{expected the length of offsets to be 17, got 16}}
  %y = hadal.moe_gate_up %x, %o, %r, %g, %u {top_k = 4 : i64} : (tensor<?x64xbf16>, tensor<16xi32>, tensor<?xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>) -> tensor<?x32xbf16>
  return
}

// -----

// moe_gate_up_c4: a scale is given exactly for each of gate and up that is f8E4M3FN
func.func @moe_gate_up_c4(%x: tensor<?x64xbf16>, %o: tensor<17xi32>, %r: tensor<?xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xf8E4M3FN>, %s: tensor<16x1x1xf32>) {
  // expected-error @+1 {{expected a scale exactly for weights of f8E4M3FN, got a scale for 'tensor<16x32x64xbf16>'}}
  %y = hadal.moe_gate_up %x, %o, %r, %g, %u scales %s, none {top_k = 4 : i64} : (tensor<?x64xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xf8E4M3FN>, tensor<16x1x1xf32>) -> tensor<?x32xbf16>
  return
}

// -----

// moe_down_c1: h is as wide as the experts' input, the result as their output
func.func @moe_down_c1(%h: tensor<?x64xbf16>, %o: tensor<17xi32>, %r: tensor<?xi32>, %d: tensor<16x64x32xbf16>) {
  // expected-error @+1 {{expected the width of h to be 32, got 64}}
  %y = hadal.moe_down %h, %o, %r, %d : (tensor<?x64xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x64x32xbf16>) -> tensor<?x64xf32>
  return
}

// -----

// moe_down_c2: offsets has one element more than there are experts
func.func @moe_down_c2(%h: tensor<?x32xbf16>, %o: tensor<18xi32>, %r: tensor<?xi32>, %d: tensor<16x64x32xbf16>) {
  // expected-error @+1 {{expected the length of offsets to be 17, got 18}}
  %y = hadal.moe_down %h, %o, %r, %d : (tensor<?x32xbf16>, tensor<18xi32>, tensor<?xi32>, tensor<16x64x32xbf16>) -> tensor<?x64xf32>
  return
}

// -----

// moe_down_c3: a scale is given exactly when the experts are f8E4M3FN
func.func @moe_down_c3(%h: tensor<?x32xbf16>, %o: tensor<17xi32>, %r: tensor<?xi32>, %d: tensor<16x64x32xf8E4M3FN>) {
  // expected-error @+1 {{expected a scale exactly for weights of f8E4M3FN, got no scale for 'tensor<16x64x32xf8E4M3FN>'}}
  %y = hadal.moe_down %h, %o, %r, %d : (tensor<?x32xbf16>, tensor<17xi32>, tensor<?xi32>, tensor<16x64x32xf8E4M3FN>) -> tensor<?x64xf32>
  return
}

// -----

// moe_combine_c1: y and the result have the same width
func.func @moe_combine_c1(%y: tensor<?x64xf32>, %w: tensor<?x4xf32>) {
  // expected-error @+1 {{expected the width of the result to be 64, got 32}}
  %z = hadal.moe_combine %y, %w : (tensor<?x64xf32>, tensor<?x4xf32>) -> tensor<?x32xf32>
  return
}

// -----

// moe_combine_c2: as many result rows as weights
func.func @moe_combine_c2(%y: tensor<8x64xf32>, %w: tensor<2x4xf32>) {
  // expected-error @+1 {{expected the rows of the result to be 2, got 8}}
  %z = hadal.moe_combine %y, %w : (tensor<8x64xf32>, tensor<2x4xf32>) -> tensor<8x64xf32>
  return
}

// -----

// moe_route_c8: as many rows of weights and ids as logits has
func.func @moe_route_c8(%l: tensor<3x16xf32>) {
  // expected-error @+1 {{expected the rows of ids to be 3, got 4}}
  %w, %i = hadal.moe_route %l {scoring = #hadal.scoring<softmax>, top_k = 4 : i64, scale = 1.0 : f32} : (tensor<3x16xf32>) -> (tensor<3x4xf32>, tensor<4x4xi32>)
  return
}

// -----

// moe_experts_c6: as many rows of weights and the result as x has
func.func @moe_experts_c6(%x: tensor<3x64xbf16>, %w: tensor<3x4xf32>, %i: tensor<3x4xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xbf16>, %d: tensor<16x64x32xbf16>) {
  // expected-error @+1 {{expected the rows of the result to be 3, got 4}}
  %y = hadal.moe_experts %x, %w, %i, %g, %u, %d : (tensor<3x64xbf16>, tensor<3x4xf32>, tensor<3x4xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>, tensor<16x64x32xbf16>) -> tensor<4x64xf32>
  return
}

// -----

// moe_group_c2: as many rows as ids has elements
func.func @moe_group_c2(%i: tensor<3x4xi32>) {
  // expected-error @+1 {{expected the length of rows to be 12, got 3}}
  %o, %r = hadal.moe_group %i {experts = 16 : i64} : (tensor<3x4xi32>) -> (tensor<17xi32>, tensor<3xi32>)
  return
}

// -----

// moe_gate_up_c5: as many result rows as rows are given
func.func @moe_gate_up_c5(%x: tensor<3x64xbf16>, %o: tensor<17xi32>, %r: tensor<12xi32>, %g: tensor<16x32x64xbf16>, %u: tensor<16x32x64xbf16>) {
  // expected-error @+1 {{expected the rows of the result to be 12, got 3}}
  %h = hadal.moe_gate_up %x, %o, %r, %g, %u {top_k = 4 : i64} : (tensor<3x64xbf16>, tensor<17xi32>, tensor<12xi32>, tensor<16x32x64xbf16>, tensor<16x32x64xbf16>) -> tensor<3x32xbf16>
  return
}

// -----

// moe_down_c4: as many rows of h and the result as rows are given
func.func @moe_down_c4(%h: tensor<12x32xbf16>, %o: tensor<17xi32>, %r: tensor<12xi32>, %d: tensor<16x64x32xbf16>) {
  // expected-error @+1 {{expected the rows of the result to be 12, got 3}}
  %y = hadal.moe_down %h, %o, %r, %d : (tensor<12x32xbf16>, tensor<17xi32>, tensor<12xi32>, tensor<16x64x32xbf16>) -> tensor<3x64xf32>
  return
}

// -----

// moe_combine_c3: as many rows of y as weights has elements
func.func @moe_combine_c3(%y: tensor<3x64xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+1 {{expected the rows of y to be 12, got 3}}
  %z = hadal.moe_combine %y, %w : (tensor<3x64xf32>, tensor<3x4xf32>) -> tensor<3x64xf32>
  return
}
