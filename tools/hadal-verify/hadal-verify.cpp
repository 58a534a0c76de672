// SPDX-License-Identifier: Apache-2.0
// hadal-verify: compares a compiled model with expected results, and its weights with their checksums.
#include "Bisect.h"
#include "Comparison.h"
#include "support/CommandLine.h"
#include "support/Diagnostics.h"

using namespace hadal;
using namespace hadal::tools;

/// Compares with the artifact of the expansions, value by value; the exit code.
static int runBisection(Model &model, const CommandLine &line, uint32_t chunk) {
  ModelOptions options;
  options.device = line.text("plain-device", options.device);
  Model plain(line.text("bisect"), options);
  TestSteps steps = line.positionals().size() == 2
                        ? stepsOf(model, SafetensorsFile(line.positionals()[1]), chunk)
                        : makeSteps(model.info());
  std::optional<double> tolerance;
  if (line.has("tolerance"))
    tolerance = line.number("tolerance", 0, 0, 1);
  Bisection result = bisect(model, plain, steps, tolerance);
  if (line.has("json"))
    print(jsonBisection(result, model, steps));
  else
    printBisection(result, model, steps);
  return result.op ? 1 : 0;
}

int main(int argc, char **argv) {
  setToolName("hadal-verify");
  CommandLine line(
      "MODEL.hadal [EXPECTED.safetensors] [--weights] [options]",
      "Compares logits and greedy continuations with those of a reference. A model of\n"
      "precision reference passes when no logit is off by more than 1e-4 of the largest\n"
      "one and the continuations are equal; a native one, when its median error over\n"
      "positions is at most that of the reference in bf16. On a failure it says which\n"
      "layer diverges first and which kernels computed it. With --bisect, it compares what\n"
      "each op makes with what the op's expansion makes of the same, and names the first\n"
      "op, and the first launch of it, that differs. Exit code 1: it failed.",
      {{"weights", Option::optionalValue, "DIR",
        "compare the weights with their checksums; DIR: where to look for them"},
       {"tolerance", Option::value, "X", "largest error, of the largest logit (1e-4)"},
       {"bisect", Option::value, "PLAIN.hadal",
        "the same model, compiled with --plain --taps, and this one with --taps; of EXPECTED "
        "the prompts are taken"},
       {"plain-device", Option::value, "NAME", "where to run PLAIN.hadal (cpu)"},
       {"json", Option::flag, "", "print the report as JSON"},
       {"chunk", Option::value, "N", "at most so many tokens of a prompt in one step (all)"},
       {"device", Option::value, "NAME",
        "where to run: cpu, or a device library by name or path (cpu)"},
       {"threads", Option::value, "N", "threads that execute kernels (as many as cores)"}});
  line.parse(argc, argv);
  size_t words = line.positionals().size();
  bool weights = line.has("weights");
  bool bisects = line.has("bisect");
  if (words != 2 && !(words == 1 && (weights || bisects)))
    failUsage(words == 0 ? "expected a model and expected results, got none"
                         : "expected one model, and expected results, --weights or --bisect");
  if (bisects && line.text("bisect").empty())
    failUsage("expected an artifact for --bisect, got none");
  if (line.has("plain-device") && !bisects)
    failUsage("expected --plain-device with --bisect");
  double tolerance = line.number("tolerance", 1e-4, 0, 1);
  auto chunk = static_cast<uint32_t>(line.integer("chunk", UINT32_MAX, 1, UINT32_MAX));

  Model model(line.positionals()[0], modelOptions(line, /*weightsIsDirectory=*/true));
  if (bisects)
    return runBisection(model, line, chunk);
  std::vector<Problem> damaged;
  if (weights) {
    uint64_t bytes = verifyWeights(model, damaged);
    if (damaged.empty() && !line.has("json"))
      print(format("weights: %u parameters, %llu bytes as packed\n",
                   hadal_module_parameter_count(model.module()),
                   static_cast<unsigned long long>(bytes)));
  }
  Verification result;
  if (words == 2) {
    SafetensorsFile expected(line.positionals()[1]);
    result = verifyModel(model, expected, chunk, tolerance);
  }
  std::vector<Problem> wrong = result.failures;
  result.failures.insert(result.failures.begin(), damaged.begin(), damaged.end());
  if (line.has("json"))
    print(jsonReport(result, model));
  else if (words == 2)
    printReport(result, model, tolerance);
  printFailures(damaged, "parameters", model);
  printFailures(wrong, "prompts", model);
  return result.failures.empty() ? 0 : 1;
}
