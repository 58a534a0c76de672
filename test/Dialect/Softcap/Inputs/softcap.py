# SPDX-License-Identifier: Apache-2.0
# softcap.py cap M.mlir: the module with an op before the logits; softcap.py compare PLAIN CAPPED: of logits.
import json
import math
import re
import struct
import sys

CAP = 0.25


def logits(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        begin, end = header["logits"]["data_offsets"]
        data = file.read()[begin:end]
    return struct.unpack(f"<{len(data) // 4}f", data)


def main(what, first, second=None):
    if what == "cap":
        with open(first, encoding="utf-8") as file:
            text = file.read()
        op = rf"%capped = outside.softcap \1 {{cap = {CAP} : f32}} : \2\n    return %capped : \2"
        capped, count = re.subn(r"return (%\w+) : (tensor<\?x\d+xf32>)", op, text)
        assert count == 1, count
        print(capped)
        return
    pairs = list(zip(logits(first), logits(second), strict=True))
    error = max(abs(CAP * math.tanh(x / CAP) - y) for x, y in pairs)
    above = sum(abs(x) > CAP for x, y in pairs)
    print(f"{len(pairs)} logits, {above} above the bound, error {'small' if error < 1e-6 else error}")


main(*sys.argv[1:])
