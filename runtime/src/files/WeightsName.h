// SPDX-License-Identifier: Apache-2.0
// What the weights file of an artifact is called.
#ifndef HADAL_FILES_WEIGHTSNAME_H
#define HADAL_FILES_WEIGHTSNAME_H

#include <string>

namespace hadal::files {

/// The key of a weights file's metadata under which it tells its build id.
constexpr char kBuildIdKey[] = "hadal.build_id";

/// The weights file of the artifact that is called `artifact` (without a folder)
/// and has this build id, 16 hex digits:
///   ARTIFACT.weights.ID.safetensors
///   BEGINNING.HASH.weights-ID.safetensors   where that were too long for a name
/// Two artifacts of one folder never get one name: the id has a fixed length, and
/// the character before it tells which form it is.
std::string weightsName(const std::string &artifact, const std::string &buildId);

/// The build id in a name that weightsName gives for this artifact, or nothing.
std::string buildIdOf(const std::string &name, const std::string &artifact);

/// Whether it is a weights file's name, of whatever artifact.
bool isWeightsName(const std::string &name);

} // namespace hadal::files

#endif // HADAL_FILES_WEIGHTSNAME_H
