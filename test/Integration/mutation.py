# SPDX-License-Identifier: Apache-2.0
# What the tests of bad input share: running a tool on a changed copy and judging how it refuses.
import os
import shutil
import subprocess
import sys

TIME_LIMIT = 120  # seconds; a refusal takes milliseconds


class Judge:
    """Counts cases; a case is wrong when the tool did not refuse as it must."""

    def __init__(self):
        self.cases = self.wrong = 0

    def run(self, command, environment=None):
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              timeout=TIME_LIMIT, check=False, env={**os.environ, **(environment or {})})

    def fail(self, case, done, reason):
        self.wrong += 1
        print(f"WRONG: {case}: {reason}\n  exit status {done.returncode}, stderr: {done.stderr.strip()[:600]}")

    def refuses(self, case, command, mentions=(), leaves=None, allow_success=False):
        """The command must exit with 1 and a message that has every word of `mentions`, and leave
        nothing in the folder `leaves`."""
        self.cases += 1
        try:
            done = self.run(command)
        except subprocess.TimeoutExpired:
            self.wrong += 1
            print(f"WRONG: {case}: no end within {TIME_LIMIT} s")
            return
        left = os.listdir(leaves) if leaves else []
        if done.returncode == 0 and allow_success:
            pass
        elif done.returncode != 1:
            self.fail(case, done, "expected exit status 1")
        elif "error" not in done.stderr:
            self.fail(case, done, "expected an error message")
        elif missing := [word for word in mentions if word not in done.stderr]:
            self.fail(case, done, f"expected the message to name {missing}")
        elif left:
            self.fail(case, done, f"expected no output, found {left}")
        for name in left:
            path = os.path.join(leaves, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)

    def finish(self, least):
        print(f"{self.cases} cases, {self.wrong} wrong")
        if self.cases < least:
            print(f"expected at least {least} cases")
        sys.exit(1 if self.wrong or self.cases < least else 0)


def replace_bytes(path, data):
    """Writes a file anew, so that a hard link to the original stays as it was."""
    os.remove(path)
    with open(path, "wb") as file:
        file.write(data)


def copy_folder(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, copy_function=os.link)
