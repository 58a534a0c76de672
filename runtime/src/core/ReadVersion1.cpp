// SPDX-License-Identifier: Apache-2.0
// What artifacts of schema 1.x leave to names and conventions, said as since 2.0.
#include "core/Artifact.h"
#include "core/Read.h"
#include "core/Verify.h"

#include <cstring>

namespace hadal::runtime {
namespace {

using artifact::Dim;
using artifact::EntryRole;
using artifact::Expr;
using artifact::ExprKind;
using artifact::PortRole;

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;
constexpr uint32_t kDims = static_cast<uint32_t>(Dim::max_context) + 1;
constexpr uint32_t kGridRank = 3;

// Every program of 1.x has the dims of the enumeration, in its order.
void translateDims(Program &program) {
  program.dims.clear();
  for (uint32_t i = 0; i < kDims; ++i) {
    Dim kind = static_cast<Dim>(i);
    program.dims.push_back({artifact::EnumNameDim(kind), kind});
  }
  program.exprs = {};
}

// All states grow by a row a token, through the one block table of the step.
Status translateStates(const artifact::Module &module, Program &program) {
  program.states.clear();
  program.slices.clear();
  // Without a state, a slot has one page.
  uint32_t pageSize = sizeOf(module.states()) ? module.states()->Get(0)->page_size() : kMaxPageSize;
  program.blockTables = {{"block_table", pageSize, 1}};
  for (uint32_t i = 0; i < sizeOf(module.states()); ++i) {
    const artifact::State &state = *module.states()->Get(i);
    if (state.page_size() != pageSize)
      return fail(kInvalid, "states[%u].page_size: expected %u as in states[0], got %u", i,
                  pageSize, state.page_size());
    program.states.push_back(
        {text(state.name()), state.type(), artifact::StateKind::growing, 1, {state.row()}, 0, 0});
  }
  return {};
}

// Constants 0, 1, ... of a launch: what the interfaces of all executables of 1.x are over.
Span<Expr> launchConstants(uint32_t count) {
  static const std::vector<Expr> all = [] {
    std::vector<Expr> exprs;
    for (uint32_t i = 0; i < kMaxConstants + kGridRank; ++i)
      exprs.emplace_back(int64_t(i), 0u, 0u, 0u, ExprKind::launch_constant);
    return exprs;
  }();
  return {all.data(), count};
}

// Indices first, first + 1, first + 2.
Span<uint32_t> gridFrom(uint32_t first) {
  static const std::vector<uint32_t> all = [] {
    std::vector<uint32_t> indices;
    for (uint32_t i = 0; i < kMaxConstants + kGridRank; ++i)
      indices.push_back(i);
    return indices;
  }();
  return {all.data() + first, kGridRank};
}

// A launch gives its grid by expressions of the entry. They become constants behind those that
// the kernel gets, and the interface hands them on.
Status translateExecutables(const artifact::Program &from, Program &program) {
  for (uint32_t i = 0; i < program.executables.size(); ++i) {
    Executable &executable = program.executables[i];
    if (executable.passedConstants > kMaxConstants)
      return fail(kInvalid, "executables[%u].constant_count: expected at most %u, got %u", i,
                  kMaxConstants, executable.passedConstants);
    executable.constantCount = executable.passedConstants + kGridRank;
    for (Variant &variant : executable.variants) {
      variant.interface = {};
      variant.hasInterface = true;
      variant.interface.exprs = launchConstants(executable.constantCount);
      variant.interface.grid = gridFrom(executable.passedConstants);
      variant.interface.scratchBytes = from.executables()->Get(i)->scratch_bytes();
    }
  }
  return {};
}

Status translatePorts(Entry &entry) {
  constexpr struct {
    const char *name;
    PortRole role;
  } roles[] = {{"tokens", PortRole::tokens},
               {"positions", PortRole::positions},
               {"sequence_offsets", PortRole::sequence_offsets},
               {"slots", PortRole::slots},
               {"logit_rows", PortRole::logit_rows},
               {"block_table", PortRole::block_table}};
  for (uint32_t i = 0; i < entry.arguments.size(); ++i) {
    Port &port = entry.arguments[i];
    port.role = PortRole::value;
    port.blockTable = 0;
    for (const auto &known : roles)
      if (!std::strcmp(known.name, port.name))
        port.role = known.role;
    if (port.role == PortRole::value)
      return fail(kInvalid, "arguments[%u].name: expected an input of a step, got '%s'", i,
                  port.name);
  }
  if (entry.results.size() != 1)
    return fail(kInvalid, "results: expected 1, got %zu", entry.results.size());
  entry.results[0].role = PortRole::logits;
  if (std::strcmp(entry.results[0].name, "logits") != 0)
    return fail(kInvalid, "results[0].name: expected 'logits', got '%s'", entry.results[0].name);
  return {};
}

} // namespace

Status translateVersion1(const artifact::Module &module, uint32_t index, Program &program) {
  translateDims(program);
  HADAL_TRY(translateStates(module, program));
  HADAL_TRY(translateExecutables(*module.programs()->Get(index), program));
  for (uint32_t i = 0; i < program.entries.size(); ++i) {
    Entry &entry = program.entries[i];
    entry.role = !std::strcmp(entry.name, "prefill")  ? EntryRole::step
                 : !std::strcmp(entry.name, "decode") ? EntryRole::decode
                                                      : EntryRole::other;
    HADAL_TRY_IN(translatePorts(entry), "entries[%u].", i);
  }
  return {};
}

} // namespace hadal::runtime
