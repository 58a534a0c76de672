// SPDX-License-Identifier: Apache-2.0
// Expands a chunk of the cache in the tile dialect: keys and values of a head, as rows of a workgroup's memory.
#include "ExpandedEmitter.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

/// Columns of latents, and of weights, that are multiplied at a time.
static constexpr int64_t kDepth = tile::kPackedPadding;

/// Weights are the left operand, as in all programs that read them; latents lie in shared memory whole.
void ExpandedEmitter::expandChunk(const Latents &latents, Value start) {
  Value count = b.least(b.sub(latents.end, start), b.constant(kChunkKeys));
  // Nobody reads what the chunk before was expanded to any more.
  tile::BarrierOp::create(b);
  b.loop(b.constant(0), roundUp(count, kExpandedKeys), {}, [&](Value tile, ValueRange) {
    Type bf16 = b.getBF16Type();
    int64_t steps = int64_t(llvm::divideCeil(spec.rank, kDepth));
    Value own = b.alloc({steps, kExpandedKeys, kDepth}, bf16, tile::Order::Swizzled);
    Value rotary = b.alloc({kExpandedKeys, program.ropeColumns}, bf16, tile::Order::Swizzled);
    Value results =
        b.alloc({kExpandedKeys, kExpandedOutputs}, b.getF32Type(), tile::Order::Rows, kExpandedPad);
    Value key = b.mul(tile, kExpandedKeys), first = b.add(start, key);
    for (int64_t step = 0; step < steps; ++step)
      b.copyLatents(latents, first, step * kDepth, b.plane(own, b.constant(step)));
    b.copyLatents(latents, first, spec.rank, rotary);
    tile::CommitOp::create(b);
    tile::WaitOp::create(b, uint32_t(0));
    tile::BarrierOp::create(b);
    tile::DrainOp::create(b, rotary, scratch, key, b.constant(program.nopeColumns),
                          b.constant(kExpandedKeys));
    expandColumns(binding(kKeyWeight), 0, program.nopeColumns, own, results, key);
    expandColumns(binding(kValueWeight), program.keyColumns(), program.valueColumns, own, results,
                  key);
    return SmallVector<Value>();
  });
}

/// Rows of a weight that do not exist, which are padding, come out as those of one that does: finite,
/// and multiplied by nothing.
void ExpandedEmitter::expandColumns(Value weight, int64_t first, int64_t columns, Value latents,
                                    Value results, Value key) {
  auto stack = cast<tile::GlobalType>(weight.getType());
  auto type = tile::GlobalType::get(b.getContext(), stack.getShape().drop_front(),
                                    stack.getElementType(), stack.getOrder());
  Value matrix = tile::MatrixOp::create(b, type, weight, head);
  // As few warps as can be read the same rows of the weight.
  int64_t rowWarps = std::min(program.threads() / kWarp, kExpandedOutputs / 16);
  SmallVector<int64_t> own{rowWarps, program.threads() / kWarp / rowWarps, 1};
  auto leftType = b.fragment(kExpandedOutputs, kDepth, tile::Role::Lhs, own);
  auto rightType = b.fragment(kDepth, kExpandedKeys, tile::Role::Rhs, own);
  auto sumType = b.fragment(kExpandedOutputs, kExpandedKeys, tile::Role::Accumulator, own);
  int64_t steps = cast<tile::SharedType>(latents.getType()).getPlanes();
  // An even number of steps an iteration, if there is one: nothing moves between registers.
  int64_t together = steps % 2 == 0 ? 2 : 1;
  b.loop(b.constant(0), b.constant(columns / kExpandedOutputs), {}, [&](Value block, ValueRange) {
    Value output = b.mul(block, kExpandedOutputs), last = b.constant(steps - 1);
    auto fetch = [&](Value step) -> Value {
      return tile::FetchOp::create(b, leftType, matrix, output, b.mul(step, kDepth), Value(),
                                   Value());
    };
    SmallVector<Value> carried{tile::ZeroOp::create(b, sumType), fetch(b.constant(0))};
    auto run = [&](Value round, ValueRange now) {
      Value sum = now[0], left = now[1];
      for (int64_t i = 0; i < together; ++i) {
        Value step = b.add(b.mul(round, together), b.constant(i));
        // Of the last step, the one behind it is itself.
        Value next = fetch(b.least(b.add(step, b.constant(1)), last));
        Value right =
            tile::LoadOp::create(b, rightType, b.plane(latents, step), ArrayRef<int64_t>{0, 0});
        sum = tile::MmaOp::create(b, sumType, left, right, sum);
        left = next;
      }
      return SmallVector<Value>{sum, left};
    };
    Value sum = b.loop(b.constant(0), b.constant(steps / together), carried, run)[0];
    // What the block before has left there is written. Latents have come since the first one's.
    if (first > 0 || columns > kExpandedOutputs)
      tile::BarrierOp::create(b);
    tile::StoreOp::create(b, sum, results, /*accumulate=*/false);
    tile::BarrierOp::create(b);
    auto write = tile::WriteOp::create(b, results, ValueRange(), scratch, key,
                                       b.add(output, b.constant(first)), b.constant(kExpandedKeys),
                                       /*index=*/Value(), /*cos=*/Value(), /*sin=*/Value(),
                                       /*positions=*/Value(), /*head=*/IntegerAttr());
    OpBuilder::InsertionGuard guard(b);
    Block *body = b.createBlock(&write.getBody(), {}, b.getF32Type(), b.getLoc());
    tile::YieldOp::create(b, body->getArgument(0));
    return SmallVector<Value>();
  });
}
