// SPDX-License-Identifier: Apache-2.0
// Compares what a model computes with expected results.
#include "Comparison.h"
#include "Layers.h"
#include "Prompts.h"
#include "support/Diagnostics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hadal::tools {

Difference compare(const float *actual, const float *expected, size_t count) {
  Difference result;
  double error = 0, norm = 0;
  for (size_t i = 0; i < count; ++i) {
    double difference = std::fabs(static_cast<double>(actual[i]) - expected[i]);
    if (std::isnan(difference))
      difference = std::numeric_limits<double>::infinity();
    result.maxAbsolute = std::max(result.maxAbsolute, difference);
    result.largest = std::max(result.largest, std::fabs(static_cast<double>(expected[i])));
    error += difference * difference;
    norm += static_cast<double>(expected[i]) * expected[i];
  }
  result.relative = norm > 0 ? std::sqrt(error / norm) : std::sqrt(error);
  return result;
}

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  std::sort(values.begin(), values.end());
  size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

static double mean(const std::vector<double> &values) {
  double sum = 0;
  for (double value : values)
    sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

static int32_t argmax(const float *row, size_t count) {
  return static_cast<int32_t>(std::max_element(row, row + count) - row);
}

/// Runs one prompt and its greedy continuation; slot 0 is emptied before.
static PromptResult runPrompt(Model &model, const SafetensorsFile &expected, uint32_t index,
                              const Prompt &given, uint32_t chunk, LayerRecorder &layers) {
  const std::vector<int32_t> &prompt = given.ids;
  std::string suffix = "." + std::to_string(index);
  size_t vocabulary = model.info().vocab_size;
  PromptResult result;
  result.index = index;
  result.tokens = static_cast<uint32_t>(prompt.size());

  check(hadal_session_reset(model.session(), 0));
  std::vector<float> logits(prompt.size() * vocabulary);
  layers.start(index);
  for (size_t done = 0; done < prompt.size();) {
    size_t count = std::min<size_t>(chunk, prompt.size() - done);
    check(model.step(0, static_cast<uint32_t>(done), prompt.data() + done,
                     static_cast<uint32_t>(count), true, logits.data() + done * vocabulary));
    done += count;
  }
  layers.stop();

  const TensorView &shape = expected.get("logits" + suffix, "F32", 2);
  std::vector<float> reference = expected.floats("logits" + suffix, 2);
  size_t rows = shape.shape[0];
  if (rows == 0 || rows > prompt.size() || shape.shape[1] != vocabulary)
    fail(expected.path() + ": tensor 'logits" + suffix + "': expected [1 to " +
         std::to_string(prompt.size()) + ", " + std::to_string(vocabulary) + "], got [" +
         std::to_string(rows) + ", " + std::to_string(shape.shape[1]) + "]");
  const float *last = logits.data() + (prompt.size() - rows) * vocabulary;
  result.logits = compare(last, reference.data(), reference.size());
  for (size_t row = 0; row < rows; ++row)
    result.relative.push_back(
        compare(last + row * vocabulary, reference.data() + row * vocabulary, vocabulary).relative);
  if (expected.has("bf16_error" + suffix)) {
    std::vector<float> bf16 = expected.floats("bf16_error" + suffix, 1);
    if (bf16.size() != rows)
      fail(expected.path() + ": tensor 'bf16_error" + suffix + "': expected [" +
           std::to_string(rows) + "], got [" + std::to_string(bf16.size()) + "]");
    result.bf16Relative.assign(bf16.begin(), bf16.end());
  }

  result.expectedGreedy = given.greedy;
  std::vector<float> row(logits.end() - static_cast<std::ptrdiff_t>(vocabulary), logits.end());
  for (size_t i = 0; i < result.expectedGreedy.size(); ++i) {
    int32_t id = argmax(row.data(), vocabulary);
    result.greedy.push_back(id);
    if (i + 1 < result.expectedGreedy.size())
      check(model.step(0, static_cast<uint32_t>(prompt.size() + i), &id, 1, false, row.data()));
  }
  auto difference =
      std::mismatch(result.greedy.begin(), result.greedy.end(), result.expectedGreedy.begin());
  result.greedyEqual = static_cast<size_t>(difference.first - result.greedy.begin());
  return result;
}

/// Decides whether the results pass, and says why not.
static void judge(Verification &result, const Model &model, double tolerance) {
  auto fail = [&](std::string where, std::string message) {
    result.failures.push_back({"", std::move(where), std::move(message)});
  };
  if (std::string(model.info().precision) == "reference") {
    for (const PromptResult &prompt : result.prompts) {
      std::string where = "prompt " + std::to_string(prompt.index);
      if (!(prompt.logits.ofLargest() <= tolerance))
        fail(where, format("logits: expected a largest error of at most %.3g of the largest "
                           "logit, got %.3g",
                           tolerance, prompt.logits.ofLargest()));
      if (!prompt.greedyMatches())
        fail(where,
             format("greedy continuation: token %zu: expected %d, got %d", prompt.greedyEqual,
                    prompt.expectedGreedy[prompt.greedyEqual], prompt.greedy[prompt.greedyEqual]));
    }
    return;
  }
  if (!result.hasBf16)
    fail("precision native", "expected the tensors bf16_error.i to compare with, got none");
  else if (!(result.median <= result.bf16Median))
    fail(format("median error over %zu positions", result.positions),
         format("expected at most %.4g, that of the reference in bf16, got %.4g", result.bf16Median,
                result.median));
}

Verification verifyModel(Model &model, const SafetensorsFile &expected, uint32_t chunk,
                         double tolerance) {
  std::vector<Prompt> prompts = readPrompts(model, expected);
  size_t longest = 0, continuation = 0;
  for (const Prompt &prompt : prompts) {
    longest = std::max(longest, prompt.ids.size());
    continuation = std::max(continuation, prompt.greedy.size());
  }
  checkLongest(model, expected, longest + continuation);
  model.openSession(1, static_cast<uint32_t>(longest + continuation));

  Verification result;
  LayerRecorder layers(model, expected);
  std::vector<double> all, bf16;
  for (uint32_t i = 0; i < prompts.size(); ++i) {
    result.prompts.push_back(runPrompt(model, expected, i, prompts[i], chunk, layers));
    const PromptResult &prompt = result.prompts.back();
    all.insert(all.end(), prompt.relative.begin(), prompt.relative.end());
    bf16.insert(bf16.end(), prompt.bf16Relative.begin(), prompt.bf16Relative.end());
  }
  result.positions = all.size();
  result.median = median(all);
  result.mean = mean(all);
  result.hasBf16 = bf16.size() == all.size();
  if (result.hasBf16) {
    result.bf16Median = median(bf16);
    result.bf16Mean = mean(bf16);
  }
  judge(result, model, tolerance);
  if (!result.failures.empty()) {
    bool reference = std::string(model.info().precision) == "reference";
    result.findings = layers.findings(reference ? tolerance : result.bf16Median, reference);
  }
  return result;
}

uint64_t verifyWeights(Model &model, std::vector<Problem> &failures) {
  if (model.info().shapes_only)
    fail(model.path() + ": expected a model compiled with its weights, got one compiled from its "
                        "configuration alone");
  uint64_t bytes = 0;
  uint32_t count = hadal_module_parameter_count(model.module());
  for (uint32_t i = 0; i < count; ++i) {
    hadal_parameter_info_t info{};
    info.struct_size = sizeof(info);
    check(hadal_module_parameter(model.module(), i, &info));
    bytes += info.size;
    hadal_status_t status = hadal_module_verify_parameter(model.module(), i);
    if (!status)
      continue;
    // Apart from the place, so that like messages are told as one.
    std::string message = hadal_status_message(status), file = info.file_path;
    std::string where = std::string("parameter '") + info.name + "'",
                place = file + ": " + where + ": ";
    if (message.compare(0, place.size(), place) == 0)
      failures.push_back({file, where, message.substr(place.size())});
    else
      failures.push_back({"", "", message});
    hadal_status_release(status);
  }
  return bytes;
}

} // namespace hadal::tools
