// SPDX-License-Identifier: Apache-2.0
// Emits the kernels of executables for every level of the CPU.
#include "hadal/Target/CPU/Passes.h"

#include "ExecutableKernels.h"
#include "FlatKernels.h"

#include "hadal/Codegen/Passes.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

using namespace mlir;

namespace hadal::cpu {
#define GEN_PASS_DEF_EMITKERNELSPASS
#include "hadal/Target/CPU/Passes.h.inc"

namespace {
/// The interfaces of a kernel and of its variant, from its description.
class InterfaceBuilder {
public:
  InterfaceBuilder(MLIRContext *context, const ExecutableInterface &interface)
      : context(context), interface(interface), constants(interface.constants) {
    // What only the grid needs follows what the kernel reads.
    for (const GridExtent &extent : interface.grid) {
      if (extent.rowsPerGroup)
        numberOf(rows());
      if (extent.sequences)
        numberOf(sequences());
    }
    if (interface.workspace.constant)
      numberOf(rows());
  }

  KernelInterfaceAttr getAttribute() const {
    return KernelInterfaceAttr::get(context, interface.bindings, interface.access,
                                    ArrayAttr::get(context, constants));
  }

  void createInterface(OpBuilder builder, Location loc) {
    auto variant = plan::InterfaceOp::create(builder, loc, interface.scratchBytes);
    Block *block = builder.createBlock(&variant.getBody());
    for (size_t i = 0; i < constants.size(); ++i)
      block->addArgument(plan::IntType::get(context), loc);
    auto constant = [&](int64_t value) -> Value {
      return plan::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
    };
    auto expr = [&](plan::ExprKind kind, Value a, Value b) -> Value {
      return plan::ExprOp::create(builder, loc, kind, a, b);
    };
    SmallVector<Value> extents;
    for (const GridExtent &extent : interface.grid) {
      // Only what says something: the device evaluates it at each launch.
      Value sum;
      auto add = [&](Value value) { sum = sum ? expr(plan::ExprKind::Add, sum, value) : value; };
      auto by = [&](plan::ExprKind kind, Attribute of, int64_t number) {
        Value value = block->getArgument(numberOf(of));
        add(number == 1 ? value : expr(kind, value, constant(number)));
      };
      if (extent.sequences)
        by(plan::ExprKind::Mul, sequences(), extent.sequences);
      if (extent.rowsPerGroup)
        by(plan::ExprKind::CeilDiv, rows(), extent.rowsPerGroup);
      if (extent.constant || !sum)
        add(constant(extent.constant));
      extents.push_back(sum);
    }
    Value workspace;
    if (const WorkspaceBytes &bytes = interface.workspace; bytes.constant) {
      Value kept =
          expr(plan::ExprKind::Min, block->getArgument(numberOf(rows())), constant(bytes.maxRows));
      workspace = expr(plan::ExprKind::Add, constant(bytes.constant),
                       expr(plan::ExprKind::Mul, kept, constant(bytes.perRow)));
    }
    plan::GridOp::create(builder, loc, extents[0], extents[1], extents[2],
                         /*dynamic_shared=*/Value(), workspace);
  }

private:
  Attribute rows() const { return ExtentAttr::get(context, interface.rows, 0); }
  Attribute sequences() const { return ExtentAttr::get(context, interface.slots, 0); }

  unsigned numberOf(Attribute constant) {
    auto it = llvm::find(constants, constant);
    if (it == constants.end())
      it = constants.insert(it, constant);
    return it - constants.begin();
  }

  MLIRContext *context;
  const ExecutableInterface &interface;
  SmallVector<Attribute> constants;
};

struct EmitKernelsPass : impl::EmitKernelsPassBase<EmitKernelsPass> {
  using EmitKernelsPassBase::EmitKernelsPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<HadalDialect, plan::PlanDialect>();
    registry
        .insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
                linalg::LinalgDialect, math::MathDialect, memref::MemRefDialect, scf::SCFDialect,
                vector::VectorDialect, x86vector::X86VectorDialect>();
  }

  LogicalResult chooseTargets() {
    targets.clear();
    if (StringRef family = getOperation().getTarget().getFamily(); family != kFamily)
      return getOperation().emitOpError()
             << "expected the target '" << kFamily << "', got '" << family << "'";
    if (emulateDot) {
      targets.push_back({Level::V4BF16, /*emulate=*/true});
      recordLevels(getLevelName(targets.front().codegenLevel()));
      return success();
    }
    // What the program says that it wants, and what is asked for beside.
    SmallVector<StringRef> wanted;
    for (StringAttr level : getOperation().getTarget().getLevels())
      wanted.push_back(level);
    size_t own = wanted.size();
    for (StringRef level : levels)
      if (!llvm::is_contained(ArrayRef(wanted).take_front(own), level))
        wanted.push_back(level);
    if (wanted.empty())
      for (Level level : allLevels())
        targets.push_back({level, false});
    for (StringRef name : wanted) {
      std::optional<Level> level = parseLevel(name);
      if (!level)
        return getOperation().emitError()
               << "expected a level x86-64-v3 or x86-64-v4-bf16, got '" << name << "'";
      if (llvm::is_contained(llvm::map_range(targets, [](auto &each) { return each.level; }),
                             *level))
        return getOperation().emitError() << "expected each level once, got '" << name << "' again";
      targets.push_back({*level, false});
    }
    recordLevels(wanted);
    return success();
  }

  /// What is emitted is what the program says that it wants.
  void recordLevels(ArrayRef<StringRef> wanted) {
    if (wanted.empty())
      return;
    auto names = llvm::map_to_vector(
        wanted, [&](StringRef name) { return StringAttr::get(&getContext(), name); });
    getOperation().setTargetAttr(TargetAttr::get(&getContext(), kFamily, names));
  }

  void runOnOperation() override {
    if (failed(chooseTargets()))
      return signalPassFailure();
    for (auto executable : getOperation().getContents().getOps<ExecutableOp>()) {
      if (VariantOp flat = findFlatVariant(executable)) {
        for (const KernelTarget &target : targets)
          emitFlatKernel(executable, flat, target);
        numKernels += targets.size();
        flat.erase();
        continue;
      }
      if (!executable.getInterface())
        for (const KernelTarget &target : targets)
          if (failed(emitVariant(executable, target)))
            return signalPassFailure();
    }
  }

  LogicalResult emitVariant(ExecutableOp executable, const KernelTarget &target) {
    OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&getContext()));
    FailureOr<ExecutableInterface> interface = emitKernel(executable, *module, target);
    if (failed(interface))
      return failure();
    InterfaceBuilder description(&getContext(), *interface);
    KernelInterfaceAttr attr = description.getAttribute();
    if (executable.getInterfaceAttr() && executable.getInterfaceAttr() != attr)
      return executable.emitOpError("expected the same interface of all levels");
    executable.setInterfaceAttr(attr);
    OpBuilder builder = OpBuilder::atBlockEnd(&executable.getContents().front());
    auto variant =
        VariantOp::create(builder, executable.getLoc(), getLevelName(target.codegenLevel()));
    Block *contents = builder.createBlock(&variant.getContents());
    description.createInterface(builder, executable.getLoc());
    for (Operation &kernel : llvm::make_early_inc_range(*module->getBody()))
      kernel.moveBefore(contents, contents->end());
    ++numKernels;
    return success();
  }

  SmallVector<KernelTarget> targets;
};
} // namespace
} // namespace hadal::cpu
