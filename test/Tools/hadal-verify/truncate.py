# SPDX-License-Identifier: Apache-2.0
# Every cut and many flips of a file of expected results are handled: truncate.py HADAL_VERIFY MODEL FOLDER
import os
import random
import subprocess
import sys

verify, model, folder = sys.argv[1:]
whole, damaged = os.path.join(folder, "whole"), os.path.join(folder, "damaged")
subprocess.run([sys.executable, os.path.join(os.path.dirname(__file__), "expected.py"), whole], check=True)
with open(whole, "rb") as file:
    content = file.read()


def run(data, may_pass):
    with open(damaged, "wb") as file:
        file.write(data)
    done = subprocess.run([verify, model, damaged], capture_output=True, text=True, check=False)
    if done.returncode != 1 and not (may_pass and done.returncode == 0):
        sys.exit(f"expected exit code 1, got {done.returncode}: {done.stderr}")
    if done.returncode == 1 and "hadal-verify: error: " not in done.stderr:
        sys.exit("expected a message, got none")


for size in range(0, len(content), max(1, len(content) // 40)):
    run(content[:size], False)
rng = random.Random(1)
for _ in range(60):
    changed = bytearray(content)
    changed[rng.randrange(len(content) // 2)] ^= 1 << rng.randrange(8)
    run(bytes(changed), True)
