// SPDX-License-Identifier: Apache-2.0
// Gives every parameter the type and layout that its kernels read.
#include "VerifyPrograms.h"

#include "hadal/Target/Target.h"
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_PACKPARAMETERSPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// How a use reads a parameter. An op that is not of the dialect reads it as it
/// is stored.
OperandRole roleOf(OpOperand &use) {
  auto reader = dyn_cast<ComputeOpInterface>(use.getOwner());
  return reader ? reader.getOperandRole(use) : OperandRole::Exact;
}

struct PackParametersPass : impl::PackParametersPassBase<PackParametersPass> {
  using PackParametersPassBase::PackParametersPassBase;

  RankedTensorType packedType(OpOperand &use) {
    return target->getParameterType(roleOf(use), cast<RankedTensorType>(use.get().getType()),
                                    precision);
  }

  /// Gives each type in which a value is wanted a value of its own: tied
  /// embeddings are rows for the embedding and a matrix for the head.
  void splitByType(ParamOp param) {
    llvm::MapVector<Type, ParamOp> owners;
    for (OpOperand &use : llvm::make_early_inc_range(param->getUses())) {
      auto [entry, isNew] = owners.try_emplace(packedType(use), param);
      if (isNew && owners.size() > 1)
        entry->second = cast<ParamOp>(OpBuilder(param).clone(*param));
      use.set(entry->second.getValue());
    }
  }

  void runOnOperation() override {
    ProgramOp program = getOperation();
    if (failed(verifyPrecision(program, precision)))
      return signalPassFailure();
    SymbolTable symbols(program);
    target = lookupTarget(program, program.getTarget().getFamily());
    if (!target)
      return signalPassFailure();
    program.walk([&](ParamOp param) { splitByType(param); });
    // A parameter read in two ways becomes two.
    llvm::MapVector<std::pair<StringAttr, Type>, StringAttr> packed;
    program.walk([&](ParamOp param) {
      auto type = cast<RankedTensorType>(param.getValue().getType());
      if (type.getEncoding() || param->use_empty())
        return;
      RankedTensorType wanted = packedType(*param->getUses().begin());
      auto [entry, isNew] =
          packed.try_emplace({param.getNameAttr().getAttr(), wanted}, StringAttr());
      if (isNew)
        entry->second = declare(symbols, param, wanted);
      param.setNameAttr(FlatSymbolRefAttr::get(entry->second));
      param.getValue().setType(wanted);
    });
    llvm::DenseSet<StringAttr> used;
    program.walk([&](ParamOp param) {
      if (!param->use_empty())
        used.insert(param.getNameAttr().getAttr());
    });
    program.walk([&](ParamOp param) {
      if (param->use_empty())
        param.erase();
    });
    for (auto parameter : llvm::make_early_inc_range(program.getContents().getOps<ParameterOp>()))
      if (!used.contains(parameter.getSymNameAttr())) {
        parameter.erase();
        ++numDropped;
      }
  }

  /// The symbol of the parameter with the wanted type: the first takes over the
  /// declaration's name, a further one is a copy beside it.
  StringAttr declare(SymbolTable &symbols, ParamOp param, RankedTensorType wanted) {
    auto parameter = symbols.lookup<ParameterOp>(param.getNameAttr().getAttr());
    if (!claimed.insert(parameter).second) {
      parameter = parameter.clone();
      symbols.insert(parameter); // makes the name unique
    }
    parameter.setTypeAttr(TypeAttr::get(wanted));
    if (wanted.getEncoding())
      ++numPacked;
    return parameter.getSymNameAttr();
  }

  const Target *target = nullptr;
  llvm::DenseSet<Operation *> claimed;
};
} // namespace
} // namespace hadal
