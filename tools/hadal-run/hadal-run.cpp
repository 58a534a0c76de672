// SPDX-License-Identifier: Apache-2.0
// hadal-run: runs a compiled model on text or on token ids.
#include "Generate.h"
#include "Trace.h"
#include "files/Paths.h"
#include "roofs/Roofs.h"
#include "support/CommandLine.h"
#include "support/Diagnostics.h"
#include "support/Disk.h"
#include "support/Ids.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

using namespace hadal::tools;

namespace {

constexpr uint32_t defaultNewTokens = 128;
constexpr uint32_t defaultChunk = 2048;

CommandLine makeCommandLine() {
  return CommandLine(
      "MODEL.hadal --prompt=TEXT | --input-ids=IDS | --input-ids-file=FILE [options]",
      "Runs a prompt and writes what the model makes of it to stdout as it comes;\n"
      "tokens per second go to stderr.",
      withMemoryOptions(
          {{"prompt", Option::value, "TEXT",
            "the prompt; - reads it from stdin, less one newline at its end"},
           {"input-ids", Option::value, "1,2,3",
            "the prompt as token ids; - reads them from stdin"},
           {"input-ids-file", Option::value, "FILE",
            "a file of ids, separated by white space or commas"},
           {"max-new-tokens", Option::value, "N",
            "stop after so many tokens (128, as far as the context goes)"},
           {"temperature", Option::value, "T",
            "0: the most likely token; default: 0 with ids, else generation_config.json"},
           {"top-k", Option::value, "K", "sample among the K most likely tokens; 0: all"},
           {"top-p", Option::value, "P", "sample among the most likely tokens that hold so much"},
           {"seed", Option::value, "S", "of the samples (0); the same seed gives the same tokens"},
           {"ignore-eos", Option::flag, "", "do not stop at the end of the text"},
           {"print-ids", Option::flag, "", "print the generated ids alone, on one line"},
           {"logits", Option::value, "OUT.safetensors",
            "write the logits [T, V] f32 of every position of the prompt"},
           {"chunk", Option::value, "N", "at most so many tokens of the prompt in one step (2048)"},
           {"trace", Option::value, "T.json",
            "write every launch, for Chrome's trace viewer or Perfetto"},
           {"tokenize", Option::flag, "", "print the ids of the prompt and stop"},
           {"detokenize", Option::value, "1,2,3", "print the text of these ids and stop"},
           {"device", Option::value, "NAME",
            "where to run: cpu, or a device library by name or path (cpu)"},
           {"threads", Option::value, "N", "threads that execute kernels (as many as cores)"},
           {"weights", Option::value, "DIR",
            "where to look for weights that are not beside the model"}}));
}

void checkUsage(const CommandLine &line) {
  if (line.positionals().size() != 1)
    failUsage("expected one model, got " + std::to_string(line.positionals().size()));
  int inputs = line.has("prompt") + line.has("input-ids") + line.has("input-ids-file") +
               line.has("detokenize");
  if (inputs != 1)
    failUsage("expected one of --prompt, --input-ids, --input-ids-file, --detokenize, got " +
              std::to_string(inputs));
  if (line.has("tokenize") && !line.has("prompt"))
    failUsage("--tokenize needs --prompt");
}

/// --prompt; from stdin without the newline that `echo` and editors end a text
/// with, which is seldom meant: it would be a token of the prompt.
std::string promptText(const CommandLine &line) {
  std::string text = line.text("prompt");
  if (text != "-")
    return text;
  text = readInput("-");
  for (const char *end : {"\r\n", "\n"}) {
    size_t size = std::strlen(end);
    if (text.size() >= size && text.compare(text.size() - size, size, end) == 0)
      return text.substr(0, text.size() - size);
  }
  return text;
}

/// Outputs must not be the model, its weights or the file of ids, nor each other.
void checkOutputs(const CommandLine &line, const Model &model) {
  std::vector<std::string> outputs, inputs{model.path()};
  for (const char *option : {"logits", "trace"})
    if (line.has(option))
      outputs.push_back(line.text(option));
  if (line.has("input-ids-file"))
    inputs.push_back(line.text("input-ids-file"));
  for (const char *option : {"input-ids", "prompt"})
    if (line.has(option) && std::string(line.text(option)) == "-")
      inputs.push_back("-");
  for (uint32_t i = 0; i < hadal_module_parameter_count(model.module()); ++i) {
    hadal_parameter_info_t info{};
    info.struct_size = sizeof(info);
    check(hadal_module_parameter(model.module(), i, &info));
    // What is computed has no file.
    if (*info.file_path && inputs.back() != info.file_path)
      inputs.push_back(info.file_path);
  }
  if (std::string problem = hadal::files::outputProblem(outputs, inputs); !problem.empty())
    fail(problem);
}

/// --tokenize and --detokenize need no weights.
int convertText(const CommandLine &line) {
  ModelOptions options = modelOptions(line, true);
  options.inspectOnly = true;
  Model model(line.positionals()[0], options);
  auto [tokenizer, missing] = loadTokenizer(model);
  if (!tokenizer)
    fail(model.path() + ": text is not available: " + missing);
  if (line.has("tokenize")) {
    print(joinIds(encodeText(model, tokenizer.get(), promptText(line))) + "\n");
    return 0;
  }
  std::vector<int32_t> ids = parseIds(line.text("detokenize"), "--detokenize");
  // The model may have ids that the tokenizer has no token for.
  int64_t limit =
      std::max<int64_t>(model.info().vocab_size, hadal_tokenizer_id_limit(tokenizer.get()));
  for (size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < 0 || ids[i] >= limit)
      fail("--detokenize[" + std::to_string(i) + "]: expected an id from 0 to " +
           std::to_string(limit - 1) + ", got " + std::to_string(ids[i]));
  char *text = nullptr;
  size_t size = 0;
  // As when generating: without special tokens.
  check(hadal_tokenizer_decode(tokenizer.get(), ids.data(), ids.size(), 1, &text, &size), model);
  print(std::string(text, size) + "\n");
  hadal_text_release_string(text);
  return 0;
}

std::vector<int32_t> readPrompt(const CommandLine &line, const Model &model,
                                const LoadedTokenizer &text) {
  std::vector<int32_t> ids;
  std::string source = "prompt";
  if (line.has("prompt")) {
    if (!text.tokenizer)
      fail(model.path() + ": text is not available: " + text.missing + "; --input-ids works");
    ids = encodeText(model, text.tokenizer.get(), promptText(line));
  } else if (line.has("input-ids")) {
    bool standard = line.text("input-ids") == "-";
    source = standard ? "standard input" : "--input-ids";
    ids = parseIds(standard ? readInput("-") : line.text("input-ids"), source);
  } else {
    source = line.text("input-ids-file");
    ids = parseIds(readInput(source), source);
  }
  if (ids.empty())
    fail(source + ": expected at least one token, got none");
  model.checkIds(ids, source);
  return ids;
}

/// Prompt and new tokens must fit the model's context; a default shrinks to it.
uint32_t newTokens(const CommandLine &line, const Model &model, size_t prompt) {
  uint64_t limit = model.info().max_positions;
  uint64_t wanted = line.integer("max-new-tokens", defaultNewTokens, 0, UINT32_MAX);
  if (prompt > limit)
    fail("prompt: expected at most " + model.contextLimit() + ", got " + std::to_string(prompt));
  if (!line.has("max-new-tokens"))
    wanted = std::min<uint64_t>(wanted, limit - prompt);
  if (prompt + wanted > limit)
    fail("prompt and --max-new-tokens: expected together at most " + model.contextLimit() +
         ", got " + std::to_string(prompt) + " + " + std::to_string(wanted));
  return static_cast<uint32_t>(wanted);
}

/// What the checkpoint recommends. Where it can't be had, that is an error only for
/// a run that would go by it.
hadal_generation_defaults_t defaultsFor(const CommandLine &line, Model &model) {
  auto [defaults, missing] = loadDefaults(model);
  if (missing.empty())
    return defaults;
  bool greedy =
      line.has("temperature") ? line.number("temperature", 0, 0, 1e6) == 0 : !line.has("prompt");
  std::string message = "sampling defaults are not available: " + missing;
  if (!greedy && !(line.has("temperature") && line.has("top-k") && line.has("top-p")))
    fail(model.path() + ": " + message +
         "; give --temperature=0, or --temperature, --top-k and --top-p");
  note(message);
  return defaults;
}

hadal_sampler_options_t sampling(const CommandLine &line,
                                 const hadal_generation_defaults_t &defaults) {
  bool sampled = line.has("prompt") && defaults.do_sample;
  hadal_sampler_options_t options{};
  options.struct_size = sizeof(options);
  options.temperature = line.number("temperature", sampled ? defaults.temperature : 0, 0, 1e6);
  options.top_p = line.number("top-p", defaults.top_p, 0, 1);
  if (options.top_p == 0)
    failUsage("--top-p: expected a number above 0 and at most 1, got '" + line.text("top-p") + "'");
  options.top_k = static_cast<int32_t>(
      line.integer("top-k", static_cast<uint64_t>(defaults.top_k), 0, INT32_MAX));
  options.seed = line.integer("seed", 0, 0, UINT64_MAX);
  return options;
}

/// "; weights at 33.6 GB/s, 0.95 of a read-only pass" behind the tokens per second of the generation:
/// what the host's memory gives, read in the moment after. "" where there is nothing to compare.
std::string besideRoof(const Model &model, const GenerationStatistics &s) {
  constexpr uint64_t atMost = uint64_t(2) << 30; // bytes, so that it takes a part of a second
  bool onHost = std::strcmp(hadal_context_device(model.context()), "cpu") == 0;
  if (!onHost || s.interrupted || s.decodeSteps == 0 || s.decodeSeconds <= 0)
    return "";
  std::vector<ByteRange> ranges = decodeRanges(model);
  uint64_t all = totalBytes(ranges);
  if (all > atMost)
    for (ByteRange &range : ranges)
      range.size = static_cast<uint64_t>(static_cast<double>(range.size) *
                                         (static_cast<double>(atMost) / static_cast<double>(all)));
  Team team(hadal_context_threads(model.context()));
  measureRead(team, ranges); // experts that no token chose may not be in memory yet
  double pass = measureRead(team, ranges);
  double rate =
      static_cast<double>(model.info().decode_weight_bytes) * s.decodeSteps / s.decodeSeconds;
  if (pass <= 0)
    return "";
  char text[96];
  std::snprintf(text, sizeof text, "; weights at %.1f GB/s, %.2f of a read-only pass", rate / 1e9,
                rate / pass);
  return text;
}

void report(const GenerationStatistics &s, const std::string &roof) {
  auto rate = [](uint32_t count, double seconds) { return seconds > 0 ? count / seconds : 0; };
  std::fprintf(stderr, "prompt: %u tokens in %.3f s, %.1f tokens/s\n", s.promptTokens,
               s.promptSeconds, rate(s.promptTokens, s.promptSeconds));
  // The first new token comes with the prompt; each other takes a step.
  std::fprintf(stderr, "generation: %u tokens in %.3f s, %.1f tokens/s%s%s\n", s.generatedTokens,
               s.decodeSeconds, rate(s.decodeSteps, s.decodeSeconds),
               s.interrupted ? " (interrupted)" : "", roof.c_str());
}

} // namespace

