// SPDX-License-Identifier: Apache-2.0
// The parts of hadal-objdump: text report, JSON report, disassembly, costs.
#ifndef HADAL_TOOLS_OBJDUMP_OBJDUMP_H
#define HADAL_TOOLS_OBJDUMP_OBJDUMP_H

#include "core/Artifact.h"
#include "core/Expression.h"

#include <functional>
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

/// Expressions as infix text. Long subexpressions are named %i and listed once.
class ExpressionText {
public:
  /// As a whole, and as an operand of another, which stands in parentheses where it is infix.
  struct Text {
    std::string whole, operand;
  };

  /// Of an entry point: N new tokens of S sequences, logits of R rows, other dims by their names.
  ExpressionText(const Program &program, const Entry &entry);
  /// Of a program, over dims of a session.
  explicit ExpressionText(const Program &program);
  /// Of a kernel's interface, over the constants c0, c1, ... of a launch.
  explicit ExpressionText(const KernelInterface &interface);
  /// The same for one launch of `entry`, with what it passes in the place of constants.
  ExpressionText(const KernelInterface &interface, const ExpressionText &entry,
                 const Launch &launch);

  const std::string &operator[](uint32_t index) const { return texts[index].whole; }
  /// "[a, b]" of several.
  std::string list(Span<uint32_t> indices) const;
  /// The expressions that texts refer to as %i, in order.
  const std::vector<std::pair<uint32_t, std::string>> &named() const { return definitions; }

private:
  using Namer = std::function<Text(const artifact::Expr &)>;
  void write(Span<artifact::Expr> exprs, const Namer &name, size_t longest);

  std::vector<Text> texts;
  std::vector<std::pair<uint32_t, std::string>> definitions;
};

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
std::string stateShape(const Program &program, const State &state);

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
