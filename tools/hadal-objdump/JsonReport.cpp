// SPDX-License-Identifier: Apache-2.0
// The JSON report of hadal-objdump.
#include "Objdump.h"
#include "core/ElementType.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

namespace hadal::objdump {
namespace {

using artifact::Module;

// Writes JSON to stdout; keeps track of commas and indentation.
class JsonWriter {
public:
  void open(const char *key, char bracket) {
    begin(key);
    std::putchar(bracket);
    empty = true;
    ++depth;
  }
  void close(char bracket) {
    --depth;
    if (!empty)
      newLine();
    std::putchar(bracket);
    empty = false;
  }
  void string(const char *key, const char *value) {
    begin(key);
    quoted(value);
  }
  void number(const char *key, uint64_t value) {
    begin(key);
    std::printf("%" PRIu64, value);
  }
  void signedNumber(const char *key, int64_t value) {
    begin(key);
    std::printf("%" PRId64, value);
  }
  // 64-bit hashes as text: many readers keep numbers as doubles.
  void hash(const char *key, uint64_t value) {
    begin(key);
    std::printf("\"%016" PRIx64 "\"", value);
  }
  void boolean(const char *key, bool value) {
    begin(key);
    std::fputs(value ? "true" : "false", stdout);
  }
  template <typename Vector>
  void array(const char *key, const Vector *values) {
    begin(key);
    std::fputs(shapeText(values).c_str(), stdout);
  }

private:
  void newLine() { std::printf("\n%*s", depth * 2, ""); }
  void begin(const char *key) {
    if (depth) {
      if (!empty)
        std::putchar(',');
      newLine();
    }
    empty = false;
    if (key) {
      quoted(key);
      std::fputs(": ", stdout);
    }
  }
  static void quoted(const char *value) {
    std::putchar('"');
    for (; *value; ++value) {
      unsigned char c = static_cast<unsigned char>(*value);
      if (c == '"' || c == '\\')
        std::printf("\\%c", c);
      else if (c < 0x20)
        std::printf("\\u%04x", c);
      else
        std::putchar(c);
    }
    std::putchar('"');
  }

