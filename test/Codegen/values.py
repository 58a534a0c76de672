# SPDX-License-Identifier: Apache-2.0
# Compiles the functions of a file for targets, calls them on devices and compares values.
#
#   values.py FILE.mlir FOLDER [DEVICE=TARGET...]
#
# Arguments of functions are named after their value, results y, or y0, y1, ...; both get ports of
# these names. Comments say what is called, and what comes of it, bit by bit but for ~, which allows
# for a relative error of 1e-6 (NaNs are all the same; bits8 and bits16 are narrow floats as integers):
#
#   // CALL name x=f32[3]:1,2,3 -> y=f32[3]:2,4,6
#   // FAIL name x=f32[3]:1,2,3 -> a part of the message
import ctypes as C
import math
import os
import re
import struct
import subprocess
import sys

MODEL = """module attributes {hadal.model = #hadal.model<family = "none", layers = 1, hidden_size = 1,
  vocab_size = 1, heads = 1, max_positions = 64, max_position_embeddings = 64, kv_lora_rank = 1,
  qk_nope_head_dim = 1, qk_rope_head_dim = 1, v_head_dim = 1>} {
"""
FORMATS = {"bf16": "H", "f8": "B", "f16": "e", "f32": "f", "f64": "d", "i1": "b", "i8": "b", "i16": "h", "i32": "i", "i64": "q", "bits16": "H",
           "bits8": "B"}
RUNTIME = "libhadal_runtime.so"


class ContextOptions(C.Structure):
    _fields_ = [("size", C.c_size_t), ("device", C.c_char_p), ("threads", C.c_uint32)]


class SessionOptions(C.Structure):
    _fields_ = [("size", C.c_size_t), ("slots", C.c_uint32), ("capacity", C.c_uint32), ("step_tokens", C.c_uint32),
                ("value_count", C.c_uint32), ("values", C.c_void_p), ("pools", C.c_void_p),
                ("pool_count", C.c_uint32), ("never_replay", C.c_int32)]


class Argument(C.Structure):
    _fields_ = [("name", C.c_char_p), ("data", C.c_void_p), ("size", C.c_size_t), ("rank", C.c_uint32),
                ("shape", C.c_void_p)]


class Result(C.Structure):
    _fields_ = [("name", C.c_char_p), ("data", C.c_void_p), ("size", C.c_size_t)]


class Call(C.Structure):
    _fields_ = [("size", C.c_size_t), ("entry", C.c_char_p), ("step", C.c_void_p), ("arguments", C.c_void_p),
                ("argument_count", C.c_uint32), ("result_count", C.c_uint32), ("results", C.c_void_p),
                ("values", C.c_void_p), ("value_count", C.c_uint32)]


def bf16(bits):
    return struct.unpack("<f", struct.pack("<I", bits << 16))[0]


def f8(bits):
    """f8E4M3FN."""
    exponent, mantissa = bits >> 3 & 15, bits & 7
    value = math.nan if bits & 127 == 127 else math.ldexp(mantissa + 8 * (exponent > 0), max(exponent, 1) - 10)
    return math.copysign(value, -1 if bits >> 7 else 1)


# Floats that struct does not know: what their bits are.
NARROW = {"bf16": bf16, "f8": f8}


def narrow(name, value):
    """The bits of a value that a narrow float has."""
    if name == "bf16":
        return struct.unpack("<I", struct.pack("<f", value))[0] >> 16
    return next(bits for bits in range(256) if same(f8(bits), value))


def same(a, b):
    return a != a and b != b or a == b and math.copysign(1, a) == math.copysign(1, b)


def with_ports(text):
    port = ' {hadal.port = #hadal.port<"%s", value>}'

    def signature(match):
        head, arguments, results = match.groups()
        arguments = re.sub(r"%(\w+): (tensor<[^>]*>)", lambda m: m.group(0) + port % m.group(1), arguments)
        types = re.findall(r"tensor<[^>]*>", results)
        names = ["y"] if len(types) == 1 else ["y%d" % i for i in range(len(types))]
        return "%s(%s) -> (%s) {" % (head, arguments, ", ".join(t + port % n for t, n in zip(types, names)))

    return re.sub(r"(func\.func @\w+)\((.*?)\) -> \(?(.*?)\)? \{$", signature, text, flags=re.M)


