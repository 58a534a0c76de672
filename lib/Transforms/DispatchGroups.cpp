// SPDX-License-Identifier: Apache-2.0
// Groups the ops of an entry point into the bodies of dispatches.
#include "DispatchGroups.h"

#include "hadal/Transforms/Passes.h"

using namespace mlir;
using namespace hadal;

namespace {
/// The ops of both groups, in the order of their block.
DispatchGroup merge(const DispatchGroup &a, const DispatchGroup &b) {
  DispatchGroup merged;
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(merged),
             [](Operation *x, Operation *y) { return x->isBeforeInBlock(y); });
  return merged;
}

/// Whether one of `ops`, or a region of it, is among the users of `value`.
bool isReadBy(Value value, ArrayRef<Operation *> ops) {
  return llvm::any_of(value.getUsers(), [&](Operation *user) {
    return llvm::is_contained(ops, ops.front()->getBlock()->findAncestorOpInBlock(*user));
  });
}

/// Whether `op` overwrites in place what one of `ops` reads.
bool overwritesOperandOf(Operation *op, ArrayRef<Operation *> ops) {
  auto inPlace = dyn_cast<DestinationStyleOpInterface>(op);
  return inPlace && llvm::any_of(inPlace.getDpsInits(),
                                 [&](Value destination) { return isReadBy(destination, ops); });
}

/// Whether the ops can run together where the last of them stands: nothing before
/// that wants their results or overwrites what they read.
bool canStandTogether(ArrayRef<Operation *> ops) {
  Operation *last = ops.back();
  Block *block = last->getBlock();
  SmallVector<Operation *> moved;
  for (Operation *op = ops.front(); op != last; op = op->getNextNode()) {
    if (llvm::is_contained(ops, op))
      moved.push_back(op);
    else if (overwritesOperandOf(op, moved))
      return false;
  }
  for (Operation *op : moved) {
    if (op->getAttr(kWhenAttrName) != last->getAttr(kWhenAttrName))
      return false;
    for (Operation *user : op->getUsers()) {
      user = block->findAncestorOpInBlock(*user);
      if (isa<TapOp>(user))
        continue; // it can stand later
      if (user->isBeforeInBlock(last) && !llvm::is_contained(ops, user))
        return false;
    }
  }
  return true;
}

class Grouping {
public:
  explicit Grouping(const Target &target) : target(target) {}

  /// Adds the next op, to the groups of what it reads if it can be.
  void add(Operation *op) {
    size_t own = groups.size();
    groups.push_back({op});
    groupOf[op] = own;
    // What was named last was mostly made for this op: a residual comes first.
    SmallVector<size_t> feeding;
    for (Value operand : llvm::reverse(op->getOperands()))
      if (auto it = groupOf.find(operand.getDefiningOp()); it != groupOf.end())
        if (!llvm::is_contained(feeding, it->second))
          feeding.push_back(it->second);
    bool hasJoined = feeding.size() > 1 && join(own, feeding);
    if (!hasJoined)
      for (size_t group : feeding)
        hasJoined |= join(own, group);
    // What stands before and has nothing to do with it, as far as targets put such side by side.
    for (size_t group = own; !hasJoined && group > 0 && own - group < kNear; --group)
      hasJoined = !groups[group - 1].empty() && join(own, group - 1, /*mayMove=*/true);
  }

  std::vector<DispatchGroup> take() {
    llvm::erase_if(groups, [](const DispatchGroup &group) { return group.empty(); });
    return std::move(groups);
  }

private:
  static constexpr size_t kNear = 4; // groups

  /// Moves an op behind `last` where it can stand there: all that it reads is made by then, and
  /// nobody in between reads what it overwrites.
  bool moveBehind(Operation *op, Operation *last) {
    if (op->getAttr(kWhenAttrName) != last->getAttr(kWhenAttrName))
      return false;
    for (Operation *between = last->getNextNode(); between != op; between = between->getNextNode())
      if (overwritesOperandOf(op, between))
        return false;
    SmallVector<Operation *> free; // that can stand anywhere
    for (Value operand : op->getOperands()) {
      Operation *maker = operand.getDefiningOp();
      if (auto it = groupOf.find(maker); it != groupOf.end())
        maker = groups[it->second].back(); // where it is made in the end
      if (!maker || maker->isBeforeInBlock(last))
        continue;
      if (maker->getNumOperands() != 0)
        return false;
      free.push_back(maker);
    }
    for (Operation *maker : free)
      maker->moveBefore(last);
    op->moveAfter(last);
    return true;
  }

  /// Takes the ops of other groups over, where all of them fuse. The last op of all may have to
  /// move to the others.
  bool join(size_t own, ArrayRef<size_t> others, bool mayMove = false) {
    DispatchGroup joined = groups[own];
    for (size_t other : others)
      joined = merge(groups[other], joined);
    if (!target.fuses(joined))
      return false;
    if (!canStandTogether(joined) &&
        !(mayMove && moveBehind(joined.back(), *(joined.end() - 2)) && canStandTogether(joined)))
      return false;
    for (size_t other : others)
      groups[other].clear();
    for (Operation *op : joined)
      groupOf[op] = own;
    groups[own] = std::move(joined);
    return true;
  }

  const Target &target;
  std::vector<DispatchGroup> groups; // as their last ops were added, those taken over empty
  llvm::DenseMap<Operation *, size_t> groupOf;
};

