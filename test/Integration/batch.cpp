// SPDX-License-Identifier: Apache-2.0
// Runs sequences alone, together and staggered; their logits must be the same bits.
//
// batch ARTIFACT [DEVICE]: eight sequences of different lengths, each a prompt and a few
// further tokens. Alone: a session each. Together: prompts in one step, then
// decode steps of all. Staggered: sequence i starts in step i, so that prefill and
// decode share steps. Each of them with one thread and with two.
#include "hadal_runtime.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr int sequenceCount = 8;
constexpr int decodeSteps = 6;

void check(hadal_status_t status) {
  if (!status)
    return;
  std::fprintf(stderr, "batch: error: %s\n", hadal_status_message(status));
  std::exit(1);
}

/// (sequence, position) -> the logits of that token.
using Logits = std::map<std::pair<int, int>, std::vector<float>>;

/// Sequence i: a prompt of `prompt` tokens and decodeSteps more.
struct Sequence {
  std::vector<int32_t> tokens;
  int prompt;
};

std::vector<Sequence> makeSequences(uint32_t vocabulary) {
  const int lengths[sequenceCount] = {1, 5, 17, 2, 33, 9, 64, 3};
  std::vector<Sequence> sequences;
  uint32_t state = 12345;
  for (int length : lengths) {
    Sequence sequence{{}, length};
    for (int i = 0; i < length + decodeSteps; ++i) {
      state = state * 1664525u + 1013904223u;
      sequence.tokens.push_back(static_cast<int32_t>((state >> 8) % vocabulary));
    }
    sequences.push_back(sequence);
  }
  return sequences;
}

/// One step with the next part of every sequence named in `parts`: its first
/// position and its count of tokens. Logits of all tokens are wanted.
struct Part {
  int sequence, first, count, slot;
};

void step(hadal_session_t *session, const std::vector<Sequence> &sequences,
          const std::vector<Part> &parts, uint32_t vocabulary, Logits &logits) {
  std::vector<int32_t> tokens, positions, offsets{0}, slots, rows;
  std::vector<std::pair<int, int>> owners;
  for (const Part &part : parts) {
    for (int i = part.first; i < part.first + part.count; ++i) {
      rows.push_back(static_cast<int32_t>(tokens.size()));
      tokens.push_back(sequences[part.sequence].tokens[i]);
      positions.push_back(i);
      owners.emplace_back(part.sequence, i);
    }
    offsets.push_back(static_cast<int32_t>(tokens.size()));
    slots.push_back(part.slot);
  }
  std::vector<float> out(rows.size() * vocabulary);
  hadal_step_t arguments{tokens.data(),
                         positions.data(),
                         offsets.data(),
                         slots.data(),
                         rows.data(),
                         static_cast<uint32_t>(tokens.size()),
                         static_cast<uint32_t>(parts.size()),
                         static_cast<uint32_t>(rows.size())};
  check(hadal_session_step(session, &arguments, out.data()));
  for (size_t i = 0; i < owners.size(); ++i)
    logits[owners[i]].assign(out.begin() + static_cast<ptrdiff_t>(i * vocabulary),
                             out.begin() + static_cast<ptrdiff_t>((i + 1) * vocabulary));
}

enum class Mode { alone, together, staggered };

Logits run(const char *artifact, const char *device, uint32_t threads, Mode mode) {
  hadal_context_options_t contextOptions{};
  contextOptions.struct_size = sizeof contextOptions;
  contextOptions.device = device;
  contextOptions.threads = threads;
  hadal_context_t *context;
  hadal_module_t *module;
  hadal_session_t *session;
  check(hadal_context_create(&contextOptions, &context));
  check(hadal_module_load(context, artifact, nullptr, &module));
  hadal_model_info_t info{};
  info.struct_size = sizeof info;
  hadal_module_model_info(module, &info);
  hadal_session_options_t sessionOptions{};
  sessionOptions.struct_size = sizeof sessionOptions;
  sessionOptions.slots = sequenceCount;
  sessionOptions.capacity = 128;
  check(hadal_session_create(module, &sessionOptions, &session));

  std::vector<Sequence> sequences = makeSequences(info.vocab_size);
  Logits logits;
  int groups = mode == Mode::alone ? sequenceCount : 1;
  for (int group = 0; group < groups; ++group) {
    for (int now = 0; now < sequenceCount + decodeSteps + 1; ++now) {
      std::vector<Part> parts;
      for (int s = 0; s < sequenceCount; ++s) {
        if (mode == Mode::alone && s != group)
          continue;
        int age = mode == Mode::staggered ? now - s : now;
        // Slots differ from the order of the sequences.
        int slot = mode == Mode::alone ? 0 : (s * 3 + 1) % sequenceCount;
        if (age == 0)
          parts.push_back({s, 0, sequences[s].prompt, slot});
        else if (age > 0 && age <= decodeSteps)
          parts.push_back({s, sequences[s].prompt + age - 1, 1, slot});
      }
      if (!parts.empty())
        step(session, sequences, parts, info.vocab_size, logits);
    }
  }
  hadal_session_release(session);
  hadal_module_release(module);
  hadal_context_release(context);
  return logits;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 2 && argc != 3) {
    std::fprintf(stderr, "usage: batch ARTIFACT [DEVICE]\n");
    return 2;
  }
  const std::pair<Mode, const char *> modes[] = {
      {Mode::alone, "alone"}, {Mode::together, "together"}, {Mode::staggered, "staggered"}};
  Logits first;
  int different = 0;
  for (auto [mode, name] : modes)
    for (uint32_t threads : {1u, 2u}) {
      Logits got = run(argv[1], argc > 2 ? argv[2] : nullptr, threads, mode);
      if (first.empty())
        first = got;
      bool same = got.size() == first.size();
      for (const auto &[key, row] : got) {
        if (std::memcmp(row.data(), first[key].data(), row.size() * sizeof(float)) == 0)
          continue;
        if (same)
          std::printf("%s, %u threads: sequence %d differs at position %d\n", name, threads,
                      key.first, key.second);
        same = false;
      }
      different += !same;
      std::printf("%s, %u threads: %zu rows of logits, %s\n", name, threads, got.size(),
                  same ? "the same bits" : "OTHER bits");
    }
  return different ? 1 : 0;
}
