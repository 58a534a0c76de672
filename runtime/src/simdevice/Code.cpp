// SPDX-License-Identifier: Apache-2.0
// Images and kernels: PTX text, and whether its entries fit the interfaces that an artifact states.
#include "Device.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hadal::simdevice {

const Level kLevels[kLevelCount] = {
    {"sm_90", 90, kMaximumShared},
    {"sm_89", 89, 101376},
    {"sm_86", 86, 101376},
    {"sm_80", 80, 166912},
};

namespace {

const Level *findLevel(const char *name) {
  for (const Level &level : kLevels)
    if (!strcmp(level.name, name))
      return &level;
  return nullptr;
}

bool isMachineCode(const hadal_device_code_section_t &section) {
  return section.size >= 4 && !memcmp(section.data, "\177ELF", 4);
}

/// Parses and decodes the text of a section, whose level the device has. The lock is held.
hadal_device_code_t load(hadal_device_t *device, const hadal_device_code_section_t &section,
                         const Level &level, hadal_sim_module_t **out_module,
                         hadal_device_error_t *error) {
  auto text = static_cast<const char *>(section.data);
  if (isMachineCode(section))
    return fail(error, HADAL_STATUS_UNSUPPORTED, "%s: expected PTX text, got a cubin",
                section.name);
  hadal_sim_module_t *module = nullptr;
  hadal_sim_status_t status =
      hadal_sim_module_load(device->sim, text, section.size, section.name, &module);
  hadal_device_code_t code = expectOk(device, status, HADAL_STATUS_INVALID_ARTIFACT, "", error);
  if (code != HADAL_STATUS_OK)
    return code;
  const char *target = hadal_sim_module_target(module);
  if (strtoul(target + 3, nullptr, 10) > level.target)
    code = fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                "%s: expected a target up to %s, the section's level, got %s", section.name,
                level.name, target);
  for (uint32_t i = 0; i < section.symbol_count && code == HADAL_STATUS_OK; ++i) {
    hadal_sim_kernel_info_t info;
    if (hadal_sim_kernel_info(device->sim, module, section.symbols[i], &info) != HADAL_SIM_OK)
      code =
          fail(error, HADAL_STATUS_INVALID_ARTIFACT, "%s", hadal_sim_context_message(device->sim));
  }
  if (code != HADAL_STATUS_OK)
    hadal_sim_module_release(device->sim, module);
  else
    *out_module = module;
  return code;
}

const char *kindName(hadal_device_parameter_kind_t kind) {
  switch (kind) {
  case HADAL_DEVICE_PARAMETER_ADDRESS: return "an address of 8 bytes";
  case HADAL_DEVICE_PARAMETER_I32: return "an integer of 4 bytes";
  case HADAL_DEVICE_PARAMETER_I64: return "an integer of 8 bytes";
  default: return "a tensor map";
  }
}

/// Whether a parameter of PTX takes a value of the kind: by size, as a pointer and an integer
/// have the same types there, and not as a float or a struct.
bool takes(const hadal_sim_parameter_t &parameter, hadal_device_parameter_kind_t kind) {
  uint64_t bytes = kind == HADAL_DEVICE_PARAMETER_I32 ? 4 : 8;
  return !parameter.is_array && parameter.bytes == bytes && strchr("bus", parameter.type[0]);
}

hadal_device_code_t checkParameters(hadal_device_t *device, const hadal_device_image_t &image,
                                    const char *symbol, const hadal_sim_kernel_info_t &entry,
                                    const hadal_device_interface_t &interface,
                                    hadal_device_error_t *error) {
  if (entry.parameter_count != interface.parameter_count)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                "%s: entry '%s': expected the %u parameters of its interface, got %zu",
                image.name.c_str(), symbol, interface.parameter_count, entry.parameter_count);
  for (uint32_t i = 0; i < interface.parameter_count; ++i) {
    hadal_sim_parameter_t parameter;
    if (hadal_sim_kernel_parameter(device->sim, image.module, symbol, i, &parameter) !=
        HADAL_SIM_OK)
      return fail(error, HADAL_STATUS_INVALID_ARTIFACT, "%s",
                  hadal_sim_context_message(device->sim));
    if (!takes(parameter, interface.parameters[i]))
      return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                  "%s: entry '%s': parameter %u, '%s': expected %s, got %s%s of %llu bytes",
                  image.name.c_str(), symbol, i, parameter.name, kindName(interface.parameters[i]),
                  parameter.type, parameter.is_array ? "[]" : "",
                  (unsigned long long)parameter.bytes);
  }
  return HADAL_STATUS_OK;
}

