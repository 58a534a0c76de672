// SPDX-License-Identifier: Apache-2.0
// Tensor maps: how the hardware is told to read a binding.
#include "cuda/Device.h"
#include "device/Fail.h"

#include <algorithm>

namespace hadal::cuda {
namespace {

using device::fail;

// The driver's element type; -1: it copies none such.
int typeOf(hadal_element_type_t type) {
  switch (type) {
  case HADAL_TYPE_F32: return CU_TENSOR_MAP_DATA_TYPE_FLOAT32;
  case HADAL_TYPE_F16: return CU_TENSOR_MAP_DATA_TYPE_FLOAT16;
  case HADAL_TYPE_BF16: return CU_TENSOR_MAP_DATA_TYPE_BFLOAT16;
  case HADAL_TYPE_F8E4M3FN:
  case HADAL_TYPE_I8:
  case HADAL_TYPE_U8:
  case HADAL_TYPE_I1: return CU_TENSOR_MAP_DATA_TYPE_UINT8; // bytes are moved, not computed with
  case HADAL_TYPE_I16: return CU_TENSOR_MAP_DATA_TYPE_UINT16;
  case HADAL_TYPE_I32: return CU_TENSOR_MAP_DATA_TYPE_INT32;
  case HADAL_TYPE_I64: return CU_TENSOR_MAP_DATA_TYPE_INT64;
  case HADAL_TYPE_F64: return CU_TENSOR_MAP_DATA_TYPE_FLOAT64;
  default: return -1;
  }
}

int swizzleOf(uint32_t bytes) {
  switch (bytes) {
  case 0: return CU_TENSOR_MAP_SWIZZLE_NONE;
  case 32: return CU_TENSOR_MAP_SWIZZLE_32B;
  case 64: return CU_TENSOR_MAP_SWIZZLE_64B;
  case 128: return CU_TENSOR_MAP_SWIZZLE_128B;
  default: return -1;
  }
}

} // namespace

hadal_device_code_t encodeTensorMap(Call &call, const hadal_device_kernel &kernel, uint32_t index,
                                    const hadal_device_parameter_t &parameter, CUtensorMap &out,
                                    hadal_device_error_t *error) {
  const char *name = kernel.name.c_str();
  const hadal_device_tensor_map_t *map = parameter.map;
  if (!map)
    return fail(error, HADAL_STATUS_INVALID_ARGUMENT,
                "kernel '%s': parameters[%u]: expected a tensor map, got none", name, index);
  int type = typeOf(map->type), swizzle = swizzleOf(map->swizzle);
  if (type < 0)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "kernel '%s': parameters[%u].map.type: expected an element type of "
                "whole bytes, got %d",
                name, index, int(map->type));
  if (swizzle < 0)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "kernel '%s': parameters[%u].map.swizzle: expected 0, 32, 64 or 128 B, "
                "got %u B",
                name, index, map->swizzle);
  if (map->rank < 1 || map->rank > 5)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "kernel '%s': parameters[%u].map.rank: expected 1 to 5, got %u", name, index,
                map->rank);
  const uint32_t steps[5] = {1, 1, 1, 1, 1};
  CUresult result = call.driver().cuTensorMapEncodeTiled(
      &out, CUtensorMapDataType(type), map->rank, reinterpret_cast<void *>(parameter.address),
      map->extents, map->strides, map->box, steps, CU_TENSOR_MAP_INTERLEAVE_NONE,
      CUtensorMapSwizzle(swizzle), CU_TENSOR_MAP_L2_PROMOTION_L2_128B,
      CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (result == CUDA_ERROR_INVALID_VALUE)
    return fail(
        error, HADAL_STATUS_UNSUPPORTED,
        "kernel '%s': parameters[%u].map: expected an address and strides "
        "that are multiples of 16 B, and a box of at most 256 in each direction whose rows are multiples of 16 B and no wider "
        "than the swizzle, got others",
        name, index);
  return call.check(result, "cuTensorMapEncodeTiled", "kernel '", name);
}

} // namespace hadal::cuda
