// SPDX-License-Identifier: Apache-2.0
// A writer that is killed at any call that changes the folder leaves a whole pair.
#include "Child.h"
#include "Pair.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include <sys/wait.h>

namespace hadal::test {
namespace {

/// What was there before the writer that is killed.
using Prepare = std::function<void(const std::string &folder)>;

class CrashTest : public testing::Test {
protected:
  /// Kills a writer of `next` before and after each of its calls. `old` is the
  /// pair that was there; null for none.
  void killEverywhere(const Pair *old, const Pair &next, const Prepare &prepare,
                      std::vector<std::string> &calls) {
    size_t count = 1;
    for (size_t at = 0; at <= count; ++at) // 0 only counts
      for (const char *when : {"before", "after"}) {
        TemporaryFolder folder;
        std::string path = folder.path("m.hadal");
        if (old)
          ASSERT_EQ(old->write(path), "");
        prepare(folder.path(""));
        std::set<std::string> others = namesIn(folder.path(""));
        others.erase("m.hadal");
        if (old)
          others.erase(old->weightsName("m.hadal"));
        Writer writer = [&] { return next.write(path); };
        if (at == 0) {
          calls = callsOf(writer, folder.path(""));
          count = calls.size();
        } else {
          std::string where =
              std::string(when) + " call " + std::to_string(at) + ", " + calls[at - 1];
          int status = await(start(writer, folder.path(""), {at, when}));
          ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << where;
          if (old)
            EXPECT_TRUE(old->isAt(path) || next.isAt(path)) << where;
          else
            EXPECT_TRUE(!std::filesystem::exists(path) || next.isAt(path)) << where;
          // The next one clears what is left, and nothing else.
          ASSERT_EQ(next.write(path), "") << where;
        }
        EXPECT_TRUE(next.isAt(path));
        others.insert({"m.hadal", next.weightsName("m.hadal")});
        EXPECT_EQ(namesIn(folder.path("")), others) << at;
      }
  }

  static long count(const std::vector<std::string> &calls, const char *name) {
    return std::count(calls.begin(), calls.end(), name);
  }

  const Pair one{1}, two{2};
  std::vector<std::string> calls;
};

TEST_F(CrashTest, OverAnotherModel) {
  killEverywhere(&one, two, [](const std::string &) {}, calls);
  // The watch sees what the writer does: two locks and two files made, the old
  // weights and two locks removed.
  EXPECT_EQ(count(calls, "open"), 4);
  EXPECT_EQ(count(calls, "write"), 3);
  EXPECT_EQ(count(calls, "pwrite"), 1);
  EXPECT_EQ(count(calls, "fsync"), 4);
  EXPECT_EQ(count(calls, "rename"), 2);
  EXPECT_EQ(count(calls, "unlink"), 3);
}

TEST_F(CrashTest, OverTheSameModel) {
  killEverywhere(&one, one, [](const std::string &) {}, calls);
  EXPECT_EQ(count(calls, "rename"), 2);
  EXPECT_EQ(count(calls, "unlink"), 2);
}

TEST_F(CrashTest, WhereNothingWas) {
  killEverywhere(nullptr, one, [](const std::string &) {}, calls);
  EXPECT_EQ(count(calls, "rename"), 2);
}

// Leftovers of other kills, and artifacts whose names are like this one's.
TEST_F(CrashTest, AmongOthers) {
  const Pair three{3};
  auto prepare = [&](const std::string &folder) {
    for (const char *name : {"m", "m.hadal.hadal", "m.hadal2"})
      ASSERT_EQ(three.write(folder + name), "");
  };
  killEverywhere(&one, two, prepare, calls);
}

// Killed again and again, whatever comes together.
TEST_F(CrashTest, AgainAndAgain) {
  TemporaryFolder folder;
  std::string path = folder.path("m.hadal");
  ASSERT_EQ(one.write(path), "");
  size_t calls = callsOf([&] { return two.write(path); }, folder.path("")).size();
  const Pair *pairs[] = {&one, &two};
  for (size_t i = 0; i < 60; ++i) {
    await(start([&] { return pairs[i % 2]->write(path); }, folder.path(""),
                {1 + i * 7 % calls, i % 3 ? "before" : "after"}));
    ASSERT_TRUE(one.isAt(path) || two.isAt(path)) << i;
    // No more than two pairs and what one kill leaves.
    ASSERT_LE(namesIn(folder.path("")).size(), 6u) << i;
  }
  ASSERT_EQ(one.write(path), "");
  EXPECT_EQ(namesIn(folder.path("")),
            (std::set<std::string>{"m.hadal", one.weightsName("m.hadal")}));
}

} // namespace
} // namespace hadal::test
