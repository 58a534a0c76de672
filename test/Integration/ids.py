# SPDX-License-Identifier: Apache-2.0
# Prints the ids of one prompt of an expected.safetensors: ids.py FILE INDEX
import sys

import checkpoint

dtype, _, data = checkpoint.read_file(sys.argv[1])[f"prompt.{sys.argv[2]}"]
print(",".join(map(str, checkpoint.decode(dtype, bytes(data)))))
