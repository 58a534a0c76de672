// SPDX-License-Identifier: Apache-2.0
// Makes the function and the interfaces of a variant in the flat form.
#ifndef HADAL_LIB_CODEGEN_FLATKERNEL_H
#define HADAL_LIB_CODEGEN_FLATKERNEL_H

#include "PlainBody.h"

namespace hadal {

/// Fills `variant` with the bufferised body in the flat form, and gives the
/// executable the interface that it has.
mlir::LogicalResult writeFlatKernel(ExecutableOp executable, VariantOp variant,
                                    const PlainBody &body, int64_t lanes);

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_FLATKERNEL_H
