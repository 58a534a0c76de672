# SPDX-License-Identifier: Apache-2.0
# Draws whole models, the configuration and its spelling too, and compares their logits with reference.py.
#
# random_models.py SCRATCH [--first=N] [--count=N] [--jobs=N]: model N is the same everywhere
import argparse
import collections
import json
import multiprocessing
import os
import random
import sys

import agree
import checkpoint
import draw
import meaning
import reference

FAMILIES = ("deepseek_v2", "deepseek_v3", "kimi_k2", "glm4_moe_lite")


class Dice(random.Random):
    def often(self, probability):
        return self.random() < probability

    def about(self, low, high):
        return float(f"{low * (high / low) ** self.random():.4g}")


def draw_rope(d, positions):
    block = {"rope_theta": d.about(2.0, 1e6)}
    if d.often(0.4):
        return {**block, "rope_type": "default"}
    block.update(rope_type="yarn", factor=d.choice([1, 1.5, 4, 40.0, d.about(1.0, 64.0)]),
                 original_max_position_embeddings=d.choice([4, 16, 64, positions, 4096]))
    for key, value in (("beta_fast", d.about(0.5, 64.0)), ("beta_slow", d.about(0.1, 2.0)), ("mscale", d.choice([0, 0.707, 1.0])),
                       ("mscale_all_dim", d.choice([0, 0.707, 1.0])), ("attention_factor", d.about(0.5, 2.0)),
                       ("truncate", d.choice([True, False]))):
        if d.often(0.6 if key != "attention_factor" else 0.2):
            block[key] = value if d.often(0.9) else None
    if block.get("truncate", True) is not False and d.often(0.1):
        del block["original_max_position_embeddings"]
    if block["factor"] == 1.5 and not block.get("mscale_all_dim") and block.get("original_max_position_embeddings", 1) <= positions:
        block["factor"] = None
    return block


