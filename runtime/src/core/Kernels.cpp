// SPDX-License-Identifier: Apache-2.0
// Chooses the level of kernels, has the device check all of them and load those of the level.
#include "core/Kernels.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string_view>

namespace hadal::runtime {
namespace {

const Variant *findVariant(const Executable &executable, const char *level) {
  for (const Variant &variant : executable.variants)
    if (!std::strcmp(variant.level, level))
      return &variant;
  return nullptr;
}

hadal_device_parameter_kind_t kindOf(artifact::KernelParameterKind kind) {
  using artifact::KernelParameterKind;
  switch (kind) {
  case KernelParameterKind::constant_i32: return HADAL_DEVICE_PARAMETER_I32;
  case KernelParameterKind::constant_i64: return HADAL_DEVICE_PARAMETER_I64;
  case KernelParameterKind::tensor_map: return HADAL_DEVICE_PARAMETER_TENSOR_MAP;
  default: return HADAL_DEVICE_PARAMETER_ADDRESS;
  }
}

// An interface as a device sees it.
struct DeviceInterface {
  explicit DeviceInterface(const KernelInterface &interface) {
    value.struct_size = sizeof value;
    std::copy(interface.workgroupSize.begin(), interface.workgroupSize.end(), value.workgroup_size);
    std::copy(interface.cluster.begin(), interface.cluster.end(), value.cluster);
    value.cooperative = interface.cooperative;
    value.dynamic_shared = interface.dynamicShared != kNone;
    value.static_shared_bytes = interface.staticSharedBytes;
    value.scratch_bytes = interface.scratchBytes;
    for (const KernelParameter &parameter : interface.parameters)
      kinds.push_back(kindOf(parameter.kind));
    value.parameters = kinds.data();
    value.parameter_count = static_cast<uint32_t>(kinds.size());
  }
  DeviceInterface(const DeviceInterface &) = delete;
  DeviceInterface &operator=(const DeviceInterface &) = delete;

  hadal_device_interface_t value = {};
  std::vector<hadal_device_parameter_kind_t> kinds;
};

// What variants ask for of one image.
struct Asked {
  const char *level;
  std::vector<const char *> symbols;
};
using AskedImages = std::map<std::string_view, Asked>;

hadal_device_code_section_t sectionOf(const Artifact &artifact,
                                      const AskedImages::value_type &asked) {
  const auto *data = artifact.section(asked.first.data())->data();
  hadal_device_code_section_t section = {};
  section.struct_size = sizeof section;
  section.name = asked.first.data();
  section.level = asked.second.level;
  section.data = data->data();
  section.size = data->size();
  section.symbols = asked.second.symbols.data();
  section.symbol_count = static_cast<uint32_t>(asked.second.symbols.size());
  return section;
}

} // namespace

Status Kernels::pickLevel(const Device &device, const Program &program) {
  const hadal_device_info_t &info = device.info();
  std::string missing;
  for (uint32_t level = 0; level < info.level_count; ++level) {
    auto lacks = [&](const Executable &executable) {
      return !findVariant(executable, info.levels[level]);
    };
    auto without = std::find_if(program.executables.begin(), program.executables.end(), lacks);
    if (without == program.executables.end()) {
      picked = info.levels[level];
      return {};
    }
    missing += std::string(missing.empty() ? "" : ", ") + "executables[" +
               std::to_string(without - program.executables.begin()) + "] has no " +
               info.levels[level];
  }
  return fail(HADAL_STATUS_UNSUPPORTED,
              "executables: expected kernels of a level that device '%s' has, got none: %s%s%s",
              device.name(), missing.c_str(), missing.empty() || !info.level_note[0] ? "" : "; ",
              info.level_note);
}

Status Kernels::load(const Device &device, const Artifact &artifact, const Program &program) {
  if (program.kernelAbi != device.info().kernel_abi)
    return fail(HADAL_STATUS_UNSUPPORTED,
                "kernel_abi: expected %u, got %u: compile the model again",
                device.info().kernel_abi, program.kernelAbi);
  HADAL_TRY(pickLevel(device, program));
  // All levels, so that a broken one is found on any machine.
  AskedImages asked;
  for (uint32_t i = 0; i < program.executables.size(); ++i) {
    const Executable &executable = program.executables[i];
    for (uint32_t j = 0; j < executable.variants.size(); ++j) {
      const Variant &variant = executable.variants[j];
      HADAL_TRY_IN(device.checkInterface(DeviceInterface(variant.interface).value),
                   "executables[%u] '%s': variants[%u].interface.", i, executable.name, j);
      Asked &image = asked.try_emplace(variant.image, Asked{variant.level, {}}).first->second;
      image.symbols.push_back(variant.symbol);
    }
  }
  std::map<std::string_view, const DeviceImage *> loaded;
  images.reserve(asked.size());
  for (const auto &image : asked)
    HADAL_TRY_IN(device.checkImage(sectionOf(artifact, image)), "image '%s': ", image.first.data());
  for (const Executable &executable : program.executables) {
    const Variant &variant = *findVariant(executable, picked);
    const DeviceImage *&image = loaded[variant.image];
    if (!image) {
      images.emplace_back();
      HADAL_TRY_IN(device.loadImage(sectionOf(artifact, *asked.find(variant.image)), images.back()),
                   "image '%s': ", variant.image);
      image = &images.back();
    }
    hadal_device_kernel_t *kernel = nullptr;
    HADAL_TRY_IN(device.findKernel(*image, variant.symbol, DeviceInterface(variant.interface).value,
                                   &kernel),
                 "executables[%zu] '%s': ", functions.size(), executable.name);
    functions.push_back(kernel);
    interfaces.push_back(&variant.interface);
  }
  return {};
}

} // namespace hadal::runtime
