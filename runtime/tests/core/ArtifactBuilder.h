// SPDX-License-Identifier: Apache-2.0
// Describes, alters and writes small artifacts for the tests.
#ifndef HADAL_TESTS_CORE_ARTIFACTBUILDER_H
#define HADAL_TESTS_CORE_ARTIFACTBUILDER_H

#include "hadal_generated.h"
#include "hadal_runtime.h"

#include <cstdint>
#include <string>
#include <vector>

namespace hadal::test {

using namespace hadal::artifact;
using Bytes = std::vector<uint8_t>;

/// The schema's tables as plain values, so that a test changes one field.
struct LaunchSpec {
  uint32_t executable = 0;
  std::vector<uint32_t> grid;
  std::vector<Binding> bindings;
  std::vector<uint32_t> constants;
  std::string label;
  uint32_t flops = 0, bytes = 0;
};

struct TapSpec {
  std::string name;
  Binding binding;
  ElementType type = ElementType::f32;
  std::vector<uint32_t> shape;
};

struct OpSpec {
  OpBody kind = OpBody::Launch;
  LaunchSpec launch;
  TapSpec tap;
  uint32_t condition = 0;
  std::vector<OpSpec> thenOps, elseOps;
};

struct ArgumentSpec {
  std::string name;
  ElementType type = ElementType::i32;
  std::vector<uint32_t> shape;
};

struct BufferSpec {
  std::string name;
  uint32_t offset = 0, size = 0;
};

struct EntrySpec {
  std::string name;
  std::vector<Expr> exprs;
  std::vector<ArgumentSpec> arguments, results;
  std::vector<BufferSpec> buffers;
  uint32_t arenaSize = 0;
  std::vector<OpSpec> ops;

  /// Append an expression, and return its index.
  uint32_t constant(int64_t value);
  uint32_t dim(Dim dim);
  uint32_t node(ExprKind kind, uint32_t a, uint32_t b, uint32_t c = 0);
};

struct VariantSpec {
  std::string level, image, symbol;
  uint32_t codeSize = 64;
};

struct ExecutableSpec {
  std::string name, family;
  std::vector<Access> bindings;
  uint32_t constantCount = 0;
  uint64_t scratchBytes = 0;
  std::vector<VariantSpec> variants;
};

struct ProgramSpec {
  std::string family = "cpu";
  uint32_t kernelAbi = 1;
  std::vector<ExecutableSpec> executables;
  std::vector<EntrySpec> entries;
};

struct ParameterSpec {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<uint64_t> shape;
  std::string encoding;
  uint32_t file = 0;
  uint64_t offset = 0, length = 0, checksum = 0;
};

struct StateSpec {
  std::string name;
  ElementType type = ElementType::f32;
  uint32_t pageSize = 4, row = 1;
};

struct FileSpec {
  std::string name;
  uint64_t size = 0, headerHash = 0;
  std::string buildId;
};

struct SectionSpec {
  SectionKind kind = SectionKind::kernels;
  std::string name;
  Bytes data;
  uint64_t checksumFlip = 0; // xor-ed into the right checksum
};

struct ModelSpec {
  uint16_t schemaMajor = 1, schemaMinor = 1;
  std::string buildId = "00112233aabbccdd";
  bool withModelInfo = true;
  uint32_t vocabulary = 11, maxPositions = 64, modelPositions = 128;
  int32_t bosToken = 0;
  std::vector<int32_t> eosTokens = {1, 5};
  bool shapesOnly = false;
  std::vector<FileSpec> files;
  std::vector<ParameterSpec> parameters;
  std::vector<StateSpec> states;
  std::vector<ProgramSpec> programs;
  std::vector<SectionSpec> sections; // besides the plan
  bool withPlan = true;
};

/// The bytes of tests' kernel image `name` (see CMakeLists.txt).
Bytes readImage(const std::string &name);

/// The bytes of a file; empty when it cannot be read.
Bytes readFile(const std::string &path);
void writeFile(const std::string &path, const void *data, size_t size);

/// A model whose logits are weight[v] * (sum of the tokens of the sequence so
/// far): append to the cache, sum (by a branch on 3 new tokens and more), a tap
/// named `sums`, project. Its kernels offer x86-64-v3 alone.
ModelSpec makeModel(const std::string &image = "model");

/// The weights file that makeModel describes.
Bytes makeWeights(const ModelSpec &model);

/// The bytes of the artifact, trailer included.
Bytes serialize(const ModelSpec &model);

/// Puts the trailer of `flatBuffer` behind it.
Bytes withTrailer(Bytes flatBuffer);

/// A copy of `bytes` at an address that is a multiple of 64.
class AlignedBytes {
public:
  explicit AlignedBytes(const Bytes &bytes);
  ~AlignedBytes();
  AlignedBytes(const AlignedBytes &) = delete;
  AlignedBytes &operator=(const AlignedBytes &) = delete;
  uint8_t *data() const { return bytes; }
  size_t size() const { return length; }

private:
  uint8_t *bytes;
  size_t length;
};

/// A folder that lives as long as the object.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string path(const std::string &name) const { return folder + "/" + name; }

private:
  std::string folder;
};

/// Writes artifact and weights into `folder`, and returns the artifact's path.
std::string writeModel(const TemporaryFolder &folder, const ModelSpec &model);

/// The message of a status, which it releases; "ok" for NULL.
std::string take(hadal_status_t status);

} // namespace hadal::test

#endif // HADAL_TESTS_CORE_ARTIFACTBUILDER_H
