// SPDX-License-Identifier: Apache-2.0
// Evaluates the costs that a plan states, for a few typical steps.
#include "Objdump.h"

#include <algorithm>

namespace hadal::objdump {
namespace {

using Ops = flatbuffers::Vector<flatbuffers::Offset<artifact::Op>>;

uint64_t notNegative(int64_t value) { return value < 0 ? 0 : static_cast<uint64_t>(value); }

void addOps(const Ops *ops, const std::vector<int64_t> &values, StepCost &cost) {
  for (uint32_t i = 0; i < sizeOf(ops); ++i) {
    const artifact::Op &op = *ops->Get(i);
    if (const artifact::Branch *branch = op.body_as_Branch()) {
      addOps(values[branch->condition()] ? branch->then_ops() : branch->else_ops(), values, cost);
    } else if (const artifact::Launch *launch = op.body_as_Launch()) {
      uint64_t workgroups = 1;
      for (uint32_t extent : *launch->grid())
        workgroups *= notNegative(values[extent]);
      if (workgroups == 0)
        continue;
      cost.launches += 1;
      cost.workgroups += workgroups;
      cost.flops += notNegative(values[launch->flops()]);
      cost.bytes += notNegative(values[launch->bytes()]);
    }
  }
}

} // namespace

StepCost costOfStep(const artifact::Module &module, const artifact::EntryPoint &entry,
                    int64_t tokens, int64_t context) {
  using artifact::Dim;
  uint32_t pageSize = sizeOf(module.states()) ? module.states()->Get(0)->page_size() : 0;
  runtime::Dims dims;
  dims[Dim::tokens] = dims[Dim::max_sequence_tokens] = dims[Dim::min_sequence_tokens] = tokens;
  dims[Dim::sequences] = dims[Dim::logit_rows] = dims[Dim::slots] = 1;
  dims[Dim::capacity] = dims[Dim::max_context] = context;
  dims[Dim::pages_per_slot] = pageSize ? (context + pageSize - 1) / pageSize : 1;
  StepCost cost;
  std::vector<int64_t> values;
  runtime::Status status = runtime::evaluateExpressions(entry.exprs(), dims, values);
  if (!status.ok()) {
    cost.error = status.message();
    return cost;
  }
  if (sizeOf(entry.buffers()))
    cost.arenaBytes = notNegative(values[entry.arena_size()]);
  addOps(entry.ops(), values, cost);
  return cost;
}

std::vector<SampleStep> sampleSteps(const artifact::Module &module) {
  int64_t limit = module.model()->max_positions();
  std::vector<SampleStep> steps;
  for (int64_t context : {int64_t(1), int64_t(1024), int64_t(16384)})
    if (context <= limit)
      steps.push_back({"decode", 1, context});
  for (int64_t tokens : {int64_t(16), int64_t(512), int64_t(4096)})
    if (tokens <= limit)
      steps.push_back({"prefill", tokens, tokens});
  return steps;
}

} // namespace hadal::objdump
