// SPDX-License-Identifier: Apache-2.0
// Moves the kernels of a program to its images, and declares the executables.
#include "MoveKernels.h"

#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;
using namespace hadal;

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
  for (auto &[level, image] : images) {
    image = plan::ImageOp::create(builder, source.getLoc(),
                                  (target.getFamily() + "." + level).str(), level);
    OpBuilder inner(program.getContext());
    inner.createBlock(&image.getContents());
    ModuleOp::create(inner, source.getLoc());
  }
  SmallVector<Attribute> bestFirst;
  for (StringRef level : target.getLevels())
    if (auto image = images.find(level.str()); image != images.end())
      bestFirst.push_back(FlatSymbolRefAttr::get(image->second.getSymNameAttr()));
  for (auto executable : executables) {
    int64_t scratch = 0;
    for (auto variant : executable.getContents().front().getOps<VariantOp>()) {
      plan::ImageOp image = images[variant.getLevel().str()];
      auto kernels = cast<ModuleOp>(image.getContents().front().front());
      for (Operation &op : llvm::make_early_inc_range(variant.getContents().front()))
        if (!isa<plan::CountOp>(op))
          op.moveBefore(kernels.getBody(), kernels.getBody()->end());
      scratch = std::max<int64_t>(scratch, variant.getScratch());
    }
    if (!executable.getInterface())
      continue; // reported where it is dispatched
    KernelInterfaceAttr interface = *executable.getInterface();
    plan::ExecutableOp::create(
        builder, executable.getLoc(), executable.getSymName(),
        executable.getBody().getBody().front().front().getName().stripDialect(),
        interface.getAccess(), interface.getPassed(), scratch, builder.getArrayAttr(bestFirst));
  }
  return success();
}
