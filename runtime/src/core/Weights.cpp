// SPDX-License-Identifier: Apache-2.0
// Finds and identifies weight files without reading the weights.
#include "core/Weights.h"

#include <algorithm>
#include <cinttypes>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace hadal::runtime {
namespace {

// The limit of the safetensors format.
constexpr uint64_t kMaxHeader = 100000000;

std::string directoryOf(const char *path) {
  const char *slash = std::strrchr(path, '/');
  return slash ? std::string(path, slash - path + 1) : std::string();
}

Status locate(const char *name, const WeightPlaces &places, std::string &out) {
  const char *artifact = places.artifact, *directory = places.directory;
  if (!places.inMemory) {
    out = directoryOf(artifact) + name;
    if (access(out.c_str(), F_OK) == 0)
      return {};
    // An artifact may be reached through a link from elsewhere.
    if (char *real = realpath(artifact, nullptr)) {
      out = directoryOf(real) + name;
      std::free(real);
      if (access(out.c_str(), F_OK) == 0)
        return {};
    }
  } else if (!directory) {
    return fail(
        HADAL_STATUS_INVALID_ARGUMENT,
        "options.weights_dir: expected the folder of '%s', since '%s' is in memory, got NULL", name,
        artifact);
  }
  if (directory) {
    out = std::string(directory) + "/" + name;
    if (access(out.c_str(), F_OK) == 0)
      return {};
  }
  return fail(HADAL_STATUS_NOT_FOUND,
              "%s: weight_files: expected '%s' %s%s%s%s%s, got no such file", artifact, name,
              places.inMemory ? "" : "beside the artifact",
              directory && !places.inMemory ? " or " : "", directory ? "in '" : "",
              directory ? directory : "", directory ? "'" : "");
}

Status checkIdentity(const artifact::WeightFile &expected, const Pages &pages,
                     uint64_t *headerEnd) {
  constexpr hadal_status_code_t invalid = HADAL_STATUS_INVALID_ARTIFACT;
  if (pages.size() != expected.size())
    return fail(invalid, "file size: expected %" PRIu64 " B, got %zu B", expected.size(),
                pages.size());
  uint64_t length = 0;
  if (pages.size() < sizeof length)
    return fail(invalid, "file size: expected a safetensors header of at least 8 B, got %zu B",
                pages.size());
  std::memcpy(&length, pages.data(), sizeof length);
  uint64_t limit = std::min<uint64_t>(pages.size() - sizeof length, kMaxHeader);
  if (length > limit)
    return fail(invalid, "header length: expected at most %" PRIu64 " B, got %" PRIu64 " B", limit,
                length);
  *headerEnd = sizeof length + length;
  uint64_t hash = hashBytes(pages.data(), *headerEnd);
  if (hash == expected.header_hash())
    return {};
  std::string buildId = findHeaderString(
      reinterpret_cast<const char *>(pages.data()) + sizeof length, length, "hadal.build_id");
  if (buildId != text(expected.build_id()))
    return fail(
        invalid,
        "hadal.build_id: expected '%s', got '%s': these are the weights of another compilation",
        text(expected.build_id()), buildId.c_str());
  return fail(invalid, "header hash: expected %016" PRIx64 ", got %016" PRIx64,
              expected.header_hash(), hash);
}

} // namespace

std::string findHeaderString(const char *json, size_t size, const char *key) {
  const char *end = json + size;
  std::string quoted = '"' + std::string(key) + '"';
  const char *at = std::search(json, end, quoted.begin(), quoted.end());
  if (at == end)
    return {};
  at += quoted.size();
  auto skip = [&](char expected) {
    while (at != end && std::strchr(" \t\r\n", *at) && *at)
      ++at;
    return at != end && *at++ == expected;
  };
  if (!skip(':') || !skip('"'))
    return {};
  const char *close = std::find(at, end, '"');
  return close == end ? std::string() : std::string(at, close);
}

Status Weights::open(const artifact::Module &module, const WeightPlaces &places, Weights &out) {
  Weights result;
  std::vector<uint64_t> headerEnds;
  for (uint32_t i = 0; i < sizeOf(module.weight_files()); ++i) {
    const artifact::WeightFile &expected = *module.weight_files()->Get(i);
    Opened file;
    uint64_t headerEnd = 0;
    HADAL_TRY(locate(expected.name()->c_str(), places, file.path));
    HADAL_TRY(File::open(file.path.c_str(), file.file));
    HADAL_TRY(Pages::map(file.file, file.path.c_str(), file.pages));
    HADAL_TRY_IN(checkIdentity(expected, file.pages, &headerEnd), "%s: ", file.path.c_str());
    headerEnds.push_back(headerEnd);
    result.files.push_back(std::move(file));
  }
  for (uint32_t i = 0; i < sizeOf(module.parameters()); ++i) {
    const artifact::Parameter &parameter = *module.parameters()->Get(i);
    if (!parameter.rope_table() && parameter.offset() < headerEnds[parameter.file()])
      return fail(HADAL_STATUS_INVALID_ARTIFACT,
                  "%s: parameters[%u].offset: expected at least %" PRIu64
                  " behind the header, got %" PRIu64,
                  places.artifact, i, headerEnds[parameter.file()], parameter.offset());
  }
  out = std::move(result);
  return {};
}

} // namespace hadal::runtime
