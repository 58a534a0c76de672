# SPDX-License-Identifier: Apache-2.0
# Damaged checkpoints, by what is wrong with them: each case writes one into a folder.
import json
import os
import struct

from tiny import Tiny, write_file, write_text


def config(key, value):
    """A checkpoint whose configuration has this value (a dotted key goes into an object)."""
    def make(folder):
        tiny = Tiny()
        where = tiny.config
        *outer, last = key.split(".")
        for name in outer:
            where = where[name]
        if value is DELETE:
            del where[last]
        else:
            where[last] = value
        tiny.write(folder)
    return make


DELETE = object()
NORM = "model.norm.weight"
GATE = "model.layers.1.mlp.experts.%d.gate_proj.weight"


def changed(**values):
    """A checkpoint whose configuration has these values too."""
    return tensors(lambda tiny: tiny.config.update(values))


def config_text(text):
    def make(folder):
        Tiny().write(folder)
        write_text(folder, "config.json", text)
    return make


def tensors(change, shards=1):
    def make(folder):
        tiny = Tiny()
        tiny.shards = shards
        change(tiny)
        tiny.write(folder)
    return make


def file_bytes(change):
    """A checkpoint whose model.safetensors is what `change` makes of its bytes."""
    def make(folder):
        Tiny().write(folder)
        path = os.path.join(folder, "model.safetensors")
        with open(path, "rb") as file:
            data = file.read()
        with open(path, "wb") as file:
            file.write(change(data))
    return make


def header_text(change):
    """The same with the text of the header changed, its length adjusted."""
    def replace(data):
        length = struct.unpack("<Q", data[:8])[0]
        text = change(data[8:8 + length].decode()).encode()
        return struct.pack("<Q", len(text)) + text + data[8 + length:]
    return file_bytes(replace)


def entry(name, **fields):
    """The header's entry of one tensor with fields replaced."""
    def change(text):
        header = json.loads(text)
        header[name].update(fields)
        return json.dumps(header)
    return header_text(change)


def index(change):
    """Three shards whose index is what `change` makes of it."""
    def make(folder):
        tiny = Tiny()
        tiny.shards = 3
        tiny.write(folder)
        path = os.path.join(folder, "model.safetensors.index.json")
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        result = change(data["weight_map"], folder)
        write_text(folder, "model.safetensors.index.json", json.dumps(data) if result is None else result)
    return make


def set_dtype(name, dtype):
    def change(tiny):
        tiny.tensors[name][0] = dtype
    return change


def set_shape(name, *shape):
    def change(tiny):
        tiny.tensors[name][1] = list(shape)
    return change


def remove(name):
    def change(tiny):
        del tiny.tensors[name]
    return change


def add(name, *shape, dtype="BF16"):
    return lambda tiny: tiny.add(name, *shape, dtype=dtype)


def many(*changes):
    def change(tiny):
        for one in changes:
            one(tiny)
    return change


def fp8_blocks(tiny):
    tiny.config["quantization_config"] = {"quant_method": "fp8", "fmt": "e4m3", "weight_block_size": [8, 8],
                                          "activation_scheme": "dynamic"}


