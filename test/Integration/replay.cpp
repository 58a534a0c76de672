// SPDX-License-Identifier: Apache-2.0
// Decodes up to a long context, in batches of 1 to 8, with replays and without; bits must be the same.
//
// replay ARTIFACT [DEVICE [CONTEXT STEPS]]: eight slots that hold what comes before the steps, and then
// so many decode steps, in which the first slot reaches the end of the context; slots and rows of logits
// come in orders that change from step to step. One session replays launches and the other never does.
// Where the device is cuda over the test driver, a replayed step is one upload, one launch of a graph and
// one download.
#include "hadal_runtime.h"

#include "driver/TestDriver.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <dlfcn.h>

namespace {

constexpr uint32_t kSlots = 8;
constexpr uint64_t kMostRecords = 16;

void check(hadal_status_t status) {
  if (!status)
    return;
  std::fprintf(stderr, "replay: error: %s\n", hadal_status_message(status));
  std::exit(1);
}

hadal_session_t *open(hadal_module_t *module, int32_t capacity, int32_t neverReplay) {
  hadal_session_options_t options{};
  options.struct_size = sizeof options;
  options.slots = kSlots;
  options.capacity = static_cast<uint32_t>(capacity);
  options.never_replay = neverReplay;
  hadal_session_t *session;
  check(hadal_session_create(module, &options, &session));
  return session;
}

/// Numbers of a step, the same for both sessions.
class Numbers {
public:
  explicit Numbers(uint32_t seed) : state(seed * 2654435761u + 1) {}
  uint32_t below(uint32_t end) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % end;
  }
  void shuffle(std::vector<int32_t> &list) {
    for (auto i = static_cast<uint32_t>(list.size()); i > 1; --i)
      std::swap(list[i - 1], list[below(i)]);
  }

private:
  uint32_t state;
};

/// Next tokens of the first slots, `count` of each, in an order that the seed decides.
std::vector<float> step(hadal_session_t *session, uint32_t slots, int32_t count, uint32_t seed,
                        uint32_t vocabulary) {
  Numbers numbers(seed);
  std::vector<int32_t> tokens, positions, offsets{0}, order, rows;
  for (uint32_t slot = 0; slot < slots; ++slot)
    order.push_back(static_cast<int32_t>(slot));
  numbers.shuffle(order);
  for (int32_t slot : order) {
    auto first = static_cast<int32_t>(hadal_session_length(session, static_cast<uint32_t>(slot)));
    for (int32_t i = 0; i < count; ++i) {
      tokens.push_back(static_cast<int32_t>(numbers.below(vocabulary)));
      positions.push_back(first + i);
    }
    offsets.push_back(static_cast<int32_t>(tokens.size()));
    rows.push_back(offsets.back() - 1);
  }
  numbers.shuffle(rows);
  std::vector<float> logits(size_t(slots) * vocabulary);
  hadal_step_t arguments{tokens.data(),  positions.data(),
                         offsets.data(), order.data(),
                         rows.data(),    static_cast<uint32_t>(tokens.size()),
                         slots,          slots};
  check(hadal_session_step(session, &arguments, logits.data()));
  return logits;
}

uint64_t replayedBy(hadal_session_t *session) {
  hadal_session_replays_t replays{};
  replays.struct_size = sizeof replays;
  hadal_session_replays(session, &replays);
  return replays.replayed;
}

/// What the test driver counts from step to step, where the device runs over it.
class DriverCounts {
public:
  DriverCounts() {
    if (void *driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD))
      counts = reinterpret_cast<hadal_test_driver_counts_fn_t>(
          dlsym(driver, "hadal_test_driver_counts"));
  }
  explicit operator bool() const { return counts != nullptr; }
  void begin() {
    if (counts)
      counts(&before);
  }
  /// Whether a replayed step was what it should be; tells what it was where not.
  bool expectOne(int32_t step) {
    if (!counts)
      return true;
    hadal_test_driver_counts_t now;
    counts(&now);
    uint64_t got[] = {now.uploads - before.uploads, now.graph_launches - before.graph_launches,
                      now.launches - before.launches, now.downloads - before.downloads};
    if (got[0] == 1 && got[1] == 1 && got[2] == 0 && got[3] == 1)
      return true;
    std::printf("step %d: expected 1 upload, 1 graph launch, 0 launches and 1 download, got "
                "%" PRIu64 ", %" PRIu64 ", %" PRIu64 " and %" PRIu64 "\n",
                step, got[0], got[1], got[2], got[3]);
    return false;
  }

private:
  hadal_test_driver_counts_fn_t counts = nullptr;
  hadal_test_driver_counts_t before = {};
};

} // namespace

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3 && argc != 5) {
    std::fprintf(stderr, "usage: replay ARTIFACT [DEVICE [CONTEXT STEPS]]\n");
    return 2;
  }
  int32_t capacity = argc == 5 ? std::atoi(argv[3]) : 1500;
  int32_t steps = argc == 5 ? std::atoi(argv[4]) : 1000;
  hadal_context_options_t options{};
  options.struct_size = sizeof options;
  options.device = argc > 2 ? argv[2] : "cpu";
  hadal_context_t *context;
  hadal_module_t *module;
  check(hadal_context_create(&options, &context));
  check(hadal_module_load(context, argv[1], nullptr, &module));
  hadal_model_info_t info{};
  info.struct_size = sizeof info;
  hadal_module_model_info(module, &info);
  hadal_session_t *sessions[2] = {open(module, capacity, 0), open(module, capacity, 1)};
  DriverCounts driver;
  // The first slot is in every step, the last in every eighth.
  bool same = true;
  for (int32_t i = -1; i < steps && same; ++i) {
    uint32_t slots = i < 0 ? kSlots : 1 + static_cast<uint32_t>(i * 5 % 8);
    int32_t count = i < 0 ? capacity - steps : 1;
    auto seed = static_cast<uint32_t>(i + 2);
    uint64_t replayed = replayedBy(sessions[0]);
    driver.begin();
    std::vector<float> logits = step(sessions[0], slots, count, seed, info.vocab_size);
    if (replayedBy(sessions[0]) > replayed)
      same = driver.expectOne(i);
    std::vector<float> computed = step(sessions[1], slots, count, seed, info.vocab_size);
    if (std::memcmp(logits.data(), computed.data(), logits.size() * sizeof(float)) != 0) {
      std::printf("step %d: OTHER bits\n", i);
      same = false;
    }
  }
  if (driver && same)
    std::printf("each replayed step: 1 upload, 1 graph launch, 1 download\n");
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
  // Each record takes a call that is remembered and one that is recorded.
  bool few = replays[0].recorded > 0 && replays[0].recorded <= kMostRecords &&
             replays[0].replayed + 2 * replays[0].recorded >= static_cast<uint64_t>(steps);
  return same && few && replays[1].recorded == 0 && replays[1].replayed == 0 ? 0 : 1;
}
