# SPDX-License-Identifier: Apache-2.0
# Checks the JSON report of a model with shared expressions, on stdin: every name that is used is
# defined once, before its use in another, and the tensor map is there.
import json
import re
import sys

report = json.load(sys.stdin)
program = report["programs"][0]
interface = program["executables"][2]["variants"][0]["interface"]


def names(value):
    return set(re.findall(r"%\d+", json.dumps(value)))


def check(what, values, *users):
    known = set()
    for name, text in values.items():
        if not names(text) <= known:
            sys.exit(f"{what}: {name} is made of {names(text) - known}, which come later")
        known.add(name)
    if not known:
        sys.exit(f"{what}: expected names, got none")
    for user in users:
        if not names(user) or not names(user) <= known:
            sys.exit(f"{what}: expected some of {known}, got {user}")


check("program", program["values"], program["states"][1]["rows"])
check("interface", interface["values"], interface["grid"], interface["parameters"][0]["map"]["strides"])
check("entry", program["entries"][0]["values"], program["entries"][0]["arguments"][0]["shape"])
if program["entries"][1]["values"]:
    sys.exit(f"entry decode: expected no names, got {program['entries'][1]['values']}")
found = {key: value for key, value in interface["parameters"][0]["map"].items() if key != "strides"}
if found != {"type": "f32", "extents": "[64, c0]", "box": [64, 8], "swizzle": 128}:
    sys.exit(f"map: got {found}")
