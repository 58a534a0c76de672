// SPDX-License-Identifier: Apache-2.0
// Linear kernels of experts against references, over even and ragged groups.
#include "LinearReference.h"

#include "hadal/Target/CPU/KernelBuilder.h"

#include "gtest/gtest.h"

#include <cmath>

using namespace hadal;
using namespace hadal::cpu;
using namespace hadal::cpu::test;

namespace {
/// Rows sorted by expert, ties in the order of tokens and ranks.
struct Groups {
  std::vector<int32_t> offsets, rows;

  /// `chosen[n * topK + rank]` is an expert.
  Groups(const std::vector<int32_t> &chosen, int64_t experts) : offsets(1) {
    for (int64_t e = 0; e < experts; ++e) {
      for (size_t i = 0; i < chosen.size(); ++i)
        if (chosen[i] == e)
          rows.push_back(int32_t(i));
      offsets.push_back(int32_t(rows.size()));
    }
  }
};

float silu(float x) { return float(x / (1.0 + std::exp(-double(x)))); }

void checkGrouped(GroupedLinearSpec spec, int64_t scaleCount = 0) {
  spec.name = "experts";
  BlockScales scales = spec.scales.value_or(BlockScales());
  Weights first =
      Weights::make(spec.weight, spec.experts, spec.outputs, spec.inputs, scales, scaleCount, 1);
  WeightType type2 = spec.weight2.value_or(spec.weight);
  Weights second =
      Weights::make(type2, spec.experts, spec.outputs, spec.inputs, scales, scaleCount, 2);
  Buffer packed = first.pack(), packed2 = second.pack();
  Buffer scaleData = first.packScales(), scaleData2 = second.packScales();
  int64_t elementBytes = spec.y.type == ActivationType::BF16 ? 2 : 4;

  for (const KernelTarget &target : hostTargets()) {
    mlir::MLIRContext context;
    loadKernelDialects(&context);
    mlir::OwningOpRef<mlir::ModuleOp> module =
        mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
    ASSERT_TRUE(succeeded(emitGroupedLinear(*module, spec, target)));
    Library library = Library::compile(*module, target);
    hadal_kernel_fn_t kernel = library.find(spec.name);
    for (int64_t n : {1, 2, 5, 19, 64}) {
      Random random(uint64_t(n) + 7);
      std::vector<int32_t> chosen;
      for (int64_t i = 0; i < n * spec.topK; ++i)
        // Some experts stay empty, one gets most.
        chosen.push_back(random.next() % 3 == 0 ? int32_t(random.next() % uint32_t(spec.experts))
                                                : int32_t(spec.experts - 2));
      Groups groups(chosen, spec.experts);
      Buffer offsets = Buffer::of(groups.offsets);
      Buffer rows = Buffer::of(groups.rows);
      int64_t choices = n * spec.topK;
      int64_t xRows = spec.gateUp ? n : choices;
      Buffer x = makeActivations(
          spec.x.type, size_t(spec.x.offset + (xRows - 1) * spec.x.rowStride + spec.inputs), 3);
      Buffer y(size_t(elementBytes) *
               size_t(spec.y.offset + (choices - 1) * spec.y.rowStride + spec.outputs));
      std::vector<Buffer *> bindings = {&x, &offsets, &rows, &packed};
      if (spec.gateUp)
        bindings.push_back(&packed2);
      if (spec.weight == WeightType::F8E4M3)
        bindings.push_back(&scaleData);
      if (spec.gateUp && type2 == WeightType::F8E4M3)
        bindings.push_back(&scaleData2);
      bindings.push_back(&y);
      ASSERT_EQ(runGrid(kernel, bindings, {}, uint32_t(getGroupedGrid(spec))), 0);

      for (int64_t p = 0; p < choices; ++p) {
        int64_t choice = groups.rows[size_t(p)];
        int64_t expert = chosen[size_t(choice)];
        int64_t source = spec.gateUp ? choice / spec.topK : p;
        int64_t result = spec.gateUp ? p : choice;
        int64_t xBase = spec.x.offset + source * spec.x.rowStride;
        for (int64_t o = 0; o < spec.outputs; ++o) {
          float expected = referenceDot(target, x, spec.x.type, xBase, first, expert, o);
          if (spec.gateUp)
            expected =
                silu(expected) * referenceDot(target, x, spec.x.type, xBase, second, expert, o);
          float got = readActivation(y, spec.y.type, spec.y.offset + result * spec.y.rowStride + o);
          std::string where = describe(target) + ": n=" + std::to_string(n) + " position " +
                              std::to_string(p) + " output " + std::to_string(o);
          if (spec.gateUp || (target.level == Level::V4BF16 && !target.emulate)) {
            float tolerance = spec.y.type == ActivationType::BF16 ? 0x1p-7f : 2e-6f;
            ASSERT_NEAR(got, expected, tolerance * std::max(1.0f, std::fabs(expected))) << where;
          } else {
            if (spec.y.type == ActivationType::BF16)
              expected = bf16ToF32(f32ToBF16(expected));
            ASSERT_EQ(got, expected) << where;
          }
        }
      }
    }
  }
}

GroupedLinearSpec makeSpec(bool gateUp, WeightType weight, ActivationType x, ActivationType y,
                           int64_t outputs, int64_t inputs) {
  GroupedLinearSpec spec;
  spec.gateUp = gateUp;
  spec.experts = 6;
  spec.topK = 3;
  spec.outputs = outputs;
  spec.inputs = inputs;
  spec.weight = weight;
  spec.x = {x, 0, inputs, 0};
  spec.y = {y, 0, outputs, 0};
  return spec;
}
constexpr auto f32 = ActivationType::F32;
constexpr auto bf16 = ActivationType::BF16;
} // namespace

