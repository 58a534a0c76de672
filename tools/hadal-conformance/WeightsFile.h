// SPDX-License-Identifier: Apache-2.0
// The checkpoint of a case: one safetensors file.
#ifndef HADAL_TOOLS_CONFORMANCE_WEIGHTSFILE_H
#define HADAL_TOOLS_CONFORMANCE_WEIGHTSFILE_H

#include "Case.h"

namespace hadal::conformance {

/// Writes weights into a folder, and says where they lie as attributes of a module.
class WeightsFile {
public:
  /// Nothing is written where there are no weights. `problem` says what failed.
  WeightsFile(const std::string &folder, const std::vector<Weight> &weights);

  static std::string pathIn(const std::string &folder);

  std::string problem;
  /// Of the module: ", hadal.checkpoint = ...", or "".
  std::string attributes;
  /// "[#hadal.source<...>, ...]": one for each matrix of a stack.
  std::string sourcesOf(const std::string &weight) const { return sources.at(weight); }

private:
  std::map<std::string, std::string> sources;
};

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_WEIGHTSFILE_H