hadal_device_code_t checkWorkgroup(const hadal_device_image_t &image, const char *symbol,
                                   const hadal_sim_kernel_info_t &entry, const uint32_t size[3],
                                   hadal_device_error_t *error) {
  const uint32_t *required = entry.required_block, *maximum = entry.maximum_block;
  if (required[0] && (required[0] != size[0] || required[1] != size[1] || required[2] != size[2]))
    return fail(
        error, HADAL_STATUS_INVALID_ARTIFACT,
        "%s: entry '%s': expected workgroups of %u x %u x %u threads as .reqntid says, got %u x %u x %u",
        image.name.c_str(), symbol, required[0], required[1], required[2], size[0], size[1],
        size[2]);
  uint64_t threads = uint64_t(size[0]) * size[1] * size[2];
  uint64_t most = uint64_t(maximum[0]) * std::max(1u, maximum[1]) * std::max(1u, maximum[2]);
  if (maximum[0] && threads > most)
    return fail(
        error, HADAL_STATUS_INVALID_ARTIFACT,
        "%s: entry '%s': expected workgroups of at most %llu threads as .maxntid says, got %llu",
        image.name.c_str(), symbol, (unsigned long long)most, (unsigned long long)threads);
  return HADAL_STATUS_OK;
}

} // namespace

hadal_device_code_t imageCheck(hadal_device_t *device, const hadal_device_code_section_t *given,
                               hadal_device_error_t *error) {
  hadal_device_code_section_t section = known(given);
  if (!section.size)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT, "%s: expected code, got 0 bytes",
                section.name);
  // What code for other levels looks like, and machine code, the simulator does not know.
  const Level *level = findLevel(section.level);
  if (!level || isMachineCode(section))
    return HADAL_STATUS_OK;
  std::lock_guard<std::mutex> guard(device->lock);
  hadal_sim_module_t *module = nullptr;
  hadal_device_code_t code = load(device, section, *level, &module, error);
  if (code == HADAL_STATUS_OK)
    hadal_sim_module_release(device->sim, module);
  return code;
}

hadal_device_code_t imageLoad(hadal_device_t *device, const hadal_device_code_section_t *given,
                              hadal_device_image_t **out_image, hadal_device_error_t *error) {
  hadal_device_code_section_t section = known(given);
  const Level *level = findLevel(section.level);
  if (!level)
    return fail(error, HADAL_STATUS_UNSUPPORTED, "%s: expected a level from %s to %s, got %s",
                section.name, kLevels[kLevelCount - 1].name, kLevels[0].name, section.level);
  auto image = std::make_unique<hadal_device_image>();
  image->name = section.name;
  image->maximumShared = level->maximumShared;
  std::lock_guard<std::mutex> guard(device->lock);
  hadal_device_code_t code = load(device, section, *level, &image->module, error);
  if (code == HADAL_STATUS_OK)
    *out_image = image.release();
  return code;
}

void imageRelease(hadal_device_t *device, hadal_device_image_t *image) {
  std::lock_guard<std::mutex> guard(device->lock);
  keepCounters(device);
  hadal_sim_module_release(device->sim, image->module);
  delete image;
}

