// SPDX-License-Identifier: Apache-2.0
// Steps of the test model: results, branches, taps, errors, concurrency.
#include "TestDevices.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace hadal::test {
namespace {

class SessionTest : public testing::Test {
protected:
  void load(const ModelSpec &model, uint32_t threads = 2) {
    path = writeModel(folder, model);
    context = makeContext(threads);
    module = loadModule(context.get(), path);
  }

  TemporaryFolder folder;
  std::string path;
  ContextHandle context;
  ModuleHandle module;
};

// A kernel that returns its constant, run before all else in both entries.
ModelSpec makeGivingModel(int64_t code) {
  ModelSpec model = makeModel();
  ProgramSpec &program = model.programs[0];
  program.executables.push_back(
      {"give",
       "test",
       {Access::read, Access::read_write, Access::write},
       1,
       {{"x86-64-v3", "kernels.x86-64-v3", "give", makeInterface({{3}, {3}, {3}}, 128)}}});
  for (EntrySpec &entry : program.entries) {
    OpSpec op;
    op.launch.executable = 3;
    op.launch.bindings = {Binding(0, BindingKind::parameter), Binding(0, BindingKind::state),
                          Binding(0, BindingKind::result)};
    op.launch.constants = {entry.constant(code)};
    op.launch.label = "the.giver";
    entry.ops.insert(entry.ops.begin(), op);
  }
  return model;
}

TEST_F(SessionTest, PrefillThenDecode) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 2, 32);
  std::vector<float> logits;
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1, 2, 3, 4, 5}), &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(15));
  EXPECT_EQ(hadal_session_length(session.get(), 0), 5u);
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 5, {10}), &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(25));
  EXPECT_EQ(hadal_session_length(session.get(), 0), 6u);
  EXPECT_EQ(hadal_session_length(session.get(), 1), 0u);
}

TEST_F(SessionTest, MixOfPrefillAndDecode) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 3, 32);
  ASSERT_EQ(runStep(session.get(), StepSpec().add(2, 0, {7, 7})), "ok");
  std::vector<float> logits, expected = expectedLogits(6);
  StepSpec step = StepSpec().add(0, 0, {1, 2, 3}).add(2, 2, {1});
  ASSERT_EQ(runStep(session.get(), step, &logits), "ok");
  for (float value : expectedLogits(15))
    expected.push_back(value);
  EXPECT_EQ(logits, expected);
}

TEST_F(SessionTest, LogitsOfAllRowsAndOfNone) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 1, 32);
  StepSpec step = StepSpec().add(0, 0, {1, 2, 3});
  step.rows = {2, 0};
  std::vector<float> logits, expected = expectedLogits(6);
  ASSERT_EQ(runStep(session.get(), step, &logits), "ok");
  for (float value : expectedLogits(1))
    expected.push_back(value);
  EXPECT_EQ(logits, expected);
  hadal_step_t none = step.view();
  none.logit_rows = nullptr;
  none.logit_row_count = 0;
  EXPECT_EQ(take(hadal_session_step(session.get(), &none, nullptr)), "ok");
}

TEST_F(SessionTest, LogitsInPlaceAndCopied) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 1, 32);
  alignas(64) float storage[16];
  for (int shift : {0, 1}) {
    std::fill(storage, storage + 16, -1.0f);
    StepSpec spec = StepSpec().add(0, 0, {9});
    hadal_step_t step = spec.view();
    ASSERT_EQ(take(hadal_session_step(session.get(), &step, storage + shift)), "ok");
    EXPECT_EQ(std::vector<float>(storage + shift, storage + shift + 11), expectedLogits(9));
    EXPECT_EQ(storage[shift + 11], -1.0f);
  }
}

TEST_F(SessionTest, StepsBackAndResets) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 1, 32);
  std::vector<float> logits;
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1, 2, 3, 4})), "ok");
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 2, {9}), &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(12));
  EXPECT_EQ(hadal_session_length(session.get(), 0), 3u);
  EXPECT_EQ(take(hadal_session_reset(session.get(), 0)), "ok");
  EXPECT_EQ(hadal_session_length(session.get(), 0), 0u);
  EXPECT_EQ(take(hadal_session_reset(session.get(), 1)), "slot: expected a slot below 1, got 1");
}

