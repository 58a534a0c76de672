// SPDX-License-Identifier: Apache-2.0
// Emits absorbed latent attention in the tile dialect: a tile of the cache is read once, as keys
// and, in its first columns, as values.
#include "hadal/Target/CUDA/AttentionKernels.h"

#include "AttentionSegments.h"
#include "KernelFrame.h"
#include "TileBuilder.h"

#include "hadal_kernel_abi.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <tuple>

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

namespace {
constexpr int64_t kExchanged = 4;          // numbers of a row that warps exchange, with padding
constexpr int64_t kSegment = 512;          // keys

enum Binding {
  kLatentQuery,
  kQuery,
  kCache,
  kPositions,
  kOffsets,
  kSlots,
  kTable,
  kResult,
  kWorkspace
};
enum Constant { kTokens, kSequences, kPages, kContext };

/// Columns of the sum, with padding.
int64_t valuesOf(const AttentionSpec &spec) { return int64_t(llvm::alignTo(spec.rank, kSwizzle)); }

/// Weights lie where the keys' rotary columns were, if that is enough.
bool hasRoomForWeights(const AttentionSpec &spec, const AttentionProgram &program) {
  return program.heads <= program.keys && program.keys <= program.columns - valuesOf(spec);
}

class AttentionEmitter {
public:
  AttentionEmitter(AttentionBuilder &builder, const AttentionSpec &spec,
                   const AttentionProgram &program, func::FuncOp kernel)
      : b(builder), spec(spec), program(program), entry(kernel.getBody().front()),
        warps{program.rowWarps, program.columnWarps, 1},
        scores(b.fragment(program.heads, program.keys, tile::Role::Accumulator, warps)),
        sums(b.fragment(program.heads, values(), tile::Role::Accumulator, warps)),
        whole(columnType(tile::Share::Whole)), parts(columnType(tile::Share::Parts)),
        lowest(lowestScore(spec.scale)) {}

  void emit() {
    token = b.workgroup(gpu::Dimension::x);
    // A record may have more workgroups than this call.
    b.onlyIf(b.compare(arith::CmpIPredicate::slt, token, constant(kTokens)), [&] {
      Value offsets = entry.getArgument(kOffsets);
      Value sequence = b.findSequence(offsets, constant(kSequences), token);
      if (!spec.threshold)
        return attendIn(sequence);
      Value next = b.load(offsets, b.add(sequence, b.constant(1)));
      Value count = b.sub(next, b.load(offsets, sequence));
      b.onlyIf(b.compare(arith::CmpIPredicate::slt, count, b.constant(spec.threshold)),
               [&] { attendIn(sequence); });
    });
  }

private:
  int64_t values() const { return valuesOf(spec); }

  tile::ColumnType columnType(tile::Share share) {
    return tile::ColumnType::get(b.getContext(), program.heads, warps, share);
  }

  Value constant(Constant number) { return b.launchConstant(entry, number); }

  /// Anew: tokens that others attend to keep nothing, so that memory is for those of short sequences.
  AttentionSegments::Place place() {
    AttentionSegments::Place at;
    Value tokens = constant(kTokens), own = b.workgroup(gpu::Dimension::x);
    at.pairs = b.mul(tokens, program.groups);
    at.context = constant(kContext);
    at.keys = b.add(b.load(entry.getArgument(kPositions), own), b.constant(1));
    Value number = own;
    if (spec.threshold) {
      Value most = b.constant(spec.threshold - 1);
      Value isMany =
          b.compare(arith::CmpIPredicate::sgt, tokens, b.mul(constant(kSequences), most));
      number = b.onlyIf(isMany, own, [&] {
        Value offsets = entry.getArgument(kOffsets);
        Value sequence = b.findSequence(offsets, constant(kSequences), own);
        Value within = b.sub(own, b.load(offsets, sequence));
        return SmallVector<Value>{b.add(b.mul(sequence, most), within)};
      })[0];
    }
    at.pair = b.add(b.mul(number, program.groups), b.workgroup(gpu::Dimension::y));
    return at;
  }

  void attendIn(Value sequence) {
    end = b.add(b.load(entry.getArgument(kPositions), token), b.constant(1));
    if (program.splitsContext)
      return attendInSegments(sequence);
    prepare(sequence);
    writeResult(attend(b.constant(0), lastTile()));
  }

