// SPDX-License-Identifier: Apache-2.0
// hadal-conformance: says what a device and a target compute rightly, op by op.
#include "Case.h"
#include "Children.h"
#include "Goldens.h"
#include "Report.h"
#include "Saved.h"
#include "Suite.h"
#include "support/CommandLine.h"
#include "support/Diagnostics.h"

#include "hadal/Pipeline/Pipeline.h"
#include "hadal/Target/TargetLibrary.h"

#include <cstdlib>
#include <filesystem>
#include <thread>

#include <unistd.h>

using namespace hadal;
using namespace hadal::conformance;
using namespace hadal::tools;

namespace {

/// A folder for what is compiled, removed at the end, also that of std::exit; but not
/// at the end of a child.
class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "hadal-conformance-XXXXXX").string();
    if (!mkdtemp(pattern.data()))
      fail("cannot make a folder " + pattern);
    path = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (getpid() == owner)
      std::filesystem::remove_all(path, ignored);
  }
  std::string path;

private:
  pid_t owner = getpid();
};

/// What the suite is run for: what is asked for, what was loaded, or the first that is built
/// in and has a level in common with the device.
const Target &chooseTarget(const CommandLine &line, const DeviceFacts &device,
                           TargetRegistry &targets) {
  registerBuiltinTargets(targets);
  size_t builtin = targets.getTargets().size();
  if (line.has("load-target"))
    if (llvm::Error failed = loadTargetLibrary(line.text("load-target"), targets))
      fail(llvm::toString(std::move(failed)));
  if (line.has("target")) {
    std::string name = line.text("target");
    if (const Target *target = targets.find(name))
      return *target;
    failUsage("expected --target=" + targets.getFamilies() + " or a level of theirs, got '" + name +
              "'");
  }
  if (targets.getTargets().size() > builtin)
    return *targets.getTargets().back();
  for (const std::shared_ptr<Target> &target : targets.getTargets())
    if (llvm::any_of(target->getLevels(), [&](llvm::StringRef level) {
          return llvm::is_contained(device.levels, level);
        }))
      return *target;
  return *targets.getTargets().front();
}

std::string joined(const std::vector<std::string> &words) {
  std::string text;
  for (const std::string &word : words)
    text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? "none" : text;
}

/// The level of --target, or all levels of the target, best first.
std::vector<std::string> askedLevels(const CommandLine &line, const Target &target) {
  std::vector<std::string> levels;
  std::string asked = line.text("target", target.getFamily().str());
  for (llvm::StringRef level : target.getLevels())
    if (asked == target.getFamily() || asked == level)
      levels.push_back(level.str());
  return levels;
}

/// Those of them that the device has too.
std::vector<std::string> commonLevels(const CommandLine &line, const Target &target,
                                      const std::string &device, const DeviceFacts &facts) {
  std::vector<std::string> all = askedLevels(line, target), common;
  for (const std::string &level : all)
    if (llvm::is_contained(facts.levels, level))
      common.push_back(level);
  if (common.empty())
    fail("expected a level that device '" + device + "' and target '" + target.getFamily().str() +
         "' have, got " + joined(facts.levels) + " and " + joined(all));
  return common;
}

struct Job {
  std::string name;
  std::function<std::vector<Outcome>(const Suite &)> run, save;
};

std::vector<Job> allJobs(const CommandLine &line) {
  std::vector<Job> jobs;
  if (line.has("random")) {
    if (line.has("plain") || line.has("goldens") || line.has("save"))
      failUsage("expected --random without --plain, --goldens and --save");
    for (CaseEntry &entry :
         drawnCases(line.integer("random", 0, 1, 1000000), line.integer("seed", 1, 0, UINT32_MAX)))
      jobs.push_back(
          {entry.name, [entry](const Suite &suite) { return runCaseAgainst(suite, entry); }, {}});
    return jobs;
  }
  for (CaseEntry &entry : allCases())
    jobs.push_back({entry.name, [entry](const Suite &suite) { return runCase(suite, entry); },
                    [entry](const Suite &suite) { return saveCase(suite, entry); }});
  if (!line.has("goldens"))
    return jobs;
  std::vector<Golden> goldens = findGoldens(line.text("goldens"));
  if (goldens.empty())
    failUsage("expected --goldens with a folder of checkpoints and expected results, got '" +
              line.text("goldens") + "'");
  for (Golden &golden : goldens)
    jobs.push_back(
        {golden.name, [golden](const Suite &suite) { return runGolden(suite, golden); }, {}});
  return jobs;
}

std::vector<Job> chooseJobs(const CommandLine &line) {
  std::vector<Job> chosen;
  std::string filter = line.text("filter");
  for (Job &job : allJobs(line))
    if (isChosen(job.name, filter))
      chosen.push_back(std::move(job));
  if (chosen.empty())
    failUsage("expected a --filter that names a case, got '" + filter + "'");
  return chosen;
}

