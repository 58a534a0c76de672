// SPDX-License-Identifier: Apache-2.0
// One case after the other, level by level.
#include "Suite.h"
#include "Case.h"
#include "Children.h"
#include "Run.h"
#include "WeightsFile.h"

namespace hadal::conformance {
namespace {

Owned<hadal_context_t> openDevice(const std::string &device, std::string &problem) {
  hadal_context_options_t options = {};
  options.struct_size = sizeof options;
  options.device = device.c_str();
  hadal_context_t *context = nullptr;
  problem = messageOf(hadal_context_create(&options, &context));
  return Owned<hadal_context_t>(context);
}

Outcome whole(Outcome::Kind kind, const std::string &level, const std::string &text) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.level = level;
  outcome.text = text;
  return outcome;
}

} // namespace

std::vector<Outcome> runLevels(
    const Suite &suite,
    const std::function<Compiled(const std::string &level, const std::string &artifact)> &compile,
    const std::function<std::vector<Outcome>(hadal_module_t *, const std::string &artifact)> &run) {
  std::string problem;
  Owned<hadal_context_t> context = openDevice(suite.device, problem);
  if (!context)
    return {whole(Outcome::failed, "", problem)};
  std::vector<Outcome> outcomes;
  for (const std::string &level : suite.levels) {
    std::string artifact = suite.folder + "/" + level + ".hadal";
    Compiled compiled = compile(level, artifact);
    if (compiled.kind != Compiled::done) {
      outcomes.push_back(
          whole(compiled.kind == Compiled::unsupported ? Outcome::unsupported : Outcome::failed,
                level, compiled.why));
      continue;
    }
    hadal_module_t *loaded = nullptr;
    problem = messageOf(hadal_module_load(context.get(), artifact.c_str(), nullptr, &loaded));
    Owned<hadal_module_t> module(loaded);
    if (!module) {
      outcomes.push_back(whole(Outcome::failed, level, problem));
      continue;
    }
    for (Outcome &outcome : run(module.get(), artifact)) {
      outcome.level = level;
      outcomes.push_back(std::move(outcome));
    }
  }
  return outcomes;
}

std::vector<Outcome> runCase(const Suite &suite, const CaseEntry &entry) {
  Case built;
  entry.build(built);
  WeightsFile weights(suite.folder, built.weights);
  if (!weights.problem.empty())
    return {whole(Outcome::failed, "", weights.problem)};
  std::string text = built.module(weights.attributes,
                                  [&](const std::string &name) { return weights.sourcesOf(name); });
  return runLevels(
      suite,
      [&](const std::string &level, const std::string &artifact) {
        return compileModule(
            {suite.targets, suite.target, level, built.precision, built.attention, suite.plain},
            text, artifact);
      },
      [&](hadal_module_t *module, const std::string &) {
        std::vector<Outcome> outcomes;
        for (const Edge &edge : built.edges)
          outcomes.push_back(runEdge(module, edge));
        return outcomes;
      });
}

DeviceFacts askDevice(const std::string &device) {
  DeviceFacts facts;
  auto ask = [&](size_t) {
    std::string problem;
    Owned<hadal_context_t> context = openDevice(device, problem);
    if (!context)
      return std::vector<Outcome>{whole(Outcome::failed, "", problem)};
    std::vector<Outcome> levels;
    uint32_t count = 0;
    const char *const *names = hadal_context_levels(context.get(), &count);
    for (uint32_t i = 0; i < count; ++i)
      levels.push_back(whole(Outcome::passed, names[i], ""));
    return levels;
  };
  runInChildren(1, 1, /*seconds=*/60, ask, [&](size_t, std::vector<Outcome> answers) {
    for (const Outcome &answer : answers)
      if (answer.kind == Outcome::passed)
        facts.levels.push_back(answer.level);
      else
        facts.problem = answer.text;
  });
  return facts;
}

} // namespace hadal::conformance
