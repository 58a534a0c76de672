# SPDX-License-Identifier: Apache-2.0
# Compares ids and greedy texts with those of the reference: text.py HADAL_RUN MODEL EXPECTED
import subprocess
import sys

import checkpoint

run, model, path = sys.argv[1:]
header, _ = checkpoint.read_header(path)
tensors = checkpoint.read_file(path)
metadata = header["__metadata__"]


def output(*arguments, stdin=None):
    done = subprocess.run([run, model, *arguments], input=stdin, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{arguments}: exit code {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


for index in range(sum(name.startswith("prompt.") for name in tensors)):
    dtype, _, data = tensors[f"prompt.{index}"]
    ids = ",".join(map(str, checkpoint.decode(dtype, bytes(data))))
    text = metadata[f"text.{index}"]
    if output("--prompt", text, "--tokenize") != ids + "\n":
        sys.exit(f"prompt {index}: expected the ids {ids}")
    if output(f"--detokenize={ids}") != text + "\n":
        sys.exit(f"prompt {index}: expected the text '{text}'")
    # From standard input the newline that ends a text is not part of it; any other is.
    for end in ("", "\n", "\r\n"):
        if output("--prompt=-", "--tokenize", stdin=(text + end).encode()) != ids + "\n":
            sys.exit(f"prompt {index}: expected the ids {ids} of standard input with {end!r} at its end")
    if output("--prompt=-", "--tokenize", stdin=(text + "\n\n").encode()) != output("--prompt", text + "\n", "--tokenize"):
        sys.exit(f"prompt {index}: expected one of two newlines at the end to stay")
    expected = metadata[f"greedy_text.{index}"]
    found = output("--prompt=-", "--temperature=0", "--max-new-tokens=200", stdin=text.encode())
    if not found.startswith(expected):
        sys.exit(f"prompt {index}: expected '{expected}', got '{found}'")
