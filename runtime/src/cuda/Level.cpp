// SPDX-License-Identifier: Apache-2.0
// Levels of kernels and which of them a compute capability runs.
#include "cuda/Level.h"

#include <algorithm>
#include <tuple>

namespace hadal::cuda {
namespace {

// Capabilities that compilers know as targets ("PTX ISA", directive .target); a device of another
// one adds its own.
constexpr Level kKnown[] = {{5, 0}, {5, 2},  {5, 3},  {6, 0},  {6, 1},  {6, 2}, {7, 0},
                            {7, 2}, {7, 5},  {8, 0},  {8, 6},  {8, 7},  {8, 8}, {8, 9},
                            {9, 0}, {10, 0}, {10, 3}, {11, 0}, {12, 0}, {12, 1}};
constexpr int kFirstWithFeatures = 9, kFirstWithFamilies = 10; // majors

bool same(const Level &a, const Level &b) { return a.major == b.major && a.minor == b.minor; }
bool before(const Level &a, const Level &b) {
  return std::tie(a.major, a.minor) < std::tie(b.major, b.minor);
}

} // namespace

std::string Level::name() const {
  std::string text = "sm_" + std::to_string(major) + std::to_string(minor);
  if (feature)
    text += feature;
  return text;
}

bool parseLevel(std::string_view text, Level &out) {
  if (text.substr(0, 3) != "sm_")
    return false;
  text.remove_prefix(3);
  Level level;
  if (!text.empty() && (text.back() == 'a' || text.back() == 'f')) {
    level.feature = text.back();
    text.remove_suffix(1);
  }
  if (text.size() < 2 || text.size() > 3 || text[0] == '0')
    return false;
  int number = 0;
  for (char digit : text) {
    if (digit < '0' || digit > '9')
      return false;
    number = 10 * number + (digit - '0');
  }
  level.major = number / 10;
  level.minor = number % 10;
  out = level;
  return true;
}

bool runsPtx(const Level &device, const Level &level) {
  if (level.feature == 'a')
    return same(device, level);
  if (level.feature == 'f' && device.major != level.major)
    return false;
  return !before(device, level);
}

bool runsMachineCode(const Level &device, const Level &level) {
  return device.major == level.major && runsPtx(device, level);
}

std::vector<std::string> levelsOf(const Level &device) {
  std::vector<Level> known(std::begin(kKnown), std::end(kKnown));
  if (std::none_of(known.begin(), known.end(),
                   [&](const Level &level) { return same(level, device); }))
    known.push_back(device);
  std::sort(known.begin(), known.end(),
            [](const Level &a, const Level &b) { return before(b, a); });
  std::vector<std::string> names;
  for (Level level : known)
    for (char feature : {'a', 'f', '\0'}) {
      level.feature = feature;
      bool exists =
          !feature || level.major >= (feature == 'a' ? kFirstWithFeatures : kFirstWithFamilies);
      if (exists && runsPtx(device, level))
        names.push_back(level.name());
    }
  return names;
}

} // namespace hadal::cuda
