// SPDX-License-Identifier: Apache-2.0
// Loads a module: artifact, weights, kernels, in this order.
#include "core/Module.h"

#include <cstring>
#include <sys/stat.h>

namespace hadal::runtime {

namespace {
/// Whether a name stood for one file at two times. Numbers are used again, so the
/// number alone does not tell.
bool isUnchanged(const struct stat &before, const struct stat &after) {
  return before.st_dev == after.st_dev && before.st_ino == after.st_ino &&
         before.st_ctim.tv_sec == after.st_ctim.tv_sec &&
         before.st_ctim.tv_nsec == after.st_ctim.tv_nsec;
}
} // namespace

uint32_t Module::pageSize() const {
  if (checked.programs().empty())
    return 0;
  const Program &first = checked.programs().front();
  for (const State &state : first.states)
    if (state.kind == artifact::StateKind::growing)
      return first.blockTables[state.blockTable].pageSize;
  return 0;
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
  const std::vector<Program> &programs = checked.programs();
  for (uint32_t i = 0; i < programs.size(); ++i) {
    if (!std::strcmp(programs[i].family, family)) {
      picked = &programs[i];
      pickedIndex = i;
      break;
    }
    others += (others.empty() ? "" : ", ") + std::string(programs[i].family);
  }
  // What was compiled for reports may lack any program.
  if (!picked && plan().model()->shapes_only())
    return {};
  if (!picked)
    return fail(HADAL_STATUS_UNSUPPORTED, "programs: expected one of family '%s', got %s", family,
                others.empty() ? "none" : others.c_str());
  HADAL_TRY_IN(loadedKernels.load(device(), checked, *picked), "programs[%u].", pickedIndex);
  return {};
}

std::shared_ptr<Module> Module::make(std::shared_ptr<Context> context, const char *path,
                                     const hadal_module_options_t &options) {
  auto module = std::make_shared<Module>();
  module->context = std::move(context);
  module->file = path;
  module->inspectOnly = options.inspect_only != 0;
  return module;
}

Status Module::loadContents(const hadal_module_options_t &options) {
  if (inspectOnly)
    return {};
  HADAL_TRY_IN(pickProgram(), "%s: ", path());
  if (plan().model()->shapes_only())
    return {};
  HADAL_TRY(Weights::open(plan(), {path(), inMemory, options.weights_dir}, mapped));
  HADAL_TRY_IN(takeWeights(options), "%s: ", path());
  mapped.closeFiles();
  return {};
}

Status Module::load(std::shared_ptr<Context> context, const char *path,
                    const hadal_module_options_t &options, std::shared_ptr<Module> &out) {
  // Another compilation may replace the artifact and remove the weights that it
  // named before they are opened. Then the artifact that is there now is loaded.
  for (;;) {
    struct stat before = {}, after = {};
    stat(path, &before);
    std::shared_ptr<Module> module = make(context, path, options);
    Status status = Artifact::open(path, module->checked);
    if (status.ok())
      status = module->loadContents(options);
    if (status.ok()) {
      out = std::move(module);
      return {};
    }
    if (status.code() != HADAL_STATUS_NOT_FOUND || stat(path, &after) != 0 ||
        isUnchanged(before, after))
      return status;
  }
}

Status Module::loadMemory(std::shared_ptr<Context> context, const char *name, const void *data,
                          size_t size, const hadal_module_options_t &options,
                          std::shared_ptr<Module> &out) {
  std::shared_ptr<Module> module = make(std::move(context), name, options);
  module->inMemory = true;
  HADAL_TRY(Artifact::copy(name, data, size, module->checked));
  HADAL_TRY(module->loadContents(options));
  out = std::move(module);
  return {};
}

} // namespace hadal::runtime
