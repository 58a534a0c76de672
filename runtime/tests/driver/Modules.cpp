// SPDX-License-Identifier: Apache-2.0
// Modules and functions of the test driver: PTX text, or a cubin that carries its text along.
#include "driver/State.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <elf.h>

namespace hadal::cuda {

CUmod_st::~CUmod_st() { hadal_sim_module_release(context->sim, sim); }

namespace {

// Machine code that the simulator can run: an ELF file with a section ".ptx". Null: it has none.
const char *textOfCubin(const char *image) {
  Elf64_Ehdr header;
  std::memcpy(&header, image, sizeof header);
  for (int i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section, names;
    std::memcpy(&section, image + header.e_shoff + i * sizeof section, sizeof section);
    std::memcpy(&names, image + header.e_shoff + header.e_shstrndx * sizeof names, sizeof names);
    if (!std::strcmp(image + names.sh_offset + section.sh_name, ".ptx"))
      return image + section.sh_offset;
  }
  return nullptr;
}

// The number of ".target sm_80".
int targetOf(const char *text) {
  const char *at = std::strstr(text, ".target sm_");
  int number = 0;
  if (at)
    std::sscanf(at, ".target sm_%d", &number);
  return number;
}

void writeLog(unsigned count, CUjit_option *options, void **values, const char *text) {
  char *log = nullptr;
  size_t size = 0;
  for (unsigned i = 0; i < count; ++i)
    if (options[i] == CU_JIT_ERROR_LOG_BUFFER)
      log = static_cast<char *>(values[i]);
    else if (options[i] == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
      size = reinterpret_cast<size_t>(values[i]);
  if (log && size)
    std::snprintf(log, size, "ptxas error   : %s\n", text);
}

} // namespace

HADAL_TEST_DRIVER CUresult cuModuleLoadDataEx(CUmodule *out, const void *image,
                                              unsigned option_count, CUjit_option *options,
                                              void **values) {
  Entry entry("cuModuleLoadDataEx", Entry::InContext);
  if (!entry.ok() || !entry.mayDisturb())
    return entry;
  auto *text = static_cast<const char *>(image);
  bool isCubin = !std::memcmp(text, ELFMAG, SELFMAG);
  if (isCubin)
    text = textOfCubin(text);
  if (!text)
    return CUDA_ERROR_INVALID_IMAGE;
  int target = targetOf(text), capability = state().capability();
  if (isCubin ? target / 10 != capability / 10 || target > capability : target > capability)
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  CUcontext context = entry.context();
  hadal_sim_module_t *sim;
  if (hadal_sim_module_load(context->sim, text, std::strlen(text), "image", &sim) != HADAL_SIM_OK) {
    writeLog(option_count, options, values, hadal_sim_context_message(context->sim));
    return CUDA_ERROR_INVALID_PTX;
  }
  auto module = std::make_shared<CUmod_st>();
  module->context = context;
  module->sim = sim;
  *out = module.get();
  context->modules[module.get()] = std::move(module);
  return entry;
}

HADAL_TEST_DRIVER CUresult cuModuleUnload(CUmodule module) {
  Entry entry("cuModuleUnload", Entry::InContext);
  if (!entry.hasObject(entry.context() && entry.context()->modules.count(module)))
    return entry;
  auto owner = entry.context()->modules[module];
  entry.context()->modules.erase(module);
  for (CUstream stream : entry.context()->streams)
    if (!entry.context()->lost &&
        std::any_of(stream->work.begin(), stream->work.end(),
                    [&](const Work &work) { return work.launch && work.launch->module == owner; }))
      state().problem("cuModuleUnload: launches of the module have not run");
  return entry;
}

HADAL_TEST_DRIVER CUresult cuModuleGetFunction(CUfunction *out, CUmodule module, const char *name) {
  Entry entry("cuModuleGetFunction", Entry::InContext);
  if (!entry.ok() || !entry.hasObject(entry.context()->modules.count(module)))
    return entry;
  auto function = std::make_unique<CUfunc_st>();
  hadal_sim_context_t *sim = entry.context()->sim;
  if (hadal_sim_kernel_info(sim, module->sim, name, &function->info) != HADAL_SIM_OK)
    return CUDA_ERROR_NOT_FOUND;
  function->module = module;
  function->name = name;
  function->maxDynamicShared =
      (48 << 10) - std::min<uint64_t>(48 << 10, function->info.static_shared_bytes);
  function->parameters.resize(function->info.parameter_count);
  for (size_t i = 0; i < function->parameters.size(); ++i)
    hadal_sim_kernel_parameter(sim, module->sim, name, i, &function->parameters[i]);
  auto &owned = module->functions[name];
  if (!owned)
    owned = std::move(function);
  *out = owned.get();
  return entry;
}

HADAL_TEST_DRIVER CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute,
                                              CUfunction function) {
  Entry entry("cuFuncGetAttribute", Entry::InContext);
  if (!entry.ok())
    return entry;
  const uint32_t *most = function->info.maximum_block;
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    *value = most[0] ? int(most[0] * std::max(1u, most[1]) * std::max(1u, most[2])) : 1024;
    return entry;
  case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    *value = int(function->info.static_shared_bytes);
    return entry;
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    *value = int(function->maxDynamicShared);
    return entry;
  default: return CUDA_ERROR_INVALID_VALUE;
  }
}

HADAL_TEST_DRIVER CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute,
                                              int value) {
  Entry entry("cuFuncSetAttribute", Entry::InContext);
  if (!entry.ok())
    return entry;
  size_t most = state().capability() >= 90 ? 232448 : 166912;
  if (attribute == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES) {
    if (value < 0 || size_t(value) + function->info.static_shared_bytes > most)
      return CUDA_ERROR_INVALID_VALUE;
    function->maxDynamicShared = size_t(value);
    return entry;
  }
  return attribute == CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED
             ? entry
             : CUDA_ERROR_INVALID_VALUE;
}

HADAL_TEST_DRIVER CUresult cuFuncGetParamInfo(CUfunction function, size_t index, size_t *offset,
                                              size_t *bytes) {
  Entry entry("cuFuncGetParamInfo", Entry::InContext);
  if (!entry.ok())
    return entry;
  if (index >= function->parameters.size())
    return CUDA_ERROR_INVALID_VALUE;
  *offset = function->parameters[index].offset;
  *bytes = function->parameters[index].bytes;
  return entry;
}

} // namespace hadal::cuda
