// SPDX-License-Identifier: Apache-2.0
// Emits linear layers in the tile dialect: few rows, weights straight to registers; many, both
// operands in a pipeline through shared memory. Weights are the left operand of both, so that a
// sum has the same steps in the same order.
#include "hadal/Target/CUDA/LinearKernels.h"

#include "KernelFrame.h"
#include "ProgramBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
constexpr int64_t kWarps = kLinearThreads / kWarp;
constexpr int64_t kDepth = tile::kPackedPadding; // of a stage, or of one round of loads
constexpr int64_t kPad = 4;                      // elements behind a row of sums: no conflicts

class LinearEmitter {
public:
  LinearEmitter(ProgramBuilder &builder, const LinearSpec &spec, func::FuncOp kernel)
      : b(builder), spec(spec), depth(int64_t(llvm::alignTo(spec.inputs, kDepth))) {
    Block &entry = kernel.getBody().front();
    ArrayRef<BlockArgument> arguments = entry.getArguments();
    x = arguments.front();
    weights.assign(arguments.begin() + 1, arguments.begin() + (spec.isGated ? 3 : 2));
    addends.assign(arguments.begin() + 1 + weights.size(), arguments.end() - 2);
    y = arguments[arguments.size() - 2];
    Value zero = arith::ConstantIndexOp::create(b, 0);
    Value count = memref::LoadOp::create(b, arguments.back(), zero);
    rows = arith::TruncIOp::create(b, b.getI32Type(), count);
  }

  int64_t segments() const { return int64_t(llvm::divideCeil(depth, spec.segment)); }

  /// Emits `program` for calls of more than `fewer` rows.
  void emit(LinearProgram &program, int64_t fewer) {
    using arith::CmpIPredicate;
    Value isFor = b.compare(CmpIPredicate::sgt, rows, b.constant(fewer));
    if (program.mostRows)
      isFor = arith::AndIOp::create(
          b, isFor, b.compare(CmpIPredicate::sle, rows, b.constant(program.mostRows)));
    auto op = scf::IfOp::create(b, isFor, /*withElseRegion=*/false);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(op.thenYield());
    output = b.mul(b.workgroup(gpu::Dimension::x), program.outputs);
    if (program.stages)
      emitPipeline(program);
    else
      emitStraight(program);
    program.sharedBytes = tile::sharedBytes(op);
  }

private:
  /// Each group of warps sums one segment, its weights straight from memory; two rounds of loads are
  /// under way, one while the other is multiplied.
  void emitStraight(const LinearProgram &program) {
    SmallVector<int64_t> warps{kWarps / segments(), 1, segments()};
    auto left = b.fragment(program.outputs, kDepth, tile::Role::Lhs, warps);
    auto right = b.fragment(kDepth, program.rows, tile::Role::Rhs, warps);
    auto sums = b.fragment(program.outputs, program.rows, tile::Role::Accumulator, warps);
    SmallVector<Value> partial;
    for (size_t i = 0; i < weights.size(); ++i)
      partial.push_back(b.alloc({segments(), program.rows, program.outputs}, b.getF32Type(),
                                tile::Order::Rows, kPad));
    Value zero = b.constant(0), first = zero, end = b.constant(depth);
    if (segments() != 1) {
      first = b.mul(tile::GroupOp::create(b, b.getI32Type(), warps), spec.segment);
      end = b.least(b.add(first, b.constant(spec.segment)), end);
    }
    Value rounds = arith::DivUIOp::create(b, b.sub(end, first), b.constant(kDepth));
    // What a round carries: a left operand for each weight, the right one, and the sums.
    size_t count = weights.size();
    auto fetch = [&](Value k) {
      SmallVector<Value> operands;
      for (Value weight : weights)
        operands.push_back(tile::FetchOp::create(b, left, weight, output, k, Value()));
      operands.push_back(tile::FetchOp::create(b, right, x, zero, k, rows));
      return operands;
    };
    auto multiply = [&](ValueRange operands, ValueRange before) {
      SmallVector<Value> after;
      for (auto [operand, sum] : llvm::zip_equal(operands.take_front(count), before))
        after.push_back(tile::MmaOp::create(b, sums, operand, operands[count], sum));
      return after;
    };
    auto fetchRound = [&](Value round) { return fetch(b.add(first, b.mul(round, kDepth))); };
    SmallVector<Value> carried = fetch(first);
    carried.append(count, tile::ZeroOp::create(b, sums));
    // Two rounds an iteration, so that none is moved from registers to others.
    Value one = b.constant(1), further = b.sub(rounds, one);
    Value pairs = arith::DivUIOp::create(b, further, b.constant(2));
    ValueRange last = b.loop(b.constant(0), pairs, carried, [&](Value pair, ValueRange now) {
      Value round = b.add(b.mul(pair, 2), one);
      SmallVector<Value> odd = fetchRound(round);
      SmallVector<Value> after = multiply(now.take_front(count + 1), now.take_back(count));
      SmallVector<Value> even = fetchRound(b.add(round, one));
      llvm::append_range(even, multiply(odd, after));
      return even;
    });
    SmallVector<Value> total = multiply(last.take_front(count + 1), last.take_back(count));
    Value isOneLeft = b.compare(arith::CmpIPredicate::ne, b.mul(pairs, 2), further);
    total = b.onlyIf(isOneLeft, total, [&] { return multiply(fetchRound(further), total); });
    for (auto [sum, tile] : llvm::zip_equal(total, partial))
      tile::StoreOp::create(b, sum, tile, false);
    tile::BarrierOp::create(b);
    write(partial, zero, rows);
  }

