// SPDX-License-Identifier: Apache-2.0
// Packed bytes and halves: vadd2, vadd4 and their relatives, with signs, saturation and sums.
#include "Lanes.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Row = const uint64_t *;
const std::vector<std::string> k3 = {"b32", "b32", "b32", "b32"};
const Values kWords = {0,          1,          0x80,       0x7f,       0xff,
                       0x8000,     0x7fff,     0xffff,     0x01020304, 0x80808080,
                       0x7f7f7f7f, 0xffffffff, 0x80007fff, 0xdeadbeef, 0x12345678};

int64_t part(uint64_t word, int i, int width, bool isSigned) {
  uint64_t raw = word >> (i * width) & ((uint64_t(1) << width) - 1);
  return isSigned ? int64_t(raw << (64 - width)) >> (64 - width) : int64_t(raw);
}

TEST(Video, PackedArithmetic) {
  const struct {
    const char *name;
    int64_t (*apply)(int64_t, int64_t);
  } operations[] = {{"vadd", [](int64_t a, int64_t b) { return a + b; }},
                    {"vsub", [](int64_t a, int64_t b) { return a - b; }},
                    {"vabsdiff", [](int64_t a, int64_t b) { return a < b ? b - a : a - b; }},
                    {"vmin", [](int64_t a, int64_t b) { return a < b ? a : b; }},
                    {"vmax", [](int64_t a, int64_t b) { return a > b ? a : b; }},
                    // Rounded up; of unsigned parts only, where the sum is not negative.
                    {"vavrg", [](int64_t a, int64_t b) { return (a + b + 1) / 2; }}};
  for (const auto &op : operations)
    for (int parts : {2, 4})
      for (int signs = 0; signs < 8; ++signs)
        for (std::string how : {"", ".sat", ".add"}) {
          int width = 32 / parts;
          bool d = signs & 1, a = signs & 2, b = signs & 4;
          auto type = [](bool s) { return s ? ".s32" : ".u32"; };
          if (std::string(op.name) == "vavrg" && (a || b))
            continue;
          check(op.name + std::to_string(parts) + type(d) + type(a) + type(b) + how +
                    " %d, %a, %b, %c;",
                k3, {kWords, kWords, {0, 0x01010101}}, [&](Row v) {
                  uint64_t packed = 0, sum = v[2];
                  for (int i = 0; i < parts; ++i) {
                    int64_t r = op.apply(part(v[0], i, width, a), part(v[1], i, width, b));
                    int64_t least = d ? -(int64_t(1) << (width - 1)) : 0,
                            most = (int64_t(1) << (width - d)) - 1;
                    if (how == ".sat")
                      r = r < least ? least : r > most ? most : r;
                    sum += uint64_t(r);
                    packed |= (uint64_t(r) & ((uint64_t(1) << width) - 1)) << (i * width);
                  }
                  return how == ".add" ? sum & 0xffffffff : packed;
                });
        }
}

TEST(Video, PackedComparisons) {
  const struct {
    const char *name;
    bool (*apply)(int64_t, int64_t);
  } comparisons[] = {{"eq", [](int64_t a, int64_t b) { return a == b; }},
                     {"ne", [](int64_t a, int64_t b) { return a != b; }},
                     {"lt", [](int64_t a, int64_t b) { return a < b; }},
                     {"le", [](int64_t a, int64_t b) { return a <= b; }},
                     {"gt", [](int64_t a, int64_t b) { return a > b; }},
                     {"ge", [](int64_t a, int64_t b) { return a >= b; }}};
  for (const auto &op : comparisons)
    for (int parts : {2, 4})
      for (int signs = 0; signs < 4; ++signs)
        for (bool add : {false, true}) {
          int width = 32 / parts;
          bool a = signs & 1, b = signs & 2;
          auto type = [](bool s) { return s ? ".s32" : ".u32"; };
          std::string text = "vset" + std::to_string(parts) + type(a) + type(b) + "." + op.name +
                             (add ? ".add" : "") + " %d, %a, %b, %c;";
          check(text, k3, {kWords, kWords, {0, 0x01010101}}, [&](Row v) {
            uint64_t packed = 0, sum = v[2];
            for (int i = 0; i < parts; ++i) {
              bool r = op.apply(part(v[0], i, width, a), part(v[1], i, width, b));
              sum += r;
              packed |= uint64_t(r) << (i * width);
            }
            return add ? sum & 0xffffffff : packed;
          });
        }
}

} // namespace
