// SPDX-License-Identifier: Apache-2.0
// What writing an artifact leaves of the one before: all of it, or nothing.
#include "files/ArtifactOutput.h"
#include "Pair.h"
#include "files/Temporary.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace hadal::test {
namespace {

using Names = std::set<std::string>;

class ArtifactOutputTest : public testing::Test {
protected:
  Names names() const { return namesIn(folder.path("")); }
  Names pairOf(const Pair &pair, const std::string &name = "m.hadal") const {
    return {name, pair.weightsName(name)};
  }

  TemporaryFolder folder;
  std::string path = folder.path("m.hadal");
  const Pair one{1}, two{2};
};

TEST_F(ArtifactOutputTest, ReplacesAPair) {
  ASSERT_EQ(one.write(path), "");
  EXPECT_TRUE(one.isAt(path));
  EXPECT_EQ(names(), pairOf(one));
  ASSERT_EQ(two.write(path), "");
  EXPECT_TRUE(two.isAt(path));
  EXPECT_EQ(names(), pairOf(two));
}

TEST_F(ArtifactOutputTest, ReplacesWeightsThatAreDamaged) {
  ASSERT_EQ(one.write(path), "");
  writeFile(folder.path(one.weightsName("m.hadal")), one.weights().data(), 100);
  ASSERT_EQ(one.write(path), "");
  EXPECT_TRUE(one.isAt(path));
}

TEST_F(ArtifactOutputTest, WithoutWeightsLeavesNone) {
  ASSERT_EQ(one.write(path), "");
  ASSERT_EQ(two.writeShapes(path), "");
  EXPECT_EQ(names(), Names{"m.hadal"});
}

TEST_F(ArtifactOutputTest, WritesTheFileOfALink) {
  fs::create_directory(folder.path("store"));
  fs::create_symlink("store/m", path);
  ASSERT_EQ(one.write(path), "");
  ASSERT_EQ(two.write(path), "");
  EXPECT_TRUE(fs::is_symlink(path));
  EXPECT_TRUE(two.isAt(folder.path("store/m")));
  EXPECT_EQ(namesIn(folder.path("store")), pairOf(two, "m"));
  EXPECT_EQ(names(), (Names{"m.hadal", "store"}));
}

// Weights are removed when nothing names them, not when their artifact was renamed
// or copied.
TEST_F(ArtifactOutputTest, KeepsWeightsThatAnotherArtifactNames) {
  ASSERT_EQ(one.write(path), "");
  fs::rename(path, folder.path("kept"));
  ASSERT_EQ(two.write(path), "");
  EXPECT_TRUE(two.isAt(path));
  EXPECT_EQ(names(),
            (Names{"kept", "m.hadal", one.weightsName("m.hadal"), two.weightsName("m.hadal")}));
  fs::remove(folder.path("kept"));
  ASSERT_EQ(two.write(path), "");
  EXPECT_EQ(names(), pairOf(two));
}

// One name within another is not that name.
TEST_F(ArtifactOutputTest, RemovesWeightsWhoseNameEndsThatOfOthers) {
  ASSERT_EQ(one.write(path), "");
  ASSERT_EQ(one.write(folder.path("xm.hadal")), "");
  ASSERT_EQ(two.write(path), "");
  EXPECT_TRUE(one.isAt(folder.path("xm.hadal")));
  Names expected = pairOf(two);
  expected.merge(pairOf(one, "xm.hadal"));
  EXPECT_EQ(names(), expected);
}

TEST_F(ArtifactOutputTest, KeepsWhatIsOnlyCalledLikeWeights) {
  std::string like = folder.path("m.hadal.weights.0123456789abcdef.safetensors");
  writeFile(like, "{}", 2);
  ASSERT_EQ(one.write(path), "");
  EXPECT_TRUE(fs::exists(like));
}

TEST_F(ArtifactOutputTest, WritesNamesOfAnyLength) {
  for (size_t length : {1, 200, 217, 218, 219, 255}) {
    std::string name(length, 'n');
    ASSERT_EQ(one.write(folder.path(name)), "") << length;
    ASSERT_EQ(two.write(folder.path(name)), "") << length;
    EXPECT_TRUE(two.isAt(folder.path(name))) << length;
  }
  EXPECT_EQ(names().size(), 12u);
  std::string longer = folder.path(std::string(256, 'n'));
  EXPECT_EQ(one.write(longer), longer + ": cannot be written: File name too long");
}

// What a killed process left is gone before the new one needs the room.
TEST_F(ArtifactOutputTest, OpeningRemovesLeftovers) {
  ASSERT_EQ(one.write(path), "");
  for (const std::string &name :
       {two.weightsName("m.hadal"), files::temporaryPrefix("m.hadal") + "1",
        files::temporaryPrefix("m.hadal") + "lock"})
    writeFile(folder.path(name), two.weights().data(), two.weights().size());
  {
    files::ArtifactOutput output;
    ASSERT_TRUE(output.open(path, /*withWeights=*/true));
    EXPECT_EQ(names().size(), 4u); // the old pair and the two new files
  }
  EXPECT_EQ(names(), pairOf(one));
  EXPECT_TRUE(one.isAt(path));
}

TEST_F(ArtifactOutputTest, RefusesAnInput) {
  std::string input = folder.path(two.weightsName("m.hadal"));
  ASSERT_EQ(one.write(path), "");
  writeFile(input, "input", 5);
  EXPECT_EQ(two.write(path, {input}),
            input + ": expected another file than those that are read, got an input");
  EXPECT_TRUE(one.isAt(path));
  EXPECT_EQ(readFile(input), Bytes({'i', 'n', 'p', 'u', 't'}));
}

TEST_F(ArtifactOutputTest, TellsBeforehandWhereThereIsNoFolder) {
  for (const char *name : {"none/m.hadal", "file/m.hadal"}) {
    writeFile(folder.path("file"), "", 0);
    std::string problem = files::ArtifactOutput::problem(folder.path(name), /*withWeights=*/true);
    EXPECT_EQ(problem.find(folder.path(name) + ": cannot be written: No"), 0u) << problem;
  }
}

TEST_F(ArtifactOutputTest, RefusesWhatIsNoFileForIt) {
  fs::create_directory(path);
  EXPECT_EQ(one.write(path), path + ": expected a file to write, got a directory");
  EXPECT_EQ(one.write("-"),
            "-: expected a file to write, with the weights beside it, got an open stream");
  EXPECT_EQ(one.write("/dev/null"),
            "/dev/null: expected a file to write, with the weights beside it, got a special file");
  std::string weights = folder.path(one.weightsName("other"));
  EXPECT_EQ(one.write(weights),
            weights + ": expected a name for an artifact, got one of a weights file");
  EXPECT_EQ(one.writeShapes("/dev/null"), "");
  EXPECT_EQ(one.writeShapes("/dev/full"), "/dev/full: cannot be written: No space left on device");
  EXPECT_EQ(names(), Names{"m.hadal"});
}

/// Limits the size of files while it lives; what is written is longer.
class SizeLimit {
public:
  explicit SizeLimit(rlim_t size) {
    handler = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit limit = {size, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
  }

private:
  rlimit before;
  void (*handler)(int);
};

TEST_F(ArtifactOutputTest, AFullDiskLeavesThePair) {
  ASSERT_EQ(one.write(path), "");
  size_t artifact = one.artifact("m.hadal").size(), weights = one.weights().size();
  ASSERT_LT(weights, artifact);
  for (size_t limit : {size_t(0), weights / 2, weights - 1, weights, artifact / 2, artifact - 1}) {
    std::string error;
    {
      SizeLimit full(limit);
      error = two.write(path);
    }
    EXPECT_EQ(error,
              path + (limit < weights ? ": weights" : "") + ": cannot be written: File too large");
    EXPECT_TRUE(one.isAt(path)) << limit;
    EXPECT_EQ(names(), pairOf(one)) << limit;
  }
}

/// Gives up the rights of root, which no file is read-only for.
class AsUser {
public:
  explicit AsUser(const std::string &folder) {
    if (geteuid() == 0 && chown(folder.c_str(), 65534, 65534) == 0)
      isChanged = seteuid(65534) == 0;
  }
  ~AsUser() {
    if (isChanged)
      EXPECT_EQ(seteuid(0), 0);
  }

private:
  bool isChanged = false;
};

TEST_F(ArtifactOutputTest, WhatIsReadOnlyStays) {
  AsUser user(folder.path(""));
  ASSERT_EQ(one.write(path), "");
  ASSERT_EQ(chmod(path.c_str(), 0444), 0);
  EXPECT_EQ(two.write(path), path + ": cannot be written: Permission denied");
  EXPECT_TRUE(one.isAt(path));
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  ASSERT_EQ(chmod(folder.path("").c_str(), 0555), 0);
  EXPECT_EQ(two.write(path), path + ": cannot be written: Permission denied");
  ASSERT_EQ(chmod(folder.path("").c_str(), 0755), 0);
  EXPECT_TRUE(one.isAt(path));
  EXPECT_EQ(names(), pairOf(one));
}

} // namespace
} // namespace hadal::test
