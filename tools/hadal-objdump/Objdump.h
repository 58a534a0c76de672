// SPDX-License-Identifier: Apache-2.0
// The parts of hadal-objdump: text report, JSON report, disassembly, costs.
#ifndef HADAL_TOOLS_OBJDUMP_OBJDUMP_H
#define HADAL_TOOLS_OBJDUMP_OBJDUMP_H

#include "core/Artifact.h"
#include "core/Expression.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace hadal::objdump {

using runtime::Artifact;
using runtime::Entry;
using runtime::KernelInterface;
using runtime::Launch;
using runtime::Program;
using runtime::sizeOf;
using runtime::Span;
using runtime::State;
using runtime::text;

/// Prints everything but the ops; with `plan` these too.
void printText(const char *path, const Artifact &artifact, bool plan);

/// Prints the same facts, but the ops, as one JSON object.
void printJson(const char *path, const Artifact &artifact);

/// Disassembles the kernel of that executable name or symbol, each level or the
/// one of that name (empty: each). Returns the exit code of the tool.
int disassemble(const char *path, const Artifact &artifact, const std::string &kernel,
                const std::string &level);

/// Expressions as infix text. A long one has the name %i where another or a report refers to it, so
/// that it is written once however many do.
class ExpressionText {
public:
  /// As a whole, and as an operand of another, which stands in parentheses where it is infix.
  struct Text {
    std::string whole, operand;
  };
  /// What %i stands for.
  struct Named {
    uint32_t index;
    const std::string &text;
  };

  /// Of an entry point: N new tokens of S sequences, logits of R rows, other dims by their names.
  ExpressionText(const Program &program, const Entry &entry);
  /// Of a program, over dims of a session.
  explicit ExpressionText(const Program &program);
  /// Of a kernel's interface, over the constants c0, c1, ... of a launch.
  explicit ExpressionText(const KernelInterface &interface);
  /// What the grid of an interface needs, with what a launch of `entry` passes in the place of
  /// constants.
  ExpressionText(const KernelInterface &interface, const ExpressionText &entry,
                 const Launch &launch);

  const std::string &operator[](uint32_t index) const { return texts[index].whole; }
  /// "[a, b]" of several.
  std::string list(Span<uint32_t> indices) const;
  /// The expressions with names, in order: all, or those that some expressions refer to.
  std::vector<Named> named() const;
  std::vector<Named> named(const std::vector<uint32_t> &roots) const;

private:
  using Namer = std::function<Text(const artifact::Expr &)>;
  void write(const Namer &name, const std::vector<bool> *only = nullptr);

  Span<artifact::Expr> exprs;
  std::vector<Text> texts;
  std::map<uint32_t, std::string> definitions;
};

/// The expressions that a report shows of an interface, of ports, and of a program's own.
std::vector<uint32_t> shownOf(const KernelInterface &interface);
std::vector<uint32_t> shownOf(const Entry &entry);
std::vector<uint32_t> shownOf(const Program &program);

/// What one step costs, by the plan's own expressions.
struct StepCost {
  std::string error; // of the evaluation; empty when there is none
  uint64_t launches = 0, workgroups = 0, flops = 0, bytes = 0, arenaBytes = 0;
};

/// The cost of a step of `tokens` new tokens of one sequence, ending at `context`
/// tokens.
StepCost costOfStep(const Program &program, const Entry &entry, int64_t tokens, int64_t context);

/// The steps of an entry point whose costs are reported: new tokens, context.
struct SampleStep {
  int64_t tokens, context;
};
std::vector<SampleStep> sampleSteps(const artifact::Module &module, const Entry &entry);

/// "[pages, 4, 576]" of a growing state, "[slots, rows, 4]" of a ring.
std::string stateShape(const Program &program, const ExpressionText &exprs, const State &state);

/// "[4, 576]".
template <typename T>
std::string shapeText(Span<T> shape) {
  std::string joined = "[";
  for (uint32_t i = 0; i < shape.size(); ++i)
    joined += (i ? ", " : "") + std::to_string(shape[i]);
  return joined + "]";
}
template <typename T>
std::string shapeText(const flatbuffers::Vector<T> *shape) {
  return shapeText(runtime::spanOf(shape));
}

} // namespace hadal::objdump

#endif // HADAL_TOOLS_OBJDUMP_OBJDUMP_H
