// SPDX-License-Identifier: Apache-2.0
// Damage of every byte and every cut of an artifact, with its checksums wrong and
// with its checksums made right again: always a clear error or a valid artifact.
#include "Run.h"
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
  ModelSpec weights = smallModel();
  model.files = weights.files;
  model.parameters = weights.parameters;
  model.parameters.push_back({"rope.sin", ElementType::f32, {512, 2}, "", 0, 0, 0, 0, RopeTableSpec()});
  ProgramSpec &program = model.programs[0];
  program.slices = {{0, 11, 4, program.constant(0), program.constant(2)}};
  InterfaceSpec &interface = program.executables[1].variants[0].interface;
  interface.workgroupSize = {32, 2, 1};
  interface.cluster = {2, 1, 1};
  interface.dynamicShared = interface.grid[0];
  interface.parameters = {{KernelParameterKind::tensor_map, 0, true, ElementType::f32, {0, 0}, {0}, {8, 8}, 32},
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
    EXPECT_FALSE(parses(withTrailer(
        Bytes(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)))))
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

// A plan that passes the checks is also executed: with the real kernels, and all
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
