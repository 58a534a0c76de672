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
from meaning import Config


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


class Model:
    """A forward pass over tensors (dtype, shape, bytes) by their published names. `rounded` is what happens to every value
    that an implementation stores: weights, and what each operation gives."""

    def __init__(self, config, tensors, rounded=exact):
        self.config, self.tensors, self.rounded = config, tensors, rounded
        self.prefix = "language_model." if any(n.startswith("language_model.") for n in self.tensors) else ""
        self.loaded = {}
        self.frequencies, self.rope_factor = self.config.position.frequencies()
        self.margin = math.inf  # the closest call of any routing decision
        self.reset()

    def reset(self):
        layers, heads = range(self.config.layers), range(self.config.heads)
        self.keys = [[[] for _ in heads] for _ in layers]
        # Values lie component by component, the order in which they are summed.
        self.values = [[[[] for _ in range(self.config.value_dim)] for _ in heads] for _ in layers]
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
        width, depth = c.nope + c.value_dim, c.nope + c.rope
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


def load(folder, rounded=exact):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as file:
        return Model(Config(json.load(file)), checkpoint.read_checkpoint(folder), rounded)


def compare(folder, expected_path, prompts):
    """Prints the largest error of logits, over the largest logit, for each prompt."""
    expected = checkpoint.read_file(expected_path)
    model = load(folder)
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
