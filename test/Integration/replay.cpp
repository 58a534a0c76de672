// SPDX-License-Identifier: Apache-2.0
// Decodes up to a long context, in batches of 1 to 8, with replays and without; bits must be the same.
//
// replay ARTIFACT: eight slots that hold most of the context, and then 1,000 decode steps, in which
// the first reaches the end of it; one session replays launches and the other never does.
#include "hadal_runtime.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr uint32_t kSlots = 8;
constexpr int32_t kContext = 1500;
constexpr int32_t kSteps = 1000;
constexpr uint64_t kMostRecords = 16;

void check(hadal_status_t status) {
  if (!status)
    return;
  std::fprintf(stderr, "replay: error: %s\n", hadal_status_message(status));
  std::exit(1);
}

hadal_session_t *open(hadal_module_t *module, int32_t neverReplay) {
  hadal_session_options_t options{};
  options.struct_size = sizeof options;
  options.slots = kSlots;
  options.capacity = kContext;
  options.never_replay = neverReplay;
  hadal_session_t *session;
  check(hadal_session_create(module, &options, &session));
  return session;
}

/// Next tokens of the first slots, `count` of each.
std::vector<float> step(hadal_session_t *session, uint32_t slots, int32_t count, uint32_t seed,
                        uint32_t vocabulary) {
  std::vector<int32_t> tokens, positions, offsets{0}, order, rows;
  for (uint32_t slot = 0; slot < slots; ++slot) {
    auto first = static_cast<int32_t>(hadal_session_length(session, slot));
    for (int32_t i = 0; i < count; ++i) {
      uint32_t mixed = (seed * 8 + slot + static_cast<uint32_t>(i) * 977) * 1664525u + 1013904223u;
      tokens.push_back(static_cast<int32_t>((mixed >> 8) % vocabulary));
      positions.push_back(first + i);
    }
    order.push_back(static_cast<int32_t>(slot));
    offsets.push_back(static_cast<int32_t>(tokens.size()));
    rows.push_back(offsets.back() - 1);
  }
  std::vector<float> logits(size_t(slots) * vocabulary);
  hadal_step_t arguments{tokens.data(),  positions.data(),
                         offsets.data(), order.data(),
                         rows.data(),    static_cast<uint32_t>(tokens.size()),
                         slots,          slots};
  check(hadal_session_step(session, &arguments, logits.data()));
  return logits;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: replay ARTIFACT\n");
    return 2;
  }
  hadal_context_t *context;
  hadal_module_t *module;
  check(hadal_context_create(nullptr, &context));
  check(hadal_module_load(context, argv[1], nullptr, &module));
  hadal_model_info_t info{};
  info.struct_size = sizeof info;
  hadal_module_model_info(module, &info);
  hadal_session_t *sessions[2] = {open(module, 0), open(module, 1)};
  // The first slot is in every step, the last in every eighth.
  bool same = true;
  for (int32_t i = -1; i < kSteps && same; ++i) {
    uint32_t slots = i < 0 ? kSlots : 1 + static_cast<uint32_t>(i * 5 % 8);
    std::vector<float> logits[2];
    for (int which = 0; which < 2; ++which)
      logits[which] = step(sessions[which], slots, i < 0 ? kContext - kSteps : 1,
                           static_cast<uint32_t>(i + 2), info.vocab_size);
    same = std::memcmp(logits[0].data(), logits[1].data(), logits[0].size() * sizeof(float)) == 0;
    if (!same)
      std::printf("step %d: OTHER bits\n", i);
  }
  hadal_session_replays_t replays[2];
  for (int which = 0; which < 2; ++which) {
    replays[which].struct_size = sizeof replays[which];
    hadal_session_replays(sessions[which], &replays[which]);
    std::printf("%s: up to %u tokens, %" PRIu64 " recorded, %" PRIu64 " replayed\n",
                which ? "computed" : "replayed", hadal_session_length(sessions[which], 0),
                replays[which].recorded, replays[which].replayed);
    hadal_session_release(sessions[which]);
  }
  hadal_module_release(module);
  hadal_context_release(context);
  bool few =
      replays[0].recorded <= kMostRecords && replays[0].replayed >= kSteps - 2 * kMostRecords;
  return same && few && replays[1].recorded == 0 && replays[1].replayed == 0 ? 0 : 1;
}
