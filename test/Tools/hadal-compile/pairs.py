# SPDX-License-Identifier: Apache-2.0
# Kills and runs compilations over each other; what is there always loads: pairs.py KILL_AT MODULE MODULE FOLDER
import glob
import os
import subprocess
import sys

library, *modules, folder = sys.argv[1:]
COMPILE, VERIFY = os.environ["HADAL_COMPILE"], os.environ["HADAL_VERIFY"]
artifact = os.path.join(folder, "m.hadal")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def pair():
    """The bytes of the artifact and of all weights that stand beside it."""
    return read(artifact), {os.path.basename(path): read(path) for path in glob.glob(artifact + ".weights.*")}


def compile_module(index, **settings):
    return subprocess.run([COMPILE, modules[index], "-o", artifact], env={**os.environ, **settings}, capture_output=True,
                          text=True, check=False)


def expect_whole(index, what):
    """The artifact is that of `index`, or of any model, and its weights are there and have the right content."""
    done = subprocess.run([VERIFY, artifact, "--weights"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{what}: {done.stderr}")
    if index is not None:
        got, weights = pair()
        if got != pairs[index][0] or not pairs[index][1].items() <= weights.items():
            sys.exit(f"{what}: expected the pair of model {index}, got another")


def expect_only(index, what):
    if pair() != pairs[index] or len(os.listdir(folder)) != 2:
        sys.exit(f"{what}: expected model {index} alone, got {os.listdir(folder)}")


os.mkdir(folder)
pairs = []
for index in (0, 1):
    done = compile_module(index)
    if done.returncode != 0:
        sys.exit(done.stderr)
    pairs.append(pair())
    expect_only(index, "after one compilation")
compile_module(0)

# Killed around the renames, the first of which is that of the weights.
for number, when, expected in (("1", "before", 0), ("1", "after", 0), ("2", "after", 1)):
    done = compile_module(1, LD_PRELOAD=library, HADAL_KILL_FOLDER=folder, HADAL_KILL_CALL="rename", HADAL_KILL_AT=number,
                          HADAL_KILL_WHEN=when)
    if done.returncode != -9:
        sys.exit(f"expected the end by a signal, got {done.returncode} {done.stderr}")
    expect_whole(expected, f"killed {when} rename {number}")
compile_module(0)
expect_only(0, "after three that were killed")

# At once.
running = [subprocess.Popen([COMPILE, modules[i % 2], "-o", artifact]) for i in range(3)]
while any(each.poll() is None for each in running):
    expect_whole(None, "while three compile")
if any(each.returncode != 0 for each in running):
    sys.exit("expected three compilations to end well")
expect_only(read(artifact) == pairs[1][0], "after three at once")
