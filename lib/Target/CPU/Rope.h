// SPDX-License-Identifier: Apache-2.0
// The rotation that queries and cache rows share.
#ifndef HADAL_LIB_TARGET_CPU_ROPE_H
#define HADAL_LIB_TARGET_CPU_ROPE_H

#include "hadal/Target/CPU/KernelBuilder.h"

namespace hadal::cpu {

/// Where a rotation takes its angles: row `offset` of the tables.
struct RopeAngles {
  mlir::Value cos;
  mlir::Value sin;
  mlir::Value offset; ///< position * size / 2, in elements
};

/// Rotates the `size` elements at `from` of `input` into those at `to` of
/// `output`, which is laid out in halves.
void emitRotation(KernelBuilder &k, int64_t size, bool interleaved, const RopeAngles &angles,
                  mlir::Value input, mlir::Value from, mlir::Value output, mlir::Value to);

} // namespace hadal::cpu

#endif // HADAL_LIB_TARGET_CPU_ROPE_H
