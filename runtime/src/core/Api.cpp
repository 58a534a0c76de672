// SPDX-License-Identifier: Apache-2.0
// The C interface over the internal classes: handles, options, out-structs.
#include "core/ApiHandles.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

using namespace hadal::runtime;

namespace {

Status createContext(const hadal_context_options_t *given, hadal_context_t **out) {
  HADAL_TRY(requireAddress(out, "out_context"));
  *out = nullptr;
  hadal_context_options_t options;
  HADAL_TRY(readOptions("options", given, options));
  auto context = std::make_shared<Context>();
  HADAL_TRY(Device::open(options.device ? options.device : "cpu", options.threads,
                         options.pin_threads != 0, context->device));
  *out = new hadal_context{std::move(context)};
  return {};
}

// Checks what both ways to load take; `from` is named `field`.
Status startLoad(hadal_context_t *context, const void *from, const char *field,
                 const hadal_module_options_t *given, hadal_module_options_t &options,
                 hadal_module_t **out) {
  HADAL_TRY(requireAddress(out, "out_module"));
  *out = nullptr;
  HADAL_TRY(requireAddress(context, "context"));
  HADAL_TRY(requireAddress(from, field));
  HADAL_TRY(readOptions("options", given, options));
  if (options.weights_memory != HADAL_WEIGHTS_MAP && options.weights_memory != HADAL_WEIGHTS_COPY)
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "options.weights_memory: expected HADAL_WEIGHTS_MAP or HADAL_WEIGHTS_COPY, got %d",
                static_cast<int>(options.weights_memory));
  const Device &device = *context->impl->device;
  bool copied = options.weights_memory == HADAL_WEIGHTS_COPY;
  if (!device.sharesHostMemory() && !options.inspect_only && (copied || options.lock_weights))
    return fail(HADAL_STATUS_INVALID_ARGUMENT,
                "options.%s: expected a device that shares the host's memory, got '%s', which has "
                "memory of its own",
                copied ? "weights_memory" : "lock_weights", device.name());
  return {};
}

hadal_module_t *wrapModule(hadal_context_t *context, std::shared_ptr<Module> module) {
  auto *handle = new hadal_module{context->impl, std::move(module), {}};
  const auto *eos = handle->impl->plan().model()->eos_tokens();
  for (uint32_t i = 0; i < sizeOf(eos); ++i)
    handle->eosTokens.push_back(eos->Get(i));
  return handle;
}

Status loadModule(hadal_context_t *context, const char *path, const hadal_module_options_t *given,
                  hadal_module_t **out) {
  hadal_module_options_t options;
  HADAL_TRY(startLoad(context, path, "path", given, options, out));
  std::shared_ptr<Module> module;
  HADAL_TRY(Module::load(context->impl, path, options, module));
  *out = wrapModule(context, std::move(module));
  return {};
}

Status loadModuleMemory(hadal_context_t *context, const void *data, size_t size, const char *name,
                        const hadal_module_options_t *given, hadal_module_t **out) {
  hadal_module_options_t options;
  HADAL_TRY(startLoad(context, data, "data", given, options, out));
  std::shared_ptr<Module> module;
  HADAL_TRY(
      Module::loadMemory(context->impl, name ? name : "artifact", data, size, options, module));
  *out = wrapModule(context, std::move(module));
  return {};
}

Status checkParameterIndex(const hadal_module_t *module, uint32_t index) {
  HADAL_TRY(requireAddress(module, "module"));
  uint32_t count = sizeOf(module->impl->plan().parameters());
  if (index < count)
    return {};
  return fail(HADAL_STATUS_INVALID_ARGUMENT, "index: expected a parameter below %u, got %u", count,
              index);
}

Status queryParameter(const hadal_module_t *module, uint32_t index, hadal_parameter_info_t *out) {
  HADAL_TRY(checkParameterIndex(module, index));
  HADAL_TRY(requireAddress(out, "out_info"));
  const hadal::artifact::Module &plan = module->impl->plan();
  const hadal::artifact::Parameter &parameter = *plan.parameters()->Get(index);
  hadal_parameter_info_t info = {};
  info.name = text(parameter.name());
  info.encoding = text(parameter.encoding());
  bool hasFile = !parameter.rope_table() && parameter.file() < sizeOf(plan.weight_files());
  info.file = hasFile ? text(plan.weight_files()->Get(parameter.file())->name()) : "";
  info.file_path = hasFile ? module->impl->weights().path(parameter.file()) : "";
  info.type = static_cast<hadal_element_type_t>(parameter.type());
  info.rank = sizeOf(parameter.shape());
  info.shape = info.rank ? parameter.shape()->data() : nullptr;
  info.offset = parameter.offset();
  info.size = parameter.length();
  info.data = module->impl->weightData(index);
  writeInfo(info, out);
  return {};
}

