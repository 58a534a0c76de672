// SPDX-License-Identifier: Apache-2.0
// atom and red: every operation, type and space, as a sequence of 32 lanes and as single values.
#include "Lanes.h"
#include "Program.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>

using namespace hadal::simtest;

namespace {

using Apply = std::function<uint64_t(uint64_t old, uint64_t b, uint64_t c)>;

struct Operation {
  std::string name; ///< With its type: "add.u32", "cas.b16".
  int bits;
  Values values;
  Apply apply;
};

float halfOf(uint64_t v) {
  uint64_t e = v >> 10 & 31;
  float sign = v & 0x8000 ? -1.f : 1.f;
  return e == 31 ? (v & 0x3ff ? NAN : sign * INFINITY) : float(valueOf(v, 5, 10));
}
uint64_t halfBits(long double x) { return x != x ? 0x7fff : roundSlowly(x, 5, 10, 'n'); }
float brainOf(uint64_t v) { return f32(v << 16); }
uint64_t brainBits(long double x) { return x != x ? 0x7fff : roundSlowly(x, 8, 7, 'n'); }
uint64_t flushed(uint64_t v) { return (v & 0x7f800000) == 0 ? v & 0x80000000 : v; }

std::vector<Operation> operations(bool global) {
  std::vector<Operation> all;
  for (int w : {32, 64}) {
    const Values &v = w == 32 ? integers32() : integers64();
    std::string n = std::to_string(w);
    uint64_t keep = w == 32 ? 0xffffffff : ~uint64_t(0);
    auto s = [w](uint64_t x) { return int64_t(x << (64 - w)) >> (64 - w); };
    all.push_back({"and.b" + n, w, v, [](auto o, auto b, auto) { return o & b; }});
    all.push_back({"or.b" + n, w, v, [](auto o, auto b, auto) { return o | b; }});
    all.push_back({"xor.b" + n, w, v, [](auto o, auto b, auto) { return o ^ b; }});
    all.push_back({"exch.b" + n, w, v, [](auto, auto b, auto) { return b; }});
    all.push_back({"cas.b" + n, w, v, [](auto o, auto b, auto c) { return o == b ? c : o; }});
    all.push_back({"add.u" + n, w, v, [=](auto o, auto b, auto) { return (o + b) & keep; }});
    all.push_back({"add.s" + n, w, v, [=](auto o, auto b, auto) { return (o + b) & keep; }});
    all.push_back({"min.u" + n, w, v, [](auto o, auto b, auto) { return std::min(o, b); }});
    all.push_back({"max.u" + n, w, v, [](auto o, auto b, auto) { return std::max(o, b); }});
    all.push_back({"min.s" + n, w, v, [=](auto o, auto b, auto) { return s(b) < s(o) ? b : o; }});
    all.push_back({"max.s" + n, w, v, [=](auto o, auto b, auto) { return s(b) > s(o) ? b : o; }});
  }
  all.push_back(
      {"cas.b16", 16, integers16(), [](auto o, auto b, auto c) { return o == b ? c : o; }});
  all.push_back(
      {"inc.u32", 32, integers32(), [](auto o, auto b, auto) { return o >= b ? 0 : o + 1; }});
  all.push_back({"dec.u32", 32, integers32(),
                 [](auto o, auto b, auto) { return o == 0 || o > b ? b : o - 1; }});
  // In global memory subnormals of f32 are zeros.
  all.push_back({"add.f32", 32, floats32(), [=](auto o, auto b, auto) {
                   if (!global)
                     return canonical(f32(o) + f32(b));
                   uint64_t sum = canonical(f32(flushed(o)) + f32(flushed(b)));
                   return flushed(sum);
                 }});
  Values doubles = floats64();
  all.push_back(
      {"add.f64", 64, doubles, [](auto o, auto b, auto) { return bits(f64(o) + f64(b)); }});
  all.push_back({"add.noftz.f16", 16, halves(), [](auto o, auto b, auto) {
                   return halfBits((long double)(halfOf(o)) + halfOf(b));
                 }});
  // A long double holds the exact sum of two bf16 that are not too far apart; the others round to the larger.
  auto brainSum = [](uint64_t o, uint64_t b) {
    return brainBits((long double)(brainOf(o)) + brainOf(b));
  };
  Values near = {0,      0x8000, 0x3f80, 0xbf80, 0x3f81, 0x3fc0, 0x4049,
                 0xc0a0, 0x4300, 0x7f7f, 0xff7f, 0x7f80, 0xff80, 0x7fc0};
  all.push_back({"add.noftz.bf16", 16, near, [=](auto o, auto b, auto) { return brainSum(o, b); }});
  Values pairs, brainPairs;
  for (size_t i = 0; i < halves().size(); ++i)
    pairs.push_back(halves()[i] | halves()[halves().size() - 1 - i] << 16);
  for (size_t i = 0; i < near.size(); ++i)
    brainPairs.push_back(near[i] | near[near.size() - 1 - i] << 16);
  all.push_back({"add.noftz.f16x2", 32, pairs, [](auto o, auto b, auto) {
                   auto half = [&](int at) {
                     return halfBits((long double)(halfOf(o >> at & 0xffff)) +
                                     halfOf(b >> at & 0xffff));
                   };
                   return half(0) | half(16) << 16;
                 }});
  all.push_back({"add.noftz.bf16x2", 32, brainPairs, [=](auto o, auto b, auto) {
                   return brainSum(o & 0xffff, b & 0xffff) | brainSum(o >> 16, b >> 16) << 16;
                 }});
  return all;
}

/// Bytes of values, `bits` wide.
Bytes packed(const Values &values, int bits) {
  Bytes bytes(values.size() * size_t(bits / 8));
  for (size_t i = 0; i < values.size(); ++i)
    memcpy(&bytes[i * size_t(bits / 8)], &values[i], size_t(bits / 8));
  return bytes;
}
uint64_t valueAt(const Bytes &bytes, size_t index, int bits) {
  uint64_t v = 0;
  memcpy(&v, &bytes[index * size_t(bits / 8)], size_t(bits / 8));
  return v;
}

/// All pairs of values, a place of its own for each; and the same by red.
void singles(const Operation &op, const std::string &space, const std::string &order) {
  std::string n = std::to_string(op.bits), size = std::to_string(op.bits / 8);
  bool cas = op.name.rfind("cas", 0) == 0, exch = op.name.rfind("exch", 0) == 0;
  Values old, b, c;
  for (uint64_t x : op.values)
    for (uint64_t y : op.values) {
      old.push_back(x), b.push_back(y), c.push_back(x ^ y ^ 5);
      if (op.bits < 64)
        c.back() &= (uint64_t(1) << op.bits) - 1;
    }
  size_t rows = old.size();
  for (bool returns : {true, false}) {
    if (!returns && (cas || exch))
      continue;
    Program program;
    program.block = 128;
    program.grid = uint32_t((rows + 127) / 128);
    size_t padded = program.grid * 128;
    old.resize(padded), b.resize(padded), c.resize(padded);
    std::string place = space.find("shared") != std::string::npos ? "%s" : "%at";
    program.head = ".shared .align 8 .b8 cells[1024];";
    program.body = ".reg .b" + n +
                   " %d, %b, %c, %o;\n.reg .b64 %at, %s, %x;\n.reg .b32 %i, %g;\n"
                   "mov.u32 %g, %ctaid.x;\nmad.lo.u32 %i, %g, 128, %t;\nmul.wide.u32 %x, %i, " +
                   size +
                   ";\n"
                   "add.s64 %at, %p1, %x;\nld.global.b" +
                   n +
                   " %o, [%at];\n"
                   "mul.wide.u32 %s, %t, " +
                   size +
                   ";\n{ .reg .b64 %z; mov.u64 %z, cells; add.s64 %s, %s, %z; }\nst.shared.b" + n +
                   " [%s], %o;\n"
                   "{ .reg .b64 %z; add.s64 %z, %p2, %x; ld.global.b" +
                   n + " %b, [%z]; add.s64 %z, %p3, %x; ld.global.b" + n + " %c, [%z]; }\n";
    program.body += (returns ? "atom" : "red") + order + space + "." + op.name +
                    (returns ? " %d, [" : " [") + place + "], %b" + (cas ? ", %c" : "") + ";\n";
    if (place == "%s")
      program.body += "ld.shared.b" + n + " %o, [%s];\nst.global.b" + n + " [%at], %o;\n";
    if (returns)
      program.body += "add.s64 %at, %p0, %x;\nst.global.b" + n + " [%at], %d;\n";
    program.buffers = {Bytes(padded * size_t(op.bits / 8)), packed(old, op.bits),
                       packed(b, op.bits), packed(c, op.bits)};
    ASSERT_TRUE(program.run()) << op.name << space << ": " << program.message << "\n"
                               << program.body;
    for (size_t i = 0; i < rows; ++i) {
      uint64_t want = op.apply(old[i], b[i], c[i]);
      ASSERT_EQ(valueAt(program.buffers[1], i, op.bits), want)
          << op.name << space << " of " << std::hex << old[i] << " and " << b[i];
      if (returns)
        ASSERT_EQ(valueAt(program.buffers[0], i, op.bits), old[i])
            << op.name << space << " returned";
    }
  }
}

TEST(Atomic, GlobalMemory) {
  for (const Operation &op : operations(true))
    for (const char *order : {"", ".relaxed.gpu", ".acq_rel.sys"})
      singles(op, ".global", order);
}
TEST(Atomic, GenericAddresses) {
  for (const Operation &op : operations(true))
    singles(op, "", ".acquire.cta");
}
TEST(Atomic, SharedMemory) {
  for (const Operation &op : operations(false))
    for (const char *space : {".shared", ".shared::cta"})
      singles(op, space, ".release.gpu");
}

// All lanes at one place: the results are those of some order of the lanes.
TEST(Atomic, ContendedByAWarp) {
  for (bool shared : {false, true})
    for (const Operation &op : operations(!shared)) {
      if (op.name.find("add") != 0 || op.name.find("f16") != std::string::npos)
        continue;
      std::string n = std::to_string(op.bits);
      bool isFloat = op.name.find(".f") != std::string::npos;
      uint64_t one = !isFloat ? 1 : op.bits == 32 ? bits(1.f) : bits(1.0);
      Program program;
      program.head = ".shared .align 8 .b8 cell[8];";
      program.body =
          ".reg .b" + n +
          " %d, %o;\n.reg .b64 %at, %x;\n.reg .pred %first;\nsetp.eq.u32 %first, %t, 0;\n"
          "@%first st.shared.b64 [cell], 0;\nbar.sync 0;\nmov.b" +
          n + " %o, " + std::to_string(one) + ";\n" + "atom" + (shared ? ".shared." : ".global.") +
          op.name + " %d, [" + (shared ? "cell" : "%p1") + "], %o;\nmul.wide.u32 %x, %t, " +
          std::to_string(op.bits / 8) + ";\nadd.s64 %at, %p0, %x;\nst.global.b" + n +
          " [%at], %d;\n";
      program.block = 64;
      program.buffers = {Bytes(size_t(64 * op.bits / 8)), Bytes(8)};
      for (program.seed = 0; program.seed < 3; ++program.seed) {
        program.buffers[1] = Bytes(8);
        ASSERT_TRUE(program.run()) << op.name << ": " << program.message;
        Values got;
        for (size_t i = 0; i < 64; ++i) {
          uint64_t v = valueAt(program.buffers[0], i, op.bits);
          got.push_back(!isFloat ? v : op.bits == 32 ? uint64_t(f32(v)) : uint64_t(f64(v)));
        }
        std::sort(got.begin(), got.end());
        for (size_t i = 0; i < 64; ++i)
          ASSERT_EQ(got[i], i) << op.name;
      }
    }
}

TEST(Atomic, OneHundredAndTwentyEightBits) {
  for (const char *space : {".global", "", ".shared"})
    for (const char *op : {"exch", "cas"}) {
      bool shared = std::string(space) == ".shared";
      Program program;
      program.head = ".shared .align 16 .b8 cells[512];";
      program.body =
          ".reg .b128 %d, %b, %c;\n.reg .b64 %at, %v<6>, %s;\nadd.s64 %at, %p1, %o16;\nld.global.v2.b64 {%v0, %v1}, [%at];\n"
          "mov.u64 %s, cells;\nadd.s64 %s, %s, %o16;\nst.shared.v2.b64 [%s], {%v0, %v1};\n"
          // Even lanes compare with what is there.
          "{ .reg .b64 %one; .reg .b32 %low; and.b32 %low, %t, 1; cvt.u64.u32 %one, %low; add.s64 %v2, %v1, %one; }\n"
          "mov.b128 %b, {%v0, %v2};\nmov.b128 %c, {%v1, %v0};\n";
      program.body += std::string("atom.relaxed.gpu") + space + "." + op + ".b128 %d, [" +
                      (shared ? "%s" : "%at") + "], %b" + (std::string(op) == "cas" ? ", %c" : "") +
                      ";\n";
      if (shared)
        program.body += "ld.shared.v2.b64 {%v4, %v5}, [%s];\nst.global.v2.b64 [%at], {%v4, %v5};\n";
      program.body +=
          "mov.b128 {%v4, %v5}, %d;\nadd.s64 %at, %p0, %o16;\nst.global.v2.b64 [%at], {%v4, %v5};\n";
      Values old;
      for (uint64_t i = 0; i < 64; ++i)
        old.push_back(i * 0x9e3779b97f4a7c15ull);
      program.buffers = {Bytes(512), packed(old, 64)};
      ASSERT_TRUE(program.run()) << op << space << ": " << program.message;
      for (uint64_t lane = 0; lane < 32; ++lane) {
        uint64_t lo = old[2 * lane], hi = old[2 * lane + 1], other = hi + lane % 2;
        EXPECT_EQ(valueAt(program.buffers[0], 2 * lane, 64), lo);
        EXPECT_EQ(valueAt(program.buffers[0], 2 * lane + 1, 64), hi);
        bool exch = op[0] == 'e', swaps = lane % 2 == 0;
        EXPECT_EQ(valueAt(program.buffers[1], 2 * lane, 64), exch    ? lo
                                                             : swaps ? hi
                                                                     : lo)
            << op << space;
        EXPECT_EQ(valueAt(program.buffers[1], 2 * lane + 1, 64), exch    ? other
                                                                 : swaps ? lo
                                                                         : hi)
            << op << space;
      }
    }
}

// Blocks on two host threads add to the same places.
TEST(Atomic, AcrossHostThreads) {
  for (const char *op :
       {"add.u32", "add.u64", "inc.u32", "max.s32", "or.b32", "xor.b64", "add.f64"}) {
    bool wide = std::string(op).find("64") != std::string::npos,
         isFloat = std::string(op) == "add.f64";
    std::string n = wide ? "64" : "32";
    Program program;
    program.grid = 64, program.block = 128, program.threads = 2;
    program.body =
        ".reg .b" + n +
        " %v;\n.reg .b32 %i, %g;\n.reg .b64 %at;\nmov.u32 %g, %ctaid.x;\nmad.lo.u32 %i, %g, 128, %t;\n";
    program.body += isFloat                        ? "mov.f64 %v, 1.0;\n"
                    : std::string(op) == "inc.u32" ? "mov.u32 %v, 999;\n"
                    : wide                         ? "cvt.u64.u32 %v, %i;\n"
                                                   : "mov.u32 %v, %i;\n";
    program.body += std::string("red.global.") + op + " [%p0], %v;\n";
    program.buffers = {Bytes(8)};
    ASSERT_TRUE(program.run()) << op << ": " << program.message;
    uint64_t total = 64 * 128, sum = total * (total - 1) / 2,
             got = valueAt(program.buffers[0], 0, wide ? 64 : 32);
    std::string name = op;
    uint64_t want = name == "add.u32"   ? uint32_t(sum)
                    : name == "add.u64" ? sum
                    : name == "inc.u32" ? total % 1000
                    : name == "max.s32" ? total - 1
                    : name == "or.b32"  ? total - 1
                    : name == "xor.b64" ? 0
                                        : bits(double(total));
    EXPECT_EQ(got, want) << op;
  }
}

TEST(Atomic, RefusesWhatIsNotAForm) {
  for (const char *form :
       {"atom.global.add.b32 %r, [%p0], %r;", "atom.global.inc.s32 %r, [%p0], %r;",
        "atom.global.and.u32 %r, [%p0], %r;", "red.global.cas.b32 [%p0], %r, %r;",
        "red.global.exch.b32 [%p0], %r;", "atom.local.add.u32 %r, [%p0], %r;",
        "atom.global.min.f32 %r, [%p0], %r;", "atom.global.add.u32 %r, [%p0];",
        "atom.global.cas.b32 %r, [%p0], %r;"}) {
    Program program;
    program.buffers = {Bytes(64)};
    program.body = std::string(".reg .b32 %r;\nmov.u32 %r, 0;\n") + form;
    EXPECT_FALSE(program.run()) << form;
    EXPECT_EQ(program.check, "") << form;
    EXPECT_NE(program.message.find("test.ptx:"), std::string::npos) << program.message;
  }
}

// Each element of a vector is read and written for itself.
TEST(Atomic, Vectors) {
  struct Form {
    const char *type, *op;
    int count, bits;
  };
  for (const Form &form : {Form{"f32", "add", 2, 32},
                           {"f32", "add", 4, 32},
                           {"f16", "add.noftz", 2, 16},
                           {"f16", "max.noftz", 8, 16},
                           {"bf16", "add.noftz", 4, 16},
                           {"bf16", "min.noftz", 8, 16},
                           {"f16x2", "add.noftz", 4, 32},
                           {"bf16x2", "max.noftz", 2, 32}})
    for (bool returns : {false, true})
      for (std::string space : {".global", ""}) {
        std::string type = form.type, element = type.substr(0, type.find('x')),
                    n = std::to_string(form.count);
        bool packed = type != element, isF32 = type == "f32", adds = form.op[0] == 'a',
             least = form.op[1] == 'i';
        int bytes = form.count * form.bits / 8;
        std::string reg = isF32 ? ".f32" : packed ? ".b32" : ".b16";
        Program program;
        program.body =
            ".reg " + reg +
            " %x<8>, %y<8>;\n.reg .b64 %a, %b, %c;\n.reg .b32 %i;\nmul.lo.u32 %i, %t, " +
            std::to_string(bytes) +
            ";\ncvt.u64.u32 %a, %i;\nadd.s64 %b, %p1, %a;\nadd.s64 %c, %p2, %a;\nand.b32 %i, %t, 3;\nmul.lo.u32 %i, %i, " +
            std::to_string(bytes) + ";\ncvt.u64.u32 %a, %i;\nadd.s64 %a, %p0, %a;\n";
        for (int e = 0; e < form.count; ++e)
          program.body += "ld.global" +
                          (isF32 ? std::string(".f32") : ".b" + std::to_string(form.bits)) + " %x" +
                          std::to_string(e) + ", [%b+" + std::to_string(e * form.bits / 8) + "];\n";
        std::string operands = "[%a], " + vectorOf("%x", form.count) + ";\n";
        program.body += (returns ? "atom" : "red") + space + "." + form.op + ".v" + n + "." + type +
                        " " + (returns ? vectorOf("%y", form.count) + ", " : "") + operands;
        for (int e = 0; returns && e < form.count; ++e)
          program.body +=
              "st.global" + (isF32 ? std::string(".f32") : ".b" + std::to_string(form.bits)) +
              " [%c+" + std::to_string(e * form.bits / 8) + "], %y" + std::to_string(e) + ";\n";
        size_t width = isF32 ? 4 : 2, values = size_t(bytes) / width;
        auto put = [&](Bytes &to, size_t at, int value) {
          uint64_t word = encoded(element, value);
          memcpy(&to[at * width], &word, width);
        };
        Bytes target(4 * size_t(bytes)), operand(32 * size_t(bytes)), before(32 * size_t(bytes)),
            expected(4 * size_t(bytes));
        std::vector<int> now(4 * values);
        for (size_t at = 0; at < now.size(); ++at)
          put(target, at, now[at] = int(at % 5) - 2);
        for (size_t lane = 0; lane < 32; ++lane)
          for (size_t e = 0; e < values; ++e) {
            int value = int((lane * 7 + e * 3) % 9) - 4, &old = now[lane % 4 * values + e];
            put(operand, lane * values + e, value);
            put(before, lane * values + e, old);
            old = adds ? old + value : least ? std::min(old, value) : std::max(old, value);
          }
        for (size_t at = 0; at < now.size(); ++at)
          put(expected, at, now[at]);
        program.buffers = {target, operand, Bytes(before.size())};
        std::string what = std::string(form.op) + ".v" + n + "." + type + space;
        ASSERT_TRUE(program.run()) << what << ": " << program.message;
        EXPECT_EQ(program.buffers[0], expected) << what;
        if (returns)
          EXPECT_EQ(program.buffers[2], before) << what;
      }
}

TEST(Atomic, VectorsThatAreNone) {
  auto refused = [](const std::string &body, const std::string &words) {
    Program program;
    program.body =
        ".reg .b64 %d<4>;\n.reg .f32 %f<8>;\n.reg .b32 %r<4>;\n.reg .b16 %h<8>;\n" + body;
    program.buffers = {Bytes(64)};
    EXPECT_FALSE(program.run()) << body;
    EXPECT_NE(program.message.find(words), std::string::npos) << program.message;
  };
  refused("red.global.max.v2.f32 [%p0], {%f0, %f1};", "not defined for type f32");
  refused("red.global.add.v2.u32 [%p0], {%r0, %r1};", "not defined for vectors of u32");
  refused("red.global.add.v8.f32 [%p0], {%f0, %f1, %f2, %f3, %f4, %f5, %f6, %f7};",
          "at most 16 bytes, got 32");
  refused("red.global.add.v4.f32 [%p0], {%f0, %f1};", "expected 4 elements, got 2");
  refused("red.shared.add.v2.f32 [%p0], {%f0, %f1};", "global memory");
  refused("mov.f32 %f0, 1.0; mov.f32 %f1, 1.0; red.global.add.v2.f32 [%p0+4], {%f0, %f1};",
          "misaligned atomic of 8 bytes");
}

} // namespace
