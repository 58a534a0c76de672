# SPDX-License-Identifier: Apache-2.0
# Checkpoints of DeepSeek-V3's shape, headers alone, in which thousands of tensors are wrong: counts what is said of each.
# usage: large.py CONFIG WORK-FOLDER IMPORTER COMPILER
import json
import os
import shutil
import struct
import subprocess
import sys

import checkpoint
from tiny import Tiny, write_text


def is_projection(name):
    return "_proj" in name


class Large(Tiny):
    """Tensors of this configuration, in shards whose data is a hole."""

    def __init__(self, config):
        self.config = config
        self.tensors = {}
        self.shards = 8
        self.fill()

    def replace(self, name, *endings, weight=None):
        """The tensor as a quantiser stores it: with these endings, small ones, and a weight of this type or none."""
        del self.tensors[name]
        if weight:
            self.add(name, 4, dtype=weight)
        for ending in endings:
            self.add(name.removesuffix("weight") + ending, 4, dtype="I32")

    def header_text(self, names):
        """As header() has it; json.dumps takes seconds for so many."""
        entries, offset = [], 0
        for name in names:
            dtype, shape, _ = self.tensors[name]
            end = offset + checkpoint.count(shape) * checkpoint.SIZES.get(dtype, 4)
            entries.append(f'"{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{offset},{end}]}}')
            offset = end
        return ("{" + ",".join(entries) + "}").encode(), offset

    def write(self, folder):
        os.makedirs(folder)
        write_text(folder, "config.json", json.dumps(self.config))
        names, index = list(self.tensors), {}
        step = -(-len(names) // self.shards)
        for first in range(0, len(names), step):
            shard = f"model-{first // step + 1:05}-of-{self.shards:05}.safetensors"
            part = names[first:first + step]
            text, size = self.header_text(part)
            with open(os.path.join(folder, shard), "wb") as file:
                file.write(struct.pack("<Q", len(text)) + text)
                file.truncate(8 + len(text) + size)
            index.update(dict.fromkeys(part, shard))
        write_text(folder, "model.safetensors.index.json", json.dumps({"weight_map": index}))


def nothing(large):
    large.tensors = {"model.norm.weight": large.tensors["model.norm.weight"]}


def renamed(large):
    large.tensors = {"transformer." + name: ["BF16", [4], None] for name in large.tensors}


def small(large):
    for tensor in large.tensors.values():
        tensor[1] = [4]


def quantised(*endings, weight=None, config={}):
    def change(large):
        del large.config["quantization_config"]
        large.config.update(config)
        for name in list(filter(is_projection, large.tensors)):
            large.replace(name, *endings, weight=weight)
    return change


def beside_fp8(large):
    """Experts in 4 bits, while the configuration of the fp8 checkpoint that they were made from is still there."""
    for name in list(filter(is_projection, large.tensors)):
        if ".experts." in name:
            large.replace(name, "weight_scale", "weight_scale_2", "input_scale", weight="U8")
        else:
            large.tensors[name][0] = "F8_E4M3"
            rows, columns = (-(-extent // 128) for extent in large.tensors[name][1])
            large.add(name + "_scale_inv", rows, columns, dtype="F32")


CASES = {
    "missing": nothing,
    "surplus": renamed,
    "shapes": small,
    "gptq": quantised("qweight", "qzeros", "scales", "g_idx"),
    "awq": quantised("qweight", "qzeros", "scales"),
    "nvfp4": beside_fp8,
    "mlx": quantised("scales", "biases", weight="U32", config={"quantization": {"group_size": 64, "bits": 4}}),
}


def main():
    config, work, importer, compiler = sys.argv[1:]
    shutil.rmtree(work, ignore_errors=True)
    for name, change in CASES.items():
        folder = os.path.join(work, name)
        with open(config, encoding="utf-8") as file:
            large = Large(json.load(file))
        change(large)
        large.write(folder)
        commands = [[importer, folder, "--check"]]
        if name in ("missing", "gptq"):
            commands.append([compiler, folder, "-o", os.path.join(work, "m.hadal")])
        for command in commands:
            run = subprocess.run(command, capture_output=True, text=True, timeout=300)
            lines = (run.stderr + run.stdout).replace(folder, "DIR").splitlines()
            problems = lines[-1] if command[0] == importer else f"{len(lines)} lines"
            print(f"{os.path.basename(command[0])} {name}: exit {run.returncode}: {problems}")
            print(lines[0])
            if len(lines) >= 200:
                sys.exit(f"expected fewer than 200 lines, got {len(lines)}")
        shutil.rmtree(folder)
    nothing_left = os.listdir(work)
    if nothing_left:
        sys.exit(f"expected no output of what was refused, got {nothing_left}")


main()
