// SPDX-License-Identifier: Apache-2.0
// A model and a session, as the tools open them.
#ifndef HADAL_TOOLS_SUPPORT_MODEL_H
#define HADAL_TOOLS_SUPPORT_MODEL_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hadal_runtime.h"
#include "support/CommandLine.h"
#include "support/Diagnostics.h"

namespace hadal::tools {

/// A failed call is an error of the tool.
void check(hadal_status_t status);

struct ModelOptions {
  std::string device = "cpu";
  std::string weightsDirectory;
  uint32_t threads = 0; // 0: as many as cores
  bool inspectOnly = false;
  // Of memoryOptions():
  bool pin = false, copyWeights = false, prefault = false, lock = false;
};

/// Options of tools that run a model, about threads and the memory of weights: `options` and those.
std::vector<Option> withMemoryOptions(std::vector<Option> options);
void readMemoryOptions(const CommandLine &line, ModelOptions &options);

/// Reads --device, --threads and, where it is a directory's name, --weights.
ModelOptions modelOptions(const CommandLine &line, bool weightsIsDirectory);

/// f32 values at an address that the runtime need not copy from.
class LogitsBuffer {
public:
  float *resize(uint64_t count);
  float *data() { return storage.get(); }

private:
  struct Free {
    void operator()(float *pointer) const;
  };
  std::unique_ptr<float, Free> storage;
  uint64_t capacity = 0;
};

/// A loaded artifact. Failures are errors of the tool, which end the process and release it too.
class Model {
public:
  Model(const std::string &path, const ModelOptions &options);
  ~Model();
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;

  const hadal_model_info_t &info() const { return facts; }
  const std::string &path() const { return file; }
  hadal_module_t *module() const { return loaded; }
  hadal_context_t *context() const { return opened; }

  /// Opens the one session of a tool, or replaces it.
  hadal_session_t *openSession(uint32_t slots, uint32_t capacity);
  hadal_session_t *session() const { return current; }

  /// "N tokens, WHY": the most that a session can hold, for messages.
  std::string contextLimit() const;

  /// An error unless all ids are below the vocabulary's size; `source` names the
  /// list.
  void checkIds(const std::vector<int32_t> &ids, const std::string &source) const;

  /// Appends `tokens` to `slot` at `position`, and writes the logits of the last
  /// of them, or of all.
  hadal_status_t step(uint32_t slot, uint32_t position, const int32_t *tokens, uint32_t count,
                      bool allLogits, float *logits);

private:
  void release();

  std::string file;
  hadal_context_t *opened = nullptr;
  hadal_module_t *loaded = nullptr;
  hadal_session_t *current = nullptr;
  hadal_model_info_t facts{};
  UndoAtFailure undo{[this] { release(); }};
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_MODEL_H
