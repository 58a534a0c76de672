# SPDX-License-Identifier: Apache-2.0
# Checks the JSON report of the frozen test artifact on stdin.
import json
import sys

report = json.load(sys.stdin)
expected = {
    "schema_major": 1,
    "build_id": "00112233aabbccdd",
    ("model", "vocab_size"): 11,
    ("model", "eos_tokens"): [1, 5],
    ("model", "shapes_only"): False,
    ("sections", 0, "kind"): "plan",
    ("weight_files", 0, "size"): 172,
    ("parameters", 0, "shape"): [11],
    ("parameters", 0, "checksum"): "e26155cc0f8d0e3a",
    ("states", 0, "row"): 1,
    ("programs", 0, "family"): "cpu",
    ("programs", 0, "executables", 2, "variants", 0, "level"): "x86-64-v3",
    ("programs", 0, "entries", 1, "costs", 0, "launches"): 3,
}
for path, value in expected.items():
    found = report
    for key in path if isinstance(path, tuple) else (path,):
        found = found[key]
    if found != value:
        sys.exit(f"{path}: expected {value!r}, got {found!r}")
