# SPDX-License-Identifier: Apache-2.0
# Tries to write outputs of the compiler's tools over their inputs: inputs.py CHECKPOINT FOLDER
#
# Each attempt must end with 1 and a message that names output and input, and change nothing.
import hashlib
import os
import shutil
import subprocess
import sys

checkpoint, folder = sys.argv[1:]
IMPORT, COMPILE, OPT = (os.environ["HADAL_" + name] for name in ("IMPORT", "COMPILE", "OPT"))
model, blobs = os.path.join(folder, "model"), os.path.join(folder, "blobs")


def run(*command):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def content():
    """Every name below the folder, with what it points to or holds."""
    found = {}
    for here, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(here, name)
            with open(path, "rb") as file:
                found[path] = (os.path.islink(path) and os.readlink(path), hashlib.sha256(file.read()).hexdigest())
    return found


# A checkpoint as downloads lay it out: one file is a link into a store.
shutil.copytree(checkpoint, model)
os.mkdir(blobs)
shard = "model-00002-of-00003.safetensors"
shutil.move(os.path.join(model, shard), os.path.join(blobs, "0a1b"))
os.symlink("../blobs/0a1b", os.path.join(model, shard))
for name in ("tokenizer.json", "tokenizer_config.json", "generation_config.json"):
    with open(os.path.join(model, name), "w", encoding="ascii") as file:
        file.write("{}")
os.symlink("model", os.path.join(folder, "other"))
os.symlink("model/config.json", os.path.join(folder, "link"))
os.link(os.path.join(model, "model-00001-of-00003.safetensors"), os.path.join(folder, "hard"))
done = run(IMPORT, "model", "-o", "m.mlir")
if done.returncode != 0:
    sys.exit(done.stderr)
run(OPT, "m.mlir", "-o", "opt.mlir")

outputs = ["model/" + name for name in sorted(os.listdir(model))]
outputs += ["other/config.json", "./model/../model/config.json", os.path.join(model, "config.json"), "link", "hard", "blobs/0a1b"]
commands = [(COMPILE, "model", "-o", output) for output in outputs]
# The other ways to the same files.
commands += [(IMPORT, "model", "-o", "hard"), (IMPORT, "model", "--shapes-only", "-o", "model/" + shard),
             (COMPILE, "model", "--shapes-only", "-o", "blobs/0a1b"), (COMPILE, "m.mlir", "-o", "model/config.json"),
             (COMPILE, "model", "--compile-to=model", "-o", "link")]
commands += [(COMPILE, "m.mlir", "-o", "m.mlir"), (COMPILE, "m.mlir", "-o", "m.mlir", "--compile-to=dispatch"),
             (OPT, "m.mlir", "-o", "m.mlir"), (OPT, "m.mlir", "-o", "other/../m.mlir"),
             (OPT, "opt.mlir", "-o", "./opt.mlir", "--hadal-no-such-pass")[:4]]

before = content()
for command in commands:
    done = run(*command)
    output = command[command.index("-o") + 1]
    message = f": error: {output}: expected another file than those that are read, got "
    if done.returncode != 1 or done.stdout or message not in done.stderr or done.stderr.count(": error: ") != 1:
        sys.exit(f"{command}: expected it to be refused, got {done.returncode}\n{done.stderr}")
    if content() != before:
        sys.exit(f"{command}: expected nothing to change")
print(f"{len(commands)} refused")

# What stands beside the inputs is no input, be it an output of before.
for output in ("model/m.mlir", "model/m.mlir", "model/config", "new.json"):
    done = run(IMPORT, "model", "-o", output)
    if done.returncode != 0:
        sys.exit(f"{output}: expected it to be written, got {done.stderr}")
for _ in range(2):
    done = run(COMPILE, "model", "--shapes-only", "-o", "model/m.hadal")
    if done.returncode != 0:
        sys.exit(f"expected the artifact to be written twice, got {done.stderr}")
