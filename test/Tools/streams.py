# SPDX-License-Identifier: Apache-2.0
# Runs every tool with standard streams that are full, closed or have lost their reader.
# usage: streams.py TOOLS-FOLDER WORK-FOLDER MODEL EXPECTED PTX [CHECKPOINT]
import os
import subprocess
import sys

tools, work, model, expected, ptx = sys.argv[1:6]
checkpoint = sys.argv[6:] # with the compiler's tools

RUNTIME = [
    ["hadal-run", "--help"], ["hadal-run", "--version"],
    ["hadal-run", model, "--input-ids=1,2", "--print-ids", "--max-new-tokens=2"],
    ["hadal-verify", "--help"], ["hadal-verify", model, expected], ["hadal-verify", model, expected, "--json"],
    ["hadal-verify", model, "--weights"],
    ["hadal-objdump", "--help"], ["hadal-objdump", model], ["hadal-objdump", model, "--plan"], ["hadal-objdump", model, "--json"],
    ["hadal-objdump", model, "--disassemble=sum", "--level=x86-64-v3"],
    ["hadal-bench", "--help"], ["hadal-bench", model, "--decode=1", "--repeat=1", "--threads=1"],
    ["hadal-bench", model, "--decode=1", "--repeat=1", "--threads=1", "--json"],
    ["hadal-sim", "--help"], ["hadal-sim", ptx, "--list"],
    ["hadal-sim", ptx, "--entry=empty", "--grid=1", "--block=1", "--annotate"],
]
COMPILER = [
    command for folder in checkpoint for command in (
        ["hadal-import", "--help"], ["hadal-import", "--version"], ["hadal-import", folder, "--check"],
        ["hadal-import", folder, "-o", "-"],
        ["hadal-compile", "--help"], ["hadal-compile", "--version"],
        ["hadal-compile", folder, "-o", os.path.join(work, "m.hadal"), "--shapes-only", "--cpu-level=x86-64-v3", "--report"],
        ["hadal-conformance", "--help"], ["hadal-conformance", "--filter=gather_rows/f32/64"],
        ["hadal-conformance", "--filter=gather_rows/f32/64", "--json"],
        ["hadal-opt", "--help"], ["hadal-opt", "--version"], ["hadal-opt", os.path.join(work, "in.mlir")])
]
# What is written to standard error, and the exit code.
ERRORS = [(["hadal-run"], 2), (["hadal-run", "none"], 2), (["hadal-verify", "none", "--weights"], 1), (["hadal-objdump", "none"], 1),
          (["hadal-bench", "none"], 1), (["hadal-sim", "none", "--list"], 1)]
COMPILER_ERRORS = [(["hadal-import", "none", "--check"], 1), (["hadal-import", "none", "-o", "-"], 1), (["hadal-import", "--none"], 2),
                   (["hadal-compile", "none", "-o", "none.hadal"], 1), (["hadal-compile"], 2), (["hadal-opt", "none"], 1),
                   (["hadal-conformance", "--device=none"], 1), (["hadal-conformance", "--filter=none"], 2)]


def run(command, before="", **streams):
    """Exit code and standard error; `before` is what the shell does to the streams."""
    command = [os.path.join(tools, command[0]), *command[1:]]
    done = subprocess.run(["/bin/sh", "-c", 'exec "$@" ' + before, "sh", *command], text=True, timeout=120, check=False,
                          stdin=subprocess.DEVNULL, **{"stderr": subprocess.PIPE, "stdout": subprocess.PIPE, **streams})
    return done.returncode, done.stderr or "", done.stdout or ""


def expect(condition, command, how, got):
    if not condition:
        sys.exit(f"{' '.join(command)} {how}: got {got}")


def output(command):
    code, _, out = run(command)
    expect(code == 0 and out, command, "as it is", (code, out))
    for before, reason in ((">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")):
        code, err, _ = run(command, before)
        line = f"{command[0]}: error: standard output: cannot be written: {reason}\n"
        expect(code == 1 and err.count(line) == 1 and err.endswith(line), command, before, (code, err))
    reader, writer = os.pipe()
    os.close(reader)
    code, err, _ = run(command, stdout=writer)
    os.close(writer)
    expect(code == 1 and "error" not in err.lower(), command, "into a closed pipe", (code, err))


def errors(command, wanted):
    code, err, out = run(command)
    expect(code == wanted and err, command, "as it is", (code, err, out))
    for before in ("2>/dev/full", "2>&-", ">&-", "2>&- >&- <&-"):
        code, _, out = run(command, before)
        expect(code == wanted, command, before, code)
    reader, writer = os.pipe()
    os.close(reader)
    code, _, _ = run(command, stderr=writer)
    os.close(writer)
    expect(code == wanted, command, "with errors into a closed pipe", code)


for each in RUNTIME + COMPILER:
    output(each)
for each, exit_code in ERRORS + (COMPILER_ERRORS if checkpoint else []):
    errors(each, exit_code)
print(f"{len(RUNTIME + COMPILER)} outputs")
