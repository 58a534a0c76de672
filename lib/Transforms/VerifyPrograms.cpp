// SPDX-License-Identifier: Apache-2.0
// What the stages between the model and the plan promise of a module, and of bodies.
#include "VerifyPrograms.h"

#include "hadal/Target/Target.h"

using namespace mlir;
using namespace hadal;

/// Verifies that the levels that a program wants are levels of its target, each once.
static LogicalResult verifyLevels(ProgramOp program, const Target &target) {
  llvm::DenseSet<StringAttr> wanted;
  for (StringAttr level : program.getTarget().getLevels()) {
    if (!llvm::is_contained(target.getLevels(), level.getValue()))
      return program.emitOpError()
             << "expected levels of the target '" << target.getFamily() << "', got " << level;
    if (!wanted.insert(level).second)
      return program.emitOpError() << "expected each level once, got " << level << " again";
  }
  return success();
}

LogicalResult hadal::verifyPrograms(ModuleOp module) {
  llvm::DenseSet<const Target *> targets;
  for (Operation &op : *module.getBody()) {
    auto program = dyn_cast<ProgramOp>(op);
    if (!program)
      return op.emitOpError("expected nothing beside programs from the dispatch stage on");
    const Target *target = lookupTarget(program, program.getTarget().getFamily());
    if (!target)
      return failure();
    if (!targets.insert(target).second)
      return program.emitOpError()
             << "expected one program for target '" << target->getFamily() << "', found another";
    if (failed(verifyLevels(program, *target)) ||
        failed(plan::verifySignatures(
            llvm::map_to_vector(program.getContents().getOps<func::FuncOp>(),
                                [](func::FuncOp function) { return signatureOf(function); }))))
      return failure();
  }
  return success();
}

LogicalResult hadal::verifyPrecision(Operation *op, StringRef precision) {
  if (precision == "native" || precision == "reference")
    return success();
  return op->emitError() << "expected the precision native or reference, got '" << precision << "'";
}

llvm::SetVector<BlockArgument> hadal::destinationsOf(ExecutableOp executable) {
  llvm::SetVector<BlockArgument> destinations;
  for (Operation *op : executable.getBodyOps())
    if (auto inPlace = dyn_cast<DestinationStyleOpInterface>(op))
      for (Value init : inPlace.getDpsInits())
        if (BlockArgument argument = findDestination(init))
          destinations.insert(argument);
  return destinations;
}
