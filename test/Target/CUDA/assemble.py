# SPDX-License-Identifier: Apache-2.0
# assemble.py PTXAS ARTIFACT LEVEL...: NVIDIA's assembler takes the PTX of each level, and spills nothing.
import json
import os
import re
import subprocess
import sys
import tempfile

ptxas, artifact, *levels = sys.argv[1:]


def objdump(*options):
    return subprocess.run([os.environ["HADAL_OBJDUMP"], artifact, *options], check=True, capture_output=True, text=True).stdout


program = json.loads(objdump("--json"))["programs"][0]
kernel = program["executables"][0]["name"]
for level in levels:
    # One image holds all kernels of a level; a line says which one was asked for.
    text = objdump(f"--disassemble={kernel}", f"--level={level}").split("\n", 1)[1]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kernels.ptx")
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        done = subprocess.run([ptxas, f"-arch={level}", "-v", path, "-o", os.path.join(folder, "kernels.cubin")],
                              check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{level}: {done.stderr}")
    spills = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", done.stderr)
    entries = text.count(".visible .entry")
    if len(spills) != entries or any(pair != ("0", "0") for pair in spills):
        sys.exit(f"{level}: expected {entries} kernels without a spill, got {spills}")
    if re.search(r"^\s*\.extern", text, re.MULTILINE):
        sys.exit(f"{level}: expected nothing external")
    print(f"{level}: {entries} kernels")
