// SPDX-License-Identifier: Apache-2.0
// hadal-conformance-run: runs what hadal-conformance --save has compiled, where there is no compiler.
#include "Case.h"
#include "Children.h"
#include "Levels.h"
#include "Report.h"
#include "Saved.h"
#include "support/CommandLine.h"
#include "support/Diagnostics.h"

#include <algorithm>
#include <thread>

#include <unistd.h>

using namespace hadal::conformance;
using namespace hadal::tools;

namespace {

/// Levels that were saved and the device has, best first.
std::vector<std::string> commonLevels(const Saved &saved, const std::string &device,
                                      const DeviceFacts &facts) {
  std::vector<std::string> common;
  for (const std::string &level : saved.levels())
    if (std::find(facts.levels.begin(), facts.levels.end(), level) != facts.levels.end())
      common.push_back(level);
  if (common.empty())
    fail("expected a level that device '" + device + "' has, got kernels for " +
         saved.levels().front() + (saved.levels().size() > 1 ? " and others" : ""));
  return common;
}

Compiled savedArtifact(const std::string &artifact) {
  if (access(artifact.c_str(), R_OK) == 0)
    return {Compiled::done, ""};
  return {Compiled::unsupported, "the target has no kernel for it, or it was not saved"};
}

std::vector<Outcome> runSaved(const CaseEntry &entry, const DeviceRun &where) {
  if (where.folder.empty())
    return {whole(Outcome::failed, "",
                  "expected artifacts of the case, got none: save with this version")};
  Case built;
  entry.build(built);
  return runLevels(
      where,
      [](const std::string &, const std::string &artifact) { return savedArtifact(artifact); },
      [&](hadal_module_t *module, const std::string &) { return runEdges(module, built); });
}

/// Those that the filter names, or all that were saved.
std::vector<CaseEntry> chooseCases(const CommandLine &line, const Saved &saved) {
  std::vector<CaseEntry> cases;
  bool isFiltered = line.has("filter");
  for (CaseEntry &entry : allCases())
    if (isFiltered ? isChosen(entry.name, line.text("filter"))
                   : !saved.folderOf(entry.name).empty())
      cases.push_back(std::move(entry));
  if (isFiltered && cases.empty())
    failUsage("expected a --filter that names a case, got '" + line.text("filter") + "'");
  if (!isFiltered && cases.size() != saved.size())
    fail(format("expected cases that this version has, got %zu of %zu that were saved",
                cases.size(), saved.size()));
  return cases;
}

} // namespace

int main(int argc, char **argv) {
  setToolName("hadal-conformance-run");
  CommandLine line(
      "FOLDER [options]",
      "Runs the artifacts that hadal-conformance --save=FOLDER has compiled, one for each case\n"
      "and level, on a device, and compares as hadal-conformance does. It needs no compiler.\n"
      "Exit code 1: something failed.",
      {{"device", Option::value, "NAME",
        "where to run: cpu, or a device library by name or path (cpu)"},
       {"filter", Option::value, "WORDS",
        "cases whose names contain one of these, separated by commas (all that were saved)"},
       {"jobs", Option::value, "N", "cases at the same time (as many as cores)"},
       {"timeout", Option::value, "S", "seconds that a case may take (600)"},
       {"json", Option::flag, "", "print the report as JSON"}});
  line.parse(argc, argv);
  if (line.positionals().size() != 1)
    failUsage("expected one folder, got " + std::to_string(line.positionals().size()));
  Saved saved;
  if (std::string problem = saved.open(line.positionals().front()); !problem.empty())
    fail(problem);
  std::vector<CaseEntry> cases = chooseCases(line, saved);
  auto jobs = static_cast<unsigned>(
      line.integer("jobs", std::max(1u, std::thread::hardware_concurrency()), 1, 1024));
  auto timeout = static_cast<unsigned>(line.integer("timeout", 600, 1, 86400));
  std::string device = line.text("device", "cpu");
  DeviceFacts facts = askDevice(device);
  if (!facts.problem.empty())
    fail(facts.problem);
  std::vector<std::string> levels = commonLevels(saved, device, facts);
  Report report(line.has("json"));
  report.begin(device, saved.target(), levels);
  runInChildren(
      cases.size(), jobs, timeout,
      [&](size_t i) { return runSaved(cases[i], {device, levels, saved.folderOf(cases[i].name)}); },
      [&](size_t i, std::vector<Outcome> outcomes) { report.add(cases[i].name, outcomes); });
  return report.end() ? 0 : 1;
}