class Tensor:
    """name=type[extents]:values, where ~ before the values says that they are near, * repeats one."""

    def __init__(self, text):
        match = re.fullmatch(r"(\w+)=(\w+)\[([\d,]*)\]:(~?)(.*)", text)
        if not match:
            sys.exit("values.py: error: expected name=type[extents]:values, got '%s'" % text)
        self.name, self.type, extents, self.near, values = match.groups()
        self.shape = [int(extent) for extent in extents.split(",") if extent]
        isFloat = self.type[0] in "fb" and "bits" not in self.type
        self.values = [float(v) if isFloat else int(v, 0) for v in values.split(",") if v]
        count = math.prod(self.shape)
        if len(self.values) == 1:
            self.values *= count
        if len(self.values) != count:
            sys.exit("values.py: error: expected %d values, got '%s'" % (count, text))

    def bytes(self):
        values = self.values
        if self.type in NARROW:
            values = [narrow(self.type, value) for value in values]
        return struct.pack("<%d%s" % (len(values), FORMATS[self.type]), *values)

    def read(self, data):
        values = list(struct.unpack("<%d%s" % (len(self.values), FORMATS[self.type]), data))
        return [NARROW[self.type](value) for value in values] if self.type in NARROW else values

    def differences(self, data):
        """Where values differ, what they are and what they should be."""
        got, wanted = self.read(data), self.values if self.near else self.read(self.bytes())
        near = lambda a, b: same(a, b) or a == b or not math.isinf(b) and abs(a - b) <= 1e-6 * abs(b)
        agree = near if self.near else same
        return ["%s[%d]=%r, not %r" % (self.name, i, a, b) for i, (a, b) in enumerate(zip(got, wanted)) if not agree(a, b)]


class Session:
    def __init__(self, library, device, artifact):
        self.library = library
        options = ContextOptions(C.sizeof(ContextOptions), device.encode(), 1)
        self.context, self.module, self.session = C.c_void_p(), C.c_void_p(), C.c_void_p()
        self.check(library.hadal_context_create(C.byref(options), C.byref(self.context)))
        self.check(library.hadal_module_load(self.context, artifact.encode(), None, C.byref(self.module)))
        options = SessionOptions(C.sizeof(SessionOptions))
        self.check(library.hadal_session_create(self.module, C.byref(options), C.byref(self.session)))

    def message(self, status):
        return self.library.hadal_status_message(C.c_void_p(status)).decode() if status else ""

    def check(self, status):
        if status:
            sys.exit("values.py: error: " + self.message(status))

    def call(self, entry, arguments, results):
        """The message of what failed, and the bytes of the results, which were all ones before."""
        keep = [(C.create_string_buffer(a.bytes(), max(1, len(a.bytes()))), (C.c_int64 * max(1, len(a.shape)))(*a.shape))
                for a in arguments]
        given = (Argument * max(1, len(arguments)))(*[
            Argument(a.name.encode(), C.cast(data, C.c_void_p), len(a.bytes()), len(a.shape), C.cast(shape, C.c_void_p))
            for a, (data, shape) in zip(arguments, keep)])
        sizes = [len(r.bytes()) for r in results]
        out = [C.create_string_buffer(b"\xff" * max(1, size), max(1, size)) for size in sizes]
        wanted = (Result * max(1, len(results)))(*[
            Result(r.name.encode(), C.cast(data, C.c_void_p), size) for r, data, size in zip(results, out, sizes)])
        call = Call(C.sizeof(Call), entry.encode(), None, C.cast(given, C.c_void_p), len(arguments), len(results),
                    C.cast(wanted, C.c_void_p), None, 0)
        status = self.library.hadal_session_call(self.session, C.byref(call))
        return self.message(status), [data.raw[:size] for data, size in zip(out, sizes)]


def main():
    source, folder, devices = sys.argv[1], sys.argv[2], sys.argv[3:]
    os.makedirs(folder, exist_ok=True)
    with open(source) as file:
        text = file.read()
    path = os.path.join(folder, "values.mlir")
    with open(path, "w") as file:
        file.write(MODEL + with_ports(text) + "}\n")
    build = os.path.dirname(os.path.dirname(os.environ["HADAL_COMPILE"]))
    os.environ["HADAL_DEVICE_PATH"] = os.path.join(build, "lib")
    library = C.CDLL(os.path.join(build, "lib", RUNTIME))
    library.hadal_status_message.restype = C.c_char_p
    for name in ("hadal_context_create", "hadal_module_load", "hadal_session_create", "hadal_session_call"):
        getattr(library, name).restype = C.c_void_p
    failed = passed = 0
    for each in devices:
        device, target = each.split("=")
        artifact = os.path.join(folder, target + ".hadal")
        subprocess.run([os.environ["HADAL_COMPILE"], path, "-o", artifact, "--target=" + target], check=True)
        session = Session(library, device, artifact)
        for line in re.findall(r"^ *// ((?:CALL|FAIL) .*)$", text, flags=re.M):
            what, given, expected = re.fullmatch(r"(\S+ \S+)\s*(.*?) -> (.*)", line).groups()
            kind, entry = what.split()
            arguments = [Tensor(a) for a in given.split()]
            results = [Tensor(r) for r in expected.split()] if kind == "CALL" else []
            message, data = session.call(entry, arguments, results)
            found = [] if message else [each for r, d in zip(results, data) for each in r.differences(d)]
            good = expected in message if kind == "FAIL" else not message and not found
            failed, passed = failed + (not good), passed + good
            if not good:
                got = message or "; ".join(found[:8] + ["..."] * (len(found) > 8))
                print("%s: %s: got %s" % (device, line if len(line) < 1000 else line[:80] + "...", got))
    print("%d agree, %d differ" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
