// SPDX-License-Identifier: Apache-2.0
// Verifiers of the ops of kernels: executables, variants, interfaces.
#include "plan/IR/PlanDialect.h"

#include "hadal_limits.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::plan;

LogicalResult ExecutableOp::verify() {
  // executable_c1
  if (getConstantCount() > kMaxConstants)
    return emitOpError() << "expected from 0 to " << kMaxConstants << " constants, got "
                         << static_cast<int64_t>(getConstantCount());
  if (size_t bindings = getAccess().getValue().size(); bindings > kMaxBindings)
    return emitOpError() << "expected " << kMaxBindings << " bindings at most, got " << bindings;
  return success();
}

LogicalResult ExecutableOp::verifyRegions() {
  // executable_c1
  if (size_t variants = getVariants().front().getOperations().size(); variants > kMaxVariants)
    return emitOpError() << "expected " << kMaxVariants << " variants at most, got " << variants;
  for (Operation &op : getVariants().front()) {
    // executable_c2
    auto variant = dyn_cast<VariantOp>(op);
    if (!variant)
      return op.emitOpError("expected variants in an executable");
    // executable_c3
    InterfaceOp interface = variant.getInterface();
    if (!interface)
      continue; // variant_c2
    if (interface.getBody().getNumArguments() != getConstantCount())
      return interface.emitOpError() << "expected an argument for each of " << getConstantCount()
                                     << " constants, got " << interface.getBody().getNumArguments();
    if (failed(interface.verifyBindings(getAccess().getValue().size())))
      return failure();
  }
  return success();
}

InterfaceOp VariantOp::getInterface() {
  auto interfaces = getContents().front().getOps<InterfaceOp>();
  return interfaces.empty() ? InterfaceOp() : *interfaces.begin();
}

LogicalResult VariantOp::verifySymbolUses(SymbolTableCollection &symbols) {
  // variant_c1
  if (!symbols.lookupNearestSymbolFrom<ImageOp>(getOperation()->getParentOp(), getImageAttr()))
    return emitOpError() << "expected " << getImageAttr() << " to name a plan.image";
  return success();
}

LogicalResult VariantOp::verifyRegions() {
  // variant_c2
  Block &block = getContents().front();
  if (!llvm::hasSingleElement(block) || !isa<InterfaceOp>(block.front()))
    return emitOpError() << "expected one plan.interface, got " << block.getOperations().size()
                         << " ops";
  return success();
}

GridOp InterfaceOp::getGrid() { return cast<GridOp>(getBody().front().getTerminator()); }

LogicalResult InterfaceOp::verifyBindings(uint64_t count) {
  for (auto parameter : getOps<KernelParameterOp>())
    if (parameter.namesBinding() && parameter.getIndex() >= count)
      return parameter.emitOpError()
             << "expected a binding below " << count << ", got " << *parameter.getIndex();
  return success();
}

/// The most that a field of 32 bits holds.
static constexpr uint64_t kMaxField = std::numeric_limits<uint32_t>::max();

/// Whether all extents are from 1 to what a field holds.
static bool areExtents(ArrayRef<int64_t> extents) {
  return llvm::all_of(extents,
                      [](int64_t n) { return n >= 1 && static_cast<uint64_t>(n) <= kMaxField; });
}

LogicalResult InterfaceOp::verify() {
  // interface_c3
  for (auto [what, bytes, most] :
       {std::tuple("scratch", getScratch(), kMaxScratch),
        std::tuple("static shared memory", getStaticShared(), kMaxField)})
    if (bytes > most)
      return emitOpError() << "expected " << what << " from 0 to " << most << " bytes, got "
                           << static_cast<int64_t>(bytes);
  // interface_c4
  for (auto [what, extents] :
       {std::pair("workgroup size", getWorkgroupSize()), std::pair("cluster", getCluster())})
    if (extents && (extents->size() != 3 || !areExtents(*extents)))
      return emitOpError() << "expected a " << what << " of three extents from 1 to " << kMaxField
                           << ", got [" << *extents << "]";
  return success();
}

