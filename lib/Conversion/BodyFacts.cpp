// SPDX-License-Identifier: Apache-2.0
// Evaluates shapes and work of a body's ops in dims that the host knows.
#include "BodyFacts.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace hadal;

namespace {
/// Notes what is inserted, to erase it again.
struct Inserted : OpBuilder::Listener {
  ~Inserted() override {
    for (Operation *op : llvm::reverse(ops))
      op->erase();
  }
  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override {
    ops.push_back(op);
  }
  SmallVector<Operation *> ops;
};

/// The work of an op. Those of other dialects move and map elements; that is few
/// operations next to the bytes.
FailureOr<Work> workOf(Operation *op) {
  if (auto compute = dyn_cast<ComputeOpInterface>(op))
    return compute.getWork();
  if (isa_and_present<linalg::LinalgDialect>(op->getDialect())) {
    auto loops = dyn_cast<linalg::LinalgOp>(op);
    if (!loops || loops.getNumReductionLoops() != 0)
      return op->emitOpError("expected an op whose work is known, got a reduction of linalg");
  }
  Work work;
  work.fixedBytes = weightBytes(op);
  return work;
}
} // namespace

class BodyFacts::Finder {
public:
  explicit Finder(ExprBuilder &exprs) : exprs(exprs) {}

  LogicalResult run(ExecutableOp executable, ArrayRef<Extents> operands, BodyFacts &facts) {
    for (auto [argument, extents] : llvm::zip(executable.getBody().getArguments(), operands))
      known[argument] = extents;
    for (Operation *op : executable.getBodyOps())
      if (failed(findExtents(op)) || failed(findWork(op, facts)))
        return failure();
    for (Value result : executable.getBodyResults())
      facts.results.push_back(known.lookup(result));
    return success();
  }

private:
  LogicalResult findExtents(Operation *op) {
    SmallVector<RankedTensorType> types;
    for (Type type : op->getResultTypes())
      types.push_back(dyn_cast<RankedTensorType>(type));
    Inserted inserted;
    ReifiedRankedShapedTypeDims shapes;
    if (llvm::any_of(types, [](RankedTensorType type) { return type && !type.hasStaticShape(); }) &&
        failed(reify(op, inserted, shapes)))
      return op->emitOpError("expected shapes of results that operands tell");
    for (auto [i, type] : llvm::enumerate(types)) {
      if (!type)
        continue;
      Extents extents;
      for (auto [axis, size] : llvm::enumerate(type.getShape())) {
        FailureOr<Extent> extent =
            ShapedType::isDynamic(size) ? evaluate(shapes[i][axis]) : Extent::of(size);
        if (failed(extent))
          return op->emitOpError("expected extents that are multiples of an operand's");
        extents.push_back(*extent);
      }
      known[op->getResult(i)] = std::move(extents);
    }
    return success();
  }

  /// The shapes as the op tells them; ops on each element give that of an operand.
  LogicalResult reify(Operation *op, Inserted &inserted, ReifiedRankedShapedTypeDims &shapes) {
    OpBuilder builder(op->getContext(), &inserted);
    builder.setInsertionPointAfter(op);
    if (auto tells = dyn_cast<ReifyRankedShapedTypeOpInterface>(op))
      return tells.reifyResultShapes(builder, shapes);
    if (!OpTrait::hasElementwiseMappableTraits(op))
      return failure();
    for (Value operand : op->getOperands())
      if (auto type = dyn_cast<RankedTensorType>(operand.getType())) {
        shapes.assign(op->getNumResults(), tensor::getMixedSizes(builder, op->getLoc(), operand));
        return success();
      }
    return failure();
  }

  FailureOr<Extent> evaluate(OpFoldResult size) {
    if (std::optional<int64_t> constant = getConstantIntValue(size))
      return *constant < 0 ? FailureOr<Extent>(failure()) : Extent::of(*constant);
    Value value = cast<Value>(size);
    if (auto dim = value.getDefiningOp<tensor::DimOp>()) {
      auto extents = known.find(dim.getSource());
      std::optional<int64_t> axis = dim.getConstantIndex();
      // An axis beyond the last is valid IR, of a dim that nobody may ask for.
      if (extents == known.end() || !axis || *axis < 0 || *axis >= int64_t(extents->second.size()))
        return failure();
      return extents->second[*axis];
    }
    if (auto mul = value.getDefiningOp<arith::MulIOp>()) {
      FailureOr<Extent> a = evaluate(mul.getLhs()), b = evaluate(mul.getRhs());
      if (failed(a) || failed(b))
        return failure();
      return exprs.multiply(*a, *b);
    }
    return failure();
  }

  LogicalResult findWork(Operation *op, BodyFacts &facts) {
    FailureOr<Work> work = workOf(op);
    if (failed(work))
      return failure();
    Extent rows;
    if (work->perRow || work->perRowAndKey || work->experts) {
      rows = known.lookup(op->getOperand(0))[0];
      if (!rows.isKnown)
        return op->emitOpError("expected work over rows that the host knows");
    }
    facts.ops.push_back({*work, rows});
    return success();
  }

  ExprBuilder &exprs;
  llvm::DenseMap<Value, Extents> known;
};

FailureOr<BodyFacts> BodyFacts::find(ExecutableOp executable, ArrayRef<Extents> operands,
                                     ExprBuilder &exprs) {
  BodyFacts facts;
  if (failed(Finder(exprs).run(executable, operands, facts)))
    return failure();
  return facts;
}

bool BodyFacts::needsContext() const {
  return llvm::any_of(ops, [](const OpWork &op) { return op.work.perRowAndKey != 0; });
}

std::pair<Value, Value> BodyFacts::costs(ExprBuilder &exprs,
                                         llvm::function_ref<Value()> maxContext) const {
  auto add = [&](Value a, Value b) { return a ? exprs.expr(plan::ExprKind::Add, a, b) : b; };
  auto mul = [&](Value a, int64_t b) {
    return exprs.expr(plan::ExprKind::Mul, a, exprs.constant(b));
  };
  Value flops;
  int64_t fixedBytes = 0;
  for (const auto &[work, rows] : ops) {
    fixedBytes += work.fixedBytes;
    if (!work.perRow && !work.perRowAndKey)
      continue;
    Value count = exprs.extent(rows), perRow = exprs.constant(work.perRow);
    if (work.perRowAndKey)
      perRow = add(perRow, mul(maxContext(), work.perRowAndKey));
    flops = add(flops, exprs.expr(plan::ExprKind::Mul, count, perRow));
  }
  if (!flops)
    flops = exprs.constant(0);
  Value bytes = exprs.constant(fixedBytes);
  for (const auto &[work, rows] : ops)
    if (work.experts)
      bytes = add(bytes, mul(exprs.expr(plan::ExprKind::Min, exprs.constant(work.experts),
                                        mul(exprs.extent(rows), work.choices)),
                             work.expertBytes));
  return {flops, bytes};
}
