// SPDX-License-Identifier: Apache-2.0
// Evaluates shapes and work of a body's ops in dims that the host knows.
#include "BodyFacts.h"

#include "LoopFacts.h"

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

} // namespace

/// The work of an op of the dialect. What others move and map is few operations next
/// to the bytes; what linalg sums up, countLoops says.
static Work workOf(Operation *op) {
  if (auto compute = dyn_cast<ComputeOpInterface>(op))
    return compute.getWork();
  Work work;
  work.fixedBytes = weightBytes(op);
  return work;
}

class BodyFacts::Finder {
public:
  Finder(ExprBuilder &exprs, Location at) : exprs(exprs), at(at) {}

  LogicalResult run(ExecutableOp executable, ArrayRef<Extents> operands, BodyFacts &facts) {
    for (auto [argument, extents] : llvm::zip(executable.getBody().getArguments(), operands))
      known[argument] = extents;
    for (Operation *op : executable.getBodyOps()) {
      findRequirements(op, exprs, extentsOf(), facts.requirements);
      if (failed(findExtents(op)) || failed(findWork(op, facts)))
        return failure();
      if (Operation *untold = findLoopRequirements(op, exprs, known, facts.requirements))
        return refuse(untold) << "expected operands in a loop whose extents are constants, known "
                                 "to the host, or one index";
    }
    for (Value result : executable.getBodyResults())
      facts.results.push_back(known.lookup(result));
    return success();
  }

private:
  /// Bodies have no location of their own, but that of the dispatch.
  InFlightDiagnostic refuse(Operation *op) {
    return emitError(isa<UnknownLoc>(op->getLoc()) ? at : op->getLoc())
           << "'" << op->getName() << "' op ";
  }

  /// Extents of what an op of another dialect writes over, which are its result's.
  const Extents *findWritten(OpResult result) {
    auto inPlace = dyn_cast<DestinationStyleOpInterface>(result.getOwner());
    if (!inPlace || isa<ComputeOpInterface>(result.getOwner()))
      return nullptr;
    OpOperand *written = inPlace.getTiedOpOperand(result);
    return written ? lookUpExtents(known, written->get()) : nullptr;
  }

  /// Whether only the op itself can tell extents of its result.
  bool isAsked(OpResult result) {
    auto type = dyn_cast<RankedTensorType>(result.getType());
    return type && !type.hasStaticShape() && !findWritten(result);
  }

  LogicalResult findExtents(Operation *op) {
    SmallVector<RankedTensorType> types;
    for (Type type : op->getResultTypes())
      types.push_back(dyn_cast<RankedTensorType>(type));
    Inserted inserted;
    ReifiedRankedShapedTypeDims shapes;
    if (llvm::any_of(op->getResults(), [&](OpResult result) { return isAsked(result); }) &&
        failed(reify(op, inserted, shapes)))
      return refuse(op) << "expected shapes of results that operands tell";
    for (auto [i, type] : llvm::enumerate(types)) {
      if (!type)
        continue;
      if (const Extents *written = findWritten(op->getResult(i))) {
        Extents same = *written; // inserting moves what the map holds
        known[op->getResult(i)] = std::move(same);
        continue;
      }
      Extents extents;
      for (auto [axis, size] : llvm::enumerate(type.getShape())) {
        std::optional<Extent> extent =
            ShapedType::isDynamic(size) ? evaluate(shapes[i][axis]) : Extent::of(size);
        if (!extent)
          return refuse(op) << "expected extents that are multiples of an operand's";
        extents.push_back(*extent);
      }
      known[op->getResult(i)] = std::move(extents);
    }
    return success();
  }

  /// The shapes as the op tells them; casts and ops on each element give that of an operand.
  LogicalResult reify(Operation *op, Inserted &inserted, ReifiedRankedShapedTypeDims &shapes) {
    OpBuilder builder(op->getContext(), &inserted);
    builder.setInsertionPointAfter(op);
    if (auto tells = dyn_cast<ReifyRankedShapedTypeOpInterface>(op))
      return tells.reifyResultShapes(builder, shapes);
    if (!OpTrait::hasElementwiseMappableTraits(op) && !isa<tensor::CastOp>(op))
      return failure();
    for (Value operand : op->getOperands())
      if (auto type = dyn_cast<RankedTensorType>(operand.getType())) {
        shapes.assign(op->getNumResults(), tensor::getMixedSizes(builder, op->getLoc(), operand));
        return success();
      }
    return failure();
  }

  std::function<const Extents *(Value)> extentsOf() {
    return [this](Value value) { return lookUpExtents(known, value); };
  }

  std::optional<Extent> evaluate(OpFoldResult size) { return exprs.evaluate(size, extentsOf()); }

  LogicalResult findWork(Operation *op, BodyFacts &facts) {
    Work work = workOf(op);
    Extent rows;
    if (work.perRow || work.perRowAndKey || work.experts) {
      rows = known.lookup(op->getOperand(0))[0];
      if (!rows.isKnown)
        return refuse(op) << "expected work over rows that the host knows";
    }
    auto sum = dyn_cast<linalg::LinalgOp>(op);
    if (sum && sum.getNumReductionLoops() != 0) {
      rows = countLoops(sum);
      work.perRow = 2; // a product and a sum
    }
    facts.ops.push_back({work, rows});
    return success();
  }

  /// How often the innermost loop of a sum runs, of loops whose extents the host knows.
  Extent countLoops(linalg::LinalgOp op) {
    SmallVector<int64_t> sizes = op.getStaticLoopRanges();
    Extent count = Extent::of(1);
    for (auto [loop, size] : llvm::enumerate(sizes)) {
      Extent extent = Extent::of(size);
      if (ShapedType::isDynamic(size)) {
        SmallVector<std::pair<Value, unsigned>> operands;
        op.mapIterationSpaceDimToAllOperandDims(loop, operands);
        extent = Extent::unknown();
        for (auto [operand, axis] : operands)
          if (auto it = known.find(operand); it != known.end() && it->second[axis].isKnown)
            extent = it->second[axis];
      }
      if (extent.isKnown)
        count = exprs.multiply(count, extent);
    }
    return count;
  }

  ExprBuilder &exprs;
  Location at;
  llvm::DenseMap<Value, Extents> known;
};

FailureOr<BodyFacts> BodyFacts::find(ExecutableOp executable, ArrayRef<Extents> operands,
                                     ExprBuilder &exprs, Location at) {
  BodyFacts facts;
  if (failed(Finder(exprs, at).run(executable, operands, facts)))
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
