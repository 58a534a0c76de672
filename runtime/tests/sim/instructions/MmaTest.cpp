// SPDX-License-Identifier: Apache-2.0
// mma.sync of every shape and type against a plain product, with the fragments that PTX documents.
#include "Lanes.h"
#include "Program.h"

#include <gtest/gtest.h>
#include <random>

using namespace hadal::simtest;

namespace {

struct Place {
  int row, column;
};
/// Place of element i of a lane: g is its group (lane / 4), t its number in the group.
using Layout = Place (*)(int g, int t, int i);

struct Shape {
  const char *name;
  int m, k, bits;
  Layout a, b; // b: row is the depth
};

// As the tables of the PTX manual state them, one row a section.
const Shape kShapes[] = {
    {"m16n8k8", 16, 8, 16,
     [](int g, int t, int i) { return Place{i < 2 ? g : g + 8, t * 2 + (i & 1)}; },
     [](int g, int t, int i) { return Place{t * 2 + i, g}; }},
    {"m16n8k16", 16, 16, 16,
     [](int g, int t, int i) {
       return Place{i < 2 || (4 <= i && i < 6) ? g : g + 8, t * 2 + (i & 1) + (i >= 4 ? 8 : 0)};
     },
     [](int g, int t, int i) { return Place{t * 2 + (i & 1) + (i >= 2 ? 8 : 0), g}; }},
    {"m16n8k4", 16, 4, 32, [](int g, int t, int i) { return Place{i == 0 ? g : g + 8, t}; },
     [](int g, int t, int) { return Place{t, g}; }},
    {"m16n8k8", 16, 8, 32,
     [](int g, int t, int i) { return Place{i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4}; },
     [](int g, int t, int i) { return Place{i == 0 ? t : t + 4, g}; }},
    {"m8n8k16", 8, 16, 8, [](int g, int t, int i) { return Place{g, t * 4 + i}; },
     [](int g, int t, int i) { return Place{t * 4 + i, g}; }},
    {"m16n8k16", 16, 16, 8,
     [](int g, int t, int i) { return Place{i < 4 ? g : g + 8, t * 4 + (i & 3)}; },
     [](int g, int t, int i) { return Place{t * 4 + i, g}; }},
    {"m16n8k32", 16, 32, 8,
     [](int g, int t, int i) {
       return Place{i < 4 || (8 <= i && i < 12) ? g : g + 8, t * 4 + (i & 3) + (i >= 8 ? 16 : 0)};
     },
     [](int g, int t, int i) { return Place{t * 4 + (i & 3) + (i >= 4 ? 16 : 0), g}; }},
    {"m8n8k32", 8, 32, 4, [](int g, int t, int i) { return Place{g, t * 8 + i}; },
     [](int g, int t, int i) { return Place{t * 8 + i, g}; }},
    {"m16n8k32", 16, 32, 4,
     [](int g, int t, int i) { return Place{i < 8 ? g : g + 8, t * 8 + (i & 7)}; },
     [](int g, int t, int i) { return Place{t * 8 + i, g}; }},
    {"m16n8k64", 16, 64, 4,
     [](int g, int t, int i) {
       return Place{i < 8 || (16 <= i && i < 24) ? g : g + 8, t * 8 + (i & 7) + (i >= 16 ? 32 : 0)};
     },
     [](int g, int t, int i) { return Place{t * 8 + (i & 7) + (i >= 8 ? 32 : 0), g}; }},
    {"m8n8k128", 8, 128, 1, [](int g, int t, int i) { return Place{g, t * 32 + i}; },
     [](int g, int t, int i) { return Place{t * 32 + i, g}; }},
    {"m16n8k128", 16, 128, 1,
     [](int g, int t, int i) { return Place{i < 32 ? g : g + 8, t * 32 + (i & 31)}; },
     [](int g, int t, int i) { return Place{t * 32 + i, g}; }},
    {"m16n8k256", 16, 256, 1,
     [](int g, int t, int i) {
       return Place{i < 32 || (64 <= i && i < 96) ? g : g + 8,
                    t * 32 + (i & 31) + (i >= 64 ? 128 : 0)};
     },
     [](int g, int t, int i) { return Place{t * 32 + (i & 31) + (i >= 32 ? 128 : 0), g}; }},
    {"m8n8k4", 8, 4, 64, [](int g, int t, int) { return Place{g, t}; },
     [](int g, int t, int) { return Place{t, g}; }},
    {"m16n8k4", 16, 4, 64, [](int g, int t, int i) { return Place{i == 0 ? g : g + 8, t}; },
     [](int g, int t, int) { return Place{t, g}; }},
    {"m16n8k8", 16, 8, 64,
     [](int g, int t, int i) { return Place{i == 0 || i == 2 ? g : g + 8, i < 2 ? t : t + 4}; },
     [](int g, int t, int i) { return Place{i == 0 ? t : t + 4, g}; }},
    {"m16n8k16", 16, 16, 64,
     [](int g, int t, int i) {
       return Place{i % 2 == 0 ? g : g + 8, i % 2 == 0 ? i * 2 + t : i * 2 - 2 + t};
     },
     [](int g, int t, int i) { return Place{t + 4 * i, g}; }},
};

Place accumulator(int g, int t, int i) { return {i < 2 ? g : g + 8, t * 2 + (i & 1)}; }

/// Registers of all lanes, register by register, in words of 32 or 64 bits.
Bytes pack(Layout layout, const std::string &type, int elements, const std::vector<int> &matrix,
           int columns) {
  int width = bitsOf(type), word = width == 64 ? 8 : 4, per = word * 8 / width;
  Bytes bytes(size_t(elements / per * 32 * word));
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < elements; ++i) {
      Place p = layout(lane / 4, lane % 4, i);
      uint64_t v = encoded(type, matrix[size_t(p.row * columns + p.column)]);
      if (width < 64)
        v &= (uint64_t(1) << width) - 1;
      uint8_t *at = &bytes[size_t((i / per * 32 + lane) * word)];
      uint64_t old = 0;
      memcpy(&old, at, size_t(word));
      old |= v << (i % per * width);
      memcpy(at, &old, size_t(word));
    }
  return bytes;
}

