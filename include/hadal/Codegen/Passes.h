// SPDX-License-Identifier: Apache-2.0
// Passes of the plain path: from linalg at the level of entry points to the flat form.
#ifndef HADAL_CODEGEN_PASSES_H
#define HADAL_CODEGEN_PASSES_H

#include "hadal/IR/HadalDialect.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

namespace hadal {

/// The level of a variant in the flat form (docs/FlatForm.md), which targets replace.
inline constexpr llvm::StringLiteral kFlatLevel = "flat";

/// The variant of `executable` in the flat form, or null.
VariantOp findFlatVariant(ExecutableOp executable);

/// What upstream needs to tile and bufferise ops of its dialects.
void registerCodegenInterfaces(mlir::DialectRegistry &registry);

/// Whether a function is one instruction, or a few, on every target: the flat form has it.
bool isFlatFunction(mlir::Operation *op);

/// Patterns that put polynomials in the place of mathematical functions for which LLVM
/// would call a library.
void populateExpandMathPatterns(mlir::RewritePatternSet &patterns);

/// Patterns that make integer arithmetic of conversions from and to narrow floats, and
/// a quotient of the reciprocal square root.
void populateExpandConversionPatterns(mlir::RewritePatternSet &patterns);

/// Applies `patterns` of these kinds below `op`. How many functions and conversions
/// something else took the place of.
mlir::FailureOr<unsigned> expandNumbers(mlir::Operation *op, mlir::RewritePatternSet patterns);

#define GEN_PASS_DECL
#include "hadal/Codegen/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "hadal/Codegen/Passes.h.inc"

} // namespace hadal

#endif // HADAL_CODEGEN_PASSES_H
