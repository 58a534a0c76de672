// SPDX-License-Identifier: Apache-2.0
// What GPUs can do at most, and the time that counted work needs of each of their resources.
#ifndef HADAL_TOOLS_BENCH_GPUS_H
#define HADAL_TOOLS_BENCH_GPUS_H

#include "Counters.h"

namespace hadal::tools {

/// Data-sheet numbers of a GPU; Gpus.cpp has them with their sources.
struct Gpu {
  const char *name, *product;
  double memory;   // bytes a second
  double tensor16; // operations a second, bf16 with f32 sums, without sparsity
  uint32_t sms;
  double clock; // Hz, at which tensor16 holds
};

/// The GPU of that name, or null; gpuNames gives all, "a, b".
const Gpu *findGpu(const std::string &name);
std::string gpuNames();

/// Seconds that each resource alone needs at least. No prediction: latency, launches, and what
/// waits for what are not in it.
struct Bounds {
  double memory = 0; // distinct bytes
  double tensor = 0; // matrix products
  double issue = 0;  // warp instructions of PTX but moves, which become none
  double shared = 0; // wavefronts

  double largest() const;
  const char *binding() const; // the resource of the largest
};
Bounds boundsOf(const Gpu &gpu, const Counters &counters);

} // namespace hadal::tools

#endif // HADAL_TOOLS_BENCH_GPUS_H
