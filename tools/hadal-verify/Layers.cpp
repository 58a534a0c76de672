// SPDX-License-Identifier: Apache-2.0
// Finds the first layer, and the first kernels, whose results diverge.
#include "Layers.h"
#include "support/Diagnostics.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace hadal::tools {

LayerRecorder::LayerRecorder(Model &model, const SafetensorsFile &expected)
    : model(model), expected(expected) {}

LayerRecorder::~LayerRecorder() { stop(); }

void LayerRecorder::start(uint32_t prompt) {
  prompts.emplace_back();
  prompts.back().index = prompt;
  positions.clear();
  pending.clear();
  hadal_session_set_tap_callback(model.session(), onTap, this);
  hadal_session_set_launch_callback(model.session(), onLaunch, this);
}

void LayerRecorder::stop() {
  if (!model.session())
    return;
  hadal_session_set_tap_callback(model.session(), nullptr, nullptr);
  hadal_session_set_launch_callback(model.session(), nullptr, nullptr);
  if (prompts.empty())
    return;
  Prompt &prompt = prompts.back();
  for (Record &record : prompt.records) {
    if (!record.values.empty())
      compareRecord(record, prompt.index);
    // Only the differences are needed from here on.
    std::vector<float>().swap(record.values);
  }
  if (prompt.after.empty())
    prompt.after = pending;
}

void LayerRecorder::onLaunch(void *user, const hadal_launch_t *launch) {
  static_cast<LayerRecorder *>(user)->pending.push_back(std::string(launch->label) + " (" +
                                                        launch->executable + ")");
}

void LayerRecorder::onTap(void *user, const hadal_tap_t *tap) {
  auto &self = *static_cast<LayerRecorder *>(user);
  Prompt &prompt = self.prompts.back();
  auto [entry, isNew] = self.positions.emplace(tap->name, prompt.records.size());
  if (isNew) {
    prompt.records.emplace_back();
    prompt.records.back().name = tap->name;
    prompt.records.back().launches = self.pending;
  }
  self.pending.clear();
  if (tap->type != HADAL_TYPE_F32)
    return;
  Record &record = prompt.records[entry->second];
  size_t count = tap->size / sizeof(float);
  size_t old = record.values.size();
  record.values.resize(old + count);
  std::memcpy(record.values.data() + old, tap->data, count * sizeof(float));
}

void LayerRecorder::compareRecord(Record &record, uint32_t prompt) const {
  std::string suffix = "." + std::to_string(prompt);
  std::vector<float> reference;
  if (record.name.rfind("hidden.", 0) == 0) {
    if (!expected.has("hidden" + suffix))
      return;
    const TensorView &view = expected.get("hidden" + suffix, "F32", 3);
    uint64_t layer = std::strtoull(record.name.c_str() + 7, nullptr, 10);
    uint64_t slice = view.shape[1] * view.shape[2];
    if (layer >= view.shape[0] || slice != record.values.size())
      return;
    reference.resize(slice);
    std::memcpy(reference.data(), view.data + layer * slice * sizeof(float), slice * sizeof(float));
  } else {
    std::string name = "tap." + record.name + suffix;
    if (!expected.has(name))
      return;
    reference = expected.floats(name, 2);
    if (reference.size() != record.values.size())
      return;
  }
  record.difference = compare(record.values.data(), reference.data(), reference.size());
  record.compared = true;
}

/// "output of layer 3", from the name of a tap.
static std::string describeTap(const std::string &tap, uint32_t layers) {
  if (tap.rfind("hidden.", 0) != 0)
    return "tap " + tap;
  unsigned long index = std::strtoul(tap.c_str() + 7, nullptr, 10);
  if (index == 0)
    return "output of the embedding";
  return "output of layer " + std::to_string(index - 1) +
         (index == layers ? " after the final norm" : "");
}

static std::string joinLaunches(const std::vector<std::string> &launches) {
  if (launches.empty())
    return "no kernel";
  std::string text;
  constexpr size_t limit = 40;
  for (size_t i = 0; i < std::min(limit, launches.size()); ++i)
    text += (i ? ", " : "") + launches[i];
  if (launches.size() > limit)
    text += ", and " + std::to_string(launches.size() - limit) + " more";
  return text;
}

std::vector<std::string> LayerRecorder::findings(double tolerance, bool ofLargest) const {
  std::vector<std::string> lines;
  size_t comparedCount = 0;
  for (const Prompt &prompt : prompts) {
    std::vector<std::string> since; // launches after the last tap that agrees
    std::string agreed;
    bool found = false, any = false;
    for (const Record &record : prompt.records) {
      since.insert(since.end(), record.launches.begin(), record.launches.end());
      if (!record.compared)
        continue;
      any = true;
      ++comparedCount;
      double error = ofLargest ? record.difference.ofLargest() : record.difference.relative;
      if (error <= tolerance) {
        agreed = record.name;
        since.clear();
        continue;
      }
      lines.push_back(format(
          "prompt %u: first divergence: %s (tap %s): error %.3g, tolerance "
          "%.3g; last that agrees: %s; kernels in between: %s",
          prompt.index, describeTap(record.name, model.info().layers).c_str(), record.name.c_str(),
          error, tolerance, agreed.empty() ? "none" : agreed.c_str(), joinLaunches(since).c_str()));
      found = true;
      break;
    }
    if (any && !found) {
      since.insert(since.end(), prompt.after.begin(), prompt.after.end());
      lines.push_back(format("prompt %u: all taps agree within %.3g; kernels after the last one: "
                             "%s",
                             prompt.index, tolerance, joinLaunches(since).c_str()));
    }
  }
  if (comparedCount == 0)
    lines.push_back("no tap of the model could be compared: expected taps hidden.k in the artifact "
                    "and tensors hidden.i in the file");
  return lines;
}

} // namespace hadal::tools
