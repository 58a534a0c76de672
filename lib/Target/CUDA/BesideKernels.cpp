// SPDX-License-Identifier: Apache-2.0
// Puts two kernels in tiles side by side in one: each is emitted by itself, and then a part of it.
#include "BesideKernels.h"

#include "ExpressionEmitter.h"
#include "KernelFrame.h"
#include "TileKernels.h"

#include "hadal/Target/CUDA/Level.h"
#include "hadal/Target/CUDA/LinearKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/IRMapping.h"

#include <optional>

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
/// The ops of each kernel, in their order.
struct Sides {
  SmallVector<Operation *> first, second;
};
} // namespace

/// The second side begins with an op that reads nothing of the first.
static std::optional<Sides> findSides(ArrayRef<Operation *> ops) {
  Sides sides;
  for (Operation *op : ops) {
    auto isOf = [&](ArrayRef<Operation *> side) {
      return llvm::any_of(op->getOperands(), [&](Value operand) {
        return llvm::is_contained(side, operand.getDefiningOp());
      });
    };
    bool isOfFirst = sides.first.empty() || isOf(sides.first), isOfSecond = isOf(sides.second);
    if ((isOfFirst && isOfSecond) || (!isOfFirst && !isOfSecond && !sides.second.empty()))
      return std::nullopt;
    (isOfFirst ? sides.first : sides.second).push_back(op);
  }
  if (sides.second.empty())
    return std::nullopt;
  return sides;
}

bool hadal::cuda::isBeside(ArrayRef<Operation *> ops) {
  std::optional<Sides> sides = findSides(ops);
  if (!sides || !hasTileKernel(sides->first) || !hasTileKernel(sides->second))
    return false;
  // Each side has one result, of its last op.
  for (ArrayRef<Operation *> side : {ArrayRef(sides->first), ArrayRef(sides->second)})
    for (Operation *op : side.drop_back())
      if (!llvm::all_of(op->getUsers(),
                        [&](Operation *user) { return llvm::is_contained(side, user); }))
        return false;
  // The rows are the first operand of each.
  Operation *first = sides->first.front(), *second = sides->second.front();
  if (isa<LinearOp>(first) && isa<LinearOp>(second))
    return first->getOperand(0) == second->getOperand(0);
  if (isa<MoeGateUpOp>(first) && isa<GatedLinearOp>(second))
    return first->getOperand(0) == second->getOperand(0);
  return isa<MoeDownOp>(first) && isa<LinearOp>(second);
}

namespace {
/// One of the two kernels' ops in an executable of its own, for as long as its kernel is emitted.
class Side {
public:
  Side(ExecutableOp whole, ArrayRef<Operation *> ops)
      : whole(whole), result(ops.back()->getResult(0)) {
    Location loc = whole.getLoc();
    OpBuilder builder(whole);
    alone = ExecutableOp::create(builder, loc, whole.getSymName(), KernelInterfaceAttr());
    builder.createBlock(&alone.getContents());
    for (Operation *op : ops)
      for (Value operand : op->getOperands())
        if (!llvm::is_contained(ops, operand.getDefiningOp()) &&
            !llvm::is_contained(operands, operand))
          operands.push_back(operand);
    auto type = builder.getFunctionType(ValueRange(operands).getTypes(), result.getType());
    auto body = func::FuncOp::create(builder, loc, whole.getBody().getSymName(), type);
    Block *entry = body.addEntryBlock();
    builder.setInsertionPointToStart(entry);
    IRMapping mapping;
    mapping.map(operands, entry->getArguments());
    for (Operation *op : ops)
      builder.clone(*op, mapping);
    func::ReturnOp::create(builder, loc, mapping.lookup(result));
  }
  ~Side() { alone.erase(); }
  Side(const Side &) = delete;

