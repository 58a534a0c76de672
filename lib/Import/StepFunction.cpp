// SPDX-License-Identifier: Apache-2.0
// Declares what the host knows of a step, and the function that makes one.
#include "StepFunction.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

namespace hadal {

using plan::DimKind;
using plan::PortRole;

static Location named(MLIRContext *context, StringRef name) {
  return NameLoc::get(StringAttr::get(context, name));
}

/// Each dim has the name of its kind.
static void declareDims(OpBuilder &builder, int64_t pageSize) {
  MLIRContext *context = builder.getContext();
  plan::BlockTableOp::create(builder, named(context, kPagesName), kPagesName, pageSize);
  for (uint32_t i = 0; i <= static_cast<uint32_t>(DimKind::MaxContext); ++i) {
    auto kind = static_cast<DimKind>(i);
    StringRef name = plan::stringifyDimKind(kind);
    auto table = kind == DimKind::PagesPerSlot ? FlatSymbolRefAttr::get(context, kPagesName)
                                               : FlatSymbolRefAttr();
    plan::HostDimOp::create(builder, named(context, name), builder.getStringAttr(name), kind, table,
                            IntegerAttr(), IntegerAttr(), IntegerAttr());
  }
}

/// The roles of the arguments, in their order.
static SmallVector<PortRole> argumentRoles() {
  SmallVector<PortRole> roles;
  for (uint32_t i = 0; i <= plan::getMaxEnumValForPortRole(); ++i)
    if (auto role = static_cast<PortRole>(i);
        plan::ruleOf(role).hasType && plan::ruleOf(role).isArgument)
      roles.push_back(role);
  return roles;
}

/// Name, extents and table of a port, as its role has them.
static PortAttr makePort(MLIRContext *context, PortRole role) {
  SmallVector<PortExtent> extents;
  if (plan::ruleOf(role).isArgument)
    for (const plan::KnownExtent &extent : plan::ruleOf(role).extents)
      extents.push_back(
          {StringAttr::get(context, plan::stringifyDimKind(extent.kind)), extent.plus});
  auto table = role == PortRole::BlockTable ? FlatSymbolRefAttr::get(context, kPagesName)
                                            : FlatSymbolRefAttr();
  return PortAttr::get(context, plan::stringifyPortRole(role), role, table, extents);
}

func::FuncOp createStep(ModuleOp module, int64_t vocabulary, int64_t pageSize) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  MLIRContext *context = builder.getContext();
  declareDims(builder, pageSize);
  SmallVector<Type> inputs;
  for (PortRole role : argumentRoles())
    inputs.push_back(RankedTensorType::get(
        SmallVector<int64_t>(plan::ruleOf(role).rank, ShapedType::kDynamic), builder.getI32Type()));
  Type logits = RankedTensorType::get({ShapedType::kDynamic, vocabulary}, builder.getF32Type());
  auto step = func::FuncOp::create(builder, named(context, "step"), "step",
                                   builder.getFunctionType(inputs, logits));
  step->setAttr(kEntryAttrName, EntryAttr::get(context, plan::EntryRole::Step));
  step.addEntryBlock();
  for (auto [i, role] : llvm::enumerate(argumentRoles())) {
    step.setArgAttr(i, kPortAttrName, makePort(context, role));
    step.getArgument(i).setLoc(named(context, plan::stringifyPortRole(role)));
  }
  step.setResultAttr(0, kPortAttrName, makePort(context, PortRole::Logits));
  return step;
}

Value stepArgument(func::FuncOp step, PortRole role) {
  SmallVector<PortRole> roles = argumentRoles();
  return step.getArgument(llvm::find(roles, role) - roles.begin());
}

} // namespace hadal
