// SPDX-License-Identifier: Apache-2.0
// Reads and checks the header of one safetensors file.
#include "FileBytes.h"
#include "FileKinds.h"
#include "JsonCursor.h"

#include "hadal/Import/Safetensors.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;

namespace hadal {

// The format's own limit on a header (safetensors, README, "Format").
static constexpr uint64_t maxHeaderBytes = 100'000'000;
static constexpr size_t maxRank = 16;

std::optional<unsigned> safetensorsElementSize(StringRef dtype) {
  unsigned size = StringSwitch<unsigned>(dtype)
                      .Cases({"BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"}, 1)
                      .Cases({"U16", "I16", "F16", "BF16"}, 2)
                      .Cases({"U32", "I32", "F32"}, 4)
                      .Cases({"U64", "I64", "F64", "C64"}, 8)
                      .Default(0);
  return size ? std::optional<unsigned>(size) : std::nullopt;
}

namespace {

/// A tensor with the place where its bytes end, for the check of their order.
struct Extent {
  uint64_t begin, end;
  StringRef name;
};

class HeaderReader {
public:
  HeaderReader(StringRef text, StringRef path, uint64_t dataStart, uint64_t dataSize, unsigned file,
               Checkpoint &checkpoint, Problems &problems)
      : cursor(text), path(path), dataStart(dataStart), dataSize(dataSize), file(file),
        checkpoint(checkpoint), problems(problems) {}

  bool run();

private:
  bool readEntry(StoredTensor &tensor, uint64_t &begin, uint64_t &end);
  bool readShape(SmallVectorImpl<int64_t> &shape);
  bool readOffsets(uint64_t &begin, uint64_t &end);
  void addTensor(StringRef name, StoredTensor tensor, uint64_t begin, uint64_t end);
  void checkCoverage();