TEST_F(SessionTest, CrossesPagesUpToTheCapacity) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 2, 17); // pages of 4
  std::vector<float> logits;
  for (int32_t p = 0; p < 17; ++p)
    ASSERT_EQ(runStep(session.get(), StepSpec().add(1, p, {1}).add(0, p, {2}), &logits), "ok");
  std::vector<float> expected = expectedLogits(17);
  for (float value : expectedLogits(34))
    expected.push_back(value);
  EXPECT_EQ(logits, expected);
  EXPECT_EQ(runStep(session.get(), StepSpec().add(1, 17, {1})),
            "step.positions[0]: expected a position below the capacity of 17, got 17");
}

TEST_F(SessionTest, BranchesAndEntriesByTheStep) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 2, 32);
  std::vector<std::string> labels;
  hadal_session_set_launch_callback(
      session.get(),
      [](void *user, const hadal_launch_t *launch) {
        static_cast<std::vector<std::string> *>(user)->push_back(launch->label);
        EXPECT_STREQ(launch->level, "x86-64-v3");
        EXPECT_GT(launch->start_ns, 0u);
        if (launch->flops) {
          EXPECT_EQ(launch->bytes, 44u);
          EXPECT_STREQ(launch->family, "linear");
          EXPECT_EQ(launch->grid[0], 11u);
        }
      },
      &labels);
  using Labels = std::vector<std::string>;
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1, 2, 3})), "ok");
  EXPECT_EQ(labels, (Labels{"prefill.append", "prefill.sum.many", "prefill.project"}));
  labels.clear();
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 3, {1, 2}).add(1, 0, {1})), "ok");
  EXPECT_EQ(labels, (Labels{"prefill.append", "prefill.sum.few", "prefill.project"}));
  labels.clear();
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 5, {1}).add(1, 1, {1})), "ok");
  EXPECT_EQ(labels, (Labels{"decode.append", "decode.sum", "decode.project"}));
  labels.clear();
  hadal_session_set_launch_callback(session.get(), nullptr, nullptr);
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 6, {1})), "ok");
  EXPECT_TRUE(labels.empty());
}

// Each buffer once: the whole extents of arguments and results, the rows of the step's sequences of
// a state, the weight as its cost says.
TEST_F(SessionTest, LaunchesSayWhatTheyMove) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 2, 32);
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1, 2, 3})), "ok");
  using Moved = std::vector<std::pair<uint64_t, uint64_t>>;
  Moved moved;
  hadal_session_set_launch_callback(
      session.get(),
      [](void *user, const hadal_launch_t *launch) {
        static_cast<Moved *>(user)->emplace_back(launch->read_bytes, launch->write_bytes);
      },
      &moved);
  StepSpec step = StepSpec().add(0, 3, {1, 2}).add(1, 0, {1});
  step.rows = {1, 2};
  ASSERT_EQ(runStep(session.get(), step), "ok");
  constexpr uint64_t tokens = 12, positions = 12, offsets = 12, slots = 8, table = 64, rows = 8;
  EXPECT_EQ(moved, (Moved{{tokens + positions + offsets + slots + table, 3 * 4},
                          {positions + offsets + slots + table + rows + (5 + 1) * 4, 64},
                          {64 + 44, 2 * 44}}));
  hadal_session_set_launch_callback(session.get(), nullptr, nullptr);
}

TEST_F(SessionTest, WithoutADecodeEntryPrefillDecodes) {
  ModelSpec model = makeModel();
  model.programs[0].entries.pop_back();
  load(model);
  SessionHandle session = makeSession(module.get(), 1, 32);
  std::vector<float> logits;
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {4}), &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(4));
}

TEST_F(SessionTest, AZeroGridSkipsALaunch) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 1, 32);
  int launches = 0;
  hadal_session_set_launch_callback(
      session.get(), [](void *user, const hadal_launch_t *) { ++*static_cast<int *>(user); },
      &launches);
  StepSpec step = StepSpec().add(0, 0, {4});
  step.rows.clear();
  ASSERT_EQ(runStep(session.get(), step), "ok");
  EXPECT_EQ(launches, 1); // append; sum and project have no rows
}

