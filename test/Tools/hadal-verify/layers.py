# SPDX-License-Identifier: Apache-2.0
# Makes prompt 2 of expected results wrong from layer 2 on: layers.py FROM TO
import sys

import checkpoint

tensors = {name: (dtype, shape, bytes(data)) for name, (dtype, shape, data) in checkpoint.read_file(sys.argv[1]).items()}
dtype, shape, data = tensors["hidden.2"]
values = checkpoint.decode(dtype, data)
layer = shape[1] * shape[2]
for at in range(3 * layer, len(values)):
    values[at] *= 1.5
tensors["hidden.2"] = dtype, shape, checkpoint.encode(dtype, values)
dtype, shape, data = tensors["logits.2"]
tensors["logits.2"] = dtype, shape, checkpoint.encode(dtype, [value * 1.5 for value in checkpoint.decode(dtype, data)])
checkpoint.write_file(sys.argv[2], tensors)
