// SPDX-License-Identifier: Apache-2.0
// Expansions of conversions, and of functions that upstream has none for, or one that errs at the edges.
#ifndef HADAL_LIB_CODEGEN_EXPANDFUNCTIONS_H
#define HADAL_LIB_CODEGEN_EXPANDFUNCTIONS_H

#include "mlir/IR/PatternMatch.h"

namespace hadal {

/// sin, cos and tan of any f32 (ExpandTrigonometry.cpp).
void populateExpandTrigonometryPatterns(mlir::RewritePatternSet &patterns);

/// Conversions from and to bf16 and f8E4M3FN, and from f64 to f16 (ExpandConversions.cpp).
void populateExpandNarrowPatterns(mlir::RewritePatternSet &patterns);

/// Remainders of f16, f32 and f64, as loops of scf (ExpandRemainder.cpp).
void populateExpandRemainderPatterns(mlir::RewritePatternSet &patterns);

/// Powers to integers (ExpandPower.cpp).
void populateExpandPowerPatterns(mlir::RewritePatternSet &patterns);

/// exp2, sinh, cosh, atan, atan2 and cbrt; signs of zeros, and logarithms of what is subnormal.
void populateExpandFunctionPatterns(mlir::RewritePatternSet &patterns);

} // namespace hadal

#endif // HADAL_LIB_CODEGEN_EXPANDFUNCTIONS_H
