// SPDX-License-Identifier: Apache-2.0
// How the tools say what is wrong.
#include "support/Diagnostics.h"
#include "files/Streams.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include <unistd.h>

namespace hadal::tools {

static const char *name = "hadal";

void setToolName(const char *tool) {
  name = tool;
  files::startTool(tool);
}

const char *toolName() { return name; }

static std::vector<UndoAtFailure *> &undos() {
  static std::vector<UndoAtFailure *> undos;
  return undos;
}

UndoAtFailure::UndoAtFailure(std::function<void()> undo) : undo(std::move(undo)) {
  undos().push_back(this);
}

UndoAtFailure::~UndoAtFailure() {
  std::vector<UndoAtFailure *> &all = undos();
  all.erase(std::remove(all.begin(), all.end(), this), all.end());
}

void undoAll() {
  while (!undos().empty()) {
    UndoAtFailure *last = undos().back();
    undos().pop_back();
    last->undo();
  }
}

void fail(const std::string &message) {
  std::fprintf(stderr, "%s: error: %s\n", name, message.c_str());
  undoAll();
  std::exit(1);
}

void failUsage(const std::string &message) {
  std::fprintf(stderr, "%s: error: %s\n%s --help lists the options\n", name, message.c_str(), name);
  undoAll();
  std::exit(2);
}

void note(const std::string &message) {
  std::fprintf(stderr, "%s: note: %s\n", name, message.c_str());
}

std::string format(const char *pattern, ...) {
  va_list arguments, again;
  va_start(arguments, pattern);
  va_copy(again, arguments);
  int size = std::vsnprintf(nullptr, 0, pattern, arguments);
  va_end(arguments);
  std::string text(size > 0 ? static_cast<size_t>(size) : 0, '\0');
  std::vsnprintf(text.data(), text.size() + 1, pattern, again);
  va_end(again);
  return text;
}

void print(const std::string &text) {
  size_t done = 0;
  while (done < text.size()) {
    ssize_t count = write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (count >= 0) {
      done += static_cast<size_t>(count);
    } else if (errno != EINTR) {
      int error = errno;
      undoAll();
      files::standardOutputFailed(error);
    }
  }
}

} // namespace hadal::tools