TEST_F(SessionTest, TapsGiveIntermediates) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 1, 32);
  std::vector<float> sums;
  hadal_session_set_tap_callback(
      session.get(),
      [](void *user, const hadal_tap_t *tap) {
        EXPECT_STREQ(tap->name, "sums");
        EXPECT_EQ(tap->type, HADAL_TYPE_F32);
        ASSERT_EQ(tap->rank, 1u);
        const auto *data = static_cast<const float *>(tap->data);
        static_cast<std::vector<float> *>(user)->assign(data, data + tap->shape[0]);
      },
      &sums);
  StepSpec step = StepSpec().add(0, 0, {1, 2, 3});
  step.rows = {0, 1, 2};
  ASSERT_EQ(runStep(session.get(), step), "ok");
  EXPECT_EQ(sums, (std::vector<float>{1, 3, 6}));
}

TEST_F(SessionTest, TapsAreReplaced) {
  load(makeModel());
  std::vector<float> logits[2];
  for (int replaced : {0, 1}) {
    SessionHandle session = makeSession(module.get(), 1, 32);
    std::pair<hadal_session_t *, std::string> seen{session.get(), ""};
    EXPECT_EQ(take(hadal_session_replace_tap(session.get(), &seen, 4)),
              "session: expected the callback of a tap to replace its value, got none");
    if (replaced)
      hadal_session_set_tap_callback(
          session.get(),
          [](void *user, const hadal_tap_t *tap) {
            auto &[opened, message] = *static_cast<decltype(seen) *>(user);
            const float others[] = {2, 6, 12, 0};
            message = take(hadal_session_replace_tap(opened, others, sizeof others));
            EXPECT_EQ(hadal_session_replace_tap(opened, others, tap->size), nullptr);
          },
          &seen);
    StepSpec spec = StepSpec().add(0, 0, {1, 2, 3});
    spec.rows = {0, 1, 2};
    logits[replaced].resize(3 * 11);
    hadal_step_t step = spec.view();
    ASSERT_EQ(take(hadal_session_step(session.get(), &step, logits[replaced].data())), "ok");
    EXPECT_EQ(seen.second, replaced ? "size: expected the tap's 12 B, got 16 B" : "");
  }
  for (float &each : logits[0])
    each *= 2; // the model is linear in what is tapped
  EXPECT_EQ(logits[0], logits[1]);
}

TEST_F(SessionTest, ATapLargerThanItsBufferIsRefused) {
  ModelSpec model = makeModel();
  EntrySpec &entry = model.programs[0].entries[1];
  entry.ops[2].tap.shape = {entry.constant(17)};
  load(model);
  SessionHandle session = makeSession(module.get(), 1, 32);
  hadal_session_set_tap_callback(session.get(), [](void *, const hadal_tap_t *) {}, nullptr);
  EXPECT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1})),
            path + ": programs[0].entry 'decode': ops[2] 'sums': shape: expected at most the "
                   "buffer's 64 B, got 68 B");
}

TEST_F(SessionTest, KernelsSeeWhatTheInterfacePromises) {
  load(makeGivingModel(0));
  SessionHandle session = makeSession(module.get(), 1, 32);
  EXPECT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1})), "ok");
  StepSpec silent = StepSpec().add(0, 1, {1});
  silent.rows.clear();
  EXPECT_EQ(runStep(session.get(), silent), "ok");
}

TEST_F(SessionTest, AKernelsErrorNamesLaunchAndKernel) {
  load(makeGivingModel(1));
  SessionHandle session = makeSession(module.get(), 1, 32);
  StepSpec spec = StepSpec().add(0, 0, {1});
  std::vector<float> logits(11);
  hadal_step_t step = spec.view();
  hadal_status_t status = hadal_session_step(session.get(), &step, logits.data());
  EXPECT_EQ(hadal_status_code(status), HADAL_STATUS_KERNEL_FAILED);
  EXPECT_EQ(take(status), path + ": programs[0].entry 'decode': ops[0] 'the.giver': executable "
                                 "'give': kernel: expected code 0, got 1: an operand holds a value "
                                 "that the kernel cannot process");
  EXPECT_EQ(hadal_session_length(session.get(), 0), 0u);
}

TEST_F(SessionTest, AFailedStepKeepsWhatItDidNotTouch) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 1, 32);
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1, 2, 3, 4})), "ok");
  auto cancel = [](void *user, const hadal_launch_t *) {
    hadal_session_cancel(static_cast<hadal_session_t *>(user));
  };
  hadal_session_set_launch_callback(session.get(), cancel, session.get());
  EXPECT_EQ(runStep(session.get(), StepSpec().add(0, 2, {1, 1, 1})),
            path + ": programs[0].entry 'prefill': cancelled before ops[1].then.ops[0]");
  // Rows from 2 on were overwritten.
  EXPECT_EQ(hadal_session_length(session.get(), 0), 2u);
  hadal_session_set_launch_callback(session.get(), nullptr, nullptr);
  std::vector<float> logits;
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 2, {5}), &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(8));
}