Status verifyParameter(const hadal_module_t *module, uint32_t index) {
  HADAL_TRY(checkParameterIndex(module, index));
  const hadal::artifact::Parameter &parameter = *module->impl->plan().parameters()->Get(index);
  if (parameter.rope_table())
    return {}; // computed, and so never damaged
  const uint8_t *data = module->impl->weightData(index);
  if (!data)
    return fail(HADAL_STATUS_UNSUPPORTED,
                "%s: parameters[%u] '%s': expected mapped weights, got none", module->impl->path(),
                index, text(parameter.name()));
  if (parameter.checksum() == 0)
    return {};
  uint64_t hash = hashBytes(data, parameter.length());
  if (hash == parameter.checksum())
    return {};
  return fail(HADAL_STATUS_INVALID_ARTIFACT,
              "%s: parameter '%s': expected checksum %016" PRIx64 ", got %016" PRIx64,
              module->impl->weights().path(parameter.file()), text(parameter.name()),
              parameter.checksum(), hash);
}

Status createSession(hadal_module_t *module, const hadal_session_options_t *given,
                     hadal_session_t **out) {
  HADAL_TRY(requireAddress(out, "out_session"));
  *out = nullptr;
  HADAL_TRY(requireAddress(module, "module"));
  hadal_session_options_t options;
  HADAL_TRY(readOptions("options", given, options));
  std::unique_ptr<Session> session;
  HADAL_TRY(Session::create(module->impl, options, session));
  *out = new hadal_session{std::move(session)};
  return {};
}

Status callSession(hadal_session_t *session, const hadal_call_t *given) {
  HADAL_TRY(requireAddress(session, "session"));
  HADAL_TRY(requireAddress(given, "call"));
  hadal_call_t call;
  HADAL_TRY(readOptions("call", given, call));
  return session->impl->call(call);
}

Status setPages(hadal_session_t *session, const char *table, uint32_t slot, uint32_t first,
                const int32_t *pages, uint32_t count) {
  HADAL_TRY(requireAddress(session, "session"));
  HADAL_TRY(requireAddress(table, "table"));
  return session->impl->setPages(table, slot, first, pages, count);
}

Status stepSession(hadal_session_t *session, const hadal_step_t *step, float *logits) {
  HADAL_TRY(requireAddress(session, "session"));
  HADAL_TRY(requireAddress(step, "step"));
  return session->impl->step(*step, logits);
}

} // namespace

const char *hadal_runtime_version(void) { return HADAL_VERSION; }

const char *hadal_element_type_name(hadal_element_type_t type) {
  return elementName(static_cast<hadal::artifact::ElementType>(type));
}

size_t hadal_element_type_size(hadal_element_type_t type) {
  return elementSize(static_cast<hadal::artifact::ElementType>(type));
}

hadal_status_t hadal_context_create(const hadal_context_options_t *options,
                                    hadal_context_t **out_context) {
  return createContext(options, out_context).release();
}

void hadal_context_release(hadal_context_t *context) { delete context; }

const char *hadal_context_device(const hadal_context_t *context) {
  return context->impl->device->name();
}

const char *hadal_context_level(const hadal_context_t *context) {
  return context->impl->device->level();
}

const char *const *hadal_context_levels(const hadal_context_t *context, uint32_t *out_count) {
  const hadal_device_info_t &info = context->impl->device->info();
  *out_count = info.level_count;
  return info.levels;
}

uint32_t hadal_context_threads(const hadal_context_t *context) {
  return context->impl->device->info().threads;
}

hadal_status_t hadal_module_load(hadal_context_t *context, const char *path,
                                 const hadal_module_options_t *options,
                                 hadal_module_t **out_module) {
  return loadModule(context, path, options, out_module).release();
}

hadal_status_t hadal_module_load_memory(hadal_context_t *context, const void *data, size_t size,
                                        const char *name, const hadal_module_options_t *options,
                                        hadal_module_t **out_module) {
  return loadModuleMemory(context, data, size, name, options, out_module).release();
}

void hadal_module_release(hadal_module_t *module) { delete module; }

