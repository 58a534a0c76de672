// SPDX-License-Identifier: Apache-2.0
// libFuzzer target: any text is refused with a message or decoded; with --execute, what decodes also runs under all checks.
#include "sim/api/Levels.h"
#include "sim/decode/Decoder.h"
#include "sim/frontend/Parser.h"

#include <hadal_sim.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

using namespace hadal::sim;

namespace {

bool executes = false;

/// Ends the process, which libFuzzer reports together with the input.
void require(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "hadal-sim-fuzz: expected %s\n", what);
  std::abort();
}

void decodeOnly(const std::string &text) {
  std::string error;
  Program program;
  program.ast = parseModule(text, error);
  bool good = program.ast && decodeModule(program, *bestLevel(), error);
  require(good || !error.empty(), "a reason with every refusal");
}

/// Launches one entry with small buffers for its pointers and small numbers for the rest.
void launchEntry(hadal_sim_context_t *context, hadal_sim_module_t *module, const char *entry,
                 uint64_t variant) {
  hadal_sim_kernel_info_t info;
  if (hadal_sim_kernel_info(context, module, entry, &info) != HADAL_SIM_OK)
    return;
  constexpr uint64_t kBytes = 4096;
  std::vector<std::vector<uint8_t>> values;
  std::vector<uint64_t> buffers;
  for (size_t i = 0; i < info.parameter_count; ++i) {
    hadal_sim_parameter_t parameter;
    require(hadal_sim_kernel_parameter(context, module, entry, i, &parameter) == HADAL_SIM_OK,
            "every parameter to be described");
    std::vector<uint8_t> bytes(parameter.bytes);
    uint64_t value = 32;
    if (parameter.bytes >= 8) {
      require(hadal_sim_alloc(context, kBytes, parameter.name, &value) == HADAL_SIM_OK,
              "a small buffer");
      if (i % 2 == 0)
        hadal_sim_fill(context, value, int(variant & 3), kBytes);
      buffers.push_back(value);
    }
    if (!bytes.empty())
      memcpy(bytes.data(), &value, std::min<size_t>(bytes.size(), 8));
    values.push_back(std::move(bytes));
  }
  std::vector<const void *> arguments;
  for (const std::vector<uint8_t> &bytes : values)
    arguments.push_back(bytes.data());
  hadal_sim_launch_t launch;
  hadal_sim_launch_defaults(&launch);
  launch.grid[0] = 2;
  launch.block[0] = 40; // a whole warp and a part of one
  for (int i = 0; i < 3 && info.required_block[0]; ++i)
    launch.block[i] = info.required_block[i];
  launch.threads = 1;
  launch.seed = variant & 7;
  launch.dynamic_shared_bytes = variant & 8 ? 1024 : 0;
  launch.cooperative = (variant & 16) != 0;
  if (variant & 32)
    launch.checks |= HADAL_SIM_CHECK_GLOBAL_RACE;
  if (variant & 64) // past what the checks would stop
    launch.checks = HADAL_SIM_CHECK_BOUNDS;
  launch.max_instructions = 500;
  hadal_sim_status_t status =
      hadal_sim_launch(context, module, entry, &launch, arguments.data(), arguments.size());
  require(status == HADAL_SIM_OK || *hadal_sim_context_message(context),
          "a reason with every failure");
  hadal_sim_counters_json(context);
  hadal_sim_annotated_listing(context);
  std::vector<uint8_t> back(kBytes);
  for (uint64_t buffer : buffers) {
    require(hadal_sim_copy_out(context, back.data(), buffer, kBytes, nullptr) != HADAL_SIM_ERROR,
            "buffers to outlive a launch");
    require(hadal_sim_free(context, buffer) == HADAL_SIM_OK, "buffers to be freed once");
  }
}

void execute(const std::string &text) {
  uint64_t variant = 0;
  for (char c : text)
    variant = variant * 31 + uint8_t(c);
  hadal_sim_context_t *context = nullptr;
  require(hadal_sim_context_create(&context) == HADAL_SIM_OK, "a context");
  hadal_sim_module_t *module = nullptr;
  if (hadal_sim_module_load(context, text.data(), text.size(), "fuzz.ptx", &module) ==
      HADAL_SIM_OK) {
    size_t count = std::min<size_t>(hadal_sim_module_kernel_count(module), 4);
    for (size_t i = 0; i < count; ++i)
      launchEntry(context, module, hadal_sim_module_kernel_name(module, i), variant);
    hadal_sim_module_release(context, module);
  } else {
    require(*hadal_sim_context_message(context), "a reason with every refusal");
  }
  hadal_sim_context_release(context);
}

/// A half-open range of bytes.
struct Span {
  size_t begin, end;
};

/// Lines with their line ends, or words (runs of letters, digits and `_.%$`).
std::vector<Span> cut(const std::string &text, bool words) {
  std::vector<Span> spans;
  size_t at = 0;
  while (at < text.size()) {
    size_t begin = at;
    if (!words) {
      at = text.find('\n', at);
      at = at == std::string::npos ? text.size() : at + 1;
      spans.push_back({begin, at});
      continue;
    }
    auto inWord = [&] {
      return at < text.size() &&
             (std::isalnum(static_cast<unsigned char>(text[at])) || std::strchr("_.%$", text[at]));
    };
    while (inWord())
      ++at;
    if (at > begin)
      spans.push_back({begin, at});
    else
      ++at;
  }
  return spans;
}

size_t give(const std::string &text, uint8_t *data, size_t maxSize) {
  size_t size = std::min(text.size(), maxSize);
  std::memcpy(data, text.data(), size);
  return size;
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int *argc, char ***argv) {
  for (int i = 1; i < *argc; ++i) // libFuzzer leaves what begins with -- alone
    executes |= std::string((*argv)[i]) == "--execute";
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  if (executes)
    execute(text);
  else
    decodeOnly(text);
  return 0;
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t maxSize);

// Mutates lines and words, so that mutants get past the lexer; bytes one time in four.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t maxSize,
                                          unsigned seed) {
  std::mt19937 random(seed);
  if (size == 0 || random() % 4 == 0)
    return LLVMFuzzerMutate(data, size, maxSize);
  std::string text(reinterpret_cast<const char *>(data), size);
  bool words = random() % 2;
  std::vector<Span> spans = cut(text, words);
  if (spans.empty())
    return LLVMFuzzerMutate(data, size, maxSize);
  Span from = spans[random() % spans.size()], to = spans[random() % spans.size()];
  std::string piece = text.substr(from.begin, from.end - from.begin);
  switch (random() % 3) {
  case 0: text.replace(to.begin, to.end - to.begin, piece); break;
  case 1: text.erase(to.begin, to.end - to.begin); break;
  default: text.insert(to.begin, words ? piece.substr(0, 1 + random() % piece.size()) : piece);
  }
  return give(text, data, maxSize);
}

// Puts lines or words of the second text into the first.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t firstSize,
                                            const uint8_t *second, size_t secondSize, uint8_t *out,
                                            size_t maxSize, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(reinterpret_cast<const char *>(first), firstSize),
      other(reinterpret_cast<const char *>(second), secondSize);
  bool words = random() % 2;
  std::vector<Span> spans = cut(text, words), others = cut(other, words);
  if (spans.empty() || others.empty())
    return give(text.empty() ? other : text, out, maxSize);
  Span from = others[random() % others.size()], to = spans[random() % spans.size()];
  if (words)
    text.replace(to.begin, to.end - to.begin, other, from.begin, from.end - from.begin);
  else
    text.insert(to.begin, other, from.begin, from.end - from.begin);
  return give(text, out, maxSize);
}
