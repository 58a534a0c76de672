# SPDX-License-Identifier: Apache-2.0
# Writes expected results for the frozen test model: expected.py FILE [FAULT]...
# A fault makes something of prompt 1 wrong: logit, tap, greedy, or the form of the file: shape, rank, type, id, none.
import sys

import checkpoint

faults = sys.argv[2:]
tensors = {}


def add(name, dtype, shape, values):
    tensors[name] = (dtype, shape, checkpoint.encode(dtype, values))


for index, prompt in enumerate([[1, 2, 3], [1, 1, 1, 1, 2]]):
    sums = [sum(prompt[:row + 1]) for row in range(len(prompt))]
    rows = 3 if index == 0 else 2
    logits = [value * (1 + v / 4) for value in sums[-rows:] for v in range(11)]
    greedy = [10] * 4
    if index == 1:
        logits[5] += 0.5 if "logit" in faults else 0
        sums[1] += 0.5 if "tap" in faults else 0
        greedy[2] = 3 if "greedy" in faults else 10
        prompt[0] = 11 if "id" in faults else 1
    if "none" in faults:
        continue
    columns = 10 if index == 1 and "shape" in faults else 11
    add(f"prompt.{index}", "I32", [len(prompt)], prompt)
    if index == 1 and "rank" in faults:
        add(f"logits.{index}", "F32", [rows * 11], logits)
    elif index == 1 and "type" in faults:
        add(f"logits.{index}", "I32", [rows, 11], [0] * (rows * 11))
    else:
        add(f"logits.{index}", "F32", [rows, columns], logits[:rows * columns])
    add(f"greedy.{index}", "I32", [4], greedy)
    add(f"bf16_error.{index}", "F32", [rows], [0.01] * rows)
    add(f"tap.sums.{index}", "F32", [len(prompt), 1], sums)
checkpoint.write_file(sys.argv[1], tensors)