/// Loads fragments from p1, p2, p3, multiplies, stores the result to p0.
std::string bodyFor(const std::string &instruction, int d, int a, int b, int c, bool wideAB,
                    bool wideCD) {
  std::string text;
  auto declare = [&](const char *name, int count, bool wide) {
    text += std::string(".reg .b") + (wide ? "64 " : "32 ") + name + "<" + std::to_string(count) +
            ">;\n";
  };
  declare("%d", d, wideCD), declare("%a", a, wideAB), declare("%b", b, wideAB),
      declare("%c", c, wideCD);
  text += ".reg .b64 %q<4>;\n";
  auto each = [&](const char *name, int buffer, int count, bool wide, bool stores) {
    std::string q = "%q" + std::to_string(buffer);
    text += "add.s64 " + q + ", %p" + std::to_string(buffer) + (wide ? ", %o8;\n" : ", %o4;\n");
    for (int i = 0; i < count; ++i) {
      std::string reg = name + std::to_string(i),
                  at = "[" + q + "+" + std::to_string(i * 32 * (wide ? 8 : 4)) + "]";
      text += std::string(stores ? "st" : "ld") + ".global.b" + (wide ? "64 " : "32 ") +
              (stores ? at + ", " + reg : reg + ", " + at) + ";\n";
    }
  };
  each("%a", 1, a, wideAB, false), each("%b", 2, b, wideAB, false), each("%c", 3, c, wideCD, false);
  text += instruction + " " + vectorOf("%d", d) + ", " + vectorOf("%a", a) + ", " +
          vectorOf("%b", b) + ", " + vectorOf("%c", c) + ";\n";
  each("%d", 0, d, wideCD, true);
  return text;
}

