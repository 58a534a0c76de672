// SPDX-License-Identifier: Apache-2.0
// Logic, shifts, bit fields, permutation.
#include "Lanes.h"

#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Row = const uint64_t *;
const std::vector<std::string> k2 = {"b32", "b32", "b32"};
const std::vector<std::string> k3 = {"b32", "b32", "b32", "b32"};

TEST(Bits, Logic) {
  for (int w : {16, 32, 64}) {
    const Values &x = w == 16 ? integers16() : w == 32 ? integers32() : integers64();
    std::string t = "b" + std::to_string(w);
    uint64_t keep = w == 64 ? ~uint64_t(0) : (uint64_t(1) << w) - 1;
    check("and." + t + " %d, %a, %b;", {t, t, t}, {x, x}, [](Row v) { return v[0] & v[1]; });
    check("or." + t + " %d, %a, %b;", {t, t, t}, {x, x}, [](Row v) { return v[0] | v[1]; });
    check("xor." + t + " %d, %a, %b;", {t, t, t}, {x, x}, [](Row v) { return v[0] ^ v[1]; });
    check("not." + t + " %d, %a;", {t, t}, {x}, [=](Row v) { return ~v[0] & keep; });
    check("cnot." + t + " %d, %a;", {t, t}, {x}, [](Row v) { return uint64_t(v[0] == 0); });
  }
  std::vector<std::string> p = {"pred", "pred", "pred"};
  check("and.pred %d, %a, !%b;", p, {{0, 1}, {0, 1}}, [](Row v) { return v[0] & (v[1] ^ 1); });
  check("xor.pred %d, %a, %b;", p, {{0, 1}, {0, 1}}, [](Row v) { return v[0] ^ v[1]; });
  check("not.pred %d, %a;", {"pred", "pred"}, {{0, 1}}, [](Row v) { return v[0] ^ 1; });
}

TEST(Bits, ShiftsBeyondTheWidth) {
  for (int w : {16, 32, 64}) {
    const Values &x = w == 16 ? integers16() : w == 32 ? integers32() : integers64();
    std::string n = std::to_string(w), r = "b" + n;
    uint64_t keep = w == 64 ? ~uint64_t(0) : (uint64_t(1) << w) - 1;
    check("shl.b" + n + " %d, %a, %b;", {r, r, "b32"}, {x, amounts()},
          [=](Row v) { return v[1] >= uint64_t(w) ? 0 : v[0] << v[1] & keep; });
    check("shr.u" + n + " %d, %a, %b;", {r, r, "b32"}, {x, amounts()},
          [=](Row v) { return v[1] >= uint64_t(w) ? 0 : v[0] >> v[1]; });
    check("shr.s" + n + " %d, %a, %b;", {r, r, "b32"}, {x, amounts()}, [=](Row v) {
      int64_t s = int64_t(v[0] << (64 - w)) >> (64 - w);
      return uint64_t(s >> (v[1] >= uint64_t(w) ? w - 1 : int(v[1]))) & keep;
    });
  }
}

TEST(Bits, FunnelShifts) {
  for (bool wrap : {false, true}) {
    auto n = [=](uint64_t c) { return wrap ? c & 31 : c > 32 ? 32 : c; };
    std::string mode = wrap ? "wrap" : "clamp";
    check("shf.l." + mode + ".b32 %d, %a, %b, %c;", k3, {integers32(), integers32(), amounts()},
          [=](Row v) {
            uint64_t both = v[1] << 32 | v[0], s = n(v[2]);
            return s == 0 ? v[1] : both >> (32 - s) & 0xffffffff;
          });
    check("shf.r." + mode + ".b32 %d, %a, %b, %c;", k3, {integers32(), integers32(), amounts()},
          [=](Row v) { return (v[1] << 32 | v[0]) >> n(v[2]) & 0xffffffff; });
  }
}

TEST(Bits, Lop3AllTables) {
  for (int table = 0; table < 256; ++table)
    check("lop3.b32 %d, %a, %b, %c, " + std::to_string(table) + ";", k3,
          {{0, 0xffffffff, 0x0f0f1234}, {0, 0xffffffff, 0x3355aacc}, {0, 0xffffffff, 0xdeadbeef}},
          [=](Row v) {
            uint64_t r = 0;
            for (int i = 0; i < 32; ++i) {
              int index = int((v[0] >> i & 1) << 2 | (v[1] >> i & 1) << 1 | (v[2] >> i & 1));
              r |= uint64_t(table >> index & 1) << i;
            }
            return r;
          });
}