  int depth = 0;
  bool empty = true;
};

void writeModel(JsonWriter &json, const artifact::ModelInfo &model) {
  json.open("model", '{');
  json.string("family", text(model.family()));
  json.string("precision", text(model.precision()));
  json.string("attention", text(model.attention()));
  json.number("layers", model.layers());
  json.number("hidden_size", model.hidden_size());
  json.number("heads", model.heads());
  json.number("vocab_size", model.vocab_size());
  json.number("max_positions", model.max_positions());
  json.number("parameters_total", model.parameters_total());
  json.number("parameters_active", model.parameters_active());
  json.number("cache_bytes_per_token", model.cache_bytes_per_token());
  json.number("plain_cache_bytes_per_token", model.plain_cache_bytes_per_token());
  json.number("decode_weight_bytes", model.decode_weight_bytes());
  json.signedNumber("bos_token", model.bos_token());
  json.array("eos_tokens", model.eos_tokens());
  json.boolean("shapes_only", model.shapes_only());
  json.string("text_note", text(model.text_note()));
  json.string("generation_note", text(model.generation_note()));
  json.number("model_positions", std::max(model.model_positions(), model.max_positions()));
  json.close('}');
}

void writeWeights(JsonWriter &json, const Module &module) {
  json.open("weight_files", '[');
  for (uint32_t i = 0; i < sizeOf(module.weight_files()); ++i) {
    const artifact::WeightFile &file = *module.weight_files()->Get(i);
    json.open(nullptr, '{');
    json.string("name", text(file.name()));
    json.number("size", file.size());
    json.hash("header_hash", file.header_hash());
    json.string("build_id", text(file.build_id()));
    json.close('}');
  }
  json.close(']');
  json.open("parameters", '[');
  for (uint32_t i = 0; i < sizeOf(module.parameters()); ++i) {
    const artifact::Parameter &parameter = *module.parameters()->Get(i);
    json.open(nullptr, '{');
    json.string("name", text(parameter.name()));
    json.string("type", runtime::elementName(parameter.type()));
    json.array("shape", parameter.shape());
    json.string("encoding", text(parameter.encoding()));
    json.number("file", parameter.file());
    json.number("offset", parameter.offset());
    json.number("length", parameter.length());
    json.hash("checksum", parameter.checksum());
    json.close('}');
  }
  json.close(']');
  json.open("states", '[');
  for (uint32_t i = 0; i < sizeOf(module.states()); ++i) {
    const artifact::State &state = *module.states()->Get(i);
    json.open(nullptr, '{');
    json.string("name", text(state.name()));
    json.string("type", runtime::elementName(state.type()));
    json.number("page_size", state.page_size());
    json.number("row", state.row());
    json.close('}');
  }
  json.close(']');
}

void writeExecutable(JsonWriter &json, const artifact::Executable &executable) {
  json.open(nullptr, '{');
  json.string("name", text(executable.name()));
  json.string("family", text(executable.family()));
  json.number("bindings", sizeOf(executable.bindings()));
  json.number("constants", executable.constant_count());
  json.number("scratch_bytes", executable.scratch_bytes());
  json.open("variants", '[');
  for (const artifact::KernelVariant *variant : *executable.variants()) {
    json.open(nullptr, '{');
    json.string("level", text(variant->level()));
    json.string("image", text(variant->image()));
    json.string("symbol", text(variant->symbol()));
    json.number("code_size", variant->code_size());
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

void writeEntry(JsonWriter &json, const Module &module, const artifact::EntryPoint &entry) {
  json.open(nullptr, '{');
  json.string("name", text(entry.name()));
  json.number("expressions", sizeOf(entry.exprs()));
  json.number("buffers", sizeOf(entry.buffers()));
  json.number("ops", sizeOf(entry.ops()));
  json.open("costs", '[');
  for (const SampleStep &step : sampleSteps(module)) {
    if (std::string(step.entry) != text(entry.name()))
      continue;
    StepCost cost = costOfStep(module, entry, step.tokens, step.context);
    if (!cost.error.empty())
      continue;
    json.open(nullptr, '{');
    json.signedNumber("tokens", step.tokens);
    json.signedNumber("context", step.context);
    json.number("launches", cost.launches);
    json.number("workgroups", cost.workgroups);
    json.number("flops", cost.flops);
    json.number("parameter_bytes", cost.bytes);
    json.number("arena_bytes", cost.arenaBytes);
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

} // namespace

void printJson(const char *path, const Artifact &artifact) {
  const Module &module = artifact.plan();
  const artifact::Artifact &root = artifact.root();
  JsonWriter json;
  json.open(nullptr, '{');
  json.string("file", path);
  json.number("size", artifact.fileSize());
  json.number("schema_major", root.schema_major());
  json.number("schema_minor", root.schema_minor());
  json.string("producer", text(root.producer()));
  json.string("build_id", text(root.build_id()));
  writeModel(json, *module.model());
  json.open("sections", '[');
  for (const artifact::Section *section : *root.sections()) {
    json.open(nullptr, '{');
    json.string("kind", artifact::EnumNameSectionKind(section->kind()));
    json.string("name", text(section->name()));
    json.number("size", section->data()->size());
    json.hash("checksum", section->checksum());
    json.close('}');
  }
  json.close(']');
  writeWeights(json, module);
  json.open("programs", '[');
  for (uint32_t i = 0; i < sizeOf(module.programs()); ++i) {
    const artifact::Program &program = *module.programs()->Get(i);
    json.open(nullptr, '{');
    json.string("family", text(program.family()));
    json.number("kernel_abi", program.kernel_abi());
    json.open("executables", '[');
    for (uint32_t j = 0; j < sizeOf(program.executables()); ++j)
      writeExecutable(json, *program.executables()->Get(j));
    json.close(']');
    json.open("entries", '[');
    for (uint32_t j = 0; j < sizeOf(program.entries()); ++j)
      writeEntry(json, module, *program.entries()->Get(j));
    json.close(']');
    json.close('}');
  }
  json.close(']');
  json.close('}');
  std::printf("\n");
}

} // namespace hadal::objdump
