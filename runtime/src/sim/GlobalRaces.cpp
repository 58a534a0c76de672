// SPDX-License-Identifier: Apache-2.0
// Detects races on global memory between warps, on request.
#include "GlobalRaces.h"

namespace hadal::sim {

namespace {

// How a load or store is ordered, as the decoder leaves it in Inst::bw.
enum Order : u8 { Weak, Volatile, Relaxed, Acquire, Release, Mmio, AcqRel };

template <typename Clocks> void join(Clocks &into, const Clocks &from) {
  for (const auto &[warp, clock] : from) {
    u32 &own = into[warp];
    if (clock > own)
      own = clock;
  }
}

} // namespace

GlobalRaces::GlobalRaces(const Launch &launch)
    : warpsPerBlock((launch.block[0] * launch.block[1] * launch.block[2] +
                     kLanes - 1) / kLanes) {}

// clock 27 bits | warp 32 | bytes 4 | strong 1; zero is no access.
u64 GlobalRaces::encode(const Access &a) {
  return u64(a.clock) << 37 | u64(a.warp) << 5 | u64(a.bytes) << 1 |
         u64(a.strong);
}
GlobalRaces::Access GlobalRaces::decode(u64 record) {
  return {u32(record >> 5), u32(record >> 37), u32(record >> 1 & 15),
          bool(record & 1)};
}

bool GlobalRaces::clashes(u64 record, u32 warp, const WarpState &state,
                          u32 bytes, bool strong) const {
  if (!record)
    return false;
  Access other = decode(record);
  if (other.warp == warp || !(other.bytes & bytes) || (strong && other.strong))
    return false;
  auto seen = state.seen.find(other.warp);
  return seen == state.seen.end() || seen->second < other.clock;
}

bool GlobalRaces::report(Warp &warp, const Inst &inst, u32 lane, u64 address,
                         u32 bytes, int kind, u64 record, bool otherWrites) {
  constexpr const char *verbs[] = {"read", "write", "atomic"};
  Access other = decode(record);
  Buffer *buffer = warp.launch->memory->find(address);
  return sim::report(
      warp, inst, "global-race", lane,
      format("%s of %u bytes at global address 0x%llx in buffer '%s' is not "
             "ordered after a %s%s by warp %u of block %u", verbs[kind], bytes,
             (unsigned long long)address, buffer ? buffer->name.c_str() : "?",
             other.strong ? "strong " : "", otherWrites ? "write" : "read",
             other.warp % warpsPerBlock, other.warp / warpsPerBlock));
}

bool GlobalRaces::check(Warp &warp, const Inst &inst, const u64 *address,
                        u32 mask, u32 bytes, int kind) {
  u32 self = indexOf(warp);
  u8 order = inst.cls == Class::Load || inst.cls == Class::Store ||
                     inst.cls == Class::Atomic
                 ? inst.bw : u8(Weak);
  bool strong = kind == 2 || order != Weak;
  std::unique_lock<std::mutex> guard(lock);
  WarpState &state = warps[self];
  for (u32 rest = mask; rest; rest &= rest - 1) {
    u32 lane = u32(__builtin_ctz(rest));
    u64 at = address[lane];
    if (strong) {
      Clocks &variable = variables[at];
      if (kind != 1) { // reads
        if (order == Acquire || order == AcqRel)
          join(state.seen, variable);
        else
          join(state.acquired, variable);
      }
      if (kind != 0) { // writes
        if (order == Release || order == AcqRel) {
          join(variable, state.seen);
          variable[self] = state.clock++;
        } else {
          join(variable, state.released);
        }
      }
    }
    Buffer *buffer = warp.launch->memory->find(at);
    if (!buffer || !buffer->race)
      continue; // nobody writes there
    u64 offset = at - buffer->base;
    for (u64 byte = offset; byte < offset + bytes;) {
      u64 word = byte / 4;
      u32 first = u32(byte % 4), last = u32(std::min<u64>(4, offset + bytes - word * 4));
      u32 touched = ((1u << last) - 1) & ~((1u << first) - 1);
      GlobalRaceCell &cell = buffer->race[word];
      if (clashes(cell.write, self, state, touched, strong)) {
        guard.unlock();
        return report(warp, inst, lane, at, bytes, kind, cell.write, true);
      }
      u64 record = encode({self, state.clock, touched, strong});
      if (kind == 0) {
        // A read that is not ordered before is worth more than a newer one.
        if (!clashes(cell.read, self, state, 15, false))
          cell.read = record;
      } else {
        if (clashes(cell.read, self, state, touched, strong)) {
          guard.unlock();
          return report(warp, inst, lane, at, bytes, kind, cell.read, false);
        }
        cell.write = record;
        cell.read = 0;
      }
      byte = (word + 1) * 4;
    }
  }
  return true;
}

void GlobalRaces::fence(Warp &warp, u32, u32 scope) {
  (void)scope; // a fence of the block is taken for one of the grid
  std::lock_guard<std::mutex> guard(lock);
  u32 self = indexOf(warp);
  WarpState &state = warps[self];
  join(state.seen, state.acquired);
  state.released = state.seen;
  state.released[self] = state.clock++;
}

void GlobalRaces::barrier(const Block &block, u32 members) {
  std::lock_guard<std::mutex> guard(lock);
  Clocks seen, released, acquired;
  for (const auto &warp : block.warps) {
    if (!(members >> warp->index & 1))
      continue;
    u32 self = indexOf(*warp);
    WarpState &state = warps[self];
    join(seen, state.seen);
    seen[self] = state.clock++;
    join(released, state.released);
    join(acquired, state.acquired);
  }
  for (const auto &warp : block.warps) {
    if (!(members >> warp->index & 1))
      continue;
    WarpState &state = warps[indexOf(*warp)];
    state.seen = seen;
    state.released = released;
    state.acquired = acquired;
  }
}

} // namespace hadal::sim
