# SPDX-License-Identifier: Apache-2.0
# Compares the constraints that a dialect documents with those that its verifiers and its tests name.
import pathlib
import re
import sys

# A label begins the item of a list in ODS, a comment in a verifier or in a test.
DOCUMENTED = re.compile(r"^\s*\d+\. (\w+_c\d+):", re.MULTILINE)
ENFORCED = re.compile(r"^\s*// (.*\b\w+_c\d+.*)$", re.MULTILINE)
TESTED = re.compile(r"^// (\w+_c\d+): (.*)$", re.MULTILINE)
LABEL = re.compile(r"(\w+)_c(\d+)(?: to \1_c(\d+))?")


def in_comments(text):
    """Labels named in comments; "x_c1 to x_c4" names all between."""
    for line in ENFORCED.findall(text):
        for name, first, last in LABEL.findall(line):
            for number in range(int(first), int(last or first) + 1):
                yield f"{name}_c{number}"


def texts(folder, pattern):
    return [path.read_text() for path in sorted(folder.glob(pattern))]


def main(dialect, tests):
    folder = pathlib.Path(dialect)
    documented = [label for text in texts(folder, "*.td") for label in DOCUMENTED.findall(text)]
    enforced = {label for text in texts(folder, "*.cpp") for label in in_comments(text)}
    tested = [label for text in texts(pathlib.Path(tests), "invalid*.mlir") for label, _ in TESTED.findall(text)]
    problems = 0
    for what, labels in (("documented", documented), ("tested", tested)):
        for label in sorted({label for label in labels if labels.count(label) > 1}):
            print(f"{label}: expected to be {what} once, got {labels.count(label)} times")
            problems += 1
    for label in sorted(set(documented) | enforced | set(tested)):
        for what, labels in (("documented", documented), ("in a verifier", enforced), ("tested", tested)):
            if label not in labels:
                print(f"{label}: expected to be {what}, found nowhere")
                problems += 1
    print(f"{len(documented)} constraints, {problems} problems")


main(*sys.argv[1:])
