// SPDX-License-Identifier: Apache-2.0
// Artifacts of one device, level by level.
#include "Levels.h"
#include "Children.h"
#include "Run.h"

namespace hadal::conformance {

Owned<hadal_context_t> openDevice(const std::string &device, std::string &problem) {
  hadal_context_options_t options = {};
  options.struct_size = sizeof options;
  options.device = device.c_str();
  hadal_context_t *context = nullptr;
  problem = messageOf(hadal_context_create(&options, &context));
  return Owned<hadal_context_t>(context);
}

Owned<hadal_module_t> loadModule(hadal_context_t *context, const std::string &artifact,
                                 std::string &problem) {
  hadal_module_t *module = nullptr;
  problem = messageOf(hadal_module_load(context, artifact.c_str(), nullptr, &module));
  return Owned<hadal_module_t>(module);
}

Outcome whole(Outcome::Kind kind, const std::string &level, const std::string &text) {
  Outcome outcome;
  outcome.kind = kind;
  outcome.level = level;
  outcome.text = text;
  return outcome;
}

Outcome outcomeOf(const Compiled &compiled, const std::string &level) {
  return whole(compiled.kind == Compiled::done          ? Outcome::passed
               : compiled.kind == Compiled::unsupported ? Outcome::unsupported
                                                        : Outcome::failed,
               level, compiled.why);
}

std::string artifactOf(const DeviceRun &run, const std::string &level) {
  return run.folder + "/" + level + ".hadal";
}

std::vector<Outcome> runLevels(const DeviceRun &where, const Compile &compile,
                               const RunModule &run) {
  std::string problem;
  Owned<hadal_context_t> context = openDevice(where.device, problem);
  if (!context)
    return {whole(Outcome::failed, "", problem)};
  std::vector<Outcome> outcomes;
  for (const std::string &level : where.levels) {
    std::string artifact = artifactOf(where, level);
    Compiled compiled = compile(level, artifact);
    if (compiled.kind != Compiled::done) {
      outcomes.push_back(outcomeOf(compiled, level));
      continue;
    }
    Owned<hadal_module_t> module = loadModule(context.get(), artifact, problem);
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

std::vector<Outcome> runEdges(hadal_module_t *module, const Case &built) {
  std::vector<Outcome> outcomes;
  for (const Edge &edge : built.edges)
    outcomes.push_back(runEdge(module, edge));
  return outcomes;
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