  /// Adds what the kernel binds, and the constants that it reads, to those of the whole.
  LogicalResult addTo(SmallVectorImpl<int64_t> &bindings, SmallVectorImpl<plan::Access> &access,
                      SmallVectorImpl<Attribute> &wholeConstants) {
    if (failed(setTileInterface(alone)))
      return failure();
    KernelInterfaceAttr own = *alone.getInterface();
    for (int64_t binding : own.getBindings())
      bindings.push_back(numberOf(binding));
    llvm::append_range(access, own.getAccess());
    for (Attribute constant : own.getConstants()) {
      if (auto extent = dyn_cast<ExtentAttr>(constant))
        constant =
            ExtentAttr::get(extent.getContext(), numberOf(extent.getOperand()), extent.getAxis());
      auto *it = llvm::find(wholeConstants, constant);
      if (it == wholeConstants.end())
        it = wholeConstants.insert(it, constant);
      constants.push_back(it - wholeConstants.begin());
    }
    return success();
  }

  void emit(const Level &level) {
    variant = addVariant(alone, StringAttr::get(whole.getContext(), level.name));
    emitTileVariant(alone, variant, level, kLinearThreads); // both sides alike
  }
  void drop() { variant.erase(); }

  func::FuncOp kernel() { return *variant.getContents().front().getOps<func::FuncOp>().begin(); }
  plan::InterfaceOp interface() {
    return *variant.getContents().front().getOps<plan::InterfaceOp>().begin();
  }

  /// The expressions of the side's interface in that of the whole; its grid.
  plan::GridOp cloneInterface(OpBuilder &builder, ValueRange arguments, IRMapping &mapping) {
    plan::InterfaceOp own = interface();
    for (auto [argument, number] : llvm::zip_equal(own.getBody().getArguments(), constants))
      mapping.map(argument, arguments[size_t(number)]);
    for (Operation &each : own.getBody().front())
      if (!isa<plan::KernelParameterOp, plan::GridOp>(each))
        builder.clone(each, mapping);
    return own.getGrid();
  }

  /// An extent of the grid, of constants of the whole.
  Value emitExtent(ImplicitLocOpBuilder &b, Value extent, ValueRange values) {
    SmallVector<Value> own;
    for (int64_t constant : constants)
      own.push_back(values[size_t(constant)]);
    return ExpressionEmitter(b, interface(), own).emit(extent);
  }

  /// Copies the kernel, whose workgroup in x is `x`, to the end of a block.
  void inlineKernel(Block &into, ValueRange bindings, Value launchConstants, Value x) {
    IRMapping mapping;
    Block &block = kernel().getBody().front();
    mapping.map(block.getArguments().drop_back(), bindings);
    mapping.map(block.getArguments().back(), launchConstants);
    OpBuilder builder(into.getTerminator());
    for (Operation &each : block.without_terminator())
      builder.clone(each, mapping);
    into.walk([&](gpu::BlockIdOp id) {
      if (id.getDimension() == gpu::Dimension::x)
        id.replaceAllUsesWith(x);
    });
    into.walk([&](memref::LoadOp load) {
      if (load.getMemref() != launchConstants)
        return;
      builder.setInsertionPoint(load);
      int64_t number = *getConstantIntValue(load.getIndices().front());
      load.getIndicesMutable()[0].set(
          arith::ConstantIndexOp::create(builder, load.getLoc(), constants[size_t(number)]));
    });
  }

private:
  /// The number in the whole body of an operand, or of the result, of the side.
  int64_t numberOf(int64_t number) {
    if (number < int64_t(operands.size()))
      return cast<BlockArgument>(operands[size_t(number)]).getArgNumber();
    OperandRange results = whole.getBodyResults();
    return whole.getBody().getNumArguments() + (llvm::find(results, result) - results.begin());
  }

