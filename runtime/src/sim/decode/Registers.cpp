// SPDX-License-Identifier: Apache-2.0
// Liveness of virtual registers and their assignment to slots (linear scan over
// intervals; Poletto and Sarkar 1999).
#include "sim/decode/Decoder.h"

#include <algorithm>

namespace hadal::sim {

namespace {

struct Block {
  u32 first, last; // instructions, relative to the function, last exclusive
  u32 successors[2] = {~0u, ~0u};
  std::vector<u32> many; // brx.idx
};

class BitRows {
public:
  BitRows(size_t rows, size_t bits) : words((bits + 63) / 64), data(rows * words, 0) {}
  u64 *row(size_t index) { return data.data() + index * words; }
  bool get(size_t index, u32 bit) { return row(index)[bit / 64] >> (bit % 64) & 1; }
  void set(size_t index, u32 bit) { row(index)[bit / 64] |= u64(1) << (bit % 64); }
  size_t words;
  std::vector<u64> data;
};

u32 slotsOf(Ty type) {
  u32 bytes = sizeOf(type);
  return bytes <= 4 ? 1 : bytes / 4;
}

/// Registers may follow each other in a slot only where a lane's value lies at
/// the same bytes: lanes of a warp can be at different places of the program.
u32 layoutOf(Ty type) {
  switch (type == Ty::Pred ? 0 : sizeOf(type)) {
  case 0: return 0;
  case 1: return 1;
  case 2: return 2;
  case 4: return 3;
  case 8: return 4;
  default: return 5;
  }
}

std::vector<Block> findBlocks(const AstFunction &ast, u32 count) {
  std::vector<bool> leader(count + 1, false);
  leader[0] = true;
  auto isBranch = [](const AstInst &inst) {
    return inst.opcode == "bra" || inst.opcode == "brx" || inst.opcode == "ret" ||
           inst.opcode == "exit" || inst.opcode == "trap";
  };
  for (u32 i = 0; i < ast.body.size(); ++i) {
    const AstInst &inst = ast.body[i];
    if (!isBranch(inst))
      continue;
    leader[i + 1] = true;
    for (const Operand &operand : inst.operands) {
      if (operand.kind == Operand::Label)
        leader[operand.label] = true;
      if (operand.kind == Operand::Prototype)
        for (u32 label : ast.tables[operand.label].labels)
          leader[label] = true;
    }
  }
  std::vector<Block> blocks;
  std::vector<u32> blockOf(count + 1, 0);
  for (u32 i = 0; i < count; ++i) {
    if (leader[i])
      blocks.push_back({i, i, {~0u, ~0u}, {}});
    blocks.back().last = i + 1;
    blockOf[i] = u32(blocks.size() - 1);
  }
  for (Block &block : blocks) {
    u32 last = block.last - 1;
    bool falls = true;
    if (last < ast.body.size()) {
      const AstInst &inst = ast.body[last];
      if (isBranch(inst)) {
        falls = inst.guard >= 0;
        for (const Operand &operand : inst.operands) {
          if (operand.kind == Operand::Label)
            block.successors[1] = blockOf[operand.label];
          if (operand.kind == Operand::Prototype)
            for (u32 label : ast.tables[operand.label].labels)
              block.many.push_back(blockOf[label]);
        }
      }
    }
    if (falls && block.last < count)
      block.successors[0] = blockOf[block.last];
  }
  return blocks;
}

/// Data flow between blocks: registers that one reads before it writes them, that
/// it writes in any case, that are live where it begins and where it ends.
struct Flow {
  Flow(size_t blocks, size_t registers)
      : gen(blocks, registers), kill(blocks, registers), in(blocks, registers),
        out(blocks, registers) {}
  void solve(const std::vector<Block> &blocks);
  BitRows gen, kill, in, out;
};

void Flow::solve(const std::vector<Block> &blocks) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (size_t b = blocks.size(); b-- > 0;) {
      u64 *outRow = out.row(b), *inRow = in.row(b);
      auto join = [&](u32 successor) {
        if (successor == ~0u)
          return;
        const u64 *from = in.row(successor);
        for (size_t w = 0; w < in.words; ++w)
          outRow[w] |= from[w];
      };
      join(blocks[b].successors[0]);
      join(blocks[b].successors[1]);
      for (u32 successor : blocks[b].many)
        join(successor);
      const u64 *genRow = gen.row(b), *killRow = kill.row(b);
      for (size_t w = 0; w < in.words; ++w) {
        u64 value = genRow[w] | (outRow[w] & ~killRow[w]);
        if (value != inRow[w]) {
          inRow[w] = value;
          changed = true;
        }
      }
    }
  }
}

/// The interval of instructions in which each register is live.
struct Intervals {
  explicit Intervals(u32 registers)
      : begin(registers, ~0u), end(registers, 0), liveAtEntry(registers, false) {}
  void extend(u32 reg, u32 at) {
    begin[reg] = std::min(begin[reg], at);
    end[reg] = std::max(end[reg], at);
  }
  std::vector<u32> begin, end;
  std::vector<bool> liveAtEntry;
};

