# SPDX-License-Identifier: Apache-2.0
# Judges artifacts against expected.safetensors with hadal-run alone, independently of hadal-verify.
#
# judge.py reference ARTIFACT EXPECTED [-- options of hadal-run]
#   logits within 1e-4 of the largest logit, greedy continuations equal
# judge.py native ARTIFACT EXPECTED [ARTIFACT EXPECTED]...
#   for each pair the median error over positions at most the reference's own in bf16, and the
#   mean over all pairs together too
# judge.py loose BOUND ARTIFACT EXPECTED [-- options of hadal-run]
#   median error over positions at most BOUND
import math
import os
import statistics
import subprocess
import sys
import tempfile

import checkpoint


def run(artifact, prompt, folder, new_tokens, options=()):
    """Logits of every position and the ids that follow."""
    ids, logits = os.path.join(folder, "ids"), os.path.join(folder, "logits.safetensors")
    with open(ids, "w", encoding="ascii") as file:
        file.write(" ".join(map(str, prompt)))
    command = [os.environ["HADAL_RUN"], artifact, f"--input-ids-file={ids}", f"--logits={logits}",
               f"--max-new-tokens={new_tokens}", "--print-ids", "--temperature=0", "--ignore-eos", *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"judge: {' '.join(command)}\nexit status {done.returncode}\n{done.stderr}")
    dtype, (rows, columns), data = checkpoint.read_file(logits)["logits"]
    values = checkpoint.decode(dtype, bytes(data))
    if rows != len(prompt):
        sys.exit(f"judge: expected logits of {len(prompt)} positions, got {rows}")
    greedy = [int(word) for word in done.stdout.replace(",", " ").split()]
    return [values[i * columns:(i + 1) * columns] for i in range(rows)], greedy


def prompts(artifact, expected_path, options=()):
    """(index, got rows, expected rows, got greedy, expected greedy, bf16 errors) of each prompt."""
    expected = checkpoint.read_file(expected_path)

    def values(name):
        dtype, _, data = expected[name]
        return checkpoint.decode(dtype, bytes(data))

    with tempfile.TemporaryDirectory() as folder:
        for i in range(sum(name.startswith("prompt.") for name in expected)):
            prompt, greedy = values(f"prompt.{i}"), values(f"greedy.{i}")
            rows, columns = expected[f"logits.{i}"][1]
            flat = values(f"logits.{i}")
            want = [flat[r * columns:(r + 1) * columns] for r in range(rows)]
            got, got_greedy = run(artifact, prompt, folder, len(greedy), options)
            errors = values(f"bf16_error.{i}") if f"bf16_error.{i}" in expected else None
            yield i, got[-rows:], want, got_greedy, greedy, errors


def relative(got, want):
    return math.sqrt(sum((a - b) ** 2 for a, b in zip(got, want)) / sum(b * b for b in want))


def reference(artifact, expected, options):
    good = True
    for i, got, want, got_greedy, greedy, _ in prompts(artifact, expected, options):
        largest = max(abs(value) for row in want for value in row)
        error = max(abs(a - b) for g, w in zip(got, want) for a, b in zip(g, w)) / largest
        same = got_greedy[:len(greedy)] == greedy
        print(f"prompt {i}: error {error:.2e} of the largest logit, greedy {'equal' if same else 'differs'}")
        good &= error <= 1e-4 and same
    return good


def native(pairs):
    good, ours, theirs = True, [], []
    for artifact, expected in zip(pairs[::2], pairs[1::2]):
        mine, bf16 = [], []
        for _, got, want, _, _, errors in prompts(artifact, expected):
            mine += map(relative, got, want)
            bf16 += errors
        a, b = statistics.median(mine), statistics.median(bf16)
        print(f"{expected}: median error {a:.5f}, of the reference in bf16 {b:.5f}")
        good &= a <= b
        ours += mine
        theirs += bf16
    a, b = statistics.fmean(ours), statistics.fmean(theirs)
    print(f"all: mean error {a:.5f}, of the reference in bf16 {b:.5f}")
    return good and a <= b


def loose(bound, artifact, expected, options):
    errors = [relative(g, w) for _, got, want, *_ in prompts(artifact, expected, options) for g, w in zip(got, want)]
    print(f"median error {statistics.median(errors):.5f}, bound {bound}")
    return statistics.median(errors) <= bound


def main(arguments):
    options = []
    if "--" in arguments:
        cut = arguments.index("--")
        arguments, options = arguments[:cut], arguments[cut + 1:]
    if len(arguments) == 3 and arguments[0] == "reference":
        return reference(arguments[1], arguments[2], options)
    if len(arguments) >= 3 and len(arguments) % 2 and arguments[0] == "native":
        return native(arguments[1:])
    if len(arguments) == 4 and arguments[0] == "loose":
        return loose(float(arguments[1]), arguments[2], arguments[3], options)
    sys.exit("judge: wrong usage, see the top of the file")


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
