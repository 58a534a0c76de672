# SPDX-License-Identifier: Apache-2.0
# Damages checkpoints in every way that files are damaged; each must be refused by name.
#
# bad_checkpoints.py GOLDENS SCRATCH: uses hadal-compile for damaged files and
# hadal-import --check for the many odd values of config.json.
import json
import os
import struct
import sys

import checkpoint
from mutation import Judge, copy_folder, replace_bytes

COMPILE, IMPORT = os.environ["HADAL_COMPILE"], os.environ["HADAL_IMPORT"]
NORM, GATE = "model.layers.0.input_layernorm.weight", "model.layers.1.mlp.gate.weight"
DOWN = "model.layers.0.mlp.down_proj.weight"


def with_header(data, change):
    """The file with its header parsed, changed and written anew over the same tensor bytes."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    replaced = change(header)
    text = json.dumps(header if replaced is None else replaced).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length:]


def on(name, **fields):
    def change(header):
        header[name].update(fields)
    return change


def swap(header):
    header[NORM]["data_offsets"] = header[DOWN]["data_offsets"][:1] + [header[DOWN]["data_offsets"][0] + 256]


def drop(header):
    del header[GATE]


def beyond(header):
    end = header["model.norm.weight"]["data_offsets"]
    header["model.norm.weight"]["data_offsets"] = [end[0] + (1 << 40), end[1] + (1 << 40)]


def backwards(header):
    header[NORM]["data_offsets"].reverse()


def surplus(header):
    header["model.layers.9.mystery.weight"] = {"dtype": "BF16", "shape": [0], "data_offsets": [0, 0]}


# name -> (what happens to model.safetensors, what the message must name besides the file)
FILES = {
    "last byte cut": (lambda d: d[:-1], ()),
    "cut in the middle": (lambda d: d[:len(d) // 2], ()),
    "cut in the header": (lambda d: d[:100], ()),
    "seven bytes": (lambda d: d[:7], ()),
    "empty": (lambda d: b"", ()),
    "bytes after the end": (lambda d: d + b"x", ()),
    "header longer than the file": (lambda d: struct.pack("<Q", 1 << 40) + d[8:], ()),
    "header length of all ones": (lambda d: b"\xff" * 8 + d[8:], ()),
    "header length of zero": (lambda d: struct.pack("<Q", 0) + d[8:], ()),
    "header is no JSON": (lambda d: d[:8] + b"}" + d[9:], ()),
    "header is a list": (lambda d: with_header(d, lambda h: []), ()),
    "entry is a number": (lambda d: with_header(d, lambda h: {**h, NORM: 3}), (NORM,)),
    "overlapping tensors": (lambda d: with_header(d, swap), (NORM,)),
    "offsets beyond the file": (lambda d: with_header(d, beyond), ("model.norm.weight",)),
    "offsets backwards": (lambda d: with_header(d, backwards), (NORM,)),
    "negative offset": (lambda d: with_header(d, on(NORM, data_offsets=[-2, 254])), (NORM,)),
    "tensor missing": (lambda d: with_header(d, drop), (GATE,)),
    "tensor surplus": (lambda d: with_header(d, surplus), ("model.layers.9.mystery.weight",)),
    "unknown type": (lambda d: with_header(d, on(NORM, dtype="Q9")), (NORM, "Q9")),
    "type of another size": (lambda d: with_header(d, on(NORM, dtype="F32")), (NORM,)),
    "integers for weights": (lambda d: with_header(d, on(NORM, dtype="I16")), (NORM, "I16")),
    "other shape, same bytes": (lambda d: with_header(d, on(NORM, shape=[2, 64])), (NORM,)),
    "shape that overflows": (lambda d: with_header(d, on(NORM, shape=[1 << 62, 1 << 62])), (NORM,)),
    "negative extent": (lambda d: with_header(d, on(NORM, shape=[-128])), (NORM,)),
    "shape of no numbers": (lambda d: with_header(d, on(NORM, shape=["x"])), (NORM,)),
}

# field -> values that cannot be right; the message must name the field.
WRONG_VALUES = {
    "model_type": ['"gpt2"', "7", "null"], "num_hidden_layers": ["0", "-1", "2.5", '"3"', "NaN", "1e30", "[]"],
    "hidden_size": ["0", "-128", "NaN", "Infinity"], "num_attention_heads": ["0", "-4", "{}"],
    "kv_lora_rank": ["0", "null", "NaN"], "qk_rope_head_dim": ["0", "15", "-16"], "qk_nope_head_dim": ["0"],
    "v_head_dim": ["0", "NaN"], "vocab_size": ["0", "-1", "1e400"], "rms_norm_eps": ["NaN", "-1", "Infinity", '"x"'],
    "rope_theta": ["0", "NaN", "-5"], "n_routed_experts": ["-8", "NaN"], "num_experts_per_tok": ["0", "9", "NaN"],
    "routed_scaling_factor": ["NaN", "Infinity"], "hidden_act": ['"gelu"'], "scoring_func": ['"tanh"'],
    "topk_method": ['"random"'], "max_position_embeddings": ["0", "-1"],
    "rope_scaling": ['{"type":"dynamic","factor":2}', '{"type":"yarn","factor":0}', '{"type":"yarn","factor":NaN}', "3"],
    "attention_bias": ["true"], "moe_intermediate_size": ["0", "-1"], "first_k_dense_replace": ["-1"],
    "quantization_config": ['{"quant_method":"awq"}', '{"quant_method":"fp8","weight_block_size":[0,128]}'],
}


def damaged_files(judge, source, folder, out):
    target = os.path.join(folder, "model.safetensors")
    with open(os.path.join(source, "model.safetensors"), "rb") as file:
        data = file.read()
    for name, (change, mentions) in FILES.items():
        copy_folder(source, folder)
        replace_bytes(target, change(data))
        judge.refuses(name, [COMPILE, folder, "-o", os.path.join(out, "m.hadal")],
                      ("model.safetensors", *mentions), out)
    copy_folder(source, folder)
    os.remove(target)
    judge.refuses("weights absent", [COMPILE, folder, "-o", os.path.join(out, "m.hadal")], ("safetensors",), out)
    judge.refuses("folder absent", [COMPILE, folder + "-none", "-o", os.path.join(out, "m.hadal")],
                  (folder + "-none",), out)


def damaged_shards(judge, source, folder, out):
    index = "model.safetensors.index.json"
    with open(os.path.join(source, index), "rb") as file:
        text = file.read()

    def case(name, change, mentions):
        copy_folder(source, folder)
        change()
        judge.refuses(name, [COMPILE, folder, "-o", os.path.join(out, "m.hadal")], mentions, out)

    def rewrite(**changes):
        content = json.loads(text)
        content["weight_map"].update(changes.pop("weight_map", {}))
        content.update(changes)
        replace_bytes(os.path.join(folder, index), json.dumps(content).encode())

    second = "model-00002-of-00003.safetensors"
    case("shard absent", lambda: os.remove(os.path.join(folder, second)), (second,))
    case("index cut", lambda: replace_bytes(os.path.join(folder, index), text[:100]), (index,))
    case("index without a map", lambda: replace_bytes(os.path.join(folder, index), b"{}"), (index, "weight_map"))
    case("index names a file that is absent", lambda: rewrite(weight_map={NORM: "other.safetensors"}),
         ("other.safetensors",))
    case("index names a file outside", lambda: rewrite(weight_map={NORM: "../../secret.safetensors"}), (index,))
    case("index names the wrong file", lambda: rewrite(weight_map={NORM: second}), (NORM,))
    case("index value is a number", lambda: rewrite(weight_map={NORM: 5}), (index,))


def odd_configs(judge, source, folder):
    path = os.path.join(folder, "config.json")
    with open(os.path.join(source, "config.json"), encoding="utf-8") as file:
        config = json.load(file)

    def check(name, text, mentions):
        copy_folder(source, folder)
        replace_bytes(path, text.encode())
        judge.refuses(name, [IMPORT, folder, "--check"], ("config.json", *mentions))

    for field, values in WRONG_VALUES.items():
        for value in values:
            text = json.dumps({**config, field: "@@"}).replace('"@@"', value)
            check(f"{field} = {value}", text, (field,))
    for field in ("model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size", "kv_lora_rank",
                  "intermediate_size"):
        check(f"{field} absent", json.dumps({k: v for k, v in config.items() if k != field}), (field,))
    for name, text in {"empty": "", "a list": "[]", "cut": json.dumps(config)[:50], "no JSON": "hello",
                       "deeply nested": "[" * 100000, "a NUL": "{\0}"}.items():
        check(f"config.json is {name}", text, ())
    copy_folder(source, folder)
    os.remove(path)
    judge.refuses("config.json absent", [IMPORT, folder, "--check"], ("config.json",))


def main(goldens, scratch):
    judge = Judge()
    folder, out = os.path.join(scratch, "model"), os.path.join(scratch, "out")
    os.makedirs(out)
    damaged_files(judge, os.path.join(goldens, "v2-lite"), folder, out)
    damaged_shards(judge, os.path.join(goldens, "v3"), folder, out)
    odd_configs(judge, os.path.join(goldens, "v2-lite"), folder)
    judge.finish(90)


if __name__ == "__main__":
    main(*sys.argv[1:])
