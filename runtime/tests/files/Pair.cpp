// SPDX-License-Identifier: Apache-2.0
// Small artifacts with weights, written as the compiler does, and what is in a folder.
#include "Pair.h"
#include "Run.h"
#include "core/Artifact.h"
#include "files/ArtifactOutput.h"
#include "files/Paths.h"
#include "files/WeightsName.h"

#include <cstdio>
#include <cstring>
#include <filesystem>

namespace hadal::test {

Pair::Pair(int number) : model(makeModel()) {
  char id[32];
  std::snprintf(id, sizeof id, "%016x", 0xabc000 + number);
  model.buildId = model.files[0].buildId = id;
  weightBytes = makeWeights(model);
  weightBytes.back() = static_cast<uint8_t>(number);
  uint64_t header;
  std::memcpy(&header, weightBytes.data(), sizeof header);
  model.files[0].headerHash = runtime::hashBytes(weightBytes.data(), 8 + header);
}

std::string Pair::weightsName(const std::string &name) const {
  return files::weightsName(name, model.buildId);
}

Bytes Pair::artifact(const std::string &name) const {
  ModelSpec named = model;
  named.files[0].name = weightsName(name);
  return serialize(named);
}

std::string Pair::write(const std::string &path, const std::vector<std::string> &inputs) const {
  files::ArtifactOutput output;
  if (!output.open(path, /*withWeights=*/true))
    return output.error();
  // In pieces, as parameters come.
  size_t half = weightBytes.size() / 2;
  if (!output.weights().write(weightBytes.data(), half) ||
      !output.weights().write(weightBytes.data() + half, weightBytes.size() - half) ||
      !output.weights().patch(0, weightBytes.data(), 16))
    return output.error();
  ModelSpec named = model;
  named.files[0].name = output.weightsName(model.buildId);
  Bytes bytes = serialize(named);
  if (!output.artifact().write(bytes.data(), bytes.size()) || !output.commit(model.buildId, inputs))
    return output.error();
  return {};
}

std::string Pair::writeShapes(const std::string &path) const {
  ModelSpec shapes = model;
  shapes.shapesOnly = true;
  shapes.files.clear();
  Bytes bytes = serialize(shapes);
  files::ArtifactOutput output;
  if (!output.open(path, /*withWeights=*/false) ||
      !output.artifact().write(bytes.data(), bytes.size()) || !output.commit({}, {}))
    return output.error();
  return {};
}

bool Pair::isAt(const std::string &path) const {
  std::string name = files::nameOf(path), folder = files::folderOf(path);
  if (readFile(path) != artifact(name) || readFile(folder + weightsName(name)) != weightBytes)
    return false;
  static ContextHandle context = makeContext(1);
  std::string error;
  ModuleHandle module = loadModule(context.get(), path, &error);
  EXPECT_EQ(error, "ok");
  return module != nullptr;
}

std::set<std::string> namesIn(const std::string &folder) {
  std::set<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    names.insert(entry.path().filename().string());
  return names;
}

} // namespace hadal::test