/// One product of whole numbers small enough for every type to be exact.
void multiply(const Shape &shape, const std::string &a, const std::string &b, const std::string &c,
              const std::string &d, const std::string &extra, unsigned seed) {
  const int n = 8, m = shape.m, k = shape.k;
  bool single = a == "b1", andPopc = extra.find("and") != std::string::npos,
       clamps = extra.find("satfinite") != std::string::npos;
  std::mt19937 random(seed);
  auto fill = [&](int count, const std::string &type) {
    std::vector<int> values(static_cast<size_t>(count));
    for (int &v : values)
      v = type == "b1"   ? int(random() & 1)
          : type == "u4" ? int(random() % 16)
          : type == "u8" ? int(random() % 256)
          : type == "s4" ? int(random() % 16) - 8
          : type == "s8" ? int(random() % 256) - 128
                         : int(random() % 9) - 4;
    return values;
  };
  std::vector<int> A = fill(m * k, a), B = fill(k * n, b), C = fill(m * n, "");
  if (c == "s32")
    for (size_t i = 0; i < C.size(); i += 2) // overflow, both ways
      C[i] = i % 4 ? 0x7ffffff0 : -0x7ffffff0;
  int aElements = m * k / 32, bElements = k * n / 32, cElements = m * n / 32;
  auto registers = [](int elements, const std::string &type) {
    return bitsOf(type) == 64 ? elements : elements * bitsOf(type) / 32;
  };
  int ar = registers(aElements, a), br = registers(bElements, b), cr = registers(cElements, c),
      dr = registers(cElements, d);
  Program program;
  std::string instruction = std::string("mma.sync.aligned.") + shape.name + ".row.col" +
                            (single ? "" : extra) + "." + d + "." + a + "." + b + "." + c;
  if (single) // the operation stands behind the types
    instruction += extra;
  program.body = bodyFor(instruction, dr, ar, br, cr, a == "f64", d == "f64");
  program.buffers = {Bytes(size_t(dr * 32 * (d == "f64" ? 8 : 4))),
                     pack(shape.a, a, aElements, A, k), pack(shape.b, b, bElements, B, n),
                     pack(accumulator, c, cElements, C, n)};
  ASSERT_TRUE(program.run()) << instruction << ": " << program.message;
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < cElements; ++i) {
      Place p = accumulator(lane / 4, lane % 4, i);
      int64_t sum = C[size_t(p.row * n + p.column)];
      for (int x = 0; x < k; ++x) {
        int l = A[size_t(p.row * k + x)], r = B[size_t(x * n + p.column)];
        sum += !single ? l * r : andPopc ? (l & r) : (l ^ r);
      }
      if (d == "s32") {
        if (clamps)
          sum = std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN), INT32_MAX);
        sum = int32_t(sum);
      }
      int width = bitsOf(d), per = width == 16 ? 2 : 1, word = width == 64 ? 8 : 4;
      uint64_t got = 0;
      memcpy(&got, &program.buffers[0][size_t((i / per * 32 + lane) * word)], size_t(word));
      if (width == 16)
        got = got >> (i % 2 * 16) & 0xffff;
      uint64_t want = d == "s32" ? uint64_t(uint32_t(sum)) : encoded(d, int(sum));
      ASSERT_EQ(got, want) << instruction << " row " << p.row << " column " << p.column;
    }
}

const Shape &shapeOf(const std::string &name, int bits) {
  for (const Shape &shape : kShapes)
    if (shape.name == name && shape.bits == bits)
      return shape;
  ADD_FAILURE() << name << " of " << bits << " bits";
  return kShapes[0];
}

