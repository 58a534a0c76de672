// SPDX-License-Identifier: Apache-2.0
// Writers of one output at once: whoever reads finds a pair that belongs together.
#include "Child.h"
#include "Pair.h"
#include "Run.h"
#include "files/ArtifactOutput.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace hadal::test {
namespace {

class ConcurrencyTest : public testing::Test {
protected:
  void SetUp() override {
    for (int i = 0; i < 3; ++i)
      pairs.emplace_back(i + 1);
    ASSERT_EQ(pairs[0].write(path), "");
  }

  Writer writer(size_t number) {
    return [=] { return pairs[number % pairs.size()].write(path); };
  }

  /// Starts a process that writes the pairs in turn.
  void startRounds(size_t first, size_t rounds) {
    children.push_back(start([=] {
      std::string error;
      for (size_t i = 0; i < rounds && error.empty(); ++i)
        error = writer(first + i)();
      return error;
    }));
  }

  /// Waits for all; true when one had an end of its own that was not good.
  bool anyFailed() {
    bool failed = false;
    for (pid_t child : children) {
      int status = await(child);
      failed |= WIFEXITED(status) && WEXITSTATUS(status) != 0;
    }
    children.clear();
    return failed;
  }

  /// Has another writer start while one is stopped, and lets both end.
  void overtake(pid_t stopped, const Writer &other) {
    int status = await(stopped);
    ASSERT_TRUE(WIFSTOPPED(status));
    children = {start(other), stopped};
    usleep(50000); // enough for one that does not wait
    kill(stopped, SIGCONT);
    EXPECT_FALSE(anyFailed());
    expectOnePair();
  }

  void expectOnePair() {
    int count = 0;
    for (const Pair &pair : pairs)
      if (pair.isAt(path)) {
        ++count;
        EXPECT_EQ(namesIn(folder.path("")),
                  (std::set<std::string>{"m.hadal", pair.weightsName("m.hadal")}));
      }
    EXPECT_EQ(count, 1);
  }

  TemporaryFolder folder;
  std::string path = folder.path("m.hadal");
  std::vector<Pair> pairs;
  std::vector<pid_t> children;
};

TEST_F(ConcurrencyTest, EveryMomentHasAPair) {
  for (size_t i = 0; i < 6; ++i)
    startRounds(i, 15);
  ContextHandle context = makeContext(1);
  for (int i = 0; i < 60; ++i)
    loadModule(context.get(), path);
  EXPECT_FALSE(anyFailed());
  expectOnePair();
}

// Stopped at any call from the first rename on, a writer holds up others and no more.
TEST_F(ConcurrencyTest, AWriterMayBeSlow) {
  std::vector<std::string> calls = callsOf(writer(1), folder.path(""));
  auto first = std::find(calls.begin(), calls.end(), "rename") - calls.begin() + 1;
  for (size_t call = static_cast<size_t>(first); call <= calls.size(); ++call) {
    ASSERT_EQ(pairs[0].write(path), "");
    overtake(start(writer(1), folder.path(""), {call, "after", "stop"}), writer(2));
  }
}

// What is a leftover when it is looked for may be a new pair's when it is removed.
TEST_F(ConcurrencyTest, NobodyCommitsWhileLeftoversAreRemoved) {
  std::string leftover = folder.path(pairs[1].weightsName("m.hadal"));
  Writer remover = [&] {
    files::ArtifactOutput output;
    return output.open(path, /*withWeights=*/true) ? std::string() : output.error();
  };
  auto leave = [&] { writeFile(leftover, pairs[1].weights().data(), pairs[1].weights().size()); };
  leave();
  std::vector<std::string> calls = callsOf(remover, folder.path(""));
  auto removal = std::find(calls.begin(), calls.end(), "unlink") - calls.begin() + 1;
  leave();
  overtake(start(remover, folder.path(""), {static_cast<size_t>(removal), "before", "stop"}),
           writer(1));
  EXPECT_TRUE(pairs[1].isAt(path));
}

TEST_F(ConcurrencyTest, AlsoWhereSomeAreKilled) {
  for (size_t i = 0; i < 6; ++i)
    startRounds(i, 1000000);
  ContextHandle context = makeContext(1);
  for (pid_t child : children) {
    for (int i = 0; i < 8; ++i)
      loadModule(context.get(), path);
    kill(child, SIGKILL);
  }
  EXPECT_FALSE(anyFailed());
  loadModule(context.get(), path);
  ASSERT_EQ(pairs[1].write(path), "");
  expectOnePair();
}

} // namespace
} // namespace hadal::test
