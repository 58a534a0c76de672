// SPDX-License-Identifier: Apache-2.0
// Images: sections of an artifact, checked and loaded.
#include "cuda/Image.h"
#include "cuda/Device.h"
#include "device/Fail.h"

#include <algorithm>
#include <memory>

namespace hadal::cuda {
namespace {

using device::fail;

// What can be told without the driver. `facts` is filled by a success.
hadal_device_code_t readSection(const hadal_device_code_section_t &section, ImageFacts &facts,
                                Level &level, hadal_device_error_t *error) {
  if (!parseLevel(section.level, level))
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                "image '%s': level: expected one such as sm_80, got '%s'", section.name,
                section.level);
  std::string_view image(static_cast<const char *>(section.data), section.size);
  std::string why;
  if (!(isElf(image) ? readCubin(image, facts, why) : readPtx(image, facts, why)))
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT, "image '%s': %s", section.name, why.c_str());
  // Machine code does not say whether it uses what only one capability has; PTX does, and then so
  // must the level by which a device picks it.
  char feature = facts.level.feature;
  bool fits = facts.machineCode
                  ? facts.level.major == level.major && facts.level.minor == level.minor
                  : runsPtx(level, facts.level) && (!feature || feature == level.feature);
  if (!fits)
    return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                "image '%s': expected %s for %s, got one for %s", section.name,
                facts.machineCode ? "machine code" : "PTX", section.level,
                facts.level.name().c_str());
  for (uint32_t i = 0; i < section.symbol_count; ++i)
    if (!facts.functions.count(std::string_view(section.symbols[i])))
      return fail(error, HADAL_STATUS_INVALID_ARTIFACT,
                  "symbol: expected a function in image '%s', got no '%s'", section.name,
                  section.symbols[i]);
  return HADAL_STATUS_OK;
}

hadal_device_code_t load(hadal_device &device, Call &call,
                         const hadal_device_code_section_t &section, bool machineCode,
                         CUmodule &out, hadal_device_error_t *error) {
  // Text ends with a zero; tables lie where the compiler may read them by the word.
  std::string copy(static_cast<const char *>(section.data), section.size);
  char log[2048] = "";
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log - 1)};
  CUresult result =
      call.driver().cuModuleLoadDataEx(&out, copy.c_str(), machineCode ? 0 : 2, options, values);
  if (result == CUDA_SUCCESS)
    return HADAL_STATUS_OK;
  hadal_device_code_t code = call.check(result, "cuModuleLoadDataEx", "image '", section.name);
  std::string first = error->message;
  if (result == CUDA_ERROR_NO_BINARY_FOR_GPU || result == CUDA_ERROR_UNSUPPORTED_PTX_VERSION)
    first += ", on " + device.hardware;
  return *log ? fail(error, hadal_status_code_t(code), "%s: %s", first.c_str(), log)
              : fail(error, hadal_status_code_t(code), "%s", first.c_str());
}

} // namespace

hadal_device_code_t imageCheck(hadal_device_t *, const hadal_device_code_section_t *section,
                               hadal_device_error_t *error) {
  ImageFacts facts;
  Level level;
  return readSection(known(section), facts, level, error);
}

hadal_device_code_t imageLoad(hadal_device_t *device, const hadal_device_code_section_t *given,
                              hadal_device_image_t **out_image, hadal_device_error_t *error) {
  const hadal_device_code_section_t section = known(given);
  ImageFacts facts;
  Level level;
  HADAL_DEVICE_TRY(readSection(section, facts, level, error));
  bool runs = facts.machineCode ? runsMachineCode(device->capability, level)
                                : runsPtx(device->capability, level);
  if (!runs)
    return fail(error, HADAL_STATUS_UNSUPPORTED, "image '%s': expected %s that %s runs, got %s",
                section.name, facts.machineCode ? "machine code" : "PTX",
                device->capability.name().c_str(), section.level);
  if (std::find(device->levels.begin(), device->levels.end(), section.level) ==
      device->levels.end())
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "image '%s': level: expected one of the device's, the best of which is %s, got %s",
                section.name, device->levels.front().c_str(), section.level);
  Call call(*device, error);
  HADAL_DEVICE_TRY(call.ready());
  auto image = std::make_unique<hadal_device_image>();
  image->device = device;
  image->name = section.name;
  HADAL_DEVICE_TRY(load(*device, call, section, facts.machineCode, image->module, error));
  *out_image = image.release();
  return HADAL_STATUS_OK;
}

void imageRelease(hadal_device_t *device, hadal_device_image_t *image) {
  Call call(*device);
  HADAL_CUDA_RELEASE(call, cuModuleUnload, image->module);
  for (hadal_device_kernel *kernel : image->kernels)
    delete kernel;
  delete image;
}

} // namespace hadal::cuda
