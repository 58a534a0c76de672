// SPDX-License-Identifier: Apache-2.0
// Weight files: where they are looked for, how they are identified, how fast.
#include "core/Weights.h"
#include "ProcessPages.h"
#include "TestDevices.h"

#include <cstring>
#include <ctime>
#include <filesystem>
#include <unistd.h>

namespace hadal::test {
namespace {

class WeightsTest : public testing::Test {
protected:
  std::string weights() const { return folder.path("model.weights.safetensors"); }

  std::string loadMessage(const char *directory = nullptr) {
    std::string error;
    loadModule(context.get(), artifact, &error, false, directory);
    return error;
  }

  TemporaryFolder folder, other;
  ModelSpec model = makeModel();
  std::string artifact = writeModel(folder, model);
  ContextHandle context = makeContext(1);
};

TEST_F(WeightsTest, AreFoundBesideTheArtifactOrInTheFolder) {
  EXPECT_EQ(loadMessage(), "ok");
  std::filesystem::rename(weights(), other.path("model.weights.safetensors"));
  EXPECT_EQ(loadMessage(), artifact + ": weight_files: expected 'model.weights.safetensors' beside "
                                      "the artifact, got no such file");
  EXPECT_EQ(loadMessage(other.path("").c_str()), "ok");
  EXPECT_EQ(loadMessage("/absent"),
            artifact +
                ": weight_files: expected 'model.weights.safetensors' beside the artifact or "
                "in '/absent', got no such file");
}

TEST_F(WeightsTest, MoveWithTheArtifact) {
  std::filesystem::rename(weights(), other.path("model.weights.safetensors"));
  std::filesystem::rename(artifact, other.path("renamed.hadal"));
  loadModule(context.get(), other.path("renamed.hadal"));
  // And by a path without a folder.
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(other.path(""));
  loadModule(context.get(), "renamed.hadal");
  std::filesystem::current_path(before);
}

// An artifact in memory is beside nothing, so only the folder counts.
TEST_F(WeightsTest, OfAnArtifactInMemory) {
  Bytes bytes = readFile(artifact);
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path(""));
  auto load = [&](const char *directory, const char *name, ModuleHandle *module = nullptr) {
    hadal_module_options_t options = {};
    options.struct_size = sizeof options;
    options.weights_dir = directory;
    hadal_module_t *loaded = nullptr;
    // At any address.
    Bytes shifted(1);
    shifted.insert(shifted.end(), bytes.begin(), bytes.end());
    std::string message = take(hadal_module_load_memory(context.get(), shifted.data() + 1,
                                                        bytes.size(), name, &options, &loaded));
    ModuleHandle handle(loaded);
    EXPECT_EQ(handle != nullptr, message == "ok");
    if (module)
      *module = std::move(handle);
    return message;
  };
  EXPECT_EQ(load(nullptr, "x"),
            "options.weights_dir: expected the folder of 'model.weights.safetensors', since "
            "'x' is in memory, got NULL");
  EXPECT_EQ(load("/absent", nullptr),
            "artifact: weight_files: expected 'model.weights.safetensors' in '/absent', "
            "got no such file");
  ModuleHandle module;
  ASSERT_EQ(load(folder.path("").c_str(), nullptr, &module), "ok");
  std::filesystem::current_path(before);
  SessionHandle session = makeSession(module.get(), 1, 8);
  std::vector<float> logits;
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {3, 4}), &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(7));
  bytes[100] ^= 4;
  EXPECT_EQ(load(".", "the model").find("the model: trailer.hash: expected checksum "), 0u);
  bytes.clear();
  EXPECT_EQ(load(".", nullptr),
            "artifact: file size: expected at least 40 B, got 0 B: not an artifact of Hadal");
}

