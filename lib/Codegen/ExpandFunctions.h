// SPDX-License-Identifier: Apache-2.0
// Expansions of functions that upstream has none for, or one that errs at the edges.
#ifndef HADAL_LIB_CODEGEN_EXPANDFUNCTIONS_H
#define HADAL_LIB_CODEGEN_EXPANDFUNCTIONS_H

#include "mlir/IR/PatternMatch.h"

namespace hadal {

/// sin, cos and tan of any f32 (ExpandTrigonometry.cpp).
void populateExpandTrigonometryPatterns(mlir::RewritePatternSet &patterns);

/// exp2, sinh and cosh; signs of zeros, and logarithms of what is subnormal.
void populateExpandFunctionPatterns(mlir::RewritePatternSet &patterns);

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_EXPANDFUNCTIONS_H
