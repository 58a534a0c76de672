# SPDX-License-Identifier: Apache-2.0
"""PyTorch with torch.compile, by the model of the transformers library: prompts alone."""
import torch
import transformers
from protocol import Unsupported, start
from protocol import tokens as ids_of


class Engine:
    def __init__(self, model, threads, vocabulary):
        torch.set_num_threads(threads)
        self.vocabulary = vocabulary
        loaded = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.bfloat16)
        self.model = torch.compile(loaded.eval())

    def fill(self, contexts, batch, prompt):
        pass

    def prefill(self, tokens):
        if tokens > 512:
            raise Unsupported("torch.compile is measured at 512 tokens")
        with torch.inference_mode():
            self.model(torch.tensor([ids_of(tokens, 0, self.vocabulary)]), logits_to_keep=1)

    def decode(self, context, steps):
        raise Unsupported("torch.compile is measured on prompts")

    def batch(self, steps):
        raise Unsupported("torch.compile is measured on prompts")


if __name__ == "__main__":
    start(Engine)
