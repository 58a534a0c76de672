# SPDX-License-Identifier: Apache-2.0
# Judges what the importer makes of every changed configuration: config_keys.py SCRATCH [--every=N] [--runs=N]
#
# A configuration that meaning.py refuses must be refused with the key. Any other must give the logits of reference.py:
# each module is compiled and run once, and configurations with one module must have one meaning. Beyond the first
# --runs modules the logits that reference.py has for the first meaning stand for those of the module.
import argparse
import collections
import hashlib
import json
import multiprocessing
import os
import re
import sys

import agree
import config_cases
import config_values
import meaning
import reference


class Judge:
    def __init__(self, scratch, runs):
        self.scratch, self.folder = scratch, os.path.join(scratch, "case")
        self.weights = agree.Weights(scratch)
        self.runs, self.ran = runs, 0
        self.logits = {}  # of a module and a prompt
        self.worst = 0.0

    def read(self, config, weights):
        """The module or nothing, and what was said."""
        agree.fill(self.folder, json.dumps(config), weights)
        module = os.path.join(self.folder, "module.mlir")
        done = agree.call(agree.IMPORT, self.folder, "-o", module, "--checkpoint-dir=checkpoint")
        if done.returncode not in (0, 1):
            return None, f"exit status {done.returncode}"
        if done.returncode:
            return None, done.stderr
        with open(module, encoding="utf-8") as file:
            return file.read(), done.stderr

    def judge(self, base, key, config, verdict):
        """What came of it, or nothing and why that is wrong."""
        try:
            meant = meaning.Config(config)
        except meaning.Refused as refused:
            meant, key = None, {key, str(refused)}
        else:
            key = {key}
        path, tensors = self.weights.of(meant or meaning.Config(base))
        module, said = self.read(config, path)
        named = any(name in line for name in key for line in said.splitlines() if "error" in line or verdict == "named")
        if module is None:
            if not named:
                return None, "refused without the key: " + said.strip()[:300]
            if meant and verdict in (None, "equal"):
                return None, "refused: " + said.strip()[:300]
            return "refused", ""
        if not meant or verdict == "refused":
            return None, "accepted"
        if verdict == "named" and not named and meant.facts() != meaning.Config(base).facts():
            return None, "accepted without the key in what is said: " + said.strip()[:300]
        written = re.search(r"bos_token = (\d+)", module), re.search(r"eos_tokens = \[([^]]*)\]", module)
        ids = [[int(word) for word in found[1].split(",")] if found else [] for found in written]
        if ids != [list(meant.bos[:1]), list(meant.eos)]:
            return None, f"expected bos and eos tokens {meant.bos[:1]} and {meant.eos} in the module, got {ids}"
        error = self.error(module, reference.Model(meant, tensors))
        if not agree.is_equal(error):
            return None, f"other logits: {error}"
        self.worst = max(self.worst, error)
        return "equal", ""

    def error(self, module, model):
        prompt, want = agree.clear_prompt(model, 9, seed=1)
        seen = hashlib.sha256(module.encode()).digest(), tuple(prompt)
        if seen not in self.logits:
            self.logits[seen] = agree.run(self.folder, prompt) if self.ran < self.runs else want
            self.ran += 1
        return agree.error_of(self.logits[seen], want)


def judge_base(job):
    """What came of the cases of one base: counts of results, wrong ones, the largest error, modules, runs."""
    base, scratch, every, runs = job
    os.makedirs(scratch)
    judge, counts, wrong = Judge(scratch, runs), collections.Counter(), []
    for number, (name, key, config, verdict) in enumerate(config_cases.of_base(base, config_values.BASES[base])):
        if number % every:
            continue
        result, reason = judge.judge(config_values.BASES[base], key, config, verdict)
        counts[result or "wrong"] += 1
        if not result:
            wrong.append(f"{name}: {reason}")
    return base, counts, wrong, judge.worst, len(judge.logits), min(judge.ran, runs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("scratch")
    parser.add_argument("--every", type=int, default=1, help="judge each N-th case alone")
    parser.add_argument("--runs", type=int, default=1 << 30, help="compile and run this many modules of all bases")
    parser.add_argument("--jobs", type=int, default=1, help="bases at once")
    options = parser.parse_args()
    bases = list(config_values.BASES)
    jobs = [(base, os.path.join(options.scratch, base), options.every,
             options.runs // len(bases) + (i < options.runs % len(bases))) for i, base in enumerate(bases)]
    total = wrong = modules = ran = 0
    largest = 0.0
    with multiprocessing.Pool(options.jobs) as pool:
        for base, counts, reasons, worst, own, own_runs in pool.imap_unordered(judge_base, jobs):
            print(f"{base}: " + ", ".join(f"{count} {result}" for result, count in sorted(counts.items())))
            for line in reasons:
                print("WRONG:", line)
            total, wrong, modules = total + sum(counts.values()), wrong + len(reasons), modules + own
            ran, largest = ran + own_runs, max(largest, worst)
            sys.stdout.flush()
    print(f"largest error {largest:.1e} of the largest logit, {modules} modules, {ran} run")
    print(f"{total} cases, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
