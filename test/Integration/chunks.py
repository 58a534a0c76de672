# SPDX-License-Identifier: Apache-2.0
# Runs one prompt in chunks of several sizes and with 1 and 2 threads; all logits must be the same bytes:
# chunks.py ARTIFACT IDS [OPTION OF HADAL-RUN ...]
import os
import subprocess
import sys
import tempfile

import checkpoint


def main(artifact, ids, *options):
    first, good = None, True
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "logits.safetensors")
        for chunk in (None, 1, 7, 64):
            for threads in (1, 2):
                command = [os.environ["HADAL_RUN"], artifact, f"--input-ids-file={ids}", f"--logits={path}",
                           "--max-new-tokens=4", "--print-ids", "--ignore-eos", f"--threads={threads}", *options]
                command += [f"--chunk={chunk}"] if chunk else []
                done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
                if done.returncode != 0:
                    sys.exit(f"chunks: {' '.join(command)}\nexit status {done.returncode}\n{done.stderr}")
                got = bytes(checkpoint.read_file(path)["logits"][2]), done.stdout
                first = first or got
                same = got == first
                good &= same
                print(f"chunk {chunk or 'whole'}, {threads} threads: {'the same' if same else 'DIFFERENT'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