  void attendInSegments(Value sequence) {
    AttentionSegments segments(b, program, entry.getArgument(kWorkspace),
                               spec.scale * float(M_LOG2E), [this] { return place(); });
    b.onlyIf(segments.exist(), [&] {
      prepare(sequence);
      auto [isAll, all] = segments.attend({whole, parts, sums}, [&](Value segment) {
        int64_t tiles = program.segment / program.keys;
        Value first = b.mul(segment, tiles);
        return attend(first, b.least(b.add(first, b.constant(tiles - 1)), lastTile()));
      });
      b.onlyIf(isAll, [&, all = all] { writeResult(all); });
    });
  }

  Value lastTile() { return b.div(b.sub(end, b.constant(1)), program.keys); }

  /// The cache's pages, shared memory, and queries.
  void prepare(Value sequence) {
    Value slot = b.load(entry.getArgument(kSlots), sequence);
    Value pages = b.mul(slot, constant(kPages));
    cached = b.latentsOf(entry.getArgument(kCache), entry.getArgument(kTable), spec.pageSize, pages,
                         end);
    firstHead = b.mul(b.workgroup(gpu::Dimension::y), program.heads);
    Type bf16 = b.getBF16Type();
    queries = b.alloc({program.heads, program.columns}, bf16, tile::Order::Packed);
    latents = b.alloc({2, program.keys, program.columns}, bf16, tile::Order::Swizzled);
    if (!hasRoomForWeights(spec, program))
      weights =
          b.alloc({program.heads, std::max(program.keys, kSwizzle)}, bf16, tile::Order::Swizzled);
    exchanged = b.alloc({program.heads, program.columnWarps}, b.getF32Type(), tile::Order::Rows,
                        kExchanged - program.columnWarps);
    if (program.splitsDepth)
      halves = b.alloc(
          {program.rowWarps * program.columnWarps, scores.getWarpRows() * scores.getWarpColumns()},
          b.getF32Type(), tile::Order::Rows);
    row = b.add(b.mul(token, spec.heads), firstHead);
    headsLeft = b.sub(b.constant(spec.heads), firstHead);
    Value zero = b.constant(0);
    tile::ReadOp::create(b, entry.getArgument(kLatentQuery), row, zero, headsLeft, queries,
                         ArrayRef<int64_t>{0, spec.rank});
    tile::ReadOp::create(b, entry.getArgument(kQuery), row, b.constant(spec.nope), headsLeft,
                         queries, ArrayRef<int64_t>{spec.rank, program.columns});
    if (program.keepsQueries) {
      tile::BarrierOp::create(b);
      for (int64_t k = 0; k < program.columns; k += tile::kPackedColumns)
        kept.push_back(loadQueries(k, warps, /*apart=*/0));
    }
  }

  /// What tiles of the context give, of which the first is one of the even ones.
  Attended attend(Value first, Value last) {
    Value zero = b.constant(0), one = b.constant(1);
    copyKeys(first, zero);
    tile::CommitOp::create(b);
    SmallVector<Value> carried{tile::FillOp::create(b, whole, b.number(lowest)),
                               tile::FillOp::create(b, parts, b.number(0)),
                               tile::ZeroOp::create(b, sums)};
    ValueRange done = b.loop(first, last, carried, [&](Value step, ValueRange now) {
      arrive();
      Value next = b.add(step, one);
      copyKeys(next, isOdd(next));
      tile::CommitOp::create(b);
      return attendTile(Attended::of(now), step, /*isLast=*/false).flat();
    });
    // The last tile alone has keys behind the end.
    arrive();
    return attendTile(Attended::of(done), last, /*isLast=*/true);
  }

  /// The stage of a tile.
  Value isOdd(Value step) { return arith::AndIOp::create(b, step, b.constant(1)); }

  /// The latents that were asked for last are there, and the others of nobody's need.
  void arrive() {
    tile::WaitOp::create(b, uint32_t(0));
    tile::BarrierOp::create(b);
  }

  void copyKeys(Value step, Value stage) {
    Value key = b.mul(step, program.keys);
    b.copyLatents(cached, key, 0, b.plane(latents, stage));
  }