TEST(Bits, Permute) {
  auto byteOf = [](Row v, uint64_t n) {
    uint64_t byte = (n & 4 ? v[1] : v[0]) >> (8 * (n & 3)) & 0xff;
    return n & 8 ? (byte & 0x80 ? uint64_t(0xff) : 0) : byte;
  };
  Values selectors = {0x3210, 0x7654, 0x0000, 0x89ab, 0xcdef, 0xf0e1, 0x12345678, 0xffffffff};
  check("prmt.b32 %d, %a, %b, %c;", k3, {integers32(), integers32(), selectors}, [=](Row v) {
    uint64_t r = 0;
    for (int i = 0; i < 4; ++i)
      r |= byteOf(v, v[2] >> (4 * i) & 15) << (8 * i);
    return r;
  });
  // Byte i of each mode for a value n of the two low bits.
  struct Mode {
    const char *name;
    std::function<int(int n, int i)> pick;
  };
  Mode modes[] = {{"f4e", [](int n, int i) { return n + i; }},
                  {"b4e", [](int n, int i) { return (n - i) & 7; }},
                  {"rc8", [](int n, int) { return n; }},
                  {"ecl", [](int n, int i) { return i < n ? n : i; }},
                  {"ecr", [](int n, int i) { return i > n ? n : i; }},
                  {"rc16", [](int n, int i) { return (n & 1) * 2 + (i & 1); }}};
  for (const Mode &mode : modes)
    check(std::string("prmt.b32.") + mode.name + " %d, %a, %b, %c;", k3,
          {{0x33221100}, {0x77665544}, {0, 1, 2, 3, 0xfffffffc}}, [&](Row v) {
            uint64_t r = 0;
            for (int i = 0; i < 4; ++i)
              r |= byteOf(v, uint64_t(mode.pick(int(v[2] & 3), i))) << (8 * i);
            return r;
          });
}

TEST(Bits, Fields) {
  for (int w : {32, 64}) {
    const Values &x = w == 32 ? integers32() : integers64();
    std::string n = std::to_string(w), r = "b" + n;
    uint64_t keep = w == 64 ? ~uint64_t(0) : 0xffffffff;
    for (bool s : {false, true})
      check("bfe." + std::string(s ? "s" : "u") + n + " %d, %a, %b, %c;", {r, r, "b32", "b32"},
            {x, amounts(), amounts()}, [=](Row v) {
              // Bit by bit, as PTX states it.
              int pos = int(v[1] & 255), len = int(v[2] & 255);
              auto bit = [&](int i) { return v[0] >> i & 1; };
              uint64_t sign = 0;
              if (s && len)
                sign = bit(std::min(pos + len - 1, w - 1));
              uint64_t d = 0;
              for (int i = 0; i < w; ++i)
                d |= (i < len && pos + i < w ? bit(pos + i) : sign) << i;
              return d & keep;
            });
    check("bfi.b" + n + " %d, %a, %b, %c, %e;", {r, r, r, "b32", "b32"},
          {{0, 5, keep, 0x12345678}, {0, keep, 0xdeadbeef}, amounts(), amounts()}, [=](Row v) {
            int pos = int(v[2] & 255), len = int(v[3] & 255);
            uint64_t d = v[1];
            for (int i = 0; i < len && pos + i < w; ++i)
              d = (d & ~(uint64_t(1) << (pos + i))) | (i < 64 ? v[0] >> i & 1 : 0) << (pos + i);
            return d & keep;
          });
    for (bool s : {false, true})
      for (bool shift : {false, true})
        check("bfind." + std::string(shift ? "shiftamt." : "") + (s ? "s" : "u") + n + " %d, %a;",
              {"b32", r}, {x}, [=](Row v) {
                bool negative = s && (v[0] >> (w - 1) & 1);
                for (int i = w - 1; i >= 0; --i)
                  if ((v[0] >> i & 1) != uint64_t(negative))
                    return uint64_t(shift ? w - 1 - i : i);
                return uint64_t(0xffffffff);
              });
    check("popc.b" + n + " %d, %a;", {"b32", r}, {x},
          [](Row v) { return uint64_t(__builtin_popcountll(v[0])); });
    check("clz.b" + n + " %d, %a;", {"b32", r}, {x}, [=](Row v) {
      uint64_t count = 0;
      for (int i = w - 1; i >= 0 && !(v[0] >> i & 1); --i)
        ++count;
      return count;
    });
    check("brev.b" + n + " %d, %a;", {r, r}, {x}, [=](Row v) {
      uint64_t d = 0;
      for (int i = 0; i < w; ++i)
        d |= (v[0] >> i & 1) << (w - 1 - i);
      return d;
    });
  }
}

TEST(Bits, FindNthSet) {
  check("fns.b32 %d, %a, %b, %c;", k3,
        {integers32(), {0, 1, 15, 31}, {0, 1, 2, 5, 33, uint32_t(-1), uint32_t(-2), uint32_t(-33)}},
        [](Row v) {
          int base = int(v[1]), offset = int32_t(v[2]);
          if (offset == 0)
            return v[0] >> base & 1 ? uint64_t(base) : 0xffffffff;
          int count = 0, step = offset < 0 ? -1 : 1;
          for (int i = base; i >= 0 && i < 32; i += step)
            if ((v[0] >> i & 1) && ++count == std::abs(offset))
              return uint64_t(i);
          return uint64_t(0xffffffff);
        });
}

TEST(Bits, MasksAndExtensions) {
  check("bmsk.clamp.b32 %d, %a, %b;", k2, {amounts(), amounts()}, [](Row v) {
    uint64_t d = 0;
    for (uint64_t i = 0; i < 32; ++i)
      d |= uint64_t(i >= v[0] && i - v[0] < v[1]) << i;
    return d;
  });
  check("szext.clamp.s32 %d, %a, %b;", k2, {integers32(), amounts()}, [](Row v) {
    if (v[1] == 0)
      return uint64_t(0);
    if (v[1] > 31)
      return v[0];
    int64_t x = int64_t(v[0] << (64 - v[1])) >> (64 - v[1]);
    return uint64_t(uint32_t(x));
  });
}

} // namespace
