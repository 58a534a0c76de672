// SPDX-License-Identifier: Apache-2.0
// Knows the keys of config.json that no reader honours: which change what the
// model computes, which do not matter, and which nobody here has heard of.
#include "Families.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace hadal {

// Collected from what the model code of transformers, of the checkpoints
// themselves, of vLLM, SGLang and llama.cpp asks a configuration for.
ArrayRef<RefusedKey> modelKeysOfOthers() {
  static const RefusedKey keys[] = {
      // Other tensors or another attention.
      {"attention_bias", "false"},
      {"mlp_bias", "false"},
      {"qk_layernorm", "false"},
      {"use_qk_norm", "false"},
      {"qk_norm", "false"},
      {"use_mla", "true"},
      {"attn_output_gate", "false"},
      {"is_encoder_decoder", "false"},
      {"add_cross_attention", "false"},
      {"pruned_heads", "{}"},
      {"per_layer_config", "{}"},
      {"index_topk", nullptr},
      {"index_n_heads", nullptr},
      {"index_head_dim", nullptr},
      {"compress_ratios", nullptr},
      {"sliding_window", nullptr},
      {"use_sliding_window", "false"},
      {"attention_chunk_size", nullptr},
      {"linear_attn_config", nullptr},
      {"attn_module_list_cfg", "[]"},
      // Other scales and limits.
      {"llama_4_scaling", nullptr},
      {"attn_temperature_tuning", "false"},
      {"attention_multiplier", "1"},
      {"residual_multiplier", "1"},
      {"embedding_multiplier", "1"},
      {"logits_scaling", "1"},
      {"logit_scale", "1"},
      {"query_pre_attn_scalar", nullptr},
      {"attn_logit_softcapping", nullptr},
      {"final_logit_softcapping", nullptr},
      {"scale_emb", "1"},
      {"scale_depth", nullptr},
      {"dim_model_base", nullptr},
      {"mla_scale_q_lora", "false"},
      {"mla_scale_kv_lora", "false"},
      {"swiglu_limit", nullptr},
      {"clip_qkv", nullptr},
      {"sandwich_norm", "false"},
      // Other routers.
      {"router_bias", "false"},
      {"zero_expert_num", "0"},
      {"num_hash_layers", "0"},
      {"hc_mult", "1"},
      // Other positions.
      {"no_rope_layers", "[]"},
      {"nope_layers", "[]"},
      {"no_rope_layer_interval", nullptr},
      {"position_embedding_type", "\"rope\""},
      {"rotary_dim", nullptr},
      {"rotary_pct", "1"},
      {"rope_ratio", "1"},
      {"rotary_emb_base", nullptr},
      {"alibi", "false"},
      // Other spellings of keys that are read.
      {"norm_eps", nullptr},
      {"layer_norm_eps", nullptr},
      {"layer_norm_epsilon", nullptr},
      {"hidden_activation", "\"silu\""},
      {"activation_function", "\"silu\""},
      {"rope_base", nullptr},
  };
  return keys;
}

ArrayRef<RefusedKey> ropeKeysOfOthers() {
  static const RefusedKey keys[] = {
      {"attn_factor", "1"},
      {"extrapolation_factor", "1"},
      {"apply_yarn_scaling", "true"},
      {"llama_4_scaling_beta", "0"},
      {"alpha", nullptr},
      {"beta", nullptr},
      {"low_freq_factor", nullptr},
      {"high_freq_factor", nullptr},
      {"short_factor", nullptr},
      {"long_factor", nullptr},
      {"short_mscale", nullptr},
      {"long_mscale", nullptr},
      {"mrope_section", nullptr},
      {"mrope_interleaved", "false"},
      {"full_attention", nullptr},
      {"sliding_attention", nullptr},
      {"main", nullptr},
  };
  return keys;
}

void refuseKeys(ConfigReader &reader, ArrayRef<RefusedKey> keys) {
  for (const RefusedKey &refused : keys) {
    const json::Value *value = reader.find(refused.key);
    if (!value)
      continue;
    if (refused.neutral) {
      if (*value == cantFail(json::parse(refused.neutral)))
        continue;
      reader.error(refused.key,
                   "expected " + Twine(refused.neutral) + ", got " + describeJson(*value));
    } else {
      reader.error(refused.key, "expected no such key in this family, got " + describeJson(*value));
    }
  }
}

