// Caches are updated in place, states that are read are written, and functions are what they say beside each other.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics --hadal-verify-model

// What an importer makes is accepted: one update for each state, written back.
plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
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
plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
func.func @f() {
  // expected-error @+1 {{expected a state that is read to be written too, found no hadal.state_write}}
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  return
}

// -----

plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
func.func @f() {
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  // expected-error @+1 {{expected state @c to be read once in a function}}
  %d = hadal.state_read @c : tensor<?x64x80xf32>
  hadal.state_write @c, %c : tensor<?x64x80xf32>
  return
}

// -----

plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
hadal.state @d growing @pages : tensor<?x64x80xf32>
func.func @f() {
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  %d = hadal.state_read @d : tensor<?x64x80xf32>
  // expected-error @+1 {{expected the value of state @d, updated in place, got that of another state, which would copy the cache}}
  hadal.state_write @d, %c : tensor<?x64x80xf32>
  hadal.state_write @c, %d : tensor<?x64x80xf32>
  return
}

// -----

plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
func.func @f(%x: tensor<?x64x80xf32>) {
  // expected-error @+1 {{expected the value of state @c, updated in place, got a value that is not a state's, which would copy the cache}}
  hadal.state_write @c, %x : tensor<?x64x80xf32>
  return
}

// -----

plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
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

plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
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

// What a region reads, its op reads.
plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
func.func @f(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %pages: tensor<?x?xi32>, %y: tensor<80xf32>) {
  %zero = arith.constant 0 : index
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  %c1 = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %pages outs(%c) {eps = 1.0e-6 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  // expected-error @+1 {{expected no use of a cache after its update, got one, which would copy it}}
  %z = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%y : tensor<80xf32>) {
  ^bb0(%out: f32):
    %column = linalg.index 0 : index
    %key = tensor.extract %c[%zero, %zero, %column] : tensor<?x64x80xf32>
    linalg.yield %key : f32
  } -> tensor<80xf32>
  hadal.state_write @c, %c1 : tensor<?x64x80xf32>
  return
}

// -----

// What is no cache may be the start of several results.
func.func @f(%x: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8xf32>
  %start = linalg.fill ins(%zero : f32) outs(%empty : tensor<8xf32>) -> tensor<8xf32>
  %a = linalg.add ins(%x, %x : tensor<8xf32>, tensor<8xf32>) outs(%start : tensor<8xf32>) -> tensor<8xf32>
  %b = linalg.mul ins(%x, %x : tensor<8xf32>, tensor<8xf32>) outs(%start : tensor<8xf32>) -> tensor<8xf32>
  return %a, %b : tensor<8xf32>, tensor<8xf32>
}

// -----

