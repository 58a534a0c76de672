# SPDX-License-Identifier: Apache-2.0
# Checks the JSON report of a frozen test artifact, of any version, on stdin.
import json
import sys

report = json.load(sys.stdin)
expected = {
    "build_id": "00112233aabbccdd",
    ("model", "vocab_size"): 11,
    ("model", "eos_tokens"): [1, 5],
    ("model", "shapes_only"): False,
    ("sections", 0, "kind"): "plan",
    ("weight_files", 0, "size"): 172,
    ("parameters", 0, "shape"): [11],
    ("parameters", 0, "checksum"): "e26155cc0f8d0e3a",
    ("programs", 0, "family"): "cpu",
    ("programs", 0, "dims", 0, "kind"): "tokens",
    ("programs", 0, "block_tables", 0, "page_size"): 4,
    ("programs", 0, "states", 0, "kind"): "growing",
    ("programs", 0, "states", 0, "row_shape"): [1],
    ("programs", 0, "executables", 2, "variants", 0, "level"): "x86-64-v3",
    ("programs", 0, "executables", 1, "variants", 0, "interface", "scratch_bytes"): 64,
    ("programs", 0, "entries", 1, "role"): "decode",
    ("programs", 0, "entries", 1, "arguments", 5, "role"): "block_table",
    ("programs", 0, "entries", 1, "costs", 0, "launches"): 3,
}
for path, value in expected.items():
    found = report
    for key in path if isinstance(path, tuple) else (path,):
        found = found[key]
    if found != value:
        sys.exit(f"{path}: expected {value!r}, got {found!r}")