hadal_device_code_t interfaceCheck(hadal_device_t *, const hadal_device_interface_t *given,
                                   hadal_device_error_t *error) {
  hadal_device_interface_t interface = known(given);
  const uint32_t *size = interface.workgroup_size, *cluster = interface.cluster;
  uint64_t threads = uint64_t(size[0]) * size[1] * size[2];
  for (int i = 0; i < 3; ++i)
    if (!size[i] || size[i] > kMaximumWorkgroup[i])
      return fail(error, HADAL_STATUS_UNSUPPORTED,
                  "workgroup extent %d: expected 1 to %u threads, got %u", i, kMaximumWorkgroup[i],
                  size[i]);
  if (threads > kMaximumThreads)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "expected a workgroup of at most %u threads, got %llu", kMaximumThreads,
                (unsigned long long)threads);
  if (cluster[0] > 1 || cluster[1] > 1 || cluster[2] > 1)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "cluster: expected none on the simulator, got %ux%ux%u", cluster[0], cluster[1],
                cluster[2]);
  if (interface.scratch_bytes)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "scratch_bytes: expected 0 on the simulator, which has no scratch of host threads, "
                "got %llu",
                (unsigned long long)interface.scratch_bytes);
  if (interface.static_shared_bytes > kMaximumShared)
    return fail(
        error, HADAL_STATUS_UNSUPPORTED, "shared memory: expected at most %llu bytes, got %llu",
        (unsigned long long)kMaximumShared, (unsigned long long)interface.static_shared_bytes);
  for (uint32_t i = 0; i < interface.parameter_count; ++i)
    if (interface.parameters[i] == HADAL_DEVICE_PARAMETER_TENSOR_MAP)
      return fail(
          error, HADAL_STATUS_UNSUPPORTED,
          "parameter %u: expected no tensor map on the simulator, which has no tensor memory "
          "accelerator, got one",
          i);
    else if (uint32_t(interface.parameters[i]) > HADAL_DEVICE_PARAMETER_TENSOR_MAP)
      return fail(error, HADAL_STATUS_UNSUPPORTED, "parameter %u: expected a kind up to %d, got %d",
                  i, int(HADAL_DEVICE_PARAMETER_TENSOR_MAP), int(interface.parameters[i]));
  return HADAL_STATUS_OK;
}

hadal_device_code_t kernelFind(hadal_device_t *device, hadal_device_image_t *image,
                               const char *symbol, const hadal_device_interface_t *given,
                               hadal_device_kernel_t **out_kernel, hadal_device_error_t *error) {
  hadal_device_interface_t interface = known(given);
  if (hadal_device_code_t code = interfaceCheck(device, given, error))
    return code;
  std::lock_guard<std::mutex> guard(device->lock);
  hadal_sim_kernel_info_t entry;
  if (hadal_sim_kernel_info(device->sim, image->module, symbol, &entry) != HADAL_SIM_OK)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT, "%s", hadal_sim_context_message(device->sim));
  if (*entry.refusal)
    return fail(error, HADAL_STATUS_UNSUPPORTED, "%s: entry '%s': %s", image->name.c_str(), symbol,
                entry.refusal);
  if (hadal_device_code_t code = checkParameters(device, *image, symbol, entry, interface, error))
    return code;
  if (hadal_device_code_t code =
          checkWorkgroup(*image, symbol, entry, interface.workgroup_size, error))
    return code;
  // Static memory is what the module's variables take; the interface may count the kernel's alone.
  uint64_t shared = std::max(entry.static_shared_bytes, interface.static_shared_bytes);
  if (shared > image->maximumShared)
    return fail(
        error, HADAL_STATUS_INVALID_ARTIFACT,
        "%s: entry '%s': shared memory: expected at most the %llu bytes of its level, got %llu",
        image->name.c_str(), symbol, (unsigned long long)image->maximumShared,
        (unsigned long long)shared);
  auto kernel = std::make_unique<hadal_device_kernel>();
  kernel->image = image;
  kernel->name = symbol;
  memcpy(kernel->workgroup, interface.workgroup_size, sizeof(kernel->workgroup));
  kernel->cooperative = interface.cooperative;
  kernel->dynamicShared = interface.dynamic_shared;
  kernel->staticShared = shared;
  kernel->parameters.assign(interface.parameters, interface.parameters + interface.parameter_count);
  *out_kernel = kernel.get();
  image->kernels.push_back(std::move(kernel));
  return HADAL_STATUS_OK;
}

} // namespace hadal::simdevice
