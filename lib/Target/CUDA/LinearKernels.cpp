// SPDX-License-Identifier: Apache-2.0
// Emits linear layers in the tile dialect: few rows, weights straight to registers; many, both
// operands in a pipeline through shared memory. Weights are the left operand of both, so that a
// sum has the same steps in the same order.
#include "hadal/Target/CUDA/LinearKernels.h"

#include "ProgramBuilder.h"

#include "hadal/Target/CUDA/MmaArchitecture.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
constexpr int64_t kWarps = kLinearThreads / kWarp;
constexpr int64_t kDepth = tile::kPackedPadding; // of a stage, or of one round of loads
constexpr int64_t kPad = 4;                      // elements behind a row of sums: no conflicts
constexpr int64_t kBindingAlignment = 64;        // in bytes: the kernel contract

class LinearEmitter {
public:
  LinearEmitter(ProgramBuilder &builder, const LinearSpec &spec, func::FuncOp kernel)
      : b(builder), spec(spec), depth(int64_t(llvm::alignTo(spec.inputs, kDepth))) {
    Block &entry = kernel.getBody().front();
    x = entry.getArgument(0);
    w = entry.getArgument(1);
    y = entry.getArgument(2);
    Value zero = arith::ConstantIndexOp::create(b, 0);
    Value count = memref::LoadOp::create(b, entry.getArgument(3), zero);
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
    Value partial = b.alloc({segments(), program.rows, program.outputs}, b.getF32Type(),
                            tile::Order::Rows, kPad);
    Value zero = b.constant(0);
    Value first = segments() == 1
                      ? zero
                      : b.mul(tile::GroupOp::create(b, b.getI32Type(), warps), spec.segment);
    Value end = segments() == 1
                    ? b.constant(depth)
                    : b.least(b.add(first, b.constant(spec.segment)), b.constant(depth));
    Value rounds = arith::DivUIOp::create(b, b.sub(end, first), b.constant(kDepth));
    auto fetch = [&](Value k) -> SmallVector<Value> {
      return {tile::FetchOp::create(b, left, w, output, k, Value()),
              tile::FetchOp::create(b, right, x, zero, k, rows)};
    };
    auto multiply = [&](ValueRange operands, Value sum) -> Value {
      return tile::MmaOp::create(b, sum.getType(), operands[0], operands[1], sum);
    };
    auto fetchRound = [&](Value round) { return fetch(b.add(first, b.mul(round, kDepth))); };
    SmallVector<Value> carried = fetch(first);
    carried.push_back(tile::ZeroOp::create(b, sums));
    // Two rounds an iteration, so that no operand is moved to other registers.
    Value one = b.constant(1), further = b.sub(rounds, one);
    Value pairs = arith::DivUIOp::create(b, further, b.constant(2));
    ValueRange last = b.loop(b.constant(0), pairs, carried, [&](Value pair, ValueRange now) {
      Value round = b.add(b.mul(pair, 2), one);
      SmallVector<Value> odd = fetchRound(round);
      Value sum = multiply(now.take_front(2), now[2]);
      SmallVector<Value> even = fetchRound(b.add(round, one));
      even.push_back(multiply(odd, sum));
      return even;
    });
    Value total = multiply(last.take_front(2), last[2]);
    Value isOneLeft = b.compare(arith::CmpIPredicate::ne, b.mul(pairs, 2), further);
    total = b.onlyIf(isOneLeft, total, [&] { return multiply(fetchRound(further), total); });
    tile::StoreOp::create(b, total, partial, false);
    tile::BarrierOp::create(b);
    tile::WriteOp::create(b, partial, y, zero, output, rows);
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
    SmallVector<int64_t> warps{2, kWarps / 2, 1};
    Value weights =
        b.alloc({stages, program.outputs, kDepth}, b.getBF16Type(), tile::Order::Packed);
    Value inputs = b.alloc({stages, program.rows, kDepth}, b.getBF16Type(), tile::Order::Swizzled);
    Value result =
        b.alloc({program.rows, program.outputs}, b.getF32Type(), tile::Order::Rows, kPad);
    auto sums = b.fragment(program.outputs, program.rows, tile::Role::Accumulator, warps);
    auto copy = [&](Value stage, Value step) {
      Value k = b.mul(step, kDepth);
      tile::CopyOp::create(b, w, output, k, Value(), b.plane(weights, stage));
      tile::CopyOp::create(b, x, row, k, left, b.plane(inputs, stage));
    };
    for (int64_t stage = 0; stage < stages - 1; ++stage) {
      if (stage < steps)
        copy(b.constant(stage), b.constant(stage));
      tile::CommitOp::create(b);
    }
    Value end = b.constant(steps);
    auto runSteps = [&](Value from, Value to, Value stage) {
      SmallVector<Value> carried{tile::ZeroOp::create(b, sums), stage};
      return b.loop(from, to, carried, [&](Value step, ValueRange now) -> SmallVector<Value> {
        Value stage = now[1];
        tile::WaitOp::create(b, uint32_t(stages - 2));
        tile::BarrierOp::create(b);
        // The stage that the step before has read is free.
        Value isFirst = b.compare(arith::CmpIPredicate::eq, stage, b.constant(0));
        Value free = b.select(isFirst, b.constant(stages - 1), b.sub(stage, b.constant(1)));
        Value ahead = b.add(step, b.constant(stages - 1));
        b.onlyIf(b.compare(arith::CmpIPredicate::slt, ahead, end), [&] { copy(free, ahead); });
        tile::CommitOp::create(b);
        Value sum =
            multiplyStage(program, warps, b.plane(weights, stage), b.plane(inputs, stage), now[0]);
        Value isLast = b.compare(arith::CmpIPredicate::eq, stage, b.constant(stages - 1));
        return {sum, b.select(isLast, b.constant(0), b.add(stage, b.constant(1)))};
      });
    };
    if (segments() == 1) {
      tile::StoreOp::create(b, runSteps(b.constant(0), end, b.constant(0))[0], result, false);
    } else {
      Value count = b.constant(segments());
      b.loop(b.constant(0), count, b.constant(0), [&](Value segment, ValueRange now) {
        Value from = b.mul(segment, ofSegment);
        ValueRange done = runSteps(from, b.least(b.add(from, b.constant(ofSegment)), end), now[0]);
        b.either(
            b.compare(arith::CmpIPredicate::eq, segment, b.constant(0)),
            [&] { tile::StoreOp::create(b, done[0], result, false); },
            [&] { tile::StoreOp::create(b, done[0], result, true); });
        return SmallVector<Value>{done[1]};
      });
    }
    tile::BarrierOp::create(b);
    tile::WriteOp::create(b, result, y, row, output, left);
  }

