// SPDX-License-Identifier: Apache-2.0
// The text report of hadal-objdump.
#include "Objdump.h"
#include "core/ElementType.h"

#include <cinttypes>
#include <cstdio>

namespace hadal::objdump {
namespace {

using artifact::Module;
using Ops = flatbuffers::Vector<flatbuffers::Offset<artifact::Op>>;

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
    std::printf(", %" PRIu64 " B", parameter.length());
    if (!module.model()->shapes_only())
      std::printf(" at %" PRIu64 " of file #%u, checksum %016" PRIx64, parameter.offset(),
                  parameter.file(), parameter.checksum());
    std::printf("\n");
  }
  std::printf("\nstates: %u\n", sizeOf(module.states()));
  for (uint32_t i = 0; i < sizeOf(module.states()); ++i) {
    const artifact::State &state = *module.states()->Get(i);
    std::printf("  #%u %s: %s [pages, %u, %u]\n", i, text(state.name()),
                runtime::elementName(state.type()), state.page_size(), state.row());
  }
}

void printExecutables(const artifact::Program &program) {
  static const char *const access[] = {"read", "write", "read_write"};
  std::printf("  executables: %u\n", sizeOf(program.executables()));
  for (uint32_t i = 0; i < sizeOf(program.executables()); ++i) {
    const artifact::Executable &executable = *program.executables()->Get(i);
    std::printf("    #%u %s: %s (", i, text(executable.name()),
                *text(executable.family()) ? text(executable.family()) : "no family");
    for (uint32_t j = 0; j < sizeOf(executable.bindings()); ++j)
      std::printf("%s%s", j ? ", " : "",
                  access[static_cast<unsigned>(executable.bindings()->Get(j))]);
    std::printf("), %u constants, %" PRIu64 " B scratch\n", executable.constant_count(),
                executable.scratch_bytes());
    for (const artifact::KernelVariant *variant : *executable.variants())
      std::printf("      %s: %u B of code, symbol %s in %s\n", text(variant->level()),
                  variant->code_size(), text(variant->symbol()), text(variant->image()));
  }
}

// Prints the ops of one entry point.
class PlanPrinter {
public:
  PlanPrinter(const Module &module, const artifact::Program &program,
              const artifact::EntryPoint &entry)
      : module(module), program(program), entry(entry), exprs(entry) {}

  void print() const {
    for (const auto &[index, definition] : exprs.named())
      std::printf("      %%%u = %s\n", index, definition.c_str());
    for (uint32_t i = 0; i < sizeOf(entry.buffers()); ++i) {
      const artifact::Buffer &buffer = *entry.buffers()->Get(i);
      std::printf("      buffer #%u %s: %s B at %s\n", i, text(buffer.name()),
                  exprs[buffer.size()].c_str(), exprs[buffer.offset()].c_str());
    }
    if (sizeOf(entry.buffers()))
      std::printf("      arena: %s B\n", exprs[entry.arena_size()].c_str());
    printOps(entry.ops(), 6);
  }

  std::string argumentText(const artifact::Argument &argument) const {
    return std::string(text(argument.name())) + " " + runtime::elementName(argument.type()) + " " +
           exprs.list(argument.shape());
  }

private:
  // "hidden", "tokens", "layers.0.norm", ...: what the binding's list calls it.
  std::string bindingText(const artifact::Binding &binding) const {
    uint32_t index = binding.index();
    std::string name;
    switch (binding.kind()) {
    case artifact::BindingKind::argument:
      name = text(entry.arguments()->Get(index)->name());
      break;
    case artifact::BindingKind::result:
      name = text(entry.results()->Get(index)->name());
      break;
    case artifact::BindingKind::parameter:
      name = text(module.parameters()->Get(index)->name());
      break;
    case artifact::BindingKind::state:
      name = text(module.states()->Get(index)->name());
      break;
    case artifact::BindingKind::transient:
      name = "#" + std::to_string(index);
      if (*text(entry.buffers()->Get(index)->name()))
        name += std::string(" ") + text(entry.buffers()->Get(index)->name());
      break;
    }
    return std::string(artifact::EnumNameBindingKind(binding.kind())) + " " + name;
  }