// Keys that have no part in what a checkpoint computes, and why.
static ArrayRef<StringRef> harmlessKeys() {
  static const StringRef keys[] = {
      // Names of things, and of the programs that wrote the file.
      "architectures", "model_type", "_name_or_path", "name_or_path", "_commit_hash", "auto_map",
      "transformers_version", "tokenizer_class", "unsloth_fixed", "unsloth_version", "prefix",
      "task_specific_params", "custom_pipelines", "license",
      // Training alone reads them.
      "attention_dropout", "attn_dropout", "hidden_dropout", "embd_pdrop", "resid_pdrop",
      "initializer_range", "aux_loss_alpha", "seq_aux", "aux_loss_free", "router_aux_loss_coef",
      "output_router_logits", "router_jitter_noise", "gradient_checkpointing", "pretraining_tp",
      "moe_aux_loss_coeff", "finetuning_task", "mtp_loss_lambda",
      // How a program spreads or executes the model.
      "ep_size", "use_cache", "torchscript", "use_bfloat16", "_attn_implementation",
      "_attn_implementation_autoset", "_attn_implementation_internal", "attn_implementation",
      "_experts_implementation_internal", "experts_implementation", "chunk_size_feed_forward",
      "tf_legacy_loss", "is_decoder", "use_flash_attention", "max_window_layers", "expert_parallel",
      "moe_router_dtype", "cache_implementation", "cross_attention_hidden_size",
      "tie_encoder_decoder", "rescale_prefix_post_norm",
      // What a call returns.
      "return_dict", "output_attentions", "output_hidden_states", "output_scores",
      "return_dict_in_generate", "num_return_sequences",
      // Defaults of sampling, which generation_config.json states.
      "do_sample", "temperature", "top_k", "top_p", "typical_p", "min_p", "max_length",
      "min_length", "max_new_tokens", "early_stopping", "num_beams", "num_beam_groups",
      "diversity_penalty", "length_penalty", "repetition_penalty", "no_repeat_ngram_size",
      "encoder_no_repeat_ngram_size", "bad_words_ids", "suppress_tokens", "begin_suppress_tokens",
      "remove_invalid_values", "exponential_decay_length_penalty", "forced_bos_token_id",
      "forced_eos_token_id",
      // Ids that text alone uses, or another part of the model.
      "pad_token_id", "sep_token_id", "unk_token_id", "mask_token_id", "decoder_start_token_id",
      "image_token_id", "video_token_id", "image_token_index", "vision_start_token_id",
      "vision_end_token_id", "media_placeholder_token_id", "ignore_index",
      // Heads of classifiers.
      "id2label", "label2id", "num_labels", "problem_type", "classifier_dropout",
      // Parts beside the language model; their tensors are left out.
      "vision_config", "audio_config", "projector_config", "projection_hidden_size",
      "projection_layer_norm_eps", "use_unified_vision_chunk", "video_placeholder",
      // The tensors in the files decide, and what does not fit is reported
      // there.
      "quantization", "compression_config", "is_quantized"};
  return keys;
}

// In quantization_config, once quant_method is fp8.
static ArrayRef<StringRef> harmlessQuantizationKeys() {
  static const StringRef keys[] = {
      "scale_fmt", // rounds activations for 8-bit products, which are not used
      "version",         "producer",
      "provider",        "quantization_status",
      "dequantize",      "is_checkpoint_fp8_serialized",
      "kv_cache_scheme", "modules_to_convert"};
  return keys;
}

// A key beside text_config that the language model reads inside of it only.
static void reportOutside(const ConfigReader &top, const ConfigReader &text, StringRef key) {
  const json::Value &value = *top.json().get(key);
  const json::Value *inside = text.json().get(key);
  if (!inside)
    top.error(key, "expected it in text_config, got " + describeJson(value) + " beside it");
  else if (*inside != value)
    top.note(key, "not read, the value in text_config wins");
}

/// A key as a message can hold it: one that is no name is escaped and cut short.
static std::string printable(StringRef key) {
  constexpr size_t longest = 60;
  std::string text;
  raw_string_ostream(text).write_escaped(key.take_front(longest));
  return key.size() > longest ? text + "..." : text;
}

static void collectUnknown(const ConfigReader &reader, StringRef prefix,
                           ArrayRef<StringRef> harmless, std::vector<std::string> &unknown) {
  for (StringRef key : reader.unread())
    if (!is_contained(harmless, key) && reader.json().get(key)->kind() != json::Value::Null)
      unknown.push_back(prefix.str() + printable(key));
}

void reportUnread(const ConfigReader &top, const ConfigReader *text) {
  std::vector<std::string> unknown;
  if (text)
    for (StringRef key : top.unread())
      if (top.json().get(key)->kind() != json::Value::Null && text->wasRead(key) &&
          !is_contained(harmlessKeys(), key)) {
        reportOutside(top, *text, key);
        top.ignore({key});
      }
  collectUnknown(top, "", harmlessKeys(), unknown);
  const ConfigReader &model = text ? *text : top;
  if (text)
    collectUnknown(model, "text_config.", harmlessKeys(), unknown);
  for (auto [block, harmless] :
       {std::pair(StringRef("rope_scaling"), ArrayRef<StringRef>()),
        std::pair(StringRef("rope_parameters"), ArrayRef<StringRef>()),
        std::pair(StringRef("quantization_config"), harmlessQuantizationKeys())})
    if (std::optional<ConfigReader> inner = model.nested(block))
      collectUnknown(*inner, inner->where(), harmless, unknown);
  if (unknown.empty())
    return;
  // One note, and a short one unless all is wanted.
  size_t shown = top.sink().keepsAll() ? unknown.size() : 12;
  size_t more = unknown.size() > shown ? unknown.size() - shown : 0;
  unknown.resize(unknown.size() - more);
  top.note("", "not read, as nothing here knows what they mean: " + join(unknown, ", ") +
                   (more ? " and " + std::to_string(more) + " more, which --check=all names"
                         : std::string()));
}

} // namespace hadal
