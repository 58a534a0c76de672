// SPDX-License-Identifier: Apache-2.0
// Emits expanded latent attention in the tile dialect: which tokens and keys a workgroup has, and the choice of its tiles.
#include "hadal/Target/CUDA/ExpandedAttention.h"

#include "ExpandedEmitter.h"
#include "KernelFrame.h"
#include "TileBuilder.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

ExpandedEmitter::ExpandedEmitter(AttentionBuilder &builder, const ExpandedSpec &spec,
                                 const ExpandedProgram &program, func::FuncOp kernel)
    : b(builder), spec(spec), program(program), entry(kernel.getBody().front()),
      warps{program.rows / 16, 1, 1},
      scores(b.fragment(program.rows, program.keys, tile::Role::Accumulator, warps)),
      sums(b.fragment(program.rows, program.valueColumns, tile::Role::Accumulator, warps)),
      whole(tile::ColumnType::get(b.getContext(), program.rows, warps, tile::Share::Whole)),
      parts(tile::ColumnType::get(b.getContext(), program.rows, warps, tile::Share::Parts)) {
  for (int64_t k = 0; k < spec.nope; k += tile::kPackedColumns)
    depths.push_back(k);
  for (int64_t k = 0; k < spec.rope; k += tile::kPackedColumns)
    depths.push_back(program.nopeColumns + k);
}

void ExpandedEmitter::emit() {
  head = b.workgroup(gpu::Dimension::y);
  Value own = b.workgroup(gpu::Dimension::x);
  auto stack = cast<tile::GlobalType>(binding(kScratch).getType());
  auto matrix = tile::GlobalType::get(b.getContext(), stack.getShape().drop_front(),
                                      stack.getElementType(), stack.getOrder());
  scratch =
      tile::MatrixOp::create(b, matrix, binding(kScratch), b.add(b.mul(own, spec.heads), head));
  Value step = gpu::GridDimOp::create(b, gpu::Dimension::x);
  step = arith::IndexCastOp::create(b, b.getI32Type(), step);
  auto loop = scf::ForOp::create(b, own, roundUp(constant(kTokens), program.tokens), step);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  attendGroup(loop.getInductionVar());
}

void ExpandedEmitter::attendGroup(Value group) {
  Value offsets = binding(kOffsets), sequences = constant(kSequences), one = b.constant(1);
  Value first = b.mul(group, program.tokens);
  Value last = b.least(b.add(first, b.constant(program.tokens)), constant(kTokens));
  Value from = b.findSequence(offsets, sequences, first);
  Value to = b.add(b.findSequence(offsets, sequences, b.sub(last, one)), one);
  b.loop(from, to, {}, [&](Value sequence, ValueRange) {
    attendSequence(sequence, first, last);
    return SmallVector<Value>();
  });
}

void ExpandedEmitter::attendSequence(Value sequence, Value first, Value last) {
  using arith::CmpIPredicate;
  Value one = b.constant(1);
  Value begin = b.load(binding(kOffsets), sequence);
  Value end = b.load(binding(kOffsets), b.add(sequence, one));
  Segment segment;
  segment.begin = arith::MaxSIOp::create(b, first, begin);
  segment.count = b.sub(b.least(last, end), segment.begin);
  Value isTheirs = b.compare(CmpIPredicate::sgt, segment.count, b.constant(0));
  if (spec.threshold) {
    Value isLong = b.compare(CmpIPredicate::sge, b.sub(end, begin), b.constant(spec.threshold));
    isTheirs = arith::AndIOp::create(b, isTheirs, isLong);
  }
  b.onlyIf(isTheirs, [&] {
    // Positions rise by one within a sequence.
    segment.position = b.load(binding(kPositions), segment.begin);
    Value keys = b.add(segment.position, segment.count);
    Value pages = b.mul(b.load(binding(kSlots), sequence), constant(kPages));
    segment.latents = b.latentsOf(binding(kCache), binding(kTable), spec.pageSize, pages, keys);
    b.loop(b.constant(0), roundUp(keys, kChunkKeys), {}, [&](Value chunk, ValueRange) {
      attendChunk(segment, b.mul(chunk, kChunkKeys));
      return SmallVector<Value>();
    });
  });
}

void ExpandedEmitter::attendChunk(const Segment &segment, Value start) {
  expandChunk(segment.latents, start);
  b.loop(b.constant(0), roundUp(segment.count, program.rows), {}, [&](Value tile, ValueRange) {
    attendTile(segment, start, tile);
    return SmallVector<Value>();
  });
}

