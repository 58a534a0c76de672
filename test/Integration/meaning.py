# SPDX-License-Identifier: Apache-2.0
# What a config.json means, written from transformers' configuration classes; shares nothing with the importer.
#
# Config(raw) has every fact that a forward pass needs. Where transformers cannot run a configuration the model code
# that DeepSeek published decides; what neither runs, or Hadal's documents exclude, raises Refused with the key.
from rope import MISSING, YARN_KEYS, Refused, Rope, is_number, is_whole

# The defaults of DeepseekV2Config, DeepseekV3Config and Glm4MoeLiteConfig.
V3 = {
    "intermediate_size": 18432, "moe_intermediate_size": 2048, "n_shared_experts": 1, "n_routed_experts": 256,
    "routed_scaling_factor": 2.5, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64, "v_head_dim": 128,
    "qk_nope_head_dim": 128, "n_group": 8, "topk_group": 4, "num_experts_per_tok": 8, "first_k_dense_replace": 3,
    "norm_topk_prob": True, "max_position_embeddings": 4096, "rms_norm_eps": 1e-6, "bos_token_id": 0, "eos_token_id": 1,
}
DEFAULTS = {
    "deepseek_v2": {
        "intermediate_size": 11008, "moe_intermediate_size": 1407, "n_shared_experts": 2, "n_routed_experts": 64,
        "routed_scaling_factor": 1.0, "kv_lora_rank": 512, "q_lora_rank": 1536, "qk_rope_head_dim": 64,
        "v_head_dim": 128, "qk_nope_head_dim": 128, "first_k_dense_replace": 0, "norm_topk_prob": False,
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-6, "bos_token_id": 1, "eos_token_id": 2,
    },
    "deepseek_v3": V3,
    "kimi_k2": V3,  # a kimi_k2 inside of kimi_k25 is read as deepseek_v3
    "glm4_moe_lite": {
        "intermediate_size": 10240, "moe_intermediate_size": 1536, "n_shared_experts": 1, "n_routed_experts": 64,
        "routed_scaling_factor": 1.8, "kv_lora_rank": 512, "q_lora_rank": 768, "qk_rope_head_dim": 64,
        "v_head_dim": 256, "qk_nope_head_dim": 192, "n_group": 1, "topk_group": 1, "num_experts_per_tok": 4,
        "first_k_dense_replace": 1, "norm_topk_prob": True, "max_position_embeddings": 202752, "rms_norm_eps": 1e-5,
        "bos_token_id": 0, "eos_token_id": 1,
    },
}
# What the whole of a multimodal checkpoint states counts for its language model.
OF_CHECKPOINT = ("quantization_config", "tie_word_embeddings", "bos_token_id", "eos_token_id", "dtype", "torch_dtype")


def same(a, b):
    return a == b and isinstance(a, bool) == isinstance(b, bool)


