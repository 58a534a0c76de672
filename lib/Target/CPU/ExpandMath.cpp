// SPDX-License-Identifier: Apache-2.0
// Replaces mathematical functions and bf16 conversions by plain arithmetic.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace hadal::cpu {
#define GEN_PASS_DECL_EXPANDMATHPASS
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "HadalTargetCPUPasses.h.inc"
} // namespace hadal::cpu

using namespace mlir;

namespace {
struct ExpandMathPass
    : public hadal::cpu::impl::ExpandMathPassBase<ExpandMathPass> {
  using Base::Base;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    // The reciprocal square root stays 1/sqrt(x), which instructions compute
    // exactly rounded; its approximation is worse and no faster here.
    populateMathPolynomialApproximationPatterns(
        patterns, [](StringRef name) { return name != "math.rsqrt"; });
    if (expandBF16)
      arith::populateExpandBFloat16Patterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
