// SPDX-License-Identifier: Apache-2.0
// Kernels written by hand: memory, conversions, shuffles, what is refused, and ptxas.
#include "SimHarness.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <unistd.h>

using namespace hadal::testing;
namespace cuda = hadal::cuda;

namespace {

/// Everything that a flat kernel may hold: a loop with a condition, bf16, f16 and fp8, a
/// function, an array of the thread, a reduction by the warp, constants of the launch.
constexpr char kAll[] = R"(
func.func @all(%x: memref<?xbf16>, %h: memref<?xf16>, %w: memref<?xf8E4M3FN>, %y: memref<?xbf16>,
               %constants: memref<?xi64>) attributes {nvvm.reqntid = array<i32: 32, 1, 1>} {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c32 = arith.constant 32 : index
  %row = gpu.block_id x
  %lane = gpu.thread_id x
  %count64 = memref.load %constants[%c0] : memref<?xi64>
  %count = arith.index_cast %count64 : i64 to index
  %first = arith.muli %row, %count : index
  %own = memref.alloca() : memref<2xf32>
  memref.store %zero, %own[%c0] : memref<2xf32>
  memref.store %zero, %own[%c1] : memref<2xf32>
  scf.for %k = %lane to %count step %c32 {
    %at = arith.addi %first, %k : index
    %xb = memref.load %x[%at] : memref<?xbf16>
    %xf = arith.extf %xb : bf16 to f32
    %hb = memref.load %h[%k] : memref<?xf16>
    %hf = arith.extf %hb : f16 to f32
    %wb = memref.load %w[%k] : memref<?xf8E4M3FN>
    %wf = arith.extf %wb : f8E4M3FN to f32
    %p = arith.mulf %xf, %wf : f32
    %odd = arith.remui %k, %c2 : index
    %sum = memref.load %own[%odd] : memref<2xf32>
    %q = math.fma %p, %hf, %sum : f32
    memref.store %q, %own[%odd] : memref<2xf32>
  }
  %even = memref.load %own[%c0] : memref<2xf32>
  %uneven = memref.load %own[%c1] : memref<2xf32>
  %most = arith.maxnumf %even, %uneven : f32
  %least = arith.minimumf %even, %uneven : f32
  %mine = arith.addf %most, %least : f32
  %width = arith.constant 32 : i32
  %total = scf.for %step = %c0 to %c32 step %c1 iter_args(%s = %mine) -> f32 {
    %isPower = arith.cmpi ult, %step, %c1 : index
    %next = scf.if %isPower -> f32 {
      %d16 = arith.constant 16 : i32
      %d8 = arith.constant 8 : i32
      %d4 = arith.constant 4 : i32
      %d2 = arith.constant 2 : i32
      %d1 = arith.constant 1 : i32
      %a, %v0 = gpu.shuffle xor %s, %d16, %width : f32
      %s0 = arith.addf %s, %a : f32
      %b, %v1 = gpu.shuffle xor %s0, %d8, %width : f32
      %s1 = arith.addf %s0, %b : f32
      %c, %v2 = gpu.shuffle xor %s1, %d4, %width : f32
      %s2 = arith.addf %s1, %c : f32
      %d, %v3 = gpu.shuffle xor %s2, %d2, %width : f32
      %s3 = arith.addf %s2, %d : f32
      %e, %v4 = gpu.shuffle xor %s3, %d1, %width : f32
      %s4 = arith.addf %s3, %e : f32
      scf.yield %s4 : f32
    } else {
      scf.yield %s : f32
    }
    scf.yield %next : f32
  }
  %r = math.exp %total : f32
  %isFirst = arith.cmpi eq, %lane, %c0 : index
  scf.if %isFirst {
    %t = arith.truncf %r : f32 to bf16
    memref.store %t, %y[%row] : memref<?xbf16>
  }
  return
}
)";

