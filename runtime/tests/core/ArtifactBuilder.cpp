// SPDX-License-Identifier: Apache-2.0
// Serialises artifact descriptions, and describes the test model.
#include "ArtifactBuilder.h"
#include "core/Artifact.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace hadal::test {

using runtime::hashBytes;
using Builder = flatbuffers::FlatBufferBuilder;

InterfaceSpec makeInterface(const std::vector<Extent> &grid, uint64_t scratchBytes) {
  InterfaceSpec interface;
  for (const Extent &extent : grid)
    interface.grid.push_back(extent.isConstant
                                 ? interface.launchConstant(static_cast<uint32_t>(extent.number))
                                 : interface.constant(extent.number));
  interface.scratchBytes = scratchBytes;
  return interface;
}

// ---- Serialisation ---------------------------------------------------------

namespace {

using OpVector = flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<Op>>>;

OpVector serializeOps(Builder &builder, const std::vector<OpSpec> &ops) {
  std::vector<flatbuffers::Offset<Op>> offsets;
  for (const OpSpec &op : ops) {
    flatbuffers::Offset<void> body;
    if (op.kind == OpBody::Branch) {
      OpVector thenOps = serializeOps(builder, op.thenOps);
      OpVector elseOps = serializeOps(builder, op.elseOps);
      body = CreateBranch(builder, op.condition, thenOps, elseOps).Union();
    } else if (op.kind == OpBody::Tap) {
      body =
          CreateTapDirect(builder, op.tap.name.c_str(), &op.tap.binding, op.tap.type, &op.tap.shape)
              .Union();
    } else if (op.kind == OpBody::Collective) {
      body = CreateCollectiveDirect(builder, CollectiveKind::all_reduce, "ranks").Union();
    } else {
      const LaunchSpec &launch = op.launch;
      body = CreateLaunchDirect(builder, launch.executable,
                                launch.grid.empty() ? nullptr : &launch.grid, &launch.bindings,
                                &launch.constants, launch.label.c_str(), launch.flops, launch.bytes)
                 .Union();
    }
    offsets.push_back(CreateOp(builder, op.kind, body));
  }
  return builder.CreateVector(offsets);
}

std::vector<flatbuffers::Offset<Argument>>
serializeArguments(Builder &builder, const std::vector<ArgumentSpec> &arguments) {
  std::vector<flatbuffers::Offset<Argument>> offsets;
  for (const ArgumentSpec &argument : arguments)
    offsets.push_back(CreateArgumentDirect(builder, argument.name.c_str(), argument.type,
                                           &argument.shape, argument.role, argument.blockTable));
  return offsets;
}

flatbuffers::Offset<EntryPoint> serializeEntry(Builder &builder, const EntrySpec &entry) {
  auto arguments = serializeArguments(builder, entry.arguments);
  auto results = serializeArguments(builder, entry.results);
  std::vector<flatbuffers::Offset<Buffer>> buffers;
  for (const BufferSpec &buffer : entry.buffers)
    buffers.push_back(CreateBufferDirect(builder, buffer.name.c_str(), buffer.offset, buffer.size));
  auto name = builder.CreateString(entry.name);
  auto exprs = builder.CreateVectorOfStructs(entry.exprs);
  auto argumentVector = builder.CreateVector(arguments);
  auto resultVector = builder.CreateVector(results);
  auto bufferVector = builder.CreateVector(buffers);
  OpVector ops = serializeOps(builder, entry.ops);
  return CreateEntryPoint(builder, name, exprs, argumentVector, resultVector, bufferVector,
                          entry.arenaSize, ops, entry.role);
}

flatbuffers::Offset<KernelInterface> serializeInterface(Builder &builder,
                                                        const InterfaceSpec &interface) {
  std::vector<flatbuffers::Offset<KernelParameter>> parameters;
  for (const KernelParameterSpec &parameter : interface.parameters) {
    flatbuffers::Offset<TensorMap> map;
    if (parameter.withMap)
      map = CreateTensorMapDirect(builder, parameter.type, &parameter.extents, &parameter.strides,
                                  &parameter.box, parameter.swizzle);
    parameters.push_back(CreateKernelParameter(builder, parameter.kind, parameter.index, map));
  }
  return CreateKernelInterfaceDirect(
      builder, &interface.exprs, &interface.grid, interface.scratchBytes, &interface.workgroupSize,
      interface.staticShared, interface.dynamicShared, interface.workspace, &interface.cluster,
      interface.cooperative, &parameters);
}

std::vector<flatbuffers::Offset<State>> serializeStates(Builder &builder,
                                                        const std::vector<StateSpec> &states) {
  std::vector<flatbuffers::Offset<State>> offsets;
  for (const StateSpec &state : states)
    offsets.push_back(CreateStateDirect(builder, state.name.c_str(), state.type, state.pageSize,
                                        state.row, state.kind, &state.rowShape, state.blockTable,
                                        state.rows));
  return offsets;
}

flatbuffers::Offset<Program> serializeProgram(Builder &builder, const ProgramSpec &program) {
  std::vector<flatbuffers::Offset<Executable>> executables;
  for (const ExecutableSpec &executable : program.executables) {
    std::vector<flatbuffers::Offset<KernelVariant>> variants;
    for (const VariantSpec &variant : executable.variants) {
      flatbuffers::Offset<KernelInterface> interface;
      if (variant.withInterface)
        interface = serializeInterface(builder, variant.interface);
      flatbuffers::Offset<MachineCode> machineCode;
      if (!variant.machineCode.empty())
        machineCode = CreateMachineCodeDirect(builder, variant.machineCode.c_str(),
                                              variant.symbol.c_str(), 64, "hand", 16);
      variants.push_back(CreateKernelVariantDirect(builder, variant.level.c_str(),
                                                   variant.image.c_str(), variant.symbol.c_str(),
                                                   variant.codeSize, interface, machineCode));
    }
    executables.push_back(CreateExecutableDirect(
        builder, executable.name.c_str(), executable.family.c_str(), &executable.bindings,
        executable.constantCount, executable.scratchBytes, &variants));
  }
  std::vector<flatbuffers::Offset<EntryPoint>> entries;
  for (const EntrySpec &entry : program.entries)
    entries.push_back(serializeEntry(builder, entry));
  std::vector<flatbuffers::Offset<HostDim>> dims;
  for (const DimSpec &dim : program.dims)
    dims.push_back(CreateHostDimDirect(builder, dim.name.c_str(), dim.kind, dim.blockTable,
                                       dim.defaultValue, dim.minimum, dim.maximum));
  std::vector<flatbuffers::Offset<BlockTable>> tables;
  for (const BlockTableSpec &table : program.blockTables)
    tables.push_back(
        CreateBlockTableDirect(builder, table.name.c_str(), table.pageSize, table.tokensPerRow));
  auto states = serializeStates(builder, program.states);
  std::vector<flatbuffers::Offset<ParameterSlice>> slices;
  for (const SliceSpec &slice : program.slices)
    slices.push_back(CreateParameterSlice(builder, slice.parameter, slice.outer, slice.stride,
                                          slice.offset, slice.length));
  return CreateProgramDirect(builder, program.family.c_str(), program.kernelAbi, &executables,
                             &entries, &dims, &program.exprs, &tables, &states, &slices);
}

Bytes serializePlan(const ModelSpec &model) {
  Builder builder;
  flatbuffers::Offset<ModelInfo> info;
  if (model.withModelInfo)
    info = CreateModelInfoDirect(builder, "test", 1, 8, model.vocabulary, 2, model.maxPositions,
                                 "reference", "auto", 100, 50, 4, 8, 44, model.bosToken,
                                 &model.eosTokens, model.shapesOnly, "no text: a test model",
                                 "no defaults: a test model", model.modelPositions);
  std::vector<flatbuffers::Offset<WeightFile>> files;
  for (const FileSpec &file : model.files)
    files.push_back(CreateWeightFileDirect(builder, file.name.c_str(), file.size, file.headerHash,
                                           file.buildId.c_str()));
  std::vector<flatbuffers::Offset<Parameter>> parameters;
  for (const ParameterSpec &parameter : model.parameters) {
    flatbuffers::Offset<RopeTable> rope;
    if (const auto &table = parameter.ropeTable)
      rope = CreateRopeTable(builder, table->component, table->dim, table->theta, table->factor,
                             table->originalPositions, table->betaFast, table->betaSlow,
                             table->mscale, table->truncate);
    parameters.push_back(CreateParameterDirect(builder, parameter.name.c_str(), parameter.type,
                                               &parameter.shape, parameter.encoding.c_str(),
                                               parameter.file, parameter.offset, parameter.length,
                                               parameter.checksum, rope));
  }
  auto states = serializeStates(builder, model.states);
  std::vector<flatbuffers::Offset<Program>> programs;
  for (const ProgramSpec &program : model.programs)
    programs.push_back(serializeProgram(builder, program));
  builder.Finish(CreateModuleDirect(builder, info, &files, &parameters, &states, &programs));
  return Bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
}

} // namespace