def draw_experts(d, family):
    experts = d.randint(2, 12)
    config = {"n_routed_experts": experts, "moe_intermediate_size": d.choice([4, 5, 8, 12]),
              "n_shared_experts": d.choice([0, 1, 1, 2, 3]), "routed_scaling_factor": d.about(0.2, 16.0),
              "norm_topk_prob": d.choice([True, False]), "n_group": 1, "topk_group": 1}
    groups = d.choice([n for n in range(1, experts + 1) if experts % n == 0 and experts // n >= 2])
    kept = d.randint(1, groups)
    if family == "deepseek_v2":
        config.update(scoring_func="softmax", topk_method=d.choice(["greedy", "group_limited_greedy", "gready"]))
        grouped = config["topk_method"] == "group_limited_greedy"
    else:
        config.update(scoring_func="sigmoid", topk_method="noaux_tc")
        grouped = d.often(0.7)
    if grouped:
        config.update(n_group=groups, topk_group=kept)
    elif family != "glm4_moe_lite":
        none = d.often(0.3) or family == "deepseek_v2"
        config.update(dict.fromkeys(("n_group", "topk_group"), None if none else 1))
    config["num_experts_per_tok"] = d.randint(1, kept * (experts // groups) if grouped else experts)
    return config


def draw_config(d):
    """A configuration with every key, in the words of transformers 5."""
    family, size = d.choice(FAMILIES), lambda: d.choice([4, 5, 8, 8, 12, 16, 19])
    layers, heads, positions = d.choice([1, 1, 2, 3]), d.randint(1, 4), d.choice([16, 64, 256, 1024])
    dense = d.randint(0, layers)
    config = {
        "model_type": family, "vocab_size": d.randint(8, 60), "hidden_size": d.choice([8, 16, 16, 24, 31]),
        "intermediate_size": d.choice([8, 12, 16, 33]), "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": heads, "q_lora_rank": d.choice([None, 8, 12, 16]), "kv_lora_rank": size(),
        "qk_nope_head_dim": size(), "qk_rope_head_dim": d.choice([2, 4, 8, 10]), "v_head_dim": size(),
        "first_k_dense_replace": dense, "rms_norm_eps": d.about(1e-7, 0.5), "max_position_embeddings": positions,
        "hidden_act": "silu", "tie_word_embeddings": d.often(0.2), "attention_bias": False,
        "rope_parameters": draw_rope(d, positions), "dtype": "bfloat16",
        **draw_experts(d, family),
    }
    if family != "deepseek_v2":
        config["rope_interleave"] = d.often(0.7)
    if d.often(0.15):
        config["quantization_config"] = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic",
                                         "weight_block_size": [d.choice([4, 8, 128]), d.choice([4, 8, 128])]}
    return config


def spell(d, config):
    """The same configuration as somebody else would write it."""
    config = dict(config)
    family, rope = config["model_type"], dict(config["rope_parameters"])
    if d.often(0.6):
        config["rope_theta"] = rope.pop("rope_theta")
        del config["rope_parameters"]
        if rope["rope_type"] == "default" and d.often(0.7):
            config.update({} if d.often(0.5) else {"rope_scaling": None})
        else:
            rope[d.choice(["type", "rope_type"])] = rope.pop("rope_type")
            config["rope_scaling"] = rope
            if d.often(0.2):
                config["rope_parameters"] = {"rope_type": "default", "rope_theta": 77.0}
    elif d.often(0.3):
        config["rope_theta"] = 77.0  # loses
    block = config.get("rope_scaling") or config.get("rope_parameters") or {}
    if block.get("original_max_position_embeddings") and d.often(0.3):
        config["original_max_position_embeddings"] = block["original_max_position_embeddings"]
        block["original_max_position_embeddings"] = d.choice([2, 512])  # loses
    if d.often(0.5):
        config["torch_dtype"] = config.pop("dtype")
    if family == "glm4_moe_lite" and d.often(0.6):
        dense = config.pop("first_k_dense_replace")
        layers = config["num_hidden_layers"]
        config["mlp_layer_types"] = ["dense"] * dense + ["sparse"] * (layers - dense)
    if d.often(0.2):
        config[d.choice(["num_local_experts", "num_experts"])] = config["n_routed_experts"]
        if d.often(0.5):
            del config["n_routed_experts"]
    if family != "glm4_moe_lite":
        for key, value in (("n_shared_experts", 0), ("norm_topk_prob", False), ("rope_interleave", False)):
            if config.get(key, None) == value and key in config and d.often(0.3):
                config[key] = None
        if config["first_k_dense_replace"] >= config["num_hidden_layers"] and d.often(0.3):
            config["n_routed_experts"] = None
            for alias in ("num_local_experts", "num_experts"):
                config.pop(alias, None)
    for key, value in meaning.DEFAULTS[family].items():
        if config.get(key, None) == value and d.often(0.5):
            del config[key]
    for key in ("num_key_value_heads", "hidden_act", "attention_bias", "tie_word_embeddings", "scoring_func", "topk_method"):
        if d.often(0.2) and config[key] not in (True, "group_limited_greedy"):
            del config[key]
    if d.often(0.3):
        config.update(use_cache=True, attention_dropout=0.0, initializer_range=0.02, transformers_version="5.0.0")
    items = list(config.items())
    d.shuffle(items)
    config = dict(items)
    if d.often(0.25):
        outside = {"model_type": "multimodal", "text_config": config}
        for key in ("tie_word_embeddings", "quantization_config"):
            if key in config and d.often(0.4):
                outside[key] = config.pop(key)
        return outside
    return config


def store(d, tensors):
    """Some of the plain matrices in other types, and the tensors that the reference then sees."""
    kind, changed = d.choice(["BF16", "BF16", "F16", "F32", "mixed"]), {}
    for name, (dtype, shape, data) in tensors.items():
        if dtype == "BF16":
            to = d.choice(["BF16", "F16", "F32"]) if kind == "mixed" else kind
            data = checkpoint.encode(to, checkpoint.decode(dtype, data))
            dtype = to
        changed[name] = (dtype, shape, data)
    return changed


def fuse(tensors):
    """The experts of a layer in one tensor, as transformers 5 writes them."""
    fused, stacks = {}, collections.defaultdict(dict)
    for name, tensor in tensors.items():
        head, found, tail = name.partition(".mlp.experts.")
        if not found:
            fused[name] = tensor
            continue
        expert, projection, _ = tail.split(".")
        stacks[head + found][int(expert), projection] = tensor
    for name, parts in stacks.items():
        if len({dtype for dtype, _, _ in parts.values()}) > 1:
            return tensors
        count = max(expert for expert, _ in parts) + 1
        dtype, (rows, columns), _ = parts[0, "gate_proj"]
        both = b"".join(parts[e, p][2] for e in range(count) for p in ("gate_proj", "up_proj"))
        fused[name + "gate_up_proj"] = (dtype, [count, 2 * rows, columns], both)
        down = b"".join(parts[e, "down_proj"][2] for e in range(count))
        fused[name + "down_proj"] = (dtype, [count, columns, rows], down)
    return fused


def judge(job):
    """(number, what the model was, the error or what went wrong)"""
    number, scratch = job
    d = Dice(number)
    config = spell(d, draw_config(d))
    folder = os.path.join(scratch, f"model-{number}")
    meant = meaning.Config(config)
    tensors = draw.draw(meant, "F8_E4M3" if meant.quantised else "BF16", d.choice([0.0, 0.0, -1.2]), number)
    if not meant.quantised:
        tensors = store(d, tensors)
    plain = not meant.quantised and d.often(0.2)
    checkpoint.write_checkpoint(folder, config, fuse(tensors) if plain else tensors, d.choice([1, 1, 2, 3]))
    prompt, want = agree.clear_prompt(reference.Model(meant, tensors), d.randint(1, 12), number)
    error = agree.error_of(agree.run(folder, prompt), want)
    if agree.is_equal(error):
        agree.remove(folder)
    return number, meant.family, json.dumps(config), error


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scratch")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    jobs = [(number, options.scratch) for number in range(options.first, options.first + options.count)]
    counts, worst, wrong = collections.Counter(), 0.0, 0
    with multiprocessing.Pool(options.jobs) as pool:
        for number, family, config, error in pool.imap_unordered(judge, jobs):
            good = agree.is_equal(error)
            counts[family] += good
            worst = max(worst, error) if good else worst
            if not good:
                wrong += 1
                print(f"WRONG: model {number}: {error}\n  {config}", flush=True)
    for family, count in sorted(counts.items()):
        print(f"{family}: {count} equal")
    print(f"largest error {worst:.1e} of the largest logit")
    print(f"{len(jobs)} models, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