  /// Turns sums into results: of a gate, then with what is added.
  void write(ValueRange tiles, Value row, Value left) {
    auto op = tile::WriteOp::create(b, tiles, addends, y, row, output, left);
    OpBuilder::InsertionGuard guard(b);
    Type f32 = b.getF32Type();
    size_t elements = tiles.size() + addends.size();
    Block *block = b.createBlock(&op.getBody(), {}, SmallVector<Type>(elements, f32),
                                 SmallVector<Location>(elements, b.getLoc()));
    Value value = block->getArgument(0);
    if (spec.isGated) {
      Value one = arith::ConstantOp::create(b, b.getF32FloatAttr(1));
      Value power = math::ExpOp::create(b, arith::NegFOp::create(b, value));
      Value silu = arith::DivFOp::create(b, value, arith::AddFOp::create(b, one, power));
      value = arith::MulFOp::create(b, silu, block->getArgument(1));
    }
    for (BlockArgument addend : block->getArguments().drop_front(tiles.size()))
      value = arith::AddFOp::create(b, value, addend);
    tile::YieldOp::create(b, value);
  }

  /// Both operands come through shared memory, several stages ahead. Sums of segments wait in the
  /// tile through which the result is written.
  void emitPipeline(const LinearProgram &program) {
    Value row = b.mul(b.workgroup(gpu::Dimension::y), program.rows);
    Value left = b.sub(rows, row);
    // A record may have more workgroups than this call.
    b.onlyIf(b.compare(arith::CmpIPredicate::sgt, left, b.constant(0)),
             [&] { emitStages(program, row, left); });
  }

