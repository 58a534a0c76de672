# SPDX-License-Identifier: Apache-2.0
# The forward pass of the model family in plain Python and double precision, to verify against.
#
# Written from the model descriptions (DeepSeek-V2, section 2; DeepSeek-V3, section 2.1; YaRN,
# section 3), one token at a time, attention in its plain form with expanded keys and values.
# It shares no code with the compiler. `reference.py DIR EXPECTED` compares it with an
# expected.safetensors file made by someone else.
import json
import math
import os
import sys
from operator import mul

import checkpoint


def dot(a, b):
    return sum(map(mul, a, b))


def matvec(rows, x):
    return [sum(map(mul, row, x)) for row in rows]


def rms_norm(x, weight, epsilon):
    scale = 1.0 / math.sqrt(dot(x, x) / len(x) + epsilon)
    return [value * scale * w for value, w in zip(x, weight)]


def relative_error(got, want):
    return math.sqrt(sum((a - b) ** 2 for a, b in zip(got, want)) / sum(b * b for b in want))


def exact(x):
    return x


def to_bf16(x):
    """Each number rounded to bf16, as an implementation in bf16 stores it."""
    return checkpoint.decode("BF16", checkpoint.encode("BF16", x))


def silu(x):
    return x / (1.0 + math.exp(-x)) if x > -700 else 0.0


def softmax(x):
    top = max(x)
    terms = [math.exp(value - top) for value in x]
    total = sum(terms)
    return [term / total for term in terms]


def best(values, k):
    """Indices of the k largest, the lower index first among equals, and the gap to the next."""
    order = sorted(range(len(values)), key=lambda i: (-values[i], i))
    gap = values[order[k - 1]] - values[order[k]] if k < len(order) else math.inf
    return order[:k], gap


class Config:
    """config.json, whatever names its writer used."""

    def __init__(self, raw):
        raw = {**raw, **raw.get("text_config", {})}
        self.family = raw["model_type"]
        self.layers = raw["num_hidden_layers"]
        self.heads = raw["num_attention_heads"]
        self.hidden = raw["hidden_size"]
        self.vocab = raw["vocab_size"]
        self.q_rank = raw.get("q_lora_rank")
        self.kv_rank = raw["kv_lora_rank"]
        self.nope, self.rope, self.value = raw["qk_nope_head_dim"], raw["qk_rope_head_dim"], raw["v_head_dim"]
        self.epsilon = raw.get("rms_norm_eps", 1e-6)
        self.tied = raw.get("tie_word_embeddings", False)
        self.experts = raw.get("n_routed_experts") or 0
        self.top_k = raw.get("num_experts_per_tok")
        self.groups = raw.get("n_group") or 1
        self.kept_groups = raw.get("topk_group") or 1
        self.softmax_scores = raw.get("scoring_func", "softmax" if self.family == "deepseek_v2" else "sigmoid") == "softmax"
        self.normalise = raw.get("norm_topk_prob", self.family != "deepseek_v2")
        self.scale = raw.get("routed_scaling_factor", 1.0)
        kinds = raw.get("mlp_layer_types")
        dense = raw.get("first_k_dense_replace", 0)
        self.sparse = [kinds[i] == "sparse" if kinds else i >= dense for i in range(self.layers)]
        self.blocks = (raw.get("quantization_config") or {}).get("weight_block_size", [128, 128])
        scaling = raw.get("rope_scaling") or raw.get("rope_parameters") or {}
        self.theta = scaling.get("rope_theta", raw.get("rope_theta", 10000.0))
        self.yarn = scaling if scaling.get("type", scaling.get("rope_type")) == "yarn" else None
        self.positions = raw.get("max_position_embeddings", 4096)
        self.interleaved = raw.get("rope_interleave", True)

    def frequencies(self):
        """Radians a position for each of the rope/2 pairs, and the factor on cos and sin."""
        half = self.rope // 2
        plain = [self.theta ** (-2 * i / self.rope) for i in range(half)]
        if not self.yarn:
            return plain, 1.0
        yarn = self.yarn
        factor = yarn["factor"]
        trained = yarn.get("original_max_position_embeddings") or self.positions

        def dimension(rotations):
            return self.rope * math.log(trained / (rotations * 2 * math.pi)) / (2 * math.log(self.theta))

        low = max(math.floor(dimension(yarn.get("beta_fast", 32))), 0)
        high = min(math.ceil(dimension(yarn.get("beta_slow", 1))), self.rope - 1)
        if low == high:
            high += 0.001
        mixed = []
        for i, frequency in enumerate(plain):
            stretched = min(max((i - low) / (high - low), 0.0), 1.0)
            mixed.append(frequency / factor * stretched + frequency * (1 - stretched))
        return mixed, self.mscale("mscale") / self.mscale("mscale_all_dim")

    def mscale(self, key):
        value = self.yarn.get(key) or 0
        factor = self.yarn["factor"]
        if key == "mscale" and not value:
            value = 1.0
        return 0.1 * value * math.log(factor) + 1.0 if factor > 1 and value else 1.0

    def softmax_scale(self):
        scale = (self.nope + self.rope) ** -0.5
        return scale * self.mscale("mscale_all_dim") ** 2 if self.yarn else scale


