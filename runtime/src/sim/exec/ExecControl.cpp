// SPDX-License-Identifier: Apache-2.0
// Branches, calls, returns, barriers, fences.
#include "sim/check/GlobalRaces.h"
#include "sim/check/SharedRaces.h"
#include "sim/exec/ExecSupport.h"
#include "sim/support/AddressSpace.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

void branchTo(Warp &w, u32 target, u32 taken) {
  u32 rest = w.active & ~taken;
  if (!rest) {
    w.pc = target;
    return;
  }
  u32 next = w.pc;
  // The lower side runs first; the other waits there for it.
  if (target < next) {
    w.active = taken;
    w.pc = target;
    addPath(w, next, rest, w.frame, Path::Ready);
  } else {
    w.active = rest;
    addPath(w, target, taken, w.frame, Path::Ready);
  }
}

void bra(Warp &w, const Inst &in, u32 mask) {
  if (in.spin)
    noteSpin(w, in, mask);
  if (!mask)
    return;
  if (mask != w.active)
    ++w.worker->counters.memory[pcOf(w, in)].divergent;
  branchTo(w, in.aux, mask);
}
bool decodeBra(Decoder &d) {
  d.mod("uni");
  if (!d.finish(1))
    return false;
  if (d.operand(0).kind != Operand::Label)
    return d.failOperand(0, "expected a label");
  d.out.run = bra;
  d.out.cls = Class::Control;
  d.out.shadow = Shadow::Own;
  d.out.flags |= kIsBranch;
  d.out.aux = d.pcOf(d.operand(0).label);
  return true;
}

void brx(Warp &w, const Inst &in, u32 mask) {
  if (!mask)
    return;
  const std::vector<u32> &table = w.launch->program->branchTables[in.aux];
  const u32 *index = w.at<u32>(in.a);
  if (w.tracking && (*w.flags(in.a) & mask)) {
    reportUndefined(w, in, *w.flags(in.a) & mask, "an undefined value decides this branch");
    return;
  }
  u32 others = 0;
  for (u32 rest = mask; rest;) {
    u32 lane = firstLane(rest);
    if (index[lane] >= table.size()) {
      report(w, in, "bounds", lane,
             format("branch index %u, expected less than %zu", index[lane], table.size()));
      return;
    }
    u32 same = 0;
    for (u32 more = rest; more; more &= more - 1)
      if (index[firstLane(more)] == index[lane])
        same |= 1u << firstLane(more);
    rest &= ~same;
    addPath(w, table[index[lane]], same, w.frame, Path::Ready);
    ++others;
  }
  if (others > 1 || mask != w.active)
    ++w.worker->counters.memory[pcOf(w, in)].divergent;
  w.active &= ~mask;
  w.threshold = 0;
}
bool decodeBrx(Decoder &d) {
  d.mod("uni");
  if (!d.mod("idx"))
    return d.fail("expected brx.idx");
  if (!d.finish(2) || !d.src(0, Ty::U32, d.out.a))
    return false;
  if (d.operand(1).kind != Operand::Prototype)
    return d.failOperand(1, "expected a list of branch targets");
  std::vector<u32> table;
  for (u32 label : d.functionAst().tables[d.operand(1).label].labels)
    table.push_back(d.pcOf(label));
  d.out.aux = u32(d.program.branchTables.size());
  d.program.branchTables.push_back(std::move(table));
  d.out.run = brx;
  d.out.cls = Class::Control;
  d.out.shadow = Shadow::Own;
  d.out.flags |= kIsBranch;
  return true;
}

/// Copies the lanes of one argument or result between frames.
void copyBetween(Warp &w, u32 mask, const Frame &from, u64 fromOffset, const Frame &to,
                 u64 toOffset, u64 bytes) {
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u64 lane = u64(firstLane(rest)) * w.localStride;
    u64 source = lane + from.localBase + fromOffset, target = lane + to.localBase + toOffset;
    memcpy(w.local + target, w.local + source, bytes);
    memcpy(w.localUndefined + target, w.localUndefined + source, bytes);
  }
}
void copyRegister(u32 mask, const Frame &from, const u8 *source, u32 sourceRef, Frame &to,
                  u32 targetRef, u32 bytes) {
  u32 lane = bytes < 4 ? 4 : bytes;
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 i = firstLane(rest);
    memcpy(to.registers + targetRef + i * lane, source + i * lane, lane);
  }
  u32 flags = sourceRef >> kAreaShift ? 0 : from.undefined[slotOf(sourceRef)];
  u32 &into = to.undefined[slotOf(targetRef)];
  into = (into & ~mask) | (flags & mask);
  // The bits behind a flag, or all of them where none were kept.
  for (u32 rest = flags & mask; rest && to.shadow; rest &= rest - 1) {
    u32 i = firstLane(rest);
    u8 *bits = to.shadow + targetRef + i * lane;
    if (from.shadow)
      memcpy(bits, from.shadow + sourceRef + i * lane, lane);
    else
      memset(bits, 0xff, lane);
  }
  if (to.origins)
    memset(to.origins + slotOf(targetRef) * u64(kLanes), 0, kSlotBytes);
}

