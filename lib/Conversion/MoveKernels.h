// SPDX-License-Identifier: Apache-2.0
// Moves the kernels of a program to its images, and declares the executables.
#ifndef HADAL_LIB_CONVERSION_MOVEKERNELS_H
#define HADAL_LIB_CONVERSION_MOVEKERNELS_H

#include "hadal/Target/Target.h"

namespace hadal {

/// Appends to `program` an image for each level of the variants of `source`, with
/// the kernels of that level, and the executables with their interfaces.
mlir::LogicalResult moveKernels(ProgramOp source, plan::ProgramOp program, const Target &target);

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_MOVEKERNELS_H