// What only evaluation can find: each case alters the plan, and the step says so.
TEST_F(SessionTest, PlansThatGoWrongAtAStep) {
  struct Case {
    const char *message;
    void (*alter)(EntrySpec &);
  } const cases[] = {
      {"grid[0]: expected 0 to 2147483647 workgroups, got 4294967296",
       [](EntrySpec &e) { e.ops[0].launch.constants[2] = e.constant(int64_t(1) << 32); }},
      {"grid[1]: expected 0 to 2147483647 workgroups, got -1",
       [](EntrySpec &e) { e.ops[3].launch.constants[1] = e.constant(-1); }},
      {"grid: expected at most 1099511627776 workgroups, got more",
       [](EntrySpec &e) { e.ops[3].launch.constants.assign(2, e.constant(1 << 30)); }},
      {"expected a 64-byte aligned range within the arena's 64 B, got 64 B at 32",
       [](EntrySpec &e) { e.buffers[0].offset = e.constant(32); }},
      {"expected a 64-byte aligned range within the arena's 64 B, got 64 B at 64",
       [](EntrySpec &e) { e.buffers[0].offset = e.constant(64); }},
      {"expected a 64-byte aligned range within the arena's 64 B, got 64 B at -64",
       [](EntrySpec &e) { e.buffers[0].offset = e.constant(-64); }},
      {"got 9223372036854775807 B at 0",
       [](EntrySpec &e) { e.buffers[0].size = e.constant(INT64_MAX); }},
      {"arena_size: expected at least 0 B, got -1 B",
       [](EntrySpec &e) { e.arenaSize = e.constant(-1); }},
      {"arena: cannot allocate 4611686018427387904 B",
       [](EntrySpec &e) { e.arenaSize = e.constant(int64_t(1) << 62); }},
      {"expected a positive divisor, got 0",
       [](EntrySpec &e) {
         uint32_t tokens = e.dim(Dim::tokens);
         e.node(ExprKind::floor_div, e.constant(1), e.node(ExprKind::sub, tokens, tokens));
       }},
      {"mul of 9223372036854775807 and 2 exceeds 64 bits",
       [](EntrySpec &e) {
         uint32_t tokens = e.dim(Dim::tokens);
         e.node(ExprKind::mul, e.constant(INT64_MAX), e.node(ExprKind::add, tokens, tokens));
       }},
      {"arguments[5].shape[1]: expected 8 for 'block_table', got 9",
       [](EntrySpec &e) { e.arguments[5].shape[1] = e.constant(9); }},
      {"results[0].shape[1]: expected 11 for 'logits', got 12",
       [](EntrySpec &e) { e.results[0].shape[1] = e.constant(12); }},
  };
  for (const Case &entry : cases) {
    ModelSpec model = makeModel();
    entry.alter(model.programs[0].entries[1]);
    load(model);
    ASSERT_TRUE(module);
    SessionHandle session = makeSession(module.get(), 1, 32);
    std::string message = runStep(session.get(), StepSpec().add(0, 0, {1}));
    EXPECT_NE(message.find(entry.message), std::string::npos) << message;
    // The other entry is not affected.
    EXPECT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1, 2})), "ok");
  }
}

// What was launched of a call that fails later has ended before its memory is replaced.
TEST_F(SessionTest, ACallThatFailsHalfWayLeavesNoLaunches) {
  ModelSpec model = makeModel();
  EntrySpec &decode = model.programs[0].entries[1];
  decode.ops[3].launch.constants[1] = decode.constant(-1);
  path = writeModel(folder, model);
  context = makeContextOf(std::make_unique<SeparateCpuDevice>());
  module = loadModule(context.get(), path);
  SessionHandle session = makeSession(module.get(), 1, 64);
  std::string message = runStep(session.get(), StepSpec().add(0, 0, {1}));
  EXPECT_NE(message.find("ops[3] 'decode.project'"), std::string::npos) << message;
  // More rows than the arena has had place for.
  std::vector<int32_t> ids(40, 2);
  StepSpec step = StepSpec().add(0, 0, ids);
  step.rows.clear();
  for (int32_t i = 0; i < 40; ++i)
    step.rows.push_back(i);
  std::vector<float> logits, last;
  ASSERT_EQ(runStep(session.get(), step, &logits), "ok");
  last.assign(logits.end() - 11, logits.end());
  EXPECT_EQ(last, expectedLogits(80));
}