/// Zeros of both signs, subnormals, infinities and numbers: each sum is a chain of
/// fused multiply-adds in ascending depth.
void multiplyEdges(const std::string &type, const Shape &shape, unsigned seed) {
  const int n = 8, m = 16, k = shape.k;
  bool brain = type == "bf16";
  const uint16_t edges[] = {0,
                            0x8000,
                            1,
                            0x8001,
                            uint16_t(brain ? 0x7f80 : 0x7c00),
                            uint16_t(brain ? 0xbf80 : 0xbc00),
                            uint16_t(brain ? 0x3eaa : 0x3555),
                            0x0012};
  std::mt19937 random(seed);
  // Rows and columns below 4 hold zeros alone, the others anything.
  std::vector<uint16_t> A(size_t(m * k)), B(size_t(k * n));
  for (int i = 0; i < m * k; ++i)
    A[size_t(i)] = edges[random() % (i / k < 4 ? 2 : 8)];
  for (int i = 0; i < k * n; ++i)
    B[size_t(i)] = edges[random() % (i % n < 4 ? 2 : 8)];
  std::vector<float> C(size_t(m * n));
  for (float &c : C)
    c = random() % 2 ? -0.0f : random() % 2 ? 0.0f : -1.5f;
  auto value = [&](uint16_t raw) {
    if (brain)
      return bitsAs<float>(uint32_t(raw) << 16);
    int exponent = raw >> 10 & 31, fraction = raw & 1023;
    double magnitude = exponent == 31 ? double(INFINITY)
                       : exponent     ? std::ldexp(1024 + fraction, exponent - 25)
                                      : std::ldexp(fraction, -24);
    return float(raw >> 15 ? -magnitude : magnitude);
  };
  auto words = [&](Layout layout, int elements, const std::vector<uint16_t> &matrix, int columns) {
    std::vector<uint32_t> result(size_t(elements * 16));
    for (int lane = 0; lane < 32; ++lane)
      for (int i = 0; i < elements; ++i) {
        Place p = layout(lane / 4, lane % 4, i);
        result[size_t(i / 2 * 32 + lane)] |= uint32_t(matrix[size_t(p.row * columns + p.column)])
                                             << (i % 2 * 16);
      }
    return bytesOf(result);
  };
  std::vector<float> c(128);
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) {
      Place p = accumulator(lane / 4, lane % 4, i);
      c[size_t(i * 32 + lane)] = C[size_t(p.row * n + p.column)];
    }
  Program program;
  std::string instruction =
      std::string("mma.sync.aligned.") + shape.name + ".row.col.f32." + type + "." + type + ".f32";
  program.body = bodyFor(instruction, 4, k / 4, k / 8, 4, false, false);
  program.buffers = {Bytes(512), words(shape.a, k / 2, A, k), words(shape.b, k / 4, B, n),
                     bytesOf(c)};
  ASSERT_TRUE(program.run()) << program.message;
  std::vector<uint32_t> got = valuesOf<uint32_t>(program.buffers[0]);
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) {
      Place p = accumulator(lane / 4, lane % 4, i);
      float sum = C[size_t(p.row * n + p.column)];
      for (int x = 0; x < k; ++x)
        sum = std::fma(value(A[size_t(p.row * k + x)]), value(B[size_t(x * n + p.column)]), sum);
      uint32_t want = uint32_t(canonical(sum));
      ASSERT_EQ(got[size_t(i * 32 + lane)], want)
          << instruction << " row " << p.row << " column " << p.column;
    }
}

TEST(Mma, EdgesOfHalves) {
  for (const char *type : {"f16", "bf16"})
    for (unsigned seed = 0; seed < 8; ++seed) {
      multiplyEdges(type, shapeOf("m16n8k8", 16), seed);
      multiplyEdges(type, shapeOf("m16n8k16", 16), seed);
    }
}

TEST(Mma, Halves) {
  for (const char *shape : {"m16n8k8", "m16n8k16"}) {
    for (const char *c : {"f16", "f32"})
      multiply(shapeOf(shape, 16), "f16", "f16", c, c, "", 1);
    multiply(shapeOf(shape, 16), "bf16", "bf16", "f32", "f32", "", 2);
  }
}

TEST(Mma, Tf32) {
  for (const char *shape : {"m16n8k4", "m16n8k8"})
    multiply(shapeOf(shape, 32), "tf32", "tf32", "f32", "f32", "", 3);
}

TEST(Mma, EightBitFloats) {
  for (const char *shape : {"m16n8k16", "m16n8k32"})
    for (const char *a : {"e4m3", "e5m2"})
      for (const char *b : {"e4m3", "e5m2"})
        for (const char *c : {"f32", "f16"})
          multiply(shapeOf(shape, 8), a, b, c, c, "", 4);
}

TEST(Mma, Integers) {
  for (const char *extra : {"", ".satfinite"}) {
    for (const char *shape : {"m8n8k16", "m16n8k16", "m16n8k32"})
      for (const char *a : {"s8", "u8"})
        for (const char *b : {"s8", "u8"})
          multiply(shapeOf(shape, 8), a, b, "s32", "s32", extra, 5);
    for (const char *shape : {"m8n8k32", "m16n8k32", "m16n8k64"})
      for (const char *a : {"s4", "u4"})
        for (const char *b : {"s4", "u4"})
          multiply(shapeOf(shape, 4), a, b, "s32", "s32", extra, 6);
  }
}

