// SPDX-License-Identifier: Apache-2.0
// Hints to the caches: prefetches, priorities and policies, which move no data.
#include "sim/exec/ExecSupport.h"

namespace hadal::HADAL_SIM_LEVEL {

namespace {

Space takeSpace(Decoder &d) {
  constexpr Space spaces[] = {Space::Generic, Space::Global, Space::Local, Space::Const,
                              Space::Param};
  return spaces[d.modOf("global local const param") + 1];
}

void nothing(Warp &, const Inst &, u32) {}

bool finishHint(Decoder &d, size_t operands, Space space) {
  d.out.run = nothing;
  d.out.cls = Class::Fence;
  d.out.shadow = Shadow::Own;
  return d.finish(operands) && d.address(0, space);
}

bool decodePrefetch(Decoder &d) {
  Space space = takeSpace(d);
  d.modOf("L1 L2 tensormap");
  d.modOf("L2::evict_last L2::evict_normal");
  return finishHint(d, 1, space);
}
bool decodePrefetchu(Decoder &d) {
  d.mod("L1");
  return finishHint(d, 1, Space::Generic);
}
bool decodeApplyPriority(Decoder &d) {
  Space space = takeSpace(d);
  d.modOf("L2::evict_normal");
  d.mod("L2::128B");
  d.mod("L2");
  return finishHint(d, 2, space);
}
struct CopyPolicy {
  static u64 apply(u64 a) { return a; }
};
bool decodeCreatePolicy(Decoder &d) {
  // The policy is only ever a hint: any value will do.
  d.mod("range");
  d.mod("fractional");
  d.mod("cvt");
  d.mod("L2");
  takeSpace(d);
  d.modOf("L2::evict_last L2::evict_normal L2::evict_first L2::evict_unchanged");
  d.modOf("L2::evict_unchanged L2::evict_first");
  if (d.type() != Ty::B64)
    return d.fail("expected type b64");
  d.out.run = unary<u64, u64, CopyPolicy>;
  d.out.cls = Class::Move;
  d.out.dw = d.out.aw = 8;
  d.out.a = d.constant(0, 8);
  return d.finish(1, 4) && d.dst(0, Ty::B64, d.out.d);
}

const OpRow kRows[] = {
    {"prefetch", decodePrefetch},           {"prefetchu", decodePrefetchu},
    {"applypriority", decodeApplyPriority}, {"discard", decodeApplyPriority},
    {"createpolicy", decodeCreatePolicy},
};
} // namespace

const Level::Table kHintTable = {kRows, sizeof(kRows) / sizeof(kRows[0])};

} // namespace hadal::HADAL_SIM_LEVEL
