# SPDX-License-Identifier: Apache-2.0
# The rules behind tools/lint.sh: each looks at one file and reports (line, rule, reason).
import os
import re
import sys

from lint_messages import Emitters

TOP = ["CMakeLists.txt", "README.md", "CONTRIBUTING.md", ".ci", "cmake", "dialects", "docs", "include",
       "lib", "runtime", "scripts", "test", "tools"]
SKIPPED_FOLDERS = {"goldens", "demo-model", "family", "__pycache__", "build", ".git"}
FOREIGN = (".ptx", ".json", ".safetensors", ".hadal")  # written by programs
TREE = []  # the folder that is checked
EMITTERS = Emitters()
LICENSE = "SPDX-License-Identifier: Apache-2.0"
LENGTH_LIMIT, LENGTH_NOTE = 800, 600

CODE = (".cpp", ".h", ".c")
HEADED = CODE + (".td", ".fbs", ".py", ".sh", ".cmake", ".py.in")
PURPOSE = CODE + (".td", ".fbs", ".py", ".sh")


def kind(path):
    """The extension; scripts without one count as .sh by their first line."""
    name = os.path.basename(path)
    if name == "CMakeLists.txt":
        return ".cmake"
    if name.endswith(".py.in"):
        return ".py.in"
    return os.path.splitext(name)[1]


# ---- Rules. Each is a generator over (path, lines, text).


def header(path, lines, text):
    extension = kind(path)
    if extension == "" and lines and lines[0].startswith("#!"):
        extension = ".sh"
    if extension not in HEADED:
        return
    first = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= first or LICENSE not in lines[first]:
        yield first + 1, "header", "expected the SPDX line first"
        return
    if extension in PURPOSE:
        purpose = lines[first + 1] if len(lines) > first + 1 else ""
        words = re.sub(r"^\s*(//|#|/?\*+/?)\s*", "", purpose).split()
        if not re.match(r'\s*(//|#|/?\*|""")', purpose) or len(words) < 3:
            yield first + 2, "header", "expected a sentence of purpose below the SPDX line"


def guard(path, lines, text):
    if kind(path) != ".h":
        return
    if re.search(r"^\s*#\s*pragma\s+once", text, re.M):
        yield 1, "guard", "expected an include guard, got pragma once"
        return
    match = re.search(r"^#ifndef (\w+)\n#define (\w+)$", text, re.M)
    if not match:
        # A precompiled header is named by the build alone, and included once.
        if os.path.basename(path) != "pch.h":
            yield 1, "guard", "expected #ifndef and #define of an include guard"
        return
    line = text[:match.start()].count("\n") + 1
    if match[1] != match[2]:
        yield line + 1, "guard", f"expected {match[1]}, got {match[2]}"
    short = path.replace("tools/hadal-", "tools/")
    parts, short = (re.sub(r"[^A-Za-z0-9/]", "", name.replace(".h", "/H")).upper().split("/") for name in (path, short))
    got = match[1].replace("_", "")
    # At least the file; with its folder where that is part of the include path.
    least = 2 if parts[-3] in ("INCLUDE", "RUNTIME", "LIB") else 3
    allowed = {prefix + "".join(names[-count:]) for names in (parts, short)
               for count in range(least, len(parts) + 1) for prefix in ("", "HADAL", "HADALRUNTIME")}
    in_tests = "TESTS" in parts or "TEST" in parts
    if not (got.endswith("".join(parts[-2:])) if in_tests else got in allowed):
        yield line, "guard", f"expected a guard made of the include path, got {match[1]}"


def includes(path, lines, text):
    if kind(path) not in (".cpp", ".c"):
        return
    found = [(number, match[1]) for number, line in enumerate(lines, 1)
             if (match := re.match(r'#include ([<"][^>"]+[>"])', line)) and not match[1].endswith('.inc"')]
    if not found:
        return
    stem = os.path.splitext(os.path.basename(path))[0]
    own = [number for number, name in found if os.path.basename(name[1:-1]) == stem + ".h"]
    if own and own[0] != found[0][0]:
        yield own[0], "include-order", "expected the file's own header first"

    def rank(name):
        if name.startswith(('"gtest/', '"gmock/')):
            return None
        if name.startswith('"mlir/'):
            return 2
        if name.startswith(('"llvm/', '"llvm-c/', '"lld/')):
            return 3
        if name.startswith('"'):
            return 1
        # <string>, <cstdint>: no folder and, in C++, no suffix; others go anywhere.
        return 4 if re.fullmatch(r"<[a-z_0-9]+>", name) else None

    before = 0
    for number, name in found:
        current = rank(name)
        if current is None:
            continue
        if current < before:
            yield number, "include-order", f"expected hadal, mlir, llvm, std in this order, got {name} late"
            return
        before = current


