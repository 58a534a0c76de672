// SPDX-License-Identifier: Apache-2.0
// Names the PTX instructions that the simulator leaves out, so that they are told from misspelt ones.
#include "sim/frontend/Parser.h"

#include <unordered_set>

namespace hadal::sim {

namespace {
// An opcode, or an opcode with its first modifiers.
constexpr std::string_view kBeyond[] = {
    // sm_90 and later: transactions of mbarrier, bulk copies, clusters, warp
    // groups, tensor memory
    "mbarrier.expect_tx",
    "mbarrier.complete_tx",
    "mbarrier.arrive.expect_tx",
    "mbarrier.arrive_drop.expect_tx",
    "cp.async.bulk",
    "cp.reduce",
    "st.async",
    "red.async",
    "barrier.cluster",
    "fence.proxy",
    "fence.mbarrier_init",
    "fence.acquire.sync_restrict",
    "fence.release.sync_restrict",
    "mapa",
    "getctarank",
    "wgmma",
    "setmaxnreg",
    "multimem",
    "tensormap",
    "tcgen05",
    "clusterlaunchcontrol",
    "st.bulk",
    // textures and surfaces
    "tex",
    "tld4",
    "txq",
    "suld",
    "sust",
    "sured",
    "suq",
    "istypep",
    // sparse products, scalar video instructions, dynamic stack
    "mma.sp",
    "vadd",
    "vsub",
    "vabsdiff",
    "vmin",
    "vmax",
    "vshl",
    "vshr",
    "vmad",
    "vset",
    "alloca",
    "stacksave",
    "stackrestore",
};

bool startsWith(const AstInst &inst, std::string_view name) {
  size_t dot = name.find('.');
  if (name.substr(0, dot) != inst.opcode)
    return false;
  for (std::string_view modifier : inst.modifiers) {
    if (dot == std::string_view::npos)
      return true;
    name.remove_prefix(dot + 1);
    dot = name.find('.');
    std::string_view part = name.substr(0, dot);
    // ".mbarrier" stands for ".mbarrier::complete_tx" and its kin too.
    if (modifier.substr(0, modifier.find(':')) != part)
      return false;
  }
  return dot == std::string_view::npos;
}
} // namespace

bool isBeyond(const AstInst &inst) {
  static const std::unordered_set<std::string_view> opcodes = [] {
    std::unordered_set<std::string_view> all;
    for (std::string_view name : kBeyond)
      all.insert(name.substr(0, name.find('.')));
    return all;
  }();
  if (!opcodes.count(inst.opcode))
    return false;
  for (std::string_view name : kBeyond)
    if (startsWith(inst, name))
      return true;
  return false;
}

} // namespace hadal::sim