bool enter(Warp &w, const Inst &in, const Function &callee, u32 mask) {
  const CallSite &site = w.launch->program->calls[in.imm];
  Frame *caller = w.frame;
  if (!callee.refusal.empty())
    return stopWith(
        w, in,
        format("call of '%s', which cannot run: %s", callee.name.c_str(), callee.refusal.c_str()));
  if (!callee.hasBody) {
    if (!callRuntime(w, in, site, callee, mask))
      return false;
    addPath(w, w.pc, mask, caller, Path::Ready);
    return true;
  }
  if (callee.parameters.size() != site.arguments.size() ||
      callee.returns.size() != site.results.size())
    return stopWith(w, in,
                    format("call of '%s' with %zu arguments and %zu "
                           "results, expected %zu and %zu",
                           callee.name.c_str(), site.arguments.size(), site.results.size(),
                           callee.parameters.size(), callee.returns.size()));
  u64 base = caller->localBase + caller->function->localBytes;
  if (caller->depth > 20000 || !growLocal(w, base + callee.localBytes))
    return report(w, in, "bounds", firstLane(mask),
                  format("stack overflow: %u calls deep, more than %llu bytes "
                         "of local memory",
                         caller->depth, (unsigned long long)kMaximumLocal));
  Frame *frame = enterFunction(w, callee, mask);
  frame->parent = caller;
  frame->call = &in;
  frame->returnPc = w.pc;
  frame->depth = caller->depth + 1;
  frame->localBase = base;
  if (callee.localBytes)
    for (u32 rest = mask; rest; rest &= rest - 1)
      memset(w.localUndefined + firstLane(rest) * w.localStride + base, 0xff, callee.localBytes);
  for (size_t i = 0; i < site.arguments.size(); ++i) {
    const CallOperand &argument = site.arguments[i];
    const FormalParameter &formal = callee.parameters[i];
    if (argument.isRegister != formal.isRegister)
      return stopWith(w, in,
                      "an argument and its parameter must both be "
                      "registers or both .param variables");
    if (argument.isRegister) {
      u32 ref = w.launch->program->pool[argument.pool];
      copyRegister(mask, *caller, w.at<u8>(ref), ref, *frame, formal.reg, u32(formal.bytes));
    } else {
      copyBetween(w, mask, *caller, argument.offset, *frame, formal.offset,
                  argument.bytes < formal.bytes ? argument.bytes : formal.bytes);
    }
  }
  addPath(w, callee.firstPc, mask, frame, Path::Ready);
  return true;
}

void call(Warp &w, const Inst &in, u32 mask) {
  const CallSite &site = w.launch->program->calls[in.imm];
  const std::vector<Function> &functions = w.launch->program->functions;
  if (site.callee) {
    if (!enter(w, in, functions[site.callee->index], mask))
      return;
  } else {
    if (w.tracking && (*w.flags(in.a) & mask)) {
      reportUndefined(w, in, *w.flags(in.a) & mask,
                      "the address of the called function is undefined");
      return;
    }
    const u64 *target = w.at<u64>(in.a);
    for (u32 rest = mask; rest;) {
      u64 handle = target[firstLane(rest)] - kFunctionHandle;
      if (handle >= functions.size()) {
        report(w, in, "bounds", firstLane(rest),
               format("call of 0x%llx, which is no function",
                      (unsigned long long)target[firstLane(rest)]));
        return;
      }
      u32 same = 0;
      for (u32 more = rest; more; more &= more - 1)
        if (target[firstLane(more)] - kFunctionHandle == handle)
          same |= 1u << firstLane(more);
      rest &= ~same;
      if (!enter(w, in, functions[handle], same))
        return;
    }
  }
  w.active &= ~mask;
  w.threshold = 0; // deeper frames go first
}

