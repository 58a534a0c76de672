// SPDX-License-Identifier: Apache-2.0
// Emits a linalg.generic as loops over scalars, or vectors along one of its loops.
//
// Parallel loops are outside, sums inside in the order of their index, carried as values. Where
// elements lie side by side along a loop, it goes in steps of as many lanes: along a parallel loop
// each lane is an element; along a sum each lane is a partial one.
#include "FlatEmitter.h"
#include "FlatLanes.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace hadal;

namespace {
/// How elements that an operand gives lie along a loop.
enum class Along { Same, Neighbours, Apart };

class GenericEmitter {
public:
  GenericEmitter(linalg::GenericOp op, FlatEmitter &emitter)
      : op(op), emitter(emitter), b(emitter.builder), position(op.getNumLoops()) {}

  LogicalResult run() {
    if (failed(collect()))
      return failure();
    chooseLanes();
    Value isInside; // else nothing is written
    for (unsigned i = op.getNumDpsInputs(), e = op->getNumOperands(); i < e; ++i)
      isInside = b.both(isInside, views[i].isInside);
    b.doIf(isInside, [&] { overParallel(0); });
    return status;
  }

private:
  // ---- What there is -----------------------------------------------------------
  LogicalResult collect();
  Along along(unsigned operand, unsigned loop);
  unsigned countApart(unsigned loop);
  void chooseLanes();
  Operation *findCombiner(unsigned result);

  // ---- Loops -------------------------------------------------------------------
  void overParallel(size_t next);
  void element(int64_t count);
  SmallVector<Value> sum(size_t next, SmallVector<Value> sums, int64_t count);
  SmallVector<Value> sumInLanes(unsigned loop, SmallVector<Value> sums);
  SmallVector<Value> body(ValueRange sums, int64_t count);

  Value address(unsigned operand, int64_t lane = 0);
  Value load(unsigned operand, int64_t count);
  /// The part of a loop that goes in whole steps of lanes.
  Value wholeSteps(Value size) {
    Value step = b.index(lanes);
    return b.mul(b.div(size, step), step);
  }

  linalg::GenericOp op;
  FlatEmitter &emitter;
  FlatBuilder &b;
  LogicalResult status = success();
  SmallVector<FlatView> views; // of operands; those of scalars are empty
  SmallVector<AffineMap> maps; // of operands
  SmallVector<Value> sizes;    // of loops
  SmallVector<unsigned> parallel, reduction;
  SmallVector<Value> position; // where each loop is
  std::optional<unsigned> laneLoop;
  int64_t lanes = 1;
};

LogicalResult GenericEmitter::collect() {
  for (Value operand : op->getOperands()) {
    views.emplace_back();
    if (!isa<MemRefType>(operand.getType()))
      continue;
    FailureOr<FlatView> view = emitter.view(operand, op);
    if (failed(view))
      return failure();
    views.back() = *view;
  }
  maps = op.getIndexingMapsArray();
  sizes.resize(op.getNumLoops());
  for (auto [map, view] : llvm::zip_equal(maps, views))
    for (auto [axis, expr] : llvm::enumerate(map.getResults()))
      if (auto loop = dyn_cast<AffineDimExpr>(expr); loop && !sizes[loop.getPosition()])
        sizes[loop.getPosition()] = view.sizes[axis];
  for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (!sizes[loop])
      return op.emitOpError() << "has no flat form: expected an operand that tells the extent of "
                                 "loop "
                              << loop << ", found none";
    (kind == utils::IteratorType::parallel ? parallel : reduction).push_back(loop);
  }
  return success();
}

Along GenericEmitter::along(unsigned operand, unsigned loop) {
  AffineMap map = maps[operand];
  Along result = Along::Same;
  for (auto [axis, expr] : llvm::enumerate(map.getResults())) {
    if (!expr.isFunctionOfDim(loop))
      continue;
    bool isNext = isa<AffineDimExpr>(expr) && result == Along::Same &&
                  isConstantIntValue(views[operand].strides[axis], 1);
    result = isNext ? Along::Neighbours : Along::Apart;
  }
  return result;
}

/// How many elements lanes along the loop look for one by one: of inputs, and of what
/// the region loads.
unsigned GenericEmitter::countApart(unsigned loop) {
  unsigned count = 0;
  llvm::DenseSet<Value> grows, differs;
  for (unsigned i = 0, e = op->getNumOperands(); i < e; ++i) {
    Along how = along(i, loop);
    count += how == Along::Apart;
    if (how != Along::Same)
      differs.insert(op.getBody()->getArgument(i));
  }
  for (Operation &inner : op.getBody()->without_terminator()) {
    auto isIn = [](const llvm::DenseSet<Value> &set) {
      return [&set](Value value) { return set.contains(value); };
    };
    auto index = dyn_cast<linalg::IndexOp>(inner);
    bool anyGrows = llvm::any_of(inner.getOperands(), isIn(grows));
    bool anyDiffers = llvm::any_of(inner.getOperands(), isIn(differs));
    if ((index && index.getDim() == loop) ||
        (anyGrows && !anyDiffers && isa<arith::AddIOp, arith::IndexCastOp>(inner))) {
      grows.insert(inner.getResult(0));
      continue;
    }
    if (!anyGrows && !anyDiffers)
      continue;
    differs.insert(inner.result_begin(), inner.result_end());
    if (auto load = dyn_cast<memref::LoadOp>(inner))
      count += anyDiffers || !grows.contains(load.getIndices().back()) ||
               llvm::any_of(load.getIndices().drop_back(), isIn(grows));
  }
  return count;
}

