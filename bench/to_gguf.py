# SPDX-License-Identifier: Apache-2.0
"""Writes a DeepSeek-V2 checkpoint without compressed queries as GGUF, for llama.cpp.

    to_gguf.py CHECKPOINT OUT.gguf bf16|q8_0|q4_0

Matrices are bf16 or quantised by the gguf library's own rules; norms and routers are f32, as llama.cpp's own
conversion has them; the embeddings and the head stay bf16, as Hadal's do. There is no tokenizer in it. Names of
tensors and keys: gguf's constants, and src/models/deepseek2.cpp of llama.cpp.
"""
import json
import os
import struct
import sys

import gguf
import numpy

ARCHITECTURE = "deepseek2"
KINDS = {"bf16": gguf.GGMLQuantizationType.BF16, "q8_0": gguf.GGMLQuantizationType.Q8_0, "q4_0": gguf.GGMLQuantizationType.Q4_0}


class Checkpoint:
    """bf16 tensors of a folder of safetensors files."""

    def __init__(self, folder):
        self.places = {}
        for name in sorted(os.listdir(folder)):
            if not name.endswith(".safetensors"):
                continue
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                header = json.loads(file.read(length))
            for tensor, entry in header.items():
                if tensor != "__metadata__":
                    self.places[tensor] = (path, 8 + length + entry["data_offsets"][0], entry)

    def tensor(self, name):
        """As f32."""
        path, offset, entry = self.places[name]
        if entry["dtype"] != "BF16":
            sys.exit(f"{path}: {name}: expected BF16, got {entry['dtype']}")
        bits = numpy.memmap(path, numpy.uint16, "r", offset, tuple(entry["shape"]))
        return (bits.astype(numpy.uint32) << 16).view(numpy.float32)


def describe(writer, config):
    lora, rope = config["kv_lora_rank"], config["qk_rope_head_dim"]
    scaling = config["rope_scaling"]
    writer.add_vocab_size(config["vocab_size"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(1)
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_q_lora_rank(0)
    writer.add_kv_lora_rank(lora)
    writer.add_key_length(lora + rope)
    writer.add_value_length(lora)
    writer.add_key_length_mla(config["qk_nope_head_dim"] + rope)
    writer.add_value_length_mla(config["v_head_dim"])
    writer.add_rope_dimension_count(rope)
    writer.add_rope_freq_base(float(config["rope_theta"]))
    writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
    writer.add_rope_scaling_factor(float(scaling["factor"]))
    writer.add_rope_scaling_orig_ctx_len(scaling["original_max_position_embeddings"])
    writer.add_rope_scaling_yarn_log_mul(0.1 * scaling["mscale_all_dim"])
    writer.add_leading_dense_block_count(config["first_k_dense_replace"])
    writer.add_expert_count(config["n_routed_experts"])
    writer.add_expert_used_count(config["num_experts_per_tok"])
    writer.add_expert_shared_count(config["n_shared_experts"])
    writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
    writer.add_expert_weights_scale(config["routed_scaling_factor"])
    writer.add_expert_weights_norm(config["norm_topk_prob"])
    writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SOFTMAX)
    writer.add_tokenizer_model("no_vocab")


def tensors(checkpoint, config):
    """(name, whether it is a weight that is quantised, whether it is f32, value) of each tensor."""
    heads, nope, value = config["num_attention_heads"], config["qk_nope_head_dim"], config["v_head_dim"]
    yield "token_embd", False, False, lambda: checkpoint.tensor("model.embed_tokens.weight")
    yield "output", False, False, lambda: checkpoint.tensor("lm_head.weight")
    yield "output_norm", False, True, lambda: checkpoint.tensor("model.norm.weight")
    for layer in range(config["num_hidden_layers"]):
        block, source = f"blk.{layer}.", f"model.layers.{layer}."

        def read(name, source=source):
            return lambda: checkpoint.tensor(f"{source}{name}.weight")

        def parts(first, last, transposed, source=source):
            def split():
                both = checkpoint.tensor(f"{source}self_attn.kv_b_proj.weight").reshape(heads, nope + value, -1)[:, first:last]
                return numpy.ascontiguousarray(both.transpose(0, 2, 1) if transposed else both)
            return split

        def experts(kind, source=source):
            return lambda: numpy.stack([checkpoint.tensor(f"{source}mlp.experts.{e}.{kind}_proj.weight") for e in range(config["n_routed_experts"])])

        yield block + "attn_norm", False, True, read("input_layernorm")
        yield block + "ffn_norm", False, True, read("post_attention_layernorm")
        yield block + "attn_kv_a_norm", False, True, read("self_attn.kv_a_layernorm")
        yield block + "attn_q", True, False, read("self_attn.q_proj")
        yield block + "attn_kv_a_mqa", True, False, read("self_attn.kv_a_proj_with_mqa")
        yield block + "attn_k_b", True, False, parts(0, nope, True)
        yield block + "attn_v_b", True, False, parts(nope, nope + value, False)
        yield block + "attn_output", True, False, read("self_attn.o_proj")
        if layer < config["first_k_dense_replace"]:
            for kind in ("gate", "up", "down"):
                yield block + "ffn_" + kind, True, False, read(f"mlp.{kind}_proj")
            continue
        yield block + "ffn_gate_inp", False, True, read("mlp.gate")
        for kind in ("gate", "up", "down"):
            yield block + f"ffn_{kind}_exps", True, False, experts(kind)
            yield block + f"ffn_{kind}_shexp", True, False, read(f"mlp.shared_experts.{kind}_proj")


def main(folder, out, kind):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    if config["model_type"] != "deepseek_v2" or config["q_lora_rank"]:
        sys.exit(f"{folder}: expected a deepseek_v2 checkpoint without q_lora_rank")
    writer = gguf.GGUFWriter(out, ARCHITECTURE, use_temp_file=True)
    describe(writer, config)
    checkpoint = Checkpoint(folder)
    for name, is_quantised, is_f32, value in tensors(checkpoint, config):
        data = value()
        if is_f32:
            writer.add_tensor(name + ".weight", data)
            continue
        quantisation = KINDS[kind] if is_quantised else KINDS["bf16"]
        writer.add_tensor(name + ".weight", gguf.quants.quantize(data, quantisation), raw_dtype=quantisation)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[3] not in KINDS:
        sys.exit(__doc__)
    main(*sys.argv[1:])
