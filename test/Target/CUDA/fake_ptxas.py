# SPDX-License-Identifier: Apache-2.0
# fake_ptxas.py --install FOLDER MODE [KERNEL]: writes FOLDER/bin/ptxas and nvdisasm, which behave as the mode says.
# Its machine code is an ELF file that carries the PTX along, which the test driver executes (CubinBuilder.cpp).
import os
import re
import struct
import sys
import time

VERSION = "Cuda compilation tools, release 1.2, V1.2.3\n"


def install(folder, mode, kernel=""):
    os.makedirs(os.path.join(folder, "bin"))
    shims = {"ptxas": f'exec "{sys.executable}" "{os.path.abspath(__file__)}" {mode}:{kernel} "{folder}/runs" "$@"\n',
             "nvdisasm": 'echo "disassembled with $1"\n'}
    for name, command in shims.items():
        path = os.path.join(folder, "bin", name)
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n" + command)
        os.chmod(path, 0o755)


def cubin(level, kernel, text):
    names = b"\0" + kernel.encode() + b"\0"
    base = len(names)
    names += b"\0.strtab\0.symtab\0.text\0.ptx\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x12, 0, 3, 0, 0)
    parts = [(0, 0, b"", 0, 0), (1, 3, names, 0, 0), (9, 2, symbols, 1, 24), (17, 1, bytes(16), 0, 0),
             (23, 1, text + b"\0", 0, 0)]
    header = b"\177ELF" + bytes([2, 1, 1, 41, 8]) + bytes(7)
    header += struct.pack("<HHIQQQIHHHHHH", 2, 190, 1, 0, 0, 64, 0x6000004 | level << 8, 64, 0, 0, 64, len(parts), 1)
    offset, sections, data = 64 + 64 * len(parts), b"", b""
    for name, kind, content, link, size in parts:
        sections += struct.pack("<IIQQQQIIQQ", base + name if kind else 0, kind, 0, 0, offset + len(data), len(content),
                                link, 0, 1, size)
        data += content
    return header + sections + data


def main(mode, runs, *arguments):
    mode, _, wanted = mode.partition(":")
    if "--version" in arguments:
        print("no assembler at all" if mode == "nameless" else VERSION, end="")
        return
    level = next(re.fullmatch("-arch=sm_([0-9]+)", word)[1] for word in arguments if word.startswith("-arch="))
    with open(next(word for word in arguments if word.endswith(".ptx")), "rb") as file:
        text = file.read()
    entries = re.findall(rb"\.entry ([^ (]+)\(", text)
    if len(entries) != 1:
        sys.exit(f"expected one kernel, got {entries}")
    kernel = entries[0].decode()
    with open(runs, "a", encoding="ascii") as file:
        file.write(f"{level} {kernel}\n")
    hit = not wanted or wanted == kernel
    if mode == "refuse" and hit:
        sys.exit(f"ptxas fatal   : cannot assemble {kernel}")
    if mode == "hang" and hit:
        time.sleep(600)
    if mode == "crash" and hit:
        os.kill(os.getpid(), 11)
    output = arguments[arguments.index("-o") + 1]
    with open(output, "wb") as file:
        file.write(b"nothing" if mode == "garbage" and hit else cubin(int(level), kernel, text))
    if mode == "silent" and hit:
        return
    spilled = 24 if mode == "spill" and hit else 0
    print(f"ptxas info    : 0 bytes gmem\nptxas info    : Compiling entry function '{kernel}' for 'sm_{level}'\n"
          f"ptxas info    : Function properties for {kernel}\n"
          f"    {2 * spilled} bytes stack frame, {spilled} bytes spill stores, {2 * spilled} bytes spill loads\n"
          f"ptxas info    : Used 40 registers, used 1 barriers, 1024 bytes smem, 400 bytes cmem[0]", file=sys.stderr)


if sys.argv[1] == "--install":
    install(*sys.argv[2:])
else:
    main(*sys.argv[1:])