void hadal_module_model_info(const hadal_module_t *module, hadal_model_info_t *out_info) {
  const hadal::artifact::Module &plan = module->impl->plan();
  const hadal::artifact::ModelInfo &model = *plan.model();
  hadal_model_info_t info = {};
  info.family = text(model.family());
  info.precision = text(model.precision());
  info.attention = text(model.attention());
  info.producer = text(module->impl->artifact().root().producer());
  info.build_id = text(module->impl->artifact().root().build_id());
  info.text_note = text(model.text_note());
  info.layers = model.layers();
  info.hidden_size = model.hidden_size();
  info.vocab_size = model.vocab_size();
  info.heads = model.heads();
  info.max_positions = model.max_positions();
  info.page_size = module->impl->pageSize();
  info.parameters_total = model.parameters_total();
  info.parameters_active = model.parameters_active();
  info.cache_bytes_per_token = model.cache_bytes_per_token();
  info.plain_cache_bytes_per_token = model.plain_cache_bytes_per_token();
  info.decode_weight_bytes = model.decode_weight_bytes();
  for (uint32_t i = 0; i < sizeOf(plan.parameters()); ++i)
    info.weight_bytes += plan.parameters()->Get(i)->length();
  info.bos_token = model.bos_token();
  info.eos_count = static_cast<uint32_t>(module->eosTokens.size());
  info.eos_tokens = module->eosTokens.data();
  info.shapes_only = model.shapes_only();
  info.generation_note = text(model.generation_note());
  info.model_positions = std::max(model.model_positions(), model.max_positions());
  writeInfo(info, out_info);
}

const void *hadal_module_section(const hadal_module_t *module, hadal_section_kind_t kind,
                                 size_t *out_size) {
  const auto *section =
      module->impl->artifact().section(static_cast<hadal::artifact::SectionKind>(kind));
  if (out_size)
    *out_size = section ? section->data()->size() : 0;
  return section ? section->data()->data() : nullptr;
}

const char *hadal_module_level(const hadal_module_t *module) { return module->impl->level(); }

uint32_t hadal_module_machine_code(const hadal_module_t *module) {
  return module->impl->kernels().machineCode();
}

uint32_t hadal_module_parameter_count(const hadal_module_t *module) {
  return sizeOf(module->impl->plan().parameters());
}

hadal_status_t hadal_module_parameter(const hadal_module_t *module, uint32_t index,
                                      hadal_parameter_info_t *out_info) {
  return queryParameter(module, index, out_info).release();
}

hadal_status_t hadal_module_verify_parameter(const hadal_module_t *module, uint32_t index) {
  return verifyParameter(module, index).release();
}

hadal_status_t hadal_session_create(hadal_module_t *module, const hadal_session_options_t *options,
                                    hadal_session_t **out_session) {
  return createSession(module, options, out_session).release();
}

void hadal_session_release(hadal_session_t *session) { delete session; }

uint32_t hadal_session_slots(const hadal_session_t *session) { return session->impl->slots(); }

uint32_t hadal_session_capacity(const hadal_session_t *session) {
  return session->impl->capacity();
}

uint32_t hadal_session_length(const hadal_session_t *session, uint32_t slot) {
  return session->impl->length(slot);
}

hadal_status_t hadal_session_reset(hadal_session_t *session, uint32_t slot) {
  return session->impl->reset(slot).release();
}

hadal_status_t hadal_session_step(hadal_session_t *session, const hadal_step_t *step,
                                  float *logits) {
  return stepSession(session, step, logits).release();
}

hadal_status_t hadal_session_call(hadal_session_t *session, const hadal_call_t *call) {
  return callSession(session, call).release();
}

hadal_status_t hadal_session_set_pages(hadal_session_t *session, const char *block_table,
                                       uint32_t slot, uint32_t first, const int32_t *pages,
                                       uint32_t count) {
  return setPages(session, block_table, slot, first, pages, count).release();
}

void hadal_session_cancel(hadal_session_t *session) { session->impl->cancel(); }

void hadal_session_memory(const hadal_session_t *session, hadal_session_memory_t *out_memory) {
  hadal_session_memory_t memory = {};
  memory.cache_bytes = session->impl->cacheBytes();
  memory.arena_bytes = session->impl->arenaBytes();
  memory.workspace_bytes = session->impl->workspaceBytes();
  memory.computed_bytes = session->impl->computedBytes();
  writeInfo(memory, out_memory);
}

void hadal_session_replays(const hadal_session_t *session, hadal_session_replays_t *out_replays) {
  hadal_session_replays_t replays = {};
  replays.recorded = session->impl->recorded;
  replays.replayed = session->impl->replayed;
  writeInfo(replays, out_replays);
}

void hadal_session_set_tap_callback(hadal_session_t *session, hadal_tap_fn_t callback, void *user) {
  session->impl->tapCallback = callback;
  session->impl->tapUser = user;
}

hadal_status_t hadal_session_replace_tap(hadal_session_t *session, const void *data, size_t size) {
  return session->impl->replaceTap(data, size).release();
}

void hadal_session_set_launch_callback(hadal_session_t *session, hadal_launch_fn_t callback,
                                       void *user) {
  session->impl->launchCallback = callback;
  session->impl->launchUser = user;
}
