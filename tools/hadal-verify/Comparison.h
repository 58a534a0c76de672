// SPDX-License-Identifier: Apache-2.0
// Compares what a model computes with expected results.
#ifndef HADAL_TOOLS_VERIFY_COMPARISON_H
#define HADAL_TOOLS_VERIFY_COMPARISON_H

#include <cstdint>
#include <string>
#include <vector>

#include "problems/ProblemList.h"
#include "support/Model.h"
#include "support/Safetensors.h"

namespace hadal::tools {

/// How far `actual` is from `expected` (same length).
struct Difference {
  double maxAbsolute = 0; // infinite where a value is no number
  double largest = 0;     // largest magnitude expected
  double relative = 0;    // L2 norm of the difference over that of expected

  double ofLargest() const { return largest > 0 ? maxAbsolute / largest : maxAbsolute; }
};

Difference compare(const float *actual, const float *expected, size_t count);

struct PromptResult {
  uint32_t index = 0;
  uint32_t tokens = 0;
  Difference logits;
  std::vector<double> relative;     // of each position whose logits are expected
  std::vector<double> bf16Relative; // the same of the reference in bf16; may be empty
  std::vector<int32_t> greedy, expectedGreedy;
  size_t greedyEqual = 0;           // tokens before the first that differs

  bool greedyMatches() const { return greedyEqual == expectedGreedy.size(); }
};

struct Verification {
  std::vector<PromptResult> prompts;
  size_t positions = 0;
  double median = 0, mean = 0;         // relative error over all positions
  double bf16Median = 0, bf16Mean = 0; // of the reference in bf16; 0 without
  bool hasBf16 = false;
  std::vector<Problem> failures;       // why it does not pass; empty when it does
  std::vector<std::string> findings;   // where it diverges
};

/// Middle value, or the mean of the two in the middle.
double median(std::vector<double> values);

/// Runs every prompt of `expected` in steps of at most `chunk` tokens. The result
/// passes, for a model of precision `reference`, when the largest error is at
/// most `tolerance` of the largest logit and the greedy continuations are equal;
/// for `native`, when the median error over positions is at most that of the
/// reference in bf16.
Verification verifyModel(Model &model, const SafetensorsFile &expected, uint32_t chunk,
                         double tolerance);

/// Reads all parameters and compares their checksums. Every damaged one is one of
/// `failures`. Returns the bytes read.
uint64_t verifyWeights(Model &model, std::vector<Problem> &failures);

/// The prompts that are furthest off, and the failures of `places`: a bounded
/// number of lines. JSON has all of them.
void printReport(const Verification &result, const Model &model, double tolerance);
void printFailures(const std::vector<Problem> &failures, const char *places, const Model &model);
std::string jsonReport(const Verification &result, const Model &model);

} // namespace hadal::tools

#endif // HADAL_TOOLS_VERIFY_COMPARISON_H
