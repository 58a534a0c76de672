// SPDX-License-Identifier: Apache-2.0
// wmma.load, wmma.mma and wmma.store of every shape, type and layout against a plain product.
#include "Lanes.h"
#include "Program.h"

#include <gtest/gtest.h>
#include <random>

using namespace hadal::simtest;

namespace {

struct Form {
  const char *shape;
  int m, n, k;
  const char *a, *b, *c, *d;
  int aRegs, bRegs, cRegs, dRegs; // as the manual states them
};

const Form kForms[] = {
    {"m16n16k16", 16, 16, 16, "f16", "f16", "f32", "f32", 8, 8, 8, 8},
    {"m16n16k16", 16, 16, 16, "f16", "f16", "f16", "f16", 8, 8, 4, 4},
    {"m16n16k16", 16, 16, 16, "f16", "f16", "f16", "f32", 8, 8, 4, 8},
    {"m16n16k16", 16, 16, 16, "f16", "f16", "f32", "f16", 8, 8, 8, 4},
    {"m8n32k16", 8, 32, 16, "f16", "f16", "f32", "f32", 8, 8, 8, 8},
    {"m8n32k16", 8, 32, 16, "f16", "f16", "f16", "f16", 8, 8, 4, 4},
    {"m32n8k16", 32, 8, 16, "f16", "f16", "f32", "f32", 8, 8, 8, 8},
    {"m32n8k16", 32, 8, 16, "f16", "f16", "f16", "f16", 8, 8, 4, 4},
    {"m16n16k16", 16, 16, 16, "bf16", "bf16", "f32", "f32", 4, 4, 8, 8},
    {"m8n32k16", 8, 32, 16, "bf16", "bf16", "f32", "f32", 2, 8, 8, 8},
    {"m32n8k16", 32, 8, 16, "bf16", "bf16", "f32", "f32", 8, 2, 8, 8},
    {"m16n16k8", 16, 16, 8, "tf32", "tf32", "f32", "f32", 4, 4, 8, 8},
    {"m16n16k16", 16, 16, 16, "s8", "s8", "s32", "s32", 2, 2, 8, 8},
    {"m16n16k16", 16, 16, 16, "u8", "u8", "s32", "s32", 2, 2, 8, 8},
    {"m8n32k16", 8, 32, 16, "s8", "s8", "s32", "s32", 1, 4, 8, 8},
    {"m8n32k16", 8, 32, 16, "u8", "u8", "s32", "s32", 1, 4, 8, 8},
    {"m32n8k16", 32, 8, 16, "s8", "s8", "s32", "s32", 4, 1, 8, 8},
    {"m32n8k16", 32, 8, 16, "u8", "u8", "s32", "s32", 4, 1, 8, 8},
    {"m8n8k4", 8, 8, 4, "f64", "f64", "f64", "f64", 1, 1, 2, 2},
    {"m8n8k32", 8, 8, 32, "s4", "s4", "s32", "s32", 1, 1, 2, 2},
    {"m8n8k32", 8, 8, 32, "u4", "u4", "s32", "s32", 1, 1, 2, 2},
    {"m8n8k128", 8, 8, 128, "b1", "b1", "s32", "s32", 1, 1, 2, 2},
};

/// A matrix in memory: lines of `stride` elements, by rows or by columns.
struct Stored {
  int rows, columns, stride, bits;
  bool byRows;
  Bytes bytes;
  Stored(int rows, int columns, const std::string &type, bool byRows, int padding)
      : rows(rows), columns(columns), stride((byRows ? columns : rows) + padding),
        bits(bitsOf(type)), byRows(byRows),
        bytes(size_t((byRows ? rows : columns) * stride * bits + 7) / 8) {}
  int bitAt(int row, int column) const {
    return (byRows ? row * stride + column : column * stride + row) * bits;
  }
  void put(int row, int column, uint64_t value) {
    for (int i = 0; i < bits; ++i) {
      int at = bitAt(row, column) + i;
      bytes[size_t(at / 8)] =
          uint8_t((bytes[size_t(at / 8)] & ~(1 << at % 8)) | int(value >> i & 1) << at % 8);
    }
  }
  uint64_t get(int row, int column) const {
    uint64_t value = 0;
    for (int i = 0; i < bits; ++i) {
      int at = bitAt(row, column) + i;
      value |= uint64_t(bytes[size_t(at / 8)] >> at % 8 & 1) << i;
    }
    return value;
  }
};

void multiply(const Form &f, bool rowA, bool rowB, bool rowC, bool rowD, const std::string &extra,
              bool shared, int padding) {
  std::mt19937 random(unsigned(f.m + f.k));
  std::string ta = f.a, tc = f.c, td = f.d;
  bool isSingle = ta == "b1", isAnd = extra.find("and") != std::string::npos,
       clamps = extra == ".satfinite";
  auto value = [&] {
    return ta == "b1"                 ? int(random() & 1)
           : ta == "u8" || ta == "u4" ? int(random() % 16)
           : ta == "s8" || ta == "s4" ? int(random() % 16) - 8
                                      : int(random() % 9) - 4;
  };
  // Sub-byte lines must be whole words.
  Stored A(f.m, f.k, ta, rowA, padding), B(f.k, f.n, ta, rowB, padding),
      C(f.m, f.n, tc, rowC, padding), D(f.m, f.n, td, rowD, padding);
  std::vector<int> a(size_t(f.m * f.k)), b(size_t(f.k * f.n)), c(size_t(f.m * f.n));
  for (int i = 0; i < f.m; ++i)
    for (int l = 0; l < f.k; ++l)
      A.put(i, l, encoded(ta, a[size_t(i * f.k + l)] = value()));
  for (int l = 0; l < f.k; ++l)
    for (int j = 0; j < f.n; ++j)
      B.put(l, j, encoded(ta, b[size_t(l * f.n + j)] = value()));
  for (int i = 0; i < f.m; ++i)
    for (int j = 0; j < f.n; ++j) {
      int v = tc == "s32" && (i + j) % 5 == 0 ? ((i + j) % 2 ? 0x7ffffff8 : -0x7ffffff8)
                                              : int(random() % 9) - 4;
      C.put(i, j, encoded(tc, c[size_t(i * f.n + j)] = v));
    }
  std::string shape = std::string(".") + f.shape, sync = ".sync.aligned";
  auto layout = [](bool rows) { return rows ? ".row" : ".col"; };
  auto declare = [](const char *name, int count, const std::string &type) {
    return std::string(".reg .b") + (type == "f64" ? "64 " : "32 ") + name + "<" +
           std::to_string(count) + ">;\n";
  };
  Program program;
  std::string &text = program.body;
  text = declare("%d", f.dRegs, td) + declare("%a", f.aRegs, ta) + declare("%b", f.bRegs, ta) +
         declare("%c", f.cRegs, tc) + ".reg .b32 %s, %w;\n.reg .b64 %q;\n.reg .pred %more;\n";
  std::string at = "%p1", space = ".global";
  if (shared) { // A by way of shared memory
    program.head =
        ".shared .align 32 .b8 tile[" + std::to_string((A.bytes.size() + 31) / 32 * 32) + "];";
    text +=
        "shl.b32 %s, %t, 2;\nCOPY:\nsetp.ge.u32 %more, %s, " + std::to_string(A.bytes.size()) +
        ";\n@%more bra DONE;\ncvt.u64.u32 %q, %s;\nadd.s64 %q, %q, %p1;\nld.global.b32 %w, [%q];\nmov.u32 %w, %w;\n{ .reg .b32 %z; mov.u32 %z, tile; add.u32 %z, %z, %s; st.shared.b32 [%z], %w; }\n"
        "add.u32 %s, %s, 128;\nbra COPY;\nDONE:\nbar.warp.sync -1;\n{ .reg .b32 %z; mov.u32 %z, tile; cvt.u64.u32 %q, %z; }\n";
    at = "%q", space = ".shared";
  }
  text += "wmma.load.a" + sync + layout(rowA) + shape + space + "." + ta + " " +
          vectorOf("%a", f.aRegs) + ", [" + at + "], " + std::to_string(A.stride) + ";\n";
  text += "mov.u32 %s, " + std::to_string(B.stride) + ";\nwmma.load.b" + sync + layout(rowB) +
          shape + ".global." + f.b + " " + vectorOf("%b", f.bRegs) + ", [%p2], %s;\n";
  text += "wmma.load.c" + sync + layout(rowC) + shape + "." + tc + " " + vectorOf("%c", f.cRegs) +
          ", [%p3], " + std::to_string(C.stride) + ";\n";
  std::string mma = "wmma.mma" + (isSingle ? extra : std::string()) + sync + layout(rowA) +
                    layout(rowB) + shape + (ta == "f64" ? ".rn" : "");
  bool named = ta != "f16"; // f16 leaves A's and B's type out
  mma += named ? "." + td + "." + ta + "." + f.b + "." + tc : "." + td + "." + tc;
  if (clamps)
    mma += ".satfinite";
  text += mma + " " + vectorOf("%d", f.dRegs) + ", " + vectorOf("%a", f.aRegs) + ", " +
          vectorOf("%b", f.bRegs) + ", " + vectorOf("%c", f.cRegs) + ";\n";
  text += "wmma.store.d" + sync + layout(rowD) + shape + ".global." + td + " [%p0], " +
          vectorOf("%d", f.dRegs) + ", " + std::to_string(D.stride) + ";\n";
  program.buffers = {D.bytes, A.bytes, B.bytes, C.bytes};
  ASSERT_TRUE(program.run()) << mma << ": " << program.message << "\n" << text;
  D.bytes = program.buffers[0];
  for (int i = 0; i < f.m; ++i)
    for (int j = 0; j < f.n; ++j) {
      int64_t sum = c[size_t(i * f.n + j)];
      for (int l = 0; l < f.k; ++l) {
        int x = a[size_t(i * f.k + l)], y = b[size_t(l * f.n + j)];
        sum += !isSingle ? x * y : isAnd ? (x & y) : (x ^ y);
      }
      if (td == "s32")
        sum =
            clamps ? std::min<int64_t>(std::max<int64_t>(sum, INT32_MIN), INT32_MAX) : int32_t(sum);
      uint64_t want = encoded(td, int(sum));
      if (td == "s32")
        want = uint32_t(want);
      ASSERT_EQ(D.get(i, j), want) << mma << " row " << i << " column " << j;
    }
}

TEST(Wmma, EveryShapeTypeAndLayout) {
  for (const Form &f : kForms) {
    std::string type = f.a;
    bool fixedLayouts = type == "s4" || type == "u4" || type == "b1"; // A by rows, B by columns
    int padding = type == "b1" ? 128 : fixedLayouts ? 32 : 16;
    for (bool rowA : {true, false})
      for (bool rowB : {true, false}) {
        if (fixedLayouts && (!rowA || rowB))
          continue;
        for (const char *extra : {".xor.popc", ".and.popc"}) {
          if (type != "b1" && std::string(extra) == ".and.popc")
            continue;
          for (bool rowD : {true, false})
            multiply(f, rowA, rowB, !rowD, rowD, type == "b1" ? extra : "", rowD,
                     rowD ? padding : 0);
          if (HasFatalFailure())
            return;
        }
      }
  }
}

TEST(Wmma, ClampsIntegers) {
  for (const Form &f : kForms)
    if (std::string(f.c) == "s32" && f.a[0] != 'b')
      multiply(f, true, false, true, true, ".satfinite", false, 0);
}

TEST(Wmma, RefusesWhatIsNotAForm) {
  Program program;
  program.buffers = {Bytes(64)};
  program.body =
      ".reg .b32 %a<8>;\nwmma.load.a.sync.aligned.row.m16n16k16.global.s4 {%a0}, [%p0], 32;\n";
  EXPECT_FALSE(program.run());
  EXPECT_EQ(program.check, "");
  program.body =
      ".reg .b32 %a<8>;\nwmma.load.a.sync.aligned.row.m16n16k16.global.s8 {%a0}, [%p0], 32;\n";
  EXPECT_FALSE(program.run());
  EXPECT_NE(program.message.find("2"), std::string::npos) << program.message;
}

} // namespace