def namespaces(path, lines, text):
    if kind(path) not in CODE:
        return
    inside = False
    for number, line in enumerate(lines, 1):
        match = re.match(r"\s*namespace\s+([\w:]+)\s*\{", line)
        inside = bool(match) or (inside and not re.match(r"\}.*namespace", line))
        if match and match[1].removesuffix("::test").count("::") > 1:
            yield number, "namespace", f"expected at most two levels, got {match[1]}"
        if kind(path) == ".h" and not inside and re.match(r"\s*using\s+namespace\b", line):
            yield number, "namespace", "expected no using-directive at the top level of a header"


def silent_failures(path, lines, text):
    """A pattern that does not match says why; passing a failure on is fine."""
    if kind(path) != ".cpp" or not path.startswith(("lib/", "dialects/")):
        return
    for match in re.finditer(r"\bmatchAndRewrite\s*\([^;{]*\{", text):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        body = text[match.end():end]
        for bare in re.finditer(r"return failure\(\);", body):
            before = body[:bare.start()].rstrip().splitlines()[-3:]
            if not any(re.search(r"\bfailed\(|\bemit(Op)?Error|notifyMatchFailure", line) for line in before):
                line = text[:match.end() + bare.start()].count("\n") + 1
                yield line, "silent-failure", "expected notifyMatchFailure with a reason"


UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|\bnot (yet )?imple" r"mented\b|"
                        r"\bplace" r"holder (for|until|implementation)\b|\bfor n" r"ow\b")
# Hosts that packages come from, and folders of one person's machine.
ELSEWHERE = re.compile(r"\b(deb|security|snapshot)\.debian\.org|\bpypi\.org|pythonhosted\.org|\bnpmjs\.(org|com)|"
                       r"\b(docker|ghcr|quay)\.io\b|\bapt\.llvm\.org|\bcrates\.io|"
                       r"(?<![\w.~])/(home|Users)/\w|(?<![\w.])/ro" r"ot/|(?<![\w.}])/wo" r"rk/")


def words(path, lines, text):
    for number, line in enumerate(lines, 1):
        if match := UNFINISHED.search(line):
            yield number, "unfinished", f"expected finished work, got '{match[0]}'"
        if match := ELSEWHERE.search(line):
            yield number, "machine", f"expected nothing of a machine or a registry, got '{match[0]}'"


def layout(path, lines, text):
    if text and not text.endswith("\n"):
        yield len(lines), "layout", "expected a newline at the end of the file"
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "layout", "expected no white space at the end of the line"
        if "\t" in line and kind(path) in CODE + (".td", ".py"):
            yield number, "layout", "expected spaces, got a tab"


def links(path, lines, text):
    if kind(path) != ".md":
        return
    for number, line in enumerate(lines, 1):
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", line):
            if not os.path.exists(os.path.join(TREE[0], os.path.dirname(path), target)):
                yield number, "link", f"expected a file of the tree, got {target}"


def length(path, lines, text):
    if kind(path) not in CODE + (".td", ".py"):
        return
    if len(lines) > LENGTH_LIMIT:
        yield LENGTH_LIMIT, "length", f"expected at most {LENGTH_LIMIT} lines, got {len(lines)}"
    elif len(lines) > LENGTH_NOTE:
        print(f"note: {path}: {len(lines)} lines; split it by topic before {LENGTH_LIMIT}", file=sys.stderr)


def pass_definitions(path, lines, text):
    if kind(path) != ".td":
        return
    for number, line in enumerate(lines, 1):
        if re.search(r"\blet constructor\b", line):
            yield number, "pass", "expected the generated constructor, got 'let constructor'"


RULES = [header, guard, includes, namespaces, EMITTERS.check, silent_failures, words, layout, links, length, pass_definitions]


def files(tree):
    for top in TOP:
        start = os.path.join(tree, top)
        if os.path.isfile(start):
            yield top
        for folder, below, names in os.walk(start):
            below[:] = sorted(name for name in below if name not in SKIPPED_FOLDERS)
            for name in sorted(names):
                if not name.endswith(FOREIGN):
                    yield os.path.relpath(os.path.join(folder, name), tree)


def texts(tree):
    """(path, text) of all text files."""
    for path in files(tree):
        try:
            with open(os.path.join(tree, path), encoding="utf-8", newline="") as file:
                text = file.read()
        except UnicodeDecodeError:
            continue  # a binary file
        if "\0" not in text:
            yield path, text


def main(tree, shows_emitters):
    TREE.append(tree)
    count = problems = 0
    for path, text in texts(tree):
        EMITTERS.learn(path, text)
    for path, text in texts(tree):
        count += 1
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        found = [problem for rule in RULES for problem in rule(path, lines, text)]
        problems += len(found)
        for line, name, reason in sorted(found):
            print(f"{path}:{line}: [{name}] {reason}")
    if shows_emitters:
        print("\n".join(EMITTERS.lines()))
    print(f"{count} files, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--emitters" in sys.argv[2:]))
