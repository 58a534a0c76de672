# SPDX-License-Identifier: Apache-2.0
# Damages artifacts and weights files; hadal-run must refuse each by name.
#
# bad_artifacts.py ARTIFACT OTHER SCRATCH: OTHER is an artifact of another model.
import glob
import os
import random
import shutil
import sys

from mutation import Judge, replace_bytes

RUN, VERIFY = os.environ["HADAL_RUN"], os.environ["HADAL_VERIFY"]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def weights_of(artifact):
    (path,) = glob.glob(glob.escape(artifact) + ".weights.*.safetensors")
    return path


def main(artifact, other, scratch):
    judge, draws = Judge(), random.Random(1)
    flips = 3000 if os.environ.get("HADAL_TEST_LONG") else 150
    os.makedirs(scratch, exist_ok=True)
    target = os.path.join(scratch, "m.hadal")
    original, original_weights = read(artifact), weights_of(artifact)
    weights = os.path.join(scratch, os.path.basename(original_weights))
    command = [RUN, target, "--input-ids=1,2,3", "--max-new-tokens=1", "--print-ids"]

    def fresh():
        shutil.copyfile(artifact, target)
        shutil.copyfile(original_weights, weights)

    fresh()
    done = judge.run(command)
    if done.returncode != 0:
        sys.exit(f"bad_artifacts: the undamaged copy does not run: {done.stderr}")

    # Any byte flipped: the ends, where the structure lies, and places all over.
    places = [*range(64), *range(len(original) - 48, len(original)), *draws.sample(range(len(original)), flips)]
    for place in places:
        data = bytearray(original)
        data[place] ^= 1 << draws.randrange(8)
        replace_bytes(target, bytes(data))
        judge.refuses(f"bit flipped in byte {place}", command, ("m.hadal",))
    # Cut anywhere, and bytes added.
    for length in [0, 1, 7, 8, 31, 32, 33, *draws.sample(range(len(original)), flips // 5), len(original) - 1]:
        replace_bytes(target, original[:length])
        judge.refuses(f"cut to {length} bytes", command, ("m.hadal",))
    replace_bytes(target, original + b"\0")
    judge.refuses("a byte added", command, ("m.hadal",))
    os.remove(target)
    judge.refuses("artifact absent", command, ("m.hadal",))
    os.mkdir(target)
    judge.refuses("artifact is a folder", command, ("m.hadal",))
    os.rmdir(target)

    name = os.path.basename(weights)
    data = read(original_weights)
    header = 8 + int.from_bytes(data[:8], "little")
    foreign = read(weights_of(other))
    for case, content in {
            "shorter by one": data[:-1], "longer by one": data + b"\0", "empty": b"", "half": data[:len(data) // 2],
            "a bit of its header flipped": bytes([*data[:40], data[40] ^ 4, *data[41:]]),
            "header length changed": bytes([data[0] ^ 8, *data[1:]]), "of another model": foreign,
            "of another model, same size": (foreign + bytes(len(data)))[:len(data)]}.items():
        fresh()
        replace_bytes(weights, content)
        judge.refuses(f"weights file {case}", command, (name,))
    fresh()
    os.remove(weights)
    judge.refuses("weights file absent", command, (name,))
    # A bit of the content: loading does not read it, --weights does.
    for place in draws.sample(range(header, len(data)), 10):
        fresh()
        flipped = bytearray(data)
        flipped[place] ^= 1
        replace_bytes(weights, bytes(flipped))
        # Bytes between tensors belong to none of them.
        judge.refuses(f"weights byte {place} flipped", [VERIFY, target, "--weights"], (name,),
                      allow_success=flipped[place] == 1 and data[place] == 0)
    judge.finish(flips + 150)


if __name__ == "__main__":
    main(*sys.argv[1:])