int main(int argc, char **argv) {
  setToolName("hadal-run");
  CommandLine line = makeCommandLine();
  line.parse(argc, argv);
  checkUsage(line);
  // Wrong values are told before the model is loaded.
  Generation request;
  request.chunk = static_cast<uint32_t>(line.integer("chunk", defaultChunk, 1, INT32_MAX));
  sampling(line, hadal_generation_defaults_t{0, 0, 1, 1, 0, -1, 0, {}});
  line.integer("max-new-tokens", 0, 0, UINT32_MAX);
  if (line.has("tokenize") || line.has("detokenize"))
    return convertText(line);

  Model model(line.positionals()[0], modelOptions(line, true));
  checkOutputs(line, model);
  request.printIds = line.has("print-ids");
  bool needsText = line.has("prompt") || !request.printIds;
  LoadedTokenizer text = needsText ? loadTokenizer(model) : LoadedTokenizer();
  if (!text.tokenizer && !line.has("prompt") && !request.printIds) {
    note("text is not available: " + text.missing + "; printing ids");
    request.printIds = true;
  }
  request.prompt = readPrompt(line, model, text);
  request.maxNewTokens = newTokens(line, model, request.prompt.size());
  request.sampling = sampling(line, defaultsFor(line, model));
  request.logitsPath = line.text("logits");
  request.ignoreEos = line.has("ignore-eos");

  auto capacity = static_cast<uint32_t>(request.prompt.size()) + request.maxNewTokens;
  model.openSession(1, capacity);
  std::optional<Trace> trace;
  if (line.has("trace"))
    trace.emplace(model.session());
  DiskCounters before = readDiskCounters();
  GenerationStatistics statistics = generate(model, text.tokenizer.get(), request);
  DiskCounters after = readDiskCounters();
  if (trace)
    trace->save(line.text("trace"));
  double seconds = statistics.promptSeconds + statistics.decodeSeconds;
  std::string disk = describeDisk(before, after, seconds);
  // What comes from the disk says nothing of memory, and would be read once more.
  report(statistics, disk.empty() ? besideRoof(model, statistics) : "");
  if (!disk.empty())
    std::fprintf(stderr, "%s\n", disk.c_str());
  return 0;
}
