// Every constraint of the core ops is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// embedding_c1: the result has the width of the table
func.func @embedding_c1(%t: tensor<?xi32>, %w: tensor<97x64xbf16>) {
  // expected-error @+1 {{expected the width of the result to be 64, got 65}}
  %y = hadal.embedding %t, %w : (tensor<?xi32>, tensor<97x64xbf16>) -> tensor<?x65xf32>
  return
}

// -----

// embedding_c2: as many result rows as tokens
func.func @embedding_c2(%t: tensor<3xi32>, %w: tensor<97x64xbf16>) {
  // expected-error @+1 {{expected the rows of the result to be 3, got 4}}
  %y = hadal.embedding %t, %w : (tensor<3xi32>, tensor<97x64xbf16>) -> tensor<4x64xf32>
  return
}

// -----

// rms_norm_c1: the weight has as many elements as a row
func.func @rms_norm_c1(%x: tensor<?x64xf32>, %w: tensor<63xf32>) {
  // expected-error @+1 {{expected the length of the weight to be 64, got 63}}
  %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<63xf32>) -> tensor<?x64xf32>
  return
}

// -----

// rms_norm_c2: the result has the width of x
func.func @rms_norm_c2(%x: tensor<?x64xf32>, %w: tensor<64xf32>) {
  // expected-error @+1 {{expected the width of the result to be 64, got 32}}
  %y = hadal.rms_norm %x, %w {eps = 1.0e-6 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x32xf32>
  return
}

// -----

// rms_norm_c3: as many result rows as x has, or as rows are given
func.func @rms_norm_c3(%x: tensor<5x64xf32>, %w: tensor<64xf32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{expected the rows of the result to be 2, got 5}}
  %y = hadal.rms_norm %x, %w rows %r {eps = 1.0e-6 : f32} : (tensor<5x64xf32>, tensor<64xf32>, tensor<2xi32>) -> tensor<5x64xf32>
  return
}

// -----

// rms_norm_c4: eps is positive and finite
func.func @rms_norm_c4(%x: tensor<?x64xf32>, %w: tensor<64xf32>) {
  // expected-error @+1 {{expected eps to be positive and finite, got 0}}
  %y = hadal.rms_norm %x, %w {eps = 0.0 : f32} : (tensor<?x64xf32>, tensor<64xf32>) -> tensor<?x64xf32>
  return
}

// -----

// linear_c1: the weight's last dimension is the width of x
func.func @linear_c1(%x: tensor<?x64xf32>, %w: tensor<96x32xbf16>) {
  // expected-error @+1 {{expected the last dimension of the weight to be 64, got 32}}
  %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x32xbf16>) -> tensor<?x96xf32>
  return
}

// -----

// linear_c2: the result's width is the weight's first dimension
func.func @linear_c2(%x: tensor<?x64xf32>, %w: tensor<96x64xbf16>) {
  // expected-error @+1 {{expected the width of the result to be 96, got 64}}
  %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xbf16>) -> tensor<?x64xf32>
  return
}

// -----

// linear_c3: as many result rows as x has
func.func @linear_c3(%x: tensor<2x64xf32>, %w: tensor<96x64xbf16>) {
  // expected-error @+1 {{expected the rows of the result to be 2, got 3}}
  %y = hadal.linear %x, %w : (tensor<2x64xf32>, tensor<96x64xbf16>) -> tensor<3x96xf32>
  return
}

// -----

// linear_c4: a scale is given exactly when the weight is f8E4M3FN
func.func @linear_c4(%x: tensor<?x64xf32>, %w: tensor<96x64xf8E4M3FN>) {
  // expected-error @+1 {{expected a scale exactly for weights of f8E4M3FN, got no scale for 'tensor<96x64xf8E4M3FN>'}}
  %y = hadal.linear %x, %w : (tensor<?x64xf32>, tensor<96x64xf8E4M3FN>) -> tensor<?x96xf32>
  return
}

// -----

// linear_c5: the scale's shape is that of the blocks of `block` over the weight
func.func @linear_c5(%x: tensor<?x64xf32>, %w: tensor<96x64xf8E4M3FN>, %s: tensor<2x1xf32>) {
  // expected-error @+1 {{expected a scale of shape [1, 1] for blocks of [128, 128], got [2, 1]}}
  %y = hadal.linear %x, %w scale %s {block = array<i64: 128, 128>} : (tensor<?x64xf32>, tensor<96x64xf8E4M3FN>, tensor<2x1xf32>) -> tensor<?x96xf32>
  return
}

