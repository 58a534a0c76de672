# SPDX-License-Identifier: Apache-2.0
# Reads and writes safetensors files and their number formats, with the standard library alone.
import array
import bisect
import json
import mmap
import os
import struct

SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "I32": 4, "I64": 8, "U8": 1, "I8": 1}


def count(shape):
    product = 1
    for extent in shape:
        product *= extent
    return product


# ---- Number formats


def f8_e4m3_value(code):
    """The value of one e4m3fn byte: 4 exponent bits (bias 7), 3 mantissa bits, no infinities."""
    sign = -1.0 if code & 0x80 else 1.0
    exponent, mantissa = code >> 3 & 15, code & 7
    if exponent == 15 and mantissa == 7:
        return float("nan")
    if exponent == 0:
        return sign * mantissa * 2.0 ** -9
    return sign * (8 + mantissa) * 2.0 ** (exponent - 10)


F8_E4M3 = [f8_e4m3_value(code) for code in range(256)]
F8_E4M3_POSITIVE = F8_E4M3[:127]


def encode_f8_e4m3(value):
    """The nearest code, ties to the even one; saturates at 448."""
    magnitude = abs(value)
    above = bisect.bisect_left(F8_E4M3_POSITIVE, magnitude)
    if above >= len(F8_E4M3_POSITIVE):
        code = len(F8_E4M3_POSITIVE) - 1
    elif above == 0:
        code = 0
    else:
        low = magnitude - F8_E4M3_POSITIVE[above - 1]
        high = F8_E4M3_POSITIVE[above] - magnitude
        code = above if high < low or (high == low and above % 2 == 0) else above - 1
    return code | (0x80 if value < 0 else 0)


def decode(dtype, data):
    """The stored elements as a list of Python numbers."""
    if dtype == "F32":
        return array.array("f", data).tolist()
    if dtype == "BF16":
        wide = array.array("I", [half << 16 for half in array.array("H", data)])
        return array.array("f", wide.tobytes()).tolist()
    if dtype == "F16":
        return list(struct.unpack(f"<{len(data) // 2}e", data))
    if dtype == "F8_E4M3":
        return [F8_E4M3[code] for code in data]
    if dtype == "I32":
        return array.array("i", data).tolist()
    raise ValueError(f"cannot decode elements of type {dtype}")


def encode(dtype, values):
    """Numbers rounded to nearest even in the stored format."""
    if dtype == "F32":
        return array.array("f", values).tobytes()
    if dtype == "BF16":
        bits = array.array("I", array.array("f", values).tobytes())
        return array.array("H", [(b + 0x7FFF + (b >> 16 & 1)) >> 16 for b in bits]).tobytes()
    if dtype == "F16":
        return struct.pack(f"<{len(values)}e", *values)
    if dtype == "F8_E4M3":
        return bytes(map(encode_f8_e4m3, values))
    if dtype == "I32":
        return array.array("i", values).tobytes()
    raise ValueError(f"cannot encode elements of type {dtype}")


# ---- Files. A tensor is (dtype, shape, bytes).


def read_header(path):
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(length)), 8 + length


def read_file(path):
    """name -> tensor, the bytes mapped."""
    header, start = read_header(path)
    with open(path, "rb") as file:
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return {name: (entry["dtype"], entry["shape"],
                   view[start + entry["data_offsets"][0]:start + entry["data_offsets"][1]])
            for name, entry in header.items() if name != "__metadata__"}


def header_bytes(entries, metadata=None):
    """The length field and the header of a file; `entries` are (name, dtype, shape) in file order."""
    header, offset = {}, 0
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, dtype, shape in entries:
        size = count(shape) * SIZES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def write_file(path, tensors, metadata=None):
    with open(path, "wb") as file:
        file.write(header_bytes([(name, dtype, shape) for name, (dtype, shape, _) in tensors.items()], metadata))
        for _, _, data in tensors.values():
            file.write(data)


def read_checkpoint(folder):
    """All tensors of a checkpoint, single or sharded."""
    index = os.path.join(folder, "model.safetensors.index.json")
    if not os.path.exists(index):
        return read_file(os.path.join(folder, "model.safetensors"))
    with open(index, encoding="utf-8") as file:
        names = json.load(file)["weight_map"]
    tensors = {}
    for part in sorted(set(names.values())):
        tensors.update(read_file(os.path.join(folder, part)))
    return tensors


def write_checkpoint(folder, config, tensors, shards=1):
    """config.json and the tensors, with an index where there are several files."""
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file, indent=1)
        file.write("\n")
    if shards == 1:
        write_file(os.path.join(folder, "model.safetensors"), tensors, {"format": "pt"})
        return
    names, weight_map = list(tensors), {}
    for part in range(shards):
        file_name = f"model-{part + 1:05}-of-{shards:05}.safetensors"
        own = names[part * len(names) // shards:(part + 1) * len(names) // shards]
        write_file(os.path.join(folder, file_name), {name: tensors[name] for name in own}, {"format": "pt"})
        weight_map.update(dict.fromkeys(own, file_name))
    total = sum(len(data) for _, _, data in tensors.values())
    with open(os.path.join(folder, "model.safetensors.index.json"), "w", encoding="utf-8") as file:
        json.dump({"metadata": {"total_size": total}, "weight_map": weight_map}, file, indent=1)
        file.write("\n")
