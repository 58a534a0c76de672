// SPDX-License-Identifier: Apache-2.0
// How the tools say what is wrong.
#ifndef HADAL_TOOLS_SUPPORT_DIAGNOSTICS_H
#define HADAL_TOOLS_SUPPORT_DIAGNOSTICS_H

#include <string>

namespace hadal::tools {

/// The name that messages start with; set once, first thing in main.
void setToolName(const char *name);
const char *toolName();

/// "TOOL: error: MESSAGE" on stderr, then exit code 1.
[[noreturn]] void fail(const std::string &message);
/// "TOOL: error: MESSAGE" and a pointer to --help, then exit code 2.
[[noreturn]] void failUsage(const std::string &message);
/// "TOOL: note: MESSAGE" on stderr.
void note(const std::string &message);

/// printf to a string.
std::string format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

/// Writes to stdout at once. When the reader has gone, the process ends quietly
/// with exit code 1; any other failure is an error.
void print(const std::string &text);

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_DIAGNOSTICS_H
