// SPDX-License-Identifier: Apache-2.0
// Loads a module: artifact, weights, kernels, in this order.
#include "core/Context.h"

#include <cstring>

namespace hadal::runtime {

const artifact::EntryPoint *Module::findEntry(const char *name) const {
  for (uint32_t i = 0; picked && i < sizeOf(picked->entries()); ++i)
    if (!std::strcmp(picked->entries()->Get(i)->name()->c_str(), name))
      return picked->entries()->Get(i);
  return nullptr;
}

uint32_t Module::pageSize() const {
  return sizeOf(plan().states()) ? plan().states()->Get(0)->page_size() : 0;
}

const char *Module::refusal() const {
  if (inspectOnly)
    return "options.inspect_only: expected a module loaded for execution, got one for inspection";
  if (plan().model()->shapes_only())
    return "model.shapes_only: expected a model compiled with its weights, got one compiled from "
           "its configuration alone, for reports";
  return nullptr;
}

Status Module::pickProgram() {
  const char *family = device().family();
  std::string others;
  for (uint32_t i = 0; i < sizeOf(plan().programs()); ++i) {
    const artifact::Program *program = plan().programs()->Get(i);
    if (!std::strcmp(program->family()->c_str(), family)) {
      picked = program;
      pickedIndex = i;
      break;
    }
    others += (others.empty() ? "" : ", ") + std::string(text(program->family()));
  }
  // What was compiled for reports may lack any program.
  if (!picked && plan().model()->shapes_only())
    return {};
  if (!picked)
    return fail(HADAL_STATUS_UNSUPPORTED, "programs: expected one of family '%s', got %s", family,
                others.empty() ? "none" : others.c_str());
  if (!findEntry("prefill"))
    return fail(HADAL_STATUS_INVALID_ARTIFACT, "programs[%u].entries: expected 'prefill', got none",
                pickedIndex);
  HADAL_TRY_IN(device().loadKernels(checked, *picked, loadedKernels), "programs[%u].", pickedIndex);
  return {};
}

Status Module::load(std::shared_ptr<Context> context, const char *path,
                    const hadal_module_options_t &options, std::shared_ptr<Module> &out) {
  auto module = std::make_shared<Module>();
  module->context = std::move(context);
  module->file = path;
  module->inspectOnly = options.inspect_only != 0;
  HADAL_TRY(Artifact::open(path, module->checked));
  if (!module->inspectOnly) {
    HADAL_TRY_IN(module->pickProgram(), "%s: ", path);
    if (!module->plan().model()->shapes_only()) {
      HADAL_TRY(Weights::open(module->plan(), path, options.weights_dir, module->mapped));
      for (uint32_t i = 0; i < sizeOf(module->plan().parameters()); ++i) {
        const artifact::Parameter &parameter = *module->plan().parameters()->Get(i);
        std::unique_ptr<DeviceMemory> memory;
        HADAL_TRY_IN(module->device().importWeights(module->mapped.data(parameter),
                                                    parameter.length(), memory),
                     "%s: parameters[%u] '%s': ", path, i, text(parameter.name()));
        module->parameters.push_back(std::move(memory));
      }
    }
  }
  out = std::move(module);
  return {};
}

} // namespace hadal::runtime