TEST_F(WeightsTest, OfAnotherSize) {
  Bytes bytes = makeWeights(model);
  for (size_t size = 0; size < bytes.size(); ++size) {
    writeFile(weights(), bytes.data(), size);
    ASSERT_EQ(loadMessage(), weights() + ": file size: expected " + std::to_string(bytes.size()) +
                                 " B, got " + std::to_string(size) + " B");
  }
  bytes.push_back(0);
  writeFile(weights(), bytes.data(), bytes.size());
  EXPECT_EQ(loadMessage(), weights() + ": file size: expected " + std::to_string(bytes.size() - 1) +
                               " B, got " + std::to_string(bytes.size()) + " B");
}

TEST_F(WeightsTest, OfAnotherModel) {
  ModelSpec another = model;
  another.buildId = "ffff111122223333";
  Bytes bytes = makeWeights(another);
  writeFile(weights(), bytes.data(), bytes.size());
  EXPECT_EQ(loadMessage(), weights() + ": hadal.build_id: expected '00112233aabbccdd', got "
                                       "'ffff111122223333': these are the weights of another "
                                       "compilation");
}

TEST_F(WeightsTest, EveryByteOfTheHeaderCounts) {
  Bytes bytes = makeWeights(model);
  uint64_t header;
  std::memcpy(&header, bytes.data(), sizeof header);
  for (size_t i = 0; i < 8 + header; ++i) {
    Bytes damaged = bytes;
    damaged[i] ^= 0x10;
    writeFile(weights(), damaged.data(), damaged.size());
    ASSERT_EQ(loadMessage().find(weights() + ": h"), 0u) << i << ": " << loadMessage();
  }
}

TEST_F(WeightsTest, AreARegularFile) {
  std::filesystem::remove(weights());
  std::filesystem::create_directory(weights());
  EXPECT_EQ(loadMessage(), weights() + ": expected a regular file, got a directory");
}

TEST_F(WeightsTest, AParameterMustLieBehindTheHeader) {
  model.parameters[0].offset = 0;
  artifact = writeModel(folder, model);
  std::string message = loadMessage();
  EXPECT_NE(message.find("parameters[0].offset: expected at least "), std::string::npos) << message;
}

// A file of 4 GiB, mostly a hole: loading must not read it.
TEST_F(WeightsTest, LargeFilesLoadAtOnce) {
  constexpr uint64_t size = uint64_t(4) << 30;
  ASSERT_EQ(truncate(weights().c_str(), static_cast<off_t>(size)), 0);
  model.files[0].size = size;
  ParameterSpec large = model.parameters[0];
  large.name = "large";
  large.shape = {(size - 4096) / 4};
  large.offset = 4096;
  large.length = size - 4096;
  model.parameters.push_back(large);
  Bytes bytes = serialize(model);
  writeFile(artifact, bytes.data(), bytes.size());
  // Time of the CPU, so that a busy machine does not matter; a pass over the file
  // takes several times the limit.
  clock_t start = clock();
  ModuleHandle module = loadModule(context.get(), artifact);
  SessionHandle session = makeSession(module.get(), 1, 64);
  EXPECT_LT(static_cast<double>(clock() - start) / CLOCKS_PER_SEC, 0.1);
}

// An artifact for two targets: the device takes in what its own program reads.
TEST_F(WeightsTest, OfAnotherProgramAreNotTouched) {
  // Further from the first parameter than a fault maps around it, a huge page at most. A hole.
  constexpr uint64_t begin = 8 << 20, size = 12 << 20;
  ASSERT_EQ(truncate(weights().c_str(), static_cast<off_t>(size)), 0);
  model.files[0].size = size;
  ParameterSpec other = model.parameters[0];
  other.name = "weight@other";
  other.shape = {(size - begin) / 4};
  other.offset = begin;
  other.length = size - begin;
  model.parameters.push_back(other);
  ProgramSpec program = model.programs[0];
  program.family = "other";
  for (EntrySpec &entry : program.entries)
    for (OpSpec &op : entry.ops)
      for (Binding &binding : op.launch.bindings)
        if (binding.kind() == BindingKind::parameter)
          binding = Binding(1, BindingKind::parameter);
  model.programs.push_back(program);
  Bytes plan = serialize(model);
  writeFile(artifact, plan.data(), plan.size());
  auto separate = std::make_unique<SeparateCpuDevice>();
  SeparateCpuDevice *device = separate.get();
  ContextHandle shared = makeContextOf(std::move(separate));
  ModuleHandle module = loadModule(shared.get(), artifact);
  SessionHandle session = makeSession(module.get(), 1, 8);
  std::vector<float> logits;
  ASSERT_EQ(runStep(session.get(), StepSpec().add(0, 0, {3, 4}), &logits), "ok");
  EXPECT_EQ(logits, expectedLogits(7));
  EXPECT_EQ(device->taken, 44u);
  EXPECT_GT(touchedPages(weights(), 0), 0u);
  EXPECT_EQ(touchedPages(weights(), begin), 0u);
}