/// Whether an op gets a dispatch. What bodies carry has one only where something
/// else reads it.
bool isDispatched(Operation *op) {
  if (staysInEntry(op))
    return false;
  return !isCarried(op) || llvm::any_of(op->getUsers(), [&](Operation *user) {
    user = op->getBlock()->findAncestorOpInBlock(*user);
    return isa<ComputeOpInterface>(user) || (staysInEntry(user) && !isCarried(user));
  });
}

/// Copies the ops of a group, with arguments for what they read.
class BodyBuilder {
public:
  BodyBuilder(const DispatchGroup &group, DispatchBody &body)
      : group(group), body(body), loc(UnknownLoc::get(group.front()->getContext())),
        builder(group.front()->getContext()) {
    // The types follow, once it is known what is read.
    body.function = func::FuncOp::create(loc, "body", builder.getFunctionType({}, {}));
    isPlain = llvm::none_of(group, llvm::IsaPred<ComputeOpInterface>);
    block = body.function->addEntryBlock();
    builder.setInsertionPointToEnd(block);
  }

  LogicalResult build() {
    for (Operation *op : group)
      if (failed(copy(op)))
        return failure();
    SmallVector<Value> returned;
    for (Operation *op : llvm::reverse(group))
      for (Value result : op->getResults())
        if (result.use_empty() || llvm::any_of(result.getUsers(), [&](Operation *user) {
              return !llvm::is_contained(group, op->getBlock()->findAncestorOpInBlock(*user));
            })) {
          body.results.push_back(result);
          returned.push_back(mapping.lookup(result));
        }
    func::ReturnOp::create(builder, loc, returned);
    body.function->setFunctionType(builder.getFunctionType(
        block->getArgumentTypes(), llvm::to_vector(ValueRange(returned).getTypes())));
    return success();
  }

private:
  LogicalResult copy(Operation *op) {
    // An operand given twice is one argument each time: kernels bind by position.
    llvm::DenseMap<Value, unsigned> count;
    SmallVector<Value> operands;
    for (Value value : op->getOperands()) {
      unsigned occurrence = count[value]++;
      bool isArgument = !isLocal(value);
      if ((!isArgument || occurrence == 0) && !mapping.contains(value) &&
          failed(provide(op, value)))
        return failure();
      operands.push_back(isArgument && occurrence ? repeated(value, occurrence)
                                                  : mapping.lookup(value));
    }
    // What its regions read from outside comes after that.
    LogicalResult status = success();
    op->walk([&](Operation *inner) {
      for (Value value : inner->getOperands())
        if (inner != op && value.getParentBlock() == op->getBlock() && !mapping.contains(value) &&
            failed(provide(op, value)))
          status = failure();
    });
    if (failed(status))
      return failure();
    Operation *inner = builder.clone(*op, mapping);
    inner->setOperands(operands);
    inner->removeAttr(kWhenAttrName);
    inner->removeAttr(kValueAttrName);
    // The body is the same wherever in the model the op stood.
    inner->walk([&](Operation *each) { each->setLoc(loc); });
    inner->walk([&](Block *each) {
      for (BlockArgument argument : each->getArguments())
        argument.setLoc(loc);
    });
    return success();
  }

  /// Whether the body makes the value itself.
  bool isLocal(Value value) const {
    Operation *maker = value.getDefiningOp();
    return maker && (llvm::is_contained(group, maker) || maker->hasTrait<OpTrait::ConstantLike>() ||
                     (isPlain && isCarried(maker)));
  }

  /// Gives the body a value from outside: a constant, or an argument.
  LogicalResult provide(Operation *op, Value value) {
    if (isLocal(value)) {
      Operation *maker = value.getDefiningOp();
      for (Value operand : maker->getOperands())
        if (!mapping.contains(operand) && failed(provide(op, operand)))
          return failure();
      Operation *carried = builder.clone(*maker, mapping);
      carried->removeAttr(kWhenAttrName);
      carried->removeAttr(kValueAttrName);
      carried->walk([&](Operation *each) { each->setLoc(loc); });
      return success();
    }
    if (!isa<RankedTensorType>(value.getType()))
      return op->emitOpError()
             << "expected ranked tensors or constants where a kernel computes, got "
             << value.getType();
    mapping.map(value, argument(value));
    return success();
  }

  Value argument(Value value) {
    body.operands.push_back(value);
    return block->addArgument(value.getType(), loc);
  }

  Value repeated(Value value, unsigned occurrence) {
    Value &again = repeats[{value, occurrence}];
    if (!again)
      again = argument(value);
    return again;
  }

  const DispatchGroup &group;
  DispatchBody &body;
  Location loc;
  OpBuilder builder;
  Block *block = nullptr;
  bool isPlain = false; // whether none of the ops is of the dialect
  IRMapping mapping;
  llvm::DenseMap<std::pair<Value, unsigned>, Value> repeats;
};
} // namespace

std::vector<DispatchGroup> hadal::formDispatchGroups(Block &block, const Target &target) {
  Grouping grouping(target);
  for (Operation &op : llvm::make_early_inc_range(block))
    if (isDispatched(&op))
      grouping.add(&op);
  return grouping.take();
}

FailureOr<DispatchBody> hadal::makeDispatchBody(const DispatchGroup &group) {
  DispatchBody body;
  if (failed(BodyBuilder(group, body).build()))
    return failure();
  return body;
}
