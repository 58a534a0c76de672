// SPDX-License-Identifier: Apache-2.0
// Looks for programs of NVIDIA's toolkit.
#include "files/Toolkit.h"

#include "files/Paths.h"

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <unistd.h>

namespace hadal::files {
namespace {

std::string fromEnvironment(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

/// The folder of this program.
std::string ownFolder() {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path);
  return length > 0 ? folderOf(std::string(path, static_cast<size_t>(length))) : "";
}

} // namespace

std::string findToolkitProgram(const std::string &name) {
  std::string folders = fromEnvironment("PATH");
  if (std::string toolkit = fromEnvironment("CUDA_HOME"); !toolkit.empty())
    folders += ":" + toolkit + "/bin";
  if (std::string own = ownFolder(); !own.empty())
    folders += ":" + own + "../../cuda/bin";
  for (size_t begin = 0; begin <= folders.size();) {
    size_t end = std::min(folders.find(':', begin), folders.size());
    std::string path = folders.substr(begin, end - begin) + "/" + name;
    // What is relative would depend on where the program is started.
    if (path[0] == '/' && end > begin && access(path.c_str(), X_OK) == 0)
      return path;
    begin = end + 1;
  }
  return "";
}

} // namespace hadal::files
