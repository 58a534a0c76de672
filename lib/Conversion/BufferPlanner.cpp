// SPDX-License-Identifier: Apache-2.0
// Places transient buffers in the arena of an entry point.
#include "BufferPlanner.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

using namespace mlir;
using namespace hadal;

/// Buffers begin at multiples of this many bytes, a cache line.
static constexpr int64_t kAlignment = 64;

/// Bytes per unit (or in all, where constant), rounded so that every multiple is
/// aligned.
static int64_t unitBytes(const Extent &bytes) {
  return llvm::alignTo(bytes.isStatic() ? bytes.constant : bytes.factor, kAlignment);
}

unsigned BufferPlanner::add(TransientBuffer buffer) {
  Extent &bytes = buffer.bytes;
  bool isDim = bytes.unit && bytes.constant == 0 &&
               isa_and_present<plan::DimOp, plan::ExtentOp>(bytes.unit.getDefiningOp());
  if (!bytes.isStatic() && !isDim && (bytes.constant || bytes.factor % kAlignment)) {
    Value pieces =
        exprs.expr(plan::ExprKind::CeilDiv, exprs.extent(bytes), exprs.constant(kAlignment));
    buffers.push_back({Extent::of(pieces).times(kAlignment), buffer.first, buffer.last});
    return buffers.size() - 1;
  }
  buffers.push_back(buffer);
  return buffers.size() - 1;
}

Value BufferPlanner::size(unsigned buffer) { return exprs.extent(buffers[buffer].bytes); }

void BufferPlanner::place() {
  offsets.resize(buffers.size());
  Value base = exprs.constant(0);
  llvm::MapVector<Value, std::vector<unsigned>> classes;
  classes[Value()]; // that of constant sizes is the first
  for (unsigned i = 0; i < buffers.size(); ++i)
    classes[buffers[i].bytes.unit].push_back(i);
  for (auto &[ofUnit, members] : classes) {
    // Largest first, each at the lowest place that no overlapping life occupies.
    std::sort(members.begin(), members.end(), [&](unsigned a, unsigned b) {
      int64_t x = unitBytes(buffers[a].bytes), y = unitBytes(buffers[b].bytes);
      return x != y ? x > y : a < b;
    });
    std::vector<std::pair<unsigned, int64_t>> placed;
    int64_t extent = 0;
    for (unsigned i : members) {
      std::vector<std::pair<int64_t, int64_t>> taken;
      for (auto [other, at] : placed)
        if (buffers[other].first <= buffers[i].last && buffers[i].first <= buffers[other].last)
          taken.push_back({at, at + unitBytes(buffers[other].bytes)});
      std::sort(taken.begin(), taken.end());
      int64_t at = 0;
      for (auto [begin, end] : taken) {
        if (at + unitBytes(buffers[i].bytes) <= begin)
          break;
        at = std::max(at, end);
      }
      placed.push_back({i, at});
      extent = std::max(extent, at + unitBytes(buffers[i].bytes));
    }
    Value unit = ofUnit ? ofUnit : exprs.constant(1);
    auto scaled = [&](int64_t units) {
      return exprs.expr(plan::ExprKind::Mul, unit, exprs.constant(units));
    };
    for (auto [i, at] : placed)
      offsets[i] = exprs.expr(plan::ExprKind::Add, base, at == 0 ? exprs.constant(0) : scaled(at));
    base = exprs.expr(plan::ExprKind::Add, base, scaled(extent));
  }
  total = base;
}
