// SPDX-License-Identifier: Apache-2.0
// A model and a session, as the tools open them.
#include "support/Model.h"
#include "support/Diagnostics.h"
#include "support/Step.h"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

namespace hadal::tools {

void check(hadal_status_t status) {
  if (status)
    fail(hadal_status_message(status));
}

ModelOptions modelOptions(const CommandLine &line, bool weightsIsDirectory) {
  ModelOptions options;
  options.device = line.text("device", "cpu");
  if (weightsIsDirectory)
    options.weightsDirectory = line.text("weights");
  options.threads = static_cast<uint32_t>(line.integer("threads", 0, 1, 1024));
  readMemoryOptions(line, options);
  return options;
}

std::vector<Option> withMemoryOptions(std::vector<Option> options) {
  options.insert(
      options.end(),
      {{"weights-memory", Option::value, "map|copy",
        "map: weights stay in their files, read when they are needed; copy: in memory, in huge pages "
        "where there are any (map)"},
       {"prefault", Option::flag, "", "read the weights before anything runs"},
       {"mlock", Option::flag, "", "keep the weights in memory"},
       {"pin", Option::flag, "", "keep each thread on a core of its own"}});
  return options;
}

void readMemoryOptions(const CommandLine &line, ModelOptions &options) {
  std::string memory = line.text("weights-memory", "map");
  if (memory != "map" && memory != "copy")
    failUsage("--weights-memory: expected map or copy, got '" + memory + "'");
  options.copyWeights = memory == "copy";
  options.prefault = line.has("prefault");
  options.lock = line.has("mlock");
  options.pin = line.has("pin");
}

namespace {

/// Shows on a terminal how far the reading of weights is; what takes less than that to read is not
/// worth a line.
int32_t showProgress(void *, uint64_t done, uint64_t total) {
  constexpr uint64_t shown = uint64_t(256) << 20; // bytes
  if (total >= shown && isatty(STDERR_FILENO))
    std::fprintf(stderr, "\rweights: %llu of %llu MB%s",
                 static_cast<unsigned long long>(done / 1000000),
                 static_cast<unsigned long long>(total / 1000000), done < total ? "" : "\n");
  return 0;
}

} // namespace

void LogitsBuffer::Free::operator()(float *pointer) const { std::free(pointer); }

float *LogitsBuffer::resize(uint64_t count) {
  if (count > capacity) {
    uint64_t bytes = (count * sizeof(float) + 63) / 64 * 64;
    storage.reset(static_cast<float *>(std::aligned_alloc(64, bytes)));
    if (!storage)
      fail("out of memory: expected " + std::to_string(bytes) + " bytes for logits");
    capacity = count;
  }
  return storage.get();
}

Model::Model(const std::string &path, const ModelOptions &options) : file(path) {
  hadal_context_options_t contextOptions{};
  contextOptions.struct_size = sizeof(contextOptions);
  contextOptions.device = options.device.c_str();
  contextOptions.threads = options.threads;
  contextOptions.pin_threads = options.pin;
  check(hadal_context_create(&contextOptions, &opened));
  hadal_module_options_t moduleOptions{};
  moduleOptions.struct_size = sizeof(moduleOptions);
  moduleOptions.weights_dir =
      options.weightsDirectory.empty() ? nullptr : options.weightsDirectory.c_str();
  moduleOptions.inspect_only = options.inspectOnly;
  moduleOptions.weights_memory = options.copyWeights ? HADAL_WEIGHTS_COPY : HADAL_WEIGHTS_MAP;
  moduleOptions.prefault_weights = options.prefault;
  moduleOptions.lock_weights = options.lock;
  moduleOptions.progress = showProgress;
  check(hadal_module_load(opened, path.c_str(), &moduleOptions, &loaded));
  facts.struct_size = sizeof(facts);
  hadal_module_model_info(loaded, &facts);
}

Model::~Model() { release(); }

void Model::release() {
  hadal_session_release(current);
  hadal_module_release(loaded);
  hadal_context_release(opened);
}

hadal_session_t *Model::openSession(uint32_t slots, uint32_t capacity) {
  hadal_session_release(current);
  current = nullptr;
  hadal_session_options_t options{};
  options.struct_size = sizeof(options);
  options.slots = slots;
  options.capacity = capacity;
  check(hadal_session_create(loaded, &options, &current));
  return current;
}

std::string Model::contextLimit() const {
  std::string tokens = std::to_string(facts.max_positions) + " tokens, ";
  if (facts.model_positions <= facts.max_positions)
    return tokens + "the model's largest context";
  return tokens + "the context that it was compiled for (--max-context of hadal-compile, up to " +
         std::to_string(facts.model_positions) + ")";
}

void Model::checkIds(const std::vector<int32_t> &ids, const std::string &source) const {
  for (size_t i = 0; i < ids.size(); ++i)
    if (ids[i] < 0 || static_cast<uint32_t>(ids[i]) >= facts.vocab_size)
      fail(source + ": id " + std::to_string(i) + ": expected an id below " +
           std::to_string(facts.vocab_size) + ", the size of the vocabulary, got " +
           std::to_string(ids[i]));
}

hadal_status_t Model::step(uint32_t slot, uint32_t position, const int32_t *tokens, uint32_t count,
                           bool allLogits, float *logits) {
  Step step;
  step.add(slot, position, tokens, count,
           !logits     ? Rows::none
           : allLogits ? Rows::all
                       : Rows::last);
  return step.run(current, logits);
}

} // namespace hadal::tools
