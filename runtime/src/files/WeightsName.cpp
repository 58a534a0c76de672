// SPDX-License-Identifier: Apache-2.0
// What the weights file of an artifact is called.
#include "files/WeightsName.h"
#include "files/OutputFile.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <climits>
#include <cstdio>
#include <cstring>

namespace hadal::files {
namespace {

constexpr char kWeights[] = ".weights", kEnding[] = ".safetensors";
constexpr size_t kIdLength = 16; // of hex digits
constexpr size_t kSuffix = sizeof kWeights - 1 + 1 + kIdLength + sizeof kEnding - 1;

/// What stands before the id. The name is part of the artifact, so the limit is
/// that of common file systems and not of the one at hand.
std::string beforeId(const std::string &artifact) {
  if (artifact.size() + kSuffix <= NAME_MAX)
    return artifact + kWeights + ".";
  char hash[32];
  std::snprintf(hash, sizeof hash, ".%016llx",
                static_cast<unsigned long long>(XXH3_64bits(artifact.data(), artifact.size())));
  return beginningOf(artifact, NAME_MAX - kSuffix - std::strlen(hash)) + hash + kWeights + "-";
}

bool isId(const std::string &text) {
  return text.size() == kIdLength &&
         text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

} // namespace

std::string weightsName(const std::string &artifact, const std::string &buildId) {
  return beforeId(artifact) + buildId + kEnding;
}

std::string buildIdOf(const std::string &name, const std::string &artifact) {
  std::string before = beforeId(artifact);
  if (name.compare(0, before.size(), before) != 0)
    return {};
  std::string id = name.substr(before.size(), kIdLength);
  return isId(id) && name == before + id + kEnding ? id : std::string();
}

bool isWeightsName(const std::string &name) {
  if (name.size() <= kSuffix)
    return false;
  std::string suffix = name.substr(name.size() - kSuffix);
  size_t form = sizeof kWeights - 1;
  return suffix.compare(0, form, kWeights) == 0 && (suffix[form] == '.' || suffix[form] == '-') &&
         isId(suffix.substr(form + 1, kIdLength)) &&
         suffix.compare(form + 1 + kIdLength, std::string::npos, kEnding) == 0;
}

} // namespace hadal::files
