// SPDX-License-Identifier: Apache-2.0
// Which dims decide what an entry point launches, and how.
#include "core/RecordDims.h"
#include "core/Dependences.h"

#include <algorithm>

namespace hadal::runtime {
namespace {

using artifact::KernelParameterKind;

// A context of fewer tokens is not worth a record of its own.
constexpr int64_t kLeastContext = 512;

// Whether a launch may have more workgroups than its constants say: its kernel reads them from
// memory, and gets none by value.
bool mayRound(const KernelInterface &interface) {
  for (const KernelParameter &parameter : interface.parameters)
    if (parameter.kind == KernelParameterKind::constant_i32 ||
        parameter.kind == KernelParameterKind::constant_i64 ||
        parameter.kind == KernelParameterKind::tensor_map)
      return false;
  return readsConstants(interface);
}

// Dims that decide what is launched. A dim may be rounded up where that makes all that depends on it
// as large or larger: memory then fits all calls of the record, and no launch lacks a workgroup.
struct Found {
  DependenceSet exact = 0, rounded = 0;
  uint32_t constantsBytes = 0;

  void addSize(const Dependence &of) {
    rounded |= of.all;
    exact |= of.notRising;
  }

  void addLaunch(const Launch &launch, Dependences &on, const KernelInterface &interface) {
    if (readsConstants(interface))
      constantsBytes += constantsBytesOf(launch);
    DependenceSet all = on.of(launch.constants).all | on.of(launch.grid).all;
    (mayRound(interface) ? rounded : exact) |= all;
    addSize(on.ofSizes(interface, launch));
  }

  void add(const std::vector<Op> &ops, Dependences &on, const Kernels &kernels) {
    for (const Op &op : ops) {
      if (const auto *launch = std::get_if<Launch>(&op.body)) {
        addLaunch(*launch, on, kernels.interface(launch->executable));
      } else if (const auto *branch = std::get_if<Branch>(&op.body)) {
        exact |= on.of(branch->condition).all;
        add(branch->thenOps, on, kernels);
        add(branch->elseOps, on, kernels);
      }
    }
  }
};

} // namespace

bool readsConstants(const KernelInterface &interface) {
  for (const KernelParameter &parameter : interface.parameters)
    if (parameter.kind == KernelParameterKind::constants)
      return true;
  return false;
}

RecordDims recordDims(const Program &program, const Entry &entry, const Kernels &kernels) {
  RecordDims dims;
  Dependences on(program, entry);
  Found found;
  found.add(entry.ops, on, kernels);
  dims.constantsBytes = found.constantsBytes;
  dims.recordable = !on.overflowed();
  if (!dims.recordable)
    return dims;
  if (!entry.buffers.empty())
    found.addSize(on.of(entry.arenaSize));
  for (const Buffer &buffer : entry.buffers) {
    found.addSize(on.of(buffer.offset));
    found.addSize(on.of(buffer.size));
  }
  for (const std::vector<Port> *ports : {&entry.arguments, &entry.results})
    for (const Port &port : *ports)
      found.addSize(on.of(port.shape));
  on.sort(found.exact, found.rounded, dims);
  return dims;
}

int64_t roundUp(const HostDim &dim, int64_t value, const std::vector<int64_t> &limits) {
  int64_t rounded = dim.kind == artifact::Dim::max_context ? kLeastContext : 1;
  while (rounded < value && rounded <= INT32_MAX)
    rounded *= 2;
  if (auto limit = std::lower_bound(limits.begin(), limits.end(), value); limit != limits.end())
    rounded = std::min(rounded, *limit);
  return isOfCaller(dim.kind) ? std::clamp(rounded, value, std::max(value, dim.maximum))
                              : std::max(rounded, value);
}

} // namespace hadal::runtime
