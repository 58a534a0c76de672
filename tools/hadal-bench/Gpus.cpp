// SPDX-License-Identifier: Apache-2.0
// Data-sheet numbers of GPUs, and bounds made of them.
#include "Gpus.h"

#include <algorithm>

namespace hadal::tools {

namespace {

// Memory and tensor rates: the products' data sheets, where rates with sparsity are halved.
// SMs and clocks: the architectures' white papers. Each SM has four schedulers that start one warp
// instruction a cycle, and shared memory of 128 bytes a cycle, which is one wavefront (CUDA C++
// Programming Guide, "Compute Capabilities 8.x" and "9.0"; tuning guides of Ampere and Hopper).
constexpr uint32_t kIssued = 4, kWavefronts = 1; // of each SM a cycle

constexpr Gpu kGpus[] = {
    // "NVIDIA A100 Tensor Core GPU" data sheet (80GB SXM: 2,039 GB/s, 312 TFLOPS bf16); "NVIDIA
    // A100 Tensor Core GPU Architecture" white paper (108 SMs, boost clock of 1,410 MHz).
    {"a100", "A100 80GB SXM", 2039e9, 312e12, 108, 1.41e9},
    // "NVIDIA H100 Tensor Core GPU" data sheet (SXM: 3.35 TB/s, 1,979 TFLOPS bf16 with sparsity);
    // "NVIDIA H100 Tensor Core GPU Architecture" white paper (132 SMs; its 989.4 TFLOPS are at
    // 1,830 MHz: 4,096 operations an SM and cycle).
    {"h100", "H100 SXM", 3350e9, 989.4e12, 132, 1.83e9},
    // "NVIDIA H200 Tensor Core GPU" data sheet (SXM: 4.8 TB/s, 1,979 TFLOPS bf16 with sparsity): the
    // H100's chip, SMs and rates.
    {"h200", "H200 SXM", 4800e9, 989.4e12, 132, 1.83e9},
    // "NVIDIA L40S" data sheet (864 GB/s, 362.05 TFLOPS bf16); "NVIDIA Ada GPU Architecture" white
    // paper (142 SMs of 128 lanes; the sheet's 91.6 TFLOPS of f32 are at 2,520 MHz).
    {"l40s", "L40S", 864e9, 362.05e12, 142, 2.52e9},
};

} // namespace

const Gpu *findGpu(const std::string &name) {
  for (const Gpu &gpu : kGpus)
    if (name == gpu.name)
      return &gpu;
  return nullptr;
}

std::string gpuNames() {
  std::string names;
  for (const Gpu &gpu : kGpus)
    names += (names.empty() ? "" : ", ") + std::string(gpu.name);
  return names;
}

double Bounds::largest() const { return std::max({memory, tensor, issue, shared}); }

const char *Bounds::binding() const {
  double most = largest();
  return most == memory ? "memory" : most == tensor ? "tensor" : most == issue ? "issue" : "shared";
}

Bounds boundsOf(const Gpu &gpu, const Counters &counters) {
  double cycles = gpu.sms * gpu.clock; // of all SMs in a second
  MatrixWork work = matrixWork(counters);
  Bounds bounds;
  bounds.memory = static_cast<double>(counters.readDistinct + counters.writeDistinct) / gpu.memory;
  // Data sheets give 8-bit operands twice the rate of 16 bits, and tf32 half of it.
  bounds.tensor = (work.bits16 + work.bits8 / 2 + work.tf32 * 2) / gpu.tensor16;
  bounds.issue =
      static_cast<double>(counters.warpInstructions - counters.moves) / (kIssued * cycles);
  bounds.shared = static_cast<double>(counters.wavefronts) / (kWavefronts * cycles);
  return bounds;
}

} // namespace hadal::tools
