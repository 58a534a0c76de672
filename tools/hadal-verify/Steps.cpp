// SPDX-License-Identifier: Apache-2.0
// The steps with which two artifacts are compared value by value.
#include "Steps.h"
#include "Prompts.h"

#include <algorithm>

namespace hadal::tools {

std::string textOf(const Step &step) {
  auto count = [](size_t number, const char *what) {
    return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
  };
  return count(step.tokens.size(), "token") + " of " + count(step.slots.size(), "sequence");
}

TestSteps makeSteps(const hadal_model_info_t &info) {
  // A long prompt takes attention in its expanded form with the dims of any model.
  constexpr uint32_t kLong = 180, kShort = 11;
  TestSteps result;
  result.slots = 3;
  result.capacity = std::min(info.max_positions, kLong + 4);
  uint32_t longest = result.capacity > 4 ? result.capacity - 4 : 1;
  uint32_t seed = 1;
  std::vector<uint32_t> lengths(result.slots);
  auto step = [&](std::vector<std::pair<uint32_t, uint32_t>> added) {
    Step made;
    for (auto [slot, count] : added) {
      count = std::min(count, result.capacity - lengths[slot]);
      std::vector<int32_t> ids(count);
      for (int32_t &id : ids) {
        seed = seed * 1664525 + 1013904223;
        id = static_cast<int32_t>((seed >> 8) % info.vocab_size);
      }
      if (count)
        made.add(slot, lengths[slot], ids.data(), ids.size(), Rows::all);
      lengths[slot] += count;
    }
    if (!made.tokens.empty())
      result.steps.push_back(std::move(made));
  };
  step({{0, std::min(kShort, longest)}});
  step({{0, 1}});
  step({{1, 1}});
  step({{0, 3}, {1, 2}});
  step({{2, longest}});
  step({{2, 1}, {0, 1}, {1, 1}});
  return result;
}

TestSteps stepsOf(const Model &model, const SafetensorsFile &expected, uint32_t chunk) {
  TestSteps result;
  result.slots = 0;
  size_t longest = 0;
  for (const auto &[ids, greedy] : readPrompts(model, expected)) {
    uint32_t slot = result.slots++;
    for (size_t done = 0; done < ids.size();) {
      size_t count = std::min<size_t>(chunk, ids.size() - done);
      result.steps.emplace_back().add(slot, static_cast<uint32_t>(done), ids.data() + done, count,
                                      Rows::all);
      done += count;
    }
    // Of the continuation, what is not read again is not needed.
    for (size_t j = 0; j + 1 < greedy.size(); ++j)
      result.steps.emplace_back().add(slot, static_cast<uint32_t>(ids.size() + j), &greedy[j], 1,
                                      Rows::all);
    longest = std::max(longest, ids.size() + greedy.size());
  }
  checkLongest(model, expected, longest);
  result.capacity = static_cast<uint32_t>(longest);
  return result;
}

} // namespace hadal::tools
