// SPDX-License-Identifier: Apache-2.0
// Finds the first layer, and the first kernels, whose results diverge.
#ifndef HADAL_TOOLS_VERIFY_LAYERS_H
#define HADAL_TOOLS_VERIFY_LAYERS_H

#include <map>
#include <string>
#include <vector>

#include "Comparison.h"

namespace hadal::tools {

/// Compares taps with expected tensors while prompts run.
///
/// The tap `hidden.k` [N, D] compares with the k-th slice of the tensor
/// `hidden.PROMPT` [L + 1, T, D]: the embedding's output, the output of layers 0
/// to L - 2, and the last layer's output after the final norm. Any other tap NAME
/// compares with a tensor `tap.NAME.PROMPT` [T, ...], where there is one. What ran
/// between two taps is known from the launches.
class LayerRecorder {
public:
  LayerRecorder(Model &model, const SafetensorsFile &expected);
  ~LayerRecorder();

  void start(uint32_t prompt);
  void stop();

  /// Lines that say where results first leave the expected ones by more than
  /// `tolerance`: of the largest value when `ofLargest`, else in relative L2 norm.
  std::vector<std::string> findings(double tolerance, bool ofLargest) const;

private:
  /// One tap, joined over the chunks of a prompt.
  struct Record {
    std::string name;
    std::vector<float> values;
    std::vector<std::string> launches; // since the tap before, in the first chunk
    Difference difference;
    bool compared = false;
  };
  struct Prompt {
    uint32_t index = 0;
    std::vector<Record> records; // in the order of the first chunk
    std::vector<std::string> after;
  };

  static void onTap(void *user, const hadal_tap_t *tap);
  static void onLaunch(void *user, const hadal_launch_t *launch);
  void compareRecord(Record &record, uint32_t prompt) const;

  Model &model;
  const SafetensorsFile &expected;
  std::vector<Prompt> prompts;
  std::map<std::string, size_t> positions; // of a tap in the current prompt
  std::vector<std::string> pending;        // launches since the last tap
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_VERIFY_LAYERS_H
