// SPDX-License-Identifier: Apache-2.0
// Reads and writes small safetensors files: expected results, logits.
#ifndef HADAL_TOOLS_SUPPORT_SAFETENSORS_H
#define HADAL_TOOLS_SUPPORT_SAFETENSORS_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/OutputFile.h"

namespace hadal::tools {

/// A tensor in a file; `data` lives as long as the file is open.
struct TensorView {
  std::string type; // F32, I32, ...
  std::vector<uint64_t> shape;
  const char *data = nullptr;
  uint64_t size = 0; // bytes

  uint64_t elements() const;
};

/// A mapped file, checked when it is opened: every failure is an error of the
/// tool that names file and tensor.
class SafetensorsFile {
public:
  explicit SafetensorsFile(const std::string &path);
  ~SafetensorsFile();
  SafetensorsFile(const SafetensorsFile &) = delete;
  SafetensorsFile &operator=(const SafetensorsFile &) = delete;

  const std::string &path() const { return name; }
  bool has(const std::string &tensor) const { return tensors.count(tensor) != 0; }
  /// A tensor of so many dimensions, or an error.
  const TensorView &get(const std::string &tensor, const char *type, size_t rank) const;
  std::vector<float> floats(const std::string &tensor, size_t rank) const;
  std::vector<int32_t> integers(const std::string &tensor) const;

private:
  void readHeader(uint64_t headerSize);
  std::string name;
  std::map<std::string, TensorView> tensors;
  const char *mapped = nullptr;
  uint64_t size = 0;
};

/// A file of one f32 tensor [rows, columns], written row by row.
class TensorWriter {
public:
  TensorWriter(const std::string &path, const char *tensor, uint64_t rows, uint64_t columns);
  void write(const float *values, uint64_t count) { file.write(values, count * sizeof(float)); }
  void close() { file.close(); }

private:
  OutputFile file;
};

} // namespace hadal::tools

#endif // HADAL_TOOLS_SUPPORT_SAFETENSORS_H
