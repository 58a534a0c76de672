// SPDX-License-Identifier: Apache-2.0
// Gives every parameter the type and layout that its kernels read.
#include "hadal/Transforms/Passes.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"

#include <map>

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_PACKPARAMETERSPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// How an op reads a parameter.
enum class Role { Matrix, Vector, Rows, AsIs };

Role roleOf(OpOperand &use) {
  Operation *op = use.getOwner();
  unsigned i = use.getOperandNumber();
  if (isa<EmbeddingOp>(op))
    return Role::Rows;
  if (isa<RmsNormOp>(op) || (isa<MlaAppendOp>(op) && i == 1) || (isa<MoeRouteOp>(op) && i == 1))
    return Role::Vector;
  auto isScale = [&](auto... scales) { return ((use.get() == scales) || ...); };
  if (auto linear = dyn_cast<LinearOp>(op))
    return isScale(linear.getScale()) ? Role::AsIs : Role::Matrix;
  if (auto gated = dyn_cast<GatedLinearOp>(op))
    return isScale(gated.getGateScale(), gated.getUpScale()) ? Role::AsIs : Role::Matrix;
  if (auto gateUp = dyn_cast<MoeGateUpOp>(op))
    return isScale(gateUp.getGateScale(), gateUp.getUpScale()) ? Role::AsIs : Role::Matrix;
  if (auto down = dyn_cast<MoeDownOp>(op))
    return isScale(down.getScale()) ? Role::AsIs : Role::Matrix;
  if (isa<HeadLinearOp, MlaAttendExpandedOp>(op))
    return Role::Matrix;
  return Role::AsIs;
}

/// Gives each role in which a value is read a value of its own: tied embeddings
/// are rows for the embedding and a matrix for the head.
void splitByRole(ParamOp param) {
  std::map<Role, ParamOp> owners;
  for (OpOperand &use : llvm::make_early_inc_range(param->getUses())) {
    auto [entry, isNew] = owners.try_emplace(roleOf(use), param);
    if (isNew && owners.size() > 1)
      entry->second = cast<ParamOp>(OpBuilder(param).clone(*param));
    use.set(entry->second.getValue());
  }
}

struct PackParametersPass : impl::PackParametersPassBase<PackParametersPass> {
  using PackParametersPassBase::PackParametersPassBase;

  /// Panels are 32 rows: two vectors of AVX-512, four of AVX2. Pairs of bf16
  /// feed the dot unit; a level without it splits them by shift and mask.
  RankedTensorType packedType(Role role, RankedTensorType type) {
    MLIRContext *context = &getContext();
    Type f32 = Float32Type::get(context), bf16 = BFloat16Type::get(context);
    Type element = type.getElementType();
    switch (role) {
    case Role::AsIs:
      return type;
    case Role::Vector:
      return type.clone(f32);
    case Role::Rows:
      return element.isBF16() ? type : type.clone(f32);
    case Role::Matrix:
      break;
    }
    if (!isa<Float8E4M3FNType>(element) && !element.isBF16())
      element = precision == "native" ? bf16 : f32;
    return RankedTensorType::get(type.getShape(), element,
                                 PanelsAttr::get(context, 32, element.isBF16() ? 2 : 1));
  }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    module.walk([](ParamOp param) { splitByRole(param); });
    // A parameter read in two ways becomes two.
    llvm::MapVector<std::pair<StringAttr, Type>, StringAttr> packed;
    module.walk([&](ParamOp param) {
      auto type = cast<RankedTensorType>(param.getValue().getType());
      if (type.getEncoding() || param->use_empty())
        return;
      RankedTensorType wanted = packedType(roleOf(*param->getUses().begin()), type);
      auto [entry, isNew] =
          packed.try_emplace({param.getNameAttr().getAttr(), wanted}, StringAttr());
      if (isNew)
        entry->second = declare(symbols, param, wanted);
      param.setNameAttr(FlatSymbolRefAttr::get(entry->second));
      param.getValue().setType(wanted);
    });
    llvm::DenseSet<StringAttr> used;
    module.walk([&](ParamOp param) {
      if (!param->use_empty())
        used.insert(param.getNameAttr().getAttr());
    });
    module.walk([&](ParamOp param) {
      if (param->use_empty())
        param.erase();
    });
    for (auto parameter : llvm::make_early_inc_range(module.getOps<ParameterOp>()))
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

  llvm::DenseSet<Operation *> claimed;
};
} // namespace
} // namespace hadal
