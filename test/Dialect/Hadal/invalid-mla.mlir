// Every constraint of the attention ops is enforced.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// mla_append_c1: the row of the cache is as wide as kv
func.func @mla_append_c1(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %sin: tensor<128x8xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x64x96xf32>) {
  // expected-error @+1 {{expected the row of the cache to be 80, got 96}}
  %y = hadal.mla_append %kv, %w, %cos, %sin, %p, %o, %s, %t outs(%c) {eps = 1.0e-6 : f32} : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x96xf32>) -> tensor<?x64x96xf32>
  return
}

// -----

// mla_append_c2: r plus dr is the width of kv
func.func @mla_append_c2(%kv: tensor<?x80xf32>, %w: tensor<32xf32>, %cos: tensor<128x8xf32>, %sin: tensor<128x8xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x64x80xf32>) {
  // expected-error @+1 {{expected the width of kv to be 48, got 80}}
  %y = hadal.mla_append %kv, %w, %cos, %sin, %p, %o, %s, %t outs(%c) {eps = 1.0e-6 : f32} : (tensor<?x80xf32>, tensor<32xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  return
}

// -----

// mla_append_c3: cos and sin have the same type
func.func @mla_append_c3(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %sin: tensor<64x8xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x64x80xf32>) {
  // expected-error @+1 {{expected the type of sin to be 'tensor<128x8xf32>', got 'tensor<64x8xf32>'}}
  %y = hadal.mla_append %kv, %w, %cos, %sin, %p, %o, %s, %t outs(%c) {eps = 1.0e-6 : f32} : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<64x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  return
}

// -----

// mla_append_c4: the result is of the cache's type
func.func @mla_append_c4(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %sin: tensor<128x8xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x64x80xf32>) {
  // expected-error @+1 {{expected the type of the result to be 'tensor<?x64x80xf32>', got 'tensor<?x64x80xbf16>'}}
  %y = hadal.mla_append %kv, %w, %cos, %sin, %p, %o, %s, %t outs(%c) {eps = 1.0e-6 : f32} : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xbf16>
  return
}

// -----

// mla_append_c5: eps is positive and finite
func.func @mla_append_c5(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %sin: tensor<128x8xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x64x80xf32>) {
  // expected-error @+1 {{expected eps to be positive and finite, got -}}
  %y = hadal.mla_append %kv, %w, %cos, %sin, %p, %o, %s, %t outs(%c) {eps = -1.0e-6 : f32} : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  return
}

// -----

// mla_attention_c1: w_uk and w_uv agree in heads and latent rank
func.func @mla_attention_c1(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x48xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected w_uv of 3 heads and latent rank 64, got 'tensor<3x32x48xbf16>'}}
  %y = hadal.mla_attention %q, %c, %uk, %uv, %p, %o, %s, %t {scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x48xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attention_c2: the query's width is heads times (dn + dr)
func.func @mla_attention_c2(%q: tensor<?x96xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected the width of the query to be 144, got 96}}
  %y = hadal.mla_attention %q, %c, %uk, %uv, %p, %o, %s, %t {scale = 0.1 : f32} : (tensor<?x96xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attention_c3: the cache's row is wider than the latent rank, by dr
func.func @mla_attention_c3(%q: tensor<?x144xf32>, %c: tensor<?x64x64xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected a cache row wider than the latent rank 64, got 64}}
  %y = hadal.mla_attention %q, %c, %uk, %uv, %p, %o, %s, %t {scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x64xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attention_c4: the result's width is heads times dv
func.func @mla_attention_c4(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected the width of the result to be 96, got 144}}
  %y = hadal.mla_attention %q, %c, %uk, %uv, %p, %o, %s, %t {scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x144xf32>
  return
}

// -----

