// SPDX-License-Identifier: Apache-2.0
// An output that is an input is refused, under whatever name.
#include "files/Paths.h"
#include "ArtifactBuilder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <unistd.h>

namespace hadal::test {
namespace {

class PathsTest : public testing::Test {
protected:
  void SetUp() override {
    writeFile(input, "x", 1);
    writeFile(folder.path("other"), "x", 1);
    std::filesystem::create_directory(folder.path("sub"));
  }
  std::string problem(const std::string &output) {
    return files::outputProblem({output}, {folder.path("absent"), input});
  }
  TemporaryFolder folder;
  std::string input = folder.path("input");
};

TEST_F(PathsTest, OtherFilesMayBeWritten) {
  for (const char *name : {"other", "new", "absent", "sub/input"})
    EXPECT_EQ(problem(folder.path(name)), "") << name;
  EXPECT_EQ(problem("-"), "");
  EXPECT_EQ(problem("/dev/null"), "");
}

TEST_F(PathsTest, AnInputMayNot) {
  EXPECT_EQ(problem(input),
            input + ": expected another file than those that are read, got an input");
  std::filesystem::create_symlink("input", folder.path("link"));
  std::filesystem::create_symlink("link", folder.path("link-to-link"));
  std::filesystem::create_symlink(folder.path("sub"), folder.path("sub-link"));
  std::filesystem::create_hard_link(input, folder.path("hard"));
  std::filesystem::create_hard_link(input, folder.path("sub/hard"));
  for (const char *name : {"link", "link-to-link", "hard", "sub/hard", "sub-link/hard", "./input",
                           "sub/../input", "sub-link/../input", ".//input"})
    EXPECT_EQ(problem(folder.path(name)),
              folder.path(name) +
                  ": expected another file than those that are read, got the input " + input);
}

TEST_F(PathsTest, NorWhatALinkThatIsReadPointsTo) {
  std::filesystem::create_symlink("other", folder.path("read"));
  EXPECT_NE(files::outputProblem({folder.path("other")}, {folder.path("read")}), "");
}

// Also where it is not there yet.
TEST_F(PathsTest, NorOneFileForTwoOutputs) {
  std::filesystem::create_symlink("new", folder.path("link"));
  EXPECT_EQ(files::outputProblem({folder.path("new"), folder.path("link")}, {}),
            folder.path("link") + ": expected a file for each output, got one for two");
  for (const char *name : {"./new", "sub/../new"})
    EXPECT_NE(files::outputProblem({folder.path("new"), folder.path(name)}, {}), "") << name;
  EXPECT_EQ(files::outputProblem({folder.path("new"), folder.path("sub/new")}, {}), "");
  EXPECT_EQ(files::outputProblem({"/dev/null", "/dev/null"}, {}), "");
}

} // namespace
} // namespace hadal::test
