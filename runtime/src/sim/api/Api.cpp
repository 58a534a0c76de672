// SPDX-License-Identifier: Apache-2.0
// The C interface: contexts, modules, memory.
#include "sim/api/Handles.h"
#include "sim/api/Levels.h"
#include "sim/decode/Decoder.h"
#include "sim/frontend/Parser.h"

#include <algorithm>
#include <cstring>

using namespace hadal::sim;

namespace hadal::sim {

hadal_sim_status_t failWith(hadal_sim_context_t *context, std::string message,
                            hadal_sim_status_t status) {
  context->message = std::move(message);
  context->check.clear();
  context->checkLine = 0;
  return status;
}

namespace {

/// Memory for the variables of a module, and the bytes they start with.
bool placeVariables(hadal_sim_context_t &context, hadal_sim_module_t &module, AstModule &ast,
                    std::string &error) {
  auto place = [&](Variable &variable) {
    if (variable.space != Space::Global && variable.space != Space::Const)
      return true;
    if (variable.isExtern) {
      error = format("%u:%u: '%s' is defined in no module", variable.at.line, variable.at.column,
                     variable.name.c_str());
      return false;
    }
    Buffer *buffer = context.memory.allocate(variable.bytes, variable.name, false);
    if (!buffer) {
      error = format("no memory for the %llu bytes of '%s'", (unsigned long long)variable.bytes,
                     variable.name.c_str());
      return false;
    }
    // Variables without initialiser start as zeros.
    if (!variable.init.empty())
      memcpy(buffer->host, variable.init.data(), variable.init.size());
    if (variable.space == Space::Const)
      buffer->readOnly = true;
    variable.offset = buffer->base;
    module.variables.push_back(&variable);
    return true;
  };
  for (Variable &variable : ast.variables)
    if (!place(variable))
      return false;
  for (AstFunction &function : ast.functions)
    for (Variable &variable : function.variables)
      if (!place(variable))
        return false;
  return true;
}

bool relocate(hadal_sim_context_t &context, const AstModule &ast, const Variable &variable,
              std::string &error) {
  for (const Relocation &relocation : variable.relocations) {
    u64 value = 0;
    bool known = false;
    for (const Variable &other : ast.variables)
      if (other.name == relocation.symbol) {
        value = other.offset + u64(relocation.addend);
        if (relocation.generic && other.space == Space::Shared)
          value += kSharedWindow;
        known = true;
      }
    for (const AstFunction &function : ast.functions)
      if (function.name == relocation.symbol) {
        value = kFunctionHandle + function.index;
        known = true;
      }
    if (!known) {
      error = format("%u:%u: unknown name '%s' in an initialiser", relocation.at.line,
                     relocation.at.column, relocation.symbol.c_str());
      return false;
    }
    Buffer *buffer = context.memory.find(variable.offset);
    memcpy(buffer->host + relocation.offset, &value, std::min<u32>(relocation.bytes, 8));
  }
  return true;
}

Buffer *range(hadal_sim_context_t *context, uint64_t address, uint64_t bytes) {
  Buffer *buffer = context->memory.find(address);
  bool inside = buffer;
  if (!buffer)
    buffer = context->memory.nearest(address);
  if (!buffer || buffer->freed || (!inside && bytes) ||
      (bytes && bytes > buffer->end() - address)) {
    failWith(context, format("no buffer holds the %llu bytes at 0x%llx%s%s%s",
                             (unsigned long long)bytes, (unsigned long long)address,
                             buffer ? ": nearest is " : "", buffer ? buffer->name.c_str() : "",
                             buffer && buffer->freed ? ", which was freed" : ""));
    return nullptr;
  }
  return buffer;
}

/// Lets `write` fill bytes of a writable buffer, which become defined.
template <typename Write>
hadal_sim_status_t define(hadal_sim_context_t *context, u64 address, u64 bytes, Write write) {
  Buffer *buffer = range(context, address, bytes);
  if (!buffer)
    return HADAL_SIM_ERROR;
  if (buffer->mapped)
    return failWith(context, format("buffer '%s' is mapped read-only", buffer->name.c_str()));
  if (!bytes)
    return HADAL_SIM_OK;
  write(buffer->host + (address - buffer->base));
  // Shadow that is zeros already costs no memory while nobody touches it.
  if (buffer->mayBeUndefined)
    memset(buffer->undefined + (address - buffer->base), 0, bytes);
  if (bytes == buffer->bytes)
    buffer->mayBeUndefined = false;
  return HADAL_SIM_OK;
}

hadal_sim_status_t allocate(hadal_sim_context_t *context, u64 bytes, const char *name,
                            bool undefined, uint64_t *out_address) {
  Buffer *buffer = context->memory.allocate(bytes, name ? name : "buffer", undefined);
  if (!buffer)
    return failWith(context,
                    format("no memory for a buffer of %llu bytes", (unsigned long long)bytes),
                    HADAL_SIM_OUT_OF_MEMORY);
  *out_address = buffer->base;
  return HADAL_SIM_OK;
}

/// The variables of a module that is being loaded, freed again unless that succeeds.
struct Placed {
  hadal_sim_context_t *context;
  std::unique_ptr<hadal_sim_module_t> module;
  ~Placed() {
    if (module)
      for (const Variable *variable : module->variables)
        context->memory.free(variable->offset);
  }
};

hadal_sim_status_t loadModule(hadal_sim_context_t *context, const std::string &text,
                              const char *name, hadal_sim_module_t **out_module) {
  std::string error;
  auto parsed = parseModule(text, error);
  Placed placed{context, std::make_unique<hadal_sim_module_t>()};
  hadal_sim_module_t &module = *placed.module;
  module.name = name ? name : "ptx";
  if (!parsed)
    return failWith(context, module.name + ":" + error);
  // The variables of a module are its tree's, which lives as long.
  module.program = std::make_unique<Program>();
  module.program->ast = std::move(parsed);
  AstModule &ast = *module.program->ast;
  ast.fileName = module.name;
  u32 index = 0;
  for (AstFunction &function : ast.functions)
    function.index = index++;
  bool good = placeVariables(*context, module, ast, error) &&
              decodeModule(*module.program, *context->level, error);
  for (size_t i = 0; good && i < module.variables.size(); ++i)
    good = relocate(*context, ast, *module.variables[i], error);
  if (!good)
    return failWith(context, module.name + ":" + error);
  context->modules.push_back(nullptr);
  context->modules.back() = std::move(placed.module);
  *out_module = context->modules.back().get();
  return HADAL_SIM_OK;
}

u64 undefinedBytes(const u8 *shadow, u64 bytes) {
  u64 count = 0;
  for (u64 i = 0; i < bytes; ++i)
    count += shadow[i] != 0;
  return count;
}

/// The widest access that the host makes in one go.
constexpr u64 kImportAlignment = 16;

} // namespace
} // namespace hadal::sim

