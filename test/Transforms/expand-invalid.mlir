// What cannot be expanded is refused.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-expand

func.func @packed(%x: tensor<?x64xf32>, %w: tensor<96x64xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x96xf32> {
  // expected-error @+1 {{expected operands without a layout where it is expanded, got 'tensor<96x64xf32, #hadal.panels<rows = 32, interleave = 1>>'}}
  %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xf32, #hadal.panels<rows = 32, interleave = 1>>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}

// -----

func.func @no_context(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %w: tensor<3x32x64xf32>, %i: tensor<?xi32>, %t: tensor<?x?xi32>) -> tensor<?x96xf32> {
  // expected-error @+1 {{expected a plan.host_dim of kind max_context, found none}}
  %y = hadal.mla_attention %q, %c, %w, %w, %i, %i, %i, %t {scale = 0.1 : f32}
    : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xf32>, tensor<3x32x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  return %y : tensor<?x96xf32>
}
