// SPDX-License-Identifier: Apache-2.0
// What a device takes in of the weights: the parameters and slices that its program reads.
#include "core/Expression.h"
#include "core/Module.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kInvalid = HADAL_STATUS_INVALID_ARTIFACT;
constexpr size_t kStagingBytes = 4 << 20;

// The parameters and slices that a program binds.
struct Bound {
  std::vector<bool> parameters, slices;

  void add(const artifact::Binding &binding) {
    if (binding.kind() == artifact::BindingKind::parameter)
      parameters[binding.index()] = true;
    else if (binding.kind() == artifact::BindingKind::slice)
      slices[binding.index()] = true;
  }

  void add(const std::vector<Op> &ops) {
    for (const Op &op : ops) {
      if (const auto *launch = std::get_if<Launch>(&op.body)) {
        for (const artifact::Binding &binding : launch->bindings)
          add(binding);
      } else if (const auto *branch = std::get_if<Branch>(&op.body)) {
        add(branch->thenOps);
        add(branch->elseOps);
      } else if (const auto *tap = std::get_if<Tap>(&op.body)) {
        add(tap->binding);
      }
    }
  }
};

// Evaluates what is known of a program before a session opens.
Status evaluateAtLoad(const Program &program, std::vector<int64_t> &values) {
  std::vector<int64_t> dims(program.dims.size());
  for (uint32_t i = 0; i < dims.size(); ++i)
    dims[i] = program.dims[i].kind == artifact::Dim::rank         ? kRank
              : program.dims[i].kind == artifact::Dim::world_size ? kWorldSize
                                                                  : 0;
  std::vector<bool> known = knownAtLoad(program);
  return evaluateExpressions(program.exprs, {dims, {}, {}}, values, &known);
}

} // namespace

Status Module::takeSlice(const ParameterSlice &slice, const std::vector<int64_t> &values,
                         DeviceQueue &queue, DeviceMemory &out) {
  int64_t offset = values[slice.offset], length = values[slice.length];
  uint64_t stride = slice.stride;
  if (offset < 0 || length < 1 || static_cast<uint64_t>(offset) > stride ||
      static_cast<uint64_t>(length) > stride - static_cast<uint64_t>(offset))
    return fail(kInvalid, "expected a range within %" PRIu64 " B, got %" PRId64 " B at %" PRId64,
                stride, length, offset);
  const artifact::Parameter &parameter = *plan().parameters()->Get(slice.parameter);
  const uint8_t *first = weightData(slice.parameter) + offset;
  size_t bytes = static_cast<size_t>(length);
  // Kernels want lines of 64 bytes; a piece that begins in the middle of one is copied.
  if (slice.outer == 1 && reinterpret_cast<uintptr_t>(first) % 64 == 0)
    return device().importWeights(first, bytes, text(parameter.name()), out);
  HADAL_TRY(device().allocate(slice.outer * bytes, text(parameter.name()), out));
  uint64_t together = std::clamp<uint64_t>(kStagingBytes / bytes, 1, slice.outer);
  std::vector<uint8_t> staging(together * bytes);
  for (uint64_t done = 0; done < slice.outer; done += together) {
    uint64_t count = std::min(together, slice.outer - done);
    for (uint64_t i = 0; i < count; ++i)
      std::memcpy(staging.data() + i * bytes, first + (done + i) * stride, bytes);
    HADAL_TRY(queue.upload(out.address() + done * bytes, staging.data(), count * bytes));
    HADAL_TRY(queue.synchronize());
  }
  return {};
}

Status Module::takeWeights(const hadal_module_options_t &options) {
  Bound bound;
  uint32_t count = sizeOf(plan().parameters());
  bound.parameters.resize(count);
  bound.slices.resize(picked->slices.size());
  for (const Entry &entry : picked->entries)
    bound.add(entry.ops);
  std::vector<bool> isRead = bound.parameters;
  for (uint32_t i = 0; i < bound.slices.size(); ++i)
    if (bound.slices[i])
      isRead[picked->slices[i].parameter] = true;
  for (uint32_t i = 0; i < count; ++i)
    if (plan().parameters()->Get(i)->rope_table())
      isRead[i] = false;
  HADAL_TRY(WeightMemory::make(plan(), mapped, isRead, options, weightMemory));
  parameters.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    if (!bound.parameters[i])
      continue;
    const artifact::Parameter &parameter = *plan().parameters()->Get(i);
    if (parameter.rope_table())
      computedParameters.push_back(i);
    else
      HADAL_TRY_IN(device().importWeights(weightData(i), parameter.length(), text(parameter.name()),
                                          parameters[i]),
                   "parameters[%u] '%s': ", i, text(parameter.name()));
  }
  slices.resize(picked->slices.size());
  DeviceQueue queue;
  HADAL_TRY(device().createQueue(queue));
  std::vector<int64_t> values;
  HADAL_TRY_IN(evaluateAtLoad(*picked, values), "programs[%u].", pickedIndex);
  for (uint32_t i = 0; i < slices.size(); ++i)
    if (bound.slices[i])
      HADAL_TRY_IN(takeSlice(picked->slices[i], values, queue, slices[i]),
                   "programs[%u].slices[%u]: ", pickedIndex, i);
  return {};
}

} // namespace hadal::runtime
