# SPDX-License-Identifier: Apache-2.0
# Checks that ops and targets are named where they are at home alone; prints FILE:LINE: reason, exit status 1.
import re
import sys

from tree import line_of, read, sources

# Generic code asks ops by their interfaces and traits: what names one that computes, by class or by name, is
# silent about the next one.
OP_FOLDERS = ("lib", "include/hadal", "tools/hadal-opt", "tools/hadal-import", "tools/hadal-compile", "tools/support")
# The importer makes ops, targets compute them, and these passes and counts are about the ops that they name.
OP_HOMES = re.compile(
    r"(lib|include/hadal)/(Import|Target/\w+)/"
    r"|lib/Transforms/(Decompose|FuseGates|SelectAttentionForm)\.cpp$|lib/Pipeline/CountParameters\.cpp$")

# A target's names, levels and layouts stand in its own folder.
TARGET_LITERAL = re.compile(
    r'"(?:cpu|cuda|toy)(?:[".-][\w.-]*"?|(?="))|"(?:sm_\d|x86-64|avx|amx)[\w-]*"?|\b(?:cpu|cuda)::|\b(?:Fragments|Panels)Attr\b')
TARGET_FOLDERS = ("lib", "include", "dialects", "tools/hadal-opt", "tools/hadal-import", "tools/hadal-compile",
                  "tools/hadal-conformance", "tools/support")
# Panels are the built-in layout, an attribute of the dialect. A device that a running tool asks for is no target.
TARGET_HOMES = re.compile(
    r"(lib|include/hadal)/Target/\w+/|dialects/hadal/IR/Layouts\.cpp$|tools/support/Model\.(cpp|h)$")
DEVICE_DEFAULT = re.compile(r'line\.text\("device", "\w+"\)')


def ops_of(tree):
    """Classes and names of the dialect's ops: those that compute, and all."""
    computing, every = {}, set()
    for path in sources(tree, ["dialects/hadal"], (".td",)):
        for name, base, mnemonic in re.findall(r'^def Hadal_(\w+Op) : (\w+)<"(\w+)"', read(tree, path), re.M):
            every.add(name)
            if base != "Hadal_Op":
                computing[name] = mnemonic
    return computing, every


def without_documentation(text):
    """The text of a .td with what it says to readers blanked: [{ }] of descriptions, and comments."""
    blank = lambda match: re.sub(r"[^\n]", " ", match[0])
    text = re.sub(r"description = (\[\{.*?\}\]|\"[^\n]*\")", blank, text, flags=re.S)
    return re.sub(r"//[^\n]*", blank, text)


def find_ops(text, computing, every):
    """(offset, problem) of what lists ops."""
    own = r"(?<![\w:])(?:::)?(?:hadal::)?"
    if computing:
        strings = "|".join(computing.values())
        names = re.compile(rf'{own}\b({"|".join(computing)})\b|"(?:hadal\.)?({strings})"')
        for match in names.finditer(text):
            yield match.start(), f"names {match[1] or match[0]}, but what an op is is said in its dialect alone"
    if every:
        one = rf"{own}\b({'|'.join(every)})\b"
        # Of one bracket, or of tests side by side.
        lists = re.compile(rf"<\s*{one}\s*,(?:\s*[\w:]+\s*,)*\s*{one}|isa\w*<\s*{one}\s*>\([^|&;]*\)\s*\|\|\s*(?:\w+::)*isa\w*<\s*{one}\s*>")
        for match in lists.finditer(text):
            first, second = [name for name in match.groups() if name]
            if first not in computing and second not in computing:
                yield match.start(), f"lists {first} and {second} by class, but what an op is is said in its dialect alone"


def main(tree):
    computing, every = ops_of(tree)
    looked_at = problems = 0

    def report(path, text, found):
        nonlocal problems
        for offset, problem in found:
            print(f"{path}:{line_of(text, offset)}: {problem}")
            problems += 1

    for path in sources(tree, OP_FOLDERS, (".cpp", ".h", ".inc")):
        looked_at += 1
        if not OP_HOMES.match(path):
            text = read(tree, path)
            report(path, text, find_ops(text, computing, every))
    for path in sources(tree, TARGET_FOLDERS, (".cpp", ".h", ".td", ".inc")):
        looked_at += 1
        if TARGET_HOMES.match(path):
            continue
        text = read(tree, path)
        if path.endswith(".td"):
            text = without_documentation(text)
        text = DEVICE_DEFAULT.sub(lambda match: " " * len(match[0]), text)
        report(path, text, ((match.start(), f"names {match[0]}, but what belongs to a target stands in its folder alone")
                            for match in TARGET_LITERAL.finditer(text)))
    print(f"{looked_at} looks for {len(computing)} ops of {len(every)}, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