// What a kernel finds of the weight where a slice of it is bound, as floats.
std::vector<float> readSlice(hadal_context_t *context, const std::string &path, uint32_t count) {
  ModuleHandle module = loadModule(context, path);
  SessionHandle session = makeSession(module.get(), 1, 8);
  std::vector<float> logits;
  require("step", runStep(session.get(), StepSpec().add(0, 0, {1}), &logits));
  logits.resize(count);
  return logits;
}

TEST_F(WeightsTest, SlicesAlongAnyAxis) {
  Bytes stored = makeWeights(model);
  const uint8_t *weight = stored.data() + model.parameters[0].offset;
  auto expected = [&](uint64_t outer, uint64_t stride, uint64_t offset, uint64_t length) {
    Bytes packed;
    for (uint64_t i = 0; i < outer; ++i)
      packed.insert(packed.end(), weight + i * stride + offset,
                    weight + i * stride + offset + length);
    std::vector<float> floats(packed.size() / sizeof(float));
    std::memcpy(floats.data(), packed.data(), floats.size() * sizeof(float));
    return floats;
  };
  ContextHandle separate = makeContextOf(std::make_unique<SeparateCpuDevice>());
  const struct {
    uint64_t outer, stride, offset, length;
  } cases[] = {{1, 44, 0, 20},  // in place
               {1, 44, 8, 36},  // in one piece, but not on a line
               {11, 4, 0, 4},   // all of it, piece by piece
               {11, 4, 2, 2},   // the upper half of each number
               {2, 22, 4, 12}}; // of each row
  for (const auto &one : cases) {
    ModelSpec sliced = model;
    ProgramSpec &program = sliced.programs[0];
    program.dims.push_back({"rank", Dim::rank});
    program.dims.push_back({"world", Dim::world_size});
    // offset + rank * length, length / world
    uint32_t length = program.constant(static_cast<int64_t>(one.length));
    uint32_t offset =
        program.node(ExprKind::add, program.constant(static_cast<int64_t>(one.offset)),
                     program.node(ExprKind::mul, program.dim(9u), length));
    program.slices = {{0, one.outer, one.stride, offset,
                       program.node(ExprKind::floor_div, length, program.dim(10u))}};
    for (EntrySpec &entry : program.entries)
      entry.ops[3].launch.bindings[1] = Binding(0, BindingKind::slice);
    artifact = writeModel(folder, sliced);
    std::vector<float> wanted = expected(one.outer, one.stride, one.offset, one.length);
    for (hadal_context_t *device : {context.get(), separate.get()})
      EXPECT_EQ(readSlice(device, artifact, static_cast<uint32_t>(wanted.size())), wanted)
          << one.offset;
  }
}

TEST(HeaderStringTest, FindsValues) {
  auto find = [](const std::string &json) {
    return runtime::findHeaderString(json.data(), json.size(), "key");
  };
  EXPECT_EQ(find(R"({"key":"value"})"), "value");
  EXPECT_EQ(find("{\"key\" :\n \"v\"}"), "v");
  EXPECT_EQ(find(R"({"key":3})"), "");
  EXPECT_EQ(find(R"({"key":"unterminated)"), "");
  EXPECT_EQ(find(R"({"key")"), "");
  EXPECT_EQ(find(R"({"other":"key"})"), "");
  EXPECT_EQ(find(""), "");
}

} // namespace
} // namespace hadal::test
