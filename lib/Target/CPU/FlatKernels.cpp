// SPDX-License-Identifier: Apache-2.0
// Makes kernels of the CPU of the flat form.
#include "FlatKernels.h"

#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/KernelLoops.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

void hadal::cpu::emitFlatKernel(ExecutableOp executable, VariantOp flat,
                                const KernelTarget &target) {
  auto source = *flat.getContents().front().getOps<func::FuncOp>().begin();
  auto described = *flat.getContents().front().getOps<plan::InterfaceOp>().begin();
  OwningOpRef<ModuleOp> module = ModuleOp::create(source.getLoc());
  KernelBuilder k(*module, executable.getSymName(), target);
  IRMapping mapping;
  unsigned bindings = executable.getInterface()->getBindings().size();
  for (BlockArgument argument : source.getArguments()) {
    unsigned number = argument.getArgNumber();
    if (number < bindings)
      mapping.map(argument,
                  flatBinding(k, number, cast<MemRefType>(argument.getType()).getElementType()));
    else if (number + 1 < source.getNumArguments())
      mapping.map(argument, k.launchConstant(number - bindings));
    else
      mapping.map(argument, k.workgroupId(0));
  }
  ScratchLayout scratch;
  for (Operation &op : source.getBody().front().without_terminator()) {
    auto memory = dyn_cast<memref::AllocaOp>(op);
    if (!memory) {
      k.clone(op, mapping);
      continue;
    }
    MemRefType type = memory.getType();
    int64_t bytes = type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    mapping.map(memory.getResult(),
                k.scratch(scratch.take(bytes), type.getElementType(), type.getShape()));
  }
  k.finish();
  OpBuilder builder = OpBuilder::atBlockEnd(&executable.getContents().front());
  auto variant =
      VariantOp::create(builder, executable.getLoc(), getLevelName(target.codegenLevel()));
  Block *contents = builder.createBlock(&variant.getContents());
  auto interface = cast<plan::InterfaceOp>(builder.clone(*described));
  interface.setScratch(scratch.size());
  for (Operation &kernel : llvm::make_early_inc_range(*module->getBody()))
    kernel.moveBefore(contents, contents->end());
}
