// SPDX-License-Identifier: Apache-2.0
// Removes weights files that no artifact names any more.
#include "files/Superseded.h"
#include "files/WeightsName.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::files {
namespace {

/// A regular file that is open for reading. Nothing else is opened: a pipe would
/// have a reader then.
class Input {
public:
  explicit Input(const std::string &path) {
    struct stat info;
    if (stat(path.c_str(), &info) != 0)
      error = errno;
    else if (S_ISREG(info.st_mode) &&
             (descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
      error = errno;
  }
  ~Input() {
    if (descriptor >= 0)
      close(descriptor);
  }
  Input(const Input &) = delete;
  Input &operator=(const Input &) = delete;

  bool isOpen() const { return descriptor >= 0; }
  /// Whether this could not be found out. What may not be read is none of ours:
  /// in a folder that many share there are such files.
  bool isUnknown() const {
    return error != 0 && error != ENOENT && error != ELOOP && error != EACCES && error != EPERM;
  }

  /// As many bytes from `offset` as there are, up to `size`.
  std::string read(uint64_t offset, size_t size) const {
    std::string bytes(size, '\0');
    size_t done = 0;
    while (done < size) {
      ssize_t count =
          pread(descriptor, &bytes[done], size - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR)
        continue;
      if (count <= 0)
        break;
      done += static_cast<size_t>(count);
    }
    bytes.resize(done);
    return bytes;
  }

private:
  int descriptor = -1, error = 0;
};

/// Whether it is what its name says, and not some file that is only called so.
bool hasBuildId(const std::string &path, const std::string &id) {
  Input file(path);
  std::string key = '"' + std::string(kBuildIdKey) + "\":\"" + id + '"';
  return file.isOpen() && file.read(0, 4096).find(key) != std::string::npos;
}

bool isArtifact(const Input &file) {
  // A FlatBuffer has its identifier behind the offset of its root.
  return file.isOpen() && file.read(4, 4) == "HADL";
}

/// As a FlatBuffer stores a string: its length, its bytes and a zero.
std::string stored(const std::string &text) {
  std::string bytes;
  for (int shift = 0; shift < 32; shift += 8)
    bytes += static_cast<char>(text.size() >> shift & 0xff);
  return bytes + text + '\0';
}

/// Takes the names that stand in the artifact off the list. Nothing else looks
/// like one, so it need not be parsed.
void keepNamed(const Input &artifact, std::vector<std::string> &names) {
  constexpr size_t piece = 1 << 20, overlap = 512; // no name is longer
  std::string bytes;
  for (uint64_t offset = 0; !names.empty(); offset += piece) {
    bytes = artifact.read(offset, piece + overlap);
    names.erase(std::remove_if(names.begin(), names.end(),
                               [&](const std::string &name) {
                                 return bytes.find(stored(name)) != std::string::npos;
                               }),
                names.end());
    if (bytes.size() <= piece)
      return;
  }
}

std::vector<std::string> entriesOf(const std::string &folder) {
  std::vector<std::string> names;
  DIR *entries = opendir(folder.empty() ? "." : folder.c_str());
  if (!entries)
    return names;
  while (const dirent *entry = readdir(entries))
    names.push_back(entry->d_name);
  closedir(entries);
  return names;
}

} // namespace

void removeSuperseded(const std::string &folder, const std::string &name) {
  std::vector<std::string> entries = entriesOf(folder), superseded;
  for (const std::string &entry : entries) {
    std::string id = buildIdOf(entry, name);
    if (!id.empty() && hasBuildId(folder + entry, id))
      superseded.push_back(entry);
  }
  for (const std::string &entry : entries) {
    if (superseded.empty())
      return;
    Input file(folder + entry);
    if (file.isUnknown())
      return; // it may be an artifact that names them all
    if (isArtifact(file))
      keepNamed(file, superseded);
  }
  for (const std::string &entry : superseded)
    unlink((folder + entry).c_str());
}

} // namespace hadal::files
