// SPDX-License-Identifier: Apache-2.0
// Gives what ops make names that stay, whatever the ops become.
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_NAMEVALUESPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
struct NameValuesPass : impl::NameValuesPassBase<NameValuesPass> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      llvm::StringSet<> taken;
      for (Operation &op : function.getBody().front()) {
        if (staysInEntry(&op) || isCarried(&op) || op.getNumResults() == 0)
          continue;
        op.setAttr(kValueAttrName, StringAttr::get(&getContext(), nameFor(&op, taken)));
        ++numNamed;
      }
    }
  }

  /// The op's label; behind it, where another has that, what the op is, and a number.
  static std::string nameFor(Operation *op, llvm::StringSet<> &taken) {
    std::string name = labelOf(op);
    if (taken.insert(name).second)
      return name;
    std::string longer = name + "." + op->getName().stripDialect().str();
    name = longer;
    for (int number = 1; !taken.insert(name).second; ++number)
      name = longer + "." + std::to_string(number);
    return name;
  }
};
} // namespace
} // namespace hadal
