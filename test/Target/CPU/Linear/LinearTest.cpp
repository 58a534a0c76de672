// SPDX-License-Identifier: Apache-2.0
// Dense and grouped linear kernels against references, bit for bit where the
// order of operations is exact.
#include "LinearReference.h"

#include "hadal/Target/CPU/KernelBuilder.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace hadal;
using namespace hadal::cpu;
using namespace hadal::cpu::test;

namespace {
const std::vector<int64_t> rowCounts = {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 33, 100, 200};

/// Emits into a fresh module of a fresh context.
struct Emitted {
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;

  Emitted() : context(std::make_unique<mlir::MLIRContext>()) {
    loadKernelDialects(context.get());
    module = mlir::ModuleOp::create(mlir::UnknownLoc::get(context.get()));
  }
};

bool isExact(const KernelTarget &target) {
  // The dot unit flushes subnormals and rounds its own way.
  return target.level == Level::V3 || target.emulate;
}

void expectValue(const KernelTarget &target, float got, float expected, ActivationType type,
                 bool rounded, const std::string &where) {
  if (type == ActivationType::BF16)
    expected = bf16ToF32(f32ToBF16(expected));
  if (isExact(target) && !rounded) {
    EXPECT_EQ(got, expected) << where;
    return;
  }
  float tolerance = type == ActivationType::BF16 ? 0x1p-7f : 2e-6f;
  EXPECT_NEAR(got, expected, tolerance * std::max(1.0f, std::fabs(expected))) << where;
}

float silu(float x) { return float(x / (1.0 + std::exp(-double(x)))); }

void checkLinear(LinearSpec spec, const std::vector<int64_t> &counts, int64_t scaleCount = 0) {
  spec.name = "linear";
  BlockScales scales = spec.scales.value_or(BlockScales());
  Weights first =
      Weights::make(spec.weight, spec.batch, spec.outputs, spec.inputs, scales, scaleCount, 1);
  Weights second =
      Weights::make(spec.weight, spec.batch, spec.outputs, spec.inputs, scales, scaleCount, 2);
  Buffer packed = first.pack(), packed2 = second.pack();
  Buffer scaleData = first.packScales(), scaleData2 = second.packScales();
  Grid grid = getGrid(spec);

  for (const KernelTarget &target : hostTargets()) {
    Emitted emitted;
    ASSERT_TRUE(succeeded(emitLinear(*emitted.module, spec, target)));
    Library library = Library::compile(*emitted.module, target);
    hadal_kernel_fn_t kernel = library.find(spec.name);
    for (int64_t n : counts) {
      auto extent = [&](const Activations &a, int64_t columns) {
        return size_t(a.offset + (n - 1) * a.rowStride + (spec.batch - 1) * a.batchStride +
                      columns);
      };
      Buffer x = makeActivations(spec.x.type, extent(spec.x, spec.inputs), 3);
      Buffer y = makeActivations(spec.y.type, extent(spec.y, spec.outputs), 4);
      Buffer before = makeActivations(spec.y.type, extent(spec.y, spec.outputs), 4);
      Buffer residual;
      std::vector<Buffer *> bindings = {&x, &packed};
      if (spec.dual)
        bindings.push_back(&packed2);
      if (spec.scales) {
        bindings.push_back(&scaleData);
        if (spec.dual)
          bindings.push_back(&scaleData2);
      }
      if (spec.residual) {
        residual = makeActivations(spec.residual->type, extent(*spec.residual, spec.outputs), 5);
        bindings.push_back(&residual);
      }
      bindings.push_back(&y);
      uint32_t z = uint32_t((n + grid.rowsPerWorkgroup - 1) / grid.rowsPerWorkgroup);
      ASSERT_EQ(runGrid(kernel, bindings, {n}, uint32_t(grid.x), uint32_t(grid.y), z), 0);

      std::vector<bool> written(y.size() / (spec.y.type == ActivationType::BF16 ? 2 : 4));
      for (int64_t row = 0; row < n; ++row)
        for (int64_t b = 0; b < spec.batch; ++b)
          for (int64_t o = 0; o < spec.outputs; ++o) {
            int64_t base = spec.x.offset + row * spec.x.rowStride + b * spec.x.batchStride;
            float expected = referenceDot(target, x, spec.x.type, base, first, b, o);
            if (spec.dual)
              expected = silu(expected) * referenceDot(target, x, spec.x.type, base, second, b, o);
            if (spec.residual)
              expected = readActivation(residual, spec.residual->type,
                                        spec.residual->offset + row * spec.residual->rowStride +
                                            b * spec.residual->batchStride + o) +
                         expected;
            int64_t index = spec.y.offset + row * spec.y.rowStride + b * spec.y.batchStride + o;
            written[size_t(index)] = true;
            expectValue(
                target, readActivation(y, spec.y.type, index), expected, spec.y.type, spec.dual,
                describe(target) + ": n=" + std::to_string(n) + " row " + std::to_string(row) +
                    " batch " + std::to_string(b) + " output " + std::to_string(o));
            if (testing::Test::HasFailure())
              return;
          }
      for (size_t i = 0; i < written.size(); ++i)
        if (!written[i])
          ASSERT_EQ(readActivation(y, spec.y.type, int64_t(i)),
                    readActivation(before, spec.y.type, int64_t(i)))
              << describe(target) << ": wrote outside its columns at " << i;

      // The last row alone gives the same bits as in its batch.
      if (n > 1) {
        Buffer alone(y.size());
        std::memcpy(alone.data(), before.data(), y.size());
        bindings.back() = &alone;
        Buffer tail(x.size());
        size_t shift =
            size_t((n - 1) * spec.x.rowStride) * (spec.x.type == ActivationType::BF16 ? 2 : 4);
        std::memcpy(tail.data(), x.as<char>() + shift, x.size() - shift);
        bindings.front() = &tail;
        Buffer tailResidual;
        if (spec.residual) {
          tailResidual = Buffer(residual.size());
          size_t bytes = size_t((n - 1) * spec.residual->rowStride) *
                         (spec.residual->type == ActivationType::BF16 ? 2 : 4);
          std::memcpy(tailResidual.data(), residual.as<char>() + bytes, residual.size() - bytes);
          bindings[bindings.size() - 2] = &tailResidual;
        }
        ASSERT_EQ(runGrid(kernel, bindings, {1}, uint32_t(grid.x), uint32_t(grid.y), 1), 0);
        for (int64_t b = 0; b < spec.batch; ++b)
          for (int64_t o = 0; o < spec.outputs; ++o) {
            int64_t at = spec.y.offset + b * spec.y.batchStride + o;
            float inBatch = readActivation(y, spec.y.type, at + (n - 1) * spec.y.rowStride);
            ASSERT_EQ(readActivation(alone, spec.y.type, at), inBatch)
                << describe(target) << ": a row alone differs from one of " << n;
          }
      }
    }
  }
}

LinearSpec makeSpec(WeightType weight, ActivationType x, ActivationType y, int64_t outputs,
                    int64_t inputs) {
  LinearSpec spec;
  spec.weight = weight;
  spec.outputs = outputs;
  spec.inputs = inputs;
  spec.x = {x, 0, inputs, 0};
  spec.y = {y, 0, outputs, 0};
  return spec;
}
constexpr auto f32 = ActivationType::F32;
constexpr auto bf16 = ActivationType::BF16;
} // namespace