// -----

// gated_linear_c1: gate and up have the same type
func.func @gated_linear_c1(%x: tensor<?x64xf32>, %g: tensor<96x64xbf16>, %u: tensor<96x64xf32>) {
  // expected-error @+1 {{expected the type of up to be 'tensor<96x64xbf16>', got 'tensor<96x64xf32>'}}
  %y = hadal.gated_linear %x, %g, %u : (tensor<?x64xf32>, tensor<96x64xbf16>, tensor<96x64xf32>) -> tensor<?x96xf32>
  return
}

// -----

// gated_linear_c2: the weights' last dimension is the width of x
func.func @gated_linear_c2(%x: tensor<?x64xf32>, %g: tensor<96x32xbf16>) {
  // expected-error @+1 {{expected the last dimension of the weights to be 64, got 32}}
  %y = hadal.gated_linear %x, %g, %g : (tensor<?x64xf32>, tensor<96x32xbf16>, tensor<96x32xbf16>) -> tensor<?x96xf32>
  return
}

// -----

// gated_linear_c3: the result's width is the weights' first dimension
func.func @gated_linear_c3(%x: tensor<?x64xf32>, %g: tensor<96x64xbf16>) {
  // expected-error @+1 {{expected the width of the result to be 96, got 64}}
  %y = hadal.gated_linear %x, %g, %g : (tensor<?x64xf32>, tensor<96x64xbf16>, tensor<96x64xbf16>) -> tensor<?x64xf32>
  return
}

// -----

