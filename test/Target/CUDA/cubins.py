# SPDX-License-Identifier: Apache-2.0
# cubins.py REPORT COMPILER LEVEL...: all kernels of hadal-compile --report=json have machine code, without spill and stack.
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    report = json.load(file)
compiler, levels = sys.argv[2], sys.argv[3:]
if sorted(report["machine_code"]) != sorted(levels) or any(
        not by.startswith(compiler) for by in report["machine_code"].values()):
    sys.exit(f"expected machine code by {compiler} for {levels}, got {report['machine_code']}")
for level in levels:
    kernels = [kernel for kernel in report["kernels"] if kernel["level"] == level]
    for kernel in kernels:
        code = kernel.get("machine_code")
        if not code or not code["bytes"] or not code["registers"]:
            sys.exit(f"{level}: {kernel['name']}: expected machine code and its registers, got {code}")
        if code["stack_bytes"] or code["spill_store_bytes"] or code["spill_load_bytes"]:
            sys.exit(f"{level}: {kernel['name']}: expected neither stack nor spill, got {code}")
    print(f"{level}: {len(kernels)} kernels, {len({k['machine_code']['symbol'] for k in kernels})} distinct")