  Attended attendTile(const Attended &before, Value step, bool isLast) {
    Value keys = b.plane(latents, isOdd(step));
    Value score = multiplyKeys(keys);
    if (isLast) {
      Value left = b.sub(end, b.mul(step, program.keys));
      score = tile::MaskOp::create(b, scores, score, left, b.number(lowest));
    }
    SoftmaxStep made = b.addScores(before.softmax, score, spec.scale, [&](Value parts) {
      return combine(tile::Reduction::Maximum, parts);
    });
    Value to = weights ? b.window(weights, 0, 0, program.heads, program.keys)
                       : b.window(keys, 0, values(), program.heads, program.keys);
    tile::PutOp::create(b, made.weights, to);
    tile::BarrierOp::create(b);
    return {made.after, addValues(to, keys, b.rescale(before.sum, made.shrink))};
  }

  Value combine(tile::Reduction kind, Value own) {
    return tile::CombineOp::create(b, whole, kind, own, exchanged);
  }

  Value loadQueries(int64_t k, ArrayRef<int64_t> own, int64_t apart) {
    auto type = b.fragment(program.heads, tile::kPackedColumns, tile::Role::Lhs, own);
    return tile::LoadOp::create(b, type, queries, ArrayRef<int64_t>{0, k}, apart);
  }

  /// In several sums by turns, so that products need not wait for each other.
  Value multiplyKeys(Value keys) {
    constexpr int64_t depth = tile::kPackedColumns;
    SmallVector<int64_t> own(warps);
    if (program.splitsDepth)
      own = {program.rowWarps, program.columnWarps / 2, 2};
    auto type = b.fragment(program.heads, program.keys, tile::Role::Accumulator, own);
    int64_t products = type.getWarpRows() / 16 * (type.getWarpColumns() / 8);
    int64_t chains = std::max<int64_t>(1, 4 / products), apart = program.splitsDepth ? depth : 0;
    SmallVector<Value> sums;
    for (int64_t k = 0; k < program.columns; k += depth * own[2]) {
      Value left = program.keepsQueries ? kept[size_t(k / depth)] : loadQueries(k, own, apart);
      Value right = tile::LoadOp::create(b, b.fragment(depth, program.keys, tile::Role::Rhs, own),
                                         keys, ArrayRef<int64_t>{0, k}, apart);
      int64_t chain = k / (depth * own[2]) % chains;
      if (chain == int64_t(sums.size()))
        sums.push_back(tile::ZeroOp::create(b, type));
      sums[chain] = tile::MmaOp::create(b, type, left, right, sums[chain]);
    }
    Value sum = sums.front();
    for (Value other : ArrayRef(sums).drop_front())
      sum = b.map(type, {sum, other},
                  [&](ValueRange x) { return arith::AddFOp::create(b, x[0], x[1]); });
    return program.splitsDepth ? tile::ExchangeOp::create(b, scores, sum, halves).getResult() : sum;
  }

  Value addValues(Value weights, Value keys, Value sum) {
    constexpr int64_t depth = 16;
    auto type = [&](int64_t rows, int64_t columns, tile::Role role) {
      return b.fragment(rows, columns, role, warps, tile::Depth::Pairs);
    };
    for (int64_t k = 0; k < program.keys; k += depth) {
      Value left = tile::LoadOp::create(b, type(program.heads, depth, tile::Role::Lhs), weights,
                                        ArrayRef<int64_t>{0, k});
      Value right = tile::LoadOp::create(b, type(depth, values(), tile::Role::Rhs), keys,
                                         ArrayRef<int64_t>{k, 0});
      sum = tile::MmaOp::create(b, sums, left, right, sum);
    }
    return sum;
  }

  void writeResult(const Attended &state) {
    Value total = combine(tile::Reduction::Sum, state.softmax.total);
    Value result = b.divide(state.sum, total);
    // Nobody reads latents any more: warps have met to exchange totals.
    Value rounded = b.window(latents, 0, 0, program.heads, values());
    tile::PutOp::create(b, result, rounded);
    tile::BarrierOp::create(b);
    tile::DrainOp::create(b, rounded, entry.getArgument(kResult), row, b.constant(0), headsLeft);
  }

