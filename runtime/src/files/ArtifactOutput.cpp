// SPDX-License-Identifier: Apache-2.0
// An artifact and the weights file that it names, written as one.
#include "files/ArtifactOutput.h"
#include "files/CommitLock.h"
#include "files/Paths.h"
#include "files/Superseded.h"
#include "files/WeightsName.h"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace hadal::files {

std::string ArtifactOutput::problem(const std::string &path, bool withWeights) {
  Target where = resolveOutput(path);
  if (where.kind == Target::folder)
    return path + ": expected a file to write, got a directory";
  if (withWeights && where.kind != Target::file)
    return path + ": expected a file to write, with the weights beside it, got " +
           (where.kind == Target::special ? "a special file" : "an open stream");
  // It would stand where a weights file does.
  if (where.kind == Target::file && isWeightsName(nameOf(where.path)))
    return path + ": expected a name for an artifact, got one of a weights file";
  std::string folder = folderOf(where.path) + ".";
  if (where.kind == Target::file &&
      faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0)
    return path + ": cannot be written: " + std::strerror(errno);
  return {};
}

bool ArtifactOutput::fail(const std::string &text) {
  message = text;
  artifactFile.discard();
  weightsFile.discard();
  return false;
}

const std::string &ArtifactOutput::error() const {
  return !message.empty()                ? message
         : !artifactFile.error().empty() ? artifactFile.error()
                                         : weightsFile.error();
}

bool ArtifactOutput::open(const std::string &path, bool withWeights) {
  given = path;
  if (std::string text = problem(path, withWeights); !text.empty())
    return fail(text);
  Target where = resolveOutput(path);
  isFile = where.kind == Target::file;
  folder = folderOf(where.path);
  name = nameOf(where.path);
  if (!artifactFile.open(path))
    return false;
  if (!isFile)
    return true;
  {
    // Before room is needed for the new ones.
    CommitLock lock;
    if (!lock.take(folder, name))
      return fail(path + ": cannot be written: " + std::strerror(errno));
    if (lock.isHeld())
      removeSuperseded(folder, name);
  }
  if (!withWeights)
    return true;
  // Here rather than when everything is computed.
  long limit = pathconf(folder.empty() ? "." : folder.c_str(), _PC_NAME_MAX);
  if (limit > 0 && weightsName(std::string(16, '0')).size() > static_cast<size_t>(limit))
    return fail(path +
                ": cannot be written: the name of its weights: " + std::strerror(ENAMETOOLONG));
  return weightsFile.openUnnamed(folder, weightsName({}), path + ": weights");
}

std::string ArtifactOutput::weightsName(const std::string &buildId) const {
  return files::weightsName(name, buildId);
}

std::string ArtifactOutput::weightsPath(const std::string &buildId) const {
  return folder + weightsName(buildId);
}

bool ArtifactOutput::syncFolder() {
  int opened = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0)
    return true; // it may be written and not read
  bool done = fsync(opened) == 0 || errno == EINVAL;
  int error = errno;
  close(opened);
  return done || fail(given + ": cannot be written: " + std::strerror(error));
}

bool ArtifactOutput::commit(const std::string &buildId, const std::vector<std::string> &inputs) {
  if (!isFile)
    return artifactFile.commit();
  // What takes long is done before others have to wait.
  bool withWeights = weightsFile.isOpen();
  if ((withWeights && !weightsFile.sync()) || !artifactFile.sync())
    return false;
  if (withWeights)
    if (std::string text = outputProblem({weightsPath(buildId)}, inputs); !text.empty())
      return fail(text);
  CommitLock lock;
  if (!lock.take(folder, name))
    return fail(given + ": cannot be written: " + std::strerror(errno));
  bool done = (!withWeights || (weightsFile.commitAs(weightsPath(buildId)) && syncFolder())) &&
              artifactFile.commit() && syncFolder();
  if (lock.isHeld())
    removeSuperseded(folder, name); // the new ones, where it failed
  return done;
}

} // namespace hadal::files
