// SPDX-License-Identifier: Apache-2.0
// Finds, compiles and runs models with expected results.
#include "Goldens.h"
#include "Run.h"
#include "hadal-verify/Comparison.h"

#include <algorithm>
#include <filesystem>

namespace hadal::conformance {

/// The largest error of a logit, as a part of the largest logit.
static constexpr double kTolerance = 1e-4;

std::vector<Golden> findGoldens(const std::string &folder) {
  std::vector<Golden> goldens;
  std::error_code failed;
  for (const auto &entry : std::filesystem::directory_iterator(folder, failed)) {
    std::string path = entry.path().string(), expected = path + "/expected.safetensors";
    if (!std::filesystem::exists(path + "/config.json") || !std::filesystem::exists(expected))
      continue;
    std::string name = "goldens/" + entry.path().filename().string() + "/";
    goldens.push_back({name + "reference", path, "reference"});
    // How far bf16 may be off is told by what the reference's own bf16 is.
    if (tools::SafetensorsFile(expected).has("bf16_error.0"))
      goldens.push_back({name + "native", path, "native"});
  }
  std::sort(goldens.begin(), goldens.end(),
            [](const Golden &a, const Golden &b) { return a.name < b.name; });
  return goldens;
}

static Outcome verify(const Suite &suite, const Golden &golden, const std::string &artifact) {
  tools::ModelOptions options;
  options.device = suite.device;
  tools::Model model(artifact, options);
  tools::SafetensorsFile expected(golden.folder + "/expected.safetensors");
  tools::Verification result = tools::verifyModel(model, expected, UINT32_MAX, kTolerance);
  Outcome outcome;
  outcome.kind = result.failures.empty() ? Outcome::passed : Outcome::failed;
  outcome.edge = "logits and greedy tokens";
  if (golden.precision == "reference") {
    outcome.limit = kTolerance;
    for (const tools::PromptResult &prompt : result.prompts)
      outcome.error = std::max(outcome.error, prompt.logits.ofLargest());
  } else {
    outcome.limit = result.bf16Median;
    outcome.error = result.median;
  }
  for (const Problem &failure : result.failures)
    outcome.text += (outcome.text.empty() ? "" : "; ") + failure.str();
  return outcome;
}

std::vector<Outcome> runGolden(const Suite &suite, const Golden &golden) {
  return runLevels(
      suite,
      [&](const std::string &level, const std::string &artifact) {
        return compileCheckpoint(
            {suite.targets, suite.target, level, golden.precision, "auto", suite.plain},
            golden.folder, artifact);
      },
      [&](hadal_module_t *, const std::string &artifact) {
        return std::vector<Outcome>{verify(suite, golden, artifact)};
      });
}

} // namespace hadal::conformance
