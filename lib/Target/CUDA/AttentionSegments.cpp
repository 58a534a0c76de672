// SPDX-License-Identifier: Apache-2.0
// Emits which segments of a context a workgroup has, and the way up the tree of their results.
#include "AttentionSegments.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

constexpr int64_t kBitsOfWord = 32;

tile::GlobalType AttentionSegments::workspaceType(MLIRContext *context,
                                                  const AttentionProgram &program) {
  return tile::GlobalType::get(context, {ShapedType::kDynamic, program.keptNumbers},
                               Float32Type::get(context), tile::Order::Rows);
}

Value AttentionSegments::segmentsOf(Value keys) {
  return b.div(b.add(keys, b.constant(program.segment - 1)), program.segment);
}

/// Of what is at least one: how many times it can be halved, rounded up, until one is left.
Value AttentionSegments::log2OfCeiling(Value number) {
  Value zeros = math::CountLeadingZerosOp::create(b, b.sub(number, b.constant(1)));
  return b.sub(b.constant(kBitsOfWord), zeros);
}

Value AttentionSegments::shl(Value x, Value y) { return arith::ShLIOp::create(b, x, y); }
Value AttentionSegments::shr(Value x, Value y) { return arith::ShRUIOp::create(b, x, y); }
/// As the interface says how many runs there are, and what is kept of them.
AttentionSegments::Walk AttentionSegments::load() {
  Place at = place();
  Value most = b.constant(AttentionProgram::kLevelsOfWorkgroups);
  Value segments = segmentsOf(at.context);
  Value apart = b.sub(most, b.least(log2OfCeiling(at.pairs), most));
  Walk walk;
  walk.levels = arith::MaxSIOp::create(b, b.sub(log2OfCeiling(segments), apart), b.constant(0));
  Value least = b.sub(shl(b.constant(1), walk.levels), b.constant(1));
  walk.runs = shr(b.add(segments, least), walk.levels);
  walk.pair = at.pair;
  walk.count = segmentsOf(at.keys);
  return walk;
}

Value AttentionSegments::exist() {
  Walk walk = load();
  Value first = shl(b.workgroup(gpu::Dimension::z), walk.levels);
  return b.compare(arith::CmpIPredicate::slt, first, walk.count);
}

std::pair<Value, Attended> AttentionSegments::attend(ArrayRef<Type> state,
                                                     function_ref<Attended(Value)> attendSegment) {
  SmallVector<Type> types{b.getI32Type(), b.getI1Type()};
  llvm::append_range(types, state);
  Value first = shl(b.workgroup(gpu::Dimension::z), load().levels);
  auto loop = scf::WhileOp::create(b, types, first);
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, b.getI32Type(), b.getLoc());
  Value segment = before->getArgument(0);
  Attended own = attendSegment(segment);
  Walk walk = load();
  auto [isAll, all] = merge(walk, segment, own);
  Value next = b.add(segment, b.constant(1));
  Value end = shl(b.add(b.workgroup(gpu::Dimension::z), b.constant(1)), walk.levels);
  Value isMore = b.compare(arith::CmpIPredicate::slt, next, b.least(end, walk.count));
  SmallVector<Value> results{next, isAll};
  llvm::append_range(results, all.flat());
  scf::ConditionOp::create(b, isMore, results);
  Block *after =
      b.createBlock(&loop.getAfter(), {}, types, SmallVector<Location>(types.size(), b.getLoc()));
  scf::YieldOp::create(b, after->getArgument(0));
  return {loop.getResult(1), Attended::of(loop.getResults().drop_front(2))};
}

