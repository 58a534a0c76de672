// SPDX-License-Identifier: Apache-2.0
// How the tools say what is wrong.
#ifndef HADAL_TOOLS_SUPPORT_DIAGNOSTICS_H
#define HADAL_TOOLS_SUPPORT_DIAGNOSTICS_H

#include <functional>
#include <string>

namespace hadal::tools {

/// The name that messages start with; set once, first thing in main.
void setToolName(const char *name);
const char *toolName();

/// What is undone when the process ends within its life, by fail and the like: these run no
/// destructors, and what a tool holds of a device may be more than memory of its own. The last one
/// first, each once. For one thread.
class UndoAtFailure {
public:
  explicit UndoAtFailure(std::function<void()> undo);
  ~UndoAtFailure();
  UndoAtFailure(const UndoAtFailure &) = delete;
  UndoAtFailure &operator=(const UndoAtFailure &) = delete;

private:
  friend void undoAll();
  std::function<void()> undo;
};

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
