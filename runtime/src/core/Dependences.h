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
  int64_t factor = 0;    // the value is so many times a dim; 0: it is anything
  uint32_t dim = 0;      // of the program

  /// Takes another in; the value is then made of both.
  void add(const Dependence &other);
};

/// A value of a dim that it is not rounded beyond from a lesser one.
struct DimLimit {
  uint32_t dim;
  int64_t value;
};

class Dependences {
public:
  Dependences(const Program &program, const Entry &entry);

  /// Whether there is more than a set can hold; nothing else is valid then.
  bool overflowed() const { return full; }

  const Dependence &of(uint32_t expression) const { return sets[expression]; }
  Dependence of(Span<uint32_t> expressions) const;
  /// Of what an interface asks for in a launch: workgroups and memory.
  Dependence ofSizes(const KernelInterface &interface, const Launch &launch);

  /// Appends the members of two sets, those of both as exact ones. Extents are exact.
  void sort(DependenceSet exact, DependenceSet rounded, RecordDims &out) const;

private:
  Dependence ofNamed(const artifact::Expr &expr);
  std::vector<int64_t> limitsOf(uint32_t dim) const;
  Dependence bit(size_t index, bool mayBeNegative);

  const Program &program;
  std::vector<Dependence> sets; // by expression
  std::vector<RecordDims::Extent> extents;
  std::vector<DimLimit> limits; // of all conditions that were followed
  bool full = false;
};

} // namespace hadal::runtime

#endif // HADAL_CORE_DEPENDENCES_H
