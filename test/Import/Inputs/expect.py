# SPDX-License-Identifier: Apache-2.0
# Runs a command and fails unless it exits with the given code.
# usage: expect.py CODE COMMAND...
import subprocess
import sys

code = subprocess.run(sys.argv[2:], timeout=60).returncode
if code != int(sys.argv[1]):
    sys.exit(f"expected exit {sys.argv[1]}, got {code}")