TEST(Mma, SingleBits) {
  for (const char *shape : {"m8n8k128", "m16n8k128", "m16n8k256"})
    for (const char *how : {".xor.popc", ".and.popc"})
      multiply(shapeOf(shape, 1), "b1", "b1", "s32", "s32", how, 7);
}

TEST(Mma, Doubles) {
  for (const char *shape : {"m8n8k4", "m16n8k4", "m16n8k8", "m16n8k16"})
    multiply(shapeOf(shape, 64), "f64", "f64", "f64", "f64", "", 8);
}

TEST(Mma, QuadPairs) {
  for (std::string la : {"row", "col"})
    for (std::string lb : {"row", "col"})
      for (std::string c : {"f16", "f32"})
        for (std::string d : {"f16", "f32"}) {
          if (c == "f32" && d == "f16")
            continue; // not a form of PTX
          std::mt19937 random(9);
          int A[4][8][4], B[4][4][8], C[4][8][8];
          for (int p = 0; p < 4; ++p)
            for (int i = 0; i < 8; ++i)
              for (int j = 0; j < 8; ++j) {
                C[p][i][j] = int(random() % 9) - 4;
                A[p][i][j % 4] = int(random() % 9) - 4;
                B[p][i % 4][j] = int(random() % 9) - 4;
              }
          auto at = [&](const std::string &type, int lane, int i) {
            int lower = lane < 16 ? 0 : 4;
            if (type == "f16")
              return Place{lane % 4 + lower, i};
            return Place{(lane & 1) + (i & 2) + lower, (i & 4) + (lane & 2) + (i & 1)};
          };
          Bytes a(2 * 32 * 4), b(2 * 32 * 4), c0(size_t(c == "f16" ? 4 : 8) * 32 * 4);
          auto put16 = [](Bytes &bytes, int lane, int i, int v) {
            uint16_t half = uint16_t(encoded("f16", v));
            memcpy(&bytes[size_t((i / 2 * 32 + lane) * 4 + i % 2 * 2)], &half, 2);
          };
          for (int lane = 0; lane < 32; ++lane) {
            int p = lane % 16 / 4, lower = lane < 16 ? 0 : 4;
            for (int i = 0; i < 4; ++i) {
              put16(a, lane, i,
                    la == "row" ? A[p][lane % 4 + lower][i] : A[p][i + lower][lane % 4]);
              put16(b, lane, i,
                    lb == "row" ? B[p][lane % 4][i + lower] : B[p][i][lane % 4 + lower]);
            }
            for (int i = 0; i < 8; ++i) {
              Place q = at(c, lane, i);
              if (c == "f16") {
                put16(c0, lane, i, C[p][q.row][q.column]);
              } else {
                float v = float(C[p][q.row][q.column]);
                memcpy(&c0[size_t((i * 32 + lane) * 4)], &v, 4);
              }
            }
          }
          Program program;
          int dr = d == "f16" ? 4 : 8, cr = c == "f16" ? 4 : 8;
          std::string instruction =
              "mma.sync.aligned.m8n8k4." + la + "." + lb + "." + d + ".f16.f16." + c;
          program.body = bodyFor(instruction, dr, 2, 2, cr, false, false);
          program.buffers = {Bytes(size_t(dr) * 32 * 4), a, b, c0};
          ASSERT_TRUE(program.run()) << instruction << ": " << program.message;
          for (int lane = 0; lane < 32; ++lane)
            for (int i = 0; i < 8; ++i) {
              Place q = at(d, lane, i);
              int p = lane % 16 / 4, sum = C[p][q.row][q.column];
              for (int x = 0; x < 4; ++x)
                sum += A[p][q.row][x] * B[p][x][q.column];
              uint32_t got = 0;
              memcpy(&got, &program.buffers[0][size_t(((d == "f16" ? i / 2 : i) * 32 + lane) * 4)],
                     4);
              if (d == "f16")
                got = got >> (i % 2 * 16) & 0xffff;
              ASSERT_EQ(got, encoded(d, sum))
                  << instruction << " lane " << lane << " element " << i;
            }
        }
}