// gated_linear_c4: scales are given exactly when the weights are f8E4M3FN
func.func @gated_linear_c4(%x: tensor<?x64xf32>, %g: tensor<96x64xbf16>, %s: tensor<1x1xf32>) {
  // expected-error @+1 {{expected a scale exactly for weights of f8E4M3FN, got a scale for 'tensor<96x64xbf16>'}}
  %y = hadal.gated_linear %x, %g, %g scales %s, %s {block = array<i64: 128, 128>} : (tensor<?x64xf32>, tensor<96x64xbf16>, tensor<96x64xbf16>, tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<?x96xf32>
  return
}

// -----

// gated_linear_c5: the scales' shape is that of the blocks of `block` over the weights
func.func @gated_linear_c5(%x: tensor<?x64xf32>, %g: tensor<96x64xf8E4M3FN>, %s: tensor<2x1xf32>, %t: tensor<2x2xf32>) {
  // expected-error @+1 {{expected a scale of shape [2, 1] for blocks of [64, 64], got [2, 2]}}
  %y = hadal.gated_linear %x, %g, %g scales %s, %t {block = array<i64: 64, 64>} : (tensor<?x64xf32>, tensor<96x64xf8E4M3FN>, tensor<96x64xf8E4M3FN>, tensor<2x1xf32>, tensor<2x2xf32>) -> tensor<?x96xf32>
  return
}

// -----

// gated_linear_c6: as many result rows as x has
func.func @gated_linear_c6(%x: tensor<2x64xf32>, %g: tensor<96x64xbf16>) {
  // expected-error @+1 {{expected the rows of the result to be 2, got 1}}
  %y = hadal.gated_linear %x, %g, %g : (tensor<2x64xf32>, tensor<96x64xbf16>, tensor<96x64xbf16>) -> tensor<1x96xf32>
  return
}

// -----

// swiglu_c1: gate and up have the same element type
func.func @swiglu_c1(%g: tensor<?x96xf32>, %u: tensor<?x96xbf16>) {
  // expected-error @+1 {{expected the type of up to be 'tensor<?x96xf32>', got 'tensor<?x96xbf16>'}}
  %y = hadal.swiglu %g, %u : (tensor<?x96xf32>, tensor<?x96xbf16>) -> tensor<?x96xf32>
  return
}

// -----

// rope_c1: the heads divide the width
func.func @rope_c1(%x: tensor<?x145xf32>, %p: tensor<?xi32>, %c: tensor<128x8xf32>) {
  // expected-error @+1 {{expected 3 heads to divide the width, got 145}}
  %y = hadal.rope %x, %p, %c, %c {heads = 3 : i64} : (tensor<?x145xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<?x145xf32>
  return
}

// -----

// rope_c2: a head has at least dr columns
func.func @rope_c2(%x: tensor<?x45xf32>, %p: tensor<?xi32>, %c: tensor<128x8xf32>) {
  // expected-error @+1 {{expected heads of at least 16 columns, got 15}}
  %y = hadal.rope %x, %p, %c, %c {heads = 3 : i64} : (tensor<?x45xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<?x45xf32>
  return
}

// -----

// rope_c3: cos and sin have the same type
func.func @rope_c3(%x: tensor<?x144xf32>, %p: tensor<?xi32>, %c: tensor<128x8xf32>, %s: tensor<64x8xf32>) {
  // expected-error @+1 {{expected the type of sin to be 'tensor<128x8xf32>', got 'tensor<64x8xf32>'}}
  %y = hadal.rope %x, %p, %c, %s {heads = 3 : i64} : (tensor<?x144xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<64x8xf32>) -> tensor<?x144xf32>
  return
}

// -----

// rope_c4: the result has the shape of x
func.func @rope_c4(%x: tensor<?x144xf32>, %p: tensor<?xi32>, %c: tensor<128x8xf32>) {
  // expected-error @+1 {{expected a result of the shape of x, got 'tensor<?x48xf32>' for 'tensor<?x144xf32>'}}
  %y = hadal.rope %x, %p, %c, %c {heads = 3 : i64} : (tensor<?x144xf32>, tensor<?xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<?x48xf32>
  return
}

// -----

// rope_c5: one position for each row
func.func @rope_c5(%x: tensor<4x144xf32>, %p: tensor<5xi32>, %c: tensor<128x8xf32>) {
  // expected-error @+1 {{expected the number of positions to be 4, got 5}}
  %y = hadal.rope %x, %p, %c, %c {heads = 3 : i64} : (tensor<4x144xf32>, tensor<5xi32>, tensor<128x8xf32>, tensor<128x8xf32>) -> tensor<4x144xf32>
  return
}

// -----

// gather_rows_c1: the result has the element type and the width of x
func.func @gather_rows_c1(%x: tensor<?x64xf32>, %r: tensor<?xi32>) {
  // expected-error @+1 {{expected a result of the element type and width of x, got 'tensor<?x64xbf16>' for 'tensor<?x64xf32>'}}
  %y = hadal.gather_rows %x, %r : (tensor<?x64xf32>, tensor<?xi32>) -> tensor<?x64xbf16>
  return
}

// -----

// gather_rows_c2: as many result rows as rows are given
func.func @gather_rows_c2(%x: tensor<5x64xf32>, %r: tensor<2xi32>) {
  // expected-error @+1 {{expected the rows of the result to be 2, got 5}}
  %y = hadal.gather_rows %x, %r : (tensor<5x64xf32>, tensor<2xi32>) -> tensor<5x64xf32>
  return
}

// -----

// head_linear_c1: the heads divide the width of x, and a head has at least `in` columns
func.func @head_linear_c1(%x: tensor<?x90xf32>, %w: tensor<3x64x32xbf16>) {
  // expected-error @+1 {{expected x to have 3 heads of at least 32 columns, got width 90}}
  %y = hadal.head_linear %x, %w : (tensor<?x90xf32>, tensor<3x64x32xbf16>) -> tensor<?x192xf32>
  return
}

// -----

// head_linear_c2: the result's width is heads times out
func.func @head_linear_c2(%x: tensor<?x144xf32>, %w: tensor<3x64x32xbf16>) {
  // expected-error @+1 {{expected the width of the result to be 192, got 96}}
  %y = hadal.head_linear %x, %w : (tensor<?x144xf32>, tensor<3x64x32xbf16>) -> tensor<?x96xf32>
  return
}

// -----

// head_linear_c3: as many result rows as x has
func.func @head_linear_c3(%x: tensor<2x144xf32>, %w: tensor<3x64x32xbf16>) {
  // expected-error @+1 {{expected the rows of the result to be 2, got 3}}
  %y = hadal.head_linear %x, %w : (tensor<2x144xf32>, tensor<3x64x32xbf16>) -> tensor<3x192xf32>
  return
}