Bytes withTrailer(Bytes flatBuffer) {
  runtime::Trailer trailer = {};
  trailer.size = flatBuffer.size();
  trailer.hash = hashBytes(flatBuffer.data(), flatBuffer.size());
  trailer.self = hashBytes(&trailer, 16);
  std::memcpy(trailer.magic, "HADLEND", 8);
  const auto *raw = reinterpret_cast<const uint8_t *>(&trailer);
  flatBuffer.insert(flatBuffer.end(), raw, raw + sizeof trailer);
  return flatBuffer;
}

Bytes serialize(const ModelSpec &model) {
  Builder builder;
  std::vector<flatbuffers::Offset<Section>> sections;
  auto add = [&](const SectionSpec &section) {
    uint64_t checksum = hashBytes(section.data.data(), section.data.size()) ^ section.checksumFlip;
    auto name = builder.CreateString(section.name);
    builder.ForceVectorAlignment(section.data.size(), 1, 64);
    auto data = builder.CreateVector(section.data);
    sections.push_back(CreateSection(builder, section.kind, name, checksum, data));
  };
  if (model.withPlan)
    add({SectionKind::plan, "plan", serializePlan(model), 0});
  for (const SectionSpec &section : model.sections)
    add(section);
  FinishArtifactBuffer(builder,
                       CreateArtifactDirect(builder, model.schemaMajor, model.schemaMinor,
                                            "hadal-test 1", model.buildId.c_str(), &sections));
  return withTrailer(
      Bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()));
}