// What is not a number, infinite or too large for f16 goes through as in arithmetic.
TEST(Mma, SpecialValues) {
  const Shape &shape = shapeOf("m16n8k16", 16);
  std::vector<int> A(16 * 16, 0), B(16 * 8, 0), C(16 * 8, 0);
  A[0] = 1, B[0] = 1;
  Program program;
  program.body =
      bodyFor("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 4, 4, 2, 4, false, false);
  program.buffers = {Bytes(512), pack(shape.a, "f16", 8, A, 16), pack(shape.b, "f16", 4, B, 8),
                     pack(accumulator, "f32", 4, C, 8)};
  auto set = [&](uint16_t a) { memcpy(&program.buffers[1][0], &a, 2); }; // row 0, depth 0
  auto first = [&] {
    uint32_t v = 0;
    memcpy(&v, &program.buffers[0][0], 4);
    return v;
  };
  set(0x7c00);
  ASSERT_TRUE(program.run()) << program.message;
  EXPECT_EQ(first(), 0x7f800000u);
  set(0x7e01);
  ASSERT_TRUE(program.run()) << program.message;
  EXPECT_EQ(first(), 0x7fffffffu);
  set(0x0001); // a subnormal of f16 is a normal number of f32
  ASSERT_TRUE(program.run()) << program.message;
  EXPECT_EQ(first(), bits(0x1p-24f));
  // 60000 + 60000 is beyond f16.
  program.body =
      bodyFor("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", 2, 4, 2, 2, false, false);
  uint16_t big = uint16_t(encoded("f16", 60000));
  program.buffers[0] = Bytes(256);
  program.buffers[3] = Bytes(256);
  memcpy(&program.buffers[3][0], &big, 2);
  set(big);
  ASSERT_TRUE(program.run()) << program.message;
  EXPECT_EQ(first() & 0xffff, 0x7c00u);
}

// An undefined element of A spoils its row, one of B its column, one of C itself.
TEST(Mma, UndefinedRowsAndColumns) {
  const Shape &shape = shapeOf("m16n8k16", 16);
  std::vector<int> ones(16 * 16, 1), zeros(16 * 8, 0);
  for (int which : {1, 2, 3})
    for (int lane : {0, 7, 21, 31})
      for (int i : {0, 1, 2, 3}) {
        Program program;
        program.body = bodyFor("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 4, 4, 2, 4,
                               false, false);
        program.buffers = {Bytes(512), pack(shape.a, "bf16", 8, ones, 16),
                           pack(shape.b, "bf16", 4, ones, 8),
                           pack(accumulator, "f32", 4, zeros, 8)};
        // Half of a register for A and B, all of it for C.
        std::string reg = std::string(which == 1   ? "%a"
                                      : which == 2 ? "%b"
                                                   : "%c") +
                          std::to_string(which == 3 ? i : i / 2);
        std::string unknown = "{ .reg .b32 %u, %v; .reg .pred %w; setp.eq.u32 %w, %t, " +
                              std::to_string(lane) + ";\n";
        unknown += which == 3 ? "mov.b32 %v, %u;\n"
                              : std::string("bfi.b32 %v, %u, ") + reg + ", " +
                                    std::to_string(i % 2 * 16) + ", 16;\n";
        unknown += "selp.b32 " + reg + ", %v, " + reg + ", %w; }\n";
        size_t at = program.body.find("mma.");
        program.body.insert(at, unknown);
        ASSERT_TRUE(program.run()) << program.message;
        Place spoilt = which == 1   ? shape.a(lane / 4, lane % 4, i)
                       : which == 2 ? shape.b(lane / 4, lane % 4, i)
                                    : accumulator(lane / 4, lane % 4, i);
        for (int l = 0; l < 32; ++l)
          for (int e = 0; e < 4; ++e) {
            Place p = accumulator(l / 4, l % 4, e);
            bool expected = which == 1   ? p.row == spoilt.row
                            : which == 2 ? p.column == spoilt.column
                                         : p.row == spoilt.row && p.column == spoilt.column;
            EXPECT_EQ(bool(program.undefined[0][size_t((e * 32 + l) * 4)]), expected)
                << "operand " << which << " lane " << lane << " element " << i << ": row " << p.row
                << " column " << p.column;
          }
      }
}

} // namespace