TEST(Linear, BF16ByBF16) { checkLinear(makeSpec(WeightType::BF16, bf16, f32, 64, 96), rowCounts); }

TEST(Linear, OddShapesBF16) {
  using Shape = std::pair<int64_t, int64_t>;
  for (auto [outputs, inputs] : {Shape{1, 1}, {7, 2}, {33, 5}, {61, 67}, {8, 6}})
    checkLinear(makeSpec(WeightType::BF16, bf16, bf16, outputs, inputs), {1, 3, 9});
}

TEST(Linear, F32ByBF16) { checkLinear(makeSpec(WeightType::BF16, f32, f32, 45, 51), rowCounts); }

TEST(Linear, F32ByF32) { checkLinear(makeSpec(WeightType::F32, f32, f32, 40, 53), rowCounts); }

TEST(Linear, BF16ByF32) { checkLinear(makeSpec(WeightType::F32, bf16, f32, 40, 53), {1, 6, 15}); }

TEST(Linear, StridesOffsetsAndBatch) {
  LinearSpec spec = makeSpec(WeightType::BF16, bf16, f32, 35, 18);
  spec.batch = 3;
  spec.x = {bf16, 5, 3 * 18 + 7, 18};
  spec.y = {f32, 2, 3 * 40, 40};
  checkLinear(spec, rowCounts);
  // Batches outside of rows.
  spec.x = {bf16, 1, 21, 21 * 250};
  spec.y = {f32, 0, 37, 37 * 250};
  checkLinear(spec, {1, 7, 200});
}

