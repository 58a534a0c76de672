# SPDX-License-Identifier: Apache-2.0
# Checks which part of the tree includes which; prints FILE:LINE: reason, exit status 1.
import os
import re
import sys

from tree import read, sources

MLIR = re.compile(r"(mlir|mlir-c|llvm|llvm-c|lld|clang)/")
PARTS = ("Import", "Transforms", "Codegen", "Conversion", "Target", "Serialize", "Pipeline")
TARGETS = ("CPU", "CUDA")


def compiler_part(part, allowed):
    """Hadal's compiler headers of other parts than `part`, unless allowed."""
    others = [p for p in PARTS if p != part and p not in allowed]
    # What a target is, is known to all; what one of them is, to its folder.
    return re.compile(rf"hadal/(?!Target/\w+\.h$)({'|'.join(others)})/")


# folder -> (what its files may not include, why)
RULES = [
    ("runtime", MLIR, "the runtime knows nothing of MLIR and LLVM"),
    ("runtime", re.compile(r"hadal/|plan/|tile/"), "the runtime knows nothing of the compiler"),
    ("lib/Import", compiler_part("Import", ()), "the importer depends on dialects alone"),
    ("lib/Transforms", compiler_part("Transforms", ()), "passes depend on dialects alone"),
    ("lib/Codegen", compiler_part("Codegen", ()), "the plain path depends on dialects alone"),
    ("lib/Conversion", compiler_part("Conversion", ()), "conversions depend on dialects alone"),
    ("lib/Serialize", compiler_part("Serialize", ()), "the serialiser depends on the plan dialect and the schema"),
    ("lib/Target", compiler_part("Target", ("Codegen",)), "targets depend on dialects and the plain path alone"),
    ("dialects", compiler_part("", ()), "dialects depend on MLIR alone"),
    ("dialects", re.compile(r"hadal_(runtime|text)\.h"), "dialects depend on MLIR alone"),
    ("dialects/plan", re.compile(r"(hadal|tile)/"), "the plan dialect knows nothing of the others"),
    ("dialects/tile", re.compile(r"(hadal|plan)/"), "the tile dialect knows nothing of the others"),
    ("dialects/hadal", re.compile(r"tile/"), "the hadal dialect knows nothing of tile"),
    # One opinion of text files: the importer asks the library that reads them when a model runs.
    ("lib/Import", re.compile(r"hadal_(?!text\.h$)|(core|cpu|text)/"), "the importer knows the interface of libhadal_text alone"),
]
# One opinion of artifacts: the serialiser asks the runtime's reader about what it has written.
CORE = {"Serialize": r"core/(?!Artifact\.h$)"}
RULES += [("lib/" + part, re.compile(r"hadal_(runtime|text|device)\.h|(cpu|text)/|" + CORE.get(part, "core/")), "only the importer reads text, and the compiler runs nothing")
          for part in PARTS if part != "Import"]
# Targets know nothing of each other, and what is about all of them nothing of any.
for target in TARGETS:
    RULES.append((f"lib/Target/{target}", re.compile(rf"hadal/Target/(?!{target}/)\w+/"), "a target knows nothing of another"))
RULES.append(("lib/Target/", re.compile(r"hadal/Target/\w+/"), "what a target is, is said without one"))
for tool in ("run", "verify", "objdump", "bench", "sim"):
    RULES.append((f"tools/hadal-{tool}", MLIR, "this tool depends on the runtime alone"))
    RULES.append((f"tools/hadal-{tool}", re.compile(r"hadal/|plan/|tile/|dialects/"), "this tool depends on the runtime alone"))
for tool in ("hadal-opt", "hadal-import", "hadal-compile", "hadal-conformance", "support"):
    RULES.append((f"tools/{tool}", re.compile(r"hadal/Target/\w+/"), "tools know targets by the registry alone"))
# What is loaded knows the table alone, and the simulator by its interface.
for device in ("cuda", "simdevice"):
    RULES.append((f"runtime/src/{device}", re.compile(r"(core|cpu|files|problems|sim|text)/"), "a device's library knows the table of devices alone"))
# The same rules for the headers that mirror lib/.
RULES += [("include/hadal/" + folder.split("/", 1)[1], pattern, reason)
          for folder, pattern, reason in RULES if folder.startswith("lib/")]

# Where the paths that files include begin.
ROOTS = {"include/": "", "dialects/": "", "lib/": "hadal/", "runtime/src/": "", "runtime/include/": "", "runtime/schema/": ""}


def canonical(tree, path, header):
    """The header by its whole path, where it is named by the way to it from the file."""
    near = os.path.normpath(os.path.join(os.path.dirname(path), header))
    if not (header.startswith(".") or "/.." in header or os.path.exists(os.path.join(tree, near))):
        return header
    for root, prefix in ROOTS.items():
        if near.startswith(root):
            return prefix + near[len(root):]
    return near


def main(tree):
    looked_at = problems = 0
    for folder, pattern, reason in RULES:
        for path in sources(tree, [folder], (".cpp", ".h", ".c", ".td", ".inc")):
            if folder.endswith("/") and os.path.dirname(path) != folder.rstrip("/"):
                continue # a rule for the files of the folder itself
            looked_at += 1
            for number, line in enumerate(read(tree, path).split("\n"), 1):
                match = re.match(r'\s*#?\s*include\s*[<"]([^>"]+)', line)
                if match and pattern.match(canonical(tree, path, match[1])):
                    print(f"{path}:{number}: includes {match[1]}, but {reason}")
                    problems += 1
    print(f"{looked_at} looks, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
