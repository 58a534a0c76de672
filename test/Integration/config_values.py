# SPDX-License-Identifier: Apache-2.0
# What config_cases.py changes, and into what: a small configuration of every family, and the words of others.
YARN = {"factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 4, "beta_slow": 2, "mscale": 0.7,
        "mscale_all_dim": 0.9, "attention_factor": 1.25, "truncate": False}
# No value is the default of its class, and every difference shows in the logits.
COMMON = {
    "vocab_size": 24, "hidden_size": 16, "intermediate_size": 12, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "q_lora_rank": 12, "kv_lora_rank": 8, "qk_nope_head_dim": 6, "qk_rope_head_dim": 8,
    "v_head_dim": 5, "n_routed_experts": 8, "n_shared_experts": 3, "num_experts_per_tok": 2,
    "moe_intermediate_size": 5, "n_group": 4, "topk_group": 2, "rms_norm_eps": 0.03, "max_position_embeddings": 48,
    "hidden_act": "silu", "bos_token_id": 3, "eos_token_id": [4, 5], "tie_word_embeddings": False,
    "attention_bias": False, "routed_scaling_factor": 1.7, "first_k_dense_replace": 1, "moe_layer_freq": 1,
    "num_nextn_predict_layers": 1, "attention_dropout": 0.1, "initializer_range": 0.02, "pad_token_id": 2,
    "use_cache": True,
}
V3 = {**COMMON, "model_type": "deepseek_v3", "norm_topk_prob": True, "topk_method": "noaux_tc",
      "scoring_func": "sigmoid", "rope_interleave": True}
FP8 = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "weight_block_size": [8, 4]}
BASES = {
    "v2": {**COMMON, "model_type": "deepseek_v2", "norm_topk_prob": False, "topk_method": "group_limited_greedy",
           "scoring_func": "softmax", "rope_theta": 300.0, "rope_scaling": {"type": "yarn", **YARN},
           "torch_dtype": "bfloat16"},
    "v3": {**V3, "rope_theta": 300.0, "rope_scaling": {"type": "yarn", **YARN}, "torch_dtype": "bfloat16"},
    "v3-v5": {**V3, "rope_parameters": {"rope_type": "yarn", "rope_theta": 300.0, **YARN}, "dtype": "bfloat16",
              "head_dim": 8, "qk_head_dim": 14, "layer_types": ["full_attention", "full_attention"]},
    "kimi": {"model_type": "kimi_k25", "bos_token_id": 6, "eos_token_id": 7, "tie_word_embeddings": False,
             "text_config": {**V3, "model_type": "kimi_k2", "rope_theta": 300.0,
                             "rope_scaling": {"rope_type": "yarn", **YARN}, "quantization_config": FP8,
                             "torch_dtype": "bfloat16"}},
    "glm": {**{key: value for key, value in V3.items() if key not in ("first_k_dense_replace", "moe_layer_freq")},
            "model_type": "glm4_moe_lite", "mlp_layer_types": ["dense", "sparse"],
            "rope_parameters": {"rope_type": "default", "rope_theta": 300.0}, "dtype": "bfloat16"},
}

# What others call these keys.
SPELLINGS = {
    "num_experts_per_tok": ["num_experts_per_token", "moe_topk", "n_activated_experts"],
    "rms_norm_eps": ["norm_eps", "layer_norm_eps", "rms_norm_epsilon"],
    "n_group": ["n_groups", "n_expert_groups", "num_expert_group"],
    "topk_group": ["topk_groups", "n_limited_groups"],
    "routed_scaling_factor": ["route_scale", "router_scaling_factor"],
    "rope_theta": ["rope_base", "rotary_emb_base", "rope_freq_base"],
    "max_position_embeddings": ["max_seq_len", "n_positions"],
    "first_k_dense_replace": ["n_dense_layers", "num_dense_layers"],
    "norm_topk_prob": ["norm_topk", "moe_renormalize"],
    "n_shared_experts": ["num_shared_experts", "n_share_experts"],
    "n_routed_experts": ["num_experts", "num_local_experts", "num_routed_experts"],
    "moe_intermediate_size": ["moe_inter_dim", "expert_ffn_hidden_size"],
    "intermediate_size": ["inter_dim", "ffn_hidden_size"],
    "num_hidden_layers": ["n_layers", "num_layers"],
    "num_attention_heads": ["n_heads", "num_heads"],
    "hidden_size": ["dim", "d_model"],
    "scoring_func": ["score_func", "moe_router_activation_func"],
    "hidden_act": ["hidden_activation", "activation_function"],
    "rope_interleave": ["rope_interleaved", "rotary_interleaved"],
    "factor": ["scale", "scaling_factor", "rope_factor"],
    "original_max_position_embeddings": ["original_seq_len", "original_context_length"],
    "attention_factor": ["attn_factor"],
    "rope_scaling": ["rope_scale", "rope_config"],
    "rope_parameters": ["rope_params"],
    "quantization_config": ["quantisation_config", "quant_config"],
    "eos_token_id": ["eos_token_ids", "eos_id"],
}
# Keys that other readers honour: (in the RoPE block?, key, a value that changes what they compute, one that does not).
OTHERS = [
    (False, "use_mla", False, True), (False, "llama_4_scaling", {"beta": 0.1}, None),
    (False, "attention_bias", True, False), (False, "per_layer_config", {"0": {"rms_norm_eps": 1.0}}, {}),
    (False, "index_topk", 4, None), (False, "sliding_window", 4, None), (False, "logit_scale", 0.5, 1),
    (False, "partial_rotary_factor", 0.5, 1.0), (False, "use_qk_norm", True, False), (False, "swiglu_limit", 7.0, None),
    (True, "attn_factor", 1.5, 1.0), (True, "apply_yarn_scaling", False, True), (True, "alpha", 4.0, None),
    (True, "llama_4_scaling_beta", 0.1, 0), (True, "partial_rotary_factor", 0.5, 1.0), (True, "short_factor", [1.0], None),
]
SAME_VALUE = {  # other names of the value that is there
    "none": ("rope_type", "none"), "deepseek_yarn": ("rope_type", "deepseek_yarn"), "linear": ("rope_type", "linear"),
    "fp8": ("torch_dtype", "fp8"), "float8_e4m3fn": ("torch_dtype", "float8_e4m3fn"), "bf16": ("torch_dtype", "bf16"),
    "gready": ("topk_method", "gready"), "greedy": ("topk_method", "greedy"), "swish": ("hidden_act", "swish"),
}
