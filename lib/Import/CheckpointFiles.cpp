// SPDX-License-Identifier: Apache-2.0
// Finds the weight files of a checkpoint and checks the index against their
// headers.
#include "AbsentWeights.h"
#include "FileBytes.h"
#include "JsonCursor.h"

#include "hadal/Import/Safetensors.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace hadal {

static constexpr uint64_t maxIndexBytes = 256 << 20;

namespace {
/// weight_map: which shard each tensor is said to be in, in the file's order.
using WeightMap = MapVector<StringRef, StringRef>;
} // namespace

static bool readWeightMap(JsonCursor &cursor, WeightMap &map) {
  StringRef key, name, shard;
  bool found = false;
  if (!cursor.enterObject())
    return false;
  while (cursor.nextMember(key)) {
    if (key != "weight_map") {
      cursor.skipValue();
      continue;
    }
    if (std::exchange(found, true))
      return cursor.fail("expected each key once, got 'weight_map' again");
    if (!cursor.enterObject())
      return false;
    while (cursor.nextMember(name)) {
      if (!cursor.readString(shard))
        return false;
      // A name that leaves the folder would read files that are none of the
      // checkpoint's.
      if (shard.empty() || shard == "." || shard == ".." ||
          shard.find_first_of("/\\") != StringRef::npos || shard.contains('\0'))
        return cursor.fail("expected the name of a file in the folder, got '" + shard + "'");
      if (!map.insert({name, shard}).second)
        return cursor.fail("expected each key once, got '" + name + "' again");
    }
  }
  if (cursor.ok() && !found)
    return cursor.fail("expected a key weight_map, got none");
  return cursor.ok() && (cursor.atEnd() || cursor.fail("expected the end of the text"));
}

/// Tensors that a broken shard should have are unusable, and reported with it.
static void compareWithIndex(const WeightMap &map, const StringSet<> &broken, StringRef indexPath,
                             Checkpoint &checkpoint, Problems &problems) {
  for (auto &[name, shard] : map) {
    auto found = checkpoint.tensors.find(name);
    if (found != checkpoint.tensors.end()) {
      StringRef other = checkpoint.files[found->second.file].name;
      if (other != shard)
        problems.error(indexPath, name, "expected in " + shard + ", got it in " + other);
    } else if (broken.contains(shard)) {
      checkpoint.unusable.insert(name);
    } else if (!checkpoint.unusable.contains(name)) {
      problems.error(indexPath, name, "expected a tensor in " + shard + ", got none");
    }
  }
  std::vector<StringRef> unlisted;
  for (auto &entry : checkpoint.tensors)
    if (!map.count(entry.first()))
      unlisted.push_back(entry.first());
  sort(unlisted);
  for (StringRef name : unlisted)
    problems.error(
        joinPath(checkpoint.directory, checkpoint.files[checkpoint.tensors[name].file].name), name,
        "expected an entry in weight_map, got none");
}

static bool readShards(StringRef directory, StringRef indexPath, Checkpoint &checkpoint,
                       Problems &problems) {
  std::optional<std::string> text = readJsonText(indexPath, maxIndexBytes, problems);
  if (!text)
    return false;
  JsonCursor cursor(*text);
  WeightMap map;
  if (!readWeightMap(cursor, map)) {
    problems.error(indexPath, cursor.path(), cursor.error());
    return false;
  }
  MapVector<StringRef, unsigned> shards; // and how many tensors each has
  for (auto &[name, shard] : map)
    ++shards[shard];
  StringSet<> broken;
  for (auto &[shard, count] : shards) {
    std::string path = joinPath(directory, shard);
    if (!hasEntry(path))
      problems.error(path, "",
                     "expected a shard of " + Twine(count) +
                         " tensors, got no such file; download it");
    else if (readSafetensorsHeader(directory, shard, checkpoint, problems))
      continue;
    broken.insert(shard);
  }
  compareWithIndex(map, broken, indexPath, checkpoint, problems);
  return true;
}

static bool readFiles(StringRef directory, Checkpoint &checkpoint, Problems &problems) {
  std::string single = joinPath(directory, "model.safetensors");
  std::string index = joinPath(directory, "model.safetensors.index.json");
  // The order of transformers: one file wins over an index.
  if (hasEntry(single)) {
    if (hasEntry(index))
      problems.note(index, "", "left out, the folder has model.safetensors");
    return readSafetensorsHeader(directory, "model.safetensors", checkpoint, problems);
  }
  if (hasEntry(index))
    return readShards(directory, index, checkpoint, problems);
  problems.error(directory, "",
                 "expected model.safetensors or model.safetensors.index.json, got " +
                     describeAbsentWeights(directory));
  return false;
}

Checkpoint readCheckpoint(StringRef directory, Problems &problems) {
  Checkpoint checkpoint;
  checkpoint.directory = directory.str();
  if (!readFiles(directory, checkpoint, problems))
    checkpoint.unusable.insert("*");
  return checkpoint;
}

} // namespace hadal
