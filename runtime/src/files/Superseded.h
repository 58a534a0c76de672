// SPDX-License-Identifier: Apache-2.0
// Removes weights files that no artifact names any more.
#ifndef HADAL_FILES_SUPERSEDED_H
#define HADAL_FILES_SUPERSEDED_H

#include <string>

namespace hadal::files {

/// Removes the weights files of the artifact `name` in `folder` that no artifact
/// of the folder, whatever its name, refers to: those that another compilation has
/// superseded, and those whose artifact a killed process did not get to. To be
/// called under the artifact's lock, without which one may be about to be named.
void removeSuperseded(const std::string &folder, const std::string &name);

} // namespace hadal::files

#endif // HADAL_FILES_SUPERSEDED_H