  ExecutableOp whole, alone;
  SmallVector<Value> operands; // of the whole's body
  Value result;
  VariantOp variant;
  SmallVector<int64_t> constants; // of the whole, those of the side in their order
};

/// Workgroups in x are of both, one after the other; in y, and in memory, as many as either wants.
void emitInterface(OpBuilder &builder, Location loc, Side &first, Side &second, int64_t threads,
                   size_t bindings, size_t constants) {
  InterfaceBuilder b(builder, loc, threads, constants);
  IRMapping mapping[2];
  plan::GridOp one = first.cloneInterface(b, b.launchConstants(), mapping[0]);
  plan::GridOp two = second.cloneInterface(b, b.launchConstants(), mapping[1]);
  auto join = [&](plan::ExprKind kind, Value x, Value y) {
    return b.expr(kind, mapping[0].lookup(x), mapping[1].lookup(y));
  };
  passParameters(b, loc, int64_t(bindings));
  plan::GridOp::create(b, join(plan::ExprKind::Add, one.getX(), two.getX()),
                       join(plan::ExprKind::Max, one.getY(), two.getY()),
                       join(plan::ExprKind::Max, one.getZ(), two.getZ()),
                       join(plan::ExprKind::Max, one.getDynamicShared(), two.getDynamicShared()),
                       Value());
}

void emitKernel(OpBuilder &builder, Location loc, StringRef name, Side &first, Side &second,
                int64_t threads, size_t constants) {
  SmallVector<Type> types;
  size_t ofFirst = first.kernel().getNumArguments() - 1;
  for (Side *side : {&first, &second})
    llvm::append_range(types, side->kernel().getArgumentTypes().drop_back());
  func::FuncOp kernel = createKernel(builder, loc, name, types, threads);
  Block &entry = kernel.getBody().front();
  ImplicitLocOpBuilder b(loc, builder);
  b.setInsertionPointToStart(&entry);
  Value launchConstants = entry.getArguments().back();
  SmallVector<Value> values;
  for (size_t i = 0; i < constants; ++i) {
    Value number = arith::ConstantIndexOp::create(b, int64_t(i));
    Value value = memref::LoadOp::create(b, launchConstants, number);
    values.push_back(arith::IndexCastOp::create(b, b.getIndexType(), value));
  }
  auto isLess = [&](Value x, Value y) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, y);
  };
  Value x = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  Value y = gpu::BlockIdOp::create(b, gpu::Dimension::y);
  Value end = first.emitExtent(b, first.interface().getGrid().getX(), values);
  auto sides = scf::IfOp::create(b, isLess(x, end), /*withElseRegion=*/true);
  func::ReturnOp::create(b);
  auto fill = [&](Block &block, Side &side, Value own, size_t begin, size_t count) {
    // The other side may have more, and so may a record.
    b.setInsertionPoint(block.getTerminator());
    plan::GridOp grid = side.interface().getGrid();
    Value exists = arith::AndIOp::create(b, isLess(own, side.emitExtent(b, grid.getX(), values)),
                                         isLess(y, side.emitExtent(b, grid.getY(), values)));
    auto guard = scf::IfOp::create(b, exists, /*withElseRegion=*/false);
    side.inlineKernel(*guard.thenBlock(), entry.getArguments().slice(begin, count), launchConstants,
                      own);
  };
  fill(*sides.thenBlock(), first, x, 0, ofFirst);
  b.setInsertionPoint(sides.elseBlock()->getTerminator());
  Value rest = arith::SubIOp::create(b, x, end);
  fill(*sides.elseBlock(), second, rest, ofFirst, types.size() - ofFirst);
}
} // namespace

LogicalResult hadal::cuda::emitBeside(ExecutableOp executable, ArrayRef<StringAttr> levels) {
  Sides sides = *findSides(executable.getBodyOps());
  Side first(executable, sides.first), second(executable, sides.second);
  SmallVector<int64_t> bindings;
  SmallVector<plan::Access> access;
  SmallVector<Attribute> constants;
  for (Side *side : {&first, &second})
    if (failed(side->addTo(bindings, access, constants)))
      return failure();
  MLIRContext *context = executable.getContext();
  executable.setInterfaceAttr(
      KernelInterfaceAttr::get(context, bindings, access, ArrayAttr::get(context, constants)));
  Location loc = executable.getLoc();
  for (StringAttr level : levels) {
    for (Side *side : {&first, &second})
      side->emit(*findLevel(level));
    Block *contents = &addVariant(executable, level).getContents().front();
    OpBuilder builder = OpBuilder::atBlockEnd(contents);
    int64_t threads = *threadsOf(first.kernel());
    emitInterface(builder, loc, first, second, threads, bindings.size(), constants.size());
    builder.setInsertionPointToEnd(contents);
    emitKernel(builder, loc, executable.getSymName(), first, second, threads, constants.size());
    for (Side *side : {&first, &second})
      side->drop();
  }
  return success();
}