class Model:
    """`rounded` is what happens to every value that an implementation stores: weights, and what each operation gives."""

    def __init__(self, folder, rounded=exact):
        self.rounded = rounded
        with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
            self.config = Config(json.load(file))
        self.tensors = checkpoint.read_checkpoint(folder)
        self.prefix = "language_model." if any(n.startswith("language_model.") for n in self.tensors) else ""
        self.loaded = {}
        self.frequencies, self.rope_factor = self.config.frequencies()
        self.margin = math.inf  # the closest call of any routing decision
        self.reset()

    def reset(self):
        layers, heads = range(self.config.layers), range(self.config.heads)
        self.keys = [[[] for _ in heads] for _ in layers]
        # Values lie component by component, the order in which they are summed.
        self.values = [[[[] for _ in range(self.config.value)] for _ in heads] for _ in layers]
        self.position = 0

    # ---- Weights

    def vector(self, name):
        name = self.prefix + name
        if name not in self.loaded:
            dtype, _, data = self.tensors[name]
            values = checkpoint.decode(dtype, bytes(data))
            self.loaded[name] = values if dtype == "F32" else self.rounded(values)
        return self.loaded[name]

    def matrix(self, name):
        """Rows [out][in], block scales applied."""
        full = self.prefix + name
        if full not in self.loaded:
            dtype, (rows, columns), data = self.tensors[full]
            flat = checkpoint.decode(dtype, bytes(data))
            matrix = [flat[i * columns:(i + 1) * columns] for i in range(rows)]
            if full + "_scale_inv" in self.tensors:
                scale = self.matrix(name + "_scale_inv")
                high, wide = self.config.blocks
                matrix = [[value * scale[i // high][j // wide] for j, value in enumerate(row)]
                          for i, row in enumerate(matrix)]
            self.loaded[full] = matrix if name.endswith("_scale_inv") else [self.rounded(row) for row in matrix]
        return self.loaded[full]

    # ---- Parts

    def linear(self, name, x):
        return self.rounded(matvec(self.matrix(name), x))

    def norm(self, name, x, epsilon):
        return self.rounded(rms_norm(x, self.vector(name), epsilon))

    def rotate(self, x):
        """Rotary embedding at the current position; pairs are (2i, 2i+1) or (i, i+d/2)."""
        half = len(x) // 2
        out = list(x)
        for i, frequency in enumerate(self.frequencies):
            angle = self.position * frequency
            c, s = math.cos(angle) * self.rope_factor, math.sin(angle) * self.rope_factor
            a, b = (2 * i, 2 * i + 1) if self.config.interleaved else (i, i + half)
            out[a], out[b] = x[a] * c - x[b] * s, x[a] * s + x[b] * c
        return self.rounded(out)

    def attention(self, layer, x):
        c, name = self.config, f"model.layers.{layer}.self_attn."
        if c.q_rank:
            latent = self.norm(name + "q_a_layernorm.weight", self.linear(name + "q_a_proj.weight", x), LATENT_EPSILON)
            q = self.linear(name + "q_b_proj.weight", latent)
        else:
            q = self.linear(name + "q_proj.weight", x)
        compressed = self.linear(name + "kv_a_proj_with_mqa.weight", x)
        latent = self.norm(name + "kv_a_layernorm.weight", compressed[:c.kv_rank], LATENT_EPSILON)
        shared_key = self.rotate(compressed[c.kv_rank:])
        expanded = self.linear(name + "kv_b_proj.weight", latent)
        width, depth = c.nope + c.value, c.nope + c.rope
        scale, mixed = c.softmax_scale(), []
        for h in range(c.heads):
            own = expanded[h * width:(h + 1) * width]
            keys, values = self.keys[layer][h], self.values[layer][h]
            keys.append(own[:c.nope] + shared_key)
            for column, value in zip(values, own[c.nope:]):
                column.append(value)
            head = q[h * depth:(h + 1) * depth]
            head = head[:c.nope] + self.rotate(head[c.nope:])
            weights = self.rounded(softmax(self.rounded([sum(map(mul, head, key)) * scale for key in keys])))
            mixed += [sum(map(mul, weights, column)) for column in values]
        return self.linear(name + "o_proj.weight", self.rounded(mixed))

    def swiglu(self, name, x):
        gate = self.rounded([silu(g) for g in self.linear(name + "gate_proj.weight", x)])
        up = self.linear(name + "up_proj.weight", x)
        return self.linear(name + "down_proj.weight", self.rounded([g * u for g, u in zip(gate, up)]))

    def route(self, name, x):
        """(expert, weight) of the experts that this token goes to."""
        c = self.config
        logits = matvec(self.matrix(name + "gate.weight"), x)
        scores = softmax(logits) if c.softmax_scores else [1 / (1 + math.exp(-value)) for value in logits]
        biased = f"{self.prefix}{name}gate.e_score_correction_bias" in self.tensors
        choice = scores
        if biased:
            choice = [s + b for s, b in zip(scores, self.vector(name + "gate.e_score_correction_bias"))]
        if c.groups > 1:
            size = c.experts // c.groups
            parts = [sorted(choice[g * size:(g + 1) * size], reverse=True) for g in range(c.groups)]
            kept, gap = best([part[0] + part[1] if biased else part[0] for part in parts], c.kept_groups)
            self.margin = min(self.margin, gap)
            choice = [value if e // size in kept else -math.inf for e, value in enumerate(choice)]
        chosen, gap = best(choice, c.top_k)
        self.margin = min(self.margin, gap)
        weights = [scores[e] for e in chosen]
        if c.normalise:
            total = sum(weights) + 1e-20
            weights = [w / total for w in weights]
        return [(e, w * c.scale) for e, w in zip(chosen, weights)]

    def feed_forward(self, layer, x):
        name = f"model.layers.{layer}.mlp."
        if not self.config.sparse[layer]:
            return self.swiglu(name, x)
        out = [0.0] * self.config.hidden
        if f"{self.prefix}{name}shared_experts.gate_proj.weight" in self.tensors:
            out = self.swiglu(name + "shared_experts.", x)
        for expert, weight in self.route(name, x):
            part = self.rounded([weight * y for y in self.swiglu(f"{name}experts.{expert}.", x)])
            out = self.rounded([o + y for o, y in zip(out, part)])
        return out

    def step(self, token):
        """Feeds one token; the hidden states [L+1][D], the last one normed, and the logits [V]."""
        c = self.config
        x = self.matrix("model.embed_tokens.weight")[token]
        hidden = [x]
        for layer in range(c.layers):
            name = f"model.layers.{layer}."
            normed = self.norm(name + "input_layernorm.weight", x, c.epsilon)
            x = self.rounded([a + b for a, b in zip(x, self.attention(layer, normed))])
            normed = self.norm(name + "post_attention_layernorm.weight", x, c.epsilon)
            x = self.rounded([a + b for a, b in zip(x, self.feed_forward(layer, normed))])
            hidden.append(x)
        hidden[-1] = self.norm("model.norm.weight", x, c.epsilon)
        self.position += 1
        head = "model.embed_tokens.weight" if c.tied else "lm_head.weight"
        return hidden, self.linear(head, hidden[-1])

    def run(self, prompt, new_tokens=16):
        """Hidden states and logits of each position, the greedy continuation, and how clear it was."""
        self.reset()
        hidden, logits, greedy, gap = [], [], [], math.inf
        for token in prompt:
            h, row = self.step(token)
            hidden.append(h)
            logits.append(row)
        row = logits[-1]
        for _ in range(new_tokens):
            (token,), margin = best(row, 1)
            gap = min(gap, margin)
            greedy.append(token)
            if len(greedy) < new_tokens:
                row = self.step(token)[1]
        return hidden, logits, greedy, gap


# The norms of the latents take the family's default, whatever rms_norm_eps says.
LATENT_EPSILON = 1e-6


def compare(folder, expected_path, prompts):
    """Prints the largest error of logits, over the largest logit, for each prompt."""
    expected = checkpoint.read_file(expected_path)
    model = Model(folder)
    worst = 0.0
    for i in prompts:
        prompt = checkpoint.decode("I32", bytes(expected[f"prompt.{i}"][2]))
        rows = expected[f"logits.{i}"][1][0]
        want = checkpoint.decode("F32", bytes(expected[f"logits.{i}"][2]))
        want_greedy = checkpoint.decode("I32", bytes(expected[f"greedy.{i}"][2]))
        _, logits, greedy, _ = model.run(prompt)
        got = [value for row in logits[-rows:] for value in row]
        error = max(abs(a - b) for a, b in zip(got, want)) / max(map(abs, want))
        worst = max(worst, error)
        print(f"prompt {i}: {len(prompt)} tokens, error {error:.2e} of the largest logit, greedy "
              f"{'equal' if greedy == want_greedy else 'DIFFERS'}")
        if greedy != want_greedy:
            worst = math.inf
    return worst


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: reference.py DIR EXPECTED [PROMPT...]")
    if compare(sys.argv[1], sys.argv[2], [int(p) for p in sys.argv[3:]] or [0]) > 1e-4:
        sys.exit(1)