extern "C" {

hadal_sim_status_t hadal_sim_context_create(hadal_sim_context_t **out_context) {
  *out_context = nullptr;
  try {
    const Level *level = bestLevel();
    if (!level)
      return HADAL_SIM_ERROR;
    *out_context = new hadal_sim_context_t;
    (*out_context)->level = level;
    return HADAL_SIM_OK;
  } catch (...) {
    return HADAL_SIM_OUT_OF_MEMORY;
  }
}

void hadal_sim_context_release(hadal_sim_context_t *context) { delete context; }

const char *hadal_sim_context_message(const hadal_sim_context_t *context) {
  if (context)
    return context->message.c_str();
  try {
    static const std::string noLevel = whyNoLevel();
    return noLevel.c_str();
  } catch (...) {
    return "out of memory";
  }
}

const char *hadal_sim_context_check(const hadal_sim_context_t *context, uint32_t *out_line) {
  if (out_line)
    *out_line = context->checkLine;
  return context->check.c_str();
}

const char *hadal_sim_context_level(const hadal_sim_context_t *context) {
  return context->level->name;
}

hadal_sim_status_t hadal_sim_module_load(hadal_sim_context_t *context, const char *text,
                                         size_t length, const char *name,
                                         hadal_sim_module_t **out_module) {
  *out_module = nullptr;
  // A text from a driver call may carry its terminating zero.
  while (length && text[length - 1] == '\0')
    --length;
  return guarded(context,
                 [&] { return loadModule(context, std::string(text, length), name, out_module); });
}

void hadal_sim_module_release(hadal_sim_context_t *context, hadal_sim_module_t *module) {
  if (!module)
    return;
  for (const Variable *variable : module->variables)
    context->memory.free(variable->offset);
  if (context->lastModule == module)
    context->lastModule = nullptr;
  auto &all = context->modules;
  all.erase(std::remove_if(all.begin(), all.end(), [&](auto &m) { return m.get() == module; }),
            all.end());
}

size_t hadal_sim_module_kernel_count(const hadal_sim_module_t *module) {
  size_t count = 0;
  for (const Function &function : module->program->functions)
    count += function.isEntry;
  return count;
}

const char *hadal_sim_module_kernel_name(const hadal_sim_module_t *module, size_t index) {
  for (const Function &function : module->program->functions)
    if (function.isEntry && index-- == 0)
      return function.name.c_str();
  return nullptr;
}

const char *hadal_sim_module_target(const hadal_sim_module_t *module) {
  return module->program->ast->target.c_str();
}

hadal_sim_status_t hadal_sim_module_variable(hadal_sim_context_t *context,
                                             hadal_sim_module_t *module, const char *name,
                                             uint64_t *out_address, uint64_t *out_bytes) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    for (const Variable *variable : module->variables)
      if (variable->name == name) {
        *out_address = variable->offset;
        *out_bytes = variable->bytes;
        return HADAL_SIM_OK;
      }
    return failWith(context, format("%s: no variable '%s'", module->name.c_str(), name));
  });
}

