// SPDX-License-Identifier: Apache-2.0
// Times prefill and decode beside the machine's roofs.
#ifndef HADAL_TOOLS_BENCH_MEASURE_H
#define HADAL_TOOLS_BENCH_MEASURE_H

#include <cstdint>
#include <string>
#include <vector>

#include "Roofs.h"
#include "support/Model.h"

namespace hadal::tools {

/// All launches of one executable in one step.
struct KernelFigure {
  std::string name, family;
  uint64_t launches = 0;
  double seconds = 0;
  double bytes = 0; // parameter bytes, an upper bound
  double flops = 0; // an upper bound
};

/// One row of the result.
struct Figure {
  bool decode = false;
  uint32_t tokens = 0;  // of the prompt, or in the cache before the step
  uint32_t batch = 1;   // sequences
  uint32_t threads = 0;
  double seconds = 0;   // of a step, median
  double bytes = 0, flops = 0; // of a step
  // Medians over the repeats; a share is taken within each repeat.
  double readRate = 0, dotRate = 0;   // bytes and operations per second
  double readShare = 0, dotShare = 0;
  std::vector<KernelFigure> kernels;  // slowest first

  double newTokens() const { return decode ? batch : static_cast<double>(tokens) * batch; }
};

struct Plan {
  std::vector<uint64_t> prefill, decode, batches;
  uint32_t repeat = 5;
};

/// Measures everything on a model whose context has `threads` threads. A line of
/// progress goes to stderr where that is a terminal.
std::vector<Figure> measure(Model &model, const Plan &plan, uint32_t threads);

void printTable(const std::vector<Figure> &figures, const Model &model);
std::string jsonReport(const std::vector<Figure> &figures, const Model &model);

} // namespace hadal::tools

#endif // HADAL_TOOLS_BENCH_MEASURE_H
