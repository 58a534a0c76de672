// SPDX-License-Identifier: Apache-2.0
// A folder of files is there as a whole or not at all, however its writer ends.
#include "files/FolderOutput.h"
#include "Child.h"
#include "Pair.h"
#include "files/Unfinished.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace hadal::test {
namespace {

using Names = std::set<std::string>;
using files::FolderOutput;

class FolderOutputTest : public testing::Test {
protected:
  Names names() const { return namesIn(folder.path("")); }

  /// Writes two files, one of them two folders deep, and ends by a signal, if it is one.
  std::string writeAndEnd(int number) const {
    FolderOutput output;
    bool written = output.open(path) && output.write("a", "1", 1) && output.write("b/c/d", "22", 2);
    if (number)
      raise(number);
    return written && output.commit() ? "" : output.error();
  }

  /// How a process of its own ends that writes so.
  int endOf(int number) const {
    return await(start([=] {
      files::removeUnfinishedOnSignals();
      return writeAndEnd(number);
    }));
  }

  TemporaryFolder folder;
  std::string path = folder.path("d");
};

TEST_F(FolderOutputTest, AppearsWhenItIsWritten) {
  ASSERT_EQ(writeAndEnd(0), "");
  EXPECT_EQ(names(), Names{"d"});
  EXPECT_EQ(namesIn(path), (Names{"a", "b"}));
  EXPECT_EQ(fs::file_size(path + "/b/c/d"), 2u);
}

TEST_F(FolderOutputTest, TakesTheNameOfAnEmptyFolderAlone) {
  fs::create_directory(path);
  fs::create_symlink("d", folder.path("link"));
  FolderOutput output;
  ASSERT_TRUE(output.open(folder.path("link") + "/"));
  ASSERT_TRUE(output.write("a", "1", 1) && output.commit());
  EXPECT_EQ(names(), (Names{"d", "link"}));
  EXPECT_EQ(writeAndEnd(0),
            path +
                ": expected a folder that is not there yet, or is empty, got one that holds files");
}

TEST_F(FolderOutputTest, LeavesNothingWithoutCommit) {
  {
    FolderOutput output;
    ASSERT_TRUE(output.open(path) && output.write("b/c/d", "22", 2));
    EXPECT_EQ(names().size(), 1u);
  }
  EXPECT_EQ(names(), Names{});
}

TEST_F(FolderOutputTest, LeavesNothingWhereAFileCannotBeWritten) {
  FolderOutput output;
  ASSERT_TRUE(output.open(path) && output.write("a", "1", 1));
  EXPECT_FALSE(output.write("a/b", "1", 1));
  EXPECT_EQ(output.error(), path + "/a/b: cannot be written: Not a directory");
  EXPECT_EQ(names(), Names{});
}

TEST_F(FolderOutputTest, ASignalLeavesNothing) {
  int status = endOf(SIGTERM);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_EQ(names(), Names{});
}

TEST_F(FolderOutputTest, WhatAKilledProcessLeftIsRemoved) {
  ASSERT_TRUE(WIFSIGNALED(endOf(SIGKILL)));
  EXPECT_EQ(names().size(), 1u);
  ASSERT_EQ(writeAndEnd(0), "");
  EXPECT_EQ(names(), Names{"d"});
}

} // namespace
} // namespace hadal::test
