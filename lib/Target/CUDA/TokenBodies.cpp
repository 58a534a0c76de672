// SPDX-License-Identifier: Apache-2.0
// Which ops about the tokens of a step are parts of one kernel.
#include "KernelFrame.h"
#include "LaneBodies.h"

#include "hadal/Target/CUDA/TokenKernels.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
Type elementOf(Value value) { return typeOf(value).getElementType(); }
bool isWritten(Type element) { return element.isF32() || element.isBF16(); }

class TokenMatcher {
public:
  LogicalResult add(RopeOp op) {
    RopeSpec spec;
    spec.heads = int64_t(op.getHeads());
    spec.rope = 2 * typeOf(op.getCos()).getDimSize(1);
    spec.nope = typeOf(op.getX()).getDimSize(1) / spec.heads - spec.rope;
    spec.interleaved = op.getInterleaved();
    spec.table = elementOf(op.getCos());
    spec.result = elementOf(op.getResult());
    if (!isRowElement(spec.table) || !isWritten(spec.result) || made.contains(op.getX()))
      return failure();
    TokenPart part;
    part.rope = spec;
    bind(part, {op.getX(), op.getPositions(), op.getCos(), op.getSin()});
    written.push_back({parts.size(), op.getResult()});
    take(part, op.getPositions(), 0);
    return finish(std::move(part), op);
  }

  LogicalResult add(MlaAppendOp op) {
    AppendSpec spec;
    spec.latent = typeOf(op.getWeight()).getDimSize(0);
    spec.rope = 2 * typeOf(op.getCos()).getDimSize(1);
    spec.pageSize = typeOf(op.getCache()).getDimSize(1);
    spec.epsilon = op.getEps().convertToDouble();
    spec.interleaved = op.getInterleaved();
    spec.weight = elementOf(op.getWeight());
    spec.table = elementOf(op.getCos());
    spec.cache = elementOf(op.getCache());
    if (!isRowElement(spec.weight) || !isRowElement(spec.table) || !isWritten(spec.cache) ||
        ShapedType::isDynamic(spec.pageSize) || !isRowWidth(spec.latent) ||
        made.contains(op.getKv()))
      return failure();
    TokenPart part;
    part.append = spec;
    bind(part, {op.getKv(), op.getWeight(), op.getCos(), op.getSin(), op.getPositions(),
                op.getSequenceOffsets(), op.getSlots(), op.getBlockTable()});
    destinations.push_back({parts.size(), op.getCache()});
    take(part, op.getPositions(), 0);
    take(part, op.getSlots(), 0);
    take(part, op.getBlockTable(), 1);
    return finish(std::move(part), op);
  }

  LogicalResult addRows(ArrayRef<Operation *> ops) {
    std::optional<RowBody> rows = matchRowBody(ops);
    if (!rows || llvm::any_of(rows->operands, [&](Value x) { return made.contains(x); }) ||
        llvm::any_of(rows->results, [&](Value x) { return operands.contains(x); }))
      return failure();
    TokenPart part;
    part.rows = rows->spec;
    bind(part, rows->operands);
    take(part, rows->rows, 0);
    for (Value result : rows->results)
      written.push_back({parts.size(), result});
    rowSteps = rows->steps;
    parts.push_back(std::move(part));
    for (Operation *op : ops)
      made.insert(op->getResult(0));
    return success();
  }

  LaneBody take() {
    LaneBody body;
    body.operands.assign(operands.begin(), operands.end());
    for (auto [part, destination] : destinations) {
      parts[part].bindings.push_back(int64_t(operands.size() + body.destinations.size()));
      body.destinations.push_back(destination);
    }
    for (auto [part, result] : written)
      body.results.push_back(result);
    body.constants = constants;
    size_t before = operands.size() + destinations.size();
    body.emit = [parts = parts, written = written, steps = rowSteps,
                 before](OpBuilder &builder, Location loc, StringRef name,
                         ArrayRef<Value> returned) mutable {
      TokenSpec spec;
      spec.name = name.str();
      spec.bindings = int64_t(before + returned.size());
      spec.parts = parts;
      for (auto [i, value] : llvm::enumerate(returned))
        for (auto [number, result] : written)
          if (result == value) {
            TokenPart &part = spec.parts[number];
            if (part.rows)
              part.rows->outputs.push_back(
                  {steps.lookup(value), int64_t(part.bindings.size()), elementOf(value)});
            part.bindings.push_back(int64_t(before + i));
          }
      return emitTokens(builder, loc, spec);
    };
    return body;
  }

private:
  LogicalResult finish(TokenPart part, Operation *op) {
    parts.push_back(std::move(part));
    made.insert(op->getResult(0));
    return success();
  }

  void bind(TokenPart &part, ArrayRef<Value> values) {
    for (Value value : values) {
      operands.insert(value);
      part.bindings.push_back(llvm::find(operands.getArrayRef(), value) -
                              operands.getArrayRef().begin());
    }
  }

  void take(TokenPart &part, Value value, int64_t axis) {
    std::pair<Value, int64_t> constant(value, axis);
    auto *it = llvm::find(constants, constant);
    if (it == constants.end())
      it = constants.insert(it, constant);
    part.constants.push_back(it - constants.begin());
  }

  llvm::SetVector<Value> operands;
  SmallVector<std::pair<Value, int64_t>> constants;
  std::vector<TokenPart> parts;
  std::vector<std::pair<size_t, Value>> destinations, written; // of parts
  llvm::DenseMap<Value, size_t> rowSteps;
  llvm::DenseSet<Value> made;
};
} // namespace

std::optional<LaneBody> hadal::cuda::matchTokens(ArrayRef<Operation *> ops) {
  TokenMatcher matcher;
  SmallVector<Operation *> rows;
  unsigned ropes = 0, appends = 0;
  for (Operation *op : ops) {
    if (auto rope = dyn_cast<RopeOp>(op)) {
      if (ropes++ || failed(matcher.add(rope)))
        return std::nullopt;
    } else if (auto append = dyn_cast<MlaAppendOp>(op)) {
      if (appends++ || failed(matcher.add(append)))
        return std::nullopt;
    } else {
      rows.push_back(op);
    }
  }
  if (ropes + appends == 0 || (!rows.empty() && failed(matcher.addRows(rows))))
    return std::nullopt;
  return matcher.take();
}
