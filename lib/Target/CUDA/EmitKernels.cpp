// SPDX-License-Identifier: Apache-2.0
// Gives each executable of a program a kernel for every level: in tiles, or of its flat form.
#include "hadal/Target/CUDA/Passes.h"

#include "BesideKernels.h"
#include "ExpressionEmitter.h"
#include "KernelFrame.h"
#include "LaneKernels.h"
#include "TileKernels.h"
#include "WorkItems.h"

#include "hadal/Codegen/Passes.h"
#include "hadal/Target/CUDA/Level.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace hadal::cuda {
#define GEN_PASS_DEF_EMITKERNELSPASS
#include "hadal/Target/CUDA/Passes.h.inc"

namespace {
constexpr int64_t kWorkgroup = 128; // threads

/// How the kernel is launched: workgroups for all work items, each of one thread or of a warp.
void emitInterface(OpBuilder &builder, plan::InterfaceOp flat, size_t bindings,
                   int64_t threadsOfItem) {
  Location loc = flat.getLoc();
  plan::InterfaceOp interface = createInterface(builder, loc, kWorkgroup);
  IRMapping mapping;
  flat.getBody().cloneInto(&interface.getBody(), mapping);
  plan::GridOp grid = interface.getGrid();
  OpBuilder at(grid);
  passParameters(at, loc, int64_t(bindings));
  Value items = plan::ConstantOp::create(at, loc, at.getI64IntegerAttr(kWorkgroup / threadsOfItem));
  Value x = plan::ExprOp::create(at, loc, plan::ExprKind::CeilDiv, grid.getX(), items);
  plan::GridOp::create(at, loc, x, grid.getY(), grid.getZ(), Value(), Value());
  grid.erase();
}

/// The kernel: each thread, or warp, computes the item of its number, if there is one.
void emitFunction(OpBuilder &builder, func::FuncOp flat, plan::InterfaceOp interface,
                  size_t bindings, int64_t threadsOfItem) {
  ImplicitLocOpBuilder b(flat.getLoc(), builder);
  Block &source = flat.getBody().front();
  SmallVector<Type> types = llvm::to_vector(llvm::make_range(
      source.getArgumentTypes().begin(), source.getArgumentTypes().begin() + ptrdiff_t(bindings)));
  Block *entry =
      &createKernel(b, b.getLoc(), flat.getSymName(), types, kWorkgroup).getBody().front();
  b.setInsertionPointToStart(entry);
  IRMapping mapping;
  for (size_t i = 0; i < bindings; ++i)
    mapping.map(source.getArgument(i), entry->getArgument(i));
  // Memory of a thread is that of the whole function.
  for (auto own : source.getOps<memref::AllocaOp>())
    b.clone(*own, mapping);
  SmallVector<Value> constants;
  for (BlockArgument argument : source.getArguments().drop_front(bindings).drop_back()) {
    Value at = arith::ConstantIndexOp::create(b, constants.size());
    Value constant = memref::LoadOp::create(b, entry->getArguments().back(), at);
    constants.push_back(arith::IndexCastOp::create(b, b.getIndexType(), constant));
    mapping.map(argument, constants.back());
  }
  Value count = ExpressionEmitter(b, interface, constants).emit(interface.getGrid().getX());
  Value group = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  Value thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value size = arith::ConstantIndexOp::create(b, kWorkgroup);
  Value item = arith::AddIOp::create(b, arith::MulIOp::create(b, group, size).getResult(), thread);
  if (threadsOfItem > 1)
    item = arith::DivUIOp::create(b, item, arith::ConstantIndexOp::create(b, threadsOfItem));
  mapping.map(source.getArguments().back(), item);
  Value isThere = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, item, count);
  auto guard = scf::IfOp::create(b, isThere, /*withElseRegion=*/false);
  func::ReturnOp::create(b);
  b.setInsertionPoint(guard.thenYield());
  for (Operation &op : source.without_terminator())
    if (!isa<memref::AllocaOp>(op))
      b.clone(op, mapping);
  if (threadsOfItem > 1)
    spreadOverWarp(*guard.thenBlock(), thread);
}

struct EmitKernelsPass : impl::EmitKernelsPassBase<EmitKernelsPass> {
  void runOnOperation() override {
    ProgramOp program = getOperation();
    if (StringRef family = program.getTarget().getFamily(); family != kFamily) {
      program.emitOpError() << "expected the target '" << kFamily << "', got '" << family << "'";
      return signalPassFailure();
    }
    if (failed(chooseLevels()))
      return signalPassFailure();
    for (auto executable : program.getContents().getOps<ExecutableOp>())
      if (failed(emit(executable)))
        return signalPassFailure();
  }

  /// Those that the program wants, or the lowest, whose PTX every GPU runs.
  LogicalResult chooseLevels() {
    ProgramOp program = getOperation();
    levels.assign(program.getTarget().getLevels().begin(), program.getTarget().getLevels().end());
    if (levels.empty()) {
      levels.push_back(StringAttr::get(&getContext(), lowestLevel().name));
      program.setTargetAttr(TargetAttr::get(&getContext(), kFamily, levels));
    }
    for (StringAttr level : levels)
      if (!findLevel(level))
        return program.emitOpError() << "expected a level " << levelNames() << ", got " << level;
    return success();
  }

  static std::string levelNames() {
    return llvm::join(llvm::map_range(allLevels(), [](auto &level) { return level.name.str(); }),
                      ", ");
  }

  LogicalResult emit(ExecutableOp executable) {
    VariantOp flat = findFlatVariant(executable);
    if (!flat) {
      if (executable.getInterface())
        return success();
      if (isBeside(executable.getBodyOps())) {
        numInTiles += 1;
        numKernels += unsigned(levels.size());
        return emitBeside(executable, levels);
      }
      if (hasTileKernel(executable.getBodyOps()))
        return emitInTiles(executable);
      if (hasLaneKernel(executable.getBodyOps())) {
        emitInLanes(executable);
        return success();
      }
      Operation *root = executable.getRoot();
      return (root ? root : executable)->emitOpError("has no kernel for GPUs");
    }
    auto interface = *flat.getContents().front().getOps<plan::InterfaceOp>().begin();
    auto function = *flat.getContents().front().getOps<func::FuncOp>().begin();
    size_t bindings = executable.getInterface()->getBindings().size();
    int64_t threads = isRowWise(function, interface) ? kWarp : 1;
    numRowWise += threads > 1;
    for (StringAttr level : levels) {
      Block *contents = &addVariant(executable, level).getContents().front();
      OpBuilder inner = OpBuilder::atBlockEnd(contents);
      emitInterface(inner, interface, bindings, threads);
      inner.setInsertionPointToEnd(contents);
      emitFunction(inner, function, interface, bindings, threads);
      ++numKernels;
    }
    flat.erase();
    return success();
  }

  LogicalResult emitInTiles(ExecutableOp executable) {
    if (failed(setTileInterface(executable)))
      return failure();
    for (StringAttr level : levels) {
      emitTileVariant(executable, addVariant(executable, level), *findLevel(level));
      ++numKernels;
    }
    ++numInTiles;
    return success();
  }

  void emitInLanes(ExecutableOp executable) {
    setLaneInterface(executable);
    for (StringAttr level : levels) {
      emitLaneVariant(executable, addVariant(executable, level));
      ++numKernels;
    }
    ++numInLanes;
  }

  SmallVector<StringAttr> levels;
};
} // namespace
} // namespace hadal::cuda
