# SPDX-License-Identifier: Apache-2.0
# Compares the passes that are defined with those of `hadal-opt --help`, and checks what definitions say of them:
# passes.py SOURCE < help
import os
import re
import sys

# These change nothing.
VERIFIER = re.compile(r"hadal-verify-")


def main(source):
    defined, problems = {}, []
    for here, _, names in os.walk(os.path.join(source, "include", "hadal")):
        if "Passes.td" in names:
            with open(os.path.join(here, "Passes.td"), encoding="utf-8") as file:
                for name, rest in re.findall(r'^def \w+ : Pass<"([\w-]+)"(.*?)^}', file.read(), re.M | re.S):
                    defined[name] = rest
    passes = sys.stdin.read().split("Pass Pipelines:")[0]
    known = set(re.findall(r"^ +--(hadal-[\w-]+) ", passes, re.M))
    problems += [f"{name}: defined, but not among the passes of hadal-opt" for name in sorted(set(defined) - known)]
    problems += [f"{name}: a pass of hadal-opt, but not defined" for name in sorted(known - set(defined))]
    for name, text in sorted(defined.items()):
        for wanted in ("Precondition", "Postcondition") + (() if VERIFIER.match(name) else ("==>",)):
            if wanted not in text:
                problems.append(f"{name}: expected '{wanted}' in its description, found none")
    for problem in problems:
        print(problem)
    print(f"{len(defined)} passes, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
