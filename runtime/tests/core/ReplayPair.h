// SPDX-License-Identifier: Apache-2.0
// Two sessions that run the same, of which one never replays.
#ifndef HADAL_TESTS_CORE_REPLAYPAIR_H
#define HADAL_TESTS_CORE_REPLAYPAIR_H

#include "TestDevices.h"

#include <random>

namespace hadal::test {

inline hadal_session_replays_t replaysOf(const SessionHandle &session) {
  hadal_session_replays_t replays = {};
  replays.struct_size = sizeof replays;
  hadal_session_replays(session.get(), &replays);
  return replays;
}

class ReplayPair {
public:
  ReplayPair() {
    options.struct_size = sizeof options;
    options.slots = 20;
    options.capacity = 64;
  }

  void load(ContextHandle device, const ModelSpec &model) {
    path = writeModel(folder, model);
    context = std::move(device);
    module = loadModule(context.get(), path);
    for (int32_t never : {0, 1}) {
      options.never_replay = never;
      hadal_session_t *made = nullptr;
      require("hadal_session_create", take(hadal_session_create(module.get(), &options, &made)));
      (never ? computed : session).reset(made);
    }
  }

  /// One step of both; their messages and logits are the same.
  std::string step(const StepSpec &spec) {
    std::vector<float> other;
    std::string message = runStep(session.get(), spec, &logits),
                expected = runStep(computed.get(), spec, &other);
    EXPECT_EQ(message, expected);
    EXPECT_EQ(logits, other);
    return message;
  }

  /// One token for each of the first `slots` slots.
  std::string decode(int32_t slots) {
    StepSpec spec;
    for (int32_t slot = 0; slot < slots; ++slot)
      spec.add(
          slot,
          static_cast<int32_t>(hadal_session_length(session.get(), static_cast<uint32_t>(slot))),
          {++token % 11});
    return step(spec);
  }

  /// Prompts and decode steps of any size.
  void runStepsOfAnyShape() {
    std::mt19937 random(7);
    for (int i = 0; i < 300; ++i) {
      StepSpec spec;
      std::vector<int32_t> rows;
      for (int32_t slot = 0; slot < 20; ++slot) {
        if (random() % 4 == 0)
          continue;
        auto length =
            static_cast<int32_t>(hadal_session_length(session.get(), static_cast<uint32_t>(slot)));
        auto first =
            length > 50 ? 0 : length - static_cast<int32_t>(random() % 3 == 0 && length > 2);
        std::vector<int32_t> ids(1 + (i % 3 == 0 ? random() % 5 : 0));
        for (int32_t &id : ids)
          id = static_cast<int32_t>(random() % 11);
        spec.add(slot, first, ids);
        if (random() % 2)
          rows.push_back(spec.rows.back());
      }
      if (spec.tokens.empty())
        continue;
      spec.rows = rows;
      ASSERT_EQ(step(spec), "ok");
    }
  }

  void expectReplays(uint64_t recorded, uint64_t replayed) {
    EXPECT_EQ(replaysOf(session).recorded, recorded);
    EXPECT_EQ(replaysOf(session).replayed, replayed);
    EXPECT_EQ(replaysOf(computed).recorded, 0u);
    EXPECT_EQ(replaysOf(computed).replayed, 0u);
  }

  TemporaryFolder folder;
  std::string path;
  ContextHandle context;
  ModuleHandle module;
  hadal_session_options_t options = {};
  SessionHandle session, computed;
  std::vector<float> logits;
  int32_t token = 0;
};

} // namespace hadal::test

#endif // HADAL_TESTS_CORE_REPLAYPAIR_H
