# SPDX-License-Identifier: Apache-2.0
# Runs the importer on every damaged checkpoint of a group and prints what it says.
# usage: run_cases.py GROUP WORK-FOLDER IMPORTER
import os
import shutil
import subprocess
import sys

import cases
import text_cases


def main():
    group, work, importer = sys.argv[1:]
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    for name, make in {**cases.GROUPS, **text_cases.GROUPS}[group].items():
        folder = os.path.join(work, name)
        make(folder)
        output = os.path.join(work, name + ".mlir")
        for arguments in (["--check"], ["-o", output]):
            run = subprocess.run([importer, folder, *arguments], capture_output=True, text=True, timeout=60)
            if "--check" in arguments:
                listed = run
        # Both ways refuse it, and nothing is left behind.
        assert run.returncode == listed.returncode, (name, run, listed)
        assert (run.returncode == 0) == os.path.exists(output), name
        left = [file for file in os.listdir(work) if file.startswith(name + ".mlir") and file != name + ".mlir"]
        assert not left, left
        print(f"case {name}: exit {listed.returncode}")
        print((listed.stderr + listed.stdout).replace(folder, "DIR"), end="")


main()
