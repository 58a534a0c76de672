# SPDX-License-Identifier: Apache-2.0
"""Hadal behind its C interface."""
import ctypes
from ctypes import POINTER, byref, c_char_p, c_float, c_int32, c_size_t, c_uint32, c_void_p, sizeof

from protocol import BATCH_CONTEXT, STEPS, start
from protocol import tokens as ids_of


class ContextOptions(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("device", c_char_p), ("threads", c_uint32)]


class ModuleOptions(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("weights_dir", c_char_p), ("inspect_only", c_int32), ("weights_memory", c_int32),
                ("prefault_weights", c_int32)]


class SessionOptions(ctypes.Structure):
    _fields_ = [("struct_size", c_size_t), ("slots", c_uint32), ("capacity", c_uint32)]


class Step(ctypes.Structure):
    _fields_ = [("tokens", POINTER(c_int32)), ("positions", POINTER(c_int32)), ("sequence_offsets", POINTER(c_int32)),
                ("slots", POINTER(c_int32)), ("logit_rows", POINTER(c_int32)), ("token_count", c_uint32),
                ("sequence_count", c_uint32), ("logit_row_count", c_uint32)]


class Engine:
    def __init__(self, library, model, threads, vocabulary):
        self.library = ctypes.CDLL(library)
        self.library.hadal_status_message.restype = c_char_p
        self.library.hadal_status_message.argtypes = [c_void_p]
        for name in ("hadal_context_create", "hadal_module_load", "hadal_session_create", "hadal_session_step"):
            getattr(self.library, name).restype = c_void_p
        self.vocabulary = vocabulary
        self.context, self.module, self.session = c_void_p(), c_void_p(), c_void_p()
        options = ContextOptions(sizeof(ContextOptions), None, threads)
        self.check(self.library.hadal_context_create(byref(options), byref(self.context)))
        options = ModuleOptions(sizeof(ModuleOptions), None, 0, 0, 1)
        self.check(self.library.hadal_module_load(self.context, model.encode(), byref(options), byref(self.module)))
        self.slots = {}

    def check(self, status):
        if status:
            raise SystemExit(self.library.hadal_status_message(status).decode())

    def step(self, sequences):
        """Sequences (slot, position, ids); the logits of the last token of each."""
        ids, positions, offsets, slots, rows = [], [], [0], [], []
        for slot, position, new in sequences:
            ids += new
            positions += range(position, position + len(new))
            offsets.append(len(ids))
            slots.append(slot)
            rows.append(len(ids) - 1)
        lists = [(c_int32 * len(values))(*values) for values in (ids, positions, offsets, slots, rows)]
        step = Step(*lists, len(ids), len(slots), len(rows))
        logits = (c_float * (len(rows) * self.vocabulary))()
        self.check(self.library.hadal_session_step(self.session, byref(step), logits))

    def fill(self, contexts, batch, prompt):
        self.slots = {context: 1 + index for index, context in enumerate(contexts)}  # 0 is for prompts
        self.batch_slots = range(1 + len(contexts), 1 + len(contexts) + batch)
        options = SessionOptions(sizeof(SessionOptions), 1 + len(contexts) + batch, max([prompt] + [c + STEPS for c in (*contexts, BATCH_CONTEXT)]))
        self.check(self.library.hadal_session_create(self.module, byref(options), byref(self.session)))
        for slot, length in [(slot, context) for context, slot in self.slots.items()] + [(slot, BATCH_CONTEXT) for slot in self.batch_slots]:
            for at in range(0, length, 512):
                self.step([(slot, at, ids_of(min(512, length - at), slot + at, self.vocabulary))])

    def prefill(self, tokens):
        self.step([(0, 0, ids_of(tokens, 0, self.vocabulary))])

    def decode(self, context, steps):
        for at in range(steps):
            self.step([(self.slots[context], context + at, ids_of(1, at, self.vocabulary))])

    def batch(self, steps):
        for at in range(steps):
            self.step([(slot, BATCH_CONTEXT + at, ids_of(1, slot + at, self.vocabulary)) for slot in self.batch_slots])


if __name__ == "__main__":
    start(Engine, "library")
