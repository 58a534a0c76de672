# SPDX-License-Identifier: Apache-2.0
"""How the driver asks an engine: a line of JSON in, a line of JSON out.

An engine is a process that holds a model and a cache with a sequence for each context, so that runs of
several engines can take turns within seconds. Requests:

    {"op": "fill", "contexts": [0, 4096], "batch": 8, "prompt": 512}  fills the cache; once, before all others
    {"op": "prefill", "tokens": 512}               runs a prompt of one sequence, of the length above at most
    {"op": "decode", "context": 4096, "steps": 8}  one sequence, a token a step, STEPS at most
    {"op": "batch", "steps": 8}                    `batch` sequences, a token each a step, STEPS at most

Answers: {"seconds": S} of the whole request, or {"unsupported": WHY}.
"""
import argparse
import functools
import json
import sys
import time

BATCH_CONTEXT = 64  # tokens in the cache of each sequence of a batch
STEPS = 8  # tokens a sequence in one request


class Unsupported(Exception):
    """What an engine has no way to do."""


@functools.cache
def tokens(count, seed, vocabulary):
    """Ids spread over the vocabulary, the same for every engine: Knuth's generator (MMIX)."""
    ids = []
    for _ in range(count):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        ids.append((seed >> 33) % vocabulary)
    return ids


def start(make, *more):
    """Makes an engine by the options of the command line, which all have, and `more` before them; and serves."""
    parser = argparse.ArgumentParser()
    for name in more:
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--vocabulary", type=int, required=True)
    serve(make(**vars(parser.parse_args())))


def serve(engine):
    """Answers requests from stdin by the engine's methods of the same names."""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what a library prints is no answer
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        method = getattr(engine, request.pop("op"))
        started = time.perf_counter()
        try:
            method(**request)
            answer = {"seconds": time.perf_counter() - started}
        except Unsupported as why:
            answer = {"unsupported": str(why)}
        print(json.dumps(answer), file=answers, flush=True)