/// Up the tree, as far as neighbours have come.
std::pair<Value, Attended> AttentionSegments::merge(const Walk &walk, Value segment,
                                                    const Attended &own) {
  SmallVector<Value> begin{b.constant(0), arith::ConstantOp::create(b, b.getBoolAttr(true))};
  llvm::append_range(begin, own.flat());
  SmallVector<Type> types(ValueRange(begin).getTypes());
  SmallVector<Location> locations(types.size(), b.getLoc());
  auto loop = scf::WhileOp::create(b, types, begin);
  OpBuilder::InsertionGuard guard(b);
  Block *before = b.createBlock(&loop.getBefore(), {}, types, locations);
  Value width = shl(b.constant(1), before->getArgument(0));
  Value isBelow = b.compare(arith::CmpIPredicate::slt, width, walk.count);
  Value goesOn = arith::AndIOp::create(b, before->getArgument(1), isBelow);
  scf::ConditionOp::create(b, goesOn, before->getArguments());
  Block *after = b.createBlock(&loop.getAfter(), {}, types, locations);
  Node node;
  node.level = after->getArgument(0);
  Value number = shr(segment, node.level);
  node.begin = shl(number, node.level);
  node.other = shl(arith::XOrIOp::create(b, number, b.constant(1)), node.level);
  SmallVector<Value> same(after->getArguments().drop_front());
  Value hasOther = b.compare(arith::CmpIPredicate::slt, node.other, walk.count);
  SmallVector<Value> next{b.add(node.level, b.constant(1))};
  llvm::append_range(next, b.onlyIf(hasOther, same, [&] {
    return meet(walk, node, Attended::of(ValueRange(same).drop_front()));
  }));
  scf::YieldOp::create(b, next);
  ValueRange results = loop.getResults();
  return {results[1], Attended::of(results.drop_front(2))};
}

/// A run has a row for each level of its own, of which it keeps one node at most, and one for the node that it is.
Value AttentionSegments::rowOf(const Walk &walk, const Node &node, Value begin) {
  Value ofRun = b.add(walk.levels, b.constant(1));
  Value run = b.add(b.mul(walk.pair, walk.runs), shr(begin, walk.levels));
  return b.add(b.mul(run, ofRun), b.least(node.level, walk.levels));
}

SmallVector<Value> AttentionSegments::meet(const Walk &walk, const Node &node,
                                           const Attended &own) {
  using arith::CmpIPredicate;
  Value isShared = b.compare(CmpIPredicate::sge, node.level, walk.levels);
  Value isLeft = b.compare(CmpIPredicate::slt, node.begin, node.other);
  Value isRight = b.compare(CmpIPredicate::slt, node.other, node.begin);
  b.onlyIf(arith::OrIOp::create(b, isShared, isLeft),
           [&] { tile::KeepOp::create(b, own.flat(), workspace, rowOf(walk, node, node.begin)); });
  // Who has both comes to the right one second. Others have a bit, of the run that it begins with.
  Value isSecond = b.onlyIf(isShared, isRight, [&] {
    Value right = shr(arith::MaxSIOp::create(b, node.begin, node.other), walk.levels);
    Value words = b.div(b.add(walk.runs, b.constant(kBitsOfWord - 1)), kBitsOfWord);
    Value word = b.add(b.mul(walk.pair, words), b.div(right, kBitsOfWord));
    Value bit = arith::AndIOp::create(b, right, b.constant(kBitsOfWord - 1));
    return SmallVector<Value>{tile::MeetOp::create(b, b.getI1Type(), workspace, word, bit)};
  })[0];
  SmallVector<Value> first{arith::ConstantOp::create(b, b.getBoolAttr(false))};
  llvm::append_range(first, own.flat());
  return SmallVector<Value>(b.onlyIf(isSecond, first, [&] {
    SmallVector<Value> both{arith::ConstantOp::create(b, b.getBoolAttr(true))};
    llvm::append_range(both, add(rowOf(walk, node, node.other), own).flat());
    return both;
  }));
}

/// The same numbers whichever of the two was kept.
Attended AttentionSegments::add(Value row, const Attended &own) {
  SmallVector<Type> types(ValueRange(own.flat()).getTypes());
  Attended kept = Attended::of(tile::RecallOp::create(b, types, workspace, row).getValues());
  Type column = types.front();
  Value largest = b.map(column, {own.softmax.largest, kept.softmax.largest},
                        [&](ValueRange x) { return arith::MaxNumFOp::create(b, x[0], x[1]); });
  auto shrink = [&](Value from) {
    return b.map(column, {from, largest}, [&](ValueRange x) {
      Value below = arith::SubFOp::create(b, x[0], x[1]);
      return math::Exp2Op::create(b, b.mulf(below, b.number(factor)));
    });
  };
  Value ofOwn = shrink(own.softmax.largest), ofKept = shrink(kept.softmax.largest);
  auto both = [&](Value x, Value y) {
    return b.map(x.getType(), {x, ofOwn, y, ofKept}, [&](ValueRange e) {
      return arith::AddFOp::create(b, b.mulf(e[0], e[1]), b.mulf(e[2], e[3]));
    });
  };
  return {{largest, both(own.softmax.total, kept.softmax.total)}, both(own.sum, kept.sum)};
}
