// SPDX-License-Identifier: Apache-2.0
// Runs a prompt and generates from it, writing as it goes.
#include "Generate.h"
#include "files/Unfinished.h"
#include "support/Diagnostics.h"
#include "support/Safetensors.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>

#include <unistd.h>

namespace hadal::tools {

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::atomic<hadal_session_t *> runningSession{nullptr};
volatile std::sig_atomic_t interruptSeen = 0;

/// An interrupt ends the generation. Some senders reach a process twice, once
/// directly and once with its group; so only a third one ends the process.
void onInterrupt(int) {
  interruptSeen = interruptSeen + 1;
  if (interruptSeen > 2) {
    files::removeUnfinished();
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  if (hadal_session_t *session = runningSession.load())
    hadal_session_cancel(session);
}

class InterruptScope {
public:
  explicit InterruptScope(hadal_session_t *session) {
    runningSession = session;
    before = std::signal(SIGINT, onInterrupt);
  }
  ~InterruptScope() {
    std::signal(SIGINT, before);
    runningSession = nullptr;
  }

private:
  void (*before)(int);
};

/// False when the step was cancelled by an interrupt.
bool finished(hadal_status_t status) {
  if (hadal_status_code(status) == HADAL_STATUS_CANCELLED) {
    hadal_status_release(status);
    return false;
  }
  check(status);
  return !interruptSeen;
}

/// Writes tokens as they come: ids, or the text that is certain so far.
class Writer {
public:
  Writer(const Model &model, const hadal_tokenizer_t *tokenizer, bool ids)
      : model(model), ids(ids) {
    if (!ids)
      check(hadal_text_stream_create(tokenizer, /*skip_special=*/1, &stream), model);
  }
  ~Writer() { hadal_text_stream_release(stream); }

  void put(int32_t id) {
    if (ids) {
      print((first ? "" : ",") + std::to_string(id));
      first = false;
      return;
    }
    const char *text = nullptr;
    size_t size = 0;
    check(hadal_text_stream_push(stream, id, &text, &size), model);
    print(std::string(text, size));
  }

  void end() {
    std::string rest;
    if (!ids) {
      const char *text = nullptr;
      size_t size = 0;
      check(hadal_text_stream_finish(stream, &text, &size), model);
      rest.assign(text, size);
    }
    print(rest + "\n");
  }

private:
  const Model &model;
  bool ids;
  bool first = true;
  hadal_text_stream_t *stream = nullptr;
};

void reportProgress(size_t done, size_t total) {
  if (done < total || total > 4096)
    std::fprintf(stderr, "\rprompt: %zu of %zu tokens%s", done, total, done < total ? "" : "\n");
}

/// Runs the prompt; leaves the logits of its last token in `last`, and the tokens
/// that were run in `finishedTokens`. False when interrupted.
bool prefill(Model &model, const Generation &request, LogitsBuffer &logits, float *&last,
             uint32_t &finishedTokens) {
  size_t total = request.prompt.size();
  size_t vocabulary = model.info().vocab_size;
  bool all = !request.logitsPath.empty();
  bool progress = isatty(STDERR_FILENO) && total > request.chunk;
  std::optional<TensorWriter> writer;
  if (all)
    writer.emplace(request.logitsPath, "logits", total, vocabulary);
  for (size_t done = 0; done < total;) {
    size_t count = std::min<size_t>(total - done, request.chunk);
    size_t rows = all ? count : 1;
    last = logits.resize(rows * vocabulary);
    // Between chunks only the last one's logits are of use.
    bool wanted = all || done + count == total;
    if (!finished(model.step(0, static_cast<uint32_t>(done), request.prompt.data() + done,
                             static_cast<uint32_t>(count), all, wanted ? last : nullptr)))
      return false;
    if (writer)
      writer->write(last, rows * vocabulary);
    last += (rows - 1) * vocabulary;
    done += count;
    finishedTokens = static_cast<uint32_t>(done);
    if (progress)
      reportProgress(done, total);
  }
  if (writer)
    writer->close();
  return true;
}

} // namespace

GenerationStatistics generate(Model &model, const hadal_tokenizer_t *tokenizer,
                              const Generation &request) {
  GenerationStatistics statistics;
  hadal_sampler_t *sampler = nullptr;
  check(hadal_sampler_create(&request.sampling, &sampler), model);
  InterruptScope interrupts(model.session());
  LogitsBuffer logits;
  float *row = nullptr;

  Clock::time_point start = Clock::now();
  bool going = prefill(model, request, logits, row, statistics.promptTokens);
  statistics.promptSeconds = secondsSince(start);

  if (going && request.maxNewTokens > 0) {
    Writer writer(model, tokenizer, request.printIds);
    start = Clock::now();
    auto position = static_cast<uint32_t>(request.prompt.size());
    const int32_t *eos = model.info().eos_tokens;
    const int32_t *eosEnd = eos + model.info().eos_count;
    for (;;) {
      int32_t id = 0;
      check(hadal_sampler_sample(sampler, row, model.info().vocab_size, &id), model);
      ++statistics.generatedTokens;
      bool ends = !request.ignoreEos && std::find(eos, eosEnd, id) != eosEnd;
      writer.put(id);
      if (ends || statistics.generatedTokens == request.maxNewTokens)
        break;
      row = logits.data();
      going = finished(model.step(0, position++, &id, 1, false, row));
      if (!going)
        break;
      ++statistics.decodeSteps;
    }
    statistics.decodeSeconds = secondsSince(start);
    writer.end();
  }
  statistics.interrupted = !going;
  hadal_sampler_release(sampler);
  return statistics;
}

} // namespace hadal::tools
