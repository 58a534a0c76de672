# SPDX-License-Identifier: Apache-2.0
# Checks that the folders of FOLDER include each other in the order of the table in FOLDER/README.md:
# each what is in itself and in those below. usage: folders.py FOLDER PREFIX [FOLDER-ON-TOP:HEADER]...
import os
import re
import sys


def main(top, prefix, outside):
    with open(os.path.join(top, "README.md"), encoding="utf-8") as file:
        order = re.findall(r"^\| `(\w+)` \|", file.read(), re.M)
    here = sorted(entry.name for entry in os.scandir(top) if entry.is_dir())
    problems = []
    for name in sorted(set(order) ^ set(here)):
        problems.append(f"README.md: '{name}' is " + ("no folder" if name in order else "not in the table"))
    allowed = {}
    for pair in outside:
        folder, header = pair.split(":")
        allowed.setdefault(header, set()).add(folder)
    files = 0
    for level, folder in enumerate(order):
        for name in sorted(os.listdir(os.path.join(top, folder))) if folder in here else []:
            files += 1
            with open(os.path.join(top, folder, name), encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    match = re.match(r'\s*#\s*include\s*(["<])([^">]+)', line)
                    if not match:
                        continue
                    header = match[2]
                    where = f"{folder}/{name}:{number}: includes {header}, "
                    if header in allowed:
                        if folder not in allowed[header]:
                            problems.append(where + "but only " + ", ".join(sorted(allowed[header])) + " may")
                    elif header.startswith(prefix):
                        other = header[len(prefix):].split("/")[0]
                        if other not in order[level:]:
                            problems.append(where + f"but {other} is not below {folder}")
                    elif match[1] == '"':
                        problems.append(where + "which is none of these folders")
    for problem in problems:
        print(problem)
    print(f"{len(order)} folders, {files} files, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
