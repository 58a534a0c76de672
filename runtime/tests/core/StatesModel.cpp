// SPDX-License-Identifier: Apache-2.0
// The program of two entry points over states of several rates.
#include "ArtifactBuilder.h"

namespace hadal::test {
namespace {

constexpr int64_t kWindow = 3;

// Indices of the program's dims.
enum DimIndex : uint32_t {
  kTokens,
  kSequences,
  kSlots,
  kFullPages,
  kQuarterPages,
  kCoarsePages,
  kStepTokens,
  kDrafts,
  kScale,
  kRank,
  kWorldSize
};

EntrySpec makeMain(uint32_t *kernel) {
  EntrySpec entry;
  entry.name = "main";
  entry.role = EntryRole::step;
  uint32_t none = entry.constant(0), tokens = entry.dim(kTokens), sequences = entry.dim(kSequences);
  uint32_t ends = entry.node(ExprKind::add, sequences, entry.constant(1)),
           slots = entry.dim(kSlots);
  uint32_t full = entry.dim(kFullPages), quarter = entry.dim(kQuarterPages);
  uint32_t coarse = entry.dim(kCoarsePages), scale = entry.dim(kScale);
  uint32_t rows = entry.node(ExprKind::add, entry.constant(kWindow),
                             entry.node(ExprKind::add, entry.dim(kStepTokens), entry.dim(kDrafts)));
  constexpr ElementType i32 = ElementType::i32;
  entry.arguments = {{"tokens", i32, {tokens}, PortRole::tokens},
                     {"positions", i32, {tokens}, PortRole::positions},
                     {"sequence_offsets", i32, {ends}, PortRole::sequence_offsets},
                     {"slots", i32, {sequences}, PortRole::slots},
                     {"full", i32, {slots, full}, PortRole::block_table, 0},
                     {"quarter", i32, {slots, quarter}, PortRole::block_table, 1},
                     {"coarse", i32, {slots, coarse}, PortRole::block_table, 2}};
  entry.results = {{"hidden", ElementType::f32, {tokens}, PortRole::kept},
                   {"sums", ElementType::f64, {sequences, entry.constant(3)}, PortRole::value}};
  OpSpec op;
  op.launch.executable = (*kernel)++;
  for (uint32_t i = 0; i < entry.arguments.size(); ++i)
    op.launch.bindings.emplace_back(i, BindingKind::argument);
  for (uint32_t i = 0; i < 4; ++i)
    op.launch.bindings.emplace_back(i, BindingKind::state);
  for (uint32_t i = 0; i < 2; ++i)
    op.launch.bindings.emplace_back(i, BindingKind::result);
  op.launch.constants = {full, quarter, coarse, rows, scale, sequences};
  op.launch.label = "main.remember";
  op.launch.flops = op.launch.bytes = none;
  entry.ops = {op};
  return entry;
}

EntrySpec makeDraft(uint32_t *kernel) {
  EntrySpec entry;
  entry.name = "draft";
  uint32_t none = entry.constant(0), rows = entry.extent(0, 0), two = entry.constant(2);
  entry.arguments = {{"hidden", ElementType::f32, {rows}, PortRole::kept},
                     {"bias", ElementType::f32, {two}, PortRole::value}};
  entry.results = {{"hidden", ElementType::f32, {rows}, PortRole::kept},
                   {"drafted", ElementType::f32, {rows}, PortRole::value}};
  OpSpec op;
  op.launch.executable = (*kernel)++;
  op.launch.bindings = {Binding(0, BindingKind::argument), Binding(1, BindingKind::argument),
                        Binding(0, BindingKind::result), Binding(1, BindingKind::result)};
  op.launch.constants = {rows};
  op.launch.label = "draft.draft";
  op.launch.flops = op.launch.bytes = none;
  entry.ops = {op};
  return entry;
}

EntrySpec makeTurn(uint32_t *kernel) {
  EntrySpec entry;
  entry.name = "turn";
  uint32_t none = entry.constant(0), count = entry.constant(kTurned);
  entry.results = {{"turned", ElementType::f32, {count}, PortRole::value}};
  OpSpec op;
  op.launch.executable = (*kernel)++;
  op.launch.bindings = {Binding(0, BindingKind::slice), Binding(1, BindingKind::parameter),
                        Binding(0, BindingKind::result)};
  op.launch.constants = {count};
  op.launch.label = "turn.turn";
  op.launch.flops = op.launch.bytes = none;
  entry.ops = {op};
  return entry;
}

// offset + rank * length / world_size, length / world_size: all of it, for one device.
void addSlice(ProgramSpec &program) {
  uint32_t first = program.constant(sizeof(float)), all = program.constant(kTurned * sizeof(float));
  uint32_t length = program.node(ExprKind::floor_div, all, program.dim(kWorldSize));
  uint32_t before = program.node(ExprKind::mul, program.dim(kRank), length);
  uint32_t offset = program.node(ExprKind::add, first, before);
  program.slices = {{0, 1, 11 * sizeof(float), offset, length}};
}

} // namespace

ModelSpec makeStatesModel() {
  ModelSpec model;
  model.maxPositions = model.modelPositions = 512;
  addWeight(model);
  model.parameters.push_back(
      {"rope.sin", ElementType::f32, {512, 2}, "", 0, 0, 0, 0, RopeTableSpec()});
  model.parameters.back().ropeTable->component = TableComponent::sin;
  model.sections.push_back({SectionKind::kernels, "kernels.x86-64-v3", readImage("states"), 0});
  ProgramSpec program;
  program.dims = {{"tokens", Dim::tokens},
                  {"sequences", Dim::sequences},
                  {"slots", Dim::slots},
                  {"full_pages", Dim::pages_per_slot, 0},
                  {"quarter_pages", Dim::pages_per_slot, 1},
                  {"coarse_pages", Dim::pages_per_slot, 2},
                  {"step_tokens", Dim::step_tokens},
                  {"drafts", Dim::session_value, 0, 1, 0, 8},
                  {"scale", Dim::call_value, 0, 1, 1, 100},
                  {"rank", Dim::rank},
                  {"world_size", Dim::world_size}};
  program.blockTables = {{"full", 4, 1}, {"quarter", 2, 4}, {"coarse", 1, 128}};
  uint32_t rows =
      program.node(ExprKind::add, program.constant(kWindow),
                   program.node(ExprKind::add, program.dim(kStepTokens), program.dim(kDrafts)));
  program.states = {{"ones", ElementType::f32, {1}, StateKind::growing, 0},
                    {"fours", ElementType::i64, {2}, StateKind::growing, 1},
                    {"many", ElementType::f64, {}, StateKind::growing, 2},
                    {"window", ElementType::f32, {2, 2}, StateKind::ring, 0, rows}};
  addSlice(program);
  constexpr Access read = Access::read, write = Access::write, both = Access::read_write;
  InterfaceSpec drafts = makeInterface({{1}, {1}, {1}});
  drafts.workspace =
      drafts.node(ExprKind::mul, drafts.launchConstant(0), drafts.constant(sizeof(float)));
  program.executables = {
      {"remember",
       "test",
       {read, read, read, read, read, read, read, both, both, both, both, write, write},
       6,
       {{"x86-64-v3", "kernels.x86-64-v3", "remember", makeInterface({constant(5), {1}, {1}})}}},
      {"draft",
       "test",
       {read, read, write, write},
       1,
       {{"x86-64-v3", "kernels.x86-64-v3", "draft", drafts}}},
      {"turn",
       "test",
       {read, read, write},
       1,
       {{"x86-64-v3", "kernels.x86-64-v3", "turn", makeInterface({constant(0), {1}, {1}})}}}};
  uint32_t kernel = 0;
  program.entries.push_back(makeMain(&kernel));
  program.entries.push_back(makeDraft(&kernel));
  program.entries.push_back(makeTurn(&kernel));
  model.programs = {program};
  return model;
}

} // namespace hadal::test