hadal_sim_status_t hadal_sim_kernel_info(hadal_sim_context_t *context, hadal_sim_module_t *module,
                                         const char *kernel, hadal_sim_kernel_info_t *out_info) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    const Function *function = findKernel(context, module, kernel);
    if (!function)
      return HADAL_SIM_ERROR;
    *out_info = {};
    out_info->refusal = function->refusal.c_str();
    out_info->parameter_count = function->parameters.size();
    out_info->static_shared_bytes = function->sharedBytes;
    out_info->local_bytes = function->localBytes;
    for (int i = 0; i < 3; ++i) {
      out_info->required_block[i] = function->requiredBlock[i];
      out_info->maximum_block[i] = function->maximumBlock[i];
    }
    return HADAL_SIM_OK;
  });
}

hadal_sim_status_t hadal_sim_kernel_parameter(hadal_sim_context_t *context,
                                              hadal_sim_module_t *module, const char *kernel,
                                              size_t index, hadal_sim_parameter_t *out) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    const Function *function = findKernel(context, module, kernel);
    if (!function)
      return HADAL_SIM_ERROR;
    if (index >= function->parameters.size())
      return failWith(context, format("kernel '%s' has %zu parameters, asked for "
                                      "number %zu",
                                      kernel, function->parameters.size(), index));
    const FormalParameter &from = function->parameters[index];
    out->name = from.name.c_str();
    out->type = typeName(from.type);
    out->bytes = from.bytes;
    out->alignment = from.align;
    out->offset = from.offset;
    out->is_array = from.isArray;
    return HADAL_SIM_OK;
  });
}

hadal_sim_status_t hadal_sim_alloc(hadal_sim_context_t *context, uint64_t bytes, const char *name,
                                   uint64_t *out_address) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    return allocate(context, bytes, name, true, out_address);
  });
}

