// SPDX-License-Identifier: Apache-2.0
// Writes the weights of a case as a checkpoint that the serialiser reads.
#include "WeightsFile.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace hadal::conformance {

static std::string joined(const Shape &shape, const char *separator) {
  std::string text;
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? separator : "") + std::to_string(shape[i]);
  return text;
}

static constexpr char kName[] = "weights.safetensors";

std::string WeightsFile::pathIn(const std::string &folder) { return folder + "/" + kName; }

WeightsFile::WeightsFile(const std::string &folder, const std::vector<Weight> &weights) {
  if (weights.empty())
    return;
  struct Piece {
    const Weight *weight;
    std::string tensor;
    Shape shape;
    uint64_t begin, end;
  };
  std::vector<Piece> pieces;
  std::string data;
  for (const Weight &weight : weights) {
    std::vector<uint8_t> bytes = weight.stored.encode();
    Shape shape = weight.stored.shape;
    // The matrices of a stack are tensors of their own, as experts are.
    int64_t count = shape.size() > 2 ? shape.front() : 1;
    if (shape.size() > 2)
      shape.erase(shape.begin());
    for (int64_t i = 0; i < count; ++i) {
      uint64_t size = bytes.size() / count, begin = data.size();
      pieces.push_back(
          {&weight, weight.name + "." + std::to_string(i), shape, begin, begin + size});
      data.append(reinterpret_cast<const char *>(bytes.data()) + i * size, size);
    }
  }
  std::string header = "{";
  for (const Piece &piece : pieces)
    header += (header.size() > 1 ? ",\"" : "\"") + piece.tensor + "\":{\"dtype\":\"" +
              infoOf(piece.weight->stored.element).safetensors + "\",\"shape\":[" +
              joined(piece.shape, ",") + "],\"data_offsets\":[" + std::to_string(piece.begin) +
              "," + std::to_string(piece.end) + "]}";
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  uint64_t length = header.size();
  header.insert(0, reinterpret_cast<const char *>(&length), sizeof length);

  std::ofstream file(pathIn(folder), std::ios::binary);
  file << header << data;
  file.close();
  if (!file)
    problem = pathIn(folder) + ": cannot write: " + std::strerror(errno);
  attributes = ", hadal.checkpoint = \"" + folder + "\", hadal.files = [#hadal.file<\"" + kName +
               "\", size = " + std::to_string(header.size() + data.size()) +
               ", header_hash = " + std::to_string(XXH3_64bits(header.data(), header.size())) +
               ">]";
  for (const Piece &piece : pieces) {
    std::string &list = sources[piece.weight->name];
    list += (list.empty() ? "[" : ", ") + std::string("#hadal.source<0, \"") + piece.tensor +
            "\", offset = " + std::to_string(header.size() + piece.begin) +
            ", length = " + std::to_string(piece.end - piece.begin) + ", " +
            typeText(piece.weight->stored.element, piece.shape) + ">";
  }
  for (auto &[weight, list] : sources)
    list += "]";
}

} // namespace hadal::conformance
