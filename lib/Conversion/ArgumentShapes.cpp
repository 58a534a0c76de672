// SPDX-License-Identifier: Apache-2.0
// Makes checks of arguments of what ops want of extents.
#include "ArgumentShapes.h"

using namespace mlir;
using namespace hadal;

std::optional<ArgumentShapes::Axis> ArgumentShapes::axisOf(const Extent &extent) {
  auto of = extent.unit && extent.factor == 1 && extent.constant == 0
                ? extent.unit.getDefiningOp<plan::ExtentOp>()
                : plan::ExtentOp();
  return of ? std::optional(Axis(of.getArgument(), of.getAxis())) : std::nullopt;
}

std::optional<ArgumentShapes::Axis> ArgumentShapes::findAxis(Value expression) {
  Operation *op = expression ? expression.getDefiningOp() : nullptr;
  if (!op)
    return std::nullopt;
  if (auto of = dyn_cast<plan::ExtentOp>(op))
    return Axis(of.getArgument(), of.getAxis());
  for (Value operand : op->getOperands())
    if (std::optional<Axis> found = findAxis(operand))
      return found;
  return std::nullopt;
}

Extent ArgumentShapes::canonical(Extent extent) {
  while (extent.unit) {
    std::optional<Axis> axis = axisOf(Extent::of(extent.unit));
    auto it = axis ? wanted.find(*axis) : wanted.end();
    if (it == wanted.end() || !it->second.equal)
      break;
    const Extent &same = *it->second.equal;
    Extent next = same.times(extent.factor);
    if (!next.isKnown || llvm::AddOverflow(next.constant, extent.constant, next.constant))
      break;
    extent = next;
  }
  return extent;
}

bool ArgumentShapes::bind(Axis axis, const Extent &extent) {
  Wanted &of = wanted[axis];
  of.equal = extent;
  // What was said of it before is said of the other now.
  SmallVector<Requirement> others = std::move(of.others);
  of.others.clear();
  return llvm::all_of(others, [&](const Requirement &other) { return require(other); });
}

bool ArgumentShapes::require(const Requirement &requirement) {
  if (!requirement.first.isKnown || !requirement.second.isKnown)
    return true;
  Extent a = canonical(requirement.first), b = canonical(requirement.second);
  if (a.unit == b.unit && a.factor == b.factor)
    return requirement.areEqual ? a.constant == b.constant : a.constant <= b.constant;
  std::optional<Axis> first = axisOf(a), second = axisOf(b);
  if (requirement.areEqual && (first || second) && a.unit != b.unit) {
    // The later argument is as the one before it says.
    bool isFirst = first && (!second || *second < *first);
    return bind(isFirst ? *first : *second, isFirst ? b : a);
  }
  std::optional<Axis> axis = second ? second : first ? first : findAxis(b.unit);
  if (!axis)
    axis = findAxis(a.unit);
  if (!axis)
    return !requirement.areEqual; // a matter of dims that the session has
  wanted[*axis].others.push_back({a, b, requirement.areEqual});
  return true;
}

Value ArgumentShapes::write(Axis axis, Value given) {
  const Wanted &of = wanted[axis];
  Value size = of.equal ? exprs.extent(*of.equal) : given;
  for (const Requirement &other : of.others) {
    Value a = exprs.extent(other.first), b = exprs.extent(other.second);
    if (!other.areEqual && axisOf(other.second) == axis) {
      size = exprs.expr(plan::ExprKind::Max, size, a);
    } else if (!other.areEqual && axisOf(other.first) == axis) {
      size = exprs.expr(plan::ExprKind::Min, size, b);
    } else {
      // By how much it is missed, the argument is wrong.
      Value missed = exprs.expr(plan::ExprKind::Sub, a, b);
      if (!other.areEqual)
        missed = exprs.expr(plan::ExprKind::Max, missed, exprs.constant(0));
      size = exprs.expr(plan::ExprKind::Add, size, missed);
    }
  }
  return size;
}

void ArgumentShapes::write(ArrayRef<plan::ArgumentOp> arguments) {
  for (plan::ArgumentOp argument : arguments) {
    unsigned next = 0;
    auto type = cast<RankedTensorType>(argument.getType());
    for (int64_t axis = 0; axis < type.getRank(); ++axis) {
      if (!type.isDynamicDim(axis))
        continue;
      OpOperand &size = argument.getSizesMutable()[next++];
      if (Axis of(argument.getIndex(), axis); wanted.count(of))
        size.set(write(of, size.get()));
    }
  }
}
