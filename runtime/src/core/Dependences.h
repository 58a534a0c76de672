// SPDX-License-Identifier: Apache-2.0
// What the integer expressions of an entry point depend on.
#ifndef HADAL_CORE_DEPENDENCES_H
#define HADAL_CORE_DEPENDENCES_H

#include "core/Program.h"
#include "core/RecordDims.h"

#include <cstdint>
#include <vector>

namespace hadal::runtime {

/// A set of dims that change from call to call, and of extents; a bit each.
using DependenceSet = uint64_t;

struct Dependence {
  DependenceSet all = 0;
  DependenceSet notRising = 0; // of these, where a larger one may make the value smaller
  bool mayBeNegative = false;
  bool isDim = false;  // the value is a dim itself, which is rounded up to a power of two

  /// Takes another in; the value is then made of both.
  void add(const Dependence &other);
};

class Dependences {
public:
  Dependences(const Program &program, const Entry &entry);

  /// Whether there is more than a set can hold; nothing else is valid then.
  bool overflowed() const { return full; }

  const Dependence &of(uint32_t expression) const { return sets[expression]; }
  Dependence of(Span<uint32_t> expressions) const;
  /// Of what an interface asks for in a launch: workgroups and memory.
  Dependence ofSizes(const KernelInterface &interface, const Launch &launch) const;

  /// Appends the members of two sets, those of both as exact ones. Extents are exact.
  void sort(DependenceSet exact, DependenceSet rounded, RecordDims &out) const;

private:
  Dependence ofNamed(const artifact::Expr &expr);
  Dependence bit(size_t index, bool mayBeNegative);

  const Program &program;
  std::vector<Dependence> sets; // by expression
  std::vector<RecordDims::Extent> extents;
  bool full = false;
};

} // namespace hadal::runtime

#endif // HADAL_CORE_DEPENDENCES_H
