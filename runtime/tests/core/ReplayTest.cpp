// SPDX-License-Identifier: Apache-2.0
// Calls that are replayed give what calls give that are not: two sessions run the same, and one of them
// never replays.
#include "ReplayPair.h"

#include <atomic>
#include <thread>

namespace hadal::test {
namespace {

class ReplayTest : public testing::TestWithParam<const char *>, protected ReplayPair {
protected:
  void load(const ModelSpec &model) {
    ReplayPair::load(std::string("cpu") == GetParam()
                         ? makeContext(2)
                         : makeContextOf(std::make_unique<SeparateCpuDevice>()),
                     model);
  }
};

INSTANTIATE_TEST_SUITE_P(Devices, ReplayTest, testing::Values("cpu", "separate"),
                         [](const auto &info) { return std::string(info.param); });

TEST_P(ReplayTest, ThirdCallsAreReplayed) {
  load(makeModel());
  for (int32_t i = 0; i < 60; ++i)
    ASSERT_EQ(decode(1 + i % 6), "ok");
  expectReplays(6, 60 - 12);
}

TEST_P(ReplayTest, StepsOfAnyShape) {
  load(makeModel());
  runStepsOfAnyShape();
  EXPECT_GT(replaysOf(session).replayed, 30u);
}

TEST_P(ReplayTest, SixteenRecordsAreKept) {
  load(makeModel());
  for (int i = 0; i < 2; ++i) // the largest first, so that no storage grows
    ASSERT_EQ(decode(20), "ok");
  for (int round = 0; round < 3; ++round)
    for (int32_t slots = 1; slots <= 15; ++slots)
      ASSERT_EQ(decode(slots), "ok");
  expectReplays(16, 15);
  // Another takes the place of the one that was used longest ago, which takes that of the next.
  for (int i = 0; i < 2; ++i)
    ASSERT_EQ(decode(16), "ok");
  expectReplays(17, 15);
  ASSERT_EQ(decode(20), "ok");
  expectReplays(18, 15);
  for (int32_t slots : {2, 15, 16, 20})
    ASSERT_EQ(decode(slots), "ok");
  expectReplays(18, 19);
  ASSERT_EQ(decode(1), "ok");
  expectReplays(19, 19);
}

// A larger call than any before moves the storage that records know.
TEST_P(ReplayTest, StorageThatGrowsDropsRecords) {
  load(makeModel());
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(decode(2), "ok");
  expectReplays(1, 1);
  StepSpec large = StepSpec().add(5, 0, std::vector<int32_t>(60, 3));
  large.rows.clear();
  for (int32_t i = 0; i < 60; ++i)
    large.rows.push_back(i);
  ASSERT_EQ(step(large), "ok");
  ASSERT_EQ(decode(2), "ok");
  expectReplays(2, 1);
  ASSERT_EQ(decode(2), "ok");
  expectReplays(2, 2);
}

TEST_P(ReplayTest, CallbacksSeeEachLaunch) {
  load(makeModel());
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(decode(2), "ok");
  int launches = 0, taps = 0;
  hadal_session_set_launch_callback(
      session.get(), [](void *user, const hadal_launch_t *) { ++*static_cast<int *>(user); },
      &launches);
  ASSERT_EQ(decode(2), "ok");
  EXPECT_EQ(launches, 3);
  hadal_session_set_launch_callback(session.get(), nullptr, nullptr);
  hadal_session_set_tap_callback(
      session.get(), [](void *user, const hadal_tap_t *) { ++*static_cast<int *>(user); }, &taps);
  ASSERT_EQ(decode(2), "ok");
  EXPECT_EQ(taps, 1);
  expectReplays(1, 1);
  hadal_session_set_tap_callback(session.get(), nullptr, nullptr);
  ASSERT_EQ(decode(2), "ok");
  expectReplays(1, 2);
}

TEST_P(ReplayTest, LargeResultsAreNotRecorded) {
  load(makeModel());
  for (bool isRecorded : {false, true}) {
    int32_t first = 0;
    for (int i = 0; i < 3; ++i) {
      StepSpec spec = StepSpec().add(0, first++, {i + 1});
      spec.rows.assign(isRecorded ? 95325 : 95326, 0); // times 11 floats
      ASSERT_EQ(step(spec), "ok");
    }
    expectReplays(isRecorded, isRecorded);
  }
}

// More dims than are followed.
TEST_P(ReplayTest, ManyDimsAreNotRecorded) {
  ModelSpec model = makeModel();
  ProgramSpec &program = model.programs[0];
  while (program.dims.size() < 65)
    program.dims.push_back(
        {"value" + std::to_string(program.dims.size()), Dim::call_value, 0, 1, 1, 9});
  program.entries[1].dim(64u);
  load(model);
  for (int i = 0; i < 4; ++i)
    ASSERT_EQ(decode(2), "ok");
  expectReplays(0, 0);
  // The entry that does not name it is.
  for (int i = 0; i < 4; ++i)
    ASSERT_EQ(step(StepSpec().add(9, 2 * i, {1, 2})), "ok");
  expectReplays(1, 2);
}

// What becomes smaller as a dim grows is never laid out for a larger one.
TEST_P(ReplayTest, SizesThatShrink) {
  ModelSpec model = makeModel();
  for (EntrySpec &entry : model.programs[0].entries) {
    // Behind a place of (32 - tokens) lines that nobody uses.
    uint32_t line = entry.constant(64);
    uint32_t left = entry.node(ExprKind::sub, entry.constant(64), entry.dim(Dim::tokens));
    uint32_t place = entry.node(ExprKind::mul, left, line);
    entry.buffers.push_back({"place", entry.constant(0), place});
    entry.buffers[0].offset = place;
    entry.arenaSize = entry.node(ExprKind::add, place, entry.buffers[0].size);
  }
  load(model);
  for (int round = 0; round < 6; ++round)
    for (int32_t count : {9, 16, 12, 13})
      ASSERT_EQ(
          step(StepSpec().add(0, 0, std::vector<int32_t>(static_cast<size_t>(count), round + 1))),
          "ok");
  expectReplays(4, 16);
}

// A kernel of `decode`'s second op that fails at token 10.
ModelSpec makeRefusingModel() {
  ModelSpec model = makeModel();
  ProgramSpec &program = model.programs[0];
  program.executables.push_back(
      {"refuse",
       "test",
       {Access::read},
       2,
       {{"x86-64-v3", "kernels.x86-64-v3", "refuse", makeInterface({constant(1), {1}, {1}})}}});
  EntrySpec &decode = program.entries[1];
  OpSpec op;
  op.launch.executable = 3;
  op.launch.bindings = {Binding(0, BindingKind::argument)};
  op.launch.constants = {decode.constant(10), decode.dim(Dim::sequences)};
  op.launch.label = "the.refuser";
  decode.ops.insert(decode.ops.begin() + 1, op);
  return model;
}

TEST_P(ReplayTest, AKernelThatFailsNamesItself) {
  load(makeRefusingModel());
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(step(StepSpec().add(0, i, {1}).add(1, i, {2})), "ok");
  StepSpec bad = StepSpec().add(0, 3, {1}).add(1, 3, {10});
  std::string message = runStep(session.get(), bad);
  const std::string expected = path + ": programs[0].entry 'decode': ",
                    kernel = "kernel: expected code 0, got 3";
  if (std::string("cpu") == GetParam())
    EXPECT_EQ(message, expected + "ops[1] 'the.refuser': executable 'refuse': " + kernel);
  else // all have been put into the queue when the first one runs
    EXPECT_EQ(message, expected + kernel);
  runStep(computed.get(), bad);
  expectReplays(1, 1);
  EXPECT_EQ(hadal_session_length(session.get(), 1), 3u);
  ASSERT_EQ(step(StepSpec().add(0, 3, {1}).add(1, 3, {4})), "ok");
  expectReplays(1, 2);
}

// Of many launches, so that another thread finds one to end before. The separate device does not look.
TEST_P(ReplayTest, AnotherThreadCancels) {
  ModelSpec model = makeModel();
  std::vector<OpSpec> &ops = model.programs[0].entries[1].ops;
  ops.insert(ops.begin(), 20000, ops[0]);
  load(model);
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(decode(2), "ok");
  std::atomic<bool> ended = false;
  std::thread canceller([&] {
    while (!ended)
      hadal_session_cancel(session.get());
  });
  std::string message = "ok";
  for (int tries = 0; message == "ok" && tries < 100; ++tries) // the thread may sleep
    message = runStep(session.get(), StepSpec().add(0, 3, {1}).add(1, 3, {1}));
  ended = true;
  canceller.join();
  bool isCpu = std::string("cpu") == GetParam();
  const std::string before = path + ": programs[0].entry 'decode': cancelled before ops[";
  EXPECT_EQ(message.substr(0, before.size()), isCpu ? before : "ok");
  EXPECT_EQ(hadal_session_length(session.get(), 0), isCpu ? 3u : 4u);
  for (int32_t slot : {0, 1})
    ASSERT_EQ(runStep(computed.get(), StepSpec().add(slot, 3, {1})), "ok");
  ASSERT_EQ(step(StepSpec().add(0, 3, {7}).add(1, 3, {4})), "ok");
}

} // namespace
} // namespace hadal::test
