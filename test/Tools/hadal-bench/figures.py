# SPDX-License-Identifier: Apache-2.0
# Checks hadal-bench's JSON for the frozen test model: which figures there are, and that they agree with each other.
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    report = json.load(file)
found = [(f["kind"], f.get("tokens", f.get("context")), f["batch"], f["threads"]) for f in report["figures"]]
expected = [(kind, length, batch, threads) for threads in (1, 2) for batch in (1, 3)
            for kind, length in (("prefill", 8), ("prefill", 16), ("decode", 4))]
if found != expected:
    sys.exit(f"expected the figures {expected}, got {found}")
for f in report["figures"]:
    new = f["batch"] * (f["tokens"] if f["kind"] == "prefill" else 1)
    if abs(f["tokens_per_second"] * f["seconds"] / new - 1) > 1e-6:
        sys.exit(f"expected {new} tokens a step, got {f}")
    if f["bytes"] != 44 or f["flops"] != 11 * f["batch"]:
        sys.exit(f"expected 44 bytes and {11 * f['batch']} operations, got {f}")
    if sorted(kernel["name"] for kernel in f["kernels"]) != ["append", "project", "sum"]:
        sys.exit(f"expected three kernels, got {f['kernels']}")
    if min(f["read_share"], f["dot_share"], f["read_bytes_per_second"], f["dot_flops_per_second"]) <= 0:
        sys.exit(f"expected shares of roofs, got {f}")
