// What the dialect says of modules, functions and ops of others is verified.
// RUN: hadal-opt %s --split-input-file --verify-diagnostics

// hadal_c1: an attribute of the dialect on another's op is one of these, on such an op, and of its type
// expected-error @+1 {{expected an attribute that the hadal dialect knows, got hadal.modle}}
module attributes {hadal.modle = "none"} {
}

// -----

// hadal_c1
// expected-error @+1 {{expected hadal.model on a module, got func.func}}
func.func private @f() attributes {hadal.model = "none"}

// -----

// hadal_c1
// expected-error @+1 {{expected hadal.model to be #hadal.model, got {layers = 1 : i64}}}
module attributes {hadal.model = {layers = 1 : i64}} {
}

// -----

// hadal_c1
// expected-error @+1 {{expected hadal.files to be a list of #hadal.file, got ["model.safetensors"]}}
module attributes {hadal.files = ["model.safetensors"]} {
}

// -----

// hadal_c1
// expected-error @+1 {{expected hadal.tokenizer to be #hadal.file, got "tokenizer.json"}}
module attributes {hadal.tokenizer = "tokenizer.json"} {
}

// -----

// hadal_c1
// expected-error @+1 {{expected hadal.checkpoint to be a string, got 1}}
module attributes {hadal.checkpoint = 1} {
}

// -----

// hadal_c1
// expected-error @+1 {{expected hadal.precision to be native or reference, got "fast"}}
module attributes {hadal.precision = "fast"} {
}

// -----

// hadal_c1
// expected-error @+1 {{expected hadal.attention to be auto, absorbed or expanded, got "unset"}}
module attributes {hadal.attention = "unset"} {
}

// -----

// hadal_c1
// expected-error @+1 {{expected hadal.alike to be a list of arrays of four numbers of i64, got [array<i64: 0, 0, 1>]}}
func.func @two_and_a_half(%x: tensor<?xf32>, %y: tensor<?xf32>) attributes {hadal.alike = [array<i64: 0, 0, 1>]} {
  return
}

// -----

// hadal_c1
// expected-error @+1 {{expected hadal.entry to be #hadal.entry, got "decode"}}
func.func private @f() attributes {hadal.entry = "decode"}

// -----

func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{expected hadal.when to be #hadal.when, got "always"}}
  %y = arith.negf %x {hadal.when = "always"} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// A field that there is not.
// expected-error @+1 {{duplicate or unknown struct parameter name: size}}
module attributes {hadal.model = #hadal.model<family = "none", size = 1>} {
}

// -----

// Fields that are missing.
// expected-error @+1 {{struct is missing required parameter: layers}}
module attributes {hadal.model = #hadal.model<family = "none">} {
}

// -----

// model_c1: layers, sizes and positions are from 1 to 4,294,967,295; vocab_size and max_positions at most 2,147,483,647
// expected-error @+1 {{expected heads from 1 to 4294967295, got 0}}
module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 64, vocab_size = 97, heads = 0, max_positions = 64, max_position_embeddings = 64, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>} {
}

// -----

// model_c1
// expected-error @+1 {{expected vocab_size from 1 to 2147483647, got 2147483648}}
module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 64, vocab_size = 2147483648, heads = 1, max_positions = 64, max_position_embeddings = 64, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>} {
}

// -----

// model_c1
// expected-error @+1 {{expected max_positions from 1 to 2147483647, got 4294967295}}
module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 64, vocab_size = 97, heads = 1, max_positions = 4294967295, max_position_embeddings = 64, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32>} {
}

// -----

// model_c4: parameters are not negative
// expected-error @+1 {{expected parameters that are not negative, got -5 in all, 0 active}}
module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 64, vocab_size = 97, heads = 1, max_positions = 64, max_position_embeddings = 64, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32, parameters_total = -5>} {
}

// -----

// model_c2: experts are not negative, and those of a token at most all
// expected-error @+1 {{expected experts that are not negative and at most all for a token, got 5 of 4}}
module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 64, vocab_size = 97, heads = 1, max_positions = 64, max_position_embeddings = 64, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32, experts = 4, experts_per_token = 5>} {
}

// -----

// model_c3: token ids are below vocab_size
// expected-error @+1 {{expected bos_token from -1 to 96, got 97}}
module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 64, vocab_size = 97, heads = 1, max_positions = 64, max_position_embeddings = 64, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32, bos_token = 97>} {
}

// -----

// model_c3
// expected-error @+1 {{expected eos_tokens from 0 to 96, got 97}}
module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 64, vocab_size = 97, heads = 1, max_positions = 64, max_position_embeddings = 64, kv_lora_rank = 64, qk_nope_head_dim = 32, qk_rope_head_dim = 16, v_head_dim = 32, eos_tokens = [1, 97]>} {
}
