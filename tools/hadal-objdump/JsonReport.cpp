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
  // With as many digits as tell it from its neighbours; the checks let finite ones pass alone.
  void real(const char *key, double value) {
    begin(key);
    std::printf("%.17g", value);
  }
  void boolean(const char *key, bool value) {
    begin(key);
    std::fputs(value ? "true" : "false", stdout);
  }
  template <typename Vector>
  void array(const char *key, const Vector &values) {
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

void writeRopeTable(JsonWriter &json, const artifact::RopeTable &table) {
  json.open("rope_table", '{');
  json.string("component", artifact::EnumNameTableComponent(table.component()));
  json.number("dim", table.dim());
  json.real("theta", table.theta());
  json.real("factor", table.factor());
  json.number("original_positions", table.original_positions());
  json.real("beta_fast", table.beta_fast());
  json.real("beta_slow", table.beta_slow());
  json.real("mscale", table.mscale());
  json.boolean("truncate", table.truncate());
  json.boolean("yarn", table.yarn() || table.factor() != 1);
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
    if (const artifact::RopeTable *table = parameter.rope_table())
      writeRopeTable(json, *table);
    json.close('}');
  }
  json.close(']');
}

void writeDims(JsonWriter &json, const Program &program) {
  json.open("dims", '[');
  for (const runtime::HostDim &dim : program.dims) {
    json.open(nullptr, '{');
    json.string("name", dim.name);
    json.string("kind", artifact::EnumNameDim(dim.kind));
    if (dim.kind == artifact::Dim::pages_per_slot)
      json.string("block_table", program.blockTables[dim.blockTable].name);
    if (runtime::isOfCaller(dim.kind)) {
      json.signedNumber("default_value", dim.defaultValue);
      json.signedNumber("minimum", dim.minimum);
      json.signedNumber("maximum", dim.maximum);
    }
    json.close('}');
  }
  json.close(']');
}

// What expressions of these reports call %i.
void writeValues(JsonWriter &json, const std::vector<ExpressionText::Named> &values) {
  json.open("values", '{');
  for (const ExpressionText::Named &value : values)
    json.string(("%" + std::to_string(value.index)).c_str(), value.text.c_str());
  json.close('}');
}

void writeStates(JsonWriter &json, const Module &module, const Program &program) {
  json.open("block_tables", '[');
  for (const runtime::BlockTable &table : program.blockTables) {
    json.open(nullptr, '{');
    json.string("name", table.name);
    json.number("page_size", table.pageSize);
    json.number("tokens_per_row", table.tokensPerRow);
    json.close('}');
  }
  json.close(']');
  ExpressionText exprs(program);
  writeValues(json, exprs.named(shownOf(program)));
  json.open("states", '[');
  for (const State &state : program.states) {
    Span<uint32_t> row(state.rowShape, state.rowRank);
    json.open(nullptr, '{');
    json.string("name", state.name);
    json.string("type", runtime::elementName(state.type));
    json.string("kind", artifact::EnumNameStateKind(state.kind));
    json.array("row_shape", row);
    if (state.kind == artifact::StateKind::growing)
      json.string("block_table", program.blockTables[state.blockTable].name);
    else
      json.string("rows", exprs[state.rows].c_str());
    json.close('}');
  }
  json.close(']');
  json.open("slices", '[');
  for (const runtime::ParameterSlice &slice : program.slices) {
    json.open(nullptr, '{');
    json.string("parameter", text(module.parameters()->Get(slice.parameter)->name()));
    json.number("outer", slice.outer);
    json.number("stride", slice.stride);
    json.string("offset", exprs[slice.offset].c_str());
    json.string("length", exprs[slice.length].c_str());
    json.close('}');
  }
  json.close(']');
}

void writeTensorMap(JsonWriter &json, const runtime::TensorMap &map, const ExpressionText &exprs) {
  json.open("map", '{');
  json.string("type", runtime::elementName(map.type));
  json.string("extents", exprs.list(map.extents).c_str());
  json.string("strides", exprs.list(map.strides).c_str());
  json.array("box", map.box);
  json.number("swizzle", map.swizzle);
  json.close('}');
}