// mla_attention_c5: a threshold is given exactly when the form is auto
func.func @mla_attention_c5(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected a threshold exactly for the form auto, got no threshold for auto}}
  %y = hadal.mla_attention %q, %c, %uk, %uv, %p, %o, %s, %t {form = #hadal.form<auto>, scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attention_c6: scale is positive and finite
func.func @mla_attention_c6(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected scale to be positive and finite, got}}
  %y = hadal.mla_attention %q, %c, %uk, %uv, %p, %o, %s, %t {scale = 0x7F800000 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attend_absorbed_c1: heads divide the widths of q_latent and q
func.func @mla_attend_absorbed_c1(%l: tensor<?x192xf32>, %q: tensor<?x145xf32>, %c: tensor<?x64x80xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected 3 heads to divide the widths, got 192 and 145}}
  %y = hadal.mla_attend_absorbed %l, %q, %c, %p, %o, %s, %t {heads = 3 : i64, scale = 0.1 : f32} : (tensor<?x192xf32>, tensor<?x145xf32>, tensor<?x64x80xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xf32>
  return
}

// -----

// mla_attend_absorbed_c2: the cache's row is wider than r, by at most the columns of a head of q
func.func @mla_attend_absorbed_c2(%l: tensor<?x192xf32>, %q: tensor<?x144xf32>, %c: tensor<?x64x64xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected a cache row of the latent rank 64 and at most 48 rope columns, got 64}}
  %y = hadal.mla_attend_absorbed %l, %q, %c, %p, %o, %s, %t {heads = 3 : i64, scale = 0.1 : f32} : (tensor<?x192xf32>, tensor<?x144xf32>, tensor<?x64x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xf32>
  return
}

// -----

// mla_attend_absorbed_c3: the result has the shape of q_latent
func.func @mla_attend_absorbed_c3(%l: tensor<?x192xf32>, %q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected a result of the shape of q_latent, got 'tensor<?x96xf32>' for 'tensor<?x192xf32>'}}
  %y = hadal.mla_attend_absorbed %l, %q, %c, %p, %o, %s, %t {heads = 3 : i64, scale = 0.1 : f32} : (tensor<?x192xf32>, tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attend_absorbed_c4: scale is positive and finite
func.func @mla_attend_absorbed_c4(%l: tensor<?x192xf32>, %q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected scale to be positive and finite, got 0}}
  %y = hadal.mla_attend_absorbed %l, %q, %c, %p, %o, %s, %t {heads = 3 : i64, scale = 0.0 : f32} : (tensor<?x192xf32>, tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xf32>
  return
}

// -----

