// SPDX-License-Identifier: Apache-2.0
// Bytes that a launch has to move, as far as the host knows: each buffer once.
#include "core/Session.h"

#include <algorithm>

namespace hadal::runtime {
namespace {

// Of a table, of which the launch looks up a row for each token at most.
uint64_t lookedUp(const artifact::Parameter &parameter, uint64_t bytes, uint64_t tokens) {
  const auto *shape = parameter.shape();
  if (!shape || shape->size() == 0)
    return bytes;
  uint64_t row = elementSize(parameter.type());
  for (uint32_t axis = 1; axis < shape->size(); ++axis)
    row *= shape->Get(axis);
  return std::min(bytes, row * std::min<uint64_t>(shape->Get(0), tokens));
}

} // namespace

// Rows that the step's sequences have in a state: all up to their last position to read, those of
// new tokens to write.
uint64_t Session::stateBytes(const hadal_step_t &step, uint32_t index, bool written) const {
  const State &state = program().states[index];
  uint64_t rows = 0, held = states[index].size();
  uint64_t rowBytes = elementSize(state.type) * state.rowElements();
  if (state.kind == artifact::StateKind::ring) {
    uint64_t all = held / slots() * step.sequence_count;
    return written ? std::min(all, step.token_count * rowBytes) : all;
  }
  uint64_t tokensPerRow = program().blockTables[state.blockTable].tokensPerRow;
  for (uint32_t i = 0; i < step.sequence_count; ++i) {
    uint64_t first = static_cast<uint64_t>(step.positions[step.sequence_offsets[i]]);
    uint64_t last = static_cast<uint64_t>(step.positions[step.sequence_offsets[i + 1] - 1]);
    rows += last / tokensPerRow + 1 - (written ? first / tokensPerRow : 0);
  }
  return std::min(held, rows * rowBytes);
}

void Session::countTraffic(const CallInputs &inputs, const Launch &launch,
                           hadal_launch_t &out) const {
  using artifact::Access;
  using artifact::BindingKind;
  const Executable &executable = program().executables[launch.executable];
  uint64_t weights = 0, tables = 0;
  for (uint32_t i = 0; i < launch.bindings.size(); ++i) {
    const artifact::Binding &binding = launch.bindings[i];
    Access access = executable.bindings[i];
    uint64_t bytes = resolve(*inputs.entry, binding).bytes;
    if (binding.kind() == BindingKind::parameter || binding.kind() == BindingKind::slice) {
      bool isTable =
          binding.kind() == BindingKind::parameter && (out.bytes == 0 || computed[binding.index()]);
      if (!isTable)
        weights += bytes;
      else
        tables += lookedUp(*module->plan().parameters()->Get(binding.index()), bytes,
                           inputs.step ? inputs.step->token_count : UINT64_MAX);
      continue;
    }
    bool isState = binding.kind() == BindingKind::state && inputs.step;
    if (isState)
      bytes = stateBytes(*inputs.step, binding.index(), access != Access::read);
    if (access != Access::read)
      out.write_bytes += bytes;
    // What is written of a state replaces rows; nothing of them is read.
    if (access == Access::read || (access == Access::read_write && !isState))
      out.read_bytes += bytes;
  }
  out.read_bytes += std::min(weights, out.bytes) + tables;
}

} // namespace hadal::runtime
