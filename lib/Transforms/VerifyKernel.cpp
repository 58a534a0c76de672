// SPDX-License-Identifier: Apache-2.0
// Verifies what the kernel stage promises.
#include "VerifyPrograms.h"

#include "hadal/Target/Target.h"
#include "hadal/Transforms/Passes.h"

#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;

namespace hadal {
#define GEN_PASS_DEF_VERIFYKERNELPASS
#include "hadal/Transforms/Passes.h.inc"

namespace {
/// One op of type OpTy in a variant, or null.
template <typename OpTy>
OpTy soleOp(VariantOp variant) {
  auto ops = variant.getContents().front().getOps<OpTy>();
  return llvm::hasSingleElement(ops) ? *ops.begin() : OpTy();
}

/// The levels that a program is compiled for.
SmallVector<StringRef> wantedLevels(ProgramOp program) {
  SmallVector<StringRef> wanted;
  for (StringAttr level : program.getTarget().getLevels())
    wanted.push_back(level);
  if (wanted.empty()) // verifyPrograms has found the target
    llvm::append_range(wanted, lookupTarget(program, program.getTarget().getFamily())->getLevels());
  return wanted;
}

/// Every result of the body has one place: a binding of its own that is written, or
/// the operand that it is made in. Nothing else is written.
LogicalResult verifyBindings(ExecutableOp executable) {
  KernelInterfaceAttr interface = *executable.getInterface();
  int64_t operands = executable.getBody().getNumArguments();
  llvm::SetVector<int64_t> places;
  for (BlockArgument argument : destinationsOf(executable))
    places.insert(argument.getArgNumber());
  for (auto [i, result] : llvm::enumerate(executable.getBodyResults()))
    if (!findDestination(result))
      places.insert(operands + i);
  auto nameOf = [&](int64_t binding) {
    bool isOperand = binding < operands;
    return ((isOperand ? "operand " : "result ") + Twine(binding - (isOperand ? 0 : operands)))
        .str();
  };
  llvm::DenseSet<int64_t> written;
  for (auto [binding, access] : llvm::zip_equal(interface.getBindings(), interface.getAccess())) {
    bool isPlace = places.contains(binding);
    if (!isPlace && binding >= operands)
      return executable.emitOpError()
             << "expected no binding of " << nameOf(binding) << ", which is made in place, got one";
    if (isPlace == (access == plan::Access::Read))
      return executable.emitOpError()
             << "expected " << nameOf(binding) << " of the body to be "
             << (isPlace ? "written" : "only read") << ", got " << plan::stringifyAccess(access);
    if (isPlace && !written.insert(binding).second)
      return executable.emitOpError()
             << "expected one binding of " << nameOf(binding) << ", which is written, got another";
  }
  for (int64_t place : places)
    if (!written.contains(place))
      return executable.emitOpError()
             << "expected a binding of " << nameOf(place) << ", which is written, found none";
  return success();
}

LogicalResult verifyVariant(ExecutableOp executable, VariantOp variant) {
  auto function = soleOp<FunctionOpInterface>(variant);
  if (!function || function.getNameAttr() != executable.getSymNameAttr())
    return variant.emitOpError() << "expected one function named " << executable.getSymNameAttr();
  auto interface = soleOp<plan::InterfaceOp>(variant);
  size_t constants = executable.getInterface()->getConstants().size();
  if (!interface || interface.getBody().getNumArguments() != constants)
    return variant.emitOpError() << "expected one plan.interface of " << constants << " constants";
  return interface.verifyBindings(executable.getInterface()->getBindings().size());
}

LogicalResult verifyVariants(ExecutableOp executable, ArrayRef<StringRef> wanted) {
  auto variants = executable.getContents().front().getOps<VariantOp>();
  llvm::DenseSet<StringRef> levels;
  for (auto variant : variants) {
    if (!levels.insert(variant.getLevel()).second)
      return variant.emitOpError("expected one variant for each level, found another");
    if (!llvm::is_contained(wanted, variant.getLevel()))
      return variant.emitOpError()
             << "expected a level that its program wants, got " << variant.getLevelAttr();
    if (failed(verifyVariant(executable, variant)))
      return failure();
  }
  for (StringRef level : wanted)
    if (!levels.contains(level))
      return executable.emitOpError()
             << "expected a variant for level '" << level << "', found none";
  return success();
}

LogicalResult verifyExecutable(ExecutableOp executable, ArrayRef<StringRef> wanted) {
  if (!executable.getInterface())
    return executable.emitOpError("expected an interface at the kernel stage, found none");
  for (Attribute constant : executable.getInterface()->getConstants())
    if (auto dim = dyn_cast<HostDimAttr>(constant))
      if (!SymbolTable::lookupNearestSymbolFrom<plan::HostDimOp>(executable->getParentOp(),
                                                                 dim.getName()))
        return executable.emitOpError() << "expected " << dim << " to name a plan.host_dim";
  if (failed(verifyVariants(executable, wanted)))
    return failure();
  return verifyBindings(executable);
}

struct VerifyKernelPass : impl::VerifyKernelPassBase<VerifyKernelPass> {
  void runOnOperation() override {
    if (failed(verifyPrograms(getOperation())))
      return signalPassFailure();
    for (auto program : getOperation().getOps<ProgramOp>()) {
      SmallVector<StringRef> wanted = wantedLevels(program);
      for (auto executable : program.getContents().getOps<ExecutableOp>())
        if (failed(verifyExecutable(executable, wanted)))
          return signalPassFailure();
    }
    markAllAnalysesPreserved();
  }
};
} // namespace
} // namespace hadal