namespace {
/// Registers that a thread has for queries, sums and scores; others are operands and addresses.
constexpr int64_t kMostNumbers = 160;
/// Tokens of a workgroup: each expands the context anew, at the price of rank (nope + value) multiply-adds a key and head,
/// and a token saves 2 rank + rope - (nope + rope + value) of them. Many heads are workgroups enough.
constexpr int64_t kManyHeads = 64, kTokensOfFew = 512, kTokensOfMany = 1024;
/// Workgroups that there is memory for: two for each core of a large GPU.
constexpr int64_t kWorkgroups = 256;

int64_t numbersOf(const ExpandedProgram &program) {
  // A sum is of f32, a query of bf16; a warp has 16 rows.
  return (program.valueColumns + program.keys) / 2 +
         (program.keepsQueries ? program.keyColumns() / 4 : 0);
}

/// Rows of the scratch that a tile of queries takes between chunks: two columns, and a sum.
int64_t keptRowsOf(const ExpandedProgram &program) {
  int64_t bytes = keptBytes(2 * 2 + program.valueColumns / 2, program.threads());
  return int64_t(llvm::divideCeil(bytes, program.columns() * 2));
}

int64_t sharedBytesOf(const ExpandedSpec &spec, const ExpandedProgram &program) {
  int64_t tiles = 2 * program.keys * program.columns() * 2;
  if (!program.keepsQueries)
    tiles += program.rows * std::max(program.keyColumns(), program.valueColumns) * 2;
  int64_t latent = int64_t(llvm::alignTo(spec.rank, tile::kPackedPadding)) + program.ropeColumns;
  int64_t expanded = kExpandedKeys * (latent * 2 + (kExpandedOutputs + kExpandedPad) * 4);
  return std::max(tiles, expanded);
}

/// Queries, keys, and whether queries are kept in registers: the first that fits is taken. Kept queries save two reads for each 32
/// columns and tile, and leave registers so few that sm_80 spills one: they are for levels without the shared memory.
constexpr ExpandedProgram kPrograms[] = {{128, 64, false}, {128, 64, true}, {64, 32, false}};
} // namespace

std::optional<ExpandedProgram> hadal::cuda::chooseExpanded(const ExpandedSpec &spec,
                                                           const Level &level) {
  constexpr int64_t elementsOfPiece = tile::kPieceBytes / 2;
  for (int64_t extent : {spec.rank, spec.rope, spec.value, spec.pageSize})
    if (extent % elementsOfPiece != 0)
      return std::nullopt;
  // Padding of weights is no zero, and queries meet it.
  if (spec.nope % tile::kPackedColumns != 0 ||
      (kExpandedKeys % spec.pageSize != 0 && spec.pageSize % kExpandedKeys != 0))
    return std::nullopt;
  auto padded = [](int64_t columns) { return int64_t(llvm::alignTo(columns, kSwizzle)); };
  for (ExpandedProgram program : kPrograms) {
    program.nopeColumns = padded(spec.nope);
    program.ropeColumns = padded(spec.rope);
    program.valueColumns = padded(spec.value);
    int64_t queries = program.rows * std::max(program.keyColumns(), program.valueColumns);
    if (program.keepsQueries && 2 * program.keys * program.columns() < queries)
      continue;
    program.sharedBytes = sharedBytesOf(spec, program);
    if (numbersOf(program) > kMostNumbers || program.sharedBytes > level.sharedBytes)
      continue;
    program.tokens = spec.heads < kManyHeads ? kTokensOfFew : kTokensOfMany;
    program.groups = std::max<int64_t>(1, kWorkgroups / spec.heads);
    program.keptRows = keptRowsOf(program);
    program.scratchRows = int64_t(llvm::alignTo(
        kChunkKeys + program.tokens / program.rows * program.keptRows, kExpandedKeys));
    return program;
  }
  return std::nullopt;
}

void hadal::cuda::emitExpanded(OpBuilder &builder, Location loc, const ExpandedSpec &spec,
                               const ExpandedProgram &program) {
  AttentionBuilder b(loc, builder);
  Type bf16 = b.getBF16Type();
  int64_t any = ShapedType::kDynamic;
  auto global = [&](ArrayRef<int64_t> shape, tile::Order order = tile::Order::Rows) -> Type {
    return tile::GlobalType::get(b.getContext(), shape, bf16, order);
  };
  Type indices = MemRefType::get({any}, b.getI32Type());
  SmallVector<Type> types{global({any, spec.heads * spec.query()}),
                          global({any, spec.rank + spec.rope}),
                          global({spec.heads, spec.nope, spec.rank}, tile::Order::Packed),
                          global({spec.heads, spec.value, spec.rank}, tile::Order::Packed)};
  types.append(4, indices);
  types.push_back(global({any, spec.heads * spec.value}));
  types.push_back(global({any, program.scratchRows, program.columns()}));
  func::FuncOp kernel = createKernel(b, loc, spec.name, types, program.threads());
  b.setInsertionPointToStart(&kernel.getBody().front());
  ExpandedEmitter(b, spec, program, kernel).emit();
  func::ReturnOp::create(b);
}
