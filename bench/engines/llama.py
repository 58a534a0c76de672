# SPDX-License-Identifier: Apache-2.0
"""llama.cpp behind its C interface, as llama-cpp-python binds it."""
import llama_cpp
from protocol import BATCH_CONTEXT, STEPS, start
from protocol import tokens as ids_of

MICRO_BATCH = 512  # tokens, its default


@llama_cpp.llama_log_callback
def quiet(level, text, user):
    """Its loader prints a line a tensor."""



class Engine:
    def __init__(self, model, threads, vocabulary):
        self.threads, self.vocabulary, self.context = threads, vocabulary, None
        llama_cpp.llama_log_set(quiet, None)
        llama_cpp.llama_backend_init()
        self.model = llama_cpp.llama_model_load_from_file(model.encode(), llama_cpp.llama_model_default_params())
        if not self.model:
            raise SystemExit(f"{model}: llama.cpp cannot load it")
        self.rows = llama_cpp.llama_batch_init(MICRO_BATCH, 0, 1)

    def open(self, cells, sequences):
        options = llama_cpp.llama_context_default_params()
        options.n_ctx, options.n_batch, options.n_ubatch = cells, MICRO_BATCH, MICRO_BATCH
        options.n_seq_max, options.kv_unified = sequences, True
        options.n_threads = options.n_threads_batch = self.threads
        self.context = llama_cpp.llama_init_from_model(self.model, options)
        if not self.context:
            raise SystemExit("llama.cpp cannot open a context")
        self.memory = llama_cpp.llama_get_memory(self.context)

    def run(self, sequences):
        """Sequences (number, position, ids), MICRO_BATCH tokens in all at most; logits of the last token of each."""
        count = 0
        for number, position, new in sequences:
            for at, token in enumerate(new):
                self.rows.token[count], self.rows.pos[count] = token, position + at
                self.rows.n_seq_id[count], self.rows.seq_id[count][0] = 1, number
                self.rows.logits[count] = at + 1 == len(new)
                count += 1
        self.rows.n_tokens = count
        status = llama_cpp.llama_decode(self.context, self.rows)
        if status:
            raise SystemExit(f"llama_decode: {status}")
        llama_cpp.llama_get_logits_ith(self.context, -1)

    def forget(self, number, position):
        llama_cpp.llama_memory_seq_rm(self.memory, number, position, -1)

    def prompt(self, number, ids):
        for at in range(0, len(ids), MICRO_BATCH):
            self.run([(number, at, ids[at:at + MICRO_BATCH])])

    def fill(self, contexts, batch, prompt):
        self.numbers = {context: 1 + index for index, context in enumerate(contexts)}  # 0 is for prompts
        self.batch_numbers = range(1 + len(contexts), 1 + len(contexts) + batch)
        self.open(prompt + sum(contexts) + len(contexts) * STEPS + batch * (BATCH_CONTEXT + STEPS) + MICRO_BATCH, 1 + len(contexts) + batch)
        for number, length in [(number, context) for context, number in self.numbers.items()] + [(n, BATCH_CONTEXT) for n in self.batch_numbers]:
            self.prompt(number, ids_of(length, number, self.vocabulary))

    def prefill(self, tokens):
        self.forget(0, 0)
        self.prompt(0, ids_of(tokens, 0, self.vocabulary))

    def decode(self, context, steps):
        self.forget(self.numbers[context], context)
        for at in range(steps):
            self.run([(self.numbers[context], context + at, ids_of(1, at, self.vocabulary))])

    def batch(self, steps):
        for number in self.batch_numbers:
            self.forget(number, BATCH_CONTEXT)
        for at in range(steps):
            self.run([(n, BATCH_CONTEXT + at, ids_of(1, n + at, self.vocabulary)) for n in self.batch_numbers])


if __name__ == "__main__":
    start(Engine)
