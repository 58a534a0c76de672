# SPDX-License-Identifier: Apache-2.0
# Compares what the tools make of a configuration with what reference.py does, over weights that fit the latter.
import os
import random
import shutil
import subprocess

import checkpoint
import draw
import reference

COMPILE, IMPORT, RUN = (os.environ.get("HADAL_" + name) for name in ("COMPILE", "IMPORT", "RUN"))
BOUND = 1e-4  # of the largest logit
TIME_LIMIT = 120  # seconds


def call(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          timeout=TIME_LIMIT, check=False)


def clear_prompt(model, length, seed):
    """A prompt over which no expert is chosen by a hair's breadth, and its logits."""
    draws = random.Random(seed)
    for _ in range(50):
        prompt = [draws.randrange(model.config.vocab) for _ in range(length)]
        model.margin = float("inf")
        logits = model.run(prompt, new_tokens=0)[1]
        if model.margin > 1e-5:
            return prompt, [value for row in logits for value in row]
    raise ValueError("expected a prompt without close calls, got none in 50")


def run(folder, prompt):
    """The logits of the compiled checkpoint as one list, or what went wrong."""
    artifact, logits = os.path.join(folder, "model.hadal"), os.path.join(folder, "logits.safetensors")
    # The level that every machine has: two would take twice the time.
    done = call(COMPILE, folder, "-o", artifact, "--target=cpu", "--precision=reference", "--cpu-level=x86-64-v3")
    if done.returncode == 0:
        done = call(RUN, artifact, "--input-ids=" + ",".join(map(str, prompt)), "--logits=" + logits,
                    "--max-new-tokens=1", "--temperature=0", "--ignore-eos", "--print-ids")
    if done.returncode != 0:
        return f"exit status {done.returncode}, {done.stderr.strip()[:400]}"
    dtype, _, data = checkpoint.read_file(logits)["logits"]
    return checkpoint.decode(dtype, bytes(data))


def error_of(got, want):
    """The largest error over the largest logit, or why there is none."""
    if isinstance(got, str):
        return got
    if len(got) != len(want):
        return f"expected {len(want)} logits, got {len(got)}"
    return max(abs(a - b) for a, b in zip(got, want)) / max(map(abs, want))


def is_equal(error):
    return isinstance(error, float) and error <= BOUND


class Weights:
    """Tensors for meanings: those of equal shapes share one file."""

    def __init__(self, folder):
        self.folder, self.known = folder, {}

    def of(self, meaning):
        dtype = "F8_E4M3" if meaning.quantised else "BF16"
        shape = repr((dtype, meaning.nested, meaning.blocks, meaning.softmax_scores, meaning.tied, meaning.sparse,
                      *(getattr(meaning, name, None) for name in (
                          "vocab", "hidden", "layers", "heads", "inner", "q_rank", "kv_rank", "nope", "rope",
                          "value_dim", "experts", "expert_inner", "shared"))))
        if shape not in self.known:
            tensors = draw.draw(meaning, dtype, 0.0, seed=7)
            path = os.path.join(self.folder, f"weights-{len(self.known)}.safetensors")
            checkpoint.write_file(path, tensors, {"format": "pt"})
            self.known[shape] = path, tensors
        return self.known[shape]


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)


def fill(folder, config_text, weights):
    """A checkpoint of this text and that file."""
    remove(folder)
    os.makedirs(folder)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        file.write(config_text)
    os.link(weights, os.path.join(folder, "model.safetensors"))
