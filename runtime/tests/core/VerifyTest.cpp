// SPDX-License-Identifier: Apache-2.0
// Each check of the plan: one wrong field, and the message that names it.
#include "Run.h"
#include "core/Artifact.h"
#include "core/Verify.h"

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
    {"parameters[0] 'weight': type: expected at most 7, got 200",
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
    {"got offset 18446744073709551552", [](ModelSpec &m) { parameter(m).offset = UINT64_MAX - 63; }},
    {"parameters[0] 'weight': offset: expected 44 B within the file's ",
     [](ModelSpec &m) { parameter(m).offset += 64; }},
    {"states[0].type: expected at most 7, got 8",
     [](ModelSpec &m) { m.states[0].type = static_cast<ElementType>(8); }},
    {"states[0].page_size: expected 1 to 1048576, got 0", [](ModelSpec &m) { m.states[0].pageSize = 0; }},
    {"states[0].row: expected 1 to 1048576, got 4294967295",
     [](ModelSpec &m) { m.states[0].row = UINT32_MAX; }},
    {"states[1].page_size: expected 4 as in states[0], got 8",
     [](ModelSpec &m) { m.states.push_back({"cache.1", ElementType::f32, 8, 1}); }},
    {"states: expected distinct names, got 'cache.0' twice",
     [](ModelSpec &m) { m.states.push_back(m.states[0]); }},
    {"programs: expected at most 16, got 17",
     [](ModelSpec &m) { m.programs.assign(17, ProgramSpec()); }},

    {"programs[0].executables[0].bindings: expected at most 64, got 65",
     [](ModelSpec &m) { program(m).executables[0].bindings.assign(65, Access::read); }},
    {"programs[0].executables[0].bindings[1]: expected at most 2, got 3",
     [](ModelSpec &m) { program(m).executables[0].bindings[1] = static_cast<Access>(3); }},
    {"programs[0].executables[1].constant_count: expected at most 256, got 257",
     [](ModelSpec &m) { program(m).executables[1].constantCount = 257; }},
    {"programs[0].executables[1].scratch_bytes: expected at most 1073741824 B, got "
     "18446744073709551615 B",
     [](ModelSpec &m) { program(m).executables[1].scratchBytes = UINT64_MAX; }},
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
    {"programs[0].executables[0].variants[0].code_size: expected at most the image's ",
     [](ModelSpec &m) { program(m).executables[0].variants[0].codeSize = UINT32_MAX; }},

    {"programs[0].entries[1].name: expected a new name, got 'prefill' of entries[0]",
     [](ModelSpec &m) { program(m).entries[1].name = "prefill"; }},
    {"programs[0].entries: expected at most 64, got 65",
     [](ModelSpec &m) { program(m).entries.resize(65); }},
    {"programs[0].entries[0].exprs[6].a: expected an earlier expression, got 6",
     [](ModelSpec &m) { entry(m).exprs[6] = Expr(0, 6, 0, 0, ExprKind::add); }},
    {"programs[0].entries[0].arguments: expected at most 6, got 7",
     [](ModelSpec &m) { entry(m).arguments.push_back(entry(m).arguments[0]); }},
    {"programs[0].entries[0].arguments[0].name: expected an input of a step, got 'tokenz'",
     [](ModelSpec &m) { entry(m).arguments[0].name = "tokenz"; }},
    {"programs[0].entries[0].arguments[0].type: expected i32 for 'tokens', got i64",
     [](ModelSpec &m) { entry(m).arguments[0].type = ElementType::i64; }},
    {"programs[0].entries[0].arguments[0].shape: expected 1 dimensions for 'tokens', got 0",
     [](ModelSpec &m) { entry(m).arguments[0].shape.clear(); }},
    {"programs[0].entries[0].arguments[5].shape[1]: expected an expression below ",
     [](ModelSpec &m) { entry(m).arguments[5].shape[1] = 1000; }},
    {"programs[0].entries[0].results: expected 1, got 0",
     [](ModelSpec &m) { entry(m).results.clear(); }},
    {"programs[0].entries[0].results[0].name: expected 'logits', got 'logit'",
     [](ModelSpec &m) { entry(m).results[0].name = "logit"; }},
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
    {"programs[0].entries[0].ops[0].grid: expected 3 expressions, got 2",
     [](ModelSpec &m) { launch(m).grid.pop_back(); }},
    {"programs[0].entries[0].ops[0].grid[2]: expected an expression below ",
     [](ModelSpec &m) { launch(m).grid[2] = 1000; }},
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
    {"programs[0].entries[0].ops[0].bindings[0].kind: expected at most 4, got 5",
     [](ModelSpec &m) { launch(m).bindings[0] = Binding(0, static_cast<BindingKind>(5)); }},
    {"programs[0].entries[0].ops[0].bindings[5].kind: expected storage that executable 'append' may "
     "write, got parameter",
     [](ModelSpec &m) { launch(m).bindings[5] = Binding(0, BindingKind::parameter); }},
    {"programs[0].entries[0].ops[0].bindings[5].kind: expected storage that executable 'append' may "
     "write, got argument",
     [](ModelSpec &m) { launch(m).bindings[5] = Binding(0, BindingKind::argument); }},
    {"programs[0].entries[0].ops[0].constants: expected 2 as in executable 'append', got 1",
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
    {"programs[0].entries[0].ops[2].type: expected at most 7, got 77",
     [](ModelSpec &m) { tap(m).type = static_cast<ElementType>(77); }},
    {"programs[0].entries[0].ops[2].shape: expected at most 8 dimensions, got 9",
     [](ModelSpec &m) { tap(m).shape.assign(9, 0); }},
    {"programs[0].entries[0].ops[2].shape[0]: expected an expression below ",
     [](ModelSpec &m) { tap(m).shape[0] = 1000; }},
    {"programs[0].entries[0].ops[0].body: expected a launch, a branch or a tap, got kind 9",
     [](ModelSpec &m) { entry(m).ops[0].kind = static_cast<OpBody>(9); }},
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

// Branches inside branches, to the limit and one beyond.
TEST(VerifyTest, DepthOfBranches) {
  for (uint32_t depth : {runtime::kMaxBranchDepth, runtime::kMaxBranchDepth + 1, 20u, 31u, 100u}) {
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
    if (depth <= runtime::kMaxBranchDepth)
      EXPECT_EQ(message, "ok");
    else
      EXPECT_TRUE(message.find("expected at most 8 branches inside each other") != std::string::npos ||
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
      {"programs: expected one of family 'cpu', got none", [](ModelSpec &m) { m.programs.clear(); }},
      {"programs[0].entries: expected 'prefill', got none",
       [](ModelSpec &m) { entry(m).name = "something"; }},
      {"programs[0].executables: expected kernels of a level that this CPU has, got none: "
       "executables[1] has no x86-64-v3",
       [](ModelSpec &m) { program(m).executables[1].variants[0].level = "x86-64-v7"; }},
      {"programs[0].executables[1] 'sum': symbol: expected a function in image 'kernels.x86-64-v3', "
       "got no 'summ'",
       [](ModelSpec &m) { program(m).executables[1].variants[0].symbol = "summ"; }},
      {"programs[0].executables[0] 'append': image 'kernels.x86-64-v3': e_ident: expected an ELF file",
       [](ModelSpec &m) { m.sections[0].data.assign(5000, 1); }},
  };
  for (const Case &entry : cases) {
    ModelSpec model = makeModel();
    entry.alter(model);
    std::string path = writeModel(folder, model), error;
    loadModule(context.get(), path, &error);
    EXPECT_NE(error.find(path + ": " + entry.message), std::string::npos)
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
