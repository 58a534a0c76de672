# SPDX-License-Identifier: Apache-2.0
# Prints functions of every conversion, and of arithmetic that differs between machines, for values.py:
# what comes of edge values is computed in fractions.
import math
import struct
from fractions import Fraction

# Bits of the mantissa with the first one, the least exponent of normal numbers, the largest number.
FLOATS = {"f64": (53, -1022, (2 - Fraction(1, 2**52)) * 2**1023), "f32": (24, -126, (2 - Fraction(1, 2**23)) * 2**127),
          "f16": (11, -14, Fraction(65504)), "bf16": (8, -126, (2 - Fraction(1, 2**7)) * 2**127),
          "f8": (4, -6, Fraction(448))}
INTEGERS = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64}
MLIR = {"f8": "f8E4M3FN"}
WIDTH = {"f64": 64, "f32": 32, "f16": 16, "bf16": 16, "f8": 8, **INTEGERS}


def rounded(value, name):
    """To the nearest, of two the even one. Floats of Python are NaN, infinities and zeros; else fractions."""
    if isinstance(value, float):
        return math.nan if math.isinf(value) and name == "f8" else value
    digits, least, most = FLOATS[name]
    if value == 0:
        return 0.0
    exponent = 0
    while abs(value) >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while abs(value) < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** (max(exponent, least) - digits + 1)
    result = round(value / unit) * unit
    if result == 0:
        return -0.0 if value < 0 else 0.0
    if abs(result) > most:
        return math.nan if name == "f8" else math.inf if value > 0 else -math.inf
    return result


def edges(name):
    """Values of a float: its own edges, and those where what it is converted to is about to round."""
    digits, least, most = FLOATS[name]
    tiny = Fraction(2) ** (least - digits + 1)
    some = [Fraction(1), Fraction(1, 2), Fraction(3, 2), Fraction(5, 2), Fraction(7), most, tiny,
            Fraction(2) ** least, Fraction(2) ** least - tiny, Fraction(10) / 3]
    for other in FLOATS.values():
        step, far = Fraction(2) ** -other[0], Fraction(2) ** -45
        halves = [1 + step, 1 + 3 * step]
        top = other[2] + other[2] / (2 ** (other[0] + 1) - 2)  # half way beyond the largest
        low = Fraction(2) ** (other[1] - other[0])  # half of the least
        for half in halves + [top, low, 3 * low, Fraction(2) ** other[1] - low]:
            some += [half, half * (1 + far), half * (1 - far)]
    for bits in INTEGERS.values():
        for end in (2 ** (bits - 1), 2**bits):
            some += [Fraction(end), end - Fraction(1, 2), end + Fraction(1, 2), Fraction(end - 1), Fraction(end + 1),
                     end * (1 - Fraction(2) ** -digits), end * (1 + Fraction(2) ** (1 - digits))]
    values = [0.0, -0.0, math.inf, -math.inf, math.nan]
    for value in some:
        for each in (value, -value):
            each = rounded(each, name)
            if each not in values:
                values.append(each)
    return [v for v in values if not (name == "f8" and isinstance(v, float) and math.isinf(v))]


def wrapped(value, bits):
    """As values.py has it: signed, but for one bit."""
    value %= 2**bits
    return value - 2**bits if bits > 1 and value >= 2 ** (bits - 1) else value


def integers(bits):
    some = [0, 1, 2, 3, 5, 7, 17, 19, 25, 27, 257, 259, 448, 464, 465, 480, 65504, 65519, 65520, 65521, 2049, 2051,
            2**24 + 1, 2**24 + 3, 2**31 - 1, 2**31, 0x1010000, 0x1010001, 0x1030000, 0x100ffff, 2**53 + 1, 2**53 + 3,
            2**62 + 2**54, 2**62 + 2**54 + 1, 2**62 + 2**54 - 1, 2**62 + 2**38 + 1, 2**63 - 1, 2**63, 2**63 + 2**55 + 1,
            2**63 + 2**39, 2**63 + 2**39 + 1, 2**64 - 1]
    values = []
    for value in some + [-value for value in some] + [2 ** (bits - 1) - 1, 2 ** (bits - 1)]:
        if wrapped(value, bits) not in values and -(2 ** (bits - 1)) <= value < 2**bits:
            values.append(wrapped(value, bits))
    return values


def signed(value, bits):
    return -value if bits == 1 else value


def to_integer(value, bits, is_signed):
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if is_signed else (0, 2**bits - 1)
    if isinstance(value, float) and math.isnan(value):
        return 0
    if isinstance(value, float) and math.isinf(value):
        return wrapped(most if value > 0 else least, bits)
    return wrapped(min(max(math.trunc(value), least), most), bits)


def bits_of(value, name):
    if name == "bf16":
        return struct.unpack("<I", struct.pack("<f", float(value)))[0] >> 16
    code = {"f64": "<d", "f32": "<f", "f16": "<e"}[name]
    return int.from_bytes(struct.pack(code, float(value)), "little")


def text(value, name):
    return str(value) if name in INTEGERS else repr(float(value))


def tensor(name, values, type):
    return "%s=%s[%d]:%s" % (name, type, len(values), ",".join(text(v, type) for v in values))


