// SPDX-License-Identifier: Apache-2.0
// Artifacts of each schema version still load and compute the same; the example
// program runs them from C.
#include "TestDevices.h"
#include "core/Artifact.h"

#include <cstdio>
#include <numeric>

namespace hadal::test {
namespace {

std::string frozen(const char *version) {
  return std::string(HADAL_TEST_FROZEN) + "/" + version + ".hadal";
}

TEST(CompatibilityTest, FrozenArtifactsRun) {
  for (const char *version : {"v1.0", "v1.1", "v2.0", "v2.1"}) {
    ContextHandle context = makeContext(2);
    ModuleHandle module = loadModule(context.get(), frozen(version));
    ASSERT_TRUE(module);
    SessionHandle session = makeSession(module.get(), 2, 16);
    std::vector<float> logits;
    ASSERT_EQ(runStep(session.get(), StepSpec().add(1, 0, {1, 2, 3}), &logits), "ok");
    EXPECT_EQ(logits, expectedLogits(6));
    ASSERT_EQ(runStep(session.get(), StepSpec().add(1, 3, {4}), &logits), "ok");
    EXPECT_EQ(logits, expectedLogits(10));
    EXPECT_EQ(hadal_module_machine_code(module.get()), std::string(version) == "v2.1" ? 3u : 0u);
  }
}

// What the states model computes, of all its entries, as bytes.
Bytes runStates(hadal_context_t *context, const std::string &path) {
  Bytes all;
  ModuleHandle module = loadModule(context, path);
  hadal_named_value_t drafts = {"drafts", 2}, scale = {"scale", 3};
  hadal_page_pool_t pool = {"full", 70};
  hadal_session_options_t options = {sizeof options, 2, 260, 5, 1, &drafts, &pool, 1, 0};
  hadal_session_t *made = nullptr;
  require("hadal_session_create", take(hadal_session_create(module.get(), &options, &made)));
  SessionHandle session(made);
  std::vector<int32_t> pages(65);
  std::iota(pages.rbegin(), pages.rend(), 3);
  require("hadal_session_set_pages",
          take(hadal_session_set_pages(session.get(), "full", 1, 0, pages.data(), 65)));
  auto call = [&](const char *entry, const hadal_step_t *step,
                  const hadal_call_argument_t *argument, std::vector<hadal_call_result_t> results) {
    hadal_call_t call = {sizeof call,
                         entry,
                         step,
                         argument,
                         argument ? 1u : 0,
                         static_cast<uint32_t>(results.size()),
                         results.data(),
                         &scale,
                         1};
    require(entry, take(hadal_session_call(session.get(), &call)));
    for (const hadal_call_result_t &result : results) {
      const auto *bytes = static_cast<const uint8_t *>(result.data);
      all.insert(all.end(), bytes, bytes + result.size);
    }
  };
  float turned[kTurned], bias[2] = {1, 10};
  int64_t two = 2;
  hadal_call_argument_t argument = {"bias", bias, sizeof bias, 1, &two};
  for (int32_t p = 0; p + 5 <= 260; p += 5) {
    StepSpec spec = StepSpec().add(1, p, {p % 11, 1, 2, 3, 4});
    hadal_step_t step = spec.view();
    float hidden[5], drafted[5];
    double sums[3];
    call("main", &step, nullptr, {{"sums", sums, sizeof sums}, {"hidden", hidden, sizeof hidden}});
    call("draft", nullptr, &argument, {{"drafted", drafted, sizeof drafted}});
  }
  call("turn", nullptr, nullptr, {{"turned", turned, sizeof turned}});
  return all;
}

// What 2.0 added: states of several rates, tables of the caller's, a ring, named dims, entries by name,
// kept results, slices, rotary tables, a workspace.
TEST(CompatibilityTest, FrozenStatesRun) {
  TemporaryFolder folder;
  std::string today = writeModel(folder, makeStatesModel());
  ContextHandle cpu = makeContext(2),
                separate = makeContextOf(std::make_unique<SeparateCpuDevice>());
  for (hadal_context_t *context : {cpu.get(), separate.get()}) {
    Bytes results = runStates(context, frozen("v2.0.states"));
    EXPECT_EQ(runtime::hashBytes(results.data(), results.size()), 0x3a9f0fd27be79f86u);
    EXPECT_EQ(results, runStates(context, today));
  }
}

// They never change, or they would prove nothing.
TEST(CompatibilityTest, FrozenArtifactsAreTheirOwn) {
  const struct {
    const char *version;
    uint64_t artifact, weights;
  } files[] = {{"v1.0", 0x22a3e1c2f6f32de1u, 0x719ecd1b2b04aa51u},
               {"v1.1", 0x90d6b527b1fb4cb3u, 0x719ecd1b2b04aa51u},
               {"v2.0", 0x7bcb781c99944a72u, 0x719ecd1b2b04aa51u},
               {"v2.0.states", 0x99bcb9047bc6b4b1u, 0x719ecd1b2b04aa51u},
               {"v2.1", 0x5a686d46fe077fb0u, 0x719ecd1b2b04aa51u}};
  for (const auto &file : files) {
    Bytes artifact = readFile(frozen(file.version));
    Bytes weights =
        readFile(std::string(HADAL_TEST_FROZEN) + "/" + file.version + ".weights.safetensors");
    EXPECT_EQ(runtime::hashBytes(artifact.data(), artifact.size()), file.artifact) << file.version;
    EXPECT_EQ(runtime::hashBytes(weights.data(), weights.size()), file.weights) << file.version;
  }
}

// The output and the exit code of a command.
std::string run(const std::string &command, int *code) {
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  std::string output;
  char buffer[256];
  while (pipe && std::fgets(buffer, sizeof buffer, pipe))
    output += buffer;
  *code = pipe ? WEXITSTATUS(pclose(pipe)) : -1;
  return output;
}

TEST(CompatibilityTest, TheExampleGeneratesGreedily) {
  int code = 0;
  std::string embed = HADAL_TEST_EMBED;
  // The largest weight is that of the last id, whatever the prompt.
  EXPECT_EQ(run(embed + " " + frozen("v1.0") + " 3 1 2", &code), "10,10,10\n");
  EXPECT_EQ(code, 0);
  EXPECT_EQ(run(embed + " " + frozen("v1.0") + " 3 1 11", &code),
            "embed: error: step.tokens[1]: expected an id below 11, got 11\n");
  EXPECT_EQ(code, 1);
  EXPECT_EQ(run(embed + " absent.hadal 1 1", &code),
            "embed: error: absent.hadal: cannot open: No such file or directory\n");
  EXPECT_EQ(code, 1);
  run(embed, &code);
  EXPECT_EQ(code, 2);
}

} // namespace
} // namespace hadal::test
