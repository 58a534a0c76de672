# SPDX-License-Identifier: Apache-2.0
# Checks which library of the compiler links which; prints FILE: reason, exit status 1.
import re
import sys

from tree import read, sources

# What each library may link, of those of the tree; libHadalCompiler is all of them.
ALLOWED = {
    "HadalCompiler": "hadal_mlir hadal_text hadal_reader",
    "PlanDialect": "",
    "TileDialect": "",
    "HadalDialect": "PlanDialect",
    "HadalTarget": "HadalDialect PlanDialect TileDialect",
    "HadalImport": "HadalDialect hadal_files hadal_problems hadal_text",
    "HadalTransforms": "HadalDialect PlanDialect HadalTarget",
    "HadalCodegen": "HadalDialect PlanDialect HadalTarget",
    "HadalConversion": "HadalDialect PlanDialect HadalTarget",
    "HadalSerialize": "HadalDialect PlanDialect HadalTarget hadal_files hadal_problems hadal_reader",
    "HadalPipeline": "HadalImport HadalTransforms HadalConversion HadalCodegen HadalTarget\\w* HadalSerialize",
}
OF_TARGETS = "HadalDialect PlanDialect TileDialect HadalTarget HadalCodegen hadal_files"
OURS = re.compile(r"(Hadal|Plan|Tile|hadal_)\w*$")


def links(text):
    """(library, what it links) for each statement of a CMakeLists.txt that says so."""
    text = re.sub(r"#[^\n]*", "", text)
    for name, rest in re.findall(r"hadal_add_library\(\s*(\w+)([^)]*)\)", text):
        yield name, rest.split("LINK", 1)[1].split() if "LINK" in rest else []
    for name, rest in re.findall(r"target_link_libraries\(\s*(\w+)([^)]*)\)", text):
        yield name, rest.split()


def main(tree):
    looked_at = problems = 0
    for path in sources(tree, ["dialects", "lib"], ("CMakeLists.txt",)):
        for name, linked in links(read(tree, path)):
            allowed = ALLOWED.get(name)
            looked_at += 1
            if allowed is None and not re.match(r"lib/Target/\w+/", path):
                print(f"{path}: {name} has no rule in links.py")
                problems += 1
                continue
            if allowed is None:
                allowed = OF_TARGETS
            for other in linked:
                if OURS.match(other) and not any(re.fullmatch(each, other) for each in allowed.split()):
                    print(f"{path}: {name} links {other}, but of the tree it may link {' '.join(allowed.split()) or 'nothing'}")
                    problems += 1
    print(f"{looked_at} libraries, {problems} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
