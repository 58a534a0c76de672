# SPDX-License-Identifier: Apache-2.0
# Runs hadal-compile where no file may be larger than so many bytes, as if the disk were full,
# checks that it exits with 1, and prints its errors.
import os
import resource
import signal
import subprocess
import sys


def limit():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)


done = subprocess.run([os.environ["HADAL_COMPILE"], *sys.argv[2:]], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                      text=True, preexec_fn=limit, restore_signals=False)
if done.returncode != 1:
    sys.exit(f"expected exit code 1, got {done.returncode}\n{done.stderr}")
print(done.stderr, end="")
