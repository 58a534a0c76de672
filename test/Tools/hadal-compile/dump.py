# SPDX-License-Identifier: Apache-2.0
# Checks that the index of a dump tells of every file, with its size, and of nothing else; prints
# how many stages, executables, images and launches there are, and what one executable goes through:
#   dump.py FOLDER [EXECUTABLE]
import json
import os
import sys

folder = sys.argv[1]
with open(os.path.join(folder, "index.json")) as file:
    index = json.load(file)
listed = {}


def add(files):
    for each in files:
        if each["file"] in listed:
            sys.exit(f"expected each file once, got {each['file']} again")
        listed[each["file"]] = each["bytes"]


add(index["stages"])
for each in index["executables"]:
    add(each["files"])
    for level in each["levels"]:
        add(level["files"])
for each in index["images"]:
    add(each["files"])
found = {}
for path, _, names in os.walk(folder):
    for name in names:
        whole = os.path.join(path, name)
        found[os.path.relpath(whole, folder)] = os.path.getsize(whole)
del found["index.json"]
if found != listed:
    sys.exit(f"expected what the index lists, got other files or sizes: {sorted(found.items() ^ listed.items())[:6]}")
known = {(each["program"], each["executable"]) for each in index["executables"]}
for launch in index["launches"]:
    if (launch["program"], launch["executable"]) not in known:
        sys.exit(f"expected launches of executables, got {launch}")
print(*(f"{len(index[each])} {each}" for each in ("stages", "executables", "images", "launches")), sep=", ")
for each in index["executables"]:
    if sys.argv[2:] == [each["executable"]]:
        for entry in each["files"] + [entry for level in each["levels"] for entry in level["files"]]:
            print(entry["file"])
