// SPDX-License-Identifier: Apache-2.0
// Which ops are steps of one kernel of rows.
#include "LaneBodies.h"

#include "hadal/Target/CUDA/RowKernels.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

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

  std::optional<LaneBody> finish(ArrayRef<Operation *> ops) {
    // Ops of other dialects alone are fused best with their like. Those that are left over by
    // themselves are in an executable.
    bool isOfDialect = llvm::any_of(ops, llvm::IsaPred<ComputeOpInterface>);
    if (!isRowWidth(spec.width) || !(isOfDialect || ops.front()->getParentOfType<ExecutableOp>()))
      return std::nullopt;
    body.rows = body.operands[size_t(rows)];
    for (Operation *op : ops)
      body.results.push_back(op->getResult(0));
    auto emit = [spec = spec, steps = steps,
                 reads = body.operands.size()](OpBuilder &builder, Location loc, StringRef name,
                                               ArrayRef<Value> written) mutable {
      spec.name = name.str();
      spec.bindings = int64_t(reads + written.size());
      for (auto [i, value] : llvm::enumerate(written))
        spec.outputs.push_back({steps.lookup(value), int64_t(reads + i), elementOf(value)});
      return emitRows(builder, loc, spec);
    };
    body.emit = std::move(emit);
    return std::move(body);
  }

private:
  /// Whether a value is of rows of the kernel's width, that of the first.
  bool isRow(Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type || type.getRank() != 2 || type.isDynamicDim(1) || type.getEncoding() ||
        !(type.getElementType().isF32() || type.getElementType().isBF16()))
      return false;
    if (spec.width == 0)
      spec.width = type.getDimSize(1);
    return spec.width == type.getDimSize(1);
  }

  int64_t bind(Value value) {
    auto *it = llvm::find(body.operands, value);
    if (it == body.operands.end())
      it = body.operands.insert(it, value);
    return it - body.operands.begin();
  }

  bool isMade(Value value) const { return steps.contains(value); }

  LogicalResult make(Value result, RowStep step, int64_t rowsFrom) {
    // All are of the rows of the first.
    if (rows < 0)
      rows = rowsFrom;
    steps[result] = spec.steps.size();
    spec.steps.push_back(std::move(step));
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
    return steps.lookup(value);
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
    steps[op.getOut()] = step;
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
    steps[op.getResult()] = *chosen;
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
    spec.steps.push_back(step);
    return spec.steps.size() - 1;
  }

  RowSpec spec;
  LaneBody body;
  llvm::DenseMap<Value, size_t> steps; // that make them
  int64_t rows = -1;                   // binding of which the first extent is how many there are
};
} // namespace

std::optional<LaneBody> hadal::cuda::matchRows(ArrayRef<Operation *> ops) {
  RowMatcher matcher;
  for (Operation *op : ops)
    if (failed(matcher.add(op)))
      return std::nullopt;
  return matcher.finish(ops);
}