  JsonCursor cursor;
  StringRef path;
  uint64_t dataStart, dataSize;
  unsigned file;
  Checkpoint &checkpoint;
  Problems &problems;
  std::vector<Extent> extents;
  bool complete = true;  // every entry has a place
  uint64_t furthest = 0; // end of the last entry
};

} // namespace

bool HeaderReader::readShape(SmallVectorImpl<int64_t> &shape) {
  if (!cursor.enterArray())
    return false;
  while (cursor.nextElement()) {
    uint64_t extent;
    if (!cursor.readUnsigned(extent))
      return false;
    if (extent > uint64_t(INT64_MAX) || shape.size() == maxRank)
      return cursor.fail("expected at most 16 dimensions below 2^63");
    shape.push_back(int64_t(extent));
  }
  return cursor.ok();
}

bool HeaderReader::readOffsets(uint64_t &begin, uint64_t &end) {
  if (!cursor.enterArray())
    return false;
  unsigned count = 0;
  while (cursor.nextElement()) {
    uint64_t value;
    if (!cursor.readUnsigned(value))
      return false;
    (count == 0 ? begin : end) = value;
    if (++count > 2)
      break;
  }
  return count == 2
             ? cursor.ok()
             : cursor.fail("expected two offsets, got " + Twine(count > 2 ? "more" : "fewer"));
}

bool HeaderReader::readEntry(StoredTensor &tensor, uint64_t &begin, uint64_t &end) {
  bool dtype = false, shape = false, offsets = false;
  StringRef key, text;
  if (!cursor.enterObject())
    return false;
  while (cursor.nextMember(key)) {
    bool *seen = key == "dtype"          ? &dtype
                 : key == "shape"        ? &shape
                 : key == "data_offsets" ? &offsets
                                         : nullptr;
    if (!seen)
      return cursor.fail("expected dtype, shape or data_offsets, got '" + key + "'");
    if (std::exchange(*seen, true))
      return cursor.fail("expected each key once, got '" + key + "' again");
    if (seen == &dtype) {
      if (!cursor.readString(text))
        return false;
      tensor.dtype = text.str();
    } else if (seen == &shape ? !readShape(tensor.shape) : !readOffsets(begin, end)) {
      return false;
    }
  }
  if (cursor.ok() && !(dtype && shape && offsets))
    return cursor.fail("expected dtype, shape and data_offsets, got no " +
                       Twine(!dtype   ? "dtype"
                             : !shape ? "shape"
                                      : "data_offsets"));
  return cursor.ok();
}

void HeaderReader::addTensor(StringRef name, StoredTensor tensor, uint64_t begin, uint64_t end) {
  auto refuse = [&](const Twine &message) {
    problems.error(path, name, message);
    checkpoint.unusable.insert(name);
    complete = false;
  };
  if (!json::isUTF8(name))
    return refuse("expected a name in UTF-8");
  if (begin <= end)
    furthest = std::max(furthest, end);
  if (begin > end || end > dataSize)
    return refuse("expected data_offsets within the " + Twine(dataSize) + " bytes of data, got [" +
                  Twine(begin) + ", " + Twine(end) + "]");
  std::optional<unsigned> elementSize = safetensorsElementSize(tensor.dtype);
  if (!elementSize)
    return refuse("expected a dtype of safetensors, got '" + tensor.dtype + "'");
  uint64_t bytes = *elementSize;
  bool overflow = false;
  for (int64_t extent : tensor.shape)
    bytes = SaturatingMultiply(bytes, uint64_t(extent), &overflow);
  if (overflow || bytes != end - begin)
    return refuse("expected " + (overflow ? std::string("less than 2^64") : std::to_string(bytes)) +
                  " bytes as dtype and shape say, got data_offsets of " + Twine(end - begin));
  tensor.file = file;
  tensor.offset = dataStart + begin;
  tensor.length = bytes;
  auto [entry, added] = checkpoint.tensors.try_emplace(name, std::move(tensor));
  if (!added)
    return refuse(entry->second.file == file
                      ? Twine("expected each name once, got it again")
                      : "expected a tensor in one file, got it in " +
                            checkpoint.files[entry->second.file].name + " too");
  extents.push_back({begin, end, entry->first()});
}

// The format wants the data covered without holes, so that nothing can hide
// between tensors.
void HeaderReader::checkCoverage() {
  sort(extents, [](const Extent &a, const Extent &b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  uint64_t covered = 0;
  StringRef last;
  for (const Extent &extent : extents) {
    if (extent.begin != covered)
      problems.error(path, extent.name,
                     "expected data_offsets to begin at " + Twine(covered) +
                         (last.empty() ? "" : " after '" + last.str() + "'") + ", got " +
                         Twine(extent.begin) +
                         (extent.begin < covered ? ", which overlaps" : ", which leaves a hole"));
    if (extent.end > covered) {
      covered = extent.end;
      last = extent.name;
    }
  }
  if (covered != dataSize)
    problems.error(path, "",
                   "expected " + Twine(covered) + " bytes of data as the header says, got " +
                       Twine(dataSize));
}

bool HeaderReader::run() {
  StringRef name;
  cursor.enterObject();
  while (cursor.ok() && cursor.nextMember(name)) {
    if (name == "__metadata__") {
      cursor.skipValue();
      continue;
    }
    StoredTensor tensor;
    uint64_t begin = 0, end = 0;
    if (readEntry(tensor, begin, end))
      addTensor(name, std::move(tensor), begin, end);
  }
  if (cursor.ok() && !cursor.atEnd())
    cursor.fail("expected nothing but spaces after the header");
  if (!cursor.ok()) {
    problems.error(path, cursor.path().empty() ? "header" : cursor.path(), cursor.error());
    return false;
  }
  if (furthest > dataSize)
    problems.cause(path, "",
                   "expected " + Twine(furthest) + " bytes of data as the header says, got " +
                       Twine(dataSize) +
                       ": the file is cut short, as by a download "
                       "that did not end");
  // With a tensor refused, holes are its consequence and would only repeat it.
  if (complete)
    checkCoverage();
  return true;
}

bool readSafetensorsHeader(StringRef directory, StringRef name, Checkpoint &checkpoint,
                           Problems &problems) {
  std::string path = joinPath(directory, name);
  FileReader file;
  if (!file.open(path, problems))
    return false;
  std::string header(std::min<uint64_t>(file.size(), strayContentBytes), '\0');
  if (!file.read(0, header.size(), header.data(), problems))
    return false;
  uint64_t length = header.size() < 8 ? 0 : support::endian::read64le(header.data());
  uint64_t limit = file.size() < 8 ? 0 : std::min(maxHeaderBytes, file.size() - 8);
  if (file.size() < 8 || length == 0 || length > limit) {
    // Any 8 bytes may be a length, so only one that can't be is looked into.
    if (std::optional<std::string> stray = describeStrayContent(header))
      problems.error(path, "", "expected a safetensors file, got " + *stray);
    else if (StringRef(header).ltrim().starts_with("{"))
      problems.error(path, "", "expected a safetensors file, got JSON");
    else if (file.size() < 8)
      problems.error(path, "", "expected at least 8 bytes, got " + Twine(file.size()));
    else
      problems.error(path, "header length",
                     "expected at most " + Twine(limit) + " bytes in a file of " +
                         Twine(file.size()) + ", got " + Twine(length));
    return false;
  }
  header.resize(8 + length);
  if (!file.read(8, length, header.data() + 8, problems))
    return false;

  unsigned index = checkpoint.files.size();
  checkpoint.files.push_back({name.str(), file.size(), xxh3_64bits(StringRef(header))});
  return HeaderReader(StringRef(header).drop_front(8), path, 8 + length, file.size() - 8 - length,
                      index, checkpoint, problems)
      .run();
}

} // namespace hadal
