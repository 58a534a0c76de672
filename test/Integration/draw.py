# SPDX-License-Identifier: Apache-2.0
# Draws the tensors of a checkpoint that fits a configuration, the same bytes for a seed everywhere.
import math
import random

import checkpoint


class Writer:
    """Draws tensors in a fixed order, so that a seed gives the same bytes everywhere."""

    def __init__(self, dtype, blocks, seed):
        self.dtype, self.blocks, self.random, self.tensors = dtype, blocks, random.Random(seed), {}

    def vector(self, name, length, mean=1.0, spread=0.1, dtype=None):
        dtype = dtype or ("BF16" if self.dtype == "F8_E4M3" else self.dtype)
        values = [self.random.gauss(mean, spread) for _ in range(length)]
        self.tensors[name] = (dtype, [length], checkpoint.encode(dtype, values))

    def matrix(self, name, rows, columns, gain=1.0, plain=False, dtype=None):
        spread = gain / math.sqrt(columns)
        values = [self.random.gauss(0.0, spread) for _ in range(rows * columns)]
        dtype = dtype or ("BF16" if plain and self.dtype == "F8_E4M3" else self.dtype)
        if dtype != "F8_E4M3":
            self.tensors[name] = (dtype, [rows, columns], checkpoint.encode(dtype, values))
            return
        high, wide = self.blocks
        scales = []
        for top in range(0, rows, high):
            for left in range(0, columns, wide):
                block = [i * columns + j for i in range(top, min(top + high, rows))
                         for j in range(left, min(left + wide, columns))]
                # Unequal scales, so that one applied to the wrong block shows.
                scale = max(abs(values[i]) for i in block) / 448 * self.random.uniform(1.0, 4.0)
                scale = checkpoint.decode("F32", checkpoint.encode("F32", [scale]))[0]
                scales.append(scale)
                for i in block:
                    values[i] /= scale
        self.tensors[name] = ("F8_E4M3", [rows, columns], checkpoint.encode("F8_E4M3", values))
        shape = [-(-rows // high), -(-columns // wide)]
        self.tensors[name + "_scale_inv"] = ("F32", shape, checkpoint.encode("F32", scales))


def draw(config, dtype, bias_mean, seed, expert_types=lambda layer, expert: (None,) * 3):
    """name -> tensor for a meaning.Config; weights of type F8_E4M3 get block scales. expert_types gives the stored types of
    gate, up and down of an expert, None being that of all matrices."""
    writer = Writer(dtype, config.blocks, seed)
    write(config, writer, bias_mean, expert_types)
    return writer.tensors


def write(config, w, bias_mean, expert_types=lambda layer, expert: (None,) * 3):
    """Hands each tensor of the checkpoint to a writer, in the order of the file."""
    c = config
    prefix = "language_model." if c.nested else ""

    def swiglu(name, width, types=(None,) * 3):
        w.matrix(name + "gate_proj.weight", width, c.hidden, 1.5, dtype=types[0])
        w.matrix(name + "up_proj.weight", width, c.hidden, 1.5, dtype=types[1])
        w.matrix(name + "down_proj.weight", c.hidden, width, dtype=types[2])

    w.matrix(prefix + "model.embed_tokens.weight", c.vocab, c.hidden, math.sqrt(c.hidden), plain=True)
    for layer in range(c.layers):
        name = f"{prefix}model.layers.{layer}."
        attention = name + "self_attn."
        w.vector(name + "input_layernorm.weight", c.hidden)
        if c.q_rank:
            w.matrix(attention + "q_a_proj.weight", c.q_rank, c.hidden)
            w.vector(attention + "q_a_layernorm.weight", c.q_rank)
            w.matrix(attention + "q_b_proj.weight", c.heads * (c.nope + c.rope), c.q_rank, 1.5)
        else:
            w.matrix(attention + "q_proj.weight", c.heads * (c.nope + c.rope), c.hidden, 1.5)
        w.matrix(attention + "kv_a_proj_with_mqa.weight", c.kv_rank + c.rope, c.hidden)
        w.vector(attention + "kv_a_layernorm.weight", c.kv_rank)
        w.matrix(attention + "kv_b_proj.weight", c.heads * (c.nope + c.value_dim), c.kv_rank)
        w.matrix(attention + "o_proj.weight", c.hidden, c.heads * c.value_dim)
        w.vector(name + "post_attention_layernorm.weight", c.hidden)
        if not c.sparse[layer]:
            swiglu(name + "mlp.", c.inner)
            continue
        w.matrix(name + "mlp.gate.weight", c.experts, c.hidden, 1.5, plain=True)
        if not c.softmax_scores:
            w.vector(name + "mlp.gate.e_score_correction_bias", c.experts, bias_mean, 0.05, dtype="F32")
        for e in range(c.experts):
            swiglu(f"{name}mlp.experts.{e}.", c.expert_inner, expert_types(layer, e))
        if c.shared:
            swiglu(name + "mlp.shared_experts.", c.expert_inner * c.shared)
    w.vector(prefix + "model.norm.weight", c.hidden)
    if not c.tied:
        w.matrix(prefix + "lm_head.weight", c.vocab, c.hidden, 1.5, plain=True)