TEST(GroupedLinear, GateUpGathersTokens) {
  checkGrouped(makeSpec(true, WeightType::BF16, bf16, bf16, 48, 40));
  GroupedLinearSpec spec = makeSpec(true, WeightType::F32, f32, f32, 37, 21);
  spec.x = {f32, 4, 25, 0};
  spec.y = {f32, 1, 40, 0};
  checkGrouped(spec);
}

TEST(GroupedLinear, DownScattersByChoice) {
  checkGrouped(makeSpec(false, WeightType::BF16, bf16, f32, 70, 33));
  checkGrouped(makeSpec(false, WeightType::BF16, f32, f32, 64, 16));
}

TEST(GroupedLinear, SeveralPanelsAWorkgroup) {
  GroupedLinearSpec spec = makeSpec(false, WeightType::BF16, bf16, f32, 32 * 5 + 1, 8);
  spec.panelsPerWorkgroup = 4;
  checkGrouped(spec);
}

TEST(GroupedLinear, F8Experts) {
  GroupedLinearSpec spec = makeSpec(true, WeightType::F8E4M3, f32, f32, 40, 70);
  spec.scales = BlockScales::stacked(40, 70, 32, 64);
  checkGrouped(spec, 6 * 2 * 2);
  spec.gateUp = false;
  checkGrouped(spec, 6 * 2 * 2);
}

TEST(GroupedLinear, GateAndUpOfDifferentTypes) {
  struct Case {
    WeightType gate, up;
    ActivationType x;
  };
  // Natively x is bf16 and no weight is f32.
  for (auto [gate, up, x] : {Case{WeightType::F8E4M3, WeightType::BF16, bf16},
                             Case{WeightType::BF16, WeightType::F8E4M3, bf16},
                             Case{WeightType::F8E4M3, WeightType::F32, f32},
                             Case{WeightType::F32, WeightType::BF16, f32}}) {
    GroupedLinearSpec spec = makeSpec(true, gate, x, x, 40, 70);
    spec.weight2 = up;
    bool scaled = gate == WeightType::F8E4M3 || up == WeightType::F8E4M3;
    if (scaled)
      spec.scales = BlockScales::stacked(40, 70, 32, 64);
    checkGrouped(spec, scaled ? 6 * 2 * 2 : 0);
  }
}

TEST(GroupedLinear, RefusesContradictions) {
  mlir::MLIRContext context;
  loadKernelDialects(&context);
  context.getDiagEngine().registerHandler([](mlir::Diagnostic &) {});
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
  GroupedLinearSpec spec = makeSpec(true, WeightType::F32, f32, f32, 4, 4);
  spec.name = "experts";
  spec.topK = 0;
  EXPECT_TRUE(failed(emitGroupedLinear(*module, spec, {})));
  EXPECT_TRUE(module->getBody()->empty());
}
