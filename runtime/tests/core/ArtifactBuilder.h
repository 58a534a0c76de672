// SPDX-License-Identifier: Apache-2.0
// Describes, alters and writes small artifacts for the tests.
#ifndef HADAL_TESTS_CORE_ARTIFACTBUILDER_H
#define HADAL_TESTS_CORE_ARTIFACTBUILDER_H

#include "hadal_generated.h"
#include "hadal_runtime.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hadal::test {

using namespace hadal::artifact;
using Bytes = std::vector<uint8_t>;

/// The schema's tables as plain values, so that a test changes one field.
struct LaunchSpec {
  uint32_t executable = 0;
  std::vector<Binding> bindings;
  std::vector<uint32_t> constants;
  std::string label;
  uint32_t flops = 0, bytes = 0;
  std::vector<uint32_t> grid = {}; // of 1.x
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
  PortRole role = PortRole::value;
  uint32_t blockTable = 0;
};

struct BufferSpec {
  std::string name;
  uint32_t offset = 0, size = 0;
};

/// A list of expressions; each call appends one, and returns its index.
struct ExprsSpec {
  std::vector<Expr> exprs;

  uint32_t constant(int64_t value) { return node(ExprKind::constant, 0, 0, 0, value); }
  /// Dims are declared in the order of their enumeration, where a program has no others.
  uint32_t dim(Dim dim) { return node(ExprKind::dim, 0, 0, 0, static_cast<int64_t>(dim)); }
  uint32_t dim(uint32_t index) { return node(ExprKind::dim, 0, 0, 0, index); }
  uint32_t extent(uint32_t argument, uint32_t axis) {
    return node(ExprKind::extent, argument, axis);
  }
  uint32_t launchConstant(uint32_t index) {
    return node(ExprKind::launch_constant, 0, 0, 0, index);
  }
  uint32_t node(ExprKind kind, uint32_t a, uint32_t b, uint32_t c = 0, int64_t value = 0) {
    exprs.emplace_back(value, a, b, c, kind);
    return static_cast<uint32_t>(exprs.size() - 1);
  }
};

struct EntrySpec : ExprsSpec {
  std::string name;
  std::vector<ArgumentSpec> arguments, results;
  std::vector<BufferSpec> buffers;
  uint32_t arenaSize = 0;
  std::vector<OpSpec> ops;
  EntryRole role = EntryRole::other;
};

struct KernelParameterSpec {
  KernelParameterKind kind = KernelParameterKind::binding;
  uint32_t index = 0;
  bool withMap = false;
  ElementType type = ElementType::f32;
  std::vector<uint32_t> extents = {}, strides = {}, box = {};
  uint32_t swizzle = 0;
};

struct InterfaceSpec : ExprsSpec {
  std::vector<uint32_t> grid;
  uint64_t scratchBytes = 0;
  std::vector<uint32_t> workgroupSize;
  uint32_t staticShared = 0, dynamicShared = UINT32_MAX, workspace = UINT32_MAX;
  std::vector<uint32_t> cluster;
  bool cooperative = false;
  std::vector<KernelParameterSpec> parameters;
};

/// What stands for an extent of a grid: a number, or a constant of the launch.
struct Extent {
  int64_t number;
  bool isConstant = false;
};
inline Extent constant(uint32_t index) { return {index, true}; }

/// An interface that has this grid, and so much scratch.
InterfaceSpec makeInterface(const std::vector<Extent> &grid, uint64_t scratchBytes = 0);

struct VariantSpec {
  std::string level, image, symbol;
  InterfaceSpec interface;
  uint32_t codeSize = 64;
  bool withInterface = true;
  std::string machineCode = {}; // the section; "": none
};

struct ExecutableSpec {
  std::string name, family;
  std::vector<Access> bindings;
  uint32_t constantCount = 0;
  std::vector<VariantSpec> variants;
  uint64_t scratchBytes = 0; // of 1.x
};

struct DimSpec {
  std::string name;
  Dim kind = Dim::tokens;
  uint32_t blockTable = 0;
  int64_t defaultValue = 0, minimum = 0, maximum = INT32_MAX;
};

struct BlockTableSpec {
  std::string name;
  uint32_t pageSize = 4, tokensPerRow = 1;
};

struct StateSpec {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<uint32_t> rowShape;
  StateKind kind = StateKind::growing;
  uint32_t blockTable = 0, rows = 0;
  uint32_t pageSize = 0, row = 0; // of 1.x
};

struct SliceSpec {
  uint32_t parameter = 0;
  uint64_t outer = 1, stride = 0;
  uint32_t offset = 0, length = 0;
};

struct ProgramSpec : ExprsSpec {
  std::string family = "cpu";
  uint32_t kernelAbi = 1;
  std::vector<DimSpec> dims;
  std::vector<BlockTableSpec> blockTables;
  std::vector<StateSpec> states;
  std::vector<SliceSpec> slices;
  std::vector<ExecutableSpec> executables;
  std::vector<EntrySpec> entries;
};

struct RopeTableSpec {
  TableComponent component = TableComponent::cos;
  uint32_t dim = 4;
  double theta = 10000, factor = 1;
  uint64_t originalPositions = 4096;
  double betaFast = 32, betaSlow = 1, mscale = 1;
  bool truncate = true;
};

struct ParameterSpec {
  std::string name;
  ElementType type = ElementType::f32;
  std::vector<uint64_t> shape;
  std::string encoding;
  uint32_t file = 0;
  uint64_t offset = 0, length = 0, checksum = 0;
  std::optional<RopeTableSpec> ropeTable = {};
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
  uint16_t schemaMajor = 2, schemaMinor = 0;
  std::string buildId = "00112233aabbccdd";
  bool withModelInfo = true;
  uint32_t vocabulary = 11, maxPositions = 64, modelPositions = 128;
  int32_t bosToken = 0;
  std::vector<int32_t> eosTokens = {1, 5};
  bool shapesOnly = false;
  std::vector<FileSpec> files;
  std::vector<ParameterSpec> parameters;
  std::vector<StateSpec> states; // of 1.x
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

/// The same for the family cuda, in PTX.
ModelSpec makePtxModel();

/// A program of two entry points over states of several rates, after test kernels in states.c.
/// `main` remembers tokens: in rows of 1, 4 and 128 of them, each with a block table of its own, and
/// in a ring of rows of rank 2 that holds a window of 3, a step and the session's `drafts`. It keeps
/// `hidden` [N], the call's `scale` times the sum of each token's window, and gives `sums` [S, 3], of
/// all tokens of a sequence by each of the tables. `draft` reads `hidden`, makes another, and gives
/// `drafted`, of the caller's `bias`. `turn` gives `turned` [kTurned]: numbers 1 to kTurned of the
/// weight, as a slice, times as many of a rotary table, in their order.
ModelSpec makeStatesModel();
constexpr uint32_t kTurned = 6;

/// Gives a model the parameter `weight` [vocabulary] and the file that makeWeights writes.
void addWeight(ModelSpec &model);

/// The same as an artifact of schema 1.1 says it. Grids must be numbers and constants.
ModelSpec asVersion1(ModelSpec model);

/// The dims that programs of 1.x have, and so the test model.
std::vector<DimSpec> dimsOfVersion1();

/// The weights file of a model: weight[v] is 1 + v / 4.
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
