// SPDX-License-Identifier: Apache-2.0
// Records of kernels that read their constants from memory serve calls of many sizes.
#include "ReplayPair.h"

namespace hadal::test {
namespace {

class RoundedReplayTest : public testing::Test, protected ReplayPair {
protected:
  void load(ModelSpec model) {
    giveParameters(model);
    auto made = std::make_unique<ParameterCpuDevice>();
    device = made.get();
    ReplayPair::load(makeContextOf(std::move(made)), model);
  }

  ParameterCpuDevice *device = nullptr;
};

TEST_F(RoundedReplayTest, FewRecordsForManySizes) {
  load(makeModel());
  for (int32_t i = 0; i < 60; ++i)
    ASSERT_EQ(decode(1 + (19 + i * 7) % 20), "ok"); // the largest first
  EXPECT_LE(replaysOf(session).recorded, 6u); // 1, 2, 4, 8, 16, 32
  EXPECT_GE(replaysOf(session).replayed, 60u - 2 * 6);
}

TEST_F(RoundedReplayTest, StepsOfAnyShape) {
  load(makeModel());
  runStepsOfAnyShape();
  EXPECT_LE(replaysOf(session).recorded, 100u);
  EXPECT_GE(replaysOf(session).replayed, 150u);
}

TEST_F(RoundedReplayTest, AStepIsOneUploadOneReplayOneDownload) {
  load(makeModel());
  for (int32_t i = 0; i < 40; ++i) {
    StepSpec spec;
    for (int32_t slot = 0; slot <= i % 8; ++slot)
      spec.add(slot, i / 8, {slot});
    size_t uploads = device->uploads, downloads = device->downloads, replays = device->replays;
    ASSERT_EQ(runStep(session.get(), spec, &logits), "ok");
    EXPECT_EQ(device->uploads, uploads + 1);
    EXPECT_EQ(device->downloads, downloads + 1);
    if (i >= 8)
      EXPECT_EQ(device->replays, replays + 1) << i;
  }
}

// A workgroup more is none less; where a grid may fall, its dims are exact.
TEST_F(RoundedReplayTest, GridsThatMayFall) {
  ModelSpec model = makeModel();
  InterfaceSpec &interface = model.programs[0].executables[1].variants[0].interface;
  uint32_t rows = interface.launchConstant(3), few = interface.constant(6);
  // Of (6 - rows) and rows, whichever is larger.
  uint32_t other = interface.node(ExprKind::sub, few, rows);
  interface.grid[0] = interface.node(ExprKind::max, rows, other);
  load(model);
  for (int round = 0; round < 3; ++round)
    for (int32_t slots : {5, 6, 7, 8})
      ASSERT_EQ(decode(slots), "ok");
  expectReplays(4, 4);
}

// Kernels of few and of many rows: no dim is rounded up from one branch into another, where the
// condition is of a multiple of the dim.
TEST_F(RoundedReplayTest, ProgramsByLimits) {
  struct Case {
    int64_t factor, added, limit;
    int recorded;
  };
  for (const Case &each : {Case{1, 0, 4, 1}, Case{1, 0, 6, 2}, Case{3, 0, 19, 2}, Case{3, 0, 20, 2},
                           Case{3, 0, 2, 1}, Case{1, 1, 7, 4}}) {
    ModelSpec model = makeModel();
    InterfaceSpec &interface = model.programs[0].executables[1].variants[0].interface;
    uint32_t rows = interface.launchConstant(3), most = interface.constant(each.limit);
    uint32_t more = interface.node(ExprKind::mul, rows, interface.constant(3));
    uint32_t value = interface.node(ExprKind::mul, rows, interface.constant(each.factor));
    if (each.added)
      value = interface.node(ExprKind::add, value, interface.constant(each.added));
    uint32_t few = interface.node(ExprKind::le, value, most);
    interface.grid[0] = interface.node(ExprKind::select, few, more, rows);
    load(model); // the largest come first, so that memory does not grow
    for (int round = 0; round < 3; ++round)
      for (int32_t slots : {8, 7, 6, 5})
        ASSERT_EQ(decode(slots), "ok");
    expectReplays(each.recorded, 12 - 2 * each.recorded);
  }
}

// A constant that decides no size may do as it likes.
TEST_F(RoundedReplayTest, ConstantsThatMayFall) {
  ModelSpec model = makeModel();
  EntrySpec &decodeEntry = model.programs[0].entries[1];
  uint32_t falling =
      decodeEntry.node(ExprKind::sub, decodeEntry.constant(0), decodeEntry.dim(Dim::logit_rows));
  ExecutableSpec &project = model.programs[0].executables[2];
  ++project.constantCount;
  decodeEntry.ops[3].launch.constants.push_back(falling);
  model.programs[0].entries[0].ops[3].launch.constants.push_back(0);
  load(model);
  for (int round = 0; round < 3; ++round)
    for (int32_t slots : {5, 6, 7, 8})
      ASSERT_EQ(decode(slots), "ok");
  expectReplays(1, 10);
}

TEST_F(RoundedReplayTest, SizesThatShrink) {
  ModelSpec model = makeModel();
  EntrySpec &entry = model.programs[0].entries[1];
  uint32_t left = entry.node(ExprKind::sub, entry.constant(64), entry.dim(Dim::sequences));
  uint32_t place = entry.node(ExprKind::mul, left, entry.constant(64));
  entry.buffers.push_back({"place", entry.constant(0), place});
  entry.buffers[0].offset = place;
  entry.arenaSize = entry.node(ExprKind::add, place, entry.buffers[0].size);
  load(model);
  for (int round = 0; round < 3; ++round)
    for (int32_t slots : {5, 6, 7, 8})
      ASSERT_EQ(decode(slots), "ok");
  expectReplays(4, 4);
}

// The constants of an entry that is not recorded have their place all the same.
TEST_F(RoundedReplayTest, ManyDims) {
  ModelSpec model = makeModel();
  ProgramSpec &program = model.programs[0];
  while (program.dims.size() < 65)
    program.dims.push_back(
        {"value" + std::to_string(program.dims.size()), Dim::call_value, 0, 1, 1, 9});
  for (EntrySpec &entry : program.entries)
    entry.dim(64u);
  load(model);
  for (int32_t slots : {3, 20, 3, 3})
    ASSERT_EQ(decode(slots), "ok");
  expectReplays(0, 0);
}

} // namespace
} // namespace hadal::test
