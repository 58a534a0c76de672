// SPDX-License-Identifier: Apache-2.0
// Artifacts of each schema version still load and compute the same; the example
// program runs them from C.
#include "Run.h"
#include "core/Artifact.h"

#include <cstdio>

namespace hadal::test {
namespace {

std::string frozen(const char *version) {
  return std::string(HADAL_TEST_FROZEN) + "/" + version + ".hadal";
}

TEST(CompatibilityTest, FrozenArtifactsRun) {
  for (const char *version : {"v1.0", "v1.1", "v2.0"}) {
    ContextHandle context = makeContext(2);
    ModuleHandle module = loadModule(context.get(), frozen(version));
    ASSERT_TRUE(module);
    SessionHandle session = makeSession(module.get(), 2, 16);
    std::vector<float> logits;
    ASSERT_EQ(runStep(session.get(), StepSpec().add(1, 0, {1, 2, 3}), &logits), "ok");
    EXPECT_EQ(logits, expectedLogits(6));
    ASSERT_EQ(runStep(session.get(), StepSpec().add(1, 3, {4}), &logits), "ok");
    EXPECT_EQ(logits, expectedLogits(10));
  }
}

// They never change, or they would prove nothing.
TEST(CompatibilityTest, FrozenArtifactsAreTheirOwn) {
  const struct {
    const char *version;
    uint64_t artifact, weights;
  } files[] = {{"v1.0", 0x22a3e1c2f6f32de1u, 0x719ecd1b2b04aa51u},
               {"v1.1", 0x90d6b527b1fb4cb3u, 0x719ecd1b2b04aa51u},
               {"v2.0", 0x7bcb781c99944a72u, 0x719ecd1b2b04aa51u}};
  for (const auto &file : files) {
    Bytes artifact = readFile(frozen(file.version));
    Bytes weights = readFile(std::string(HADAL_TEST_FROZEN) + "/" + file.version + ".weights.safetensors");
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
