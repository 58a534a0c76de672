# SPDX-License-Identifier: Apache-2.0
# Checkpoints whose text files are not what their names say: each case writes one into a folder.
import json
import math
import os
import shutil

from cases import LFS_POINTER, PAGE, tensors
from tiny import write_text


def text(name, content):
    """A checkpoint with a good tokenizer, one file of which is what `content` says or does."""
    def make(folder):
        tensors(vocabulary(600))(folder)
        shutil.copy(TOKENIZER, os.path.join(folder, "tokenizer.json"))
        write_text(folder, "tokenizer_config.json", "{}")
        write_text(folder, "generation_config.json", '{"eos_token_id": [5, 6]}')
        path = os.path.join(folder, name)
        if os.path.exists(path):
            os.remove(path)
        if callable(content):
            content(path)
        elif content is not None:
            write_text(folder, name, content)
    return make


TOKENIZER = os.path.join(os.path.dirname(__file__), "../../../runtime/tests/text/fixtures/v2.json")


def vocabulary(size):
    def change(tiny):
        tiny.config["vocab_size"] = size
        tiny.fill()
    return change


def tokenizer_text(change):
    with open(TOKENIZER, encoding="utf-8") as file:
        return change(file.read())


def unigram(tokenizer):
    return json.dumps(dict(json.loads(tokenizer), model={"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 0}))


def dangling(path):
    os.symlink("../../blobs/1234", path)


def small_vocabulary(path):
    tensors(vocabulary(24))(os.path.dirname(path))


# What may lie where a text file should.
STRAYS = {
    "empty": "", "pointer": LFS_POINTER, "page": PAGE, "spaces": " \n", "list": "[]", "word": "null", "folder": os.mkdir,
    "pipe": os.mkfifo, "gone": dangling, "itself": lambda path: os.symlink(os.path.basename(path), path),
    "binary": "\0\0\0\0", "cut": '{"eos_token_id": [5, 6',
}


def generation(value):
    return text("generation_config.json", json.dumps(value))


GROUPS = {
    "text": {
        "good": text("other", None),
        **{f"{name}-{stray}": text(name + ".json", content)
           for name in ("tokenizer", "tokenizer_config", "generation_config") for stray, content in STRAYS.items()},
        "tokenizer-half": text("tokenizer.json", tokenizer_text(lambda tokenizer: tokenizer[:len(tokenizer) // 2])),
        "tokenizer-unigram": text("tokenizer.json", tokenizer_text(unigram)),
        "tokenizer-of-another-kind": text("tokenizer.json", lambda path: write_text(os.path.dirname(path), "tokenizer.model", "")),
        "tokenizer-of-a-larger-model": text("config.json", small_vocabulary),
        "no-tokenizer": text("tokenizer.json", None),
        "flag-of-text": text("tokenizer_config.json", '{"add_bos_token": "yes"}'),
        "top-k-negative": generation({"top_k": -1, "eos_token_id": 5}),
        "top-k-float": generation({"top_k": 50.0}),
        "temperature-text": generation({"temperature": "0.6"}),
        "temperature-nan": generation({"temperature": math.nan}),
        "top-p-above": generation({"top_p": 1.5}),
        "do-sample-number": generation({"do_sample": 1}),
        "twice": text("generation_config.json", '{"top_k": 5, "top_k": 6}'),
        "eos-twenty": generation({"eos_token_id": list(range(20))}),
        "eos-negative": generation({"eos_token_id": [5, -1]}),
        "eos-text": generation({"eos_token_id": "</s>", "top_k": -1}),
        "bos-list": generation({"bos_token_id": [1]}),
    },
}
