// SPDX-License-Identifier: Apache-2.0
// Damage of every byte and every cut of an artifact, with its checksums wrong and
// with its checksums made right again: always a clear error or a valid artifact.
#include "TestDevices.h"
#include "core/Artifact.h"

#include <cstring>
#include <random>

namespace hadal::test {
namespace {

// A model without code, so that every byte can be visited.
ModelSpec smallModel() {
  ModelSpec model = makeModel();
  model.sections[0].data.assign(64, 7);
  return model;
}

// One that has every table of a program.
ModelSpec fullModel() {
  ModelSpec model = makeStatesModel();
  model.sections[0].data.assign(64, 7);
  ProgramSpec &program = model.programs[0];
  InterfaceSpec &interface = program.executables[1].variants[0].interface;
  interface.workgroupSize = {32, 2, 1};
  interface.cluster = {2, 1, 1};
  interface.dynamicShared = interface.grid[0];
  interface.parameters = {
      {KernelParameterKind::tensor_map, 0, true, ElementType::f32, {0, 0}, {0}, {8, 8}, 32},
      {KernelParameterKind::constant_i64, 0},
      {KernelParameterKind::workspace, 0}};
  return model;
}

bool parses(const Bytes &bytes, std::string *message = nullptr) {
  AlignedBytes copy(bytes);
  runtime::Artifact artifact;
  runtime::Status status = runtime::Artifact::parse(copy.data(), copy.size(), artifact);
  if (message)
    *message = status.message();
  return status.ok();
}

// Makes the checksums of all sections that can be found, and the trailer, right
// for changed bytes; so the change reaches the checks behind them.
Bytes mended(Bytes bytes) {
  bytes.resize(bytes.size() - sizeof(runtime::Trailer));
  AlignedBytes copy(bytes);
  flatbuffers::Verifier verifier(copy.data(), copy.size());
  if (VerifyArtifactBuffer(verifier)) {
    Artifact *root = GetMutableArtifact(copy.data());
    for (uint32_t i = 0; i < root->sections()->size(); ++i) {
      Section *section = root->mutable_sections()->GetMutableObject(i);
      section->mutate_checksum(
          runtime::hashBytes(section->data()->data(), section->data()->size()));
    }
    bytes.assign(copy.data(), copy.data() + copy.size());
  }
  return withTrailer(bytes);
}

TEST(MutationTest, AnyByteFlippedIsFound) {
  Bytes bytes = serialize(makeModel());
  ASSERT_TRUE(parses(bytes));
  AlignedBytes copy(bytes);
  for (size_t i = 0; i < bytes.size(); ++i)
    for (uint8_t flip : {0x01, 0x80}) {
      copy.data()[i] ^= flip;
      runtime::Artifact artifact;
      runtime::Status status = runtime::Artifact::parse(copy.data(), copy.size(), artifact);
      ASSERT_FALSE(status.ok()) << "byte " << i;
      ASSERT_NE(std::strstr(status.message(), "expected"), nullptr) << status.message();
      copy.data()[i] ^= flip;
    }
}

TEST(MutationTest, AnyCutIsFound) {
  Bytes bytes = serialize(makeModel());
  for (size_t size = 0; size < bytes.size(); ++size) {
    AlignedBytes copy(Bytes(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)));
    runtime::Artifact artifact;
    ASSERT_FALSE(runtime::Artifact::parse(copy.data(), copy.size(), artifact).ok()) << size;
  }
}

TEST(MutationTest, AFileFlippedOrCutIsAnErrorOfTheModule) {
  TemporaryFolder folder;
  ContextHandle context = makeContext(1);
  std::string path = writeModel(folder, makeModel());
  Bytes bytes = readFile(path);
  for (size_t i = 0; i < bytes.size(); i += bytes.size() / 50) {
    Bytes damaged = bytes;
    damaged[i] ^= 0x40;
    writeFile(path, damaged.data(), damaged.size());
    std::string error;
    loadModule(context.get(), path, &error);
    EXPECT_EQ(error.find(path + ": "), 0u) << error;
    writeFile(path, bytes.data(), i);
    loadModule(context.get(), path, &error);
    EXPECT_EQ(error.find(path + ": "), 0u) << error;
  }
}

// Each byte with several values, checksums mended: the structure and its meaning
// are all that stands between the change and the program.
void mendBytes(const ModelSpec &model) {
  Bytes bytes = serialize(model);
  ASSERT_TRUE(parses(bytes));
  size_t accepted = 0, refused = 0;
  for (size_t i = 0; i < bytes.size() - sizeof(runtime::Trailer); ++i)
    for (uint8_t value : {uint8_t(0), uint8_t(0x7f), uint8_t(0xff), uint8_t(bytes[i] + 1),
                          uint8_t(bytes[i] - 1), uint8_t(bytes[i] ^ 0x80)}) {
      Bytes changed = bytes;
      changed[i] = value;
      std::string message;
      (parses(mended(changed), &message) ? accepted : refused) += 1;
    }
  EXPECT_GT(accepted, 100u); // names, numbers that have no wrong value
  EXPECT_GT(refused, 1000u);
}

TEST(MutationTest, MendedBytesNeverCrash) {
  mendBytes(smallModel());
  mendBytes(fullModel());
  mendBytes(asVersion1(smallModel()));
}

TEST(MutationTest, MendedCutsNeverCrash) {
  Bytes bytes = serialize(smallModel());
  bytes.resize(bytes.size() - sizeof(runtime::Trailer));
  // The last bytes may be padding.
  for (size_t size = 0; size + 8 < bytes.size(); ++size)
    EXPECT_FALSE(
        parses(withTrailer(Bytes(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)))))
        << size;
}

