// SPDX-License-Identifier: Apache-2.0
// What a user wants to know of a model before running it.
#include "hadal/Pipeline/Report.h"

#include "hadal/IR/HadalDialect.h"
#include "hadal/Transforms/Passes.h"
#include "plan/IR/PlanDialect.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace hadal;

uint64_t hadal::residentBytes() {
  auto buffer = llvm::MemoryBuffer::getFileAsStream("/proc/self/status");
  if (!buffer)
    return 0;
  uint64_t kilobytes = 0;
  for (StringRef line : llvm::split((*buffer)->getBuffer(), '\n'))
    if (line.consume_front("RssAnon:") || line.consume_front("RssShmem:")) {
      uint64_t value = 0;
      line.ltrim().consumeInteger(10, value);
      kilobytes += value;
    }
  return kilobytes * 1024;
}

namespace {
/// The figures of a report, in the order in which they are written.
struct Figures {
  std::string family, precision, attention;
  int64_t layers = 0, total = 0, active = 0;
  int64_t context = 0, modelContext = 0;
  int64_t absorbedCost = 0, expandedCost = 0, expansionCost = 0;
  std::optional<int64_t> threshold;
  uint64_t launches = 0, executables = 0;
  struct Unsupported {
    std::string name;
    int64_t count;
    bool isExpanded; // else it is linalg, or the like, itself
  };
  std::vector<Unsupported> unsupported; // ops without a kernel
};

Figures collect(ModuleOp module) {
  Figures figures;
  figures.precision = textOf(module, kPrecisionAttrName).str();
  figures.attention = textOf(module, kAttentionAttrName).str();
  // What is counted is the first program; others compute the same.
  auto program = *module.getOps<plan::ProgramOp>().begin();
  program.walk([&](plan::LaunchOp) { ++figures.launches; });
  program.walk([&](plan::ExecutableOp) { ++figures.executables; });
  if (auto counts = module->getAttrOfType<DictionaryAttr>(kExpandedAttrName))
    for (NamedAttribute each : counts) {
      auto op = RegisteredOperationName::lookup(each.getName(), module.getContext());
      figures.unsupported.push_back({each.getName().str(),
                                     cast<IntegerAttr>(each.getValue()).getInt(),
                                     op && op->hasInterface<ExpandableOpInterface>()});
    }
  ModelAttr model = modelOf(module);
  if (!model)
    return figures;
  int64_t rank = model.getKvLoraRank(), nope = model.getQkNopeHeadDim(),
          rope = model.getQkRopeHeadDim(), value = model.getVHeadDim();
  figures.family = model.getFamily().str();
  figures.layers = model.getLayers();
  figures.total = model.getParametersTotal();
  figures.active = model.getParametersActive();
  figures.context = model.getMaxPositions();
  figures.modelContext = std::max(model.getMaxPositionEmbeddings(), figures.context);
  figures.absorbedCost = 2 * rank + rope;
  figures.expandedCost = nope + rope + value;
  figures.expansionCost = rank * (nope + value);
  figures.threshold = expansionThreshold(rank, nope, rope, value);
  return figures;
}

std::string machineText(const KernelSize &kernel) {
  if (!kernel.machineCode)
    return "";
  const KernelMachineCode &code = *kernel.machineCode;
  return llvm::formatv("; machine code {0} bytes, registers {1}, shared {2}, stack {3}, spilled "
                       "{4} and {5}",
                       code.bytes, code.registers, code.sharedBytes, code.stackBytes,
                       code.spillStoreBytes, code.spillLoadBytes)
      .str();
}

llvm::json::Object kernelJson(const KernelSize &kernel) {
  llvm::json::Object json{
      {"name", kernel.executable}, {"level", kernel.level}, {"code_bytes", kernel.codeBytes}};
  if (const auto &code = kernel.machineCode)
    json["machine_code"] = llvm::json::Object{{"symbol", code->symbol},
                                              {"bytes", code->bytes},
                                              {"registers", code->registers},
                                              {"shared_bytes", code->sharedBytes},
                                              {"stack_bytes", code->stackBytes},
                                              {"spill_store_bytes", code->spillStoreBytes},
                                              {"spill_load_bytes", code->spillLoadBytes}};
  return json;
}

void writeText(const Figures &f, const SerializeResult &result, const CompileCosts &costs,
               llvm::raw_ostream &os) {
  auto line = [&](StringRef name, const llvm::Twine &value) {
    os << llvm::formatv("{0,-24} ", name) << value << "\n";
  };
  auto billions = [](double count) { return llvm::formatv("{0:f1}B", count / 1e9).str(); };
  auto grouped = [](uint64_t n) { return llvm::formatv("{0:n}", n).str(); };
  line("model", f.family + ", " + std::to_string(f.layers) + " layers, " + f.precision);
  line("parameters", billions(f.total) + " (" + grouped(f.total) + ")");
  line("active per token",
       billions(f.active) + " (" + grouped(f.active) + ", without the embedding table)");
  line("weight bytes per token", grouped(result.decodeWeightBytes) + " read to decode one");
  line("cache bytes per token", grouped(result.cacheBytes) + " (plain multi-head attention: " +
                                    grouped(result.plainCacheBytes) + ")");
  line("context", grouped(f.context) + (f.context < f.modelContext
                                            ? " of the model's " + grouped(f.modelContext) +
                                                  " positions (--max-context)"
                                            : " positions"));
  line("attention", f.attention);
  line("  absorbed", std::to_string(f.absorbedCost) + " multiply-adds a head, query and key");
  line("  expanded", std::to_string(f.expandedCost) + " and " + grouped(f.expansionCost) +
                         " a cached token and head");
  line("  switch point", f.threshold ? std::to_string(*f.threshold) + " new tokens of a sequence"
                                     : std::string("never: absorbed always costs less"));
  line("kernels", std::to_string(f.executables) + " distinct, " + std::to_string(f.launches) +
                      " launches in all entry points");
  for (const KernelSize &kernel : result.kernels)
    line("  " + kernel.level,
         llvm::formatv("{0,8} bytes  {1}", kernel.codeBytes, kernel.executable).str() +
             machineText(kernel));
  for (auto &[level, by] : result.machineCodeBy)
    line("machine code", level + ": " + by);
  for (auto &[name, count, isExpanded] : f.unsupported)
    line("without a kernel",
         std::to_string(count) + " " + name + (isExpanded ? ": its expansion" : ": as it is"));
  line("artifact bytes", grouped(result.artifactBytes));
  line("weights file bytes", grouped(result.weightBytes));
  line("time", llvm::formatv("{0:f2} s: import {1:f2}, passes {2:f2}, code {3:f2}, weights {4:f2}",
                             costs.totalSeconds, costs.importSeconds, costs.passSeconds,
                             result.codegenSeconds, result.packSeconds)
                   .str());
  line("peak memory", llvm::formatv("{0:f1} MB", costs.peakBytes / 1e6).str());
}

void writeJson(const Figures &f, const SerializeResult &result, const CompileCosts &costs,
               llvm::raw_ostream &os) {
  llvm::json::Array kernels;
  for (const KernelSize &kernel : result.kernels)
    kernels.push_back(kernelJson(kernel));
  llvm::json::Object machineCode;
  for (auto &[level, by] : result.machineCodeBy)
    machineCode[level] = by;
  llvm::json::Object expanded, unexpanded;
  for (auto &[name, count, isExpanded] : f.unsupported)
    (isExpanded ? expanded : unexpanded)[name] = count;
  llvm::json::Object report{{"family", f.family},
                            {"layers", f.layers},
                            {"precision", f.precision},
                            {"attention", f.attention},
                            {"parameters_total", f.total},
                            {"parameters_active_per_token", f.active},
                            {"decode_weight_bytes", result.decodeWeightBytes},
                            {"cache_bytes_per_token", result.cacheBytes},
                            {"plain_cache_bytes_per_token", result.plainCacheBytes},
                            {"max_positions", f.context},
                            {"model_positions", f.modelContext},
                            {"absorbed_multiply_adds", f.absorbedCost},
                            {"expanded_multiply_adds", f.expandedCost},
                            {"expansion_multiply_adds", f.expansionCost},
                            {"switch_point_tokens", f.threshold ? llvm::json::Value(*f.threshold)
                                                                : llvm::json::Value(nullptr)},
                            {"distinct_kernels", f.executables},
                            {"launches", f.launches},
                            {"kernels", std::move(kernels)},
                            {"machine_code", std::move(machineCode)},
                            {"expanded", std::move(expanded)},
                            {"unexpanded", std::move(unexpanded)},
                            {"artifact_bytes", result.artifactBytes},
                            {"weights_file_bytes", result.weightBytes},
                            {"seconds", llvm::json::Object{{"total", costs.totalSeconds},
                                                           {"import", costs.importSeconds},
                                                           {"passes", costs.passSeconds},
                                                           {"code", result.codegenSeconds},
                                                           {"weights", result.packSeconds}}},
                            {"peak_memory_bytes", costs.peakBytes}};
  os << llvm::formatv("{0:2}", llvm::json::Value(std::move(report))) << "\n";
}
} // namespace

void hadal::writeReport(ModuleOp module, const SerializeResult &result, const CompileCosts &costs,
                        bool asJson, llvm::raw_ostream &os) {
  Figures figures = collect(module);
  if (asJson)
    writeJson(figures, result, costs, os);
  else
    writeText(figures, result, costs, os);
}
