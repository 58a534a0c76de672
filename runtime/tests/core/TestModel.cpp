// SPDX-License-Identifier: Apache-2.0
// The model that the tests run: its plan, kernels and weights.
#include "ArtifactBuilder.h"
#include "core/Artifact.h"

#include <cstring>

namespace hadal::test {
namespace {

enum Kernel : uint32_t { kAppend, kSum, kProject };
enum ArgumentIndex : uint32_t {
  kTokens,
  kPositions,
  kSequenceOffsets,
  kSlots,
  kLogitRows,
  kBlockTable
};

Binding argument(uint32_t index) { return Binding(index, BindingKind::argument); }

EntrySpec makeEntry(const std::string &name, const ModelSpec &model, const ProgramSpec &program,
                    bool branches) {
  EntrySpec entry;
  entry.name = name;
  entry.role = branches ? EntryRole::step : EntryRole::decode;
  entry.constant(0); // what costs that are not given refer to
  uint32_t one = entry.constant(1), tokens = entry.dim(Dim::tokens);
  uint32_t sequences = entry.dim(Dim::sequences), rows = entry.dim(Dim::logit_rows);
  uint32_t slots = entry.dim(Dim::slots), pages = entry.dim(Dim::pages_per_slot);
  uint32_t ends = entry.node(ExprKind::add, sequences, one);
  uint32_t vocabulary = entry.constant(model.vocabulary);
  uint32_t pageSize = entry.constant(program.blockTables[0].pageSize);
  entry.arguments = {{"tokens", ElementType::i32, {tokens}, PortRole::tokens},
                     {"positions", ElementType::i32, {tokens}, PortRole::positions},
                     {"sequence_offsets", ElementType::i32, {ends}, PortRole::sequence_offsets},
                     {"slots", ElementType::i32, {sequences}, PortRole::slots},
                     {"logit_rows", ElementType::i32, {rows}, PortRole::logit_rows},
                     {"block_table", ElementType::i32, {slots, pages}, PortRole::block_table}};
  entry.results = {{"logits", ElementType::f32, {rows, vocabulary}, PortRole::logits}};
  // Bytes of the sums, rounded up to the alignment of buffers.
  uint32_t line = entry.constant(64);
  uint32_t bytes = entry.node(ExprKind::mul, rows, entry.constant(4));
  uint32_t size = entry.node(ExprKind::mul, entry.node(ExprKind::ceil_div, bytes, line), line);
  entry.buffers = {{"sums", entry.constant(0), size}};
  entry.arenaSize = size;

  Binding cache(0, BindingKind::state), sums(0, BindingKind::transient);
  Binding weight(0, BindingKind::parameter), logits(0, BindingKind::result);
  OpSpec append, sum, tap, project;
  append.launch = {kAppend,
                   {argument(kTokens), argument(kPositions), argument(kSequenceOffsets),
                    argument(kSlots), argument(kBlockTable), cache},
                   {pageSize, pages, sequences},
                   name + ".append"};
  sum.launch = {kSum,
                {argument(kPositions), argument(kSequenceOffsets), argument(kSlots),
                 argument(kLogitRows), argument(kBlockTable), cache, sums},
                {pageSize, pages, sequences, rows},
                name + ".sum"};
  tap.kind = OpBody::Tap;
  tap.tap = {"sums", sums, ElementType::f32, {rows}};
  project.launch = {kProject,
                    {sums, weight, logits},
                    {vocabulary, rows},
                    name + ".project",
                    entry.node(ExprKind::mul, rows, vocabulary),
                    entry.node(ExprKind::mul, vocabulary, entry.constant(4))};
  if (branches) {
    OpSpec branch;
    branch.kind = OpBody::Branch;
    branch.condition =
        entry.node(ExprKind::le, entry.constant(3), entry.dim(Dim::max_sequence_tokens));
    branch.thenOps = {sum};
    branch.thenOps[0].launch.label = name + ".sum.many";
    branch.elseOps = {sum};
    branch.elseOps[0].launch.label = name + ".sum.few";
    sum = branch;
  }
  entry.ops = {append, sum, tap, project};
  return entry;
}

} // namespace

std::vector<DimSpec> dimsOfVersion1() {
  std::vector<DimSpec> dims;
  for (uint32_t i = 0; i <= static_cast<uint32_t>(Dim::max_context); ++i)
    dims.push_back({EnumNameDim(static_cast<Dim>(i)), static_cast<Dim>(i)});
  return dims;
}

void addWeight(ModelSpec &model) {
  model.files = {{"model.weights.safetensors", 0, 0, model.buildId}};
  model.parameters = {{"weight",
                       ElementType::f32,
                       {model.vocabulary},
                       "",
                       0,
                       0,
                       model.vocabulary * sizeof(float),
                       0}};
  Bytes weights = makeWeights(model);
  uint64_t header;
  std::memcpy(&header, weights.data(), sizeof header);
  model.files[0].size = weights.size();
  model.files[0].headerHash = runtime::hashBytes(weights.data(), 8 + header);
  model.parameters[0].offset = 8 + header;
  model.parameters[0].checksum =
      runtime::hashBytes(weights.data() + 8 + header, model.parameters[0].length);
}

ModelSpec makeModel(const std::string &image) {
  ModelSpec model;
  model.sections.push_back({SectionKind::kernels, "kernels.x86-64-v3", readImage(image), 0});
  auto variants = [](const char *symbol, const std::vector<Extent> &grid, uint64_t scratch) {
    return std::vector<VariantSpec>{
        {"x86-64-v3", "kernels.x86-64-v3", symbol, makeInterface(grid, scratch)}};
  };
  constexpr Access read = Access::read, write = Access::write;
  ProgramSpec program;
  program.dims = dimsOfVersion1();
  program.blockTables = {{"cache", 4, 1}};
  program.states = {{"cache.0", ElementType::f32, {1}}};
  program.executables = {{"append",
                          "cache",
                          {read, read, read, read, read, Access::read_write},
                          3,
                          variants("append", {constant(2), {1}, {1}}, 0)},
                         {"sum",
                          "reduce",
                          {read, read, read, read, read, read, write},
                          4,
                          variants("sum", {constant(3), {1}, {1}}, 64)},
                         {"project",
                          "linear",
                          {read, read, write},
                          2,
                          variants("project", {constant(0), constant(1), {1}}, 0)}};
  program.entries = {makeEntry("prefill", model, program, true),
                     makeEntry("decode", model, program, false)};
  model.programs = {program};

  addWeight(model);
  return model;
}

namespace {

void giveGrids(std::vector<OpSpec> &ops, EntrySpec &entry, const ProgramSpec &program) {
  for (OpSpec &op : ops) {
    giveGrids(op.thenOps, entry, program);
    giveGrids(op.elseOps, entry, program);
    if (op.kind != OpBody::Launch)
      continue;
    const InterfaceSpec &interface =
        program.executables[op.launch.executable].variants[0].interface;
    for (uint32_t index : interface.grid) {
      const Expr &extent = interface.exprs[index];
      op.launch.grid.push_back(extent.kind() == ExprKind::constant
                                   ? entry.constant(extent.value())
                                   : op.launch.constants[static_cast<size_t>(extent.value())]);
    }
  }
}

} // namespace

ModelSpec asVersion1(ModelSpec model) {
  model.schemaMajor = 1;
  model.schemaMinor = 1;
  for (ProgramSpec &program : model.programs) {
    for (EntrySpec &entry : program.entries) {
      giveGrids(entry.ops, entry, program);
      entry.role = EntryRole::other;
      for (ArgumentSpec &argument : entry.arguments)
        argument.role = PortRole::value;
      for (ArgumentSpec &result : entry.results)
        result.role = PortRole::value;
    }
    for (ExecutableSpec &executable : program.executables) {
      executable.scratchBytes = executable.variants[0].interface.scratchBytes;
      for (VariantSpec &variant : executable.variants)
        variant.withInterface = false;
    }
    model.states.clear();
    for (StateSpec state : program.states) {
      state.pageSize = program.blockTables[state.blockTable].pageSize;
      state.row = state.rowShape.at(0);
      state.rowShape.clear();
      model.states.push_back(state);
    }
    program.states.clear();
    program.blockTables.clear();
    program.dims.clear();
  }
  return model;
}

Bytes makeWeights(const ModelSpec &model) {
  std::string length = std::to_string(model.vocabulary * sizeof(float));
  std::string header = R"({"__metadata__":{"hadal.build_id":")" + model.buildId +
                       R"("},"weight":{"dtype":"F32","shape":[)" +
                       std::to_string(model.vocabulary) + R"(],"data_offsets":[0,)" + length +
                       "]}}";
  header.resize((header.size() + 8 + 63) / 64 * 64 - 8, ' ');
  uint64_t size = header.size();
  Bytes bytes(8);
  std::memcpy(bytes.data(), &size, 8);
  bytes.insert(bytes.end(), header.begin(), header.end());
  for (uint32_t v = 0; v < model.vocabulary; ++v) {
    float value = 1.0f + static_cast<float>(v) / 4;
    const auto *raw = reinterpret_cast<const uint8_t *>(&value);
    bytes.insert(bytes.end(), raw, raw + sizeof value);
  }
  return bytes;
}

} // namespace hadal::test