// Words with values that make offsets, lengths and counts go wrong, and several
// at once; the seed is fixed, so a failure repeats.
TEST(MutationTest, MendedWordsNeverCrash) {
  Bytes bytes = serialize(fullModel());
  size_t words = (bytes.size() - sizeof(runtime::Trailer)) / 4;
  std::mt19937 random(1);
  const uint32_t values[] = {0, 1, 4, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc, 0x10000};
  for (int round = 0; round < 60000; ++round) {
    Bytes changed = bytes;
    for (uint32_t i = 0, count = 1 + random() % 3; i < count; ++i) {
      uint32_t value = values[random() % 8];
      if (random() % 2)
        value = random() % 256;
      std::memcpy(changed.data() + random() % words * 4, &value, sizeof value);
    }
    parses(mended(changed));
  }
}

// Messages of all entries of the states model, called on a session of the module.
std::string callAll(hadal_module_t *module) {
  std::string error;
  SessionHandle session = makeSession(module, 2, 16, &error);
  if (!session)
    return error;
  StepSpec spec = StepSpec().add(1, 0, {1, 2, 3}).add(0, 0, {4});
  hadal_step_t step = spec.view();
  double sums[6];
  float bias[2] = {1, 10}, drafted[4], turned[kTurned];
  int64_t two = 2;
  hadal_call_argument_t argument = {"bias", bias, sizeof bias, 1, &two};
  hadal_call_result_t results[] = {{"sums", sums, sizeof sums},
                                   {"drafted", drafted, sizeof drafted},
                                   {"turned", turned, sizeof turned}};
  const hadal_call_t calls[] = {
      {sizeof(hadal_call_t), "main", &step, nullptr, 0, 1, results, nullptr, 0},
      {sizeof(hadal_call_t), "draft", nullptr, &argument, 1, 1, results + 1, nullptr, 0},
      {sizeof(hadal_call_t), "turn", nullptr, nullptr, 0, 1, results + 2, nullptr, 0}};
  for (const hadal_call_t &call : calls)
    error += "; " + take(hadal_session_call(session.get(), &call));
  return error;
}

bool isClear(const std::string &message) {
  for (const char *part : {"expected ", "cannot allocate ", " exceeds 64 bits"})
    if (message.find(part) != std::string::npos)
      return true;
  return false;
}

// Every byte of the tables once more, and now what passes the checks is used: sessions open, entries
// are called, on a device that looks at each launch and executes none.
TEST(MutationTest, MendedTablesRunOrFail) {
  TemporaryFolder folder;
  ModelSpec model = fullModel();
  model.programs[0].family = "recorder";
  writeModel(folder, model);
  Bytes bytes = serialize(model);
  ContextHandle context = makeContextOf(std::make_unique<RecordingDevice>("x86-64-v3"));
  std::string where = folder.path("");
  hadal_module_options_t options = {};
  options.struct_size = sizeof options;
  options.weights_dir = where.c_str();
  std::mt19937 random(3);
  size_t refused = 0, failed = 0, ran = 0;
  for (size_t i = 0; i < bytes.size() - sizeof(runtime::Trailer); ++i) {
    Bytes changed = bytes;
    changed[i] = i % 2 ? static_cast<uint8_t>(random())
                       : static_cast<uint8_t>(bytes[i] ^ 1u << random() % 8);
    changed = mended(changed);
    hadal_module_t *loaded = nullptr;
    std::string message = take(hadal_module_load_memory(
        context.get(), changed.data(), changed.size(), nullptr, &options, &loaded));
    ModuleHandle module(loaded);
    if (module)
      message = callAll(module.get());
    bool ok = message == "ok; ok; ok; ok";
    (ok ? ran : module ? failed : refused) += 1;
    if (!ok)
      ASSERT_TRUE(isClear(message)) << "byte " << i << ": " << message;
  }
  EXPECT_GT(ran, 100u);
  EXPECT_GT(failed, 100u);
  EXPECT_GT(refused, 1000u);
}

// A plan that passes the checks is also loaded with the real kernels, and all
// host-side values of expressions, bindings and grids changed one byte at a time.
TEST(MutationTest, MendedPlansLoadOrFail) {
  TemporaryFolder folder;
  ContextHandle context = makeContext(1);
  std::string path = writeModel(folder, makeModel());
  Bytes bytes = readFile(path);
  std::mt19937 random(2);
  size_t loaded = 0;
  for (int round = 0; round < 400; ++round) {
    Bytes changed = bytes;
    changed[random() % (bytes.size() - sizeof(runtime::Trailer))] ^= uint8_t(1u << random() % 8);
    changed = mended(changed);
    writeFile(path, changed.data(), changed.size());
    std::string error;
    ModuleHandle module = loadModule(context.get(), path, &error);
    if (module) {
      ++loaded;
      makeSession(module.get(), 2, 16, &error);
    }
  }
  EXPECT_GT(loaded, 0u);
}

} // namespace
} // namespace hadal::test
