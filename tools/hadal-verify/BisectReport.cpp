// SPDX-License-Identifier: Apache-2.0
// What hadal-verify --bisect prints.
#include "Bisect.h"
#include "support/Diagnostics.h"
#include "support/Json.h"

namespace hadal::tools {
namespace {

/// The number in layers.NUMBER.*, or nothing.
std::string layerOf(const std::string &name) {
  const std::string prefix = "layers.";
  if (name.compare(0, prefix.size(), prefix) != 0)
    return "";
  return name.substr(prefix.size(), name.find('.', prefix.size()) - prefix.size());
}

std::string differenceText(const Deviation &deviation) {
  const ValueDifference &d = deviation.difference;
  return format("%s: expected %.7g, got %.7g: an error of %.3g", placeText(d.at).c_str(),
                d.expected, d.actual, d.error) +
         (d.largest > 0 ? format(" of the largest, %.4g, at most %.3g", d.largest, deviation.limit)
                        : "");
}

std::string launchText(const LaunchPlace &launch) {
  return format("#%u of '%s': %s, kernel %s, level %s", launch.index, launch.entry.c_str(),
                launch.label.c_str(), launch.executable.c_str(), launch.level.c_str());
}

/// The part that differs, or the op where none was found to.
const Deviation &smallestOf(const Bisection &result) {
  return result.part ? *result.part : *result.op;
}

} // namespace

void printBisection(const Bisection &result, const Model &model, const TestSteps &steps) {
  std::string out = format("%zu of %zu steps, %zu launches, %zu values compared\n", result.steps,
                           steps.steps.size(), result.launches, result.values);
  if (!result.uncompared.empty())
    out += format("%zu values of ops were not compared: only one of both artifacts has them, "
                  "the first is %s\n",
                  result.uncompared.size(), result.uncompared.front().c_str());
  if (!result.op) {
    print(out + "passed: each op makes what its expansion does\n");
    return;
  }
  const Deviation &op = *result.op;
  std::string layer = layerOf(op.name);
  out += "first op that differs from its expansion: " + op.name +
         (layer.empty() ? "" : " of layer " + layer) + ", in step " + std::to_string(op.step) +
         ", " + textOf(steps.steps[op.step]) + ", of '" + op.launch.entry + "'\n  " +
         differenceText(op) + "\n";
  if (result.partsAgree)
    out += "its parts make what their expansions do: how it is taken apart differs from what it "
           "means; it ends in launch " +
           launchText(op.launch) + "\n";
  else
    out += "first launch that does: " + launchText(smallestOf(result).launch) + "\n";
  if (result.part)
    out += "  " + differenceText(*result.part) + "\n";
  print(out);
  note(model.path() + ": " + op.name + " differs from its expansion");
}

std::string jsonBisection(const Bisection &result, const Model &model, const TestSteps &steps) {
  std::string out = "{\"model\":" + quoted(model.path()) +
                    ",\"precision\":" + quoted(model.info().precision) +
                    ",\"passed\":" + (result.op ? "false" : "true") +
                    format(",\"steps\":%zu,\"launches\":%zu,\"values\":%zu", result.steps,
                           result.launches, result.values) +
                    ",\"uncompared\":" + quotedList(result.uncompared);
  if (result.op) {
    const Deviation &op = *result.op, &at = smallestOf(result);
    const LaunchPlace &launch = at.launch;
    out += ",\"op\":" + quoted(op.name) +
           ",\"layer\":" + (layerOf(op.name).empty() ? "null" : layerOf(op.name)) +
           format(",\"step\":%zu,\"tokens\":%zu,\"error\":", op.step,
                  steps.steps[op.step].tokens.size()) +
           numberOrNull(op.difference.error) + ",\"limit\":" + numberOrNull(op.limit) +
           ",\"parts_agree\":" + (result.partsAgree ? "true" : "false") +
           ",\"launch\":{\"entry\":" + quoted(launch.entry) +
           format(",\"index\":%u", launch.index) + ",\"label\":" + quoted(launch.label) +
           ",\"executable\":" + quoted(launch.executable) + ",\"level\":" + quoted(launch.level) +
           ",\"error\":" + numberOrNull(at.difference.error) + "}";
  }
  return out + "}\n";
}

} // namespace hadal::tools