bool decodeCall(Decoder &d) {
  d.mod("uni");
  if (!d.finish(1, 4))
    return false;
  CallSite site;
  size_t at = 0;
  const Operand *results = nullptr, *arguments = nullptr;
  if (d.operand(0).kind == Operand::List)
    results = &d.operand(at++);
  if (at >= d.operandCount())
    return d.fail("expected a function");
  const Operand &target = d.operand(at++);
  if (target.kind == Operand::Function) {
    site.callee = target.function;
  } else if (target.kind == Operand::Register) {
    if (!d.srcOf(target, Ty::U64, d.out.a))
      return false;
  } else {
    return d.fail("expected a function or a register that holds its address");
  }
  if (at < d.operandCount() && d.operand(at).kind == Operand::List)
    arguments = &d.operand(at++);
  std::vector<u32> refs;
  auto collect = [&](const Operand *list, std::vector<CallOperand> &into, bool defines) {
    if (!list)
      return true;
    for (const Operand &part : list->parts) {
      CallOperand item;
      if (part.kind == Operand::Symbol) {
        if (part.variable->space != Space::Local && part.variable->space != Space::Param)
          return d.fail(format("'%s' is no .param variable", part.variable->name.c_str()));
        item.offset = part.variable->offset;
        item.bytes = part.variable->bytes;
      } else {
        item.isRegister = true;
        item.pool = u32(refs.size());
        u32 ref = 0;
        Ty type = part.kind == Operand::Register ? d.registerType(part) : Ty::B32;
        if (part.kind == Operand::Immediate && site.callee &&
            into.size() < site.callee->parameters.size())
          type = site.callee->parameters[into.size()]->type;
        if (defines ? !d.dstOf(part, type, ref) : !d.srcOf(part, type, ref))
          return false;
        refs.push_back(ref);
      }
      into.push_back(item);
    }
    return true;
  };
  if (!collect(arguments, site.arguments, false) || !collect(results, site.results, true))
    return false;
  if (refs.size() > 255)
    return d.fail("expected at most 255 register arguments");
  d.setList(refs);
  for (auto *list : {&site.arguments, &site.results})
    for (CallOperand &item : *list)
      item.pool += d.out.list;
  d.out.imm = d.program.calls.size();
  d.program.calls.push_back(std::move(site));
  d.out.run = call;
  d.out.cls = Class::Control;
  d.out.shadow = Shadow::Own;
  return true;
}

void ret(Warp &w, const Inst &in, u32 mask) {
  Frame *frame = w.frame;
  if (!frame->parent) {
    exitLanes(w, mask);
    return;
  }
  Frame *caller = frame->parent;
  const CallSite &site = w.launch->program->calls[frame->call->imm];
  const Function &callee = *frame->function;
  for (size_t i = 0; i < site.results.size(); ++i) {
    const CallOperand &result = site.results[i];
    const FormalParameter &formal = callee.returns[i];
    if (result.isRegister != formal.isRegister) {
      stopWith(w, in,
               "a result and its parameter must both be registers or "
               "both .param variables");
      return;
    }
    if (result.isRegister)
      copyRegister(mask, *frame, frame->registers + formal.reg, formal.reg, *caller,
                   w.launch->program->pool[result.pool], u32(formal.bytes));
    else
      copyBetween(w, mask, *frame, formal.offset, *caller, result.offset,
                  result.bytes < formal.bytes ? result.bytes : formal.bytes);
  }
  frame->lanes &= ~mask;
  w.active &= ~mask;
  addPath(w, frame->returnPc, mask, caller, Path::Ready);
  if (!frame->lanes)
    leaveFrame(w, frame);
  w.threshold = 0;
}
bool decodeRet(Decoder &d) {
  d.mod("uni");
  d.out.run = ret;
  d.out.cls = Class::Control;
  d.out.shadow = Shadow::Own;
  return d.finish(0);
}

void leave(Warp &w, const Inst &, u32 mask) { exitLanes(w, mask); }
bool decodeExit(Decoder &d) {
  d.out.run = leave;
  d.out.cls = Class::Control;
  d.out.shadow = Shadow::Own;
  return d.finish(0);
}

void trap(Warp &w, const Inst &in, u32 mask) {
  report(w, in, "trap", firstLane(mask), "the kernel executed a trap");
}
bool decodeTrap(Decoder &d) {
  d.out.run = trap;
  d.out.cls = Class::Control;
  d.out.shadow = Shadow::Own;
  return d.finish(0);
}

void nothing(Warp &, const Inst &, u32) {}
bool decodeNothing(Decoder &d) {
  for (int i = 0; i < 8; ++i)
    d.modOf("wait launch_dependents mask");
  d.out.run = nothing;
  d.out.cls = Class::Control;
  d.out.shadow = Shadow::Own;
  return d.finish(0, 1);
}
void sleep(Warp &w, const Inst &, u32) { w.polls = true; }
bool decodeSleep(Decoder &d) {
  d.out.run = sleep;
  d.out.cls = Class::Control;
  d.out.shadow = Shadow::Own;
  return d.type() == Ty::U32 && d.finish(1) && d.src(0, Ty::U32, d.out.a);
}

