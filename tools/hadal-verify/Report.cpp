// SPDX-License-Identifier: Apache-2.0
// What hadal-verify prints.
#include "Comparison.h"
#include "support/Diagnostics.h"
#include "support/Json.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

namespace hadal::tools {

/// Lines about prompts, and of findings.
constexpr size_t maxPrompts = 60, maxFindings = 40;

/// The prompts that are furthest off, in their order.
static std::vector<const PromptResult *> furthestOff(const std::vector<PromptResult> &prompts) {
  std::vector<const PromptResult *> result;
  for (const PromptResult &prompt : prompts)
    result.push_back(&prompt);
  std::sort(result.begin(), result.end(), [](const PromptResult *a, const PromptResult *b) {
    return std::tuple(b->logits.ofLargest(), a) < std::tuple(a->logits.ofLargest(), b);
  });
  result.resize(std::min(result.size(), maxPrompts));
  std::sort(result.begin(), result.end()); // all are elements of one vector
  return result;
}

void printReport(const Verification &result, const Model &model, double tolerance) {
  std::string out;
  for (const PromptResult *each : furthestOff(result.prompts)) {
    const PromptResult &prompt = *each;
    out += format("prompt %u: %u tokens, %zu positions: max abs error %.3g, %.3g of the largest "
                  "logit %.4g; relative error median %.3g; greedy ",
                  prompt.index, prompt.tokens, prompt.relative.size(), prompt.logits.maxAbsolute,
                  prompt.logits.ofLargest(), prompt.logits.largest, median(prompt.relative));
    if (prompt.expectedGreedy.empty())
      out += "not given\n";
    else if (prompt.greedyMatches())
      out += format("%zu tokens equal\n", prompt.expectedGreedy.size());
    else
      out +=
          format("differs at token %zu of %zu\n", prompt.greedyEqual, prompt.expectedGreedy.size());
  }
  if (result.prompts.size() > maxPrompts)
    out += formatCount(result.prompts.size() - maxPrompts) +
           " more prompts, whose logits are closer; --json has them\n";
  out += format("relative error over %zu positions: median %.4g, mean %.4g", result.positions,
                result.median, result.mean);
  if (result.hasBf16)
    out += format("; the reference in bf16: median %.4g, mean %.4g", result.bf16Median,
                  result.bf16Mean);
  out += "\n";
  for (size_t i = 0; i < std::min(result.findings.size(), maxFindings); ++i)
    out += result.findings[i] + "\n";
  if (result.findings.size() > maxFindings)
    out +=
        formatCount(result.findings.size() - maxFindings) + " more like these; --json has them\n";
  bool reference = std::string(model.info().precision) == "reference";
  if (result.failures.empty())
    out += reference ? format("passed: largest error at most %.3g of the largest logit, greedy "
                              "continuations equal\n",
                              tolerance)
                     : "passed: median error at most that of the reference in bf16\n";
  print(out);
}

void printFailures(const std::vector<Problem> &failures, const char *places, const Model &model) {
  ProblemList list({false, places, "--json has them"});
  for (const Problem &failure : failures)
    list.add(failure);
  for (const Problem &line : list.lines())
    std::fprintf(stderr, "%s: error: %s: %s\n", toolName(), model.path().c_str(),
                 line.str().c_str());
}

static std::vector<std::string> textsOf(const std::vector<Problem> &problems) {
  std::vector<std::string> texts;
  for (const Problem &problem : problems)
    texts.push_back(problem.str());
  return texts;
}

std::string jsonReport(const Verification &result, const Model &model) {
  std::string out =
      "{\"model\":" + quoted(model.path()) + ",\"precision\":" + quoted(model.info().precision) +
      ",\"attention\":" + quoted(model.info().attention) +
      ",\"level\":" + quoted(hadal_context_level(model.context())) +
      ",\"passed\":" + (result.failures.empty() ? "true" : "false") +
      format(",\"positions\":%zu", result.positions) +
      ",\"median\":" + numberOrNull(result.median) + ",\"mean\":" + numberOrNull(result.mean);
  if (result.hasBf16)
    out += ",\"bf16_median\":" + numberOrNull(result.bf16Median) +
           ",\"bf16_mean\":" + numberOrNull(result.bf16Mean);
  out += ",\"prompts\":[";
  for (size_t i = 0; i < result.prompts.size(); ++i) {
    const PromptResult &prompt = result.prompts[i];
    out += format("%s{\"index\":%u,\"tokens\":%u,\"positions\":%zu,\"max_abs_error\":%s,"
                  "\"largest_logit\":%s,\"median\":%s,\"greedy_tokens\":%zu,\"greedy_equal\":%zu}",
                  i ? "," : "", prompt.index, prompt.tokens, prompt.relative.size(),
                  numberOrNull(prompt.logits.maxAbsolute).c_str(),
                  numberOrNull(prompt.logits.largest).c_str(),
                  numberOrNull(median(prompt.relative)).c_str(), prompt.expectedGreedy.size(),
                  prompt.greedyEqual);
  }
  return out + "],\"failures\":" + quotedList(textsOf(result.failures)) +
         ",\"findings\":" + quotedList(result.findings) + "}\n";
}

} // namespace hadal::tools
