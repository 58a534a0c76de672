// SPDX-License-Identifier: Apache-2.0
// Checks what a program asks of the cpu, and turns launches into work for the pool.
#include "cpu/CpuKernels.h"

#include <cinttypes>
#include <cstring>

namespace hadal::runtime {
namespace {

constexpr hadal_status_code_t kUnsupported = HADAL_STATUS_UNSUPPORTED;

bool isThree(const uint32_t *sizes, uint32_t number) {
  return sizes[0] == number && sizes[1] == number && sizes[2] == number;
}

const char *nameOf(hadal_device_parameter_kind_t kind) {
  const char *const names[] = {"address", "i32", "i64", "tensor map"};
  return kind < std::size(names) ? names[kind] : "parameter of another kind";
}

} // namespace

Status parseSection(const hadal_device_code_section_t &section, ElfImage &out) {
  HADAL_TRY(ElfImage::parse(static_cast<const uint8_t *>(section.data), section.size, out));
  for (uint32_t i = 0; i < section.symbol_count; ++i)
    if (!out.exports(section.symbols[i]))
      return fail(HADAL_STATUS_INVALID_ARTIFACT,
                  "symbol: expected a function of the image, got no '%s'", section.symbols[i]);
  return {};
}

Status checkCpuInterface(const hadal_device_interface_t &interface) {
  const uint32_t *size = interface.workgroup_size, *cluster = interface.cluster;
  if (!isThree(size, 0) && !isThree(size, 1))
    return fail(kUnsupported, "workgroup_size: expected 1 thread on the cpu device, got %ux%ux%u",
                size[0], size[1], size[2]);
  if (interface.static_shared_bytes)
    return fail(kUnsupported,
                "static_shared_bytes: expected 0 B on the cpu device, got %" PRIu64 " B",
                interface.static_shared_bytes);
  if (interface.dynamic_shared)
    return fail(kUnsupported, "dynamic_shared: expected none on the cpu device, got an expression");
  if (!isThree(cluster, 0))
    return fail(kUnsupported, "cluster: expected none on the cpu device, got %ux%ux%u", cluster[0],
                cluster[1], cluster[2]);
  if (interface.cooperative)
    return fail(kUnsupported, "cooperative: expected false on the cpu device, got true");
  if (interface.parameter_count)
    return fail(
        kUnsupported,
        "parameters: expected none on the cpu device, whose kernel ABI fixes them, got %u, the "
        "first of kind %s",
        interface.parameter_count, nameOf(interface.parameters[0]));
  return {};
}

GridJob gridJob(const hadal_device_launch_t &launch, void *const *bindings,
                const int64_t *constants, hadal_dispatch_state_t &state) {
  state.bindings = bindings;
  state.binding_count = launch.binding_count;
  state.constants = constants;
  state.constant_count = launch.constant_count;
  std::memcpy(state.workgroup_count, launch.grid, sizeof state.workgroup_count);
  uint64_t total = uint64_t(launch.grid[0]) * launch.grid[1] * launch.grid[2];
  return {reinterpret_cast<const CpuKernel *>(launch.kernel)->function, &state, total};
}

void CpuRecord::add(const hadal_device_launch_t &launch) {
  Kept &launched = kept.emplace_back();
  for (uint32_t i = 0; i < launch.binding_count; ++i)
    launched.bindings.push_back(reinterpret_cast<void *>(launch.bindings[i]));
  launched.constants.assign(launch.constants, launch.constants + launch.constant_count);
  list.push_back(
      gridJob(launch, launched.bindings.data(), launched.constants.data(), launched.state));
}

} // namespace hadal::runtime