/// Extends the intervals to all references, and fills what blocks read and write.
void readReferences(const Decoder &decoder, const std::vector<Block> &blocks, u32 first, Flow &flow,
                    Intervals &live) {
  // References are in the order of instructions; within one, uses come first.
  const auto &references = decoder.references;
  size_t cursor = 0;
  for (size_t b = 0; b < blocks.size(); ++b)
    for (u32 i = blocks[b].first; i < blocks[b].last; ++i) {
      size_t stop = cursor;
      while (stop < references.size() && references[stop].inst == first + i)
        ++stop;
      bool guarded = decoder.program.code[first + i].guard != 0;
      for (size_t r = cursor; r < stop; ++r) {
        u32 reg = references[r].reg;
        live.extend(reg, i);
        if ((!references[r].isDefinition || guarded) && !flow.kill.get(b, reg))
          flow.gen.set(b, reg);
      }
      for (size_t r = cursor; r < stop; ++r)
        if (references[r].isDefinition && !guarded)
          flow.kill.set(b, references[r].reg);
      cursor = stop;
    }
}

Intervals findIntervals(const Decoder &decoder, const AstFunction &ast, const Function &function) {
  u32 first = function.firstPc;
  u32 count = function.endPc - first;
  u32 registers = u32(ast.registers.size());
  std::vector<Block> blocks = findBlocks(ast, count);
  Flow flow(blocks.size(), registers);
  Intervals live(registers);
  readReferences(decoder, blocks, first, flow, live);
  for (const FormalParameter &parameter : function.parameters)
    if (parameter.isRegister)
      live.extend(parameter.reg & kAreaMask, 0);
  for (const FormalParameter &parameter : function.returns)
    if (parameter.isRegister)
      live.extend(parameter.reg & kAreaMask, count);
  flow.solve(blocks);
  for (size_t b = 0; b < blocks.size(); ++b)
    for (size_t w = 0; w < flow.in.words; ++w) {
      for (u64 bits = flow.in.row(b)[w]; bits; bits &= bits - 1)
        live.extend(u32(w * 64 + u32(__builtin_ctzll(bits))), blocks[b].first);
      for (u64 bits = flow.out.row(b)[w]; bits; bits &= bits - 1)
        live.extend(u32(w * 64 + u32(__builtin_ctzll(bits))), blocks[b].last - 1);
    }
  if (!blocks.empty())
    for (u32 reg = 0; reg < registers; ++reg)
      if (flow.in.get(0, reg)) {
        live.liveAtEntry[reg] = true;
        live.extend(reg, 0);
      }
  return live;
}

/// The slot of each register, by a linear scan with free lists by layout.
std::vector<u32> assignSlots(const AstFunction &ast, const Intervals &live, Function &function) {
  u32 registers = u32(ast.registers.size());
  std::vector<u32> order;
  for (u32 reg = 0; reg < registers; ++reg)
    if (live.begin[reg] != ~0u)
      order.push_back(reg);
  std::sort(order.begin(), order.end(), [&](u32 x, u32 y) {
    return live.begin[x] != live.begin[y] ? live.begin[x] < live.begin[y] : x < y;
  });
  std::vector<std::pair<u32, u32>> active; // (end, reg), a heap
  auto later = [](const std::pair<u32, u32> &x, const std::pair<u32, u32> &y) { return x > y; };
  std::vector<u32> freeSlots[6];
  std::vector<u32> slot(registers, kSinkOperand / kSlotBytes);
  for (u32 reg : order) {
    while (!active.empty() && active.front().first < live.begin[reg]) {
      u32 done = active.front().second;
      std::pop_heap(active.begin(), active.end(), later);
      active.pop_back();
      freeSlots[layoutOf(ast.registers[done].type)].push_back(slot[done]);
    }
    u32 size = slotsOf(ast.registers[reg].type);
    std::vector<u32> &free = freeSlots[layoutOf(ast.registers[reg].type)];
    if (!free.empty()) {
      slot[reg] = free.back();
      free.pop_back();
    } else {
      slot[reg] = function.slots;
      function.slots += size;
    }
    active.emplace_back(live.end[reg], reg);
    std::push_heap(active.begin(), active.end(), later);
    if (live.liveAtEntry[reg])
      for (u32 i = 0; i < size; ++i)
        function.undefinedSlots.push_back(slot[reg] + i);
  }
  return slot;
}

/// Puts slots in the place of virtual registers.
void patchReferences(Program &program, Function &function, const std::vector<u32> &slot) {
  auto patch = [&](u32 &ref) {
    if (ref >> kAreaShift == kAreaVirtual >> kAreaShift)
      ref = slot[ref & kAreaMask] * kSlotBytes;
  };
  for (u32 pc = function.firstPc; pc < function.endPc; ++pc) {
    Inst &inst = program.code[pc];
    for (u32 *ref : {&inst.d, &inst.d2, &inst.a, &inst.b, &inst.c, &inst.e, &inst.guard})
      patch(*ref);
    for (u32 i = 0; i < inst.count; ++i)
      patch(program.pool[inst.list + i]);
  }
  auto &undefined = function.undefinedSlots;
  for (FormalParameter &parameter : function.parameters)
    if (parameter.isRegister) {
      patch(parameter.reg);
      undefined.erase(std::remove(undefined.begin(), undefined.end(), slotOf(parameter.reg)),
                      undefined.end());
    }
  for (FormalParameter &parameter : function.returns)
    if (parameter.isRegister)
      patch(parameter.reg);
}

} // namespace

void assignRegisters(Decoder &decoder, const AstFunction &ast, Function &function) {
  Intervals live = findIntervals(decoder, ast, function);
  std::vector<u32> slot = assignSlots(ast, live, function);
  patchReferences(decoder.program, function, slot);
}

} // namespace hadal::sim