/// The op that adds to a result's sum, where that is all that is done with it.
Operation *GenericEmitter::findCombiner(unsigned result) {
  BlockArgument sum = op.getRegionOutputArgs()[result];
  Operation *combiner = op.getBody()->getTerminator()->getOperand(result).getDefiningOp();
  if (!combiner || combiner->getBlock() != op.getBody() || !sum.hasOneUse() ||
      *sum.getUsers().begin() != combiner || combiner->getNumOperands() != 2 ||
      !combiner->getResult(0).hasOneUse() || !arith::getNeutralElement(combiner))
    return nullptr;
  return combiner;
}

void GenericEmitter::chooseLanes() {
  for (Operation &inner : op.getBody()->without_terminator())
    if (inner.getNumRegions() != 0)
      return; // control flow that differs between lanes
  auto resultsAlong = [&](unsigned loop) {
    for (unsigned i = op.getNumDpsInputs(), e = op->getNumOperands(); i < e; ++i)
      if (along(i, loop) != Along::Neighbours)
        return false;
    return true;
  };
  SmallVector<unsigned> candidates;
  llvm::copy_if(parallel, std::back_inserter(candidates), resultsAlong);
  bool isSum = !reduction.empty();
  for (unsigned i = 0, e = op.getNumDpsInits(); i < e; ++i)
    isSum = isSum && findCombiner(i) && !isNarrow(op.getRegionOutputArgs()[i].getType());
  if (isSum)
    candidates.push_back(reduction.back());
  unsigned least = ~0u;
  for (unsigned loop : candidates) {
    std::optional<int64_t> size = getConstantIntValue(sizes[loop]);
    int64_t most = emitter.lanes;
    while (size && most > *size)
      most /= 2;
    if (unsigned apart = most > 1 ? countApart(loop) : ~0u; apart < least) {
      least = apart;
      laneLoop = loop;
      lanes = most;
    }
  }
}

// ---- Loops ---------------------------------------------------------------------

void GenericEmitter::overParallel(size_t next) {
  if (next == 0 && laneLoop)
    if (auto it = llvm::find(parallel, *laneLoop); it != parallel.end()) {
      parallel.erase(it);
      parallel.push_back(*laneLoop);
    }
  if (next == parallel.size())
    return element(1);
  unsigned loop = parallel[next];
  bool inLanes = laneLoop == loop;
  Value whole = inLanes ? wholeSteps(sizes[loop]) : b.index(0);
  if (inLanes)
    b.loop(b.index(0), whole, b.index(lanes), {}, [&](Value iv, ValueRange) {
      position[loop] = iv;
      element(lanes);
      return SmallVector<Value>();
    });
  b.loop(whole, sizes[loop], b.index(1), {}, [&](Value iv, ValueRange) {
    position[loop] = iv;
    overParallel(next + 1);
    return SmallVector<Value>();
  });
}

/// One element of each result, or `count` neighbours.
void GenericEmitter::element(int64_t count) {
  unsigned first = op.getNumDpsInputs();
  SmallVector<Value> sums;
  for (unsigned i = 0, e = op.getNumDpsInits(); i < e; ++i) {
    if (reduction.empty() && op.getRegionOutputArgs()[i].use_empty()) {
      sums.push_back(Value());
      continue;
    }
    Value fill = emitter.filledWith(op.getDpsInits()[i]);
    if (fill && count > 1)
      fill = broadcastLanes(b, fill, count);
    sums.push_back(fill ? fill : load(first + i, count));
  }
  SmallVector<Value> results = reduction.empty() ? body(sums, count) : sum(0, sums, count);
  if (failed(status))
    return;
  for (auto [i, result] : llvm::enumerate(results))
    b.store(views[first + i], result, address(first + i));
}

SmallVector<Value> GenericEmitter::sum(size_t next, SmallVector<Value> sums, int64_t count) {
  unsigned loop = reduction[next];
  bool isLast = next + 1 == reduction.size();
  Value begin = b.index(0);
  if (laneLoop == loop) {
    sums = sumInLanes(loop, sums);
    if (!getConstantIntValue(sizes[loop]))
      return sums; // all of it
    begin = wholeSteps(sizes[loop]);
  }
  return b.loop(begin, sizes[loop], b.index(1), sums, [&](Value iv, ValueRange carried) {
    position[loop] = iv;
    return isLast ? body(carried, count) : sum(next + 1, llvm::to_vector(carried), count);
  });
}

