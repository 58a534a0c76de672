// SPDX-License-Identifier: Apache-2.0
// Tests that many problems become few lines, and that none is lost from the count.
#include "problems/ProblemList.h"

#include <gtest/gtest.h>

using namespace hadal;

namespace {

std::vector<std::string> linesOf(const ProblemList &list) {
  std::vector<std::string> lines;
  for (const Problem &problem : list.lines())
    lines.push_back(problem.str());
  return lines;
}

using Lines = std::vector<std::string>;

TEST(ProblemList, TellsFewOneByOne) {
  ProblemList list;
  list.add({"a/model.safetensors", "layers.0.w1", "got none"});
  list.add({"a/model.safetensors", "layers.1.w1", "got none"});
  list.add({"a/config.json", "", "expected JSON"});
  EXPECT_EQ(linesOf(list),
            (Lines{"a/model.safetensors: layers.0.w1: got none",
                   "a/model.safetensors: layers.1.w1: got none", "a/config.json: expected JSON"}));
}

TEST(ProblemList, TellsManyByTheirPattern) {
  ProblemList list({false, "weights", "ask for them"});
  for (int i = 0; i < 14848; ++i)
    list.add({i % 2 ? "a7/m-1-of-2" : "a7/m-2-of-2",
              "layers." + std::to_string(i / 256) + ".experts." + std::to_string(i % 256) + ".w1",
              "expected [4], got [" + std::to_string(i) + "]"});
  EXPECT_EQ(linesOf(list), (Lines{"a7/m-*-of-*: layers.*.experts.*.w1: 14,848 weights, the first "
                                  "layers.0.experts.0.w1 in m-2-of-2: expected [4], got [0]",
                                  "14,847 more like these; ask for them"}));
  EXPECT_EQ(list.count(), 14848u);
}

TEST(ProblemList, KeepsNumbersThatArePartOfAName) {
  ProblemList list;
  for (const char *name : {"w1", "w2", "w3", "w4"})
    list.add({"f", name, "got none"});
  EXPECT_EQ(list.lines().size(), 4u);
}

TEST(ProblemList, TakesChecksumsForNumbers) {
  ProblemList list({false, "parameters", ""});
  for (const char *sum :
       {"00c0ffee12345678", "deadbeef00000001", "0123456789abcdef", "feedfacecafebeef"})
    list.add({"f", "p." + std::to_string(list.count()), std::string("got ") + sum});
  EXPECT_EQ(linesOf(list), (Lines{"f: p.*: 4 parameters, the first p.0: got 00c0ffee12345678",
                                  "3 more like these"}));
}

TEST(ProblemList, IsBoundedWhateverThereIs) {
  std::string letters = "abcdefghij";
  ProblemList different, all({true, "tensors", ""});
  for (size_t i = 0; i < 1000; ++i) {
    std::string name = {letters[i / 100], letters[i / 10 % 10], letters[i % 10]};
    for (size_t copy = 0; copy <= (name == "cab"); ++copy) {
      different.add({"f", name + "." + std::to_string(copy), "got none"});
      all.add({"f", name + "." + std::to_string(copy), "got none"});
    }
  }
  // The largest group is among those that are told.
  Lines lines = linesOf(different);
  ASSERT_EQ(lines.size(), 41u);
  EXPECT_EQ(lines[39], "f: cab.*: 2 tensors, the first cab.0: got none");
  EXPECT_EQ(lines[40], "961 more like these");
  EXPECT_EQ(linesOf(all).size(), 1001u);
}

TEST(ProblemList, SeparatesThousands) {
  EXPECT_EQ(formatCount(0), "0");
  EXPECT_EQ(formatCount(999), "999");
  EXPECT_EQ(formatCount(1000), "1,000");
  EXPECT_EQ(formatCount(1234567), "1,234,567");
}

} // namespace
