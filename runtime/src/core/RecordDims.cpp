// SPDX-License-Identifier: Apache-2.0
// Follows dims through the expressions of an entry point to what they decide.
#include "core/RecordDims.h"
#include "core/Expression.h"

#include <algorithm>

namespace hadal::runtime {
namespace {

using artifact::KernelParameterKind;

// A context of fewer tokens is not worth a record of its own.
constexpr int64_t kLeastContext = 512;

/// A set of dims and extents, a bit each.
using Set = uint64_t;
constexpr uint32_t kMostBits = 64;

class Dependences {
public:
  Dependences(const Program &program, const Entry &entry) : program(program) {
    for (const artifact::Expr &expr : entry.exprs)
      sets.push_back(setOf(expr));
  }

  bool overflowed() const { return full; }
  Set of(uint32_t expression) const { return expression == kNone ? 0 : sets[expression]; }
  Set of(Span<uint32_t> expressions) const {
    Set all = 0;
    for (uint32_t expression : expressions)
      all |= of(expression);
    return all;
  }

  void sort(Set exact, Set rounded, RecordDims &out) const {
    for (uint32_t i = 0; i < program.dims.size() && i < kMostBits; ++i) {
      if (exact >> i & 1)
        out.exact.push_back(i);
      else if (rounded >> i & 1)
        out.rounded.push_back(i);
    }
    for (uint32_t i = 0; i < extents.size(); ++i)
      if ((exact | rounded) >> (program.dims.size() + i) & 1)
        out.extents.push_back(extents[i]);
  }

private:
  Set bit(size_t index) {
    full = full || index >= kMostBits;
    return full ? 0 : Set(1) << index;
  }

  Set setOf(const artifact::Expr &expr) {
    if (expr.kind() == artifact::ExprKind::dim) {
      auto dim = static_cast<size_t>(expr.value());
      return isOfSession(program.dims[dim].kind) ? 0 : bit(dim);
    }
    if (expr.kind() == artifact::ExprKind::extent) {
      auto same = [&](const RecordDims::Extent &extent) {
        return extent.argument == expr.a() && extent.axis == expr.b();
      };
      auto known = std::find_if(extents.begin(), extents.end(), same);
      if (known == extents.end())
        known = extents.insert(extents.end(), {expr.a(), expr.b()});
      return bit(program.dims.size() + static_cast<size_t>(known - extents.begin()));
    }
    const uint32_t operand[3] = {expr.a(), expr.b(), expr.c()};
    Set set = 0;
    for (int i = 0; i < operandCount(expr.kind()); ++i)
      set |= sets[operand[i]];
    return set;
  }

  const Program &program;
  std::vector<Set> sets; // by expression
  std::vector<RecordDims::Extent> extents;
  bool full = false;
};

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

struct Found {
  Set exact = 0, rounded = 0;
  uint32_t constantsBytes = 0;

  void add(const std::vector<Op> &ops, const Dependences &on, const Kernels &kernels) {
    for (const Op &op : ops) {
      if (const auto *launch = std::get_if<Launch>(&op.body)) {
        Set all = on.of(launch->constants) | on.of(launch->grid);
        const KernelInterface &interface = kernels.interface(launch->executable);
        (mayRound(interface) ? rounded : exact) |= all;
        if (readsConstants(interface))
          constantsBytes += constantsBytesOf(*launch);
      } else if (const auto *branch = std::get_if<Branch>(&op.body)) {
        exact |= on.of(branch->condition);
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
  if (on.overflowed())
    return dims;
  dims.recordable = true;
  Found found;
  found.add(entry.ops, on, kernels);
  if (!entry.buffers.empty())
    found.rounded |= on.of(entry.arenaSize);
  for (const Buffer &buffer : entry.buffers)
    found.rounded |= on.of(buffer.offset) | on.of(buffer.size);
  for (const std::vector<Port> *ports : {&entry.arguments, &entry.results})
    for (const Port &port : *ports)
      found.rounded |= on.of(port.shape);
  on.sort(found.exact, found.rounded, dims);
  dims.constantsBytes = found.constantsBytes;
  return dims;
}

int64_t roundUp(const HostDim &dim, int64_t value) {
  int64_t rounded = dim.kind == artifact::Dim::max_context ? kLeastContext : 1;
  while (rounded < value && rounded <= INT32_MAX)
    rounded *= 2;
  return isOfCaller(dim.kind) ? std::clamp(rounded, value, std::max(value, dim.maximum)) : std::max(rounded, value);
}

} // namespace hadal::runtime
