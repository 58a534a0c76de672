// SPDX-License-Identifier: Apache-2.0
// One case after the other, level by level.
#include "Suite.h"
#include "Case.h"
#include "WeightsFile.h"

#include <cstdio>

namespace hadal::conformance {
namespace {

/// A case with its weights in the suite's folder, to be compiled for any level.
class Prepared {
public:
  Prepared(const Suite &suite, const CaseEntry &entry) : suite(suite) {
    entry.build(built);
    weights = std::make_unique<WeightsFile>(suite.folder, built.weights);
    text = built.module(weights->attributes,
                        [&](const std::string &name) { return weights->sourcesOf(name); });
  }

  const std::string &problem() const { return weights->problem; }
  const Case &get() const { return built; }
  Compiled compile(const std::string &level, const std::string &artifact) const {
    return compile(level, artifact, suite.plain);
  }
  Compiled compile(const std::string &level, const std::string &artifact, bool plain) const {
    return compileModule(
        {suite.targets, suite.target, level, built.precision, built.attention, plain}, text,
        artifact);
  }

private:
  const Suite &suite;
  Case built;
  std::unique_ptr<WeightsFile> weights;
  std::string text;
};

} // namespace

std::vector<Outcome> runCase(const Suite &suite, const CaseEntry &entry) {
  Prepared prepared(suite, entry);
  if (!prepared.problem().empty())
    return {whole(Outcome::failed, "", prepared.problem())};
  return runLevels(
      suite,
      [&](const std::string &level, const std::string &artifact) {
        return prepared.compile(level, artifact);
      },
      [&](hadal_module_t *module, const std::string &) {
        return runEdges(module, prepared.get());
      });
}

std::vector<Outcome> runCaseAgainst(const Suite &suite, const CaseEntry &entry) {
  Prepared prepared(suite, entry);
  if (!prepared.problem().empty())
    return {whole(Outcome::failed, "", prepared.problem())};
  std::string problem, path = suite.folder + "/plain.hadal";
  Compiled compiled = prepared.compile(suite.levels.front(), path, /*plain=*/true);
  if (compiled.kind != Compiled::done)
    return {whole(Outcome::failed, "", "its expansion: " + compiled.why)};
  Owned<hadal_context_t> context = openDevice(suite.device, problem);
  Owned<hadal_module_t> plain = context ? loadModule(context.get(), path, problem) : nullptr;
  if (!plain)
    return {whole(Outcome::failed, "", problem)};
  return runLevels(
      suite,
      [&](const std::string &level, const std::string &artifact) {
        return prepared.compile(level, artifact, /*plain=*/false);
      },
      [&](hadal_module_t *module, const std::string &) {
        std::vector<Outcome> outcomes;
        for (const Edge &edge : prepared.get().edges)
          outcomes.push_back(runEdgeAgainst(module, plain.get(), edge));
        return outcomes;
      });
}

std::vector<Outcome> saveCase(const Suite &suite, const CaseEntry &entry) {
  Prepared prepared(suite, entry);
  if (!prepared.problem().empty())
    return {whole(Outcome::failed, "", prepared.problem())};
  std::vector<Outcome> outcomes;
  for (const std::string &level : suite.levels) {
    Compiled compiled = prepared.compile(level, artifactOf(suite, level));
    outcomes.push_back(outcomeOf(compiled, level));
  }
  // What kernels read is in each artifact's own file of weights.
  std::remove(WeightsFile::pathIn(suite.folder).c_str());
  return outcomes;
}

} // namespace hadal::conformance
