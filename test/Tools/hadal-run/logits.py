# SPDX-License-Identifier: Apache-2.0
# Checks the logits that the frozen test model gives for a prompt: logits.py FILE IDS
import sys

import checkpoint

dtype, shape, data = checkpoint.read_file(sys.argv[1])["logits"]
ids = [int(word) for word in sys.argv[2].split(",")]
if (dtype, list(shape)) != ("F32", [len(ids), 11]):
    sys.exit(f"expected F32 [{len(ids)}, 11], got {dtype} {shape}")
expected = [sum(ids[:row + 1]) * (1 + v / 4) for row in range(len(ids)) for v in range(11)]
found = checkpoint.decode(dtype, bytes(data))
if found != expected:
    sys.exit(f"expected {expected}, got {found}")
