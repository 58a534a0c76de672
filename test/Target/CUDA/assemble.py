# SPDX-License-Identifier: Apache-2.0
# assemble.py PTXAS ARTIFACT LEVEL...: NVIDIA's assembler takes the PTX of each kernel, and spills nothing.
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

ptxas, artifact, *levels = sys.argv[1:]


def objdump(*options):
    return subprocess.run([os.environ["HADAL_OBJDUMP"], artifact, *options], check=True, capture_output=True, text=True).stdout


def assemble(folder, kernel, level):
    """What is wrong with the kernel; nothing where all is well."""
    text = objdump(f"--disassemble={kernel}", f"--level={level}").split("\n", 1)[1]
    path = os.path.join(folder, f"{kernel}.{level}.ptx")
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    done = subprocess.run([ptxas, f"-arch={level}", "-v", path, "-o", path + ".cubin"],
                          check=False, capture_output=True, text=True)
    spills = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", done.stderr)
    if done.returncode != 0 or spills != [("0", "0")]:
        return f"{level}: {kernel}: expected code without a spill, got {done.stderr}"
    return f"{level}: {kernel}: expected nothing external" if re.search(r"^\s*\.extern", text, re.MULTILINE) else ""


kernels = [each["name"] for each in json.loads(objdump("--json"))["programs"][0]["executables"]]
with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    for level in levels:
        problems = [problem for problem in pool.map(lambda kernel: assemble(folder, kernel, level), kernels) if problem]
        if problems:
            sys.exit("\n".join(problems))
        print(f"{level}: {len(kernels)} kernels")