// expected-error @+1 {{expected an argument of the role tokens and a result of the role logits in an entry point of the role step, found none}}
func.func @forward(%tokens: tensor<?xi32> {hadal.port = #hadal.port<"tokens", tokens>}) -> tensor<?xi32> attributes {hadal.entry = #hadal.entry<step>} {
  return %tokens : tensor<?xi32>
}

// -----

func.func @one(%x: tensor<?x8xf32>, %t: tensor<?xi32> {hadal.port = #hadal.port<"tokens", tokens>}) -> (tensor<?x8xf32> {hadal.port = #hadal.port<"logits", logits>})
    attributes {hadal.entry = #hadal.entry<decode>} {
  return %x : tensor<?x8xf32>
}
// expected-error @+1 {{expected one entry point of the role decode, got another}}
func.func @two(%x: tensor<?x8xf32>, %t: tensor<?xi32> {hadal.port = #hadal.port<"tokens", tokens>}) -> (tensor<?x8xf32> {hadal.port = #hadal.port<"logits", logits>})
    attributes {hadal.entry = #hadal.entry<decode>} {
  return %x : tensor<?x8xf32>
}

// -----

// expected-error @+1 {{expected one argument 'x', got another}}
func.func @f(%x: tensor<8xf32> {hadal.port = #hadal.port<"x", value>}, %y: tensor<8xf32> {hadal.port = #hadal.port<"x", value>}) {
  return
}

// -----

// Values without a name have that of their position, which is taken here.
// expected-error @+1 {{expected one result '1', got another}}
func.func @f(%x: tensor<8xf32>) -> (tensor<8xf32> {hadal.port = #hadal.port<"1", value>}, tensor<8xf32>) {
  return %x, %x : tensor<8xf32>, tensor<8xf32>
}

// -----

// expected-error @+1 {{expected one argument of the role positions, got another}}
func.func @f(%x: tensor<?xi32> {hadal.port = #hadal.port<"x", positions>}, %y: tensor<?xi32> {hadal.port = #hadal.port<"y", positions>}) {
  return
}

// -----

// What was kept has been a result, here or elsewhere.
func.func @gives(%x: tensor<?x8xf32>) -> (tensor<?x8xf32> {hadal.port = #hadal.port<"hidden", kept>}) {
  return %x : tensor<?x8xf32>
}
func.func @takes(%x: tensor<?x8xf32> {hadal.port = #hadal.port<"hidden", kept>}) {
  return
}
// expected-error @+1 {{expected a kept result 'other' of 'tensor<?x8xf32>' of an entry point, found none}}
func.func @wants(%x: tensor<?x8xf32> {hadal.port = #hadal.port<"other", kept>}) {
  return
}

// -----

func.func @f(%x: tensor<?x8xf32>) -> (tensor<?x8xf32> {hadal.port = #hadal.port<"hidden", kept>}) {
  return %x : tensor<?x8xf32>
}
// expected-error @+1 {{expected the kept result 'hidden' of 'tensor<?x8xf32>', as elsewhere, got 'tensor<8xf32>'}}
func.func @g(%x: tensor<8xf32>) -> (tensor<8xf32> {hadal.port = #hadal.port<"hidden", kept>}) {
  return %x : tensor<8xf32>
}

// -----

// expected-error @+1 {{expected a function of one block}}
func.func private @elsewhere(tensor<?xi32>)

// -----

// What a caller gives, and weights, are not overwritten.
func.func @f(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %pages: tensor<?x?xi32>, %c: tensor<?x64x80xf32>) -> tensor<?x64x80xf32> {
  // expected-error @+1 {{expected no argument of the function as a destination, got one}}
  %c1 = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %pages outs(%c) {eps = 1.0e-6 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  return %c1 : tensor<?x64x80xf32>
}

// -----

hadal.parameter @c : tensor<4x64x80xf32>
func.func @f(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %pages: tensor<?x?xi32>) -> tensor<4x64x80xf32> {
  %c = hadal.param @c : tensor<4x64x80xf32>
  // expected-error @+1 {{expected no parameter as a destination, got one}}
  %c1 = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %pages outs(%c) {eps = 1.0e-6 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<4x64x80xf32>) -> tensor<4x64x80xf32>
  return %c1 : tensor<4x64x80xf32>
}

// -----

// Ops of other dialects are given copies of it.
func.func @f(%x: tensor<8xf32>, %out: tensor<8xf32>) -> tensor<8xf32> {
  %y = linalg.copy ins(%x : tensor<8xf32>) outs(%out : tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

// What an artifact can hold.
// expected-error @+1 {{expected argument '0' of rank 8 at most, got 'tensor<1x1x1x1x1x1x1x1x1xf32>'}}
func.func @f(%x: tensor<1x1x1x1x1x1x1x1x1xf32>) {
  return
}

// -----

// expected-error @+1 {{expected 64 arguments at most, got 65}}
func.func @f(%a0: i32, %a1: i32, %a2: i32, %a3: i32, %a4: i32, %a5: i32, %a6: i32, %a7: i32, %a8: i32, %a9: i32, %a10: i32, %a11: i32, %a12: i32, %a13: i32, %a14: i32, %a15: i32, %a16: i32, %a17: i32, %a18: i32, %a19: i32, %a20: i32, %a21: i32, %a22: i32, %a23: i32, %a24: i32, %a25: i32, %a26: i32, %a27: i32, %a28: i32, %a29: i32, %a30: i32, %a31: i32, %a32: i32, %a33: i32, %a34: i32, %a35: i32, %a36: i32, %a37: i32, %a38: i32, %a39: i32, %a40: i32, %a41: i32, %a42: i32, %a43: i32, %a44: i32, %a45: i32, %a46: i32, %a47: i32, %a48: i32, %a49: i32, %a50: i32, %a51: i32, %a52: i32, %a53: i32, %a54: i32, %a55: i32, %a56: i32, %a57: i32, %a58: i32, %a59: i32, %a60: i32, %a61: i32, %a62: i32, %a63: i32, %a64: i32) {
  return
}

// -----

// expected-error @+1 {{expected its name to be UTF-8 text, not empty and without NUL, got ''}}
func.func @""() {
  return
}

// -----

// Of a cache that is updated an extent may still be asked: nothing of it is read.
plan.block_table @pages page_size 64
hadal.state @c growing @pages : tensor<?x64x80xf32>
func.func @f(%kv: tensor<?x80xf32>, %w: tensor<64xf32>, %cos: tensor<128x8xf32>, %i: tensor<?xi32>, %pages: tensor<?x?xi32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c = hadal.state_read @c : tensor<?x64x80xf32>
  %c1 = hadal.mla_append %kv, %w, %cos, %cos, %i, %i, %i, %pages outs(%c) {eps = 1.0e-6 : f32}
    : (tensor<?x80xf32>, tensor<64xf32>, tensor<128x8xf32>, tensor<128x8xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?x?xi32>, tensor<?x64x80xf32>) -> tensor<?x64x80xf32>
  %n = tensor.dim %c, %c0 : tensor<?x64x80xf32>
  hadal.state_write @c, %c1 : tensor<?x64x80xf32>
  %y = tensor.empty(%n) : tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// A session has rows of a rotary table for the positions of a step, which it checks, and no others.
plan.host_dim @tokens is tokens
hadal.parameter @cos : tensor<5120x8xf32> table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 128, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64>
func.func @f(%x: tensor<?x16xf32> {hadal.port = #hadal.port<"x", value, [@tokens]>}, %p: tensor<?xi32> {hadal.port = #hadal.port<"p", positions, [@tokens]>}) -> (tensor<?x16xf32>, tensor<?x8xf32>) {
  %t = hadal.param @cos : tensor<5120x8xf32>
  %y = hadal.rope %x, %p, %t, %t {heads = 1 : i64} : (tensor<?x16xf32>, tensor<?xi32>, tensor<5120x8xf32>, tensor<5120x8xf32>) -> tensor<?x16xf32>
  %c0 = arith.constant 0 : index
  %n = tensor.dim %p, %c0 : tensor<?xi32>
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %z = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]} ins(%p : tensor<?xi32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%at: i32, %o: f32):
    %i = arith.index_cast %at : i32 to index
    %j = linalg.index 1 : index
    %v = tensor.extract %t[%i, %j] : tensor<5120x8xf32>
    linalg.yield %v : f32
  } -> tensor<?x8xf32>
  return %y, %z : tensor<?x16xf32>, tensor<?x8xf32>
}

// -----

hadal.parameter @cos : tensor<5120x8xf32> table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 128, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64>
func.func @f() -> tensor<5120x8xf32> {
  %t = hadal.param @cos : tensor<5120x8xf32>
  // expected-error @+1 {{'arith.addf' op expected a rotary table to be read at the positions of a step alone, since a session has no other rows of it}}
  %y = arith.addf %t, %t : tensor<5120x8xf32>
  return %y : tensor<5120x8xf32>
}

// -----

hadal.parameter @cos : tensor<5120x8xf32> table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 128, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64>
func.func @f(%x: tensor<?x16xf32>, %p: tensor<?xi32>) -> tensor<?x16xf32> {
  %t = hadal.param @cos : tensor<5120x8xf32>
  // expected-error @+1 {{'hadal.rope' op expected a rotary table to be read at the positions of a step alone}}
  %y = hadal.rope %x, %p, %t, %t {heads = 1 : i64} : (tensor<?x16xf32>, tensor<?xi32>, tensor<5120x8xf32>, tensor<5120x8xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// -----

// Positions that something was added to are not checked.
plan.host_dim @tokens is tokens
hadal.parameter @cos : tensor<5120x8xf32> table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 128, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64>
func.func @f(%x: tensor<?x16xf32>, %p: tensor<?xi32> {hadal.port = #hadal.port<"p", positions, [@tokens]>}) -> tensor<?x16xf32> {
  %t = hadal.param @cos : tensor<5120x8xf32>
  %q = arith.addi %p, %p : tensor<?xi32>
  // expected-error @+1 {{'hadal.rope' op expected a rotary table to be read at the positions of a step alone}}
  %y = hadal.rope %x, %q, %t, %t {heads = 1 : i64} : (tensor<?x16xf32>, tensor<?xi32>, tensor<5120x8xf32>, tensor<5120x8xf32>) -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// -----

hadal.parameter @cos : tensor<5120x8xf32> table <component = cos, dim = 16, theta = 1.0e+04 : f64, factor = 1.0 : f64, original_positions = 128, beta_fast = 32.0 : f64, beta_slow = 1.0 : f64, mscale = 1.0 : f64>
func.func @f() -> tensor<5120x8xf32> {
  %t = hadal.param @cos : tensor<5120x8xf32>
  // expected-error @+1 {{'func.return' op expected a rotary table to be read at the positions of a step alone}}
  return %t : tensor<5120x8xf32>
}
