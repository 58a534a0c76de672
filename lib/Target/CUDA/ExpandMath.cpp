// SPDX-License-Identifier: Apache-2.0
// Replaces mathematical functions and conversions of small floats by arithmetic.
#include "hadal/Target/CUDA/Passes.h"

#include "hadal/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace hadal::cuda {
#define GEN_PASS_DEF_EXPANDMATHPASS
#include "hadal/Target/CUDA/Passes.h.inc"

namespace {
/// Counts functions and conversions that something else takes the place of.
struct Counter : RewriterBase::Listener {
  void notifyOperationReplaced(Operation *op, ValueRange) override {
    count += isa<math::MathDialect>(op->getDialect()) || isa<arith::ExtFOp, arith::TruncFOp>(op);
  }
  unsigned count = 0;
};

struct ExpandMathPass : impl::ExpandMathPassBase<ExpandMathPass> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateExpandMathPatterns(patterns);
    populateExpandConversionPatterns(patterns);
    Counter counter;
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns),
                                     GreedyRewriteConfig().setListener(&counter))))
      return signalPassFailure();
    numExpanded += counter.count;
  }
};
} // namespace
} // namespace hadal::cuda
