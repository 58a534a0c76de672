// SPDX-License-Identifier: Apache-2.0
// Finds the driver's functions in libcuda.so.1.
#include "cuda/Driver.h"
#include "device/Fail.h"

#include <cstring>
#include <dlfcn.h>
#include <mutex>

namespace hadal::cuda {
namespace {

using device::fail;

constexpr char kLibrary[] = "libcuda.so.1";

std::string nameVersion(int version) {
  return "CUDA " + std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

template <typename Function> bool find(void *library, const char *name, Function &out) {
  out = reinterpret_cast<Function>(dlsym(library, name));
  return out != nullptr;
}

hadal_device_code_t missing(const char *name, int version, hadal_device_error_t *error) {
  return fail(error, HADAL_STATUS_UNSUPPORTED,
              "cuda: expected a driver with the function %s, got a %s without it%s%s", name,
              kLibrary, version ? ", of " : "", version ? nameVersion(version).c_str() : "");
}

hadal_device_code_t findFunctions(void *library, Driver &driver, hadal_device_error_t *error) {
  // The version first, since an old driver lacks functions.
  if (!find(library, "cuDriverGetVersion", driver.cuDriverGetVersion))
    return missing("cuDriverGetVersion", 0, error);
  if (CUresult result = driver.cuDriverGetVersion(&driver.version); result != CUDA_SUCCESS)
    return fail(error, HADAL_STATUS_NOT_FOUND,
                "cuda: cuDriverGetVersion: expected success, got error %d", result);
  if (driver.version < kOldestDriver)
    return fail(error, HADAL_STATUS_UNSUPPORTED,
                "cuda: expected an NVIDIA driver of %s or later, got one of %s",
                nameVersion(kOldestDriver).c_str(), nameVersion(driver.version).c_str());
#define HADAL_CUDA_FIND(name, parameters)                                                          \
  if (!find(library, #name, driver.name))                                                          \
    return missing(#name, driver.version, error);
  HADAL_CUDA_FUNCTIONS(HADAL_CUDA_FIND)
#undef HADAL_CUDA_FIND
#define HADAL_CUDA_FIND(name, parameters) find(library, #name, driver.name);
  HADAL_CUDA_LATER_FUNCTIONS(HADAL_CUDA_FIND)
#undef HADAL_CUDA_FIND
  return HADAL_STATUS_OK;
}

} // namespace

std::string Driver::versionName() const { return nameVersion(version); }

std::string Driver::describe(CUresult result) const {
  const char *name = nullptr, *text = nullptr;
  std::string words = "error " + std::to_string(result);
  if (cuGetErrorName(result, &name) == CUDA_SUCCESS && name)
    words = std::string(name) + " (" + std::to_string(result) + ")";
  if (cuGetErrorString(result, &text) == CUDA_SUCCESS && text)
    words += std::string(": ") + text;
  return words;
}

hadal_device_code_t loadDriver(const Driver *&out, hadal_device_error_t *error) {
  static std::mutex mutex;
  static Driver driver;
  static bool loaded = false;
  std::lock_guard<std::mutex> lock(mutex);
  if (!loaded) {
    void *library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
      const char *reason = dlerror();
      // The loader's message begins with the name of the file it is about.
      if (!std::strncmp(reason, kLibrary, sizeof kLibrary - 1) && std::strstr(reason, ": "))
        reason = std::strstr(reason, ": ") + 2;
      return fail(error, HADAL_STATUS_NOT_FOUND, "cuda: expected the NVIDIA driver's %s, got: %s",
                  kLibrary, reason);
    }
    Driver found;
    if (hadal_device_code_t code = findFunctions(library, found, error)) {
      dlclose(library);
      return code;
    }
    driver = found;
    loaded = true;
  }
  out = &driver;
  return HADAL_STATUS_OK;
}

} // namespace hadal::cuda
