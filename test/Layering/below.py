# SPDX-License-Identifier: Apache-2.0
# Fails when a file has as many bytes as the limit, or more: below.py LIMIT FILE
import os
import sys

limit, size = int(sys.argv[1]), os.path.getsize(sys.argv[2])
print(f"{os.path.basename(sys.argv[2])}: {size} bytes, limit {limit}")
sys.exit(size >= limit)
