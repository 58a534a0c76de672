// SPDX-License-Identifier: Apache-2.0
// Counts the parameters of a model, in all and active per token.
#include "hadal/Pipeline/Pipeline.h"

#include "hadal/IR/HadalDialect.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace hadal;

/// True for what is stored with weights but is none: scales and tables.
static bool isAuxiliary(ParameterOp parameter) {
  return parameter.getTable() || parameter.getSymName().ends_with(".scale");
}

/// The parameters that ops read as stacks of experts.
static llvm::StringSet<> expertStacks(ModuleOp module) {
  llvm::StringSet<> names;
  module.walk([&](MoeExpertsOp op) {
    for (Value operand : {op.getGate(), op.getUp(), op.getDown()})
      if (auto param = operand.getDefiningOp<ParamOp>())
        names.insert(param.getName());
  });
  return names;
}

void hadal::countParameters(ModuleOp module) {
  ModelAttr model = modelOf(module);
  if (!model)
    return;
  int64_t experts = model.getExperts(), chosen = model.getExpertsPerToken();
  llvm::StringSet<> stacks = expertStacks(module);
  llvm::DenseSet<Attribute> seen; // tied weights count once
  int64_t total = 0, active = 0;
  for (auto parameter : module.getOps<ParameterOp>()) {
    if (isAuxiliary(parameter))
      continue;
    int64_t count = parameter.getTensorType().getNumElements();
    bool isEmbedding = parameter.getSymName() == "embed";
    ArrayAttr sources = parameter.getSourcesAttr();
    bool isTied =
        sources && !sources.empty() && !parameter.getSelect() && !seen.insert(sources).second;
    if (!isTied)
      total += count;
    if (stacks.contains(parameter.getSymName()) && experts)
      active += count / experts * chosen;
    else if (!isEmbedding)
      active += count;
  }
  module->setAttr(kModelAttrName, model.withParameters(total, active));
}
