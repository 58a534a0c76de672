// SPDX-License-Identifier: Apache-2.0
// The text report of hadal-objdump.
#include "Objdump.h"
#include "core/ElementType.h"

#include <cinttypes>
#include <cstdio>

namespace hadal::objdump {
namespace {

using artifact::Module;

// 12345678 -> "12.3 MB"; decimal units, as the design's figures.
std::string bytesText(uint64_t bytes) {
  const char *units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  int unit = 0;
  for (; value >= 1000 && unit < 5; ++unit)
    value /= 1000;
  char result[32];
  std::snprintf(result, sizeof result, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
  return result;
}

std::string countText(uint64_t count) {
  const char *units[] = {"", "K", "M", "B", "T"};
  double value = static_cast<double>(count);
  int unit = 0;
  for (; value >= 1000 && unit < 4; ++unit)
    value /= 1000;
  char result[32];
  std::snprintf(result, sizeof result, unit ? "%.1f%s" : "%.0f%s", value, units[unit]);
  return result;
}

void printHeader(const char *path, const Artifact &artifact) {
  const artifact::Artifact &root = artifact.root();
  std::printf("%s: Hadal artifact, schema %u.%u, %zu B\n", path, root.schema_major(),
              root.schema_minor(), artifact.fileSize());
  std::printf("  producer: %s\n  build id: %s\n", text(root.producer()), text(root.build_id()));
}

void printModel(const artifact::ModelInfo &model) {
  std::printf("\nmodel\n");
  std::printf("  family: %s\n  precision: %s\n  attention: %s\n", text(model.family()),
              text(model.precision()), text(model.attention()));
  std::printf("  layers: %u\n  hidden size: %u\n  heads: %u\n  vocabulary: %u\n  max positions: %u",
              model.layers(), model.hidden_size(), model.heads(), model.vocab_size(),
              model.max_positions());
  if (model.model_positions() > model.max_positions())
    std::printf(" of the model's %u (--max-context)", model.model_positions());
  std::printf("\n");
  std::printf("  parameters: %" PRIu64 " (%s), active per token: %" PRIu64 " (%s)\n",
              model.parameters_total(), countText(model.parameters_total()).c_str(),
              model.parameters_active(), countText(model.parameters_active()).c_str());
  std::printf("  cache: %" PRIu64 " B a token; plain multi-head attention: %" PRIu64 " B\n",
              model.cache_bytes_per_token(), model.plain_cache_bytes_per_token());
  std::printf("  weights read per decoded token: %" PRIu64 " B (%s)\n", model.decode_weight_bytes(),
              bytesText(model.decode_weight_bytes()).c_str());
  std::printf("  bos token: %d, eos tokens: %s\n", model.bos_token(),
              shapeText(model.eos_tokens()).c_str());
  if (model.shapes_only())
    std::printf("  compiled without weights: for reports, cannot be run\n");
  if (*text(model.text_note()))
    std::printf("  text: not available: %s\n", text(model.text_note()));
  if (*text(model.generation_note()))
    std::printf("  sampling defaults: not available: %s\n", text(model.generation_note()));
}

void printSections(const artifact::Artifact &root) {
  std::printf("\nsections: %u\n", sizeOf(root.sections()));
  for (const artifact::Section *section : *root.sections())
    std::printf("  %-17s %-28s %10u B  %016" PRIx64 "\n",
                artifact::EnumNameSectionKind(section->kind()), text(section->name()),
                section->data()->size(), section->checksum());
}

void printWeights(const Module &module) {
  uint64_t total = 0;
  for (uint32_t i = 0; i < sizeOf(module.parameters()); ++i)
    total += module.parameters()->Get(i)->length();
  std::printf("\nweight files: %u\n", sizeOf(module.weight_files()));
  for (uint32_t i = 0; i < sizeOf(module.weight_files()); ++i) {
    const artifact::WeightFile &file = *module.weight_files()->Get(i);
    std::printf("  #%u %s: %" PRIu64 " B (%s), header %016" PRIx64 ", build id %s\n", i,
                text(file.name()), file.size(), bytesText(file.size()).c_str(), file.header_hash(),
                *text(file.build_id()) ? text(file.build_id()) : "none");
  }
  std::printf("\nparameters: %u, %" PRIu64 " B (%s)\n", sizeOf(module.parameters()), total,
              bytesText(total).c_str());
  for (uint32_t i = 0; i < sizeOf(module.parameters()); ++i) {
    const artifact::Parameter &parameter = *module.parameters()->Get(i);
    std::printf("  #%u %s: %s %s", i, text(parameter.name()),
                runtime::elementName(parameter.type()), shapeText(parameter.shape()).c_str());
    if (*text(parameter.encoding()))
      std::printf(" %s", text(parameter.encoding()));
    if (const artifact::RopeTable *table = parameter.rope_table()) {
      std::printf(", computed: %s of dim %u, theta %g, factor %g\n",
                  artifact::EnumNameTableComponent(table->component()), table->dim(),
                  table->theta(), table->factor());
      continue;
    }
    std::printf(", %" PRIu64 " B", parameter.length());
    if (!module.model()->shapes_only())
      std::printf(" at %" PRIu64 " of file #%u, checksum %016" PRIx64, parameter.offset(),
                  parameter.file(), parameter.checksum());
    std::printf("\n");
  }
}

void printNamed(const std::vector<ExpressionText::Named> &values, int indent) {
  for (const ExpressionText::Named &value : values)
    std::printf("%*s%%%u = %s\n", indent, "", value.index, value.text.c_str());
}

void printStates(const Module &module, const Program &program) {
  std::printf("  dims:");
  for (const runtime::HostDim &dim : program.dims)
    std::printf("%s %s", &dim == &program.dims[0] ? "" : ",", dim.name);
  std::printf("\n");
  ExpressionText exprs(program);
  printNamed(exprs.named(shownOf(program)), 4);
  std::printf("  block tables: %zu\n", program.blockTables.size());
  for (size_t i = 0; i < program.blockTables.size(); ++i)
    std::printf("    #%zu %s: %u rows a page, %u tokens a row\n", i, program.blockTables[i].name,
                program.blockTables[i].pageSize, program.blockTables[i].tokensPerRow);
  std::printf("  states: %zu\n", program.states.size());
  for (size_t i = 0; i < program.states.size(); ++i)
    std::printf("    #%zu %s: %s %s\n", i, program.states[i].name,
                runtime::elementName(program.states[i].type),
                stateShape(program, exprs, program.states[i]).c_str());
  if (program.slices.empty())
    return;
  std::printf("  slices: %zu\n", program.slices.size());
  for (size_t i = 0; i < program.slices.size(); ++i) {
    const runtime::ParameterSlice &slice = program.slices[i];
    std::printf("    #%zu of %s: %s B at %s of each of %" PRIu64 " times %" PRIu64 " B\n", i,
                text(module.parameters()->Get(slice.parameter)->name()),
                exprs[slice.length].c_str(), exprs[slice.offset].c_str(), slice.outer,
                slice.stride);
  }
}

std::string threeText(Span<uint32_t> sizes) {
  return std::to_string(sizes[0]) + "x" + std::to_string(sizes[1]) + "x" + std::to_string(sizes[2]);
}

void printTensorMap(const runtime::TensorMap &map, const ExpressionText &exprs) {
  std::printf(" (%s %s, strides %s B, box %s", runtime::elementName(map.type),
              exprs.list(map.extents).c_str(), exprs.list(map.strides).c_str(),
              shapeText(map.box).c_str());
  if (map.swizzle)
    std::printf(", swizzle %u B", map.swizzle);
  std::printf(")");
}

void printInterface(const KernelInterface &interface) {
  ExpressionText exprs(interface);
  std::printf("        grid %s, %" PRIu64 " B scratch", exprs.list(interface.grid).c_str(),
              interface.scratchBytes);
  if (!interface.workgroupSize.empty())
    std::printf(", workgroups of %s", threeText(interface.workgroupSize).c_str());
  if (interface.staticSharedBytes)
    std::printf(", %u B shared", interface.staticSharedBytes);
  if (interface.dynamicShared != runtime::kNone)
    std::printf(", %s B dynamic shared", exprs[interface.dynamicShared].c_str());
  if (interface.workspace != runtime::kNone)
    std::printf(", %s B workspace", exprs[interface.workspace].c_str());
  if (!interface.cluster.empty())
    std::printf(", clusters of %s", threeText(interface.cluster).c_str());
  if (interface.cooperative)
    std::printf(", cooperative");
  for (const runtime::KernelParameter &parameter : interface.parameters) {
    std::printf("%s%s", &parameter == &interface.parameters[0] ? "; parameters " : ", ",
                artifact::EnumNameKernelParameterKind(parameter.kind));
    if (parameter.kind != artifact::KernelParameterKind::workspace &&
        parameter.kind != artifact::KernelParameterKind::constants)
      std::printf(" %u", parameter.index);
    if (parameter.kind == artifact::KernelParameterKind::tensor_map)
      printTensorMap(parameter.map, exprs);
  }
  std::printf("\n");
  printNamed(exprs.named(shownOf(interface)), 10);
}

void printExecutables(const Program &program) {
  std::printf("  executables: %zu\n", program.executables.size());
  for (size_t i = 0; i < program.executables.size(); ++i) {
    const runtime::Executable &executable = program.executables[i];
    std::printf("    #%zu %s: %s (", i, executable.name,
                *executable.family ? executable.family : "no family");
    for (uint32_t j = 0; j < executable.bindings.size(); ++j)
      std::printf("%s%s", j ? ", " : "", artifact::EnumNameAccess(executable.bindings[j]));
    std::printf("), %u constants\n", executable.passedConstants);
    for (const runtime::Variant &variant : executable.variants) {
      std::printf("      %s: %u B of code, symbol %s in %s\n", variant.level, variant.codeSize,
                  variant.symbol, variant.image);
      if (const runtime::MachineCode &code = variant.machineCode; code.image)
        std::printf(
            "        %u B of machine code by %s, symbol %s in %s: registers %u, shared %u B, "
            "stack %u B, spilled %u B and %u B\n",
            code.codeSize, code.compiler, code.symbol, code.image, code.registers, code.sharedBytes,
            code.stackBytes, code.spillStoreBytes, code.spillLoadBytes);
      printInterface(variant.interface);
    }
  }
}

// Prints the ops of one entry point.
class PlanPrinter {
public:
  PlanPrinter(const Module &module, const Program &program, const Entry &entry)
      : module(module), program(program), entry(entry), exprs(program, entry) {}

  void print() const {
    printNamed(exprs.named(), 6);
    for (size_t i = 0; i < entry.buffers.size(); ++i)
      std::printf("      buffer #%zu %s: %s B at %s\n", i, entry.buffers[i].name,
                  exprs[entry.buffers[i].size].c_str(), exprs[entry.buffers[i].offset].c_str());
    if (!entry.buffers.empty())
      std::printf("      arena: %s B\n", exprs[entry.arenaSize].c_str());
    printOps(entry.ops, 6);
  }

  // What the argument's and result's shapes refer to.
  void printShown() const { printNamed(exprs.named(shownOf(entry)), 6); }

  // The role where the name does not say it.
  std::string portText(const runtime::Port &port) const {
    const char *role = artifact::EnumNamePortRole(port.role);
    std::string text = std::string(port.name) + " " + runtime::elementName(port.type) + " " +
                       exprs.list(port.shape);
    return std::string(role) == port.name ? text : text + " (" + role + ")";
  }

private:
  // "hidden", "tokens", "layers.0.norm", ...: what the binding's list calls it.
  std::string bindingText(const artifact::Binding &binding) const {
    uint32_t index = binding.index();
    std::string name;
    switch (binding.kind()) {
    case artifact::BindingKind::argument: name = entry.arguments[index].name; break;
    case artifact::BindingKind::result: name = entry.results[index].name; break;
    case artifact::BindingKind::parameter:
      name = text(module.parameters()->Get(index)->name());
      break;
    case artifact::BindingKind::slice:
      name = "#" + std::to_string(index) + " of " +
             text(module.parameters()->Get(program.slices[index].parameter)->name());
      break;
    case artifact::BindingKind::state: name = program.states[index].name; break;
    case artifact::BindingKind::transient:
      name = "#" + std::to_string(index);
      if (*entry.buffers[index].name)
        name += std::string(" ") + entry.buffers[index].name;
      break;
    }
    return std::string(artifact::EnumNameBindingKind(binding.kind())) + " " + name;
  }

  void printLaunch(const Launch &launch, int indent) const {
    const runtime::Executable &executable = program.executables[launch.executable];
    const KernelInterface &interface = executable.variants[0].interface;
    ExpressionText grid(interface, exprs, launch);
    // A long grid stands in the interface, over the constants.
    bool isLong = !grid.named().empty();
    std::printf("%*slaunch %s: %s, grid %s\n", indent, "", launch.label, executable.name,
                isLong ? "of its interface" : grid.list(interface.grid).c_str());
    for (const artifact::Binding &binding : launch.bindings)
      std::printf("%*s  %s\n", indent, "", bindingText(binding).c_str());
    if (!launch.constants.empty())
      std::printf("%*s  constants %s\n", indent, "", exprs.list(launch.constants).c_str());
    if (isLong && !launch.grid.empty())
      std::printf("%*s  constants for the grid %s\n", indent, "", exprs.list(launch.grid).c_str());
    std::printf("%*s  flops %s, parameter bytes %s\n", indent, "", exprs[launch.flops].c_str(),
                exprs[launch.bytes].c_str());
  }

  void printOps(const std::vector<runtime::Op> &ops, int indent) const {
    for (const runtime::Op &op : ops) {
      if (const auto *launch = std::get_if<Launch>(&op.body)) {
        printLaunch(*launch, indent);
      } else if (const auto *tap = std::get_if<runtime::Tap>(&op.body)) {
        std::printf("%*stap %s: %s %s of %s\n", indent, "", tap->name,
                    runtime::elementName(tap->type), exprs.list(tap->shape).c_str(),
                    bindingText(tap->binding).c_str());
      } else if (const auto *branch = std::get_if<runtime::Branch>(&op.body)) {
        std::printf("%*sif %s\n", indent, "", exprs[branch->condition].c_str());
        printOps(branch->thenOps, indent + 2);
        std::printf("%*selse\n", indent, "");
        printOps(branch->elseOps, indent + 2);
      }
    }
  }

  const Module &module;
  const Program &program;
  const Entry &entry;
  const ExpressionText exprs;
};

void printEntry(const Module &module, const Program &program, const Entry &entry, bool plan) {
  PlanPrinter printer(module, program, entry);
  std::printf("  entry %s: role %s, %u expressions, %zu buffers, %zu ops\n", entry.name,
              artifact::EnumNameEntryRole(entry.role), entry.exprs.size(), entry.buffers.size(),
              entry.ops.size());
  for (const runtime::Port &argument : entry.arguments)
    std::printf("    argument %s\n", printer.portText(argument).c_str());
  for (const runtime::Port &result : entry.results)
    std::printf("    result %s\n", printer.portText(result).c_str());
  for (const SampleStep &step : sampleSteps(module, entry)) {
    StepCost cost = costOfStep(program, entry, step.tokens, step.context);
    std::printf("    cost of %" PRId64 " new tokens at context %" PRId64 ": ", step.tokens,
                step.context);
    if (!cost.error.empty())
      std::printf("unknown: %s\n", cost.error.c_str());
    else
      std::printf("%" PRIu64 " launches, %" PRIu64
                  " workgroups, %s flops, %s of parameters, %s arena\n",
                  cost.launches, cost.workgroups, countText(cost.flops).c_str(),
                  bytesText(cost.bytes).c_str(), bytesText(cost.arenaBytes).c_str());
  }
  if (plan)
    printer.print();
  else
    printer.printShown();
}

} // namespace

void printText(const char *path, const Artifact &artifact, bool plan) {
  const Module &module = artifact.plan();
  printHeader(path, artifact);
  printModel(*module.model());
  printSections(artifact.root());
  printWeights(module);
  for (size_t i = 0; i < artifact.programs().size(); ++i) {
    const Program &program = artifact.programs()[i];
    std::printf("\nprogram #%zu: %s, kernel interface %u\n", i, program.family, program.kernelAbi);
    printStates(module, program);
    printExecutables(program);
    for (const Entry &entry : program.entries)
      printEntry(module, program, entry, plan);
  }
}

} // namespace hadal::objdump
