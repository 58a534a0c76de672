// Caches are updated in place, states that are read are written, and step has the runtime's signature.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-verify-model

// What an importer makes is accepted: one update for each state, written back.
hadal.state @c : tensor<?x64x80xf32>
func.func @step(%tokens: tensor<?xi32>, %pos: tensor<?xi32>, %offs: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) -> tensor<?x80xf32> {
  %table = hadal.param @table : tensor<97x80xf32>
  %w = hadal.param @w : tensor<64xf32>
  %cos = hadal.param @cos : tensor<128x8xf32>
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  %kv = hadal.embedding %tokens, %table : (tensor<?xi32>, tensor<97x80xf32>) -> tensor<?x80xf32>
  %c1 = hadal.mla_append %kv, %w, %cos, %cos, %pos, %offs, %slots, %pages outs(%c) {eps = 1.0e-6 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  hadal.state_write @c, %c1 : tensor<?x64x80xf32>
  return %kv : tensor<?x80xf32>
}
hadal.parameter @table : tensor<97x80xf32>
hadal.parameter @w : tensor<64xf32>
hadal.parameter @cos : tensor<128x8xf32>

// -----

// A state that is read and not written would lose the step's tokens.
hadal.state @c : tensor<?x64x80xf32>
func.func @f() {
  // expected-error @+1 {{expected a state that is read to be written too, found no hadal.state_write}}
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  return
}

// -----

hadal.state @c : tensor<?x64x80xf32>
func.func @f() {
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  // expected-error @+1 {{expected state @c to be read once in a function}}
  %d = hadal.state_read @c : tensor<?x64x80xf32>
  hadal.state_write @c, %c : tensor<?x64x80xf32>
  return
}

// -----

hadal.state @c : tensor<?x64x80xf32>
hadal.state @d : tensor<?x64x80xf32>
func.func @f() {
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  %d = hadal.state_read @d : tensor<?x64x80xf32>
  // expected-error @+1 {{expected the value of state @d, updated in place, got that of another state, which would copy the cache}}
  hadal.state_write @d, %c : tensor<?x64x80xf32>
  hadal.state_write @c, %d : tensor<?x64x80xf32>
  return
}

// -----

hadal.state @c : tensor<?x64x80xf32>
func.func @f(%x: tensor<?x64x80xf32>) {
  // expected-error @+1 {{expected the value of state @c, updated in place, got a value that is not a state's, which would copy the cache}}
  hadal.state_write @c, %x : tensor<?x64x80xf32>
  return
}

// -----

hadal.state @c : tensor<?x64x80xf32>
func.func @f(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %pages: tensor<?x?xi32>) {
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  %c1 = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %pages outs(%c) {eps = 1.0e-6 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  // expected-error @+1 {{expected a cache to be updated once, got a second update of the same value, which would copy it}}
  %c2 = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %pages outs(%c) {eps = 1.0e-5 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  hadal.state_write @c, %c1 : tensor<?x64x80xf32>
  return
}

// -----

hadal.state @c : tensor<?x64x80xf32>
func.func @f(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %pages: tensor<?x?xi32>,
             %q: tensor<?x144xf32>, %u: tensor<3x32x64xf32>) {
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  %c1 = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %pages outs(%c) {eps = 1.0e-6 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  // expected-error @+1 {{expected no use of a cache after its update, got one, which would copy it}}
  %y = hadal.mla_attention %q, %c, %u, %u, %i, %i, %i, %pages {scale = 0.1 : f32}
    : (tensor<?x144xf32>, tensor<?x64x80xf32>, tensor<3x32x64xf32>, tensor<3x32x64xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>) -> tensor<?x96xf32>
  hadal.state_write @c, %c1 : tensor<?x64x80xf32>
  return
}

// -----

// expected-error @+1 {{expected five vectors and a matrix of i32 as arguments: tokens, positions, sequence_offsets, slots, logit_rows, block_table, got '(tensor<?xi32>) -> tensor<?x97xf32>'}}
func.func @step(%tokens: tensor<?xi32>) -> tensor<?x97xf32> {
  %y = tensor.empty() : tensor<4x97xf32>
  %z = tensor.cast %y : tensor<4x97xf32> to tensor<?x97xf32>
  return %z : tensor<?x97xf32>
}

// -----

// expected-error @+1 {{expected the logits as result, a matrix of f32, got}}
func.func @step(%tokens: tensor<?xi32>, %pos: tensor<?xi32>, %offs: tensor<?xi32>, %slots: tensor<?xi32>, %rows: tensor<?xi32>, %pages: tensor<?x?xi32>) -> tensor<?xi32> {
  return %tokens : tensor<?xi32>
}

// -----

// expected-error @+1 {{expected a function of one block}}
func.func private @elsewhere(tensor<?xi32>)
