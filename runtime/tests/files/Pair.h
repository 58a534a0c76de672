// SPDX-License-Identifier: Apache-2.0
// Small artifacts with weights, written as the compiler does, and what is in a folder.
#ifndef HADAL_TESTS_FILES_PAIR_H
#define HADAL_TESTS_FILES_PAIR_H

#include "ArtifactBuilder.h"

#include <set>
#include <string>
#include <vector>

namespace hadal::test {

/// A model that can be loaded. Each number is another one, with other weights.
class Pair {
public:
  explicit Pair(int number);

  /// Writes both through ArtifactOutput; returns the error or nothing.
  std::string write(const std::string &path, const std::vector<std::string> &inputs = {}) const;
  /// The same with the artifact alone, compiled without weights.
  std::string writeShapes(const std::string &path) const;

  /// The artifact that is called `name`, and its weights.
  Bytes artifact(const std::string &name) const;
  std::string weightsName(const std::string &name) const;
  const Bytes &weights() const { return weightBytes; }

  /// Whether both stand at `path`, and a runtime loads them.
  bool isAt(const std::string &path) const;

private:
  ModelSpec model;
  Bytes weightBytes;
};

std::set<std::string> namesIn(const std::string &folder);

} // namespace hadal::test

#endif // HADAL_TESTS_FILES_PAIR_H
