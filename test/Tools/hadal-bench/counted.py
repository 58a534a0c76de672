# SPDX-License-Identifier: Apache-2.0
# counted.py COUNTED [ROOFED MEMORY SMS CLOCK]...: what hadal-bench counts agrees with itself, and bounds with the figures given.
import json
import sys

SUMS = ("launches", "read_requested_bytes", "read_distinct_bytes", "read_compulsory_bytes", "write_requested_bytes",
        "write_distinct_bytes", "write_compulsory_bytes", "warp_instructions", "moves", "shared_wavefronts",
        "bank_conflicts", "barriers")


def read(path):
    with open(path, encoding="utf-8") as file:
        figures = json.load(file)["figures"]
    for figure in figures:
        if "seconds" in figure or "read_share" in figure:
            sys.exit(f"expected nothing timed, got {figure.keys()}")
        for name in SUMS:
            total = sum(kernel[name] for kernel in figure["kernels"])
            if total != figure[name]:
                sys.exit(f"{name}: expected the sum of the kernels, {total}, got {figure[name]}")
    return figures


def near(what, expected, got):
    if abs(got - expected) > 1e-5 * expected:
        sys.exit(f"{what}: expected {expected}, got {got}")


figures = read(sys.argv[1])
found = [(f["kind"], f.get("tokens", f.get("context")), f["batch"]) for f in figures]
if found != [("prefill", 3, 2), ("decode", 40, 2)]:
    sys.exit(f"expected a prefill and a decode, got {found}")
kernels = {kernel["name"]: kernel for kernel in figures[1]["kernels"]}
# Kernels of whole matrices: the weight, the rows in and the rows out, and the constants of the launch.
for name, sizes in {"lm_head_4096": (4096, 192), "gate_512": (512, 192)}.items():
    kernel = kernels[name]
    out, width = sizes
    weight = 2 * out * width * kernel["launches"]
    for what in ("read_compulsory_bytes", "read_distinct_bytes"):
        if not weight < kernel[what] < 1.01 * weight:
            sys.exit(f"{name}: {what}: expected little more than the {weight} B of the weight, got {kernel[what]}")
    if kernel["write_compulsory_bytes"] != kernel["write_distinct_bytes"]:
        sys.exit(f"{name}: expected each result written once, got {kernel}")
# Of a state the rows of two new tokens are written: 80 elements of bf16, in each of five layers.
written = kernels["append_64x80"]["write_compulsory_bytes"]
if written != 5 * 2 * 80 * 2:
    sys.exit(f"expected the rows of two tokens in five layers, 1600 B, got {written}")

groups = sys.argv[2:]
for path, memory, sms, clock in zip(*[iter(groups)] * 4):
    memory, cycles = float(memory), float(sms) * float(clock)
    for figure in read(path):
        largest = 0
        for kernel in figure["kernels"]:
            bound = kernel["bound_seconds"]
            near("memory", (kernel["read_distinct_bytes"] + kernel["write_distinct_bytes"]) / memory, bound["memory"])
            near("issue", (kernel["warp_instructions"] - kernel["moves"]) / (4 * cycles), bound["issue"])
            near("shared", kernel["shared_wavefronts"] / cycles, bound["shared"])
            times = {name: bound[name] for name in ("memory", "tensor", "issue", "shared")}
            if times[bound["binds"]] != max(times.values()):
                sys.exit(f"expected the largest of {times} to bind, got {bound['binds']}")
            largest += max(times.values())
        near("sum of the largest", largest, figure["bound_seconds"]["sum_of_largest"])
