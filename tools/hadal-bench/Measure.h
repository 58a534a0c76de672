// SPDX-License-Identifier: Apache-2.0
// Times prefill and decode beside the machine's roofs.
#ifndef HADAL_TOOLS_BENCH_MEASURE_H
#define HADAL_TOOLS_BENCH_MEASURE_H

#include <cstdint>
#include <string>
#include <vector>

#include "Gpus.h"
#include "roofs/Roofs.h"
#include "support/Model.h"

namespace hadal::tools {

/// All launches of one executable in one step.
struct KernelFigure {
  std::string name, family;
  uint64_t launches = 0;
  double seconds = 0;
  double bytes = 0; // parameter bytes, an upper bound
  double flops = 0; // an upper bound
  uint64_t readBytes = 0, writeBytes = 0; // compulsory: each buffer once
  Counters counters;                      // where the device counts
};

/// One row of the result.
struct Figure {
  bool decode = false;
  uint32_t tokens = 0;  // of the prompt, or in the cache before the step
  uint32_t batch = 1;   // sequences
  uint32_t threads = 0;
  bool counted = false; // one step, by the device's counters, and nothing is timed
  double seconds = 0;   // of a step, median
  double bytes = 0, flops = 0; // of a step
  // Medians over the repeats; a share is taken within each repeat. 0 where not the host computes.
  double readRate = 0, dotRate = 0; // bytes and operations per second
  double readShare = 0, dotShare = 0;
  std::vector<KernelFigure> kernels; // slowest first; of a counted one, what moves most

  double newTokens() const { return decode ? batch : static_cast<double>(tokens) * batch; }
};

struct Plan {
  std::vector<uint64_t> prefill, decode, batches;
  uint32_t repeat = 5;
  bool onHost = true; // the host's roofs are those of the device
  const Gpu *roof = nullptr; // whose data sheet figures stand beside
};

/// Measures everything on a model whose context has `threads` threads. A line of
/// progress goes to stderr where that is a terminal.
std::vector<Figure> measure(Model &model, const Plan &plan, uint32_t threads);

void printTable(const std::vector<Figure> &figures, const Model &model, const Plan &plan);
std::string jsonReport(const std::vector<Figure> &figures, const Model &model, const Plan &plan);

/// The tables of a counted figure, and the members that its JSON has beside those of every figure.
std::string counterTable(const Figure &figure, const Gpu *roof);
std::string counterMembers(const Figure &figure, const Gpu *roof);
std::string counterMembers(const KernelFigure &kernel, const Gpu *roof);

} // namespace hadal::tools

#endif // HADAL_TOOLS_BENCH_MEASURE_H
