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

} // namespace

Status Kernels::pickLevel(const Device &device, const Program &program) {
  const hadal_device_info_t &info = device.info();
  std::string missing;
  auto last = program.executables.end(); // that the levels so far are missing from
  for (uint32_t level = 0; level < info.level_count; ++level) {
    auto lacks = [&](const Executable &executable) {
      return !findVariant(executable, info.levels[level]);
    };
    auto without = std::find_if(program.executables.begin(), program.executables.end(), lacks);
    if (without == program.executables.end()) {
      picked = info.levels[level];
      return {};
    }
    if (without != last)
      missing += std::string(missing.empty() ? "" : "; ") + "executables[" +
                 std::to_string(without - program.executables.begin()) + "] has no ";
    else
      missing += ", ";
    missing += info.levels[level];
    last = without;
  }
  if (missing.empty() && !info.level_note[0])
    return fail(HADAL_STATUS_UNSUPPORTED,
                "device '%s': expected one with levels of kernels, got none", device.name());
  return fail(HADAL_STATUS_UNSUPPORTED,
              "executables: expected kernels of a level that device '%s' has, got none: %s%s%s",
              device.name(), missing.c_str(), missing.empty() || !info.level_note[0] ? "" : "; ",
              info.level_note);
}

// The images of a program: what variants ask of them, and those that were loaded.
struct Kernels::Images {
  const Device &device;
  const Artifact &artifact;
  std::map<std::string_view, Asked> asked;
  std::map<std::string_view, const DeviceImage *> loaded; // null: the device does not take it

  void ask(const char *image, const char *level, const char *symbol) {
    asked.try_emplace(image, Asked{level, {}}).first->second.symbols.push_back(symbol);
  }
  hadal_device_code_section_t section(const char *image) const {
    const auto *data = artifact.section(image)->data();
    const Asked &of = asked.find(image)->second;
    hadal_device_code_section_t section = {};
    section.struct_size = sizeof section;
    section.name = image;
    section.level = of.level;
    section.data = data->data();
    section.size = data->size();
    section.symbols = of.symbols.data();
    section.symbol_count = static_cast<uint32_t>(of.symbols.size());
    return section;
  }
};

// The variant's machine code where the device takes it, else what its image says.
Status Kernels::findKernel(Images &from, const Variant &variant, hadal_device_kernel_t **out) {
  auto load = [&](const char *name, const DeviceImage **image) {
    auto [place, isNew] = from.loaded.try_emplace(name, nullptr);
    Status status;
    if (isNew) {
      images.emplace_back();
      status = from.device.loadImage(from.section(name), images.back());
      if (status.ok())
        place->second = &images.back();
      else
        images.pop_back();
    }
    *image = place->second;
    return status;
  };
  DeviceInterface interface(variant.interface);
  const DeviceImage *image = nullptr;
  if (const MachineCode &code = variant.machineCode; code.image) {
    Status status = load(code.image, &image);
    // It is for another device, or made by a later compiler than the device's driver knows.
    if (!status.ok() && status.code() != HADAL_STATUS_UNSUPPORTED &&
        status.code() != HADAL_STATUS_INVALID_ARTIFACT)
      return within(std::move(status), "image '%s': ", code.image);
    if (image) {
      ++asMachineCode;
      return from.device.findKernel(*image, code.symbol, interface.value, out);
    }
  }
  HADAL_TRY_IN(load(variant.image, &image), "image '%s': ", variant.image);
  return from.device.findKernel(*image, variant.symbol, interface.value, out);
}

Status Kernels::load(const Device &device, const Artifact &artifact, const Program &program) {
  if (program.kernelAbi != device.info().kernel_abi)
    return fail(HADAL_STATUS_UNSUPPORTED,
                "kernel_abi: expected %u, got %u: compile the model again",
                device.info().kernel_abi, program.kernelAbi);
  HADAL_TRY(pickLevel(device, program));
  // All levels, so that a broken one is found on any machine.
  Images all{device, artifact, {}, {}};
  for (uint32_t i = 0; i < program.executables.size(); ++i) {
    const Executable &executable = program.executables[i];
    for (uint32_t j = 0; j < executable.variants.size(); ++j) {
      const Variant &variant = executable.variants[j];
      HADAL_TRY_IN(device.checkInterface(DeviceInterface(variant.interface).value),
                   "executables[%u] '%s': variants[%u].interface.", i, executable.name, j);
      all.ask(variant.image, variant.level, variant.symbol);
      if (const MachineCode &code = variant.machineCode; code.image)
        all.ask(code.image, variant.level, code.symbol);
    }
  }
  for (const auto &image : all.asked)
    HADAL_TRY_IN(device.checkImage(all.section(image.first.data())),
                 "image '%s': ", image.first.data());
  for (const Executable &executable : program.executables) {
    const Variant &variant = *findVariant(executable, picked);
    hadal_device_kernel_t *kernel = nullptr;
    HADAL_TRY_IN(findKernel(all, variant, &kernel), "executables[%zu] '%s': ", functions.size(),
                 executable.name);
    functions.push_back(kernel);
    interfaces.push_back(&variant.interface);
  }
  return {};
}

} // namespace hadal::runtime
