// SPDX-License-Identifier: Apache-2.0
// Names of weights files: one artifact's are no other's, however it is called.
#include "files/WeightsName.h"

#include <gtest/gtest.h>

#include <climits>
#include <set>

namespace hadal::files {
namespace {

const std::string kId = "0123456789abcdef";

TEST(WeightsNameTest, NamesTheArtifactAndItsBuild) {
  EXPECT_EQ(weightsName("m.hadal", kId), "m.hadal.weights.0123456789abcdef.safetensors");
  EXPECT_EQ(weightsName("m", kId), "m.weights.0123456789abcdef.safetensors");
  EXPECT_EQ(buildIdOf("m.hadal.weights.0123456789abcdef.safetensors", "m.hadal"), kId);
}

// Names of every kind and, for each, names that look like what is made of it.
std::set<std::string> namesOfAllKinds() {
  std::set<std::string> names = {
      "a",    "a.hadal", "a.b", "a.b.hadal", ".a",      "a.",        "a b",
      "a\nb", "a*[x]",   "-o",  "\xff",      "ä.hadal", "a.weights", "a.hadal.weights." + kId};
  for (size_t length : {100, 200, 201, 202, 217, 218, 219, 220, 254, 255})
    for (const char *unit : {"x", "ä", "\xe2\x82\xac"}) {
      std::string name;
      while (name.size() + std::string(unit).size() <= length)
        name += unit;
      name.resize(length, '.');
      names.insert(name);
    }
  std::set<std::string> all = names;
  for (const std::string &name : names) {
    std::string made = weightsName(name, kId);
    all.insert(made);
    for (const char *part : {".weights.", ".weights-", ".safetensors"})
      if (size_t at = made.find(part); at != std::string::npos && at > 0)
        all.insert(made.substr(0, at));
  }
  return all;
}

TEST(WeightsNameTest, NeverCollide) {
  std::set<std::string> all = namesOfAllKinds(), made;
  for (const std::string &name : all) {
    std::string weights = weightsName(name, kId);
    EXPECT_TRUE(made.insert(weights).second) << name;
    EXPECT_LE(weights.size(), size_t(NAME_MAX)) << name;
    EXPECT_TRUE(isWeightsName(weights)) << name;
    for (const std::string &other : all)
      EXPECT_EQ(buildIdOf(weights, other), other == name ? kId : "") << name << " and " << other;
  }
}

TEST(WeightsNameTest, KeepWholeCharacters) {
  std::string name;
  while (name.size() < 253)
    name += "ä";
  std::string weights = weightsName(name, kId);
  size_t end = weights.find('.');
  EXPECT_EQ(end % 2, 0u);
  EXPECT_GT(end, 150u);
}

TEST(WeightsNameTest, KnowsItsOwn) {
  for (const char *name :
       {"model.safetensors", "m.hadal", "m.weights.safetensors",
        ".weights.0123456789abcdef.safetensors", "m.weights.0123456789abcde.safetensors",
        "m.weights.0123456789ABCDEF.safetensors", "m.weights_0123456789abcdef.safetensors",
        "m.weights.0123456789abcdef.safetensors.tmp"})
    EXPECT_FALSE(isWeightsName(name)) << name;
  EXPECT_EQ(buildIdOf("m.weights.0123456789abcde.safetensors", "m"), "");
  EXPECT_EQ(buildIdOf("m.weights.", "m"), "");
  EXPECT_EQ(buildIdOf("", "m"), "");
}

} // namespace
} // namespace hadal::files
