// SPDX-License-Identifier: Apache-2.0
// Reads and writes small safetensors files.
#include "support/Safetensors.h"
#include "support/Diagnostics.h"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::tools {

using nlohmann::json;

namespace {

/// Bytes of an element, 0 for a type that this reader does not know.
uint64_t elementSize(const std::string &type) {
  struct Type {
    const char *name;
    uint64_t size;
  };
  for (const Type &known :
       {Type{"F64", 8}, Type{"F32", 4}, Type{"F16", 2}, Type{"BF16", 2}, Type{"F8_E4M3", 1},
        Type{"F8_E5M2", 1}, Type{"I64", 8}, Type{"I32", 4}, Type{"I16", 2}, Type{"I8", 1},
        Type{"U64", 8}, Type{"U32", 4}, Type{"U16", 2}, Type{"U8", 1}, Type{"BOOL", 1}})
    if (type == known.name)
      return known.size;
  return 0;
}

bool readUnsigned(const json &value, uint64_t &out) {
  if (!value.is_number_unsigned())
    return false;
  out = value.get<uint64_t>();
  return true;
}

} // namespace

uint64_t TensorView::elements() const {
  uint64_t count = 1;
  for (uint64_t extent : shape)
    count *= extent;
  return count;
}

SafetensorsFile::SafetensorsFile(const std::string &path) : name(path) {
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info;
  if (descriptor < 0 || fstat(descriptor, &info) != 0)
    fail(path + ": cannot be read: " + std::strerror(errno));
  if (!S_ISREG(info.st_mode))
    fail(path + ": expected a file, got something else");
  size = static_cast<uint64_t>(info.st_size);
  if (size < 8)
    fail(path + ": expected a safetensors file of at least 8 bytes, got " + std::to_string(size));
  void *map = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (map == MAP_FAILED)
    fail(path + ": cannot be mapped: " + std::strerror(errno));
  close(descriptor);
  mapped = static_cast<const char *>(map);
  uint64_t headerSize = 0;
  std::memcpy(&headerSize, mapped, sizeof(headerSize));
  if (headerSize > size - 8)
    fail(path + ": header length: expected at most " + std::to_string(size - 8) +
         ", the rest of the file, got " + std::to_string(headerSize));
  readHeader(headerSize);
}

SafetensorsFile::~SafetensorsFile() {
  if (mapped)
    munmap(const_cast<char *>(mapped), size);
}

void SafetensorsFile::readHeader(uint64_t headerSize) {
  json header = json::parse(mapped + 8, mapped + 8 + headerSize, nullptr, false);
  if (!header.is_object())
    fail(name + ": header: expected a JSON object of " + std::to_string(headerSize) + " bytes");
  const char *base = mapped + 8 + headerSize;
  uint64_t available = size - 8 - headerSize;
  for (auto it = header.begin(); it != header.end(); ++it) {
    if (it.key() == "__metadata__")
      continue;
    std::string where = name + ": tensor '" + it.key() + "': ";
    const json &entry = it.value();
    if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
        !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
        !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2)
      fail(where + "expected dtype, shape and data_offsets");
    TensorView tensor;
    tensor.type = entry["dtype"].get<std::string>();
    uint64_t bytes = elementSize(tensor.type);
    if (!bytes)
      fail(where + "dtype: expected a known type, got '" + tensor.type + "'");
    for (const json &extent : entry["shape"]) {
      uint64_t value = 0;
      if (!readUnsigned(extent, value) || __builtin_mul_overflow(bytes, value, &bytes))
        fail(where + "shape: expected integers whose product fits the file, got " +
             entry["shape"].dump());
      tensor.shape.push_back(value);
    }
    uint64_t begin = 0, end = 0;
    if (!readUnsigned(entry["data_offsets"][0], begin) ||
        !readUnsigned(entry["data_offsets"][1], end) || begin > end || end > available)
      fail(where + "data_offsets: expected offsets within the " + std::to_string(available) +
           " bytes of data, got " + entry["data_offsets"].dump());
    if (end - begin != bytes)
      fail(where + "expected " + std::to_string(bytes) + " bytes for its shape, got " +
           std::to_string(end - begin));
    tensor.data = base + begin;
    tensor.size = bytes;
    tensors.emplace(it.key(), std::move(tensor));
  }
}

static std::string shapeText(const std::vector<uint64_t> &shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

const TensorView &SafetensorsFile::get(const std::string &tensor, const char *type,
                                       size_t rank) const {
  auto it = tensors.find(tensor);
  if (it == tensors.end())
    fail(name + ": expected a tensor '" + tensor + "', got none");
  const TensorView &found = it->second;
  if (found.type != type || found.shape.size() != rank)
    fail(name + ": tensor '" + tensor + "': expected " + type + " of " + std::to_string(rank) +
         " dimensions, got " + found.type + " " + shapeText(found.shape));
  return found;
}

std::vector<float> SafetensorsFile::floats(const std::string &tensor, size_t rank) const {
  const TensorView &view = get(tensor, "F32", rank);
  std::vector<float> values(view.elements());
  if (view.size)
    std::memcpy(values.data(), view.data, view.size);
  return values;
}

std::vector<int32_t> SafetensorsFile::integers(const std::string &tensor) const {
  const TensorView &view = get(tensor, "I32", 1);
  std::vector<int32_t> values(view.elements());
  if (view.size)
    std::memcpy(values.data(), view.data, view.size);
  return values;
}

TensorWriter::TensorWriter(const std::string &path, const char *tensor, uint64_t rows,
                           uint64_t columns)
    : file(path) {
  std::string header =
      format("{\"%s\":{\"dtype\":\"F32\",\"shape\":[%llu,%llu],\"data_offsets\":[0,%llu]}}", tensor,
             static_cast<unsigned long long>(rows), static_cast<unsigned long long>(columns),
             static_cast<unsigned long long>(rows * columns * sizeof(float)));
  // The data starts at a multiple of 8 bytes, as readers expect.
  while (header.size() % 8)
    header += ' ';
  uint64_t length = header.size();
  file.write(&length, sizeof(length));
  file.write(header);
}

} // namespace hadal::tools
