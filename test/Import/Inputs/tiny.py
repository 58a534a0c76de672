# SPDX-License-Identifier: Apache-2.0
# A small checkpoint as plain Python data, to be damaged and written by the tests of the importer.
import copy
import json
import os
import struct

SIZES = {"F64": 8, "F32": 4, "BF16": 2, "F16": 2, "I32": 4, "U32": 4, "F8_E4M3": 1}

CONFIG = {
    "model_type": "deepseek_v3", "vocab_size": 24, "hidden_size": 16, "intermediate_size": 20,
    "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "q_lora_rank": 12,
    "kv_lora_rank": 8, "qk_nope_head_dim": 6, "qk_rope_head_dim": 4, "v_head_dim": 6,
    "n_routed_experts": 4, "n_shared_experts": 1, "num_experts_per_tok": 2, "moe_intermediate_size": 10,
    "first_k_dense_replace": 1, "n_group": 2, "topk_group": 1, "norm_topk_prob": True, "topk_method": "noaux_tc",
    "scoring_func": "sigmoid", "routed_scaling_factor": 2.5, "rms_norm_eps": 1e-6, "rope_theta": 10000.0,
    "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 16, "mscale": 1.0, "mscale_all_dim": 1.0},
    "max_position_embeddings": 64, "hidden_act": "silu", "bos_token_id": 0, "eos_token_id": 1,
}


class Tiny:
    """config, tensors {name: [dtype, shape, data_offsets or None]} and the shard of each; write() lays them out."""

    def __init__(self):
        self.config = copy.deepcopy(CONFIG)
        self.tensors = {}
        self.shards = 1
        self.fill()

    def add(self, name, *shape, dtype="BF16"):
        self.tensors[name] = [dtype, list(shape), None]

    def mlp(self, prefix, width):
        hidden = self.config["hidden_size"]
        self.add(prefix + "gate_proj.weight", width, hidden)
        self.add(prefix + "up_proj.weight", width, hidden)
        self.add(prefix + "down_proj.weight", hidden, width)

    def layer(self, index, moe, prefix="model."):
        c = self.config
        p = f"{prefix}layers.{index}."
        self.add(p + "input_layernorm.weight", c["hidden_size"])
        self.add(p + "post_attention_layernorm.weight", c["hidden_size"])
        a = p + "self_attn."
        heads, query = c["num_attention_heads"], c["qk_nope_head_dim"] + c["qk_rope_head_dim"]
        self.add(a + "q_a_proj.weight", c["q_lora_rank"], c["hidden_size"])
        self.add(a + "q_a_layernorm.weight", c["q_lora_rank"])
        self.add(a + "q_b_proj.weight", heads * query, c["q_lora_rank"])
        self.add(a + "kv_a_proj_with_mqa.weight", c["kv_lora_rank"] + c["qk_rope_head_dim"], c["hidden_size"])
        self.add(a + "kv_a_layernorm.weight", c["kv_lora_rank"])
        self.add(a + "kv_b_proj.weight", heads * (c["qk_nope_head_dim"] + c["v_head_dim"]), c["kv_lora_rank"])
        self.add(a + "o_proj.weight", c["hidden_size"], heads * c["v_head_dim"])
        if not moe:
            return self.mlp(p + "mlp.", c["intermediate_size"])
        self.add(p + "mlp.gate.weight", c["n_routed_experts"], c["hidden_size"])
        self.add(p + "mlp.gate.e_score_correction_bias", c["n_routed_experts"], dtype="F32")
        for expert in range(c["n_routed_experts"]):
            self.mlp(f"{p}mlp.experts.{expert}.", c["moe_intermediate_size"])
        self.mlp(p + "mlp.shared_experts.", c["moe_intermediate_size"])

    def fill(self, prefix="model.", head="lm_head.weight"):
        c = self.config
        self.tensors = {}
        self.add(prefix + "embed_tokens.weight", c["vocab_size"], c["hidden_size"])
        for index in range(c["num_hidden_layers"]):
            self.layer(index, index >= c["first_k_dense_replace"], prefix)
        self.add(prefix + "norm.weight", c["hidden_size"])
        self.add(head, c["vocab_size"], c["hidden_size"])

    def header(self, names):
        """The header of a file with these tensors, and its bytes of data."""
        header, offset = {}, 0
        for name in names:
            dtype, shape, offsets = self.tensors[name]
            length = SIZES.get(dtype, 1)
            for extent in shape:
                length *= extent
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": offsets or [offset, offset + length]}
            offset += length
        return header, offset

    def write(self, folder):
        os.makedirs(folder, exist_ok=True)
        write_text(folder, "config.json", json.dumps(self.config))
        names = list(self.tensors)
        if self.shards == 1:
            return write_file(folder, "model.safetensors", *self.header(names))
        weight_map = {}
        step = -(-len(names) // self.shards)
        for shard in range(self.shards):
            name = f"model-{shard + 1:05}-of-{self.shards:05}.safetensors"
            part = names[shard * step:(shard + 1) * step]
            write_file(folder, name, *self.header(part))
            weight_map.update({tensor: name for tensor in part})
        write_text(folder, "model.safetensors.index.json", json.dumps({"metadata": {}, "weight_map": weight_map}))


def write_text(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def write_file(folder, name, header, data_bytes, length=None):
    """A safetensors file of zeros; `length` replaces the length of the header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    with open(os.path.join(folder, name), "wb") as file:
        file.write(struct.pack("<Q", len(text) if length is None else length) + text + bytes(data_bytes))
