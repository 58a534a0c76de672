# SPDX-License-Identifier: Apache-2.0
# Writes copies of a checkpoint some of whose weights are not finite, or not in the type that they are packed to.
# usage: nonfinite.py CHECKPOINT FOLDER
import json
import os
import sys

import checkpoint

NAN, INFINITY = {"F32": 0x7FC00000, "BF16": 0x7FC0, "F16": 0x7E00, "F8_E4M3": 0x7F}, {"F32": 0x7F800000, "BF16": 0x7F80, "F16": 0x7C00}
LARGEST = 0x7F7FFFFF  # of f32; rounds to infinity in bf16
EXPERT = "model.layers.1.mlp.experts."


def put(tensors, name, index, bits):
    dtype, shape, data = tensors[name]
    at = 0
    for extent, i in zip(shape, index):
        at = at * extent + i
    size = checkpoint.SIZES[dtype]
    changed = bytearray(data)
    changed[at * size:(at + 1) * size] = bits.to_bytes(size, "little")
    tensors[name] = (dtype, shape, bytes(changed))


def nan(tensors, name, *index):
    put(tensors, name, index, NAN[tensors[name][0]])


def infinity(tensors, name, *index, sign=0):
    dtype = tensors[name][0]
    put(tensors, name, index, INFINITY[dtype] | sign << (8 * checkpoint.SIZES[dtype] - 1))


def store_as(tensors, name, dtype):
    shape = tensors.pop(name)[1]
    tensors.pop(name + "_scale_inv")
    tensors[name] = (dtype, shape, bytes(checkpoint.count(shape) * checkpoint.SIZES[dtype]))


def fuse(tensors, names, fused):
    """The projections of each expert, one below the other, of all experts as one tensor; zeros."""
    experts, rows = 0, 0
    while EXPERT + f"{experts}.{names[0]}_proj.weight" in tensors:
        shapes = [tensors[EXPERT + f"{experts}.{name}_proj.weight"][1] for name in names]
        for name in names:
            tensors.pop(EXPERT + f"{experts}.{name}_proj.weight")
            tensors.pop(EXPERT + f"{experts}.{name}_proj.weight_scale_inv")
        rows, experts = sum(shape[0] for shape in shapes), experts + 1
    shape = [experts, rows, shapes[0][1]]
    tensors[EXPERT + fused] = ("BF16", shape, bytes(2 * checkpoint.count(shape)))


def every_type(tensors):
    nan(tensors, "model.embed_tokens.weight", 3, 5)
    infinity(tensors, "model.embed_tokens.weight", 96, 159, sign=1)
    for row in range(5):
        nan(tensors, "model.layers.0.self_attn.kv_b_proj.weight", 100 + row, 3)
    put(tensors, "model.layers.0.self_attn.kv_b_proj.weight", (335, 143), 0xFF)
    store_as(tensors, "model.layers.0.self_attn.o_proj.weight", "F16")
    infinity(tensors, "model.layers.0.self_attn.o_proj.weight", 0, 191)
    infinity(tensors, "model.layers.0.mlp.down_proj.weight_scale_inv", 1, 0)
    for layer, name in ((1, "q_a_proj"), (1, "o_proj")):
        store_as(tensors, f"model.layers.{layer}.self_attn.{name}.weight", "F32")
    nan(tensors, "model.layers.1.self_attn.q_a_proj.weight", 39, 159)
    put(tensors, "model.layers.1.self_attn.o_proj.weight", (2, 7), LARGEST)
    nan(tensors, "model.layers.1.mlp.gate.e_score_correction_bias", 7)
    for expert in range(8):
        nan(tensors, EXPERT + f"{expert}.gate_proj.weight", expert, 0)


def fused(tensors):
    fuse(tensors, ["gate", "up"], "gate_up_proj")
    fuse(tensors, ["down"], "down_proj")
    nan(tensors, EXPERT + "gate_up_proj", 2, 5, 9)
    nan(tensors, EXPERT + "gate_up_proj", 7, 136 + 3, 0)
    nan(tensors, "model.layers.0.self_attn.kv_b_proj.weight", 335, 143)
    store_as(tensors, "model.layers.1.self_attn.o_proj.weight", "F32")
    put(tensors, "model.layers.1.self_attn.o_proj.weight", (2, 7), LARGEST)


def main(source, target):
    with open(os.path.join(source, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    for name, change in (("types", every_type), ("fused", fused)):
        tensors = checkpoint.read_checkpoint(source)
        change(tensors)
        checkpoint.write_checkpoint(os.path.join(target, name), config, tensors)
    checkpoint.write_checkpoint(os.path.join(target, "table"), {**config, "rope_scaling": None, "rope_theta": 1e-300}, checkpoint.read_checkpoint(source))


main(*sys.argv[1:])
