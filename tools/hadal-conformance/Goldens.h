// SPDX-License-Identifier: Apache-2.0
// Whole models whose logits and greedy tokens are known.
#ifndef HADAL_TOOLS_CONFORMANCE_GOLDENS_H
#define HADAL_TOOLS_CONFORMANCE_GOLDENS_H

#include "Suite.h"

namespace hadal::conformance {

struct Golden {
  std::string name; // goldens/v3/native
  std::string folder, precision;
};

/// The folders in `folder` that hold a config.json and an expected.safetensors, in the
/// order of their names, each in the precisions that its results are about.
std::vector<Golden> findGoldens(const std::string &folder);

/// Compiles a checkpoint for each level and compares, by the rules of hadal-verify.
std::vector<Outcome> runGolden(const Suite &suite, const Golden &golden);

} // namespace hadal::conformance

#endif // HADAL_TOOLS_CONFORMANCE_GOLDENS_H