class Config:
    """The language model of a config.json."""

    def __init__(self, raw):
        inner = raw.get("text_config")
        self.nested = isinstance(inner, dict)
        if inner is not None and not self.nested:
            raise Refused("text_config")
        self.text = dict(inner if self.nested else raw)
        if self.nested:
            for key in OF_CHECKPOINT:
                if raw.get(key) is not None:
                    self.text[key] = raw[key]
        self.family = self.text.get("model_type")
        if not isinstance(self.family, str) or self.family not in DEFAULTS:
            raise Refused("model_type")
        self.defaults = DEFAULTS[self.family]
        self.glm, self.v2 = self.family == "glm4_moe_lite", self.family == "deepseek_v2"
        self.read_sizes()
        self.read_layers()
        if any(self.sparse):
            self.read_router()
        self.position = Rope(self.text, self.rope, self.positions)
        self.read_interleaving()
        self.read_storage()
        self.read_tokens()
        for key in raw if self.nested else ():
            # Only inside does the language model look for its own keys.
            if raw[key] is not None and key in OWN_KEYS and key not in inner:
                raise Refused(key)

    # ---- Values by type

    def value(self, key, null=MISSING):
        """The value or the default; null is refused where it has no meaning of its own."""
        value = self.text.get(key, self.defaults.get(key, MISSING))
        if value is MISSING or (value is None and null is MISSING):
            raise Refused(key)
        return null if value is None else value

    def whole(self, key, least=1, null=MISSING):
        value = self.value(key, null)
        # Beyond this a number is a damaged file.
        if value is not null and not (is_whole(value) and least <= value < 1 << 31):
            raise Refused(key)
        return value if value is null else int(value)

    def number(self, key, most):
        value = self.value(key)
        if not is_number(value) or not 0 < value <= most:
            raise Refused(key)
        return value

    def flag(self, key, absent, null=MISSING):
        value = self.text.get(key, absent)
        if value is None:
            value = null
        if not isinstance(value, bool):
            raise Refused(key)
        return value

    def expect(self, key, *values):
        """A key that only says what is so anyway."""
        if key in self.text and not any(same(self.text[key], value) for value in values):
            raise Refused(key)

    # ---- Parts

    def read_sizes(self):
        self.vocab, self.hidden = self.whole("vocab_size"), self.whole("hidden_size")
        self.layers, self.heads = self.whole("num_hidden_layers"), self.whole("num_attention_heads")
        if self.layers > 4096:
            raise Refused("num_hidden_layers")
        self.inner = self.whole("intermediate_size")
        self.q_rank, self.kv_rank = self.whole("q_lora_rank", null=None), self.whole("kv_lora_rank")
        self.nope, self.rope = self.whole("qk_nope_head_dim"), self.whole("qk_rope_head_dim")
        self.value_dim = self.whole("v_head_dim")
        if self.rope % 2:
            raise Refused("qk_rope_head_dim")
        # Every head has its own keys; glm4_moe_lite's class does not let the count be null.
        self.expect("num_key_value_heads", self.heads, *([] if self.glm else [None]))
        # Null replaces what the class computed, but for deepseek_v2, where the class has the last word.
        self.expect("head_dim", self.rope, *([None] if self.v2 else []))
        self.expect("qk_head_dim", self.nope + self.rope, None)
        self.positions = self.whole("max_position_embeddings")
        self.epsilon = self.number("rms_norm_eps", 1)
        self.tied = self.flag("tie_word_embeddings", False)
        self.expect("hidden_act", "silu")
        self.expect("attention_bias", False, None)
        kinds = self.text.get("layer_types")
        if kinds is not None and not (isinstance(kinds, list) and all(kind == "full_attention" for kind in kinds)):
            raise Refused("layer_types")

    def read_layers(self):
        """Which layers have experts: tensors tell it too, so that a wrong reading cannot go unseen."""
        key, count = "n_routed_experts", self.text.get("n_routed_experts", MISSING)
        for alias in ("num_local_experts", "num_experts"):
            if alias in self.text:
                if count not in (MISSING, self.text[alias]):
                    raise Refused(alias)
                key, count = alias if count is MISSING else key, self.text[alias]
        if count is None and self.glm:
            raise Refused(key)
        kinds = self.text.get("mlp_layer_types")
        stated = "first_k_dense_replace" in self.text
        dense = 0 if self.glm and kinds is not None and not stated else self.whole("first_k_dense_replace", 0)
        every = self.whole("moe_layer_freq") if "moe_layer_freq" in self.text else 1
        self.sparse = [count is not None and i >= dense and i % every == 0 for i in range(self.layers)]
        if kinds is not None:
            # Of these families only glm4_moe_lite reads it; for the others it must agree.
            if not isinstance(kinds, list) or len(kinds) != self.layers or set(kinds) - {"dense", "sparse"}:
                raise Refused("mlp_layer_types")
            named = [kind == "sparse" for kind in kinds]
            if named != self.sparse and (stated or not self.glm):
                raise Refused("mlp_layer_types")
            self.sparse = named
        self.experts = self.shared = 0
        self.softmax_scores = self.v2
        if any(self.sparse):
            self.text.setdefault("n_routed_experts", count if key in self.text else self.defaults["n_routed_experts"])
            self.experts = self.whole("n_routed_experts")
            self.expert_inner = self.whole("moe_intermediate_size")
            self.shared = self.whole("n_shared_experts", 0, **({} if self.glm else {"null": 0}))

    def read_router(self):
        self.top_k = self.whole("num_experts_per_tok")
        if self.top_k > self.experts:
            raise Refused("num_experts_per_tok")
        self.expect("scoring_func", "softmax" if self.v2 else "sigmoid")
        grouped = not self.v2
        if self.v2:
            method = self.text.get("topk_method", "greedy")
            if method not in ("greedy", "gready", "group_limited_greedy"):
                raise Refused("topk_method")
            grouped = method == "group_limited_greedy"
        else:
            self.expect("topk_method", "noaux_tc")
        self.groups = self.kept_groups = 1
        if grouped:
            self.read_groups()
        self.normalise = self.flag("norm_topk_prob", self.defaults["norm_topk_prob"],
                                   **({} if self.glm else {"null": False}))
        self.scale = self.number("routed_scaling_factor", 1e6)
        if self.v2:
            # DeepSeek's code normalises two experts or more, and scales where it does not.
            self.normalise = self.normalise and self.top_k > 1
            self.scale = 1.0 if self.normalise else self.scale

    def read_groups(self):
        if not self.v2 and not self.glm and self.text.get("n_group", 1) is None:
            if self.text.get("topk_group", 1) not in (None, 1):
                raise Refused("topk_group")
            return
        groups, kept = self.whole("n_group"), self.whole("topk_group")
        size = self.experts // groups
        if self.experts % groups or size < (1 if self.v2 else 2):
            raise Refused("n_group")
        if kept > groups:
            raise Refused("topk_group")
        if self.top_k > kept * size:
            raise Refused("num_experts_per_tok")
        self.groups, self.kept_groups = groups, kept

    def read_interleaving(self):
        if self.v2:
            self.expect("rope_interleave", True)
        self.interleaved = self.flag("rope_interleave", True, **({} if self.glm else {"null": False}))

    def read_storage(self):
        text, quantised = self.text, self.text.get("quantization_config")
        key = "dtype" if text.get("dtype") is not None else "torch_dtype"
        allowed = ["bfloat16", "float16", "float32"] + (["fp8", "float8_e4m3fn"] if quantised is not None else [])
        if text.get(key) is not None and text[key] not in allowed:
            raise Refused(key)
        for key in ("num_nextn_predict_layers", "num_mtp_layers"):
            if text.get(key) is not None:
                self.whole(key, 0)
        self.blocks, self.quantised = [128, 128], quantised is not None
        if quantised is None:
            return
        if not isinstance(quantised, dict):
            raise Refused("quantization_config")
        for key, value in (("quant_method", "fp8"), ("fmt", "e4m3"), ("activation_scheme", "dynamic")):
            if quantised.get(key, MISSING if key == "quant_method" else value) != value:
                raise Refused(key)
        self.blocks = quantised.get("weight_block_size")
        if not isinstance(self.blocks, list) or len(self.blocks) != 2 or not all(map(is_whole, self.blocks)):
            raise Refused("weight_block_size")

    def read_tokens(self):
        def ids(key):
            value = self.text.get(key, self.defaults[key])
            listed = value if isinstance(value, list) else [] if value is None else [value]
            if not all(map(is_whole, listed)):
                raise Refused(key)
            return [token for token in listed if 0 <= token < self.vocab]

        if isinstance(self.text.get("bos_token_id"), list):
            raise Refused("bos_token_id")
        self.bos, self.eos = ids("bos_token_id"), ids("eos_token_id")

    def softmax_scale(self):
        return (self.nope + self.rope) ** -0.5 * self.position.softmax_factor

    def facts(self):
        """All that decides what is computed, to compare two configurations by."""
        kept = {key: value for key, value in vars(self).items() if key not in ("text", "defaults", "position")}
        return {**kept, **vars(self.position)}


# Keys of the language model, which count inside of text_config alone.
OWN_KEYS = (set(V3) | set(YARN_KEYS) | {
    "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
    "qk_head_dim", "hidden_act", "attention_bias", "layer_types", "num_local_experts", "num_experts",
    "mlp_layer_types", "moe_layer_freq", "scoring_func", "topk_method", "rope_scaling", "rope_parameters",
    "rope_theta", "partial_rotary_factor", "original_max_position_embeddings", "rope_interleave",
    "num_nextn_predict_layers", "num_mtp_layers"}) - set(OF_CHECKPOINT)