TEST(Linear, ResidualIsAdded) {
  LinearSpec spec = makeSpec(WeightType::BF16, bf16, f32, 50, 34);
  spec.residual = Activations{f32, 3, 60, 0};
  checkLinear(spec, {1, 5, 12});
  spec.residual->type = bf16;
  spec.y.type = bf16;
  checkLinear(spec, {1, 5, 12});
}

TEST(Linear, DualIsSiluOfGateTimesUp) {
  LinearSpec spec = makeSpec(WeightType::BF16, bf16, bf16, 70, 48);
  spec.dual = true;
  checkLinear(spec, rowCounts);
  spec = makeSpec(WeightType::F32, f32, f32, 33, 20);
  spec.dual = true;
  checkLinear(spec, {1, 4, 7, 25});
}

TEST(Linear, SeveralPanelsAWorkgroup) {
  LinearSpec spec = makeSpec(WeightType::BF16, bf16, f32, 32 * 7 + 5, 10);
  spec.panelsPerWorkgroup = 3;
  checkLinear(spec, {1, 8});
}

TEST(Linear, F8WithAlignedBlocks) {
  LinearSpec spec = makeSpec(WeightType::F8E4M3, f32, f32, 160, 150);
  spec.batch = 2;
  spec.x.rowStride = 300;
  spec.x.batchStride = 150;
  spec.y.rowStride = 320;
  spec.y.batchStride = 160;
  spec.scales = BlockScales::stacked(160, 150, 64, 128);
  checkLinear(spec, {1, 2, 5, 9, 33}, 2 * 3 * 2);
}

TEST(Linear, F8BlocksThatCrossPanelsAndHeads) {
  // Heads of 28 rows from row 5 of each 44, blocks of 24 x 20; inputs too.
  LinearSpec spec = makeSpec(WeightType::F8E4M3, bf16, f32, 28, 37);
  spec.batch = 3;
  spec.x.rowStride = 3 * 37;
  spec.x.batchStride = 37;
  spec.y.rowStride = 3 * 28;
  spec.y.batchStride = 28;
  BlockScales scales;
  scales.offset = 2;
  scales.outputOrigin = 5;
  scales.outputBatch = 44;
  scales.outputBlock = 24;
  scales.outputStride = 11;
  scales.inputOrigin = 13;
  scales.inputBatch = 9;
  scales.inputBlock = 20;
  spec.scales = scales;
  checkLinear(spec, {1, 3, 8, 14}, 100);
  // Transposed use: the strides are exchanged.
  std::swap(spec.scales->outputStride, spec.scales->inputStride);
  checkLinear(spec, {1, 6}, 100);
}

TEST(Linear, F8Dual) {
  LinearSpec spec = makeSpec(WeightType::F8E4M3, bf16, bf16, 40, 130);
  spec.dual = true;
  spec.scales = BlockScales::stacked(40, 130, 128, 128);
  checkLinear(spec, {1, 7}, 2);
}

TEST(Linear, RefusesContradictions) {
  Emitted emitted;
  emitted.context->getDiagEngine().registerHandler([](mlir::Diagnostic &) {});
  LinearSpec spec = makeSpec(WeightType::F8E4M3, f32, f32, 4, 4);
  spec.name = "linear";
  EXPECT_TRUE(failed(emitLinear(*emitted.module, spec, {})));
  spec.weight = WeightType::F32;
  spec.inputs = 0;
  EXPECT_TRUE(failed(emitLinear(*emitted.module, spec, {})));
  EXPECT_TRUE(emitted.module->getBody()->empty());
}
