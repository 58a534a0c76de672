# SPDX-License-Identifier: Apache-2.0
# Checks which part of the tree includes which; prints FILE:LINE: reason, exit status 1.
import os
import re
import sys

MLIR = re.compile(r"(mlir|mlir-c|llvm|llvm-c|lld|clang)/")
PARTS = ("Import", "Transforms", "Codegen", "Conversion", "Target", "Serialize", "Pipeline")


def compiler_part(part, allowed):
    """Hadal's compiler headers of other parts than `part`, unless allowed."""
    others = [p for p in PARTS if p != part and p not in allowed]
    # What a target is, is known to all; what one of them is, to its folder.
    return re.compile(rf"hadal/(?!Target/\w+\.h$)({'|'.join(others)})/")


# folder -> (what its files may not include, why)
RULES = [
    ("runtime", MLIR, "the runtime knows nothing of MLIR and LLVM"),
    ("runtime", re.compile(r"hadal/|plan/"), "the runtime knows nothing of the compiler"),
    ("lib/Import", compiler_part("Import", ()), "the importer depends on dialects alone"),
    ("lib/Transforms", compiler_part("Transforms", ()), "passes depend on dialects alone"),
    ("lib/Codegen", compiler_part("Codegen", ()), "the plain path depends on dialects alone"),
    ("lib/Conversion", compiler_part("Conversion", ()), "conversions depend on dialects alone"),
    ("lib/Serialize", compiler_part("Serialize", ()), "the serialiser depends on the plan dialect and the schema"),
    ("lib/Target", compiler_part("Target", ("Codegen",)), "targets depend on dialects and the plain path alone"),
    ("dialects", compiler_part("", ()), "dialects depend on MLIR alone"),
    ("dialects", re.compile(r"hadal_(runtime|text)\.h"), "dialects depend on MLIR alone"),
    ("dialects/plan", re.compile(r"hadal/"), "the plan dialect knows nothing of hadal"),
    # One opinion of text files: the importer asks the library that reads them when a model runs.
    ("lib/Import", re.compile(r"hadal_(?!text\.h$)|(core|cpu|text)/"), "the importer knows the interface of libhadal_text alone"),
]
# One opinion of artifacts: the serialiser asks the runtime's reader about what it has written.
CORE = {"Serialize": r"core/(?!Artifact\.h$)"}
RULES += [("lib/" + part, re.compile(r"hadal_(runtime|text|device)\.h|(cpu|text)/|" + CORE.get(part, "core/")), "only the importer reads text, and the compiler runs nothing")
          for part in PARTS if part != "Import"]
for tool in ("run", "verify", "objdump", "bench", "sim"):
    RULES.append((f"tools/hadal-{tool}", MLIR, "this tool depends on the runtime alone"))
    RULES.append((f"tools/hadal-{tool}", re.compile(r"hadal/|plan/|dialects/"), "this tool depends on the runtime alone"))
# What is loaded knows the table alone, and the simulator by its interface.
for device in ("cuda", "simdevice"):
    RULES.append((f"runtime/src/{device}", re.compile(r"(core|cpu|files|problems|sim|text)/"), "a device's library knows the table of devices alone"))
# The same rules for the headers that mirror lib/.
RULES += [("include/hadal/" + folder.split("/")[1], pattern, reason)
          for folder, pattern, reason in RULES if folder.startswith("lib/")]


# Generic code asks ops by their interfaces and traits; a list of the dialect's
# ops by class would be silent about the next one.
OP_LIST = re.compile(r"\b(?:isa|dyn_cast|Case)<\s*(?:hadal::)?(\w+Op)\s*,\s*(?:hadal::)?(\w+Op)\b")
OP_LIST_FOLDERS = ("lib/Transforms", "lib/Conversion", "lib/Serialize", "lib/Pipeline")


# A target's names, levels and layouts stand in its own folder.
TARGET_LITERAL = re.compile(r'"(?:cpu|cuda|sm_\d\w*|x86-64[\w-]*)"|\bcpu::|\bPanelsAttr\b')
TARGET_LITERAL_FOLDERS = ("lib", "include", "dialects", "tools/hadal-opt", "tools/hadal-import", "tools/hadal-compile")
TARGET_OWN = re.compile(r"(lib|include/hadal)/Target/\w+/|dialects/hadal/IR/Layouts\.cpp$")

# (folders, what is looked for, files that may have it, the problem)
TEXT_RULES = [
    (OP_LIST_FOLDERS, OP_LIST, re.compile("$^"), "lists {1} and {2} by class, but what an op is is said in its dialect alone"),
    (TARGET_LITERAL_FOLDERS, TARGET_LITERAL, TARGET_OWN, "names {0}, but what belongs to a target stands in its folder alone"),
]


def texts(tree, folders, pattern, allowed, problem):
    """(files looked at, problems) of what is written outside of its place."""
    looked_at = problems = 0
    for folder in folders:
        for here, _, names in os.walk(os.path.join(tree, folder)):
            for name in sorted(names):
                if not name.endswith((".cpp", ".h")):
                    continue
                looked_at += 1
                path = os.path.join(here, name)
                if allowed.match(os.path.relpath(path, tree)):
                    continue
                with open(path, encoding="utf-8") as file:
                    text = file.read()
                for match in pattern.finditer(text):
                    number = text.count("\n", 0, match.start()) + 1
                    print(f"{os.path.relpath(path, tree)}:{number}: {problem.format(match[0], *match.groups())}")
                    problems += 1
    return looked_at, problems


def main(tree):
    looked_at = problems = 0
    for rule in TEXT_RULES:
        more, found = texts(tree, *rule)
        looked_at, problems = looked_at + more, problems + found
    for folder, pattern, reason in RULES:
        for here, _, names in os.walk(os.path.join(tree, folder)):
            for name in sorted(names):
                if not name.endswith((".cpp", ".h", ".c", ".td")):
                    continue
                looked_at += 1
                path = os.path.join(here, name)
                with open(path, encoding="utf-8") as file:
                    for number, line in enumerate(file, 1):
                        match = re.match(r'\s*#?\s*include\s*[<"]([^>"]+)', line)
                        if match and pattern.match(match[1]):
                            print(f"{os.path.relpath(path, tree)}:{number}: includes {match[1]}, but {reason}")
                            problems += 1
    print(f"{looked_at} looks, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
