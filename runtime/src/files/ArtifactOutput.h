// SPDX-License-Identifier: Apache-2.0
// An artifact and the weights file that it names, written as one.
#ifndef HADAL_FILES_ARTIFACTOUTPUT_H
#define HADAL_FILES_ARTIFACTOUTPUT_H

#include "files/OutputFile.h"

#include <string>
#include <vector>

namespace hadal::files {

/// Writes both beside their names. commit() gives the weights a name that is made
/// of their build id and then renames the artifact, which is what replaces the old
/// pair by the new one: at every moment the artifact names a file that is there
/// and is its own. Only then the weights that it named before are removed. What a
/// killed process left is removed when the output is opened or committed again.
///
/// Calls return false on failure; error() then says which file and why, and the
/// old pair is as it was.
class ArtifactOutput {
public:
  /// Why no artifact can be written to `path`, or nothing, as far as it can be told
  /// beforehand. Without weights it may be standard output, a device or a pipe.
  static std::string problem(const std::string &path, bool withWeights);

  bool open(const std::string &path, bool withWeights);
  OutputFile &artifact() { return artifactFile; }
  OutputFile &weights() { return weightsFile; }

  /// What the weights file will be called, for the artifact to name it.
  std::string weightsName(const std::string &buildId) const;
  /// The same with its folder.
  std::string weightsPath(const std::string &buildId) const;

  /// `buildId` is that of the weights, and of no use without. No file of `inputs`
  /// is replaced by them.
  bool commit(const std::string &buildId, const std::vector<std::string> &inputs);

  const std::string &error() const;

private:
  bool fail(const std::string &text);
  bool syncFolder();

  OutputFile artifactFile, weightsFile;
  std::string given, folder, name, message;
  bool isFile = false;
};

} // namespace hadal::files

#endif // HADAL_FILES_ARTIFACTOUTPUT_H