/// Adds what goes in whole steps: partial sums in lanes, then these in halves. Where
/// only the host knows how much there is, the rest goes to the lanes that would be its:
/// then it makes no difference how much follows that adds nothing.
SmallVector<Value> GenericEmitter::sumInLanes(unsigned loop, SmallVector<Value> sums) {
  SmallVector<Value> partial;
  SmallVector<Operation *> combiners;
  for (auto [i, sum] : llvm::enumerate(sums)) {
    combiners.push_back(findCombiner(i));
    Value neutral = arith::ConstantOp::create(b, *arith::getNeutralElement(combiners.back()));
    partial.push_back(broadcastLanes(b, neutral, lanes));
  }
  partial = b.loop(b.index(0), wholeSteps(sizes[loop]), b.index(lanes), partial,
                   [&](Value iv, ValueRange carried) {
                     position[loop] = iv;
                     return body(carried, lanes);
                   });
  if (!getConstantIntValue(sizes[loop])) {
    Value whole = wholeSteps(sizes[loop]);
    partial = b.loop(whole, sizes[loop], b.index(1), partial, [&](Value iv, ValueRange carried) {
      position[loop] = iv;
      OpFoldResult lane = b.sub(iv, whole);
      SmallVector<Value> own, next;
      for (Value each : carried)
        own.push_back(vector::ExtractOp::create(b, each, lane));
      for (auto [each, added] : llvm::zip_equal(carried, body(own, 1)))
        next.push_back(vector::InsertOp::create(b, added, each, lane));
      return next;
    });
  }
  if (failed(status))
    return sums;
  for (auto [sum, lanesOf, combiner] : llvm::zip_equal(sums, partial, combiners)) {
    auto combine = [&, combiner = combiner](Value a, Value c) {
      OperationState state(b.getLoc(), combiner->getName(), ValueRange{a, c},
                           TypeRange(a.getType()), combiner->getAttrs());
      return b.create(state)->getResult(0);
    };
    sum = combine(sum, reduceLanes(b, lanesOf, combine));
  }
  return sums;
}

/// What the region yields where the loops are, for one element or `count` lanes.
SmallVector<Value> GenericEmitter::body(ValueRange sums, int64_t count) {
  LaneEmitter lane(emitter, count);
  unsigned first = op.getNumDpsInputs();
  for (BlockArgument argument : op.getBody()->getArguments()) {
    unsigned i = argument.getArgNumber();
    if (argument.use_empty())
      continue;
    Value value = i >= first ? sums[i - first]
                  : isa<MemRefType>(op->getOperand(i).getType())
                      ? load(i, count)
                      : emitter.scalar(op->getOperand(i));
    lane.define(argument, value);
  }
  for (Operation &inner : op.getBody()->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      bool isAlong = count > 1 && laneLoop == index.getDim();
      lane.defineIndex(index.getResult(), position[index.getDim()], isAlong);
    } else if (succeeded(status)) {
      status = lane.emit(&inner);
    }
  }
  if (failed(status))
    return llvm::to_vector(sums);
  return llvm::map_to_vector(op.getBody()->getTerminator()->getOperands(),
                             [&](Value yielded) { return lane.get(yielded); });
}

// ---- Elements ------------------------------------------------------------------

Value GenericEmitter::address(unsigned operand, int64_t lane) {
  SmallVector<Value> where(position);
  if (lane)
    where[*laneLoop] = b.add(where[*laneLoop], b.index(lane));
  for (Value &value : where)
    if (!value)
      value = b.index(0); // a loop that the operand is not about
  AffineMap map = maps[operand];
  auto indices = llvm::map_to_vector(map.getResults(), [&](AffineExpr expr) {
    return affine::expandAffineExpr(b, b.getLoc(), expr, where, {});
  });
  return b.addressOf(views[operand], indices);
}

Value GenericEmitter::load(unsigned operand, int64_t count) {
  if (count == 1)
    return b.load(views[operand], address(operand));
  switch (along(operand, *laneLoop)) {
  case Along::Same: return b.load(views[operand], address(operand));
  case Along::Neighbours: return b.load(views[operand], address(operand), count);
  case Along::Apart: break;
  }
  SmallVector<Value> addresses;
  for (int64_t lane = 0; lane < count; ++lane)
    addresses.push_back(address(operand, lane));
  return b.gather(views[operand], addresses);
}
} // namespace

LogicalResult hadal::emitLoopsOf(linalg::GenericOp op, FlatEmitter &emitter) {
  return GenericEmitter(op, emitter).run();
}