hadal_sim_status_t hadal_sim_alloc_zeros(hadal_sim_context_t *context, uint64_t bytes,
                                         const char *name, uint64_t *out_address) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    return allocate(context, bytes, name, false, out_address);
  });
}

hadal_sim_status_t hadal_sim_import(hadal_sim_context_t *context, const void *data, uint64_t bytes,
                                    const char *name, uint64_t *out_address) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    u64 at = reinterpret_cast<u64>(data);
    if (!data || at % kImportAlignment)
      return failWith(context,
                      format("expected host memory aligned to %llu bytes "
                             "to import, got 0x%llx",
                             (unsigned long long)kImportAlignment, (unsigned long long)at));
    *out_address = context->memory.import(data, bytes, name ? name : "buffer")->base;
    return HADAL_SIM_OK;
  });
}

hadal_sim_status_t hadal_sim_map_file(hadal_sim_context_t *context, const char *path,
                                      uint64_t *out_address, uint64_t *out_bytes) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    std::string error;
    Buffer *buffer = context->memory.mapFile(path, error);
    if (!buffer)
      return failWith(context, error);
    *out_address = buffer->base;
    if (out_bytes)
      *out_bytes = buffer->bytes;
    return HADAL_SIM_OK;
  });
}

hadal_sim_status_t hadal_sim_free(hadal_sim_context_t *context, uint64_t address) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    if (!context->memory.free(address))
      return failWith(context, format("no buffer starts at 0x%llx", (unsigned long long)address));
    return HADAL_SIM_OK;
  });
}

hadal_sim_status_t hadal_sim_copy_in(hadal_sim_context_t *context, uint64_t address,
                                     const void *from, uint64_t bytes) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    return define(context, address, bytes, [&](u8 *to) { memcpy(to, from, bytes); });
  });
}

hadal_sim_status_t hadal_sim_fill(hadal_sim_context_t *context, uint64_t address, int value,
                                  uint64_t bytes) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    return define(context, address, bytes, [&](u8 *to) { memset(to, value, bytes); });
  });
}

hadal_sim_status_t hadal_sim_copy_out(hadal_sim_context_t *context, void *to, uint64_t address,
                                      uint64_t bytes, uint64_t *out_undefined) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    Buffer *buffer = range(context, address, bytes);
    if (!buffer)
      return HADAL_SIM_ERROR;
    if (!bytes)
      return HADAL_SIM_OK;
    u64 offset = address - buffer->base;
    memcpy(to, buffer->host + offset, bytes);
    if (!buffer->undefined || !buffer->mayBeUndefined)
      return HADAL_SIM_OK;
    const u8 *shadow = buffer->undefined + offset;
    u64 first = 0;
    while (first < bytes && !shadow[first])
      ++first;
    if (first == bytes)
      return HADAL_SIM_OK;
    u64 count = undefinedBytes(shadow + first, bytes - first);
    if (out_undefined)
      *out_undefined = first;
    context->message = format("buffer '%s': %llu of %llu bytes copied to the host were never "
                              "written or depend on such values, the first at offset %llu",
                              buffer->name.c_str(), (unsigned long long)count,
                              (unsigned long long)bytes, (unsigned long long)first);
    context->check = "init";
    context->checkLine = 0;
    return HADAL_SIM_CHECK;
  });
}

hadal_sim_status_t hadal_sim_copy_out_partial(hadal_sim_context_t *context, void *to,
                                              uint64_t address, uint64_t bytes,
                                              uint64_t *out_undefined) {
  return guarded(context, [&]() -> hadal_sim_status_t {
    Buffer *buffer = range(context, address, bytes);
    if (!buffer)
      return HADAL_SIM_ERROR;
    u64 offset = address - buffer->base;
    if (bytes)
      memcpy(to, buffer->host + offset, bytes);
    if (out_undefined)
      *out_undefined = buffer->undefined && buffer->mayBeUndefined
                           ? undefinedBytes(buffer->undefined + offset, bytes)
                           : 0;
    return HADAL_SIM_OK;
  });
}

} // extern "C"
