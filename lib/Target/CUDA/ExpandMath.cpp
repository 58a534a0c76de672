// SPDX-License-Identifier: Apache-2.0
// Replaces mathematical functions and conversions of small floats by arithmetic.
#include "hadal/Target/CUDA/Passes.h"

#include "hadal/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace hadal::cuda {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "hadal/Target/CUDA/Passes.h.inc"

namespace {
struct ExpandMathPass : impl::ExpandMathPassBase<ExpandMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateExpandMathPatterns(patterns);
    populateExpandConversionPatterns(patterns);
    FailureOr<unsigned> expanded = expandNumbers(getOperation(), std::move(patterns));
    if (failed(expanded))
      return signalPassFailure();
    numExpanded += *expanded;
  }
};
} // namespace
} // namespace hadal::cuda