/// Compiles all, and runs nothing.
bool save(const CommandLine &line, const TargetRegistry &targets, const Target &target,
          const std::vector<Job> &jobs, unsigned atOnce, unsigned timeout) {
  std::string folder = line.text("save");
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed || !std::filesystem::is_empty(folder, failed))
    fail(folder + ": expected --save with a new or an empty folder, got another");
  if (!line.has("target"))
    failUsage("expected --save with --target, got none");
  std::vector<std::string> levels = askedLevels(line, target), names;
  for (const Job &job : jobs)
    names.push_back(job.name);
  if (std::string problem = Saved::write(folder, target.getFamily().str(), levels, names);
      !problem.empty())
    fail(problem);
  Report report(line.has("json"));
  report.begin("none, saved", target.getFamily().str(), levels);
  runInChildren(
      jobs.size(), atOnce, timeout,
      [&](size_t i) {
        std::string place = Saved::folderOf(folder, i);
        std::filesystem::create_directory(place);
        return jobs[i].save({targets, target, {"", levels, place}, line.has("plain")});
      },
      [&](size_t i, std::vector<Outcome> outcomes) { report.add(jobs[i].name, outcomes); });
  return report.end();
}

} // namespace

int main(int argc, char **argv) {
  setToolName("hadal-conformance");
  CommandLine line(
      "[options]",
      "Compiles small programs, one for each op, element type and shape, for a target, runs\n"
      "them on a device at each level that both have, and compares the results with plain\n"
      "loops in double precision. What the target has neither a kernel nor the plain path for is\n"
      "unsupported, by the target's own reason, and no failure. Exit code 1: something failed.",
      {{"device", Option::value, "NAME",
        "where to run: cpu, or a device library by name or path (cpu)"},
       {"target", Option::value, "NAME",
        "what to compile for, or a level of one (that of --load-target, or the first\n"
        "                                that the device takes)"},
       {"load-target", Option::value, "LIB", "load the targets of a shared library"},
       {"filter", Option::value, "WORDS",
        "only cases whose names contain one of these, separated by commas"},
       {"goldens", Option::value, "DIR",
        "run the checkpoints in the folders of this one too, whose expected.safetensors\n"
        "                                says what they compute"},
       {"random", Option::value, "N",
        "instead: N random shapes of each op, whose kernels are compared with its\n"
        "                                expansion too"},
       {"seed", Option::value, "N", "of the random shapes (1)"},
       {"plain", Option::flag, "", "take the expansion of every op, and no kernel of the target"},
       {"jobs", Option::value, "N", "cases at the same time (as many as cores)"},
       {"timeout", Option::value, "S", "seconds that a case may take (600)"},
       {"save", Option::value, "DIR",
        "compile for all levels of --target into a folder, for hadal-conformance-run, and\n"
        "                                run nothing"},
       {"json", Option::flag, "", "print the report as JSON"}});
  line.parse(argc, argv);
  if (!line.positionals().empty())
    failUsage("expected options alone, got '" + line.positionals().front() + "'");
  auto atOnce = static_cast<unsigned>(
      line.integer("jobs", std::max(1u, std::thread::hardware_concurrency()), 1, 1024));
  auto timeout = static_cast<unsigned>(line.integer("timeout", 600, 1, 86400));
  std::vector<Job> jobs = chooseJobs(line);
  TargetRegistry targets;
  if (line.has("save")) {
    if (line.has("goldens") || line.has("device"))
      failUsage("expected --save without --device and --goldens: nothing is run");
    const Target &target = chooseTarget(line, {}, targets);
    return save(line, targets, target, jobs, atOnce, timeout) ? 0 : 1;
  }
  std::string device = line.text("device", "cpu");
  DeviceFacts facts = askDevice(device);
  if (!facts.problem.empty())
    fail(facts.problem);
  const Target &target = chooseTarget(line, facts, targets);
  std::vector<std::string> levels = commonLevels(line, target, device, facts);

  static TemporaryFolder folder;
  Report report(line.has("json"));
  report.begin(device, target.getFamily().str(), levels);
  auto folderOf = [](size_t i) { return folder.path + "/" + std::to_string(i); };
  runInChildren(
      jobs.size(), atOnce, timeout,
      [&](size_t i) {
        std::filesystem::create_directory(folderOf(i));
        return jobs[i].run({targets, target, {device, levels, folderOf(i)}, line.has("plain")});
      },
      [&](size_t i, std::vector<Outcome> outcomes) {
        report.add(jobs[i].name, outcomes);
        std::error_code ignored;
        std::filesystem::remove_all(folderOf(i), ignored);
      });
  return report.end() ? 0 : 1;
}
