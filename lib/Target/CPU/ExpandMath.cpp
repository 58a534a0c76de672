// SPDX-License-Identifier: Apache-2.0
// Replaces mathematical functions and bf16 conversions by plain arithmetic.
#include "hadal/Target/CPU/Passes.h"

#include "hadal/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace hadal::cpu {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "hadal/Target/CPU/Passes.h.inc"

namespace {
struct ExpandMathPass : impl::ExpandMathPassBase<ExpandMathPass> {
  using ExpandMathPassBase::ExpandMathPassBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateExpandMathPatterns(patterns);
    if (expandBF16)
      arith::populateExpandBFloat16Patterns(patterns);
    FailureOr<unsigned> expanded = expandNumbers(getOperation(), std::move(patterns));
    if (failed(expanded))
      return signalPassFailure();
    numExpanded += *expanded;
  }
};
} // namespace
} // namespace hadal::cpu