  AttentionBuilder &b;
  const AttentionSpec &spec;
  const AttentionProgram &program;
  Block &entry;
  SmallVector<int64_t> warps;
  tile::FragmentType scores, sums;
  tile::ColumnType whole, parts;
  float lowest;
  SmallVector<Value> kept; // queries in registers
  Latents cached;
  Value token, end, firstHead, row, headsLeft;
  Value queries, latents, weights, exchanged, halves;
};

int64_t sharedBytesOf(const AttentionSpec &spec, const AttentionProgram &program) {
  int64_t latent = program.columns * 2;
  int64_t bytes = (program.heads + 2 * program.keys) * latent + program.heads * kExchanged * 4;
  if (program.splitsDepth)
    bytes += program.heads * program.keys * 4;
  return hasRoomForWeights(spec, program)
             ? bytes
             : bytes + program.heads * std::max(program.keys, kSwizzle) * 2;
}

/// A sum, and two columns of the rows of a warp.
int64_t keptNumbersOf(const AttentionProgram &program) {
  int64_t ofSum = program.heads * program.values / program.threads();
  int64_t ofColumns = 2 * program.heads / program.rowWarps / 8;
  return keptBytes(ofSum + ofColumns, program.threads()) / 4;
}

/// Each run of segments has a bit, in a word that has those of one token's heads alone.
static_assert((int64_t(1) << AttentionProgram::kLevelsOfWorkgroups) * 4 <=
              HADAL_KERNEL_COUNTER_BYTES);

/// Heads, keys, and warps that share rows and columns: a warp has at most 16 x 256 or 32 x 128 numbers of the sum.
constexpr AttentionProgram kPrograms[] = {
    {64, 64, 2, 4},
    {64, 32, 2, 4, false, true},
    {32, 64, 1, 4},
    {32, 32, 1, 4, false, true},
    {16, 64, 1, 4, false, false, true},
    {16, 32, 1, 4, true},
};
} // namespace

std::optional<AttentionProgram> hadal::cuda::chooseAttention(const AttentionSpec &spec,
                                                             const Level &level) {
  constexpr int64_t elementsOfPiece = tile::kPieceBytes / 2;
  int64_t values = valuesOf(spec);
  for (int64_t extent : {spec.rope, spec.nope, spec.pageSize})
    if (extent % elementsOfPiece != 0)
      return std::nullopt;
  if (spec.rank % tile::kPackedColumns != 0 || values > 512)
    return std::nullopt;
  std::optional<AttentionProgram> best;
  auto cost = [&](const AttentionProgram &program) {
    return std::tuple(program.groups, program.groups * program.heads, -program.keys);
  };
  for (AttentionProgram program : kPrograms) {
    if (program.keys % spec.pageSize != 0 && spec.pageSize % program.keys != 0)
      continue;
    program.columns =
        std::max(int64_t(llvm::alignTo(spec.rank + spec.rope, kSwizzle)), values + kSwizzle);
    program.values = values;
    program.sharedBytes = sharedBytesOf(spec, program);
    program.groups = int64_t(llvm::divideCeil(spec.heads, program.heads));
    program.segment = kSegment;
    program.keptNumbers = keptNumbersOf(program);
    if (program.sharedBytes <= level.sharedBytes && (!best || cost(program) < cost(*best)))
      best = program;
  }
  return best;
}

void hadal::cuda::emitAttention(OpBuilder &builder, Location loc, const AttentionSpec &spec,
                                const AttentionProgram &program) {
  AttentionBuilder b(loc, builder);
  Type bf16 = b.getBF16Type();
  auto matrix = [&](int64_t columns, Type element) -> Type {
    return tile::GlobalType::get(b.getContext(), {ShapedType::kDynamic, columns}, element,
                                 tile::Order::Rows);
  };
  Type indices = MemRefType::get({ShapedType::kDynamic}, b.getI32Type());
  SmallVector<Type> types{matrix(spec.rank, b.getF32Type()),
                          matrix(spec.nope + spec.rope, bf16),
                          matrix(spec.rank + spec.rope, bf16),
                          indices,
                          indices,
                          indices,
                          indices,
                          matrix(spec.rank, bf16)};
  if (program.splitsContext)
    types.push_back(AttentionSegments::workspaceType(b.getContext(), program));
  func::FuncOp kernel = createKernel(b, loc, spec.name, types, program.threads());
  b.setInsertionPointToStart(&kernel.getBody().front());
  AttentionEmitter(b, spec, program, kernel).emit();
  func::ReturnOp::create(b);
}