void writeInterface(JsonWriter &json, const KernelInterface &interface) {
  ExpressionText exprs(interface);
  json.open("interface", '{');
  writeValues(json, exprs.named(shownOf(interface)));
  json.string("grid", exprs.list(interface.grid).c_str());
  json.number("scratch_bytes", interface.scratchBytes);
  json.array("workgroup_size", interface.workgroupSize);
  json.number("static_shared_bytes", interface.staticSharedBytes);
  if (interface.dynamicShared != runtime::kNone)
    json.string("dynamic_shared", exprs[interface.dynamicShared].c_str());
  if (interface.workspace != runtime::kNone)
    json.string("workspace", exprs[interface.workspace].c_str());
  json.array("cluster", interface.cluster);
  json.boolean("cooperative", interface.cooperative);
  json.open("parameters", '[');
  for (const runtime::KernelParameter &parameter : interface.parameters) {
    json.open(nullptr, '{');
    json.string("kind", artifact::EnumNameKernelParameterKind(parameter.kind));
    json.number("index", parameter.index);
    if (parameter.kind == artifact::KernelParameterKind::tensor_map)
      writeTensorMap(json, parameter.map, exprs);
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

void writeExecutable(JsonWriter &json, const runtime::Executable &executable) {
  json.open(nullptr, '{');
  json.string("name", executable.name);
  json.string("family", executable.family);
  json.number("bindings", executable.bindings.size());
  json.number("constants", executable.passedConstants);
  json.open("variants", '[');
  for (const runtime::Variant &variant : executable.variants) {
    json.open(nullptr, '{');
    json.string("level", variant.level);
    json.string("image", variant.image);
    json.string("symbol", variant.symbol);
    json.number("code_size", variant.codeSize);
    if (const runtime::MachineCode &code = variant.machineCode; code.image) {
      json.open("machine_code", '{');
      json.string("image", code.image);
      json.string("symbol", code.symbol);
      json.string("compiler", code.compiler);
      json.number("code_size", code.codeSize);
      json.number("registers", code.registers);
      json.number("shared_bytes", code.sharedBytes);
      json.number("stack_bytes", code.stackBytes);
      json.number("spill_store_bytes", code.spillStoreBytes);
      json.number("spill_load_bytes", code.spillLoadBytes);
      json.close('}');
    }
    writeInterface(json, variant.interface);
    json.close('}');
  }
  json.close(']');
  json.close('}');
}

void writePorts(JsonWriter &json, const char *key, const std::vector<runtime::Port> &ports,
                const ExpressionText &exprs) {
  json.open(key, '[');
  for (const runtime::Port &port : ports) {
    json.open(nullptr, '{');
    json.string("name", port.name);
    json.string("type", runtime::elementName(port.type));
    json.string("shape", exprs.list(port.shape).c_str());
    json.string("role", artifact::EnumNamePortRole(port.role));
    json.close('}');
  }
  json.close(']');
}

void writeEntry(JsonWriter &json, const Module &module, const Program &program,
                const Entry &entry) {
  json.open(nullptr, '{');
  json.string("name", entry.name);
  json.string("role", artifact::EnumNameEntryRole(entry.role));
  json.number("expressions", entry.exprs.size());
  json.number("buffers", entry.buffers.size());
  json.number("ops", entry.ops.size());
  ExpressionText exprs(program, entry);
  writeValues(json, exprs.named(shownOf(entry)));
  writePorts(json, "arguments", entry.arguments, exprs);
  writePorts(json, "results", entry.results, exprs);
  json.open("costs", '[');
  for (const SampleStep &step : sampleSteps(module, entry)) {
    StepCost cost = costOfStep(program, entry, step.tokens, step.context);
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
  for (const Program &program : artifact.programs()) {
    json.open(nullptr, '{');
    json.string("family", program.family);
    json.number("kernel_abi", program.kernelAbi);
    writeDims(json, program);
    writeStates(json, module, program);
    json.open("executables", '[');
    for (const runtime::Executable &executable : program.executables)
      writeExecutable(json, executable);
    json.close(']');
    json.open("entries", '[');
    for (const Entry &entry : program.entries)
      writeEntry(json, module, program, entry);
    json.close(']');
    json.close('}');
  }
  json.close(']');
  json.close('}');
  std::printf("\n");
}

} // namespace hadal::objdump
