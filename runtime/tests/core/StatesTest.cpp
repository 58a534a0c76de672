// SPDX-License-Identifier: Apache-2.0
// A program with states of several rates, block tables of the caller's, a ring, and two entry points
// of which one reads what the other has kept on the device.
#include "TestDevices.h"

#include <cmath>

namespace hadal::test {
namespace {

using Floats = std::vector<float>;
using Doubles = std::vector<double>;

class StatesTest : public testing::TestWithParam<const char *> {
protected:
  StatesTest() {
    options.struct_size = sizeof options;
    options.slots = 2;
    options.capacity = 300;
    options.step_tokens = 4;
  }

  void open() {
    hadal_session_t *made = nullptr;
    require("hadal_session_create", take(hadal_session_create(module.get(), &options, &made)));
    session.reset(made);
  }

  std::string openMessage() {
    hadal_session_t *made = nullptr;
    std::string message = take(hadal_session_create(module.get(), &options, &made));
    hadal_session_release(made);
    return message;
  }

  // Runs `main`; the kept result is copied too.
  std::string runMain(StepSpec spec, int64_t scale = 1) {
    hidden.assign(spec.tokens.size(), -1);
    sums.assign(spec.slots.size() * 3, -1);
    spec.rows.clear();
    hadal_step_t step = spec.view();
    hadal_named_value_t value = {"scale", scale};
    hadal_call_result_t results[] = {{"sums", sums.data(), sums.size() * sizeof(double)},
                                     {"hidden", hidden.data(), hidden.size() * sizeof(float)}};
    hadal_call_t call = {sizeof call, nullptr, &step, nullptr, 0, 2, results, &value, 1};
    return take(hadal_session_call(session.get(), &call));
  }

  std::string runDraft(size_t rows, Floats bias = {1, 10}) {
    drafted.assign(rows, -1);
    int64_t shape[] = {static_cast<int64_t>(bias.size())};
    hadal_call_argument_t argument = {"bias", bias.data(), bias.size() * sizeof(float), 1, shape};
    hadal_call_result_t result = {"drafted", drafted.data(), rows * sizeof(float)};
    hadal_call_t call = {sizeof call, "draft", nullptr, &argument, 1, 1, &result, nullptr, 0};
    return take(hadal_session_call(session.get(), &call));
  }

  std::string setPages(const char *table, uint32_t slot, uint32_t first,
                       std::vector<int32_t> pages) {
    return take(hadal_session_set_pages(session.get(), table, slot, first, pages.data(),
                                        static_cast<uint32_t>(pages.size())));
  }

  // What `script` gives when calls are replayed, and when they are not.
  template <typename Script>
  void expectSameReplayed(Script script) {
    Doubles given[2];
    for (int32_t never : {0, 1}) {
      options.never_replay = never;
      open();
      script([&](const auto &values) {
        given[never].insert(given[never].end(), values.begin(), values.end());
      });
      hadal_session_replays_t replays = {};
      replays.struct_size = sizeof replays;
      hadal_session_replays(session.get(), &replays);
      EXPECT_EQ(replays.replayed == 0, never != 0);
    }
    EXPECT_EQ(given[0], given[1]);
  }

