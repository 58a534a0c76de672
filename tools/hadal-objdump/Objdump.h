// SPDX-License-Identifier: Apache-2.0
// The parts of hadal-objdump: text report, JSON report, disassembly, costs.
#ifndef HADAL_TOOLS_OBJDUMP_OBJDUMP_H
#define HADAL_TOOLS_OBJDUMP_OBJDUMP_H

#include "core/Artifact.h"
#include "core/Expression.h"

#include <string>
#include <vector>

namespace hadal::objdump {

using runtime::Artifact;
using runtime::sizeOf;
using runtime::text;

/// Prints everything but the ops; with `plan` these too.
void printText(const char *path, const Artifact &artifact, bool plan);

/// Prints the same facts, but the ops, as one JSON object.
void printJson(const char *path, const Artifact &artifact);

/// Disassembles the kernel of that executable name or symbol, each level or the
/// one of that name (empty: each). Returns the exit code of the tool.
int disassemble(const char *path, const Artifact &artifact, const std::string &kernel,
                const std::string &level);

/// Expressions of one entry point as infix text: N new tokens of S sequences,
/// logits of R rows. Long subexpressions are named %i and listed once.
class ExpressionText {
public:
  explicit ExpressionText(const artifact::EntryPoint &entry);
  const std::string &operator[](uint32_t index) const { return texts[index]; }
  /// "[a, b]" of several.
  std::string list(const flatbuffers::Vector<uint32_t> *indices) const;
  /// The expressions that texts refer to as %i, in order.
  const std::vector<std::pair<uint32_t, std::string>> &named() const { return definitions; }

private:
  std::vector<std::string> texts;
  std::vector<std::pair<uint32_t, std::string>> definitions;
};

/// What one step costs, by the plan's own expressions.
struct StepCost {
  std::string error; // of the evaluation; empty when there is none
  uint64_t launches = 0, workgroups = 0, flops = 0, bytes = 0, arenaBytes = 0;
};

/// The cost of a step of `tokens` new tokens of one sequence, ending at `context`
/// tokens.
StepCost costOfStep(const artifact::Module &module, const artifact::EntryPoint &entry,
                    int64_t tokens, int64_t context);

/// The steps whose costs are reported: name, entry, new tokens, context.
struct SampleStep {
  const char *entry;
  int64_t tokens, context;
};
std::vector<SampleStep> sampleSteps(const artifact::Module &module);

/// "[4, 576]".
template <typename Vector>
std::string shapeText(const Vector *shape) {
  std::string joined = "[";
  for (uint32_t i = 0; i < sizeOf(shape); ++i)
    joined += (i ? ", " : "") + std::to_string(shape->Get(i));
  return joined + "]";
}

} // namespace hadal::objdump

#endif // HADAL_TOOLS_OBJDUMP_OBJDUMP_H
