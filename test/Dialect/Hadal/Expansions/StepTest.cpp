// SPDX-License-Identifier: Apache-2.0
// Bufferises the step of a whole model, expanded: nothing large is copied.
#include "ExpansionHarness.h"

#include "hadal/IR/HadalDialect.h"
#include "hadal/Import/Import.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace hadal;
using namespace hadal::testing;

namespace {

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