  Value multiplyStage(const LinearProgram &program, ArrayRef<int64_t> warps, Value weights,
                      Value inputs, Value sum) {
    for (int64_t k = 0; k < kDepth; k += tile::kPackedColumns) {
      SmallVector<int64_t> position{0, k};
      Value a = tile::LoadOp::create(
          b, b.fragment(program.outputs, tile::kPackedColumns, tile::Role::Lhs, warps), weights,
          position);
      Value c = tile::LoadOp::create(
          b, b.fragment(tile::kPackedColumns, program.rows, tile::Role::Rhs, warps), inputs,
          position);
      sum = tile::MmaOp::create(b, sum.getType(), a, c, sum);
    }
    return sum;
  }

  ProgramBuilder &b;
  const LinearSpec &spec;
  int64_t depth; // with padding
  Value x, w, y, rows;
  Value output; // the first of the workgroup
};

/// As many stages as shared memory has room for, up to four; less than two are none.
int64_t countStages(int64_t outputs, int64_t rows, int64_t sharedBytes) {
  int64_t result = rows * (outputs + kPad) * 4, stage = (outputs + rows) * kDepth * 2;
  return std::min<int64_t>(4, (sharedBytes - result) / stage);
}

/// In the order of their rows. Few rows read each weight once and nothing else matters; then as
/// large a tile as shared memory allows, since operands are read again for each.
SmallVector<LinearProgram> choosePrograms(int64_t segments, int64_t sharedBytes) {
  SmallVector<LinearProgram> programs;
  for (int64_t rows : {8, 16})
    programs.push_back({rows, 32 * (kWarps / segments), rows, 0, 0});
  for (int64_t rows : {64, 128})
    if (int64_t stages = countStages(128, rows, sharedBytes); stages >= 2)
      programs.push_back({rows, 128, rows, stages, 0});
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
  SmallVector<Type> types{
      matrix(ShapedType::kDynamic, spec.inputs, b.getBF16Type(), tile::Order::Rows),
      matrix(spec.outputs, spec.inputs, b.getBF16Type(), tile::Order::Packed),
      matrix(ShapedType::kDynamic, spec.outputs, spec.element, tile::Order::Rows)};
  size_t bindings = types.size();
  types.push_back(MemRefType::get({ShapedType::kDynamic}, b.getI64Type()));
  auto kernel = func::FuncOp::create(b, spec.name, b.getFunctionType(types, {}));
  kernel->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                  b.getDenseI32ArrayAttr({int32_t(kLinearThreads), 1, 1}));
  for (size_t i = 0; i < bindings; ++i)
    kernel.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(),
                      b.getI64IntegerAttr(kBindingAlignment));
  b.setInsertionPointToStart(kernel.addEntryBlock());
  LinearEmitter emitter(b, spec, kernel);
  SmallVector<LinearProgram> programs =
      choosePrograms(emitter.segments(), MmaArchitecture(level).getSharedBytes());
  int64_t fewer = 0;
  for (LinearProgram &program : programs) {
    emitter.emit(program, fewer);
    fewer = program.mostRows;
  }
  func::ReturnOp::create(b);
  return programs;
}
