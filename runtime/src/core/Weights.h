// SPDX-License-Identifier: Apache-2.0
// The safetensors files that hold the parameters: found, identified, mapped.
#ifndef HADAL_CORE_WEIGHTS_H
#define HADAL_CORE_WEIGHTS_H

#include "core/Artifact.h"

#include <string>
#include <vector>

namespace hadal::runtime {

/// Where weight files are looked for.
struct WeightPlaces {
  const char *artifact;  // the path that they are beside; the name of one in memory
  bool inMemory;
  const char *directory; // may be null
};

/// All weight files of a module. Identity is size, header hash and build id;
/// pages of weights are not touched before a kernel reads them. A file must not
/// be changed or cut while it is mapped.
class Weights {
public:
  /// Looks for each file beside the artifact, unless that is in memory, then in the directory.
  /// Messages start with the path of the file, or of the artifact.
  static Status open(const artifact::Module &module, const WeightPlaces &places, Weights &out);

  /// The first byte of a parameter; null when no files are open, and for one that is computed.
  const uint8_t *data(const artifact::Parameter &parameter) const {
    if (files.empty() || parameter.rope_table())
      return nullptr;
    return files[parameter.file()].pages.data() + parameter.offset();
  }

  /// Bytes `offset` to `offset + size` of a parameter, from its file; before closeFiles().
  Status read(const artifact::Parameter &parameter, uint64_t offset, uint8_t *to,
              size_t size) const {
    const Opened &file = files[parameter.file()];
    return file.file.read(parameter.offset() + offset, to, size, file.path.c_str());
  }

  /// Gives the descriptors back; the files stay mapped.
  void closeFiles() {
    for (Opened &file : files)
      file.file = File();
  }

  /// Where the file was found; "" when no files are open.
  const char *path(uint32_t file) const { return files.empty() ? "" : files[file].path.c_str(); }

private:
  struct Opened {
    std::string path;
    File file;
    Pages pages;
  };
  std::vector<Opened> files;
};

/// The string value of `key` in the JSON text of a safetensors header; empty
/// when absent. For messages: the header's hash is what identifies a file.
std::string findHeaderString(const char *json, size_t size, const char *key);

} // namespace hadal::runtime

#endif // HADAL_CORE_WEIGHTS_H
