// SPDX-License-Identifier: Apache-2.0
// The files that a process has begun and must not leave behind.
#ifndef HADAL_FILES_UNFINISHED_H
#define HADAL_FILES_UNFINISHED_H

#include <string>

namespace hadal::files {

/// Puts a file, or a folder of such, on the list of those to remove, or takes it off.
void addUnfinished(const std::string &path);
void dropUnfinished(const std::string &path);

/// Removes all files of the list; safe in a signal handler.
void removeUnfinished();

/// Has SIGINT, SIGTERM and SIGHUP remove them before they do what they did; one
/// that is ignored, as under nohup, stays ignored.
void removeUnfinishedOnSignals();

} // namespace hadal::files

#endif // HADAL_FILES_UNFINISHED_H
