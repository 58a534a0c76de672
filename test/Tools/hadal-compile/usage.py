# SPDX-License-Identifier: Apache-2.0
# Runs hadal-compile, checks its exit code and that nothing is on its output, and prints its errors.
import os
import subprocess
import sys

code, *arguments = sys.argv[1:]
done = subprocess.run([os.environ["HADAL_COMPILE"], *arguments], capture_output=True, text=True)
if done.returncode != int(code) or done.stdout:
    sys.exit(f"expected exit code {code} and no output, got {done.returncode} and {done.stdout!r}\n{done.stderr}")
print(done.stderr, end="")