  TemporaryFolder folder;
  ContextHandle context = std::string("cpu") == GetParam()
                              ? makeContext(2)
                              : makeContextOf(std::make_unique<SeparateCpuDevice>());
  std::string path = writeModel(folder, makeStatesModel());
  ModuleHandle module = loadModule(context.get(), path);
  hadal_session_options_t options = {};
  SessionHandle session;
  Floats hidden, drafted;
  Doubles sums;
};

INSTANTIATE_TEST_SUITE_P(Devices, StatesTest, testing::Values("cpu", "separate"),
                         [](const auto &info) { return std::string(info.param); });

TEST_P(StatesTest, RatesGrowThroughTablesOfTheirOwn) {
  open();
  // To the end of the capacity, across pages of all tables, in steps of 1 to 4 tokens.
  double total = 0;
  for (int32_t p = 0; p < 300;) {
    std::vector<int32_t> ids;
    for (int32_t i = 0; i <= p % 4 && p + i < 300; ++i)
      ids.push_back((p + i) % 11);
    for (int32_t id : ids)
      total += id;
    ASSERT_EQ(runMain(StepSpec().add(1, p, ids)), "ok") << p;
    ASSERT_EQ(sums, Doubles(3, total)) << p;
    p += static_cast<int32_t>(ids.size());
  }
  // The other slot has rows of its own, in the same call too.
  ASSERT_EQ(hadal_session_reset(session.get(), 1), nullptr);
  ASSERT_EQ(runMain(StepSpec().add(0, 0, {5, 6}).add(1, 0, {7})), "ok");
  EXPECT_EQ(sums, (Doubles{11, 11, 11, 7, 7, 7}));
}

TEST_P(StatesTest, ARingHoldsAWindowAStepAndDrafts) {
  hadal_named_value_t drafts = {"drafts", 2};
  options.values = &drafts;
  options.value_count = 1;
  open();
  ASSERT_EQ(runMain(StepSpec().add(0, 0, {1, 2, 3, 4}), 10), "ok");
  EXPECT_EQ(hidden, (Floats{10, 30, 60, 90}));
  ASSERT_EQ(runMain(StepSpec().add(0, 4, {5, 6, 7, 8})), "ok");
  ASSERT_EQ(runMain(StepSpec().add(0, 8, {9, 10})), "ok");
  EXPECT_EQ(hidden, (Floats{24, 27}));
  // Drafts are taken back: what came before them is still there.
  ASSERT_EQ(runMain(StepSpec().add(0, 8, {1})), "ok");
  EXPECT_EQ(hidden, (Floats{16}));
  EXPECT_EQ(runMain(StepSpec().add(0, 9, {1, 1, 1, 1, 1})),
            "step.sequence_offsets[1]: expected at most the session's 4 new tokens of a sequence "
            "(step_tokens), got 5");
}

// Bytes of a session: pages of each table, and the ring's rows.
TEST_P(StatesTest, StatesAreAsLongAsTheirDeclarationSays) {
  auto bytes = [&] {
    hadal_session_memory_t memory = {};
    memory.struct_size = sizeof memory;
    hadal_session_memory(session.get(), &memory);
    return memory.cache_bytes;
  };
  open(); // 75 pages of 4 rows, 38 of 2, 3 of 1, a slot; rings of 3 + 4 + 1 rows
  EXPECT_EQ(bytes(), 2u * (75 * 4 * 4 + 38 * 2 * 16 + 3 * 8 + 8 * 16));
  hadal_named_value_t drafts = {"drafts", 8};
  hadal_page_pool_t pools[] = {{"quarter", 5}, {"full", 7}};
  options.values = &drafts;
  options.value_count = 1;
  options.pools = pools;
  options.pool_count = 2;
  open();
  EXPECT_EQ(bytes(), 7u * 4 * 4 + 5 * 2 * 16 + 2 * (3 * 8 + 15 * 16));
}

TEST_P(StatesTest, TheCallerAssignsPages) {
  hadal_page_pool_t pools[] = {{"full", 3}, {"quarter", 2}};
  options.pools = pools;
  options.pool_count = 2;
  open();
  auto missing = [&](const char *what) {
    EXPECT_EQ(runMain(StepSpec().add(1, 0, {1, 2, 3})), what);
    EXPECT_EQ(hidden, Floats(3, -1));
    EXPECT_EQ(hadal_session_length(session.get(), 1), 0u);
  };
  missing("slot 1: expected a page for row 0 of block table 'full' (entry 0), got none");
  ASSERT_EQ(setPages("full", 1, 0, {2, 0}), "ok");
  missing("slot 1: expected a page for row 0 of block table 'quarter' (entry 0), got none");
  ASSERT_EQ(setPages("quarter", 1, 0, {1}), "ok");
  ASSERT_EQ(runMain(StepSpec().add(1, 0, {1, 2, 3})), "ok");
  ASSERT_EQ(runMain(StepSpec().add(1, 3, {4, 5, 6})), "ok");
  EXPECT_EQ(sums, Doubles(3, 21));
  // Another slot on what is left, and then on the first slot's first page.
  EXPECT_EQ(runMain(StepSpec().add(1, 6, {1, 1, 1})),
            "slot 1: expected a page for row 8 of block table 'full' (entry 2), got none");
  ASSERT_EQ(setPages("full", 0, 0, {2, 1}), "ok");
  ASSERT_EQ(setPages("quarter", 0, 0, {0}), "ok");
  ASSERT_EQ(runMain(StepSpec().add(0, 0, {1, 2, 3, 4})), "ok");
  ASSERT_EQ(runMain(StepSpec().add(1, 6, {9})), "ok");
  EXPECT_EQ(sums, Doubles(3, 30));
  // A page that is taken away is missed.
  ASSERT_EQ(setPages("full", 1, 0, {-1}), "ok");
  EXPECT_EQ(runMain(StepSpec().add(1, 7, {9})),
            "slot 1: expected a page for row 0 of block table 'full' (entry 0), got none");
}

TEST_P(StatesTest, PagesOutOfRange) {
  hadal_page_pool_t pool = {"full", 3};
  options.pools = &pool;
  options.pool_count = 1;
  open();
  EXPECT_EQ(setPages("half", 0, 0, {0}),
            "table: expected a block table of the program, got 'half'");
  EXPECT_EQ(setPages("coarse", 0, 0, {0}),
            "table: expected one with a pool in the options of the session, got 'coarse'");
  EXPECT_EQ(setPages("full", 2, 0, {0}), "slot: expected a slot below 2, got 2");
  EXPECT_EQ(setPages("full", 0, 74, {0, 1}),
            "first: expected 2 entries within the slot's 75, got them from 74 on");
  EXPECT_EQ(setPages("full", 0, 0, {0, 3}),
            "pages[1]: expected a page below 3, or -1, for slot 0 of block table 'full', got 3");
  EXPECT_EQ(setPages("full", 0, 0, {-2}),
            "pages[0]: expected a page below 3, or -1, for slot 0 of block table 'full', got -2");
  // The good one of the pair was not taken either.
  EXPECT_EQ(runMain(StepSpec().add(0, 0, {1})),
            "slot 0: expected a page for row 0 of block table 'full' (entry 0), got none");
}

TEST_P(StatesTest, AKeptResultFeedsTheOtherEntry) {
  open();
  EXPECT_EQ(runDraft(2),
            "argument 'hidden': expected a call that makes it before entry 'draft', got none");
  ASSERT_EQ(runMain(StepSpec().add(0, 0, {1, 2})), "ok");
  ASSERT_EQ(runDraft(2), "ok"); // hidden is 1, 3
  EXPECT_EQ(drafted, (Floats{13, 17}));
  ASSERT_EQ(runDraft(2), "ok"); // and was replaced by 3, 7
  EXPECT_EQ(drafted, (Floats{17, 25}));
  // A call that is refused leaves it as it was.
  EXPECT_EQ(runDraft(3), "result 'drafted': size: expected 8 B, got 12 B");
  ASSERT_EQ(runDraft(2), "ok"); // 7, 15
  EXPECT_EQ(drafted, (Floats{25, 41}));
  // It has the extents that it was made with.
  ASSERT_EQ(runMain(StepSpec().add(0, 2, {4, 4, 4}).add(1, 0, {9})), "ok");
  EXPECT_EQ(runDraft(2), "result 'drafted': size: expected 16 B, got 8 B");
  ASSERT_EQ(runDraft(4), "ok");
  EXPECT_EQ(drafted, (Floats{25, 31, 35, 29}));
}

// A kept result alternates between two places, and each has records of its own.
TEST_P(StatesTest, KeptResultsOfReplayedCalls) {
  expectSameReplayed([&](auto keep) {
    int32_t first = 0;
    for (int32_t i = 0; i < 70; ++i) {
      std::vector<int32_t> ids(1 + static_cast<size_t>(i / 10 % 4), i % 11);
      ASSERT_EQ(runMain(StepSpec().add(1, first, ids).add(0, first, ids), 1 + i / 20 % 2), "ok");
      keep(sums);
      keep(hidden);
      for (int32_t drafts = 0; drafts < i % 3; ++drafts) {
        ASSERT_EQ(runDraft(2 * ids.size(), {float(i), float(drafts)}), "ok");
        keep(drafted);
      }
      first += static_cast<int32_t>(ids.size());
    }
  });
}

TEST_P(StatesTest, PagesChangeBetweenReplays) {
  hadal_page_pool_t pool = {"full", 8};
  options.pools = &pool;
  options.pool_count = 1;
  expectSameReplayed([&](auto keep) {
    for (int32_t round = 0; round < 4; ++round) {
      for (uint32_t slot : {0u, 1u}) {
        ASSERT_EQ(take(hadal_session_reset(session.get(), slot)), "ok");
        int32_t page = static_cast<int32_t>(slot) * 4 + round;
        ASSERT_EQ(setPages("full", slot, 0, {page % 8, (page + 1) % 8}), "ok");
      }
      for (int32_t p = 0; p < 8; ++p) {
        ASSERT_EQ(runMain(StepSpec().add(0, p, {p}).add(1, p, {round})), "ok");
        EXPECT_EQ(sums[0], p * (p + 1) / 2);
        EXPECT_EQ(sums[3], round * (p + 1));
        keep(sums);
      }
    }
  });
}

// What a record was not made for is refused as in any other call.
TEST_P(StatesTest, AReplayedCallIsChecked) {
  open();
  ASSERT_EQ(runMain(StepSpec().add(0, 0, {1, 2})), "ok");
  for (int i = 0; i < 6; ++i)
    ASSERT_EQ(runDraft(2), "ok");
  EXPECT_EQ(runDraft(2, Floats(1000, 1)), "argument 'bias': shape[0]: expected 2, got 1000");
  EXPECT_EQ(runDraft(2, {}), "argument 'bias': shape[0]: expected 2, got 0");
  EXPECT_EQ(runDraft(3), "result 'drafted': size: expected 8 B, got 12 B");
  EXPECT_EQ(runDraft(2), "ok");
}

TEST_P(StatesTest, AReplayedKernelFails) {
  open();
  for (int32_t p = 0; p < 14; ++p)
    ASSERT_EQ(runMain(StepSpec().add(0, p, {1})), "ok");
  // The ring no longer holds what came before this.
  std::string message = runMain(StepSpec().add(0, 3, {1}));
  const std::string kernel =
      "kernel: expected code 0, got 1: an operand holds a value that the kernel cannot process";
  EXPECT_EQ(message.substr(message.size() - kernel.size()), kernel);
  if (std::string("cpu") == GetParam())
    EXPECT_NE(message.find("ops[0] 'main.remember': executable 'remember': kernel"),
              std::string::npos)
        << message;
  EXPECT_EQ(hadal_session_length(session.get(), 0), 3u);
  ASSERT_EQ(runMain(StepSpec().add(0, 0, {1})), "ok");
  EXPECT_EQ(sums, Doubles(3, 1));
}

TEST_P(StatesTest, SlicesAndTables) {
  open();
  Floats turned(kTurned), expected;
  hadal_call_result_t result = {"turned", turned.data(), turned.size() * sizeof(float)};
  hadal_call_t call = {sizeof call, "turn", nullptr, nullptr, 0, 1, &result, nullptr, 0};
  ASSERT_EQ(take(hadal_session_call(session.get(), &call)), "ok");
  for (uint32_t i = 0; i < kTurned; ++i) // rows of two
    EXPECT_FLOAT_EQ(turned[i],
                    (1 + float(i + 1) / 4) * std::sin(float(i / 2) * (i % 2 ? 0.01f : 1.0f)))
        << i;
}

TEST_P(StatesTest, ArgumentsAndResultsByName) {
  open();
  ASSERT_EQ(runMain(StepSpec().add(0, 0, {1})), "ok");
  float bias[2] = {1, 10}, out[1] = {};
  int64_t two = 2, three = 3, negative = -1;
  hadal_call_argument_t given[] = {{"bias", bias, 8, 1, &two}, {"bias", bias, 8, 1, &two}};
  hadal_call_result_t results[] = {{"drafted", out, 4}, {"drafted", out, 4}};
  auto message = [&](auto alter) {
    hadal_call_t call = {sizeof call, "draft", nullptr, given, 1, 1, results, nullptr, 0};
    auto argument = given[0];
    auto result = results[0];
    alter(call);
    std::string text = take(hadal_session_call(session.get(), &call));
    given[0] = argument;
    results[0] = result;
    EXPECT_EQ(out[0], 0) << text;
    return text;
  };
  EXPECT_EQ(message([](hadal_call_t &c) { c.entry = "drift"; }),
            "call.entry: expected an entry of the program, got 'drift'");
  EXPECT_EQ(message([](hadal_call_t &c) { c.argument_count = 0; }),
            "call.arguments: expected 'bias' of entry 'draft', got none");
  EXPECT_EQ(message([](hadal_call_t &c) { c.argument_count = 2; }),
            "call.arguments[1].name: expected a new name, got 'bias' again");
  EXPECT_EQ(
      message([&](hadal_call_t &) { given[0].name = "hidden"; }),
      "call.arguments[0].name: expected an argument of entry 'draft' that is the caller's, got "
      "'hidden'");
  EXPECT_EQ(message([&](hadal_call_t &) { given[0].rank = 0; }),
            "argument 'bias': rank: expected 1, got 0");
  EXPECT_EQ(message([&](hadal_call_t &) { given[0].size = 4; }),
            "argument 'bias': size: expected 8 B for its shape and type f32, got 4 B");
  EXPECT_EQ(message([&](hadal_call_t &) { given[0].data = nullptr; }),
            "argument 'bias': data: expected an address, got NULL");
  EXPECT_EQ(message([&](hadal_call_t &) { given[0].shape = &three, given[0].size = 12; }),
            "argument 'bias': shape[0]: expected 2, got 3");
  EXPECT_EQ(
      message([&](hadal_call_t &) { given[0].shape = &negative; }),
      "argument 'bias': shape: expected extents of at least 0 and a size within 63 bits, got others");
  EXPECT_EQ(message([](hadal_call_t &c) { c.result_count = 0; }),
            "call.results: expected 'drafted' of entry 'draft', got none");
  EXPECT_EQ(message([](hadal_call_t &c) { c.result_count = 2; }),
            "call.results[1].name: expected a new name, got 'drafted' again");
  EXPECT_EQ(message([&](hadal_call_t &) { results[0].name = "sums"; }),
            "call.results[0].name: expected a result of entry 'draft', got 'sums'");
  EXPECT_EQ(message([&](hadal_call_t &) { results[0].data = nullptr; }),
            "result 'drafted': data: expected an address, got NULL");
  hadal_step_t step = {};
  EXPECT_EQ(message([&](hadal_call_t &c) { c.step = &step; }),
            "call.step: expected NULL for entry 'draft', which has no step, got an address");
  EXPECT_EQ(message([](hadal_call_t &c) { c.entry = nullptr; }),
            "call.step: expected the tokens of entry 'main', got NULL");
  hadal_named_value_t value = {"drafts", 3};
  EXPECT_EQ(message([&](hadal_call_t &c) { c.values = &value, c.value_count = 1; }),
            "call.values[0].name: expected a call value of the program, got 'drafts'");
  value = {"scale", 101};
  EXPECT_EQ(message([&](hadal_call_t &c) { c.values = &value, c.value_count = 1; }),
            "call.values[0] 'scale': expected 1 to 100, got 101");
  EXPECT_EQ(message([](hadal_call_t &c) { c.struct_size = 0; }),
            "call.struct_size: expected the size of the struct, got 0");
  // None of these has changed what is kept.
  ASSERT_EQ(runDraft(1), "ok");
  EXPECT_EQ(drafted, (Floats{13}));
}

// Its step gives results by name, which a call fetches.
TEST_P(StatesTest, AStepWithoutLogits) {
  open();
  StepSpec spec = StepSpec().add(0, 0, {1});
  hadal_step_t step = spec.view();
  EXPECT_EQ(take(hadal_session_step(session.get(), &step, nullptr)),
            "entry 'main': expected a result of role logits for hadal_session_step, got none; "
            "hadal_session_call takes results by name");
}

TEST_P(StatesTest, OptionsOutOfRange) {
  options.step_tokens = 301;
  EXPECT_EQ(openMessage(), "options.step_tokens: expected at most the capacity of 300, got 301");
  options.step_tokens = 0;
  hadal_named_value_t values[] = {{"drafts", 9}, {"drafts", 1}};
  options.values = values;
  options.value_count = 1;
  EXPECT_EQ(openMessage(), "options.values[0] 'drafts': expected 0 to 8, got 9");
  values[0] = {"scale", 1};
  EXPECT_EQ(openMessage(),
            "options.values[0].name: expected a session value of the program, got 'scale'");
  values[0] = {"drafts", 1};
  options.value_count = 2;
  EXPECT_EQ(openMessage(), "options.values[1].name: expected a new name, got 'drafts' again");
  options.value_count = 0;
  hadal_page_pool_t pools[] = {{"half", 1}, {"full", 1}};
  options.pools = pools;
  options.pool_count = 1;
  EXPECT_EQ(openMessage(),
            "options.pools[0].block_table: expected a block table of the program, got 'half'");
  pools[0] = {"full", 0};
  EXPECT_EQ(openMessage(), "options.pools[0].pages: expected 1 to 2147483647, got 0");
  pools[0] = {"full", 1};
  options.pool_count = 2;
  EXPECT_EQ(openMessage(), "options.pools[1].block_table: expected a new name, got 'full' again");
}

TEST_P(StatesTest, QueriesListTheProgram) {
  ASSERT_EQ(hadal_module_entry_count(module.get()), 3u);
  hadal_entry_info_t entry = {};
  entry.struct_size = sizeof entry;
  ASSERT_EQ(take(hadal_module_entry(module.get(), 1, &entry)), "ok");
  EXPECT_STREQ(entry.name, "draft");
  EXPECT_EQ(entry.role, HADAL_ENTRY_OTHER);
  EXPECT_EQ(entry.takes_step, 0);
  EXPECT_EQ(entry.argument_count, 2u);
  hadal_port_info_t port = {};
  port.struct_size = sizeof port;
  ASSERT_EQ(take(hadal_module_argument(module.get(), 0, 5, &port)), "ok");
  EXPECT_STREQ(port.name, "quarter");
  EXPECT_STREQ(port.block_table, "quarter");
  EXPECT_EQ(port.role, HADAL_PORT_BLOCK_TABLE);
  ASSERT_EQ(take(hadal_module_result(module.get(), 0, 1, &port)), "ok");
  EXPECT_EQ(port.type, HADAL_TYPE_F64);
  ASSERT_EQ(port.rank, 2u);
  EXPECT_EQ(port.shape[0], -1);
  EXPECT_EQ(port.shape[1], 3);
  EXPECT_EQ(take(hadal_module_result(module.get(), 3, 0, &port)),
            "entry: expected an entry below 3, got 3");
  EXPECT_EQ(take(hadal_module_result(module.get(), 0, 2, &port)),
            "index: expected a result below 2, got 2");
  ASSERT_EQ(hadal_module_state_count(module.get()), 4u);
  hadal_state_info_t state = {};
  state.struct_size = sizeof state;
  ASSERT_EQ(take(hadal_module_state(module.get(), 3, &state)), "ok");
  EXPECT_EQ(state.kind, HADAL_STATE_RING);
  EXPECT_STREQ(state.block_table, "");
  ASSERT_EQ(state.row_rank, 2u);
  EXPECT_EQ(state.row_shape[1], 2u);
  ASSERT_EQ(hadal_module_block_table_count(module.get()), 3u);
  hadal_block_table_info_t table = {};
  table.struct_size = sizeof table;
  ASSERT_EQ(take(hadal_module_block_table(module.get(), 2, &table)), "ok");
  EXPECT_EQ(table.tokens_per_row, 128u);
  ASSERT_EQ(hadal_module_value_count(module.get()), 2u);
  hadal_value_info_t value = {};
  value.struct_size = sizeof value;
  ASSERT_EQ(take(hadal_module_value(module.get(), 1, &value)), "ok");
  EXPECT_STREQ(value.name, "scale");
  EXPECT_EQ(value.of_call, 1);
  EXPECT_EQ(value.maximum, 100);
  ModuleHandle inspected = loadModule(context.get(), path, nullptr, true);
  EXPECT_EQ(hadal_module_entry_count(inspected.get()), 0u);
}

} // namespace
} // namespace hadal::test
