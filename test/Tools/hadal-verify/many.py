# SPDX-License-Identifier: Apache-2.0
# Makes thousands of things wrong: many.py prompts RIGHT WRONG, or many.py weights FILE.
# The first repeats the prompts of expected results 150 times, with other logits and tokens; the second changes every weight.
import sys

import checkpoint


def prompts(right, wrong):
    tensors = {}
    for name, (dtype, shape, data) in checkpoint.read_file(right).items():
        kind, index = name.rsplit(".", 1)
        if kind in ("prompt", "logits", "greedy", "tap.sums"):
            for copy in range(150):
                values = checkpoint.decode(dtype, bytes(data))
                if kind == "logits":
                    values[copy % len(values)] += 1 + copy
                if kind == "greedy":
                    values[-1] -= 1
                tensors[f"{kind}.{int(index) + 2 * copy}"] = (dtype, shape, checkpoint.encode(dtype, values))
    checkpoint.write_file(wrong, tensors)


def weights(path):
    _, start = checkpoint.read_header(path)
    with open(path, "r+b") as file:
        file.seek(start)
        data = file.read()
        file.seek(start)
        file.write(bytes(byte ^ 1 for byte in data))


{"prompts": prompts, "weights": weights}[sys.argv[1]](*sys.argv[2:])
