// SPDX-License-Identifier: Apache-2.0
// A case: a function of one op, or of the few that belong together, and what it computes.
#ifndef HADAL_TOOLS_CONFORMANCE_CASE_H
#define HADAL_TOOLS_CONFORMANCE_CASE_H

#include "Tensor.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace hadal::conformance {

/// How far a result may be from the reference, as a part of the largest value that
/// the reference has.
constexpr double kExact = 0;
/// Sums made in f32, in any order.
constexpr double kOfF32 = 1e-5;
/// The same, rounded to bf16 at the end.
constexpr double kOfBF16 = 4e-3;
/// Rounded to bf16 once on the way too.
constexpr double kOfBF16Twice = 8e-3;

inline double limitOf(Element result) { return result == Element::bf16 ? kOfBF16 : kOfF32; }
inline double limitOfTwice(Element result) {
  return result == Element::bf16 ? kOfBF16Twice : kOfF32;
}

/// What a caller tells of new tokens; one call of one step.
struct Step {
  std::vector<int32_t> positions, offsets, slots;
};

/// A result that is expected. Values that are not numbers are not told.
struct Expected {
  std::string name;
  Tensor values;
  double limit;
  /// The largest value that went into sums of two, which may be far larger than what is left of it.
  double addend = 0;
};

/// What a call is given, and other values that it could be given in its place: a call with those is
/// made in between, so that what is left of one cannot pass for the next.
struct Argument {
  std::string name;
  Tensor value, other;
};

struct Call {
  std::optional<Step> step;
  std::vector<Argument> arguments;
  std::vector<Expected> results;

  /// Other floats are the halves of these in reverse; integers, and what is no number, stay.
  void argument(const std::string &name, Tensor value);
  /// Numbers below `end`, of which the others are the next.
  void indices(const std::string &name, Tensor value, int64_t end);
  void expect(const std::string &name, Tensor values, double limit, double addend = 0) {
    results.push_back({name, std::move(values), limit, addend});
  }
};

/// Calls of one session, one after the other.
struct Edge {
  std::string name;
  std::vector<Call> calls;
  uint32_t slots = 1;
  uint32_t capacity = 64;
  /// Pages of each slot, from a pool of all of them; empty: as they come.
  std::vector<std::vector<int32_t>> pages;
};

/// A weight as a checkpoint holds it.
struct Weight {
  std::string name;
  Tensor stored;
};

/// The module of a case, put together, and its edges.
class Case {
public:
  /// Has edges drawn, so many; else they are the same every time.
  struct Draw {
    Random random;
    int64_t edges;
  };
  std::optional<Draw> draw;
  /// Rows of the edges that are about nothing else: none, one, and what is no multiple of
  /// a tile, whatever size it has.
  std::vector<int64_t> rowCounts();

  /// Declares a parameter and reads it: %name. `scales`, of blocks of `block`,
  /// are multiplied in where the parameter is of `element` and not as stored.
  void parameter(const std::string &name, Tensor stored);
  void scaledParameter(const std::string &name, Element element, Tensor stored, Tensor scales,
                       const Shape &block);
  /// %name: an argument of the caller's; -1 is an extent that each call chooses.
  void argument(const std::string &name, Element element, const Shape &shape);
  /// %positions, %sequence_offsets, %slots, %block_table as a step has them, and
  /// what the session knows, with block tables of pages of so many rows.
  void stepArguments(int64_t pageSize);
  /// A state of the session: reads it as %name.
  void state(const std::string &name, Element element, const Shape &shape);
  void writeState(const std::string &name, const std::string &value);
  /// Appends an op; `text` is all of it but the type, which follows from the names
  /// in it in their order. `results` are types of what is made.
  void op(const std::string &text, const std::vector<std::string> &results);
  /// Appends a line that makes %name of that type.
  void line(const std::string &text, const std::string &name, const std::string &type);
  /// %name = %a + %b.
  void sum(const std::string &name, const std::string &a, const std::string &b);
  /// Returns %name under that name.
  void result(const std::string &name, Element element, const Shape &shape);

  Edge &edge(const std::string &name) { return edges.emplace_back(Edge{name, {}, 1, 64, {}}); }
  /// An edge of one call.
  Call &call(const std::string &name) { return edge(name).calls.emplace_back(); }

  /// The module, given where weights lie: see WeightsFile.
  std::string module(const std::string &fileAttributes,
                     const std::function<std::string(const std::string &)> &sourcesOf) const;

  std::string precision = "reference"; // or native
  std::string attention = "auto";
  std::vector<Weight> weights;
  std::vector<Edge> edges;

private:
  void port(const std::string &name, const std::string &type, const std::string &role);

  struct Parameter {
    std::string name, type, block; // block: scales of the weight NAME.scale go with it
  };
  std::vector<Parameter> parameters;
  std::string declarations, arguments, body, results, returned, returnedTypes;
  std::map<std::string, std::string> types;
};

/// "tensor<?x64xf32>".
std::string typeText(Element element, const Shape &shape);

struct CaseEntry {
  std::string name; // op/precision/types/shape
  std::function<void(Case &)> build;
};

/// All cases, op by op.
std::vector<CaseEntry> allCases();

/// Cases of drawn shapes, so many shapes of each family of ops.
std::vector<CaseEntry> drawnCases(uint64_t shapes, uint64_t seed);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_CASE_H
