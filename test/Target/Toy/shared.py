# SPDX-License-Identifier: Apache-2.0
# Checks that an artifact of two programs stores their common parameters once: shared.py ONE.json BOTH.json
import json
import sys


def parameters(path):
    with open(path, encoding="utf-8") as file:
        return {p["name"]: p for p in json.load(file)["parameters"]}


one, both = parameters(sys.argv[1]), parameters(sys.argv[2])
assert set(one) < set(both), "expected all parameters of the first program"
added = {name for name in both if name not in one}
print(f"{len(one)} parameters of one program, {len(added)} more of the other")
# What a layout arranges differs; norms, tables and what is read by rows is common.
assert all(name.endswith("@toy") for name in added), added
laid_out = {name for name, p in one.items() if p.get("encoding")}
assert added and {name[:-len("@toy")] for name in added} <= laid_out, added - laid_out
assert len(added) < len(one)