// ---- Files -----------------------------------------------------------------

Bytes readFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(stream), {});
}

void writeFile(const std::string &path, const void *data, size_t size) {
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream.write(static_cast<const char *>(data), static_cast<std::streamsize>(size));
}

Bytes readImage(const std::string &name) {
  Bytes bytes = readFile(std::string(HADAL_TEST_IMAGES) + "/" + name + ".so");
  EXPECT_FALSE(bytes.empty()) << name;
  return bytes;
}

AlignedBytes::AlignedBytes(const Bytes &source)
    : bytes(static_cast<uint8_t *>(std::aligned_alloc(64, (source.size() / 64 + 1) * 64))),
      length(source.size()) {
  std::copy(source.begin(), source.end(), bytes);
}

AlignedBytes::~AlignedBytes() { std::free(bytes); }

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "hadal-test-XXXXXX").string();
  if (mkdtemp(pattern.data()))
    folder = pattern;
  EXPECT_FALSE(folder.empty());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

std::string writeModel(const TemporaryFolder &folder, const ModelSpec &model) {
  Bytes weights = makeWeights(model), artifact = serialize(model);
  writeFile(folder.path("model.weights.safetensors"), weights.data(), weights.size());
  writeFile(folder.path("model.hadal"), artifact.data(), artifact.size());
  return folder.path("model.hadal");
}

std::string take(hadal_status_t status) {
  std::string message = hadal_status_message(status);
  hadal_status_release(status);
  return message;
}

} // namespace hadal::test
