// SPDX-License-Identifier: Apache-2.0
// The C interface with less typing: owned handles, and a step from vectors. What a test cannot go on
// without throws, which fails the test.
#ifndef HADAL_TESTS_CORE_RUN_H
#define HADAL_TESTS_CORE_RUN_H

#include "ArtifactBuilder.h"
#include "hadal_runtime.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace hadal::test {

struct Release {
  void operator()(hadal_context_t *context) const { hadal_context_release(context); }
  void operator()(hadal_module_t *module) const { hadal_module_release(module); }
  void operator()(hadal_session_t *session) const { hadal_session_release(session); }
};
using ContextHandle = std::unique_ptr<hadal_context_t, Release>;
using ModuleHandle = std::unique_ptr<hadal_module_t, Release>;
using SessionHandle = std::unique_ptr<hadal_session_t, Release>;

/// Throws unless `message`, of `what`, is "ok".
inline void require(const char *what, const std::string &message) {
  if (message != "ok")
    throw std::runtime_error(std::string(what) + ": " + message);
}

inline ContextHandle makeContext(uint32_t threads = 2) {
  hadal_context_options_t options = {};
  options.struct_size = sizeof options;
  options.threads = threads;
  hadal_context_t *context = nullptr;
  require("hadal_context_create", take(hadal_context_create(&options, &context)));
  return ContextHandle(context);
}

/// The module, or the message in *error.
inline ModuleHandle loadModule(hadal_context_t *context, const std::string &path,
                               std::string *error = nullptr, bool inspectOnly = false,
                               const char *weightsDir = nullptr) {
  hadal_module_options_t options = {};
  options.struct_size = sizeof options;
  options.inspect_only = inspectOnly;
  options.weights_dir = weightsDir;
  hadal_module_t *module = nullptr;
  std::string message = take(hadal_module_load(context, path.c_str(), &options, &module));
  EXPECT_EQ(module == nullptr, message != "ok");
  if (error)
    *error = message;
  else
    require("hadal_module_load", message);
  return ModuleHandle(module);
}

inline SessionHandle makeSession(hadal_module_t *module, uint32_t slots, uint32_t capacity,
                                 std::string *error = nullptr) {
  hadal_session_options_t options = {};
  options.struct_size = sizeof options;
  options.slots = slots;
  options.capacity = capacity;
  hadal_session_t *session = nullptr;
  std::string message = take(hadal_session_create(module, &options, &session));
  EXPECT_EQ(session == nullptr, message != "ok");
  if (error)
    *error = message;
  else
    require("hadal_session_create", message);
  return SessionHandle(session);
}

/// The arguments of a step as vectors; logits are [rows, vocabulary].
struct StepSpec {
  std::vector<int32_t> tokens, positions, offsets, slots, rows;
  hadal_step_t view() const {
    hadal_step_t step = {};
    step.tokens = tokens.data();
    step.positions = positions.data();
    step.sequence_offsets = offsets.data();
    step.slots = slots.data();
    step.logit_rows = rows.data();
    step.token_count = static_cast<uint32_t>(tokens.size());
    step.sequence_count = static_cast<uint32_t>(slots.size());
    step.logit_row_count = static_cast<uint32_t>(rows.size());
    return step;
  }
  /// Appends a sequence; logits are wanted for its last token.
  StepSpec &add(int32_t slot, int32_t first, const std::vector<int32_t> &ids) {
    if (offsets.empty())
      offsets.push_back(0);
    for (size_t i = 0; i < ids.size(); ++i) {
      tokens.push_back(ids[i]);
      positions.push_back(first + static_cast<int32_t>(i));
    }
    slots.push_back(slot);
    offsets.push_back(static_cast<int32_t>(tokens.size()));
    rows.push_back(offsets.back() - 1);
    return *this;
  }
};

inline std::string runStep(hadal_session_t *session, const StepSpec &spec,
                           std::vector<float> *logits = nullptr, uint32_t vocabulary = 11) {
  std::vector<float> local;
  std::vector<float> &out = logits ? *logits : local;
  out.assign(spec.rows.size() * vocabulary, -1.0f);
  hadal_step_t step = spec.view();
  return take(hadal_session_step(session, &step, out.data()));
}

/// What the test model computes for a sequence of that sum.
inline std::vector<float> expectedLogits(float sum, uint32_t vocabulary = 11) {
  std::vector<float> logits;
  for (uint32_t v = 0; v < vocabulary; ++v)
    logits.push_back(sum * (1.0f + static_cast<float>(v) / 4));
  return logits;
}

} // namespace hadal::test

#endif // HADAL_TESTS_CORE_RUN_H