LogicalResult InterfaceOp::verifyRegions() {
  // interface_c1
  Block &block = getBody().front();
  for (BlockArgument argument : block.getArguments())
    if (!isa<IntType>(argument.getType()))
      return emitOpError() << "expected arguments of !plan.int, got " << argument.getType();
  auto grid = block.empty() ? GridOp() : dyn_cast<GridOp>(block.back());
  if (!grid)
    return emitOpError("expected plan.grid at the end, found none");
  // interface_c6
  auto parameters = getOps<KernelParameterOp>();
  if (auto count = std::distance(parameters.begin(), parameters.end());
      count > static_cast<int64_t>(kMaxKernelParameters))
    return emitOpError() << "expected " << kMaxKernelParameters
                         << " kernel parameters at most, got " << count;
  for (Operation &op : block.without_terminator()) {
    // interface_c2
    if (!isa<ConstantOp, ExprOp, SelectOp, KernelParameterOp>(op))
      return op.emitOpError(
          "expected constants, expressions, selections and kernel parameters in an interface");
    // interface_c5
    auto parameter = dyn_cast<KernelParameterOp>(op);
    if (!parameter)
      continue;
    if (parameter.namesConstant() && parameter.getIndex() >= block.getNumArguments())
      return parameter.emitOpError() << "expected a constant below " << block.getNumArguments()
                                     << ", got " << *parameter.getIndex();
    if (parameter.getKind() == KernelParameterKind::Workspace && !grid.getWorkspace())
      return parameter.emitOpError("expected a grid that asks for a workspace, found none");
  }
  return success();
}

LogicalResult KernelParameterOp::verify() {
  // kernel_parameter_c1
  bool isWhole =
      getKind() == KernelParameterKind::Workspace || getKind() == KernelParameterKind::Constants;
  if (getIndex().has_value() == isWhole || static_cast<int64_t>(getIndex().value_or(0)) < 0)
    return emitOpError()
           << "expected an index that is not negative for all but a workspace and constants, got "
           << (getIndex() ? std::to_string(static_cast<int64_t>(*getIndex())) : "none") << " for "
           << stringifyKernelParameterKind(getKind());
  // kernel_parameter_c2
  size_t rank = getExtents().size(), box = getBox() ? getBox()->size() : 0;
  if (getKind() != KernelParameterKind::TensorMap) {
    if (getElement() || rank || getStrides().size() || getBox() || getSwizzle())
      return emitOpError() << "expected elements, extents, strides, a box and a swizzle of a "
                              "tensor map only, got them for "
                           << stringifyKernelParameterKind(getKind());
    return success();
  }
  if (!getElement() || rank < 1 || rank > kMaxMapRank || getStrides().size() + 1 != rank ||
      box != rank)
    return emitOpError() << "expected elements, one to five extents, a stride for each but the "
                            "first and as many extents of a box, got "
                         << rank << " extents, " << getStrides().size() << " strides and a box of "
                         << box;
  if (!areExtents(*getBox()))
    return emitOpError() << "expected extents of a box from 1 to " << kMaxField << ", got ["
                         << *getBox() << "]";
  // kernel_parameter_c3
  if (!llvm::is_contained({0, 32, 64, 128}, static_cast<int64_t>(getSwizzle())))
    return emitOpError() << "expected a swizzle of 0, 32, 64 or 128, got "
                         << static_cast<int64_t>(getSwizzle());
  return success();
}

LogicalResult GridOp::verify() {
  // grid_c1
  for (Value extent : {getX(), getY(), getZ()})
    if (int64_t known = knownOr(extent, 0); known < 0 || known > kMaxGridExtent)
      return emitOpError() << "expected from 0 to " << kMaxGridExtent << " workgroups, got "
                           << known;
  for (Value bytes : {getDynamicShared(), getWorkspace()})
    if (int64_t known = bytes ? knownOr(bytes, 0) : 0; known < 0)
      return emitOpError() << "expected bytes that are not negative, got " << known;
  return success();
}
