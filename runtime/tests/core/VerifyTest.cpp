// SPDX-License-Identifier: Apache-2.0
// Each check of the plan: one wrong field, and the message that names it.
#include "core/Verify.h"
#include "Run.h"
#include "core/Artifact.h"

#include <cmath>

namespace hadal::test {
namespace {

struct Case {
  const char *message;
  void (*alter)(ModelSpec &);
};

ProgramSpec &program(ModelSpec &m) { return m.programs[0]; }
EntrySpec &entry(ModelSpec &m) { return m.programs[0].entries[0]; }
LaunchSpec &launch(ModelSpec &m) { return entry(m).ops[0].launch; }
TapSpec &tap(ModelSpec &m) { return entry(m).ops[2].tap; }
ParameterSpec &parameter(ModelSpec &m) { return m.parameters[0]; }
StateSpec &state(ModelSpec &m) { return program(m).states[0]; }
ExecutableSpec &executable(ModelSpec &m) { return program(m).executables[0]; }
InterfaceSpec &interface(ModelSpec &m) { return executable(m).variants[0].interface; }
ArgumentSpec &argument(ModelSpec &m) { return entry(m).arguments[0]; }

// A cosine table beside the weight.
RopeTableSpec &rope(ModelSpec &m) {
  if (m.parameters.size() == 1)
    m.parameters.push_back(
        {"rope.cos", ElementType::f32, {64, 2}, "", 0, 0, 0, 0, RopeTableSpec()});
  return *m.parameters[1].ropeTable;
}

// The first half of the weight.
SliceSpec &slice(ModelSpec &m) {
  if (program(m).slices.empty())
    program(m).slices.push_back({0, 1, 44, program(m).constant(0), program(m).constant(20)});
  return program(m).slices[0];
}

// A tensor map of the first binding.
KernelParameterSpec &map(ModelSpec &m) {
  uint32_t one = interface(m).constant(1);
  interface(m).parameters = {
      {KernelParameterKind::tensor_map, 0, true, ElementType::f32, {one, one}, {one}, {8, 8}, 64}};
  return interface(m).parameters[0];
}

// A result that stays, made and read by the first entry.
ArgumentSpec &kept(ModelSpec &m) {
  uint32_t rows = entry(m).dim(Dim::tokens);
  entry(m).results.push_back({"hidden", ElementType::f32, {rows}, PortRole::kept});
  entry(m).arguments.push_back({"hidden", ElementType::f32, {rows}, PortRole::kept});
  return entry(m).arguments.back();
}

const Case kCases[] = {
    {"model: expected a table, got none", [](ModelSpec &m) { m.withModelInfo = false; }},
    {"model.vocab_size: expected 1 to 2147483647, got 0", [](ModelSpec &m) { m.vocabulary = 0; }},
    {"model.max_positions: expected 1 to 2147483647, got 4294967295",
     [](ModelSpec &m) { m.maxPositions = UINT32_MAX; }},
    {"model.bos_token: expected at least -1, got -2", [](ModelSpec &m) { m.bosToken = -2; }},
    {"model.eos_tokens[1]: expected at least 0, got -5", [](ModelSpec &m) { m.eosTokens[1] = -5; }},
    {"weight_files[0].name: expected a file name without a directory, got '../x'",
     [](ModelSpec &m) { m.files[0].name = "../x"; }},
    {"weight_files[0].name: expected a file name without a directory, got '..'",
     [](ModelSpec &m) { m.files[0].name = ".."; }},
    {"weight_files[0].name: expected a name, got an empty string",
     [](ModelSpec &m) { m.files[0].name = ""; }},
    {"weight_files: expected distinct names, got 'model.weights.safetensors' twice",
     [](ModelSpec &m) { m.files.push_back(m.files[0]); }},
    {"weight_files[0].size: expected at most 9223372036854775807 B, got 18446744073709551615 B",
     [](ModelSpec &m) { m.files[0].size = UINT64_MAX; }},
    {"parameters: expected distinct names, got 'weight' twice",
     [](ModelSpec &m) { m.parameters.push_back(m.parameters[0]); }},
    {"parameters[0] 'weight': type: expected at most 10, got 200",
     [](ModelSpec &m) { parameter(m).type = static_cast<ElementType>(200); }},
    {"parameters[0] 'weight': shape: expected at most 8 dimensions, got 9",
     [](ModelSpec &m) { parameter(m).shape.assign(9, 1); }},
    {"parameters[0] 'weight': shape[1]: expected at least 1 and a size within 64 bits, got 0",
     [](ModelSpec &m) { parameter(m).shape = {11, 0}; }},
    {"parameters[0] 'weight': shape[1]: expected at least 1 and a size within 64 bits, got "
     "4611686018427387904",
     [](ModelSpec &m) { parameter(m).shape = {11, uint64_t(1) << 62}; }},
    {"parameters[0] 'weight': length: expected 48 B for row-major elements of type f32, got 44 B",
     [](ModelSpec &m) { parameter(m).shape = {12}; }},
    {"parameters[0] 'weight': length: expected a multiple of the element size and at least 48 B for "
     "panels elements of type f32, got 44 B",
     [](ModelSpec &m) { parameter(m).shape = {12}, parameter(m).encoding = "panels"; }},
    {"parameters[0] 'weight': file: expected an index below 1, got 1",
     [](ModelSpec &m) { parameter(m).file = 1; }},
    {"parameters[0] 'weight': offset: expected a multiple of 64, got 65",
     [](ModelSpec &m) { parameter(m).offset = 65; }},
    {"got offset 18446744073709551552",
     [](ModelSpec &m) { parameter(m).offset = UINT64_MAX - 63; }},
    {"parameters[0] 'weight': offset: expected 44 B within the file's ",
     [](ModelSpec &m) { parameter(m).offset += 64; }},
    {"parameters[1] 'rope.cos': rope_table: expected row-major elements of type f32, got bf16",
     [](ModelSpec &m) { rope(m), m.parameters[1].type = ElementType::bf16; }},
    {"parameters[1] 'rope.cos': rope_table.component: expected at most 1, got 2",
     [](ModelSpec &m) { rope(m).component = static_cast<TableComponent>(2); }},
    {"parameters[1] 'rope.cos': rope_table.dim: expected an even number up to 65536, got 3",
     [](ModelSpec &m) { rope(m).dim = 3; }},
    {"parameters[1] 'rope.cos': rope_table.theta: expected a finite number above 0, got 0",
     [](ModelSpec &m) { rope(m).theta = 0; }},
    {"parameters[1] 'rope.cos': rope_table.factor: expected a finite number above 0, got inf",
     [](ModelSpec &m) { rope(m).factor = HUGE_VAL; }},
    {"parameters[1] 'rope.cos': rope_table.theta: expected finite angles, got a frequency of inf",
     [](ModelSpec &m) { rope(m).theta = 1e-300; }},
    {"parameters[1] 'rope.cos': shape: expected [positions, 2] for a rotary table of dim 4, got a width "
     "of 3",
     [](ModelSpec &m) { rope(m), m.parameters[1].shape = {64, 3}; }},
    {"parameters[1] 'rope.cos': shape: expected [positions, 2] for a rotary table of dim 4, got a rank "
     "of 1",
     [](ModelSpec &m) { rope(m), m.parameters[1].shape = {2}; }},
    {"parameters[1] 'rope.cos': rope_table: expected no bytes in a file, got 512 B at 0 of file 0",
     [](ModelSpec &m) { rope(m), m.parameters[1].length = 512; }},

    {"programs[0].dims: expected distinct names, got 'tokens' twice",
     [](ModelSpec &m) { program(m).dims[1].name = "tokens"; }},
    {"programs[0].dims[0].kind: expected at most 13, got 14",
     [](ModelSpec &m) { program(m).dims[0].kind = static_cast<Dim>(14); }},
    {"programs[0].dims[5].block_table: expected an index below 1, got 1",
     [](ModelSpec &m) { program(m).dims[5].blockTable = 1; }},
    {"programs[0].dims[9].default_value: expected 1 to 4, got 0",
     [](ModelSpec &m) { program(m).dims.push_back({"drafts", Dim::session_value, 0, 0, 1, 4}); }},
    {"programs[0].block_tables[0].page_size: expected 1 to 1048576, got 0",
     [](ModelSpec &m) { program(m).blockTables[0].pageSize = 0; }},
    {"programs[0].block_tables[0].tokens_per_row: expected 1 to 1048576, got 0",
     [](ModelSpec &m) { program(m).blockTables[0].tokensPerRow = 0; }},
    {"programs[0].block_tables: expected distinct names, got 'cache' twice",
     [](ModelSpec &m) { program(m).blockTables.push_back({"cache"}); }},
    {"programs[0].exprs[0].value: expected a dim of a session, got 'tokens' of a call",
     [](ModelSpec &m) { program(m).dim(Dim::tokens); }},
    {"programs[0].states[0].type: expected at most 10, got 11",
     [](ModelSpec &m) { state(m).type = static_cast<ElementType>(11); }},
    {"programs[0].states[0].kind: expected at most 1, got 2",
     [](ModelSpec &m) { state(m).kind = static_cast<StateKind>(2); }},
    {"programs[0].states[0].row_shape[1]: expected at least 1, and at most 1048576 elements of a row, got 0",
     [](ModelSpec &m) { state(m).rowShape = {4, 0}; }},
    {"programs[0].states[0].row_shape[0]: expected at least 1, and at most 1048576 elements of a row, got "
     "4294967295",
     [](ModelSpec &m) { state(m).rowShape = {UINT32_MAX}; }},
    {"programs[0].states[0].row_shape: expected at most 8 dimensions, got 9",
     [](ModelSpec &m) { state(m).rowShape.assign(9, 1); }},
    {"programs[0].states[0].block_table: expected an index below 1, got 1",
     [](ModelSpec &m) { state(m).blockTable = 1; }},
    {"programs[0].states[0].rows: expected an expression below 0, got 0",
     [](ModelSpec &m) { state(m).kind = StateKind::ring; }},
    {"programs[0].states[0].rows: expected at least 1, got 0",
     [](ModelSpec &m) {
       state(m).kind = StateKind::ring;
       state(m).rows = program(m).constant(0);
     }},
    {"programs[0].exprs[2]: expected a positive divisor, got 0",
     [](ModelSpec &m) {
       uint32_t zero = program(m).constant(0);
       program(m).node(ExprKind::floor_div, program(m).constant(1), zero);
     }},
    {"programs[0].states: expected distinct names, got 'cache.0' twice",
     [](ModelSpec &m) { program(m).states.push_back(state(m)); }},
    {"programs[0].slices[0].parameter: expected an index below 1, got 1",
     [](ModelSpec &m) { slice(m).parameter = 1; }},
    {"programs[0].slices[0].parameter: expected stored bytes, got 'rope.cos', which is computed",
     [](ModelSpec &m) { rope(m), slice(m).parameter = 1; }},
    {"programs[0].slices[0].stride: expected the 44 B of 'weight' in 1 pieces, got 40 B each",
     [](ModelSpec &m) { slice(m).stride = 40; }},
    {"programs[0].slices[0].length: expected an expression below 2, got 9",
     [](ModelSpec &m) { slice(m).length = 9; }},
    {"programs[0].slices[0].offset: expected an expression over rank and world_size, got another",
     [](ModelSpec &m) { slice(m).offset = program(m).dim(Dim::slots); }},
    {"programs: expected at most 16, got 17",
     [](ModelSpec &m) { m.programs.assign(17, ProgramSpec()); }},

    {"programs[0].executables[0].bindings: expected at most 64, got 65",
     [](ModelSpec &m) { program(m).executables[0].bindings.assign(65, Access::read); }},
    {"programs[0].executables[0].bindings[1]: expected at most 2, got 3",
     [](ModelSpec &m) { program(m).executables[0].bindings[1] = static_cast<Access>(3); }},
    {"programs[0].executables[1].constant_count: expected at most 256, got 257",
     [](ModelSpec &m) { program(m).executables[1].constantCount = 257; }},
    {"programs[0].executables[0].variants[0].interface: expected a table, got none",
     [](ModelSpec &m) { executable(m).variants[0].withInterface = false; }},
    {"programs[0].executables[0].variants[0].interface.scratch_bytes: expected at most 1073741824 B, got "
     "18446744073709551615 B",
     [](ModelSpec &m) { interface(m).scratchBytes = UINT64_MAX; }},
    {"programs[0].executables[0].variants[0].interface.exprs[0].value: expected a constant below 3, got 3",
     [](ModelSpec &m) { interface(m).exprs[0] = Expr(3, 0, 0, 0, ExprKind::launch_constant); }},
    {"programs[0].executables[0].variants[0].interface.grid: expected 3 expressions, got 2",
     [](ModelSpec &m) { interface(m).grid.pop_back(); }},
    {"programs[0].executables[0].variants[0].interface.grid[2]: expected an expression below 3, got 1000",
     [](ModelSpec &m) { interface(m).grid[2] = 1000; }},
    {"interface.workgroup_size: expected 3 numbers or none, got 2",
     [](ModelSpec &m) { interface(m).workgroupSize = {1, 1}; }},
    {"interface.workgroup_size[1]: expected at least 1, got 0",
     [](ModelSpec &m) { interface(m).workgroupSize = {1, 0, 1}; }},
    {"interface.cluster: expected 3 numbers or none, got 1",
     [](ModelSpec &m) { interface(m).cluster = {1}; }},
    {"interface.dynamic_shared: expected an expression below 3, got 3",
     [](ModelSpec &m) { interface(m).dynamicShared = 3; }},
    {"interface.workspace: expected an expression below 3, got 4",
     [](ModelSpec &m) { interface(m).workspace = 4; }},
    {"interface.parameters[0].kind: expected at most 5, got 6",
     [](ModelSpec &m) { interface(m).parameters = {{static_cast<KernelParameterKind>(6)}}; }},
    {"interface.parameters[0].kind: expected none, as there is no workspace, got workspace",
     [](ModelSpec &m) { interface(m).parameters = {{KernelParameterKind::workspace}}; }},
    {"interface.parameters[0].index: expected less than 3 for kind constant_i64, got 3",
     [](ModelSpec &m) { interface(m).parameters = {{KernelParameterKind::constant_i64, 3}}; }},
    {"interface.parameters[0].index: expected less than 6 for kind binding, got 6",
     [](ModelSpec &m) { interface(m).parameters = {{KernelParameterKind::binding, 6}}; }},
    {"interface.parameters[0].map: expected a table, got none",
     [](ModelSpec &m) { map(m).withMap = false; }},
    {"interface.parameters[0].map.type: expected at most 10, got 11",
     [](ModelSpec &m) { map(m).type = static_cast<ElementType>(11); }},
    {"interface.parameters[0].map.extents: expected 1 to 5, got 0",
     [](ModelSpec &m) { map(m).extents.clear(); }},
    {"interface.parameters[0].map.strides: expected 1 for 2 extents, got 0",
     [](ModelSpec &m) { map(m).strides.clear(); }},
    {"interface.parameters[0].map.box: expected 2 for 2 extents, got 3",
     [](ModelSpec &m) { map(m).box.push_back(1); }},
    {"interface.parameters[0].map.swizzle: expected 0, 32, 64 or 128 B, got 16 B",
     [](ModelSpec &m) { map(m).swizzle = 16; }},
    {"programs[0].executables[2].variants: expected 1 to 16, got 0",
     [](ModelSpec &m) { program(m).executables[2].variants.clear(); }},
    {"programs[0].executables[0].variants[1].level: expected a new level, got 'x86-64-v3' of "
     "variants[0]",
     [](ModelSpec &m) {
       auto &variants = program(m).executables[0].variants;
       variants.push_back(variants[0]);
     }},
    {"programs[0].executables[0].variants[0].image: expected a section of kind kernels, got no "
     "section 'absent'",
     [](ModelSpec &m) { program(m).executables[0].variants[0].image = "absent"; }},
    {"programs[0].executables[0].variants[0].image: expected a section of kind kernels, got another "
     "kind, 'plan'",
     [](ModelSpec &m) { program(m).executables[0].variants[0].image = "plan"; }},
    {"programs[0].executables[0].variants[0].machine_code.image: expected a section of kind kernels, "
     "got no section 'absent'",
     [](ModelSpec &m) { program(m).executables[0].variants[0].machineCode = "absent"; }},
    {"programs[0].executables[0].variants[0].code_size: expected at most the image's ",
     [](ModelSpec &m) { program(m).executables[0].variants[0].codeSize = UINT32_MAX; }},

    {"programs[0].entries[1].name: expected a new name, got 'prefill' of entries[0]",
     [](ModelSpec &m) { program(m).entries[1].name = "prefill"; }},
    {"programs[0].entries: expected at most 64, got 65",
     [](ModelSpec &m) { program(m).entries.resize(65); }},
    {"programs[0].entries[0].exprs[6].a: expected an earlier expression, got 6",
     [](ModelSpec &m) { entry(m).exprs[6] = Expr(0, 6, 0, 0, ExprKind::add); }},
    {"programs[0].entries[0].role: expected at most 2, got 3",
     [](ModelSpec &m) { entry(m).role = static_cast<EntryRole>(3); }},
    {"programs[0].entries[1].role: expected a new role, got step of entries[0]",
     [](ModelSpec &m) { program(m).entries[1].role = EntryRole::step; }},
    {"programs[0].entries[0].arguments: expected distinct names, got 'tokens' twice",
     [](ModelSpec &m) { entry(m).arguments.push_back(argument(m)); }},
    {"programs[0].entries[0].arguments: expected at most 64, got 65",
     [](ModelSpec &m) { entry(m).arguments.assign(65, argument(m)); }},
    {"programs[0].entries[0].arguments[0].role: expected one of an argument, got logits",
     [](ModelSpec &m) { argument(m).role = PortRole::logits; }},
    {"programs[0].entries[0].arguments[0].role: expected one of an argument, got an unknown one",
     [](ModelSpec &m) { argument(m).role = static_cast<PortRole>(9); }},
    {"programs[0].entries[0].arguments[0].shape: expected at most 8 dimensions, got 9",
     [](ModelSpec &m) { argument(m) = {"x", ElementType::f32, std::vector<uint32_t>(9)}; }},
    {"programs[0].entries[0].arguments[5].block_table: expected an index below 1, got 7",
     [](ModelSpec &m) { entry(m).arguments[5].blockTable = 7; }},
    {"programs[0].entries[0].arguments[6].name: expected a kept result of an entry, got 'other'",
     [](ModelSpec &m) { kept(m).name = "other"; }},
    {"programs[0].entries[0].arguments[6].type: expected f32 for 'hidden', got f64",
     [](ModelSpec &m) { kept(m).type = ElementType::f64; }},
    {"programs[0].entries[0].arguments[6].shape: expected 1 dimensions for 'hidden', got 0",
     [](ModelSpec &m) { kept(m).shape.clear(); }},
    {"programs[0].entries[0].arguments[0].type: expected i32 for 'tokens', got i64",
     [](ModelSpec &m) { entry(m).arguments[0].type = ElementType::i64; }},
    {"programs[0].entries[0].arguments[0].shape: expected 1 dimensions for 'tokens', got 0",
     [](ModelSpec &m) { entry(m).arguments[0].shape.clear(); }},
    {"programs[0].entries[0].arguments[5].shape[1]: expected an expression below ",
     [](ModelSpec &m) { entry(m).arguments[5].shape[1] = 1000; }},
    {"programs[0].entries[0].results[0].role: expected value, logits or kept, got tokens",
     [](ModelSpec &m) { entry(m).results[0].role = PortRole::tokens; }},
    {"programs[0].entries[0].results[1].role: expected one result of logits, got another",
     [](ModelSpec &m) {
       entry(m).results.push_back(entry(m).results[0]);
       entry(m).results[1].name = "more";
     }},
    {"programs[0].entries[0].results[0].type: expected f32 for 'logits', got bf16",
     [](ModelSpec &m) { entry(m).results[0].type = ElementType::bf16; }},
    {"programs[0].entries[0].buffers[0].offset: expected an expression below ",
     [](ModelSpec &m) { entry(m).buffers[0].offset = UINT32_MAX; }},
    {"programs[0].entries[0].buffers[0].size: expected an expression below ",
     [](ModelSpec &m) { entry(m).buffers[0].size = UINT32_MAX; }},
    {"programs[0].entries[0].arena_size: expected an expression below ",
     [](ModelSpec &m) { entry(m).arenaSize = 1000; }},

    {"programs[0].entries[0].ops[0].executable: expected an index below 3, got 3",
     [](ModelSpec &m) { launch(m).executable = 3; }},
    {"programs[0].entries[0].ops[0].grid: expected 0 expressions, got 3",
     [](ModelSpec &m) { launch(m).grid.assign(3, 1); }},
    {"programs[0].entries[0].ops[0].bindings: expected 6 as in executable 'append', got 5",
     [](ModelSpec &m) { launch(m).bindings.pop_back(); }},
    {"programs[0].entries[0].ops[0].bindings[0].index: expected less than 6 for kind argument, got 6",
     [](ModelSpec &m) { launch(m).bindings[0] = Binding(6, BindingKind::argument); }},
    {"programs[0].entries[0].ops[0].bindings[0].index: expected less than 1 for kind result, got 1",
     [](ModelSpec &m) { launch(m).bindings[0] = Binding(1, BindingKind::result); }},
    {"programs[0].entries[0].ops[0].bindings[0].index: expected less than 1 for kind parameter, got 1",
     [](ModelSpec &m) { launch(m).bindings[0] = Binding(1, BindingKind::parameter); }},
    {"programs[0].entries[0].ops[0].bindings[5].index: expected less than 1 for kind state, got 1",
     [](ModelSpec &m) { launch(m).bindings[5] = Binding(1, BindingKind::state); }},
    {"programs[0].entries[0].ops[0].bindings[5].index: expected less than 1 for kind transient, got 4294967295",
     [](ModelSpec &m) { launch(m).bindings[5] = Binding(UINT32_MAX, BindingKind::transient); }},
    {"programs[0].entries[0].ops[0].bindings[0].kind: expected at most 5, got 6",
     [](ModelSpec &m) { launch(m).bindings[0] = Binding(0, static_cast<BindingKind>(6)); }},
    {"programs[0].entries[0].ops[0].bindings[5].kind: expected storage that executable 'append' may "
     "write, got parameter",
     [](ModelSpec &m) { launch(m).bindings[5] = Binding(0, BindingKind::parameter); }},
    {"programs[0].entries[0].ops[0].bindings[5].kind: expected storage that executable 'append' may "
     "write, got argument",
     [](ModelSpec &m) { launch(m).bindings[5] = Binding(0, BindingKind::argument); }},
    {"programs[0].entries[0].ops[0].bindings[0].index: expected less than 0 for kind slice, got 0",
     [](ModelSpec &m) { launch(m).bindings[0] = Binding(0, BindingKind::slice); }},
    {"programs[0].entries[0].ops[0].bindings[5].kind: expected storage that executable 'append' may "
     "write, got slice",
     [](ModelSpec &m) { slice(m), launch(m).bindings[5] = Binding(0, BindingKind::slice); }},
    {"programs[0].entries[0].ops[0].constants: expected 3 as in executable 'append', got 2",
     [](ModelSpec &m) { launch(m).constants.pop_back(); }},
    {"programs[0].entries[0].ops[0].constants[1]: expected an expression below ",
     [](ModelSpec &m) { launch(m).constants[1] = 1000; }},
    {"programs[0].entries[0].ops[0].flops: expected an expression below ",
     [](ModelSpec &m) { launch(m).flops = 1000; }},
    {"programs[0].entries[0].ops[0].bytes: expected an expression below ",
     [](ModelSpec &m) { launch(m).bytes = 1000; }},
    {"programs[0].entries[0].ops[1].condition: expected an expression below ",
     [](ModelSpec &m) { entry(m).ops[1].condition = 1000; }},
    {"programs[0].entries[0].ops[1].else_ops[0].executable: expected an index below 3, got 9",
     [](ModelSpec &m) { entry(m).ops[1].elseOps[0].launch.executable = 9; }},
    {"programs[0].entries[0].ops[2].binding.index: expected less than 1 for kind transient, got 5",
     [](ModelSpec &m) { tap(m).binding = Binding(5, BindingKind::transient); }},
    {"programs[0].entries[0].ops[2].type: expected at most 10, got 77",
     [](ModelSpec &m) { tap(m).type = static_cast<ElementType>(77); }},
    {"programs[0].entries[0].ops[2].shape: expected at most 8 dimensions, got 9",
     [](ModelSpec &m) { tap(m).shape.assign(9, 0); }},
    {"programs[0].entries[0].ops[2].shape[0]: expected an expression below ",
     [](ModelSpec &m) { tap(m).shape[0] = 1000; }},
    {"programs[0].entries[0].ops[0].body: expected a launch, a branch or a tap, got kind 9",
     [](ModelSpec &m) { entry(m).ops[0].kind = static_cast<OpBody>(9); }},
    {"programs[0].entries[0].ops[0].body: expected a launch, a branch or a tap, got a collective, which "
     "is reserved",
     [](ModelSpec &m) { entry(m).ops[0].kind = OpBody::Collective; }},
};

std::string parseMessage(const ModelSpec &model) {
  AlignedBytes copy(serialize(model));
  runtime::Artifact artifact;
  return runtime::Artifact::parse(copy.data(), copy.size(), artifact).message();
}

TEST(VerifyTest, EachField) {
  ASSERT_EQ(parseMessage(makeModel()), "ok");
  for (const Case &entry : kCases) {
    ModelSpec model = makeModel();
    entry.alter(model);
    std::string message = parseMessage(model);
    EXPECT_NE(message.find(entry.message), std::string::npos)
        << "expected " << entry.message << "\ngot      " << message;
  }
}

// What 1.x leaves to conventions is checked where it is translated.
TEST(VerifyTest, EachConventionOfVersion1) {
  const Case cases[] = {
      {"programs[0].states[1].page_size: expected 4 as in states[0], got 8",
       [](ModelSpec &m) {
         m.states.push_back(m.states[0]);
         m.states[1].name = "cache.1";
         m.states[1].pageSize = 8;
       }},
      {"programs[0].block_tables[0].page_size: expected 1 to 1048576, got 0",
       [](ModelSpec &m) { m.states[0].pageSize = 0; }},
      {"programs[0].states[0].row_shape[0]: expected at least 1, and at most 1048576 elements of a row, "
       "got 0",
       [](ModelSpec &m) { m.states[0].row = 0; }},
      {"programs[0].entries[0].arguments[0].name: expected an input of a step, got 'tokenz'",
       [](ModelSpec &m) { argument(m).name = "tokenz"; }},
      {"programs[0].entries[0].results: expected 1, got 0",
       [](ModelSpec &m) { entry(m).results.clear(); }},
      {"programs[0].entries[0].results[0].name: expected 'logits', got 'logit'",
       [](ModelSpec &m) { entry(m).results[0].name = "logit"; }},
      {"programs[0].entries[0].ops[0].grid: expected 3 expressions, got 2",
       [](ModelSpec &m) { launch(m).grid.pop_back(); }},
      {"programs[0].entries[0].ops[0].grid[2]: expected an expression below ",
       [](ModelSpec &m) { launch(m).grid[2] = 1000; }},
      {"programs[0].executables[1].variants[0].interface.scratch_bytes: expected at most 1073741824 B, got "
       "18446744073709551615 B",
       [](ModelSpec &m) { program(m).executables[1].scratchBytes = UINT64_MAX; }},
      {"programs[0].executables[1].constant_count: expected at most 256, got 257",
       [](ModelSpec &m) { program(m).executables[1].constantCount = 257; }},
      {"programs[0].entries[0].exprs[0].value: expected a dim below 9, got 9",
       [](ModelSpec &m) { entry(m).exprs[0] = Expr(9, 0, 0, 0, ExprKind::dim); }},
  };
  ASSERT_EQ(parseMessage(asVersion1(makeModel())), "ok");
  for (const Case &entry : cases) {
    ModelSpec model = asVersion1(makeModel());
    entry.alter(model);
    std::string message = parseMessage(model);
    EXPECT_NE(message.find(entry.message), std::string::npos)
        << "expected " << entry.message << "\ngot      " << message;
  }
}

// Branches inside branches, to the limit and one beyond.
TEST(VerifyTest, DepthOfBranches) {
  for (uint32_t depth : {kMaxBranchDepth, kMaxBranchDepth + 1, 20u, 31u, 100u}) {
    ModelSpec model = makeModel();
    EntrySpec &prefill = entry(model);
    OpSpec op = prefill.ops[0];
    for (uint32_t i = 0; i < depth; ++i) {
      OpSpec branch;
      branch.kind = OpBody::Branch;
      branch.thenOps = {op};
      op = branch;
    }
    prefill.ops[0] = op;
    std::string message = parseMessage(model);
    if (depth <= kMaxBranchDepth)
      EXPECT_EQ(message, "ok");
    else
      EXPECT_TRUE(message.find("expected at most 8 branches inside each other") !=
                      std::string::npos ||
                  message.find("malformed") != std::string::npos)
          << depth << ": " << message;
  }
}

// What only the device can check, at load.
TEST(VerifyTest, WhatTheDeviceRefuses) {
  TemporaryFolder folder;
  ContextHandle context = makeContext(1);
  const Case cases[] = {
      {"programs[0].kernel_abi: expected 1, got 2: compile the model again",
       [](ModelSpec &m) { program(m).kernelAbi = 2; }},
      {"programs: expected one of family 'cpu', got cuda",
       [](ModelSpec &m) { program(m).family = "cuda"; }},
      {"programs: expected one of family 'cpu', got none",
       [](ModelSpec &m) { m.programs.clear(); }},
      {"programs[0].executables[0] 'append': variants[0].interface.workgroup_size: expected 1 thread on "
       "the cpu device, got 32x1x1",
       [](ModelSpec &m) { interface(m).workgroupSize = {32, 1, 1}; }},
      {"variants[0].interface.static_shared_bytes: expected 0 B on the cpu device, got 16 B",
       [](ModelSpec &m) { interface(m).staticShared = 16; }},
      {"variants[0].interface.dynamic_shared: expected none on the cpu device, got an expression",
       [](ModelSpec &m) { interface(m).dynamicShared = 0; }},
      {"variants[0].interface.cluster: expected none on the cpu device, got 2x1x1",
       [](ModelSpec &m) { interface(m).cluster = {2, 1, 1}; }},
      {"variants[0].interface.cooperative: expected false on the cpu device, got true",
       [](ModelSpec &m) { interface(m).cooperative = true; }},
      {"variants[0].interface.parameters: expected none on the cpu device, whose kernel ABI fixes them, "
       "got 1, the first of kind tensor map",
       [](ModelSpec &m) { map(m); }},
      {"programs[0].slices[0]: expected a range within 44 B, got 20 B at 28",
       [](ModelSpec &m) {
         slice(m).offset = program(m).constant(28);
         entry(m).ops[3].launch.bindings[1] = Binding(0, BindingKind::slice);
       }},
      {"programs[0].executables: expected kernels of a level that device 'cpu' has, got none: "
       "executables[1] has no x86-64-v3",
       [](ModelSpec &m) { program(m).executables[1].variants[0].level = "x86-64-v7"; }},
      {"programs[0].image 'kernels.x86-64-v3': symbol: expected a function of the image, got no 'summ'",
       [](ModelSpec &m) { program(m).executables[1].variants[0].symbol = "summ"; }},
      {"programs[0].image 'kernels.x86-64-v3': e_ident: expected an ELF file",
       [](ModelSpec &m) { m.sections[0].data.assign(5000, 1); }},
  };
  for (const Case &entry : cases) {
    ModelSpec model = makeModel();
    entry.alter(model);
    std::string path = writeModel(folder, model), error;
    loadModule(context.get(), path, &error);
    EXPECT_EQ(error.find(path + ": "), 0u) << error;
    EXPECT_NE(error.find(entry.message), std::string::npos)
        << "expected " << entry.message << "\ngot      " << error;
    // For inspection it is good enough.
    loadModule(context.get(), path, nullptr, true);
  }
}

TEST(VerifyTest, NamesInMessagesAreOneLine) {
  ModelSpec model = makeModel();
  model.parameters[0].name = "wei\nght\x1b[31m";
  model.parameters[0].file = 3;
  std::string message = parseMessage(model);
  EXPECT_EQ(message, "parameters[0] 'wei?ght?[31m': file: expected an index below 1, got 3");
}

} // namespace
} // namespace hadal::test
