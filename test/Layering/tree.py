# SPDX-License-Identifier: Apache-2.0
# Walks the sources of a tree, for the checks of this folder.
import os


def sources(tree, folders, endings):
    """Paths, relative to the tree, of the files with these endings in these folders, in order."""
    for folder in folders:
        for here, folders_below, names in os.walk(os.path.join(tree, folder)):
            folders_below.sort()
            for name in sorted(names):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(here, name), tree)


def read(tree, path):
    with open(os.path.join(tree, path), encoding="utf-8") as file:
        return file.read()


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1
