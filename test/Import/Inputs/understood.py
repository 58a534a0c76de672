# SPDX-License-Identifier: Apache-2.0
# Fails for every configuration of which the importer has anything to say: understood.py CONFIGS IMPORTER
import os
import subprocess
import sys

configs, importer = sys.argv[1:]
names = sorted(os.listdir(configs))
talked = 0
for name in names:
    done = subprocess.run([importer, "--shapes-only", "--check", os.path.join(configs, name)], capture_output=True,
                          text=True, timeout=60, check=False)
    if done.returncode or done.stderr:
        talked += 1
        print(f"{name}: exit status {done.returncode}\n{done.stderr}", end="")
print(f"{len(names)} configurations, {talked} not understood in full")
sys.exit(talked > 0)
