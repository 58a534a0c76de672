// SPDX-License-Identifier: Apache-2.0
// Finds the first op, and the first launch of it, that differs from its expansion.
#ifndef HADAL_TOOLS_VERIFY_BISECT_H
#define HADAL_TOOLS_VERIFY_BISECT_H

#include <optional>
#include <string>
#include <vector>

#include "Steps.h"
#include "Values.h"
#include "support/Model.h"

namespace hadal::tools {

/// A launch as the runtime tells of it.
struct LaunchPlace {
  std::string entry, label, executable, level;
  uint32_t index = 0;
};

/// A value that is not what the expansion makes.
struct Deviation {
  std::string name; // of the op, or of the part
  size_t step = 0;  // in which
  ValueDifference difference;
  double limit = 0;
  LaunchPlace launch; // the last one before
};

struct Bisection {
  size_t steps = 0, values = 0, launches = 0;
  std::vector<std::string> uncompared; // names of values of ops that only one of both has
  std::optional<Deviation> op;         // the first that differs
  std::optional<Deviation> part;       // the first part of it that does, where it has parts
  bool partsAgree = false;             // they do what their expansions do, and yet it differs
};

/// Runs both models side by side, with the same values: what `plain`, compiled with
/// --plain --taps, makes takes the place of what `model`, compiled with --taps, made, so
/// that each op is compared for itself, from equal inputs. Ends at the first that differs
/// by more than `tolerance` of its largest element; nullopt: what the precision allows.
Bisection bisect(Model &model, Model &plain, const TestSteps &steps,
                 std::optional<double> tolerance);

void printBisection(const Bisection &result, const Model &model, const TestSteps &steps);
std::string jsonBisection(const Bisection &result, const Model &model, const TestSteps &steps);

} // namespace hadal::tools

#endif // HADAL_TOOLS_VERIFY_BISECT_H