def fp8(tiny):
    fp8_blocks(tiny)
    for name in list(tiny.tensors):
        dtype, shape, _ = tiny.tensors[name]
        if ("proj" in name) and len(shape) == 2:
            tiny.tensors[name][0] = "F8_E4M3"
            tiny.add(name + "_scale_inv", -(-shape[0] // 8), -(-shape[1] // 8), dtype="F32")


def further_layer(tiny):
    tiny.layer(2, True)


def next_token_layer(tiny):
    tiny.layer(2, True)
    tiny.add("model.layers.2.eh_proj.weight", 16, 32)


def fused_experts(tiny, rows=20):
    p = "model.layers.1.mlp.experts."
    for name in [name for name in tiny.tensors if name.startswith(p)]:
        del tiny.tensors[name]
    tiny.add(p + "gate_up_proj", 4, rows, 16)
    tiny.add(p + "down_proj", 4, 16, 10)


def nested(tiny, prefix="language_model.model.", head="language_model.lm_head.weight", inside={}, **beside):
    """The language model inside text_config, with keys changed there and keys added beside it."""
    tiny.fill(prefix, head)
    tiny.add("vision_tower.patch_embed.weight", 3, 3)
    text = dict(tiny.config, model_type="kimi_k2", **inside)
    tiny.config = {"model_type": "kimi_k25", "text_config": text, **beside}


def tied(tiny):
    tiny.config["tie_word_embeddings"] = True
    del tiny.tensors["lm_head.weight"]


def dense(tiny):
    tiny.config["first_k_dense_replace"] = 2
    tiny.fill()


def layer_types_alone(tiny):
    del tiny.config["first_k_dense_replace"]
    tiny.config["mlp_layer_types"] = ["dense", "sparse"]


def without_query_rank(tiny):
    tiny.config["q_lora_rank"] = None
    for layer in range(2):
        p = f"model.layers.{layer}.self_attn."
        for name in ("q_a_proj", "q_a_layernorm", "q_b_proj"):
            del tiny.tensors[p + name + ".weight"]
        tiny.add(p + "q_proj.weight", 20, 16)


def no_files(*names):
    def make(folder):
        Tiny().write(folder)
        for name in names:
            os.remove(os.path.join(folder, name))
    return make


LFS_POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0123456789abcdef" * 4 + "\nsize 5234139343\n"
PAGE = "<!DOCTYPE html>\n<html><head><title>Access denied</title></head></html>\n"


def replaced(name, text, shards=1):
    """A checkpoint one file of which holds another text."""
    def make(folder):
        tensors(lambda tiny: None, shards)(folder)
        write_text(folder, name, text)
    return make


def in_place_of_weights(*names):
    """No weights but empty files of these names."""
    def make(folder):
        no_files("model.safetensors")(folder)
        for name in names:
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            write_text(folder, name, "")
    return make


def gone(*names, shards=1):
    """A snapshot of a cache whose blobs of these names were removed."""
    def make(folder):
        tensors(lambda tiny: None, shards)(folder)
        for name in names:
            path = os.path.join(folder, name)
            os.remove(path)
            os.symlink("../../blobs/" + name, path)
    return make


SHARDS = [f"model-{shard:05}-of-00004.safetensors" for shard in range(1, 5)]


def index_alone(folder):
    tensors(lambda tiny: None, 4)(folder)
    for name in SHARDS:
        os.remove(os.path.join(folder, name))


def v2(**changes):
    """Keys of DeepSeek-V2 over the same tensors, less the correction bias."""
    def change(tiny):
        tiny.config.update(model_type="deepseek_v2", scoring_func="softmax", topk_method="group_limited_greedy",
                           norm_topk_prob=False)
        del tiny.tensors["model.layers.1.mlp.gate.e_score_correction_bias"]
        tiny.config.update(changes)
    return tensors(change)


def deeper(layers):
    def change(tiny):
        tiny.config.update(num_hidden_layers=layers)
        tiny.fill()
    return change


def quantised(*endings, weight=None):
    """Every projection as a quantiser stores it: tensors with these endings, and a weight of this type or none."""
    def change(tiny):
        deeper(8)(tiny)
        for name in [name for name in tiny.tensors if "proj" in name]:
            if weight:
                tiny.tensors[name][0] = weight
            else:
                del tiny.tensors[name]
            for ending in endings:
                tiny.add(name.removesuffix("weight") + ending, 4, dtype="I32")
    return change


def scaled_cache(tiny):
    for layer in range(tiny.config["num_hidden_layers"]):
        for name in ("k_scale", "v_scale", "attn.q_scale", "kv_b_proj.k_scale"):
            tiny.add(f"model.layers.{layer}.self_attn.{name}", 1, dtype="F32")


def scales_of_others(tiny):
    for name in ("self_attn.attn.k_scale", "self_attn.kv_scale", "self_attn.prob_scale", "self_attn.k_zero_point",
                 "attn.v_scale", "attention.k_scale"):
        tiny.add(f"model.layers.0.{name}", dtype="F32")


def overlap(tiny):
    tiny.tensors["model.norm.weight"][2] = [0, 32]


def hole(folder):
    tiny = Tiny()
    header, size = tiny.header(list(tiny.tensors))
    del header["model.norm.weight"]
    os.makedirs(folder)
    write_text(folder, "config.json", json.dumps(tiny.config))
    write_file(folder, "model.safetensors", header, size)


def move_shard(weight_map, folder):
    weight_map["lm_head.weight"] = "model-00001-of-00003.safetensors"


def lose_shard(weight_map, folder):
    os.remove(os.path.join(folder, "model-00002-of-00003.safetensors"))


def cut_shard(weight_map, folder):
    with open(os.path.join(folder, "model-00002-of-00003.safetensors"), "r+b") as file:
        file.truncate(100)


def cut_weights(folder):
    Tiny().write(folder)
    with open(os.path.join(folder, "model.safetensors"), "r+b") as file:
        file.truncate(os.path.getsize(file.name) - 100)


def pipe(folder):
    Tiny().write(folder)
    os.remove(os.path.join(folder, "model.safetensors"))
    os.mkfifo(os.path.join(folder, "model.safetensors"))



GROUPS = {
    "config": {
        "no-folder": lambda folder: None,
        "no-config": no_files("config.json"),
        "not-json": config_text("{"),
        "not-an-object": config_text("[1, 2]"),
        "not-utf8": lambda folder: (config_text("{}")(folder), open(os.path.join(folder, "config.json"), "wb").write(b'{"a": "\xff"}'))[0],
        "deep": config_text('{"a": ' + "[" * 100000),
        "key-twice": config_text('{"model_type": "deepseek_v3", "rope_scaling": {"type": "yarn", "type": "linear"}}'),
        "nan": config("rms_norm_eps", float("nan")),
        "infinity": config("rope_scaling.factor", float("-inf")),
        "too-large": config_text(json.dumps(dict(Tiny().config, routed_scaling_factor="@")).replace('"@"', "1e999")),
        "no-type": config("model_type", DELETE),
        "other-type": config("model_type", "llama"),
        "no-hidden-size": config("hidden_size", DELETE),
        "zero": config("num_attention_heads", 0),
        "negative": config("kv_lora_rank", -8),
        "fraction": config("num_hidden_layers", 2.5),
        "a-string": config("vocab_size", "24"),
        "a-list": config("intermediate_size", [20]),
        "absurd": config("hidden_size", 2 ** 40),
        "not-a-flag": config("norm_topk_prob", 1),
        "bias": config("attention_bias", True),
        "activation": config("hidden_act", "gelu"),
        "kv-heads": config("num_key_value_heads", 1),
        "odd-rope": config("qk_rope_head_dim", 5),
        "rope-linear": config("rope_scaling.type", "linear"),
        "rope-dynamic": config("rope_scaling", {"rope_type": "dynamic", "factor": 2.0}),
        "rope-untyped": config("rope_scaling.type", DELETE),
        "rope-no-factor": config("rope_scaling.factor", DELETE),
        "layer-attention": config("layer_types", ["full_attention", "sliding_attention"]),
        "rope-theta-zero": config("rope_theta", 0),
        "partial-rotary": config("partial_rotary_factor", 0.5),
        "scoring": config("scoring_func", "softmax"),
        "topk-method": config("topk_method", "greedy"),
        "groups": config("n_group", 3),
        "kept-groups": config("topk_group", 3),
        "small-groups": config("n_group", 4),
        "top-k": config("num_experts_per_tok", 5),
        "top-k-of-groups": config("num_experts_per_tok", 3),
        "layer-types": config("mlp_layer_types", ["dense"]),
        "layer-type-name": config("mlp_layer_types", ["dense", "moe"]),
        "layer-types-differ": config("mlp_layer_types", ["sparse", "sparse"]),
        "indexer": config("index_topk", 2048),
        "quantised-otherwise": config("quantization_config", {"quant_method": "compressed-tensors"}),
        "block-size": config("quantization_config", {"quant_method": "fp8", "weight_block_size": [128]}),
        "static-scales": config("quantization_config", {"quant_method": "fp8", "weight_block_size": [8, 8], "activation_scheme": "static"}),
        "stored-type": config("torch_dtype", "float64"),
        "several": config_text(json.dumps(dict(Tiny().config, hidden_act="relu", attention_bias=True, n_group=3))),
        "too-many-experts": config_text(json.dumps(dict(Tiny().config, num_hidden_layers=4096, n_routed_experts=65536, n_group=8))),
        "nan-and-more": config_text(json.dumps(dict(Tiny().config, hidden_size=float("nan"), rms_norm_eps=float("inf"), hidden_act="relu"))),
        "value-and-tensor": tensors(many(lambda tiny: tiny.config.update(hidden_act="gelu", n_group=3), remove(NORM))),
        "v2-scoring": v2(scoring_func="sigmoid"),
        "v2-method": v2(topk_method="noaux_tc"),
        "v2-rope": v2(rope_interleave=False),
        "v2-method-null": v2(topk_method=None),
        "v2-groups-null": v2(n_group=None),
        **{"null-" + key: config(key, None) for key in (
            "vocab_size", "num_hidden_layers", "intermediate_size", "kv_lora_rank", "qk_rope_head_dim",
            "moe_intermediate_size", "num_experts_per_tok", "first_k_dense_replace", "topk_group", "topk_method",
            "scoring_func", "routed_scaling_factor", "rms_norm_eps", "hidden_act", "max_position_embeddings",
            "tie_word_embeddings", "rope_theta", "rope_scaling.type", "rope_scaling.factor",
            "rope_scaling.original_max_position_embeddings")},
        "null-group-alone": changed(n_group=None, topk_group=2),
        "use-mla": config("use_mla", False),
        "llama-4-scaling": config("llama_4_scaling", {"beta": 0.1}),
        "layers-differ": config("per_layer_config", {"1": {"rms_norm_eps": 1e-5}}),
        "attn-factor": config("rope_scaling.attn_factor", 1.5),
        "no-yarn-scaling": config("rope_scaling.apply_yarn_scaling", False),
        "rope-of-layers": config("rope_scaling", {"full_attention": {"rope_type": "default"}}),
        "beside-rope": changed(beta_fast=16, mscale=0.7),
        "rope-none": config("rope_scaling.type", "none"),
        "deepseek-yarn": config("rope_scaling.type", "deepseek_yarn"),
        "dtype-fp8": config("dtype", "fp8"),
        "dtype-short": config("torch_dtype", "bf16"),
        "head-dim": config("head_dim", 10),
        "experts-twice": config("num_local_experts", 8),
        "beside-text": tensors(lambda tiny: nested(tiny, rope_interleave=False)),
        "head-dim-null": config("head_dim", None),
        "glm-nulls": changed(model_type="glm4_moe_lite", n_group=None, num_key_value_heads=None, rope_interleave=None),
        "glm-experts-null": changed(model_type="glm4_moe_lite", n_routed_experts=None),
        "glm-shared-null": changed(model_type="glm4_moe_lite", n_shared_experts=None),
        "layer-types-alone": tensors(layer_types_alone),
    },
    "files": {
        "none": no_files("model.safetensors"),
        "other-format": in_place_of_weights("pytorch_model.bin"),
        "pickles": in_place_of_weights("consolidated.00.pth", "consolidated.01.pth"),
        "gguf": in_place_of_weights("model-Q4_K_M.gguf"),
        "unfinished": in_place_of_weights("model.safetensors.incomplete"),
        "unfinished-elsewhere": in_place_of_weights(".cache/huggingface/download/x3J9.5d41.incomplete"),
        "shards-alone": in_place_of_weights(*SHARDS),
        "adapter": in_place_of_weights("adapter_model.safetensors"),
        "other-name": in_place_of_weights("consolidated.safetensors"),
        "index-alone": index_alone,
        "pointer": replaced("model.safetensors", LFS_POINTER),
        "page": replaced("model.safetensors", PAGE),
        "annex": replaced("model.safetensors", "/annex/objects/SHA256E-s5234139343--0123456789abcdef.safetensors\n"),
        "other-model": replaced("model.safetensors", "GGUF\x03\0\0\0 and so on"),
        "zeros": replaced("model.safetensors", "\0" * 4096),
        "json": replaced("model.safetensors", '{"metadata": {}}'),
        "cut-short": cut_weights,
        "pointer-shard": replaced(SHARDS[1], LFS_POINTER, shards=4),
        "pointer-index": replaced("model.safetensors.index.json", LFS_POINTER, shards=4),
        "pointer-config": replaced("config.json", LFS_POINTER),
        "page-config": replaced("config.json", PAGE),
        "mark-config": replaced("config.json", "\ufeff{}"),
        "empty-config": replaced("config.json", ""),
        "gone": gone("model.safetensors"),
        "gone-shards": gone(*SHARDS, shards=4),
        "gone-index": gone("model.safetensors.index.json", shards=4),
        "gone-config": gone("config.json"),
        "a-pipe": pipe,
        "empty": file_bytes(lambda data: b""),
        "seven-bytes": file_bytes(lambda data: data[:7]),
        "in-header": file_bytes(lambda data: data[:100]),
        "in-data": file_bytes(lambda data: data[:-1]),
        "too-long": file_bytes(lambda data: data + b"\0"),
        "header-length": file_bytes(lambda data: b"\xff" * 8 + data[8:]),
        "header-not-json": header_text(lambda text: "?" + text[1:]),
        "header-cut": header_text(lambda text: text[:-1]),
        "header-tail": header_text(lambda text: text + "{}"),
        "name-twice": header_text(lambda text: text[:-1] + ', "model.norm.weight": {"dtype": "BF16", "shape": [16], "data_offsets": [0, 32]}}'),
        "key-twice": header_text(lambda text: text.replace('"dtype": "BF16"', '"dtype": "BF16", "dtype": "BF16"', 1)),
        "key-missing": header_text(lambda text: text.replace('"dtype": "BF16", ', "", 1)),
        "key-unknown": header_text(lambda text: text.replace('"dtype"', '"type"', 1)),
        "dtype-unknown": entry(NORM, dtype="BF17"),
        "dtype-number": entry(NORM, dtype=16),
        "shape-negative": entry(NORM, shape=[-16]),
        "shape-fraction": entry(NORM, shape=[1.5]),
        "shape-overflow": entry(NORM, shape=[2 ** 40, 2 ** 40]),
        "shape-zero": entry(NORM, shape=[0]),
        "one-offset": entry(NORM, data_offsets=[0]),
        "three-offsets": entry(NORM, data_offsets=[0, 1, 2]),
        "offsets-reversed": entry(NORM, data_offsets=[32, 0]),
        "offsets-outside": entry(NORM, data_offsets=[0, 10 ** 12]),
        "offsets-huge": entry(NORM, data_offsets=[0, 2 ** 64]),
        "offsets-length": entry(NORM, data_offsets=[0, 30]),
        "overlap": tensors(overlap),
        "hole": hole,
    },
    "index": {
        "shard-missing": index(lose_shard),
        "shard-cut": index(cut_shard),
        "wrong-shard": index(move_shard),
        "no-such-tensor": index(lambda weight_map, folder: weight_map.update(other=weight_map[NORM])),
        "not-listed": index(lambda weight_map, folder: weight_map.pop(NORM) and None),
        "outside": index(lambda weight_map, folder: weight_map.update({NORM: "../model.safetensors"})),
        "not-a-map": index(lambda weight_map, folder: '{"weight_map": ["model.safetensors"]}'),
        "no-map": index(lambda weight_map, folder: '{"metadata": {}}'),
        "not-json": index(lambda weight_map, folder: '{"weight_map": {'),
        "name-twice": index(lambda weight_map, folder: '{"weight_map": {"a": "b", "a": "c"}}'),
    },
    "tensors": {
        "missing": tensors(remove(NORM)),
        "surplus": tensors(add("model.layers.0.self_attn.q_proj.weight", 20, 16)),
        "shape": tensors(set_shape("model.layers.0.self_attn.kv_b_proj.weight", 24, 9)),
        "rank": tensors(set_shape(NORM, 4, 4)),
        "type": tensors(set_dtype(NORM, "I32")),
        "fp8-norm": tensors(many(fp8, set_dtype(NORM, "F8_E4M3"))),
        "fp8-without-config": tensors(set_dtype("model.layers.0.mlp.up_proj.weight", "F8_E4M3")),
        "fp8-no-scale": tensors(many(fp8, remove("model.layers.0.mlp.up_proj.weight_scale_inv"))),
        "fp8-scale-shape": tensors(many(fp8, set_shape("model.layers.0.mlp.up_proj.weight_scale_inv", 2, 2))),
        "fp8-scale-type": tensors(many(fp8, set_dtype("model.layers.0.mlp.up_proj.weight_scale_inv", "BF16"))),
        "scale-without-fp8": tensors(add("model.layers.0.mlp.up_proj.weight_scale_inv", 1, 1, dtype="F32")),
        "further-layer": tensors(further_layer),
        "fused-shape": tensors(lambda tiny: fused_experts(tiny, rows=10)),
        "tied-in-file": tensors(lambda tiny: tiny.config.update(tie_word_embeddings=True)),
        "untied-absent": tensors(remove("lm_head.weight")),
        "all-at-once": tensors(many(remove(NORM), set_shape("lm_head.weight", 24, 15), set_dtype(GATE % 1, "F64"),
                                    add("extra", 1), lambda tiny: tiny.config.update(attention_dropout=0.1))),
    },
    "quantisers": {name: tensors(change, shards=3) for name, change in {
        "gptq": quantised("qweight", "qzeros", "scales", "g_idx"),
        "awq": quantised("qweight", "qzeros", "scales"),
        "nvfp4": quantised("weight_scale", "weight_scale_2", "input_scale", weight="U8"),
        "nvfp4-fp8-config": many(fp8_blocks, quantised("weight_packed", "weight_scale_2", "input_scale")),
        "nvfp4-packed": quantised("weight_packed", "weight_scale", "weight_global_scale"),
        "packed-integers": quantised("weight_packed", "weight_scale", "weight_shape"),
        "mlx": many(quantised("scales", "biases", weight="U32"),
                    lambda tiny: tiny.config.update(quantization={"group_size": 64, "bits": 4})),
        "bitsandbytes": quantised("weight.absmax", "weight.quant_map", "weight.quant_state.bitsandbytes__nf4", weight="U8"),
        "bitsandbytes-8": quantised("SCB", "weight_format", weight="I8"),
        "hqq": quantised("W_q", "scale", "zero", "meta"),
        "per-channel": quantised("weight_scale", weight="F8_E4M3"),
    }.items()},
    "good": {
        "plain": tensors(lambda tiny: None),
        "sharded": tensors(lambda tiny: None, shards=4),
        "f16": tensors(lambda tiny: [set_dtype(name, "F16")(tiny) for name in tiny.tensors] and None),
        "fp8": tensors(fp8),
        "experts-differ": tensors(many(set_dtype(GATE % 2, "F32"), set_dtype(GATE % 3, "F16"))),
        "next-token-layer": tensors(next_token_layer),
        "fused": tensors(fused_experts),
        "nested": tensors(nested),
        "nested-v5": tensors(lambda tiny: nested(tiny, "model.language_model.", "lm_head.weight")),
        "tied": tensors(tied),
        "dense": tensors(dense),
        "rotary-buffer": tensors(add("model.layers.0.self_attn.rotary_emb.inv_freq", 2, dtype="F32")),
        "rotary-table": tensors(add("model.rotary_emb.cos_cached", 64, 4, dtype="F32")),
        "scaled-cache": tensors(scaled_cache),
        "scaled-cache-names": tensors(scales_of_others),
        "scaled-cache-of-many-layers": tensors(many(deeper(5), scaled_cache)),
        "v2": v2(),
        "rope-both": config("rope_parameters", dict(Tiny().config["rope_scaling"], rope_type="yarn", rope_theta=10000.0)),
        "full-attention": config("layer_types", ["full_attention", "full_attention"]),
        "no-eos": config("eos_token_id", None),
        "eos-outside": config("eos_token_id", [1, 99]),
        "groups-null": changed(n_group=None, topk_group=None),
        "flags-null": changed(norm_topk_prob=None, rope_interleave=None),
        "rank-null": tensors(without_query_rank),
        "neutral": changed(use_mla=True, attention_bias=None, llama_4_scaling=None, per_layer_config={}, head_dim=4),
        "rope-none": config("rope_scaling", {"type": "none", "factor": 1.0}),
        "rope-empty": changed(rope_scaling={}, rope_parameters={"rope_type": "default", "rope_theta": 500.0}),
        "theta-twice": config("rope_scaling.rope_theta", 500.0),
        "length-beside": changed(original_max_position_embeddings=32),
        "truncate-null": config("rope_scaling.truncate", None),
        "dtype-fp8": tensors(many(fp8, lambda tiny: tiny.config.update(torch_dtype="fp8"))),
        "gready": v2(topk_method="gready", n_group=None, topk_group=None),
        "v2-normalised": v2(norm_topk_prob=True, routed_scaling_factor=16.0),
        "v2-normalised-one": v2(norm_topk_prob=True, routed_scaling_factor=16.0, num_experts_per_tok=1),
        "unknown": changed(zebra=1, apple=[], nothing=None, quantization_config=None,
                           rope_scaling=dict(Tiny().config["rope_scaling"], stripes=2)),
        "unknown-many": changed(**{f"key{i:02}": i for i in range(40)}),
        "beside-text": tensors(lambda tiny: nested(tiny, inside={"rope_interleave": True}, rope_interleave=False,
                                                   hidden_size=16)),
        "eos-beside": tensors(lambda tiny: nested(tiny, inside={"eos_token_id": 3, "bos_token_id": None},
                                                  eos_token_id=[5, 6], bos_token_id=2)),
        "eos-null-inside": tensors(lambda tiny: nested(tiny, inside={"eos_token_id": None}, eos_token_id=7)),
        "factor-null": config("rope_scaling", {"type": "yarn", "factor": None, "original_max_position_embeddings": 16}),
        "type-twice": config("rope_scaling", {"rope_type": "default", "type": "yarn"}),
        "dtype-twice": changed(dtype="bfloat16", torch_dtype="float32"),
        "null-beside": tensors(lambda tiny: nested(tiny, q_lora_rank=None, rope_interleave=None, partial_rotary_factor=None)),
        "eos-null-beside": tensors(lambda tiny: nested(tiny, inside={"eos_token_id": 3}, eos_token_id=None)),
    },
}
