// SPDX-License-Identifier: Apache-2.0
// Evaluates the costs that a plan states, for a few typical steps.
#include "Objdump.h"

#include <algorithm>

namespace hadal::objdump {
namespace {

using artifact::Dim;
using artifact::PortRole;

uint64_t notNegative(int64_t value) { return value < 0 ? 0 : static_cast<uint64_t>(value); }

// The workgroups of a launch, as its best variant is launched.
runtime::Status countWorkgroups(const Program &program, const Launch &launch,
                                const std::vector<int64_t> &values, uint64_t *workgroups) {
  std::vector<int64_t> constants, grid;
  launch.constantsFrom(values, constants);
  const KernelInterface &interface = program.executables[launch.executable].variants[0].interface;
  HADAL_TRY(runtime::evaluateExpressions(interface.exprs, {{}, {}, constants}, grid));
  *workgroups = 1;
  for (uint32_t extent : interface.grid)
    *workgroups *= notNegative(grid[extent]);
  return {};
}

runtime::Status addOps(const Program &program, const std::vector<runtime::Op> &ops,
                       const std::vector<int64_t> &values, StepCost &cost) {
  for (const runtime::Op &op : ops) {
    if (const auto *branch = std::get_if<runtime::Branch>(&op.body)) {
      bool taken = values[branch->condition] != 0;
      HADAL_TRY(addOps(program, taken ? branch->thenOps : branch->elseOps, values, cost));
    } else if (const auto *launch = std::get_if<Launch>(&op.body)) {
      uint64_t workgroups = 0;
      HADAL_TRY(countWorkgroups(program, *launch, values, &workgroups));
      if (workgroups == 0)
        continue;
      cost.launches += 1;
      cost.workgroups += workgroups;
      cost.flops += notNegative(values[launch->flops]);
      cost.bytes += notNegative(values[launch->bytes]);
    }
  }
  return {};
}

int64_t pagesOf(const runtime::BlockTable &table, int64_t context) {
  return table.pagesOf(static_cast<uint32_t>(context)); // of at least one token
}

// The dims of a step of one sequence in a session of one slot.
std::vector<int64_t> dimsOfStep(const Program &program, int64_t tokens, int64_t context) {
  std::vector<int64_t> dims;
  for (const runtime::HostDim &dim : program.dims) {
    switch (dim.kind) {
    case Dim::tokens:
    case Dim::max_sequence_tokens:
    case Dim::min_sequence_tokens:
    case Dim::step_tokens: dims.push_back(tokens); break;
    case Dim::capacity:
    case Dim::max_context: dims.push_back(context); break;
    case Dim::pages_per_slot:
      dims.push_back(pagesOf(program.blockTables[dim.blockTable], context));
      break;
    case Dim::session_value:
    case Dim::call_value: dims.push_back(dim.defaultValue); break;
    default: dims.push_back(dim.kind == Dim::rank ? 0 : 1);
    }
  }
  return dims;
}

// Extents that follow from the step; those of arguments that somebody else makes are not known.
runtime::Status extentsOfStep(const Program &program, const Entry &entry, int64_t tokens,
                              int64_t context, std::vector<runtime::Extents> &extents) {
  for (const runtime::Port &port : entry.arguments) {
    switch (port.role) {
    case PortRole::tokens:
    case PortRole::positions: extents.push_back({1, {tokens}}); break;
    case PortRole::sequence_offsets: extents.push_back({1, {2}}); break;
    case PortRole::slots:
    case PortRole::logit_rows: extents.push_back({1, {1}}); break;
    case PortRole::block_table:
      extents.push_back({2, {1, pagesOf(program.blockTables[port.blockTable], context)}});
      break;
    default:
      return runtime::fail(HADAL_STATUS_UNSUPPORTED, "it depends on the size of '%s'", port.name);
    }
  }
  return {};
}

runtime::Status addCost(const Program &program, const Entry &entry, int64_t tokens, int64_t context,
                        StepCost &cost) {
  std::vector<runtime::Extents> extents;
  HADAL_TRY(extentsOfStep(program, entry, tokens, context, extents));
  std::vector<int64_t> values, dims = dimsOfStep(program, tokens, context);
  HADAL_TRY(runtime::evaluateExpressions(entry.exprs, {dims, extents, {}}, values));
  if (!entry.buffers.empty())
    cost.arenaBytes = notNegative(values[entry.arenaSize]);
  return addOps(program, entry.ops, values, cost);
}

} // namespace

StepCost costOfStep(const Program &program, const Entry &entry, int64_t tokens, int64_t context) {
  StepCost cost;
  runtime::Status status = addCost(program, entry, tokens, context, cost);
  if (!status.ok())
    cost.error = status.message();
  return cost;
}

std::vector<SampleStep> sampleSteps(const artifact::Module &module, const Entry &entry) {
  int64_t limit = module.model()->max_positions();
  std::vector<SampleStep> steps;
  if (entry.role == artifact::EntryRole::decode)
    for (int64_t context : {int64_t(1), int64_t(1024), int64_t(16384)})
      if (context <= limit)
        steps.push_back({1, context});
  if (entry.role == artifact::EntryRole::step)
    for (int64_t tokens : {int64_t(16), int64_t(512), int64_t(4096)})
      if (tokens <= limit)
        steps.push_back({tokens, tokens});
  return steps;
}

} // namespace hadal::objdump
