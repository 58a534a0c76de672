// SPDX-License-Identifier: Apache-2.0
// The kernel builder's conversions, functions and lane sums on hard values.
#include "ImageHarness.h"

#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/PackedLayout.h"

#include "gtest/gtest.h"

#include <cmath>
#include <functional>
#include <limits>

using namespace hadal;
using namespace hadal::cpu;
using namespace hadal::cpu::test;

namespace {
using Map = std::function<mlir::Value(KernelBuilder &, mlir::Value)>;

/// Runs `map` over 32 f32 values by vectors into elements of `result`.
Buffer run(const KernelTarget &target, const std::vector<float> &values, bool toBF16,
           const Map &map) {
  mlir::MLIRContext context;
  loadKernelDialects(&context);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  {
    KernelBuilder k(*module, "map", target);
    mlir::Value in = k.binding(0, k.getF32Type(), {32});
    mlir::Value out =
        k.binding(1, toBF16 ? mlir::Type(k.getBF16Type()) : mlir::Type(k.getF32Type()), {32});
    k.forLoop(k.index(0), k.index(32), k.width(), [&](mlir::Value i) {
      k.storeVectorF32(map(k, k.loadVector(in, i, k.width())), out, i);
    });
    k.finish();
  }
  Library library = Library::compile(*module, target);
  Buffer in = Buffer::of(values), out(32 * (toBF16 ? 2 : 4));
  EXPECT_EQ(runGrid(library.find("map"), {&in, &out}, {}, 1), 0);
  return out;
}

float fromBits(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
} // namespace

TEST(Numbers, RoundsToBF16LikeThePacker) {
  std::vector<uint32_t> patterns = {0x00000000, 0x80000000, 0x3f800000, 0x3f808000, 0x3f818000,
                                    0x3f808001, 0x3f807fff, 0x7f7fffff, 0xff7fffff, 0x7f800000,
                                    0xff800000, 0x7fc00000, 0x7f800001, 0xff800001, 0x7fffffff,
                                    0x477fff00, 0x00800000, 0x42f6e979};
  std::vector<float> values(32, 0.0f);
  for (size_t i = 0; i < patterns.size(); ++i)
    values[i] = fromBits(patterns[i]);
  for (const KernelTarget &target : hostTargets()) {
    Buffer out = run(target, values, true, [](KernelBuilder &, mlir::Value x) { return x; });
    for (size_t i = 0; i < patterns.size(); ++i)
      EXPECT_EQ(out.as<uint16_t>()[i], f32ToBF16(values[i]))
          << describe(target) << ": " << std::hex << patterns[i];
  }
}

TEST(Numbers, ExpIsCloseOnAllOfItsRange) {
  std::vector<float> values = {0.0f, -0.0f, 1.0f,  -1.0f,  88.5f,  -87.0f, -100.0f, 89.0f,
                               0.5f, -0.5f, 10.0f, -10.0f, -1e30f, 1e-20f, -88.7f,  20.25f};
  values.resize(32, 3.0f);
  values[30] = std::numeric_limits<float>::infinity();
  values[31] = -values[30];
  for (const KernelTarget &target : hostTargets()) {
    Buffer out =
        run(target, values, false, [](KernelBuilder &k, mlir::Value x) { return k.exp(x); });
    for (size_t i = 0; i < values.size(); ++i) {
      float expected = std::exp(values[i]), got = out.as<float>()[i];
      if (std::isinf(expected))
        EXPECT_EQ(got, expected) << describe(target) << ": " << values[i];
      else
        EXPECT_NEAR(got, expected, 3e-7f * expected + 1.2e-38f)
            << describe(target) << ": " << values[i];
    }
  }
}

TEST(Numbers, SiluOfLargeNegativesIsZero) {
  std::vector<float> values(32, -1000.0f);
  values[0] = 2.0f;
  values[1] = 1000.0f;
  values[2] = -3.0f;
  for (const KernelTarget &target : hostTargets()) {
    Buffer out =
        run(target, values, false, [](KernelBuilder &k, mlir::Value x) { return k.silu(x); });
    EXPECT_NEAR(out.as<float>()[0], 1.76159415f, 3e-7f);
    EXPECT_EQ(out.as<float>()[1], 1000.0f);
    EXPECT_NEAR(out.as<float>()[2], -0.14227762f, 3e-8f);
    EXPECT_EQ(out.as<float>()[3], 0.0f) << describe(target);
  }
}

TEST(Numbers, SumsLanesByHalves) {
  std::vector<float> values(32);
  for (size_t i = 0; i < 32; ++i)
    values[i] = 1.0f + 1e-3f * float(i * i) + (i % 3 == 0 ? 1e7f : 0.0f);
  for (const KernelTarget &target : hostTargets()) {
    Buffer out = run(target, values, false, [](KernelBuilder &k, mlir::Value x) {
      return k.broadcast(k.sumLanes(x), k.width());
    });
    unsigned width = target.width();
    for (unsigned first = 0; first < 32; first += width) {
      std::vector<float> lanes(values.begin() + first, values.begin() + first + width);
      for (unsigned half = width / 2; half > 0; half /= 2)
        for (unsigned i = 0; i < half; ++i)
          lanes[i] += lanes[i + half];
      EXPECT_EQ(out.as<float>()[first], lanes[0]) << describe(target);
    }
  }
}
