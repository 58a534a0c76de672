// SPDX-License-Identifier: Apache-2.0
// Every argument of a step out of its range: the message, and that nothing changes.
#include "Run.h"

namespace hadal::test {
namespace {

struct Case {
  const char *message;
  void (*alter)(StepSpec &, hadal_step_t &);
};

void view(StepSpec &spec, hadal_step_t &step) { step = spec.view(); }

const Case kCases[] = {
    {"step.tokens: expected an address, got NULL",
     [](StepSpec &, hadal_step_t &step) { step.tokens = nullptr; }},
    {"step.positions: expected an address, got NULL",
     [](StepSpec &, hadal_step_t &step) { step.positions = nullptr; }},
    {"step.sequence_offsets: expected an address, got NULL",
     [](StepSpec &, hadal_step_t &step) { step.sequence_offsets = nullptr; }},
    {"step.slots: expected an address, got NULL",
     [](StepSpec &, hadal_step_t &step) { step.slots = nullptr; }},
    {"step.logit_rows: expected an address, got NULL",
     [](StepSpec &, hadal_step_t &step) { step.logit_rows = nullptr; }},
    {"step.token_count: expected 1 to 2147483647, got 0",
     [](StepSpec &, hadal_step_t &step) { step.token_count = 0; }},
    {"step.token_count: expected 1 to 2147483647, got 4294967295",
     [](StepSpec &, hadal_step_t &step) { step.token_count = UINT32_MAX; }},
    {"step.sequence_count: expected 1 to the session's 3 slots, got 0",
     [](StepSpec &, hadal_step_t &step) { step.sequence_count = 0; }},
    {"step.sequence_count: expected 1 to the session's 3 slots, got 4",
     [](StepSpec &, hadal_step_t &step) { step.sequence_count = 4; }},
    {"step.logit_row_count: expected at most 2147483647, got 2147483648",
     [](StepSpec &, hadal_step_t &step) { step.logit_row_count = 1u << 31; }},
    {"step.sequence_offsets[0]: expected 0, got 1",
     [](StepSpec &spec, hadal_step_t &step) { spec.offsets[0] = 1, view(spec, step); }},
    {"step.sequence_offsets[1]: expected 1 to 4, got 0",
     [](StepSpec &spec, hadal_step_t &step) { spec.offsets[1] = 0, view(spec, step); }},
    {"step.sequence_offsets[1]: expected 1 to 4, got -2147483648",
     [](StepSpec &spec, hadal_step_t &step) { spec.offsets[1] = INT32_MIN, view(spec, step); }},
    {"step.sequence_offsets[2]: expected 4 to 4, got 3",
     [](StepSpec &spec, hadal_step_t &step) { spec.offsets[2] = 3, view(spec, step); }},
    {"step.sequence_offsets[2]: expected 4 to 4, got 5",
     [](StepSpec &spec, hadal_step_t &step) { spec.offsets[2] = 5, view(spec, step); }},
    {"step.sequence_offsets[1]: expected the token count 4, got 3",
     [](StepSpec &spec, hadal_step_t &step) { spec.slots.pop_back(), view(spec, step); }},
    {"step.tokens[2]: expected an id below 11, got 11",
     [](StepSpec &spec, hadal_step_t &step) { spec.tokens[2] = 11, view(spec, step); }},
    {"step.tokens[0]: expected an id below 11, got -1",
     [](StepSpec &spec, hadal_step_t &step) { spec.tokens[0] = -1, view(spec, step); }},
    {"step.logit_rows[1]: expected a row below 4, got 4",
     [](StepSpec &spec, hadal_step_t &step) { spec.rows[1] = 4, view(spec, step); }},
    {"step.logit_rows[0]: expected a row below 4, got -1",
     [](StepSpec &spec, hadal_step_t &step) { spec.rows[0] = -1, view(spec, step); }},
    {"step.slots[1]: expected a slot below 3, got 3",
     [](StepSpec &spec, hadal_step_t &step) { spec.slots[1] = 3, view(spec, step); }},
    {"step.slots[0]: expected a slot below 3, got -1",
     [](StepSpec &spec, hadal_step_t &step) { spec.slots[0] = -1, view(spec, step); }},
    {"step.slots[1]: expected a slot once in a step, got 0 again",
     [](StepSpec &spec, hadal_step_t &step) { spec.slots[1] = 0, view(spec, step); }},
    {"step.positions[0]: expected 0 to the 2 tokens that slot 0 holds, got 3",
     [](StepSpec &spec, hadal_step_t &step) { spec.positions[0] = 3, view(spec, step); }},
    {"step.positions[0]: expected 0 to the 2 tokens that slot 0 holds, got -1",
     [](StepSpec &spec, hadal_step_t &step) { spec.positions[0] = -1, view(spec, step); }},
    {"step.positions[3]: expected 0 to the 0 tokens that slot 1 holds, got 1",
     [](StepSpec &spec, hadal_step_t &step) { spec.positions[3] = 1, view(spec, step); }},
    {"step.positions[1]: expected 3, one more than the position before, got 4",
     [](StepSpec &spec, hadal_step_t &step) { spec.positions[1] = 4, view(spec, step); }},
    {"step.positions[2]: expected 4, one more than the position before, got 3",
     [](StepSpec &spec, hadal_step_t &step) { spec.positions[2] = 3, view(spec, step); }},
};

TEST(StepArgumentsTest, EachOutOfRange) {
  TemporaryFolder folder;
  ContextHandle context = makeContext();
  ModuleHandle module = loadModule(context.get(), writeModel(folder, makeModel()));
  SessionHandle session = makeSession(module.get(), 3, 8);
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {5, 6})), "ok");
  for (const Case &entry : kCases) {
    StepSpec spec = StepSpec().add(0, 2, {1, 2, 3}).add(1, 0, {4});
    hadal_step_t step = spec.view();
    entry.alter(spec, step);
    std::vector<float> logits(22, -1.0f);
    hadal_status_t status = hadal_session_step(session.get(), &step, logits.data());
    EXPECT_EQ(hadal_status_code(status), HADAL_STATUS_INVALID_ARGUMENT);
    EXPECT_EQ(take(status), entry.message);
    EXPECT_EQ(logits, std::vector<float>(22, -1.0f)) << entry.message;
    EXPECT_EQ(hadal_session_length(session.get(), 0), 2u) << entry.message;
    EXPECT_EQ(hadal_session_length(session.get(), 1), 0u) << entry.message;
  }
  StepSpec spec = StepSpec().add(0, 2, {1});
  hadal_step_t step = spec.view();
  EXPECT_EQ(take(hadal_session_step(session.get(), &step, nullptr)),
            "logits: expected an address, got NULL");
  EXPECT_EQ(take(hadal_session_step(session.get(), nullptr, nullptr)),
            "step: expected an address, got NULL");
  // The cache is as it was.
  std::vector<float> logits;
  ASSERT_EQ(runStep(session.get(), spec, &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(12));
}

} // namespace
} // namespace hadal::test
