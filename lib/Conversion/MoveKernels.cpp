// SPDX-License-Identifier: Apache-2.0
// Moves the kernels of a program to its images, and declares the executables.
#include "MoveKernels.h"

#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;
using namespace hadal;

/// Declares the variant at the insertion point, with its interface, and moves its
/// kernel to the image.
static void moveVariant(OpBuilder &builder, VariantOp variant, plan::ImageOp image) {
  auto declared = plan::VariantOp::create(builder, variant.getLoc(), image.getSymName());
  OpBuilder inner(builder.getContext());
  Block *contents = inner.createBlock(&declared.getContents());
  auto kernels = cast<ModuleOp>(image.getContents().front().front());
  for (Operation &op : llvm::make_early_inc_range(variant.getContents().front()))
    op.moveBefore(isa<plan::InterfaceOp>(op) ? contents : kernels.getBody(),
                  isa<plan::InterfaceOp>(op) ? contents->end() : kernels.getBody()->end());
}

LogicalResult hadal::moveKernels(ProgramOp source, plan::ProgramOp program, const Target &target) {
  auto executables = source.getContents().getOps<ExecutableOp>();
  std::map<std::string, plan::ImageOp> images; // by level
  Block *contents = &program.getContents().front();
  for (auto executable : executables)
    for (auto variant : executable.getContents().front().getOps<VariantOp>()) {
      if (!llvm::is_contained(target.getLevels(), variant.getLevel()))
        return variant.emitOpError() << "expected a level of the target '" << target.getFamily()
                                     << "', got '" << variant.getLevel() << "'";
      images.try_emplace(variant.getLevel().str());
    }
  OpBuilder builder = OpBuilder::atBlockEnd(contents);
  SymbolTable taken(source);
  unsigned suffix = 0;
  for (auto &[level, image] : images) {
    std::string name = (target.getFamily() + "." + level).str();
    auto isTaken = [&](StringRef name) { return taken.lookup(name) != nullptr; };
    if (isTaken(name))
      name = SymbolTable::generateSymbolName<64>(name, isTaken, suffix).str();
    image = plan::ImageOp::create(builder, source.getLoc(), name, level);
    OpBuilder inner(program.getContext());
    inner.createBlock(&image.getContents());
    ModuleOp::create(inner, source.getLoc());
  }
  for (auto executable : executables) {
    if (!executable.getInterface())
      continue; // reported where it is dispatched
    Operation *root = executable.getRoot();
    if (!root)
      return executable.emitOpError("expected a body of ops that compute, found none");
    KernelInterfaceAttr interface = *executable.getInterface();
    builder.setInsertionPointToEnd(contents);
    auto declared = plan::ExecutableOp::create(
        builder, executable.getLoc(), executable.getSymName(), root->getName().stripDialect(),
        plan::AccessListAttr::get(builder.getContext(), interface.getAccess()),
        interface.getConstants().size());
    builder.createBlock(&declared.getVariants());
    for (StringRef level : target.getLevels())
      for (auto variant : executable.getContents().front().getOps<VariantOp>())
        if (variant.getLevel() == level)
          moveVariant(builder, variant, images[level.str()]);
  }
  return success();
}
