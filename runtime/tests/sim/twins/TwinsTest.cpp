// SPDX-License-Identifier: Apache-2.0
// For every *.ptx here: `trips` must be reported at a marked line under every seed, its twin `passes` must be silent.
//
// Header of a twin:  // launch: block 64; in 256; out 256     (grid, block, limit, cooperative, global-races, in-step; arguments)
//                    // check: KIND                            (a key of kWords below)
// Lines that end in `// trips` are those that the report may name; the only one where no report has a line is a copy.
#include "../foreign/checks/Harness.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

using namespace hadal::simtest;

namespace {

/// How a report of this kind begins, and a word in it.
const std::map<std::string, std::pair<std::string, std::string>> kWords = {
    {"bounds", {"bounds: ", " at "}},
    {"alignment", {"bounds: ", "misaligned"}},
    {"uninitialised", {"init: ", "undefined"}},
    {"uninitialised copy", {"", "never written"}},
    {"race", {"race: ", "shared address"}},
    {"async", {"async: ", "cp.async"}},
    {"convergence", {"barrier: ", "lane"}},
    {"barrier", {"barrier: ", "barrier"}},
    {"runaway", {"limit: ", ""}},
    {"global race", {"global-race: ", "global address"}},
    {"trap", {"trap: ", "trap"}},
};

struct Twin {
  std::string name, check;
  std::vector<std::string> launch; ///< One entry a clause.
  std::vector<unsigned> lines; ///< Marked lines, from 1.
};

/// Keeps the bytes of a parameter out of the messages.
void PrintTo(const Twin &twin, std::ostream *out) { *out << twin.name; }

Twin readTwin(const std::filesystem::path &path) {
  Twin twin;
  twin.name = path.stem().string();
  std::ifstream file(path);
  std::string text;
  for (unsigned line = 1; std::getline(file, text); ++line) {
    if (text.rfind("// launch: ", 0) == 0) {
      std::stringstream clauses(text.substr(11));
      for (std::string clause; std::getline(clauses, clause, ';');)
        twin.launch.push_back(clause.substr(clause.find_first_not_of(' ')));
    }
    if (text.rfind("// check: ", 0) == 0)
      twin.check = text.substr(10);
    if (text.size() > 8 && text.compare(text.size() - 8, 8, "// trips") == 0)
      twin.lines.push_back(line);
  }
  return twin;
}

std::vector<Twin> allTwins() {
  std::vector<Twin> twins;
  for (const auto &entry : std::filesystem::directory_iterator(HADAL_SIM_TWINS))
    if (entry.path().extension() == ".ptx")
      twins.push_back(readTwin(entry.path()));
  std::sort(twins.begin(), twins.end(),
            [](const Twin &a, const Twin &b) { return a.name < b.name; });
  return twins;
}

Case caseOf(const Twin &twin, const std::string &entry, Schedule &schedule) {
  Case made(std::string(HADAL_SIM_TWINS) + "/" + twin.name + ".ptx", entry);
  for (const std::string &clause : twin.launch) {
    std::stringstream words(clause);
    std::string key;
    unsigned number = 0;
    words >> key >> number;
    if (key == "grid")
      made.grid(number);
    else if (key == "block")
      made.block(number);
    else if (key == "limit")
      schedule.maxInstructions = number;
    else if (key == "cooperative")
      made.cooperative();
    else if (key == "global-races")
      schedule.globalRaces = true;
    else if (key == "in-step")
      schedule.inStep = true;
    else if (key == "out")
      made.out<uint8_t>(number);
    else if (key == "inout")
      made.in(std::vector<uint32_t>(number / 4, 0));
    else if (key == "in") {
      std::vector<uint32_t> values(number / 4);
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = uint32_t(i);
      made.in(values);
    } else
      ADD_FAILURE() << twin.name << ": expected a known clause, got '" << clause << "'";
  }
  return made;
}

class Twins : public testing::TestWithParam<Twin> {};
INSTANTIATE_TEST_SUITE_P(Checks, Twins, testing::ValuesIn(allTwins()),
                         [](const auto &info) { return info.param.name; });

TEST_P(Twins, FaultyFormIsReported) {
  const Twin &twin = GetParam();
  ASSERT_TRUE(kWords.count(twin.check)) << twin.check;
  for (uint64_t seed = 1; seed <= 20; ++seed)
    for (unsigned threads : {1u, 2u}) {
      Schedule schedule;
      schedule.seed = seed;
      schedule.threads = threads;
      Outcome outcome = caseOf(twin, "trips", schedule).runOnce(schedule);
      EXPECT_FALSE(outcome.ok) << "seed " << seed;
      bool worded = false, placed = twin.lines.empty();
      for (const std::string &report : outcome.reports) {
        const auto &[begin, word] = kWords.at(twin.check);
        worded |= report.rfind(begin, 0) == 0 && report.find(word) != std::string::npos;
        for (unsigned line : twin.lines)
          placed |= report.find("line " + std::to_string(line) + ",") != std::string::npos ||
                    report.find("line " + std::to_string(line) + " ") != std::string::npos;
      }
      std::string first = outcome.reports.empty() ? outcome.error : outcome.reports[0];
      EXPECT_TRUE(worded) << "expected a report of kind " << twin.check << ", got '" << first
                          << "' (seed " << seed << ")";
      EXPECT_TRUE(placed) << "expected a marked line, got '" << first << "' (seed " << seed << ")";
      if (HasFailure())
        return;
    }
}

TEST_P(Twins, CorrectFormIsSilent) {
  const Twin &twin = GetParam();
  for (uint64_t seed = 1; seed <= 20; ++seed)
    for (unsigned threads : {1u, 2u}) {
      Schedule schedule;
      schedule.seed = seed;
      schedule.threads = threads;
      Outcome outcome = caseOf(twin, "passes", schedule).runOnce(schedule);
      ASSERT_TRUE(outcome.ok) << outcome.error << " (seed " << seed << ")";
      ASSERT_TRUE(outcome.reports.empty()) << outcome.reports[0];
    }
}

} // namespace