  void printLaunch(const artifact::Launch &launch, int indent) const {
    const artifact::Executable &executable = *program.executables()->Get(launch.executable());
    std::printf("%*slaunch %s: %s, grid %s\n", indent, "", text(launch.label()),
                text(executable.name()), exprs.list(launch.grid()).c_str());
    for (uint32_t i = 0; i < sizeOf(launch.bindings()); ++i)
      std::printf("%*s  %s\n", indent, "", bindingText(*launch.bindings()->Get(i)).c_str());
    if (sizeOf(launch.constants()))
      std::printf("%*s  constants %s\n", indent, "", exprs.list(launch.constants()).c_str());
    std::printf("%*s  flops %s, parameter bytes %s\n", indent, "", exprs[launch.flops()].c_str(),
                exprs[launch.bytes()].c_str());
  }

  void printOps(const Ops *ops, int indent) const {
    for (uint32_t i = 0; i < sizeOf(ops); ++i) {
      const artifact::Op &op = *ops->Get(i);
      if (const artifact::Launch *launch = op.body_as_Launch()) {
        printLaunch(*launch, indent);
      } else if (const artifact::Tap *tap = op.body_as_Tap()) {
        std::printf("%*stap %s: %s %s of %s\n", indent, "", text(tap->name()),
                    runtime::elementName(tap->type()), exprs.list(tap->shape()).c_str(),
                    bindingText(*tap->binding()).c_str());
      } else if (const artifact::Branch *branch = op.body_as_Branch()) {
        std::printf("%*sif %s\n", indent, "", exprs[branch->condition()].c_str());
        printOps(branch->then_ops(), indent + 2);
        std::printf("%*selse\n", indent, "");
        printOps(branch->else_ops(), indent + 2);
      }
    }
  }

  const Module &module;
  const artifact::Program &program;
  const artifact::EntryPoint &entry;
  const ExpressionText exprs;
};

void printEntry(const Module &module, const artifact::Program &program,
                const artifact::EntryPoint &entry, bool plan) {
  PlanPrinter printer(module, program, entry);
  std::printf("  entry %s: %u expressions, %u buffers, %u ops\n", text(entry.name()),
              sizeOf(entry.exprs()), sizeOf(entry.buffers()), sizeOf(entry.ops()));
  for (uint32_t i = 0; i < sizeOf(entry.arguments()); ++i)
    std::printf("    argument %s\n", printer.argumentText(*entry.arguments()->Get(i)).c_str());
  for (uint32_t i = 0; i < sizeOf(entry.results()); ++i)
    std::printf("    result %s\n", printer.argumentText(*entry.results()->Get(i)).c_str());
  for (const SampleStep &step : sampleSteps(module)) {
    if (std::string(step.entry) != text(entry.name()))
      continue;
    StepCost cost = costOfStep(module, entry, step.tokens, step.context);
    std::printf("    cost of %" PRId64 " new tokens at context %" PRId64 ": ", step.tokens,
                step.context);
    if (!cost.error.empty())
      std::printf("unknown: %s\n", cost.error.c_str());
    else
      std::printf("%" PRIu64 " launches, %" PRIu64 " workgroups, %s flops, %s of parameters, %s arena\n",
                  cost.launches, cost.workgroups, countText(cost.flops).c_str(),
                  bytesText(cost.bytes).c_str(), bytesText(cost.arenaBytes).c_str());
  }
  if (plan)
    printer.print();
}

} // namespace

void printText(const char *path, const Artifact &artifact, bool plan) {
  const Module &module = artifact.plan();
  printHeader(path, artifact);
  printModel(*module.model());
  printSections(artifact.root());
  printWeights(module);
  for (uint32_t i = 0; i < sizeOf(module.programs()); ++i) {
    const artifact::Program &program = *module.programs()->Get(i);
    std::printf("\nprogram #%u: %s, kernel interface %u\n", i, text(program.family()),
                program.kernel_abi());
    printExecutables(program);
    for (uint32_t j = 0; j < sizeOf(program.entries()); ++j)
      printEntry(module, program, *program.entries()->Get(j), plan);
  }
}

} // namespace hadal::objdump