// A tap shows the host a copy of what it cannot reach.
TEST_F(SessionTest, TapsOfADeviceWithMemoryOfItsOwn) {
  path = writeModel(folder, makeModel());
  context = makeContextOf(std::make_unique<SeparateCpuDevice>());
  module = loadModule(context.get(), path);
  SessionHandle session = makeSession(module.get(), 2, 32);
  std::vector<float> seen;
  hadal_session_set_tap_callback(
      session.get(),
      [](void *user, const hadal_tap_t *tap) {
        const auto *data = static_cast<const float *>(tap->data);
        static_cast<std::vector<float> *>(user)->assign(data, data + tap->shape[0]);
      },
      &seen);
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1, 2, 3}).add(1, 0, {9})), "ok");
  EXPECT_EQ(seen, (std::vector<float>{6, 9}));
}

TEST_F(SessionTest, SessionLimits) {
  ModelSpec model = makeModel();
  std::string error;
  // Of the model itself: as many as it allows, or an artifact that does not tell.
  for (uint32_t positions : {0u, 64u}) {
    model.modelPositions = positions;
    load(model);
    makeSession(module.get(), 1, 65, &error);
    EXPECT_EQ(error, "options.capacity: expected at most the model's 64 positions, got 65");
  }
  load(makeModel());
  makeSession(module.get(), 1, 65, &error);
  EXPECT_EQ(error,
            "options.capacity: expected at most 64 of the model's 128 positions, as many as it "
            "was compiled for (--max-context of hadal-compile), got 65");
  makeSession(module.get(), 70000, 64, &error);
  EXPECT_EQ(error, "options.slots: expected at most 65536, got 70000");
  SessionHandle session = makeSession(module.get(), 0, 0);
  EXPECT_EQ(hadal_session_slots(session.get()), 1u);
  EXPECT_EQ(hadal_session_capacity(session.get()), 64u);
  hadal_session_memory_t memory = {};
  memory.struct_size = sizeof memory;
  hadal_session_memory(session.get(), &memory);
  EXPECT_EQ(memory.cache_bytes, 64u * sizeof(float));
  EXPECT_EQ(memory.arena_bytes, 0u);
}

TEST_F(SessionTest, ObjectsMayBeReleasedInAnyOrder) {
  load(makeModel());
  SessionHandle session = makeSession(module.get(), 1, 32);
  context.reset();
  module.reset();
  std::vector<float> logits;
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {1, 2}), &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(3));
}

// Sessions of one module, stepped by several threads at once, on one pool.
TEST_F(SessionTest, SessionsInSeveralThreads) {
  load(makeModel(), 3);
  constexpr int kThreads = 4, kSteps = 60;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      SessionHandle session = makeSession(module.get(), 2, 64);
      std::vector<float> logits;
      for (int32_t p = 0; p < kSteps; ++p) {
        ASSERT_EQ(runStep(session.get(), StepSpec().add(p % 2, p / 2, {t + 1}), &logits), "ok");
        ASSERT_EQ(logits, expectedLogits(static_cast<float>((t + 1) * (p / 2 + 1))));
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(SessionTest, CancelFromAnotherThreadEndsAStep) {
  // A plan with so many launches that the step lasts until it is cancelled.
  ModelSpec model = makeModel();
  EntrySpec &entry = model.programs[0].entries[1];
  OpSpec append = entry.ops[0];
  entry.ops.insert(entry.ops.begin(), 200000, append);
  load(model);
  SessionHandle session = makeSession(module.get(), 1, 32);
  std::atomic<bool> done{false};
  std::thread canceller([&] {
    while (!done)
      hadal_session_cancel(session.get());
  });
  std::string message = runStep(session.get(), StepSpec().add(0, 0, {1}));
  done = true;
  canceller.join();
  EXPECT_NE(message.find("cancelled before ops["), std::string::npos) << message;
}

} // namespace
} // namespace hadal::test