// mla_attend_expanded_c1: w_uk and w_uv agree in heads and latent rank
func.func @mla_attend_expanded_c1(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<2x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<?x96xf32>) {
  // expected-error @+1 {{expected w_uv of 3 heads and latent rank 64, got 'tensor<2x32x64xbf16>'}}
  %y = hadal.mla_attend_expanded %q, %c, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<2x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attend_expanded_c2: the query's width is heads times (dn + dr)
func.func @mla_attend_expanded_c2(%q: tensor<?x96xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<?x96xf32>) {
  // expected-error @+1 {{expected the width of the query to be 144, got 96}}
  %y = hadal.mla_attend_expanded %q, %c, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32} : (tensor<?x96xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attend_expanded_c3: the cache's row is wider than the latent rank, by dr
func.func @mla_attend_expanded_c3(%q: tensor<?x144xf32>, %c: tensor<?x64x48xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<?x96xf32>) {
  // expected-error @+1 {{expected a cache row wider than the latent rank 64, got 48}}
  %y = hadal.mla_attend_expanded %q, %c, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x48xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attend_expanded_c4: the result's width is heads times dv
func.func @mla_attend_expanded_c4(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<?x144xf32>) {
  // expected-error @+1 {{expected the width of the result to be 96, got 144}}
  %y = hadal.mla_attend_expanded %q, %c, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x144xf32>) -> tensor<?x144xf32>
  return
}

// -----

// mla_attend_expanded_c5: the result is of the type of out
func.func @mla_attend_expanded_c5(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<?x96xbf16>) {
  // expected-error @+1 {{expected the type of the result to be 'tensor<?x96xbf16>', got 'tensor<?x96xf32>'}}
  %y = hadal.mla_attend_expanded %q, %c, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xbf16>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attend_expanded_c6: scale is positive and finite
func.func @mla_attend_expanded_c6(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<?x96xf32>) {
  // expected-error @+1 {{expected scale to be positive and finite, got nan}}
  %y = hadal.mla_attend_expanded %q, %c, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0x7FC00000 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_append_c6: one position for each row of kv, and one sequence offset more than slots
func.func @mla_append_c6(%kv: tensor<3x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %sin: tensor<128x8xf32>, %p: tensor<4xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %c: tensor<?x64x80xf32>) {
  // expected-error @+1 {{expected the number of positions to be 3, got 4}}
  %y = hadal.mla_append %kv, %w, %cos, %sin, %p, %o, %s, %t outs(%c) {eps = 1.0e-6 : f32} : (tensor<3x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<4xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  return
}

// -----

// mla_attention_c7: one position for each row of q, and one sequence offset more than slots
func.func @mla_attention_c7(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<2xi32>, %s: tensor<2xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected the number of sequence offsets to be 3, got 2}}
  %y = hadal.mla_attention %q, %c, %uk, %uv, %p, %o, %s, %t {scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<2xi32>, tensor<2xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attention_c8: as many result rows as q has
func.func @mla_attention_c8(%q: tensor<3x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected the rows of the result to be 3, got 4}}
  %y = hadal.mla_attention %q, %c, %uk, %uv, %p, %o, %s, %t {scale = 0.1 : f32} : (tensor<3x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<4x96xf32>
  return
}

// -----

// mla_attend_absorbed_c5: one position for each row of q, and one sequence offset more than slots
func.func @mla_attend_absorbed_c5(%l: tensor<?x192xf32>, %q: tensor<3x144xf32>, %c: tensor<?x64x80xf32>, %p: tensor<4xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected the number of positions to be 3, got 4}}
  %y = hadal.mla_attend_absorbed %l, %q, %c, %p, %o, %s, %t {heads = 3 : i64, scale = 0.1 : f32} : (tensor<?x192xf32>, tensor<3x144xf32>, tensor<?x64x80xf32>, tensor<4xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x192xf32>
  return
}

// -----

// mla_attend_absorbed_c6: as many rows of q_latent as q has
func.func @mla_attend_absorbed_c6(%l: tensor<4x192xf32>, %q: tensor<3x144xf32>, %c: tensor<?x64x80xf32>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>) {
  // expected-error @+1 {{expected the rows of q_latent to be 3, got 4}}
  %y = hadal.mla_attend_absorbed %l, %q, %c, %p, %o, %s, %t {heads = 3 : i64, scale = 0.1 : f32} : (tensor<4x192xf32>, tensor<3x144xf32>, tensor<?x64x80xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<4x192xf32>
  return
}

// -----

// mla_attend_expanded_c7: one position for each row of q, and one sequence offset more than slots
func.func @mla_attend_expanded_c7(%q: tensor<?x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<4xi32>, %s: tensor<2xi32>, %t: tensor<?x?xi32>, %out: tensor<?x96xf32>) {
  // expected-error @+1 {{expected the number of sequence offsets to be 3, got 4}}
  %y = hadal.mla_attend_expanded %q, %c, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32} : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<4xi32>, tensor<2xi32>, tensor<?x?xi32>, tensor<?x96xf32>) -> tensor<?x96xf32>
  return
}

// -----

// mla_attend_expanded_c8: as many result rows as q has
func.func @mla_attend_expanded_c8(%q: tensor<3x144xf32>, %c: tensor<?x64x80xf32>, %uk: tensor<3x32x64xbf16>, %uv: tensor<3x32x64xbf16>, %p: tensor<?xi32>, %o: tensor<?xi32>, %s: tensor<?xi32>, %t: tensor<?x?xi32>, %out: tensor<4x96xf32>) {
  // expected-error @+1 {{expected the rows of the result to be 3, got 4}}
  %y = hadal.mla_attend_expanded %q, %c, %uk, %uv, %p, %o, %s, %t outs(%out) {scale = 0.1 : f32} : (tensor<3x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xbf16>, tensor<3x32x64xbf16>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<4x96xf32>) -> tensor<4x96xf32>
  return
}
