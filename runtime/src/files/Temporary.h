// SPDX-License-Identifier: Apache-2.0
// What outputs share that have other names until they are complete.
#ifndef HADAL_FILES_TEMPORARY_H
#define HADAL_FILES_TEMPORARY_H

#include <cstddef>
#include <string>

namespace hadal::files {

/// Begins the names of all temporary files of an output: its own, as far as it
/// leaves room, and its hash, by which they are known to be of no other.
std::string temporaryPrefix(const std::string &name);

/// Removes what of `folder` begins with `prefix`, opens with `flags`, and has lost its writer, by
/// calling `remove`. A writer holds a lock on it as long as it lives; where the system has no locks,
/// it stays.
void clearAbandoned(const std::string &folder, const std::string &prefix, int flags,
                    int (*remove)(const char *path));

/// Writes all bytes; false with errno where that fails.
bool writeAll(int descriptor, const void *data, size_t size);

} // namespace hadal::files

#endif // HADAL_FILES_TEMPORARY_H
