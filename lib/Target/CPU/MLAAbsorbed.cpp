// SPDX-License-Identifier: Apache-2.0
// Emits the absorbed form of attention, which reads the latent cache directly.
#include "AbsorbedPart.h"

#include "hadal_kernel_abi.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace hadal::cpu {

namespace {
constexpr int64_t segment = 512; // positions; parts begin at multiples of it
constexpr int64_t maxParts = 32; // of a row; a tree of them has fewer nodes than a word has bits
constexpr int64_t maxWorkspace = 64 << 20;

// What the parts of a row and group of heads have in common: a word whose bits are nodes of their
// tree, and a slot each. Few rows are split over workgroups, and have it in the workspace; of more,
// a workgroup computes the parts of a row one after the other, in its scratch. The arithmetic is
// the same.
struct Parts {
  Parts(const AbsorbedTiling &t, const MLAAbsorbedSpec &spec)
      : slot((t.slotFloats() + 15) / 16 * 16), region(slot * maxParts) {
    int64_t regions =
        std::min<int64_t>(HADAL_KERNEL_COUNTER_BYTES / 4, maxWorkspace / (4 * region));
    splitRows = regions / t.groups;
    perRow = 4 * region * t.groups;
  }
  int64_t slot, region; // floats
  int64_t splitRows; // the largest number of rows that is split
  int64_t perRow; // bytes of the workspace
};

struct AbsorbedScratch {
  AbsorbedScratch(const AbsorbedTiling &tiling, const Parts &parts)
      : part(tiling, layout), counter(layout.take(4)), region(layout.take(4 * parts.region)) {}
  ScratchLayout layout;
  AbsorbedPartScratch part;
  int64_t counter, region;
};

class AbsorbedEmitter {
public:
  AbsorbedEmitter(KernelBuilder &k, const MLAAbsorbedSpec &spec);
  void emit();

private:
  void findParts();
  void emitParts(int64_t heads);
  void arrive(int64_t heads, Value part);
  Value arriveAt(int64_t heads, Value node, Value stride, Value bit);
  AbsorbedSlot slotOf(Value part) { return {region, k.add(regionStart, k.mul(part, parts.slot))}; }

  KernelBuilder &k;
  const MLAAbsorbedSpec &spec;
  AbsorbedTiling tiling;
  Parts parts;
  AbsorbedScratch scratch;
  AbsorbedOperands in;
  Value segments, count, firstPart, endPart; // of the row; of the workgroup
  Value counters, counter, region, regionStart;
  std::optional<AbsorbedPart> part;
};
} // namespace

AbsorbedEmitter::AbsorbedEmitter(KernelBuilder &k, const MLAAbsorbedSpec &spec)
    : k(k), spec(spec), tiling(k.target(), spec), parts(tiling, spec), scratch(tiling, parts) {
  using P = arith::CmpIPredicate;
  Type i32 = k.getI32Type();
  in.latentQuery = flatBinding(k, 0, FloatType::F32);
  in.rotatedQuery = flatBinding(k, 1, spec.cache);
  in.cache = flatBinding(k, 2, spec.cache);
  in.blockTable = flatBinding(k, 3, i32);
  Value positions = flatBinding(k, 4, i32);
  Value offsets = flatBinding(k, 5, i32);
  Value slots = flatBinding(k, 6, i32);
  in.y = flatBinding(k, 7, spec.cache);
  Value rows = k.launchConstant(0);
  Value sequences = k.launchConstant(1);
  Value pagesPerSlot = k.launchConstant(2);
  Value threshold = k.launchConstant(3);

  in.row = k.workgroupId(1);
  in.position = loadIndex(k, positions, in.row);
  segments = k.add(k.div(in.position, segment), 1);
  count = k.minIndex(segments, k.index(maxParts));
  Value isSplit = k.cmp(P::sle, rows, k.index(parts.splitRows));
  firstPart = k.workgroupId(2);
  k.returnIf(k.cmp(P::sge, firstPart, k.select(isSplit, count, k.index(1))));
  endPart = k.select(isSplit, k.add(firstPart, 1), count);

  Value sequence = findSequence(k, offsets, sequences, in.row);
  Value begin = loadIndex(k, offsets, sequence);
  Value end = loadIndex(k, offsets, k.add(sequence, 1));
  k.returnIf(k.cmp(P::sge, k.sub(end, begin), threshold));
  in.tableRow = k.mul(loadIndex(k, slots, sequence), pagesPerSlot);

  Value group = k.workgroupId(0);
  in.firstHead = k.add(k.mul(group, tiling.base), k.minIndex(group, k.index(tiling.larger)));
  auto own = [&](int64_t byteOffset, Type type) {
    return k.scratch(byteOffset, type, {ShapedType::kDynamic});
  };
  Value number = k.add(k.mul(in.row, tiling.groups), group), zero = k.index(0);
  Value ownCounter = own(scratch.counter, i32);
  k.store(k.i32(0), ownCounter, zero);
  counters = k.select(isSplit, flatBinding(k, 8, i32), ownCounter);
  counter = k.select(isSplit, number, zero);
  region =
      k.select(isSplit, flatBinding(k, 8, k.getF32Type()), own(scratch.region, k.getF32Type()));
  regionStart =
      k.select(isSplit, k.add(k.mul(number, parts.region), HADAL_KERNEL_COUNTER_BYTES / 4), zero);
  part.emplace(k, spec, tiling, scratch.part, in);
}