// aux: 1 sync, 2 arrive; | kind of reduction << 8; flags: aligned.
void barrier(Warp &w, const Inst &in, u32 mask) {
  if ((in.flags & kAligned) && !converge(w, in, mask, w.valid))
    return;
  u32 lane = firstLane(mask);
  u32 id = w.at<u32>(in.a)[lane];
  u32 expected = in.b ? w.at<u32>(in.b)[lane] : 0;
  if (w.tracking && ((*w.flags(in.a) | *w.flags(in.b)) & mask)) {
    reportUndefined(w, in, (*w.flags(in.a) | *w.flags(in.b)) & mask,
                    "the number or size of the barrier is undefined");
    return;
  }
  if (id > 15 || expected > w.block->threads + 31) {
    stopWith(w, in,
             format("barrier %u of %u threads, expected a number up to "
                    "15 and at most the block's %u threads",
                    id, expected, w.block->threads));
    return;
  }
  if (in.b && (expected == 0 || expected % kLanes)) {
    stopWith(w, in, format("barrier of %u threads, expected a multiple of 32", expected));
    return;
  }
  u32 threads = (in.flags & kAligned) && expected ? kLanes : popCount(mask);
  u32 predicate = 0;
  if (in.aux >> 8) {
    predicate = *w.at<u32>(in.c);
    if (in.flags & kNegateC)
      predicate = ~predicate;
    if (w.tracking) {
      u32 bad = *w.flags(in.c) & mask;
      if (bad) {
        reportUndefined(w, in, bad,
                        "the predicate of the reduction is "
                        "undefined");
        return;
      }
      *w.flags(in.d) &= ~mask;
    }
  }
  arriveAtBarrier(w, in, mask, id, expected, (in.aux & 255) == 2, threads, predicate);
}

void warpSync(Warp &w, const Inst &in, u32 mask) {
  if (!gatherLanes(w, in, in.a, mask))
    return;
  if (w.block->races)
    w.block->races->warpSync(w.index);
  if (w.launch->globalRaces)
    w.launch->globalRaces->warpSync(w);
}

bool decodeBar(Decoder &d, bool isAligned) {
  d.out.cls = Class::Barrier;
  d.out.shadow = Shadow::Own;
  if (d.mod("warp")) {
    d.mod("sync");
    d.out.run = warpSync;
    return d.finish(1) && d.src(0, Ty::B32, d.out.a);
  }
  d.mod("cta");
  int action = d.modOf("sync arrive red");
  if (d.mod("aligned"))
    isAligned = true;
  if (action < 0)
    return d.fail("expected .sync, .arrive or .red");
  d.out.run = barrier;
  if (isAligned)
    d.out.flags |= kAligned;
  size_t first = 0, last = d.operandCount();
  if (action == 2) {
    int op = d.modOf("popc and or");
    Ty type = d.type();
    if (op < 0 || type != (op == 0 ? Ty::U32 : Ty::Pred))
      return d.fail("expected .popc.u32, .and.pred or .or.pred");
    d.out.aux = 1 | u32(op + 1) << 8;
    bool negated = false;
    if (!d.finish(3, 4) || !d.predicate(last - 1, d.out.c, negated))
      return false;
    if (negated)
      d.out.flags |= kNegateC;
    first = 1;
    --last;
  } else {
    d.out.aux = action == 0 ? 1 : 2;
    if (!d.finish(action == 0 ? 1 : 2, 2))
      return false;
  }
  if (!d.src(first, Ty::U32, d.out.a))
    return false;
  if (last - first > 1 && !d.src(first + 1, Ty::U32, d.out.b))
    return false;
  if (action == 2)
    return d.dst(0, d.out.aux >> 8 == 1 ? Ty::U32 : Ty::Pred, d.out.d);
  return true;
}
bool decodeBarAligned(Decoder &d) { return decodeBar(d, true); }
bool decodeBarrier(Decoder &d) { return decodeBar(d, false); }

void fence(Warp &w, const Inst &in, u32) {
  w.polls = true;
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (w.launch->globalRaces)
    w.launch->globalRaces->fence(w, in.aux);
}
bool decodeFence(Decoder &d) {
  d.modOf("sc acq_rel acquire release");
  int scope = d.modOf("cta cluster gpu sys gl");
  d.out.aux = scope == 0 ? 0 : 1; // of the block, or of the whole grid
  d.out.run = fence;
  d.out.cls = Class::Fence;
  d.out.shadow = Shadow::Own;
  return d.finish(0);
}

const OpRow kRows[] = {
    {"bra", decodeBra},         {"brx", decodeBrx},
    {"call", decodeCall},       {"ret", decodeRet},
    {"exit", decodeExit},       {"trap", decodeTrap},
    {"brkpt", decodeTrap},      {"pmevent", decodeNothing},
    {"nanosleep", decodeSleep}, {"griddepcontrol", decodeNothing},
    {"bar", decodeBarAligned},  {"barrier", decodeBarrier},
    {"membar", decodeFence},    {"fence", decodeFence},
};
} // namespace

const Level::Table kControlTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