def conversions(name):
    """Of a type: op, type, results."""
    for to in FLOATS if name in FLOATS else []:
        values = edges(name)
        if WIDTH[to] != WIDTH[name]:
            yield "extf" if WIDTH[to] > WIDTH[name] else "truncf", to, [rounded(v, to) for v in values]
    for to, bits in INTEGERS.items() if name in FLOATS else []:
        for op in ("fptosi", "fptoui"):
            yield op, to, [to_integer(v, bits, op == "fptosi") for v in edges(name)]
        if bits == WIDTH[name] and name != "f8":
            yield "bitcast", to, [wrapped(bits_of(v, name), bits) for v in edges(name)]
    if name in FLOATS:
        return
    values, bits = integers(INTEGERS[name]), INTEGERS[name]
    for to in FLOATS:
        yield "sitofp", to, [rounded(Fraction(signed(v, bits)), to) for v in values]
        yield "uitofp", to, [rounded(Fraction(v % 2**bits), to) for v in values]
    for to, wide in INTEGERS.items():
        if wide > bits:
            yield "extsi", to, [wrapped(signed(v, bits), wide) for v in values]
            yield "extui", to, [v % 2**bits for v in values]
        if wide < bits:
            yield "trunci", to, [wrapped(v, wide) for v in values]
        yield "index_cast", to, [wrapped(signed(v, bits), wide) for v in values]
        yield "index_castui", to, [wrapped(v % 2**bits, wide) for v in values]


def of_shape(type):
    return "tensor<?x%s>" % MLIR.get(type, type)


def function(name, arguments, results):
    """Of (name, type, values) and of (lines, type, values), with %N in the place of numbers."""
    types = [of_shape(type) for _, type, _ in results]
    print("// CALL %s %s -> %s" % (name, " ".join(tensor(n, v, t) for n, t, v in arguments), " ".join(
        tensor("y%d" % i if len(results) > 1 else "y", v, t) for i, (_, t, v) in enumerate(results))))
    print("func.func @%s(%s) -> (%s) {" % (name, ", ".join("%%%s: %s" % (n, of_shape(t)) for n, t, _ in arguments),
                                           ", ".join(types)))
    for i, (lines, _, _) in enumerate(results):
        print("\n".join("  " + line.replace("%N", "%%r%d" % i) for line in lines))
    print("  return %s : %s" % (", ".join("%%r%d" % i for i in range(len(results))), ", ".join(types)))
    print("}\n")


def convert(op, name, to):
    if not op.startswith("index"):
        return ["%%N = arith.%s %%x : %s to %s" % (op, of_shape(name), of_shape(to))]
    return ["%%N_i = arith.%s %%x : %s to tensor<?xindex>" % (op, of_shape(name)),
            "%%N = arith.%s %%N_i : tensor<?xindex> to %s" % (op, of_shape(to))]


for name in list(FLOATS) + list(INTEGERS):
    values = edges(name) if name in FLOATS else integers(INTEGERS[name])
    function("from_" + name, [("x", name, values)],
             [(convert(op, name, to), to, results) for op, to, results in conversions(name)])


def sign(value):
    return math.copysign(1, value)


def pick(x, y, largest, keeps_nan):
    """Of zeros the positive one is the larger."""
    if x != x or y != y:
        return math.nan if keeps_nan or (x != x and y != y) else y if x != x else x
    if x == y:
        return x if (sign(x) > 0) == largest else y
    return x if (x > y) == largest else y


def remainder(x, y):
    x, y = float(x), float(y)
    if x != x or y != y or math.isinf(x) or y == 0:
        return math.nan
    return math.fmod(x, y)


def fused(x, y, z, name):
    """x * y + z of finite numbers, rounded once; those of bf16 and f8 are of f32 first."""
    exact = Fraction(x) * Fraction(y) + Fraction(z)
    if exact == 0:
        product = sign(x) * sign(y)
        return -0.0 if Fraction(z) == 0 and product < 0 and sign(z) < 0 and (x == 0 or y == 0) else 0.0
    return rounded(rounded(exact, "f32"), name) if name in ("bf16", "f8") else rounded(exact, name)


for name in FLOATS:
    _, least, most = FLOATS[name]
    some = [0.0, -0.0, Fraction(1), Fraction(-1), Fraction(11, 2), Fraction(-7), Fraction(3), most, Fraction(2) ** least,
            Fraction(2) ** (least - FLOATS[name][0] + 1), math.nan, Fraction(10) / 3]
    some += [math.inf, -math.inf] if name != "f8" else []
    some = [rounded(value, name) for value in some]
    pairs = [(x, y) for x in some for y in some]
    of = lambda compute: [compute(x, y) for x, y in pairs]
    line = lambda op: ["%%N = arith.%s %%x, %%w : %s" % (op, of_shape(name))]
    function("pairs_" + name, [("x", name, [x for x, _ in pairs]), ("w", name, [y for _, y in pairs])], [
        (line("maxnumf"), name, of(lambda x, y: pick(x, y, True, False))),
        (line("minnumf"), name, of(lambda x, y: pick(x, y, False, False))),
        (line("maximumf"), name, of(lambda x, y: pick(x, y, True, True))),
        (line("minimumf"), name, of(lambda x, y: pick(x, y, False, True))),
        (line("remf"), name, of(remainder))])
    finite = [v for v in some if v == v and not (isinstance(v, float) and math.isinf(v)) and v != most]
    triples = [(x, y, z) for x in finite for y in finite for z in finite]
    function("fma_" + name, [("x", name, [t[0] for t in triples]), ("w", name, [t[1] for t in triples]),
                             ("z", name, [t[2] for t in triples])],
             [(["%%N = math.fma %%x, %%w, %%z : %s" % of_shape(name)], name, [fused(*t, name) for t in triples])])
    kinds = [("isnan", lambda v: v != v), ("isinf", lambda v: math.isinf(float(v))),
             ("isfinite", lambda v: math.isfinite(float(v)))]
    function("kinds_" + name, [("x", name, some)], [
        (["%%N = math.%s %%x : %s" % (op, of_shape(name))], "i1", [int(is_it(v)) for v in some]) for op, is_it in kinds])
