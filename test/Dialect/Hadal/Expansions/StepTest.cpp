// SPDX-License-Identifier: Apache-2.0
// Bufferises the step of a whole model, expanded: nothing large is copied.
#include "ExpansionHarness.h"

#include "hadal/IR/HadalDialect.h"
#include "hadal/Import/Import.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace hadal;
using namespace hadal::testing;

namespace {

/// Makes arguments of what the entry point reads from the session: weights, which may
/// not be written, and states, whose last values are results.
void passStatesAndWeights(func::FuncOp function) {
  function.removeArgAttrsAttr();
  function.removeResAttrsAttr();
  Operation *end = function.getBody().front().getTerminator();
  auto replace = [&](Operation *op, bool isWritable) {
    unsigned last = function.getNumArguments();
    Value result = op->getResult(0);
    OpBuilder builder(op);
    DictionaryAttr attributes = builder.getDictionaryAttr(builder.getNamedAttr(
        bufferization::BufferizationDialect::kWritableAttrName, builder.getBoolAttr(isWritable)));
    (void)function.insertArgument(last, result.getType(), attributes, op->getLoc());
    result.replaceAllUsesWith(function.getArgument(last));
    op->erase();
  };
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
    if (isa<ParamOp>(op))
      replace(&op, /*isWritable=*/false);
    else if (isa<StateReadOp>(op))
      replace(&op, /*isWritable=*/true);
    else if (auto write = dyn_cast<StateWriteOp>(op)) {
      end->insertOperands(end->getNumOperands(), write.getValue());
      op.erase();
    } else if (isa<TapOp>(op)) {
      op.erase();
    }
  }
  function.setFunctionType(FunctionType::get(function.getContext(), function.getArgumentTypes(),
                                             end->getOperandTypes()));
}

TEST(Expansions, AStepCopiesNoCacheAndNoWeight) {
  FailureOr<OwningOpRef<ModuleOp>> imported = importModel(&context(), HADAL_DEMO_MODEL, {});
  ASSERT_TRUE(succeeded(imported));
  ModuleOp module = **imported;
  auto function = *module.getOps<func::FuncOp>().begin();
  passStatesAndWeights(function);
  ASSERT_TRUE(expand(module));
  llvm::DenseSet<Type> large;
  unsigned caches = 0, stacks = 0;
  for (Type type : function.getArgumentTypes())
    if (auto tensor = dyn_cast<RankedTensorType>(type);
        tensor && tensor.getRank() > 1 && tensor.getElementType().isFloat()) {
      large.insert(MemRefType::get(tensor.getShape(), tensor.getElementType()));
      caches += tensor.getRank() == 3 && tensor.isDynamicDim(0);
      stacks += tensor.getRank() == 3 && !tensor.isDynamicDim(0);
    }
  EXPECT_EQ(caches, 5u);
  EXPECT_EQ(stacks, 5u * 2 + 4 * 3); // W_UK and W_UV, and the experts
  ASSERT_TRUE(bufferize(module));
  unsigned allocations = 0;
  module.walk([&](memref::AllocOp alloc) {
    ++allocations;
    EXPECT_FALSE(large.contains(alloc.getType())) << "a copy at " << toString(alloc);
  });
  EXPECT_GT(allocations, 0u);
  // Caches are no results: they are updated where they are.
  EXPECT_EQ(function.getNumResults(), 1u);
  module.walk([&](memref::CopyOp copy) {
    for (Value side : {copy.getSource(), copy.getTarget()})
      EXPECT_FALSE(large.contains(side.getType())) << toString(copy);
  });
}

} // namespace