  void emitStages(const LinearProgram &program, Value row, Value left) {
    int64_t stages = program.stages, steps = depth / kDepth, ofSegment = spec.segment / kDepth;
    size_t count = weights.size();
    SmallVector<int64_t> warps{2, kWarps / 2, 1};
    SmallVector<Value> lefts, results;
    for (size_t i = 0; i < count; ++i)
      lefts.push_back(
          b.alloc({stages, program.outputs, kDepth}, b.getBF16Type(), tile::Order::Packed));
    Value right = b.alloc({stages, program.rows, kDepth}, b.getBF16Type(), tile::Order::Swizzled);
    for (size_t i = 0; i < count; ++i)
      results.push_back(
          b.alloc({program.rows, program.outputs}, b.getF32Type(), tile::Order::Rows, kPad));
    auto sums = b.fragment(program.outputs, program.rows, tile::Role::Accumulator, warps);
    auto copy = [&](Value stage, Value step) {
      Value k = b.mul(step, kDepth);
      for (auto [weight, tile] : llvm::zip_equal(weights, lefts))
        tile::CopyOp::create(b, weight, output, k, Value(), b.plane(tile, stage));
      tile::CopyOp::create(b, x, row, k, left, b.plane(right, stage));
    };
    for (int64_t stage = 0; stage < stages - 1; ++stage) {
      if (stage < steps)
        copy(b.constant(stage), b.constant(stage));
      tile::CommitOp::create(b);
    }
    Value end = b.constant(steps);
    auto runSteps = [&](Value from, Value to, Value stage) {
      SmallVector<Value> carried(count, tile::ZeroOp::create(b, sums));
      carried.push_back(stage);
      return b.loop(from, to, carried, [&](Value step, ValueRange now) {
        Value stage = now.back();
        tile::WaitOp::create(b, uint32_t(stages - 2));
        tile::BarrierOp::create(b);
        // The stage that the step before has read is free.
        Value isFirst = b.compare(arith::CmpIPredicate::eq, stage, b.constant(0));
        Value free = b.select(isFirst, b.constant(stages - 1), b.sub(stage, b.constant(1)));
        Value ahead = b.add(step, b.constant(stages - 1));
        b.onlyIf(b.compare(arith::CmpIPredicate::slt, ahead, end), [&] { copy(free, ahead); });
        tile::CommitOp::create(b);
        SmallVector<Value> planes;
        for (Value tile : lefts)
          planes.push_back(b.plane(tile, stage));
        SmallVector<Value> next =
            multiplyStage(program, warps, planes, b.plane(right, stage), now.drop_back());
        Value isLast = b.compare(arith::CmpIPredicate::eq, stage, b.constant(stages - 1));
        next.push_back(b.select(isLast, b.constant(0), b.add(stage, b.constant(1))));
        return next;
      });
    };
    auto store = [&](ValueRange sums, bool accumulate) {
      for (auto [sum, tile] : llvm::zip_equal(sums, results))
        tile::StoreOp::create(b, sum, tile, accumulate);
    };
    if (segments() == 1) {
      store(runSteps(b.constant(0), end, b.constant(0)).drop_back(), false);
    } else {
      Value number = b.constant(segments());
      b.loop(b.constant(0), number, b.constant(0), [&](Value segment, ValueRange now) {
        Value from = b.mul(segment, ofSegment);
        ValueRange done = runSteps(from, b.least(b.add(from, b.constant(ofSegment)), end), now[0]);
        b.either(
            b.compare(arith::CmpIPredicate::eq, segment, b.constant(0)),
            [&] { store(done.drop_back(), false); }, [&] { store(done.drop_back(), true); });
        return SmallVector<Value>{done.back()};
      });
    }
    tile::BarrierOp::create(b);
    write(results, row, left);
  }

  SmallVector<Value> multiplyStage(const LinearProgram &program, ArrayRef<int64_t> warps,
                                   ArrayRef<Value> lefts, Value right, ValueRange before) {
    auto leftType = b.fragment(program.outputs, tile::kPackedColumns, tile::Role::Lhs, warps);
    auto rightType = b.fragment(tile::kPackedColumns, program.rows, tile::Role::Rhs, warps);
    SmallVector<Value> sums(before);
    for (int64_t k = 0; k < kDepth; k += tile::kPackedColumns) {
      int64_t position[] = {0, k};
      Value inputs = tile::LoadOp::create(b, rightType, right, position);
      for (auto [sum, tile] : llvm::zip_equal(sums, lefts)) {
        Value operand = tile::LoadOp::create(b, leftType, tile, position);
        sum = tile::MmaOp::create(b, sum.getType(), operand, inputs, sum);
      }
    }
    return sums;
  }