float fromBF16(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

float fromFloat8(uint8_t code) {
  int exponent = code >> 3 & 15, mantissa = code & 7;
  float value =
      exponent ? std::ldexp(1 + mantissa / 8.0f, exponent - 7) : std::ldexp(float(mantissa), -9);
  return code & 0x80 ? -value : value;
}

TEST(Kernels, EverythingTogether) {
  constexpr size_t kRows = 3, kCount = 77;
  SimImage image(compileToPtx(kAll, cuda::lowestLevel()));
  std::vector<uint16_t> x(kRows * kCount), h(kCount, 0x3800); // one half
  std::vector<uint8_t> w(kCount);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = uint16_t(0x3f80 + i % 97); // 1 and more
  for (size_t i = 0; i < kCount; ++i)
    w[i] = uint8_t(i % 2 ? 0x80 + i % 40 : i % 41);
  uint64_t y = image.allocate(kRows * 2);
  image.run("all", kRows, 32,
            {image.upload(x), image.upload(h), image.upload(w), y,
             image.upload(std::vector<int64_t>{kCount})});
  std::vector<uint16_t> got = image.download<uint16_t>(y, kRows);
  for (size_t row = 0; row < kRows; ++row) {
    double sum = 0;
    for (size_t k = 0; k < kCount; ++k)
      sum += 0.5 * fromBF16(x[row * kCount + k]) * fromFloat8(w[k]);
    EXPECT_NEAR(fromBF16(got[row]) / std::exp(sum), 1, 0x1p-8) << row;
  }
}

TEST(Kernels, EveryCodeOfFloat8) {
  SimImage image(compileToPtx(R"(
    func.func @widen(%x: memref<?xf8E4M3FN>, %y: memref<?xf32>) {
      %i = gpu.thread_id x
      %v = memref.load %x[%i] : memref<?xf8E4M3FN>
      %w = arith.extf %v : f8E4M3FN to f32
      memref.store %w, %y[%i] : memref<?xf32>
      return
    })",
                              cuda::lowestLevel()));
  std::vector<uint8_t> codes(256);
  for (int i = 0; i < 256; ++i)
    codes[i] = uint8_t(i);
  uint64_t y = image.allocate(256 * 4);
  image.run("widen", 1, 256, {image.upload(codes), y});
  std::vector<float> got = image.download<float>(y, 256);
  for (int i = 0; i < 256; ++i)
    if ((i & 0x7f) == 0x7f)
      EXPECT_TRUE(std::isnan(got[i])) << i;
    else
      EXPECT_EQ(got[i], fromFloat8(uint8_t(i))) << i;
}

TEST(Kernels, TextIsSelfContainedAndExact) {
  for (const cuda::Level &level : cuda::allLevels()) {
    std::string ptx = compileToPtx(kAll, level);
    EXPECT_NE(ptx.find(".target " + level.name.str()), std::string::npos);
    EXPECT_NE(ptx.find(".reqntid 32"), std::string::npos);
    EXPECT_EQ(ptx.find(".extern"), std::string::npos);
    // Without a rounding an assembler may fuse products and sums.
    for (const char *loose : {"mul.f32", "add.f32", "sub.f32", "approx", ".ftz"})
      EXPECT_EQ(ptx.find(loose), std::string::npos) << loose;
    EXPECT_EQ(ptx, compileToPtx(kAll, level)) << "the same kernels give the same text";
  }
}

TEST(Kernels, WhatHasNoInstructionIsRefusedByName) {
  std::string problem;
  EXPECT_EQ(compileToPtx(R"(
    func.func @k(%x: memref<?xf64>) {
      %c0 = arith.constant 0 : index
      %v = memref.load %x[%c0] : memref<?xf64>
      %e = math.exp %v : f64
      memref.store %e, %x[%c0] : memref<?xf64>
      return
    })",
                         cuda::lowestLevel(), &problem),
            "");
  EXPECT_EQ(problem, "'math.exp' op has no expansion in instructions of PTX");
  EXPECT_EQ(compileToPtx(R"(
    func.func private @elsewhere(f32) -> f32
    func.func @k(%x: memref<?xf32>) {
      %c0 = arith.constant 0 : index
      %v = memref.load %x[%c0] : memref<?xf32>
      %e = func.call @elsewhere(%v) : (f32) -> f32
      memref.store %e, %x[%c0] : memref<?xf32>
      return
    })",
                         cuda::lowestLevel(), &problem),
            "");
  EXPECT_EQ(problem, "expected kernels that call nothing outside of their image, got a call of "
                     "'elsewhere'");
  EXPECT_EQ(
      compileToPtx("func.func @k(%x: memref<?x4xf32>) { return }", cuda::lowestLevel(), &problem),
      "");
  EXPECT_EQ(problem, "'func.func' op expected bindings of one flat extent, got 'memref<?x4xf32>'");
}

// NVIDIA's assembler takes the text, where it is installed.
TEST(Kernels, AssemblerTakesTheText) {
  std::string assembler = HADAL_TEST_PTXAS;
  if (assembler.empty() || access(assembler.c_str(), X_OK))
    GTEST_SKIP() << "ptxas is not installed";
  std::string base = ::testing::TempDir() + "hadal-kernels-" + std::to_string(getpid());
  for (const cuda::Level &level : cuda::allLevels()) {
    std::ofstream(base + ".ptx") << compileToPtx(kAll, level);
    std::string command = assembler + " -arch=" + level.name.str() + " -v " + base + ".ptx -o " +
                          base + ".cubin 2> " + base + ".log";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    std::ifstream log(base + ".log");
    std::string said((std::istreambuf_iterator<char>(log)), std::istreambuf_iterator<char>());
    EXPECT_NE(said.find("0 bytes spill stores, 0 bytes spill loads"), std::string::npos) << said;
  }
  for (const char *ending : {".ptx", ".cubin", ".log"})
    std::remove((base + ending).c_str());
}

} // namespace
