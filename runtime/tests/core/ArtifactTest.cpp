// SPDX-License-Identifier: Apache-2.0
// The artifact as a file: trailer, version, sections, and paths that are no file.
#include "core/Artifact.h"
#include "Run.h"

#include <cstring>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

namespace hadal::test {
namespace {

std::string parseMessage(const Bytes &bytes) {
  AlignedBytes copy(bytes);
  runtime::Artifact artifact;
  return runtime::Artifact::parse(copy.data(), copy.size(), artifact).message();
}

void expectHas(const std::string &message, const std::string &part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(ArtifactTest, IsAccepted) {
  Bytes bytes = serialize(makeModel());
  AlignedBytes copy(bytes);
  runtime::Artifact artifact;
  ASSERT_STREQ(runtime::Artifact::parse(copy.data(), copy.size(), artifact).message(), "ok");
  EXPECT_EQ(artifact.fileSize(), bytes.size());
  EXPECT_NE(artifact.section("plan"), nullptr);
  EXPECT_EQ(artifact.section("absent"), nullptr);
}

TEST(ArtifactTest, Trailer) {
  Bytes bytes = serialize(makeModel());
  expectHas(parseMessage({}), "file size: expected at least 40 B, got 0 B");
  expectHas(parseMessage(Bytes(1000)), "trailer.magic: expected HADLEND");
  Bytes damaged = bytes;
  damaged[100] ^= 4;
  expectHas(parseMessage(damaged), "trailer.hash: expected checksum ");
  damaged = bytes;
  damaged[bytes.size() - 20] ^= 4;
  expectHas(parseMessage(damaged), "trailer.self: expected checksum ");
  damaged = bytes;
  damaged.insert(damaged.begin(), 0);
  expectHas(parseMessage(damaged), "trailer.size: expected ");
}

TEST(ArtifactTest, Identifier) {
  Bytes bytes = serialize(makeModel());
  bytes.resize(bytes.size() - sizeof(runtime::Trailer));
  bytes[4] = 'X';
  expectHas(parseMessage(withTrailer(bytes)), "identifier: expected HADL in bytes 4 to 7");
}

TEST(ArtifactTest, Versions) {
  ModelSpec model = makeModel();
  model.schemaMinor = 7; // additions that this reader may ignore
  EXPECT_EQ(parseMessage(serialize(model)), "ok");
  model.schemaMajor = 3;
  EXPECT_EQ(
      parseMessage(serialize(model)),
      "schema_major: expected 1 to 2, got 3: compile the model again, or use a newer runtime");
  model.schemaMajor = 0;
  EXPECT_EQ(
      parseMessage(serialize(model)),
      "schema_major: expected 1 to 2, got 0: compile the model again, or use an older runtime");
}

TEST(ArtifactTest, Sections) {
  ModelSpec model = makeModel();
  // The bytes of nothing lie anywhere.
  for (const char *name : {"a", "b", "c"})
    model.sections.push_back({SectionKind::generation, name, {}, 0});
  EXPECT_EQ(parseMessage(serialize(model)), "ok");
  model = makeModel();
  model.sections[0].checksumFlip = 1;
  expectHas(parseMessage(serialize(model)), "sections[1].checksum: expected ");
  model = makeModel();
  model.sections.push_back(model.sections[0]);
  EXPECT_EQ(parseMessage(serialize(model)),
            "sections[2].name: expected a new name, got 'kernels.x86-64-v3' of sections[1]");
  model = makeModel();
  model.withPlan = false;
  EXPECT_EQ(parseMessage(serialize(model)), "sections: expected one of kind plan, got none");
  model.sections.push_back({SectionKind::plan, "plan", Bytes(64, 0xee), 0});
  EXPECT_EQ(parseMessage(serialize(model)),
            "section 'plan': expected FlatBuffers tables of the schema, got malformed ones");
}

TEST(ArtifactTest, PathsThatAreNoArtifact) {
  TemporaryFolder folder;
  ContextHandle context = makeContext(1);
  auto message = [&](const std::string &path) {
    std::string error;
    loadModule(context.get(), path, &error);
    return error;
  };
  std::string absent = folder.path("absent.hadal");
  EXPECT_EQ(message(absent), absent + ": cannot open: No such file or directory");
  EXPECT_EQ(message(folder.path("")),
            folder.path("") + ": expected a regular file, got a directory");
  std::string empty = folder.path("empty.hadal");
  std::ofstream(empty).flush();
  expectHas(message(empty), empty + ": file size: expected at least 40 B, got 0 B");
  std::string pipe = folder.path("pipe.hadal");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(message(pipe), pipe + ": expected a regular file, got a special file");
  std::string large = folder.path("large.hadal");
  std::ofstream(large).flush();
  ASSERT_EQ(truncate(large.c_str(), off_t(3) << 30), 0);
  expectHas(message(large), large + ": expected at most ");
}

TEST(ArtifactTest, LoadsForInspectionWithoutWeights) {
  TemporaryFolder folder;
  ContextHandle context = makeContext(1);
  ModelSpec model = makeModel();
  Bytes bytes = serialize(model);
  writeFile(folder.path("model.hadal"), bytes.data(), bytes.size());
  ModuleHandle module = loadModule(context.get(), folder.path("model.hadal"), nullptr, true);
  EXPECT_STREQ(hadal_module_level(module.get()), "");
  hadal_parameter_info_t info = {};
  info.struct_size = sizeof info;
  ASSERT_EQ(take(hadal_module_parameter(module.get(), 0, &info)), "ok");
  EXPECT_EQ(info.data, nullptr);
  EXPECT_STREQ(info.file_path, "");
  std::string error;
  makeSession(module.get(), 1, 8, &error);
  expectHas(error, "options.inspect_only: expected a module loaded for execution");
  expectHas(take(hadal_module_verify_parameter(module.get(), 0)),
            "expected mapped weights, got none");
}

TEST(ArtifactTest, CompiledWithoutWeights) {
  TemporaryFolder folder;
  ContextHandle context = makeContext(1);
  ModelSpec model = makeModel();
  model.shapesOnly = true;
  model.files.clear();
  model.parameters[0].offset = 0;
  Bytes bytes = serialize(model);
  writeFile(folder.path("model.hadal"), bytes.data(), bytes.size());
  ModuleHandle module = loadModule(context.get(), folder.path("model.hadal"));
  hadal_parameter_info_t info = {};
  info.struct_size = sizeof info;
  ASSERT_EQ(take(hadal_module_parameter(module.get(), 0, &info)), "ok");
  EXPECT_STREQ(info.file, "");
  EXPECT_EQ(info.data, nullptr);
  std::string error;
  makeSession(module.get(), 1, 8, &error);
  EXPECT_EQ(error.find(folder.path("model.hadal") +
                       ": model.shapes_only: expected a model compiled with its weights"),
            0u)
      << error;
}

} // namespace
} // namespace hadal::test