void AbsorbedEmitter::emit() {
  if (tiling.larger == 0)
    emitParts(tiling.base);
  else
    k.ifElse(
        k.cmp(arith::CmpIPredicate::slt, k.workgroupId(0), k.index(tiling.larger)),
        [&] { emitParts(tiling.base + 1); }, [&] { emitParts(tiling.base); });
  k.finish();
}

void AbsorbedEmitter::emitParts(int64_t heads) {
  constexpr int64_t blocks = segment / AbsorbedTiling::keyBlock; // of a segment
  Value allBlocks = k.add(k.div(in.position, AbsorbedTiling::keyBlock), 1);
  // Parts have whole segments, as equally many as can be. All this depends on the position alone.
  auto firstBlock = [&](Value number) {
    return k.mul(k.div(k.mul(number, segments), count), blocks);
  };
  part->packQuery(heads);
  k.forLoop(firstPart, endPart, 1, [&](Value number) {
    part->attend(heads, slotOf(number), firstBlock(number),
                 k.minIndex(firstBlock(k.add(number, 1)), allBlocks));
    arrive(heads, number);
  });
}

// Parts meet in a binary tree. Who comes to a node second merges the two sides into the slot of
// the left one's first part and goes on; who ends at the root has the result.
void AbsorbedEmitter::arrive(int64_t heads, Value number) {
  Type i1 = k.getI1Type();
  auto constant = [&](bool value) -> Value {
    return arith::ConstantOp::create(k, k.getBoolAttr(value));
  };
  Value one = k.index(1);
  // Of the level: whether this workgroup goes on, its node, how many there are, the parts of each,
  // the first bit and how many bits a full tree has here.
  SmallVector<Value> state{constant(true), number, count, one, k.index(0), k.index(maxParts / 2)};
  state =
      k.forLoop(k.index(0), k.index(llvm::Log2_64(maxParts)), 1, state, [&](Value, ValueRange s) {
        Value parent = k.div(s[1], 2);
        Value right = k.add(k.mul(parent, 2), 1);
        Value both = k.cmp(arith::CmpIPredicate::slt, right, s[2]);
        Value goesOn = k.ifValue(
            i1, arith::AndIOp::create(k, s[0], both),
            [&] { return arriveAt(heads, parent, s[3], k.add(s[4], parent)); },
            [&]() -> Value { return s[0]; });
        return SmallVector<Value>{
            goesOn, parent, k.ceilDiv(s[2], 2), k.mul(s[3], 2), k.add(s[4], s[5]), k.div(s[5], 2)};
      });
  k.ifThen(state[0], [&] {
    // All have been here; a workspace's counters are left as they were found.
    k.store(k.i32(0), counters, counter);
    part->store(heads, slotOf(k.index(0)));
  });
}

// Whether this is the second side to arrive.
Value AbsorbedEmitter::arriveAt(int64_t heads, Value node, Value stride, Value bit) {
  Type i32 = k.getI32Type();
  Value mask = arith::ShLIOp::create(k, k.i32(1), k.fromIndex(bit, i32));
  Value before = memref::AtomicRMWOp::create(k, i32, arith::AtomicRMWKind::ori, mask, counters,
                                             ValueRange(counter));
  Value second = k.cmp(arith::CmpIPredicate::ne, arith::AndIOp::create(k, before, mask), k.i32(0));
  k.ifThen(second, [&] {
    Value left = k.mul(k.mul(node, 2), stride);
    part->merge(heads, slotOf(left), slotOf(k.add(left, stride)));
  });
  return second;
}

KernelInfo getMLAAbsorbedInfo(const MLAAbsorbedSpec &spec, const KernelTarget &target) {
  AbsorbedTiling tiling(target, spec);
  Parts parts(tiling, spec);
  KernelInfo info;
  info.bindings.assign(7, Access::Read);
  info.bindings.push_back(Access::Write);
  info.constantCount = 4;
  info.scratchBytes = AbsorbedScratch(tiling, parts).layout.size();
  info.workspace = {HADAL_KERNEL_COUNTER_BYTES, parts.perRow, parts.splitRows};
  info.grid[0] = GridExtent::fixed(tiling.groups);
  info.grid[1] = GridExtent::rows(1);
  info.grid[2] = GridExtent::fixed(maxParts);
  return info;
}

void emitMLAAbsorbed(KernelBuilder &k, const MLAAbsorbedSpec &spec) {
  AbsorbedEmitter(k, spec).emit();
}

} // namespace hadal::cpu
