// SPDX-License-Identifier: Apache-2.0
// Launches and tensor maps of the test driver.
#include "driver/State.h"

#include <algorithm>
#include <cstring>

namespace hadal::cuda {

namespace {

constexpr uint64_t kResident = 1024; // workgroups of a cooperative launch

CUresult launch(Entry &entry, const CUlaunchConfig &config, CUfunction function,
                void **parameters) {
  CUcontext context = entry.context();
  if (!entry.ok() || !entry.has(context->streams, config.hStream) ||
      !entry.hasObject(context->modules.count(function->module)))
    return entry;
  auto work = std::make_shared<LaunchWork>();
  hadal_sim_launch_defaults(&work->how);
  const unsigned grid[3] = {config.gridDimX, config.gridDimY, config.gridDimZ};
  const unsigned block[3] = {config.blockDimX, config.blockDimY, config.blockDimZ};
  const uint32_t *required = function->info.required_block;
  for (int i = 0; i < 3; ++i) {
    if (!grid[i] || !block[i] || (required[0] && block[i] != required[i]))
      return CUDA_ERROR_INVALID_VALUE;
    work->how.grid[i] = grid[i];
    work->how.block[i] = block[i];
  }
  if (config.sharedMemBytes > function->maxDynamicShared)
    return CUDA_ERROR_INVALID_VALUE;
  work->how.dynamic_shared_bytes = config.sharedMemBytes;
  work->how.threads = 1;
  for (unsigned i = 0; i < config.numAttrs; ++i) {
    const CUlaunchAttribute &attribute = config.attrs[i];
    if (attribute.id == CU_LAUNCH_ATTRIBUTE_COOPERATIVE) {
      work->how.cooperative = attribute.value.cooperative;
      if (uint64_t(grid[0]) * grid[1] * grid[2] > kResident)
        return CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE;
    } else if (attribute.id == CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION) {
      const auto &cluster = attribute.value.clusterDim;
      if (state().capability() < 90 || grid[0] % cluster.x || grid[1] % cluster.y ||
          grid[2] % cluster.z)
        return CUDA_ERROR_INVALID_CLUSTER_SIZE;
    } else {
      return CUDA_ERROR_INVALID_VALUE;
    }
  }
  for (size_t i = 0; i < function->parameters.size(); ++i) {
    auto *from = static_cast<const char *>(parameters[i]);
    work->arguments.emplace_back(from, from + function->parameters[i].bytes);
  }
  work->function = function;
  work->module = context->modules[function->module];
  if (!config.hStream->capture)
    ++state().counts.launches;
  Work piece(Work::Launch);
  piece.launch = std::move(work);
  return add(config.hStream, std::move(piece));
}

} // namespace

HADAL_TEST_DRIVER CUresult cuLaunchKernel(CUfunction function, unsigned grid_x, unsigned grid_y,
                                          unsigned grid_z, unsigned block_x, unsigned block_y,
                                          unsigned block_z, unsigned shared_bytes, CUstream stream,
                                          void **parameters, void **extra) {
  Entry entry("cuLaunchKernel", Entry::InContext);
  CUlaunchConfig config = {grid_x,  grid_y,       grid_z, block_x, block_y,
                           block_z, shared_bytes, stream, nullptr, 0};
  return launch(entry, config, function, parameters);
}

HADAL_TEST_DRIVER CUresult cuLaunchKernelEx(const CUlaunchConfig *config, CUfunction function,
                                            void **parameters, void **extra) {
  Entry entry("cuLaunchKernelEx", Entry::InContext);
  return launch(entry, *config, function, parameters);
}

// Checks what the manual asks for; the words of the result are address, type and rank, box and
// swizzle, extents, strides: for tests that read them.
HADAL_TEST_DRIVER CUresult cuTensorMapEncodeTiled(
    CUtensorMap *map, CUtensorMapDataType type, uint32_t rank, void *address,
    const uint64_t *extents, const uint64_t *strides, const uint32_t *box,
    const uint32_t *element_strides, CUtensorMapInterleave interleave, CUtensorMapSwizzle swizzle,
    CUtensorMapL2promotion promotion, CUtensorMapFloatOOBfill fill) {
  Entry entry("cuTensorMapEncodeTiled", Entry::InContext);
  if (!entry.ok())
    return entry;
  const size_t bytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2};
  bool good = state().capability() >= 90 && rank >= 1 && rank <= 5 &&
              reinterpret_cast<size_t>(map) % 64 == 0 &&
              reinterpret_cast<size_t>(address) % 16 == 0 &&
              interleave == CU_TENSOR_MAP_INTERLEAVE_NONE;
  size_t row = good ? box[0] * bytes[type] : 0;
  good = good && row % 16 == 0 && (!swizzle || row <= size_t(16) << swizzle);
  *map = {};
  map->opaque[0] = reinterpret_cast<uint64_t>(address);
  map->opaque[1] = uint64_t(type) << 32 | rank;
  map->opaque[2] = uint64_t(swizzle) << 32 | (good ? box[0] : 0);
  for (uint32_t i = 0; good && i < rank; ++i) {
    good = extents[i] >= 1 && extents[i] <= uint64_t(1) << 32 && box[i] >= 1 && box[i] <= 256 &&
           element_strides[i] == 1;
    map->opaque[3 + i] = extents[i];
    if (i + 1 < rank) {
      good = good && strides[i] % 16 == 0 && strides[i] < uint64_t(1) << 40;
      map->opaque[8 + i] = strides[i];
    }
  }
  return good ? CUresult(entry) : CUDA_ERROR_INVALID_VALUE;
}

} // namespace hadal::cuda
