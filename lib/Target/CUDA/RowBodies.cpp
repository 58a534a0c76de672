// SPDX-License-Identifier: Apache-2.0
// Which ops are steps of one kernel of rows.
#include "LaneBodies.h"

#include "hadal/Target/CUDA/RowKernels.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

/// Whether all read each other: others may be of other numbers of rows.
bool isConnected(ArrayRef<Operation *> ops) {
  llvm::EquivalenceClasses<Operation *> classes;
  for (Operation *op : ops) {
    classes.insert(op);
    for (Value operand : op->getOperands())
      if (llvm::is_contained(ops, operand.getDefiningOp()))
        classes.unionSets(operand.getDefiningOp(), op);
  }
  return llvm::all_of(ops, [&](Operation *op) { return classes.isEquivalent(op, ops.front()); });
}

class RowMatcher {
public:
  /// Adds an op; fails where it is no step, or reads what another row of the kernel is.
  LogicalResult add(Operation *op) {
    if (op->getNumResults() != 1 || !isRow(op->getResult(0)))
      return failure();
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case<arith::AddFOp, arith::TruncFOp, EmbeddingOp, GatherRowsOp, MoeCombineOp, RmsNormOp>(
            [&](auto each) { return addStep(each); })
        .Default([](Operation *) { return failure(); });
  }

  std::optional<RowBody> finish(ArrayRef<Operation *> ops) {
    // Ops of other dialects alone are fused best with their like. Those that are left over by
    // themselves are in an executable.
    bool isOfDialect = llvm::any_of(ops, llvm::IsaPred<ComputeOpInterface>);
    if (!isRowWidth(body.spec.width) || !isConnected(ops) ||
        !(isOfDialect || ops.front()->getParentOfType<ExecutableOp>()))
      return std::nullopt;
    body.rows = body.operands[size_t(rows)];
    for (Operation *op : ops)
      body.results.push_back(op->getResult(0));
    return std::move(body);
  }

private:
  /// Whether a value is of rows of the kernel's width, that of the first.
  bool isRow(Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || type.getRank() != 2 || type.isDynamicDim(1) || type.getEncoding() ||
        !(type.getElementType().isF32() || type.getElementType().isBF16()))
      return false;
    if (body.spec.width == 0)
      body.spec.width = type.getDimSize(1);
    return body.spec.width == type.getDimSize(1);
  }

  int64_t bind(Value value) {
    auto *it = llvm::find(body.operands, value);
    if (it == body.operands.end())
      it = body.operands.insert(it, value);
    return it - body.operands.begin();
  }

  bool isMade(Value value) const { return body.steps.contains(value); }

  LogicalResult make(Value result, RowStep step, int64_t rowsFrom) {
    // All are of the rows of the first.
    if (rows < 0)
      rows = rowsFrom;
    body.steps[result] = body.spec.steps.size();
    body.spec.steps.push_back(std::move(step));
    return success();
  }

  /// The step that makes a row, which is read where no op has made it.
  size_t stepOf(Value value) {
    if (!isMade(value)) {
      RowStep step;
      step.rows = bind(value);
      step.element = elementOf(value);
      (void)make(value, step, step.rows);
    }
    return body.steps.lookup(value);
  }

  LogicalResult addStep(arith::AddFOp op) {
    if (!elementOf(op.getLhs()).isF32())
      return failure();
    RowStep step{RowStep::Kind::Add};
    step.a = stepOf(op.getLhs());
    step.b = stepOf(op.getRhs());
    return make(op.getResult(), step, rows);
  }

  /// The same step, written in another type.
  LogicalResult addStep(arith::TruncFOp op) {
    if (!elementOf(op.getIn()).isF32() || !elementOf(op.getOut()).isBF16() || op.getRoundingmode())
      return failure();
    size_t step = stepOf(op.getIn());
    body.steps[op.getOut()] = step;
    return success();
  }

  LogicalResult addStep(EmbeddingOp op) {
    if (!isRowElement(elementOf(op.getTable())))
      return failure();
    RowStep step{RowStep::Kind::Choose};
    step.rows = bind(op.getTable());
    step.element = elementOf(op.getTable());
    step.index = bind(op.getTokens());
    step.rowCount = cast<RankedTensorType>(op.getTable().getType()).getDimSize(0);
    return make(op.getResult(), step, step.index);
  }

  LogicalResult addStep(GatherRowsOp op) {
    FailureOr<size_t> chosen = choose(op.getX(), op.getRows());
    if (failed(chosen))
      return failure();
    body.steps[op.getResult()] = *chosen;
    return success();
  }

  LogicalResult addStep(MoeCombineOp op) {
    if (isMade(op.getY()))
      return failure();
    RowStep step{RowStep::Kind::Combine};
    step.rows = bind(op.getY());
    step.weights = bind(op.getWeights());
    step.topK = cast<RankedTensorType>(op.getWeights().getType()).getDimSize(1);
    if (ShapedType::isDynamic(step.topK))
      return failure();
    return make(op.getResult(), step, step.weights);
  }

  LogicalResult addStep(RmsNormOp op) {
    if (!isRowElement(elementOf(op.getWeight())))
      return failure();
    RowStep step{RowStep::Kind::Norm};
    if (op.getRows()) {
      FailureOr<size_t> chosen = choose(op.getX(), op.getRows());
      if (failed(chosen))
        return failure();
      step.a = *chosen;
    } else {
      step.a = stepOf(op.getX());
    }
    step.weights = bind(op.getWeight());
    step.element = elementOf(op.getWeight());
    step.epsilon = op.getEps().convertToDouble();
    return make(op.getResult(), step, rows);
  }

  /// The step that reads row numbers[n] of x, which another kernel has made.
  FailureOr<size_t> choose(Value x, Value numbers) {
    if (isMade(x) || !isRow(x) || !isRowElement(elementOf(x)))
      return failure();
    RowStep step{RowStep::Kind::Choose};
    step.rows = bind(x);
    step.element = elementOf(x);
    step.index = bind(numbers);
    if (rows < 0)
      rows = step.index;
    body.spec.steps.push_back(step);
    return body.spec.steps.size() - 1;
  }

  RowBody body;
  int64_t rows = -1;                   // binding of which the first extent is how many there are
};
} // namespace

std::optional<RowBody> hadal::cuda::matchRowBody(ArrayRef<Operation *> ops) {
  RowMatcher matcher;
  for (Operation *op : ops)
    if (failed(matcher.add(op)))
      return std::nullopt;
  return matcher.finish(ops);
}

std::optional<LaneBody> hadal::cuda::matchRows(ArrayRef<Operation *> ops) {
  std::optional<RowBody> rows = matchRowBody(ops);
  if (!rows)
    return std::nullopt;
  LaneBody body;
  body.operands = rows->operands;
  body.results = rows->results;
  body.constants = {{rows->rows, 0}};
  body.emit = [spec = rows->spec, steps = rows->steps,
               reads = rows->operands.size()](OpBuilder &builder, Location loc, StringRef name,
                                              ArrayRef<Value> written) mutable {
    spec.name = name.str();
    spec.bindings = int64_t(reads + written.size());
    for (auto [i, value] : llvm::enumerate(written))
      spec.outputs.push_back({steps.lookup(value), int64_t(reads + i), elementOf(value)});
    return emitRows(builder, loc, spec);
  };
  return body;
}
