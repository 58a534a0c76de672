// SPDX-License-Identifier: Apache-2.0
// Where an output goes, and whether it would destroy an input.
#include "files/Paths.h"

#include <climits>
#include <cstdlib>

#include <sys/stat.h>
#include <unistd.h>

namespace hadal::files {
namespace {

/// The number of an open descriptor of this process that `path` is a name of
/// (/proc/self/fd/N, /dev/fd/N), or -1. Such a name looks like a link to a file,
/// but replacing that file would not be writing to the descriptor.
int descriptorOf(const std::string &path) {
  std::string name = nameOf(path);
  if (name.empty() || name.size() > 9 || name.find_first_not_of("0123456789") != std::string::npos)
    return -1;
  char real[PATH_MAX];
  std::string own = "/proc/" + std::to_string(getpid()) + "/fd";
  if (!realpath(folderOf(path).c_str(), real) || own != real)
    return -1;
  return std::atoi(name.c_str());
}

} // namespace

std::string folderOf(const std::string &path) {
  size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash + 1);
}

std::string nameOf(const std::string &path) { return path.substr(folderOf(path).size()); }

Target resolveOutput(const std::string &path) {
  Target target;
  target.path = path;
  if (path == "-") {
    target.kind = Target::descriptor;
    target.number = STDOUT_FILENO;
    return target;
  }
  struct stat info;
  // More links than the system follows are its error when the file is made.
  for (int links = 0; links < 40; ++links) {
    target.number = descriptorOf(target.path);
    if (target.number >= 0) {
      target.kind = Target::descriptor;
      return target;
    }
    char next[PATH_MAX];
    ssize_t size = readlink(target.path.c_str(), next, sizeof next);
    if (size <= 0 || size == sizeof next)
      break;
    std::string link(next, static_cast<size_t>(size));
    target.path = link[0] == '/' ? link : folderOf(target.path) + link;
  }
  if (nameOf(target.path).empty())
    target.kind = Target::folder;
  else if (stat(target.path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    target.kind = S_ISDIR(info.st_mode) ? Target::folder : Target::special;
  return target;
}

namespace {
/// What a name stands for; "-" is standard input, which may be a file.
bool look(const std::string &path, struct stat *info) {
  return (path == "-" ? fstat(STDIN_FILENO, info) : stat(path.c_str(), info)) == 0;
}

bool isSame(const std::string &one, const std::string &other) {
  struct stat a, b;
  return look(one, &a) && look(other, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/// Whether `from` is the regular file that would be written.
bool isSameFile(const std::string &from, const Target &to) {
  return to.kind == Target::file && isSame(from, to.path);
}

/// Whether two outputs are one file, though it may not be there yet.
bool isSameOutput(const Target &one, const Target &other) {
  auto folder = [](const Target &target) { return folderOf(target.path) + "."; };
  return one.kind == Target::file && other.kind == Target::file &&
         (isSame(one.path, other.path) ||
          (nameOf(one.path) == nameOf(other.path) && isSame(folder(one), folder(other))));
}
} // namespace

std::string outputProblem(const std::vector<std::string> &outputs,
                          const std::vector<std::string> &inputs) {
  std::vector<Target> targets;
  for (const std::string &output : outputs)
    targets.push_back(resolveOutput(output));
  for (size_t i = 0; i < outputs.size(); ++i) {
    for (const std::string &input : inputs)
      if (isSameFile(input, targets[i]))
        return outputs[i] + ": expected another file than those that are read, got " +
               (input == outputs[i] ? "an input"
                : input == "-"      ? "standard input"
                                    : "the input " + input);
    for (size_t j = 0; j < i; ++j)
      if (isSameOutput(targets[i], targets[j]))
        return outputs[i] + ": expected a file for each output, got one for two";
  }
  return {};
}

} // namespace hadal::files