  ProgramBuilder &b;
  const LinearSpec &spec;
  int64_t depth; // with padding
  Value x, y, rows;
  SmallVector<Value> weights, addends;
  Value output; // the first of the workgroup
};

/// As many stages as shared memory has room for, up to four; less than two are none.
int64_t countStages(int64_t weights, int64_t outputs, int64_t rows, int64_t sharedBytes) {
  int64_t result = weights * rows * (outputs + kPad) * 4;
  int64_t stage = (weights * outputs + rows) * kDepth * 2;
  return std::min<int64_t>(4, (sharedBytes - result) / stage);
}

/// In the order of their rows. Few rows read each weight once and nothing else matters; then as
/// large a tile as shared memory allows, since operands are read again for each.
SmallVector<LinearProgram> choosePrograms(int64_t weights, int64_t segments, int64_t sharedBytes) {
  SmallVector<LinearProgram> programs;
  for (int64_t rows : {8, 16})
    programs.push_back({rows, 32 / weights * (kWarps / segments), rows, 0, 0});
  int64_t outputs = 128 / weights;
  for (int64_t rows : {64, 128})
    if (int64_t stages = countStages(weights, outputs, rows, sharedBytes); stages >= 2)
      programs.push_back({rows, outputs, rows, stages, 0});
  programs.back().mostRows = 0;
  return programs;
}
} // namespace

int64_t hadal::cuda::chooseSegment(int64_t outputs, int64_t inputs) {
  // Warps that read at once, for what a GPU's memory has under way; and a depth below which
  // the sums of segments cost more than they bring.
  constexpr int64_t wantedWarps = 512, leastDepth = 1024;
  int64_t warps = int64_t(llvm::divideCeil(outputs, tile::kPackedRows));
  int64_t depth = int64_t(llvm::alignTo(inputs, kDepth)), segments = 1;
  while (segments < kWarps && warps * segments < wantedWarps &&
         depth / (2 * segments) >= leastDepth)
    segments *= 2;
  return int64_t(llvm::alignTo(llvm::divideCeil(depth, segments), kDepth));
}

SmallVector<LinearProgram> hadal::cuda::emitLinear(OpBuilder &builder, Location loc,
                                                   const LinearSpec &spec, const Level &level) {
  ProgramBuilder b(loc, builder);
  MLIRContext *context = b.getContext();
  auto matrix = [&](int64_t rows, int64_t columns, Type element, tile::Order order) -> Type {
    return tile::GlobalType::get(context, {rows, columns}, element, order);
  };
  int64_t weights = spec.isGated ? 2 : 1, any = ShapedType::kDynamic;
  SmallVector<Type> types{matrix(any, spec.inputs, b.getBF16Type(), tile::Order::Rows)};
  types.append(weights, matrix(spec.outputs, spec.inputs, b.getBF16Type(), tile::Order::Packed));
  types.append(spec.addends, matrix(any, spec.outputs, b.getF32Type(), tile::Order::Rows));
  types.push_back(matrix(any, spec.outputs, spec.element, tile::Order::Rows));
  func::FuncOp kernel = createKernel(b, loc, spec.name, types, kLinearThreads);
  b.setInsertionPointToStart(&kernel.getBody().front());
  LinearEmitter emitter(b, spec, kernel);
  SmallVector<LinearProgram> programs =
      choosePrograms(weights, emitter.segments(), level.sharedBytes);
  int64_t fewer = 0;
  for (LinearProgram &program : programs) {
    emitter.emit(program, fewer);
    fewer = program.mostRows;
  }
  func::ReturnOp::create(b);
  return programs;
}
