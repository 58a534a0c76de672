# SPDX-License-Identifier: Apache-2.0
# Plants wrong kernels, one at a time, in a module at the kernel stage, and checks that the bisection
# names the op and the launch:
#   plant.py KERNEL.mlir PLAIN.hadal FOLDER LIST [hadal-verify's options]
# A line of LIST is EXECUTABLE, the op that is to be named, a pattern, what takes the place of what it
# first matches in the executable's code, and why that is wrong, separated by two spaces or more.
import json
import os
import re
import subprocess
import sys

kernels, plain, folder, plants, *options = sys.argv[1:]
with open(kernels) as file:
    module = file.read()


def code_of(name):
    """Where the code of an executable begins and ends."""
    begin = module.index("hadal.variant", module.index(f"hadal.executable @{name} "))
    return begin, re.compile(r"\n    (hadal\.executable|func\.func) @").search(module, begin).start()


def launches_of(name):
    """(entry, index, label) of the launches of an executable, in order."""
    found = []
    for entry in re.finditer(r"\n    func\.func @(\w+)\(", module):
        end = module.index("\n    }", entry.end())
        for index, each in enumerate(re.finditer(r'hadal\.dispatch @(\w+)\(.*? label "([^"]+)"', module[entry.end():end])):
            if each[1] == name:
                found.append((entry[1], index, each[2]))
    return found


def run(tool, *arguments):
    return subprocess.run([os.environ[tool], *arguments], capture_output=True, text=True)


def bisect(artifact):
    done = run("HADAL_VERIFY", artifact, f"--bisect={plain}", "--json", *options)
    if not done.stdout:
        sys.exit(f"{artifact}: {done.stderr}")
    return json.loads(done.stdout)


def compiled(text, name):
    path = os.path.join(folder, name)
    with open(path + ".mlir", "w") as file:
        file.write(text)
    done = run("HADAL_COMPILE", path + ".mlir", "-o", path + ".hadal")
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    return path + ".hadal"


found = bisect(compiled(module, "right"))
if not found["passed"]:
    sys.exit(f"expected right kernels to pass, got {found}")
print("right kernels: passed,", len(found["uncompared"]), "values not compared")
with open(plants) as file:
    lines = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
wrong = 0
for number, line in enumerate(lines):
    name, op, pattern, replacement, why = re.split(r"  +", line)
    begin, end = code_of(name)
    code, count = re.subn(pattern, replacement, module[begin:end], count=1)
    if count != 1:
        sys.exit(f"{name}: expected code that matches {pattern}, got none")
    artifact = compiled(module[:begin] + code + module[end:], f"wrong{number}")
    found = bisect(artifact)
    os.remove(artifact)
    launch = found.get("launch", {})
    places = [place for place in launches_of(name) if place[0] == launch.get("entry")]
    place = (launch.get("entry"), launch.get("index"), launch.get("label"))
    # The first launch of the executable that is taken: a branch may leave some out, but not by layer.
    if found["passed"] or found["op"] != op or launch["executable"] != name or place not in places[:1]:
        wrong += 1
        print(f"{name}: {why}: expected {op} and {places[:1]}, got {found}")
    else:
        print(f"{name}: {why}: {op}, launch #{launch['index']} of {launch['entry']}, an error of {found['error']}")
print(f"{len(lines)} planted, {wrong} not found")
sys.exit(1 if wrong else 0)
