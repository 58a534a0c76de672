// SPDX-License-Identifier: Apache-2.0
// Compiles the model's kernels for levels that this machine may not execute.
#include "hadal/Target/CPU/Image.h"
#include "hadal/Target/CPU/MLAKernels.h"
#include "hadal/Target/CPU/MoEKernels.h"
#include "hadal/Target/CPU/RowKernels.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"

#include <gtest/gtest.h>

using namespace hadal::cpu;

namespace {

void emitAll(mlir::ModuleOp module, const KernelTarget &target, FloatType type) {
  auto add = [&](const char *name, auto emit, auto spec) {
    KernelBuilder k(module, name, target);
    emit(k, spec);
  };
  add("embedding", emitEmbedding, EmbeddingSpec{100, 192, type});
  RMSNormSpec norm;
  norm.width = 192;
  norm.epsilon = 1e-6f;
  norm.output = type;
  add("rms_norm", emitRMSNorm, norm);
  add("gather_rows", emitGatherRows, GatherRowsSpec{192, type});
  ElementwiseSpec swiglu;
  swiglu.kind = ElementwiseKind::SwiGLU;
  swiglu.width = 100;
  swiglu.output = type;
  add("swiglu", emitElementwise, swiglu);
  add("rope", emitRopeQuery, RopeQuerySpec{3, 32, 16, true, type});
  add("append", emitMLAAppend, MLAAppendSpec{64, 16, 0, 64, 1e-6f, false, type});
  add("absorbed", emitMLAAbsorbed, MLAAbsorbedSpec{5, 64, 32, 16, 64, 0.1f, type});
  MLAExpandedSpec expanded{3, 64, 32, 16, 32, 64, 0.1f, type};
  expanded.weight = type == FloatType::BF16 ? WeightType::BF16 : WeightType::F32;
  add("expanded", emitMLAExpanded, expanded);
  MoERouteSpec route{64, 6, RouteScore::Sigmoid, true, GroupRule::SumOfTwo, 8, 4, true, 2.5f};
  add("route", emitMoERoute, route);
  add("group", emitMoEGroup, MoEGroupSpec{64, 6});
  add("combine", emitMoECombine, MoECombineSpec{192, 6, 2});
}

// Every kernel of a level in one image, without imports; twice the same bytes.
TEST(ModelKernels, CompileForEveryLevel) {
  for (Level level : allLevels())
    for (FloatType type : {FloatType::F32, FloatType::BF16}) {
      std::vector<uint8_t> bytes[2];
      for (std::vector<uint8_t> &out : bytes) {
        mlir::MLIRContext context;
        loadKernelDialects(&context);
        mlir::OwningOpRef<mlir::ModuleOp> module =
            mlir::ModuleOp::create(mlir::UnknownLoc::get(&context));
        emitAll(*module, KernelTarget{level, false}, type);
        ASSERT_TRUE(succeeded(mlir::verify(*module)));
        mlir::FailureOr<Image> image = lowerAndCompile(*module, level);
        ASSERT_TRUE(succeeded(image)) << getLevelName(level).str();
        EXPECT_EQ(image->symbols.size(), 11u);
        for (const KernelSymbol &symbol : image->symbols)
          EXPECT_LT(symbol.codeSize, 32768u) << symbol.name;
        out = image->bytes;
      }
      EXPECT_EQ(bytes[0], bytes[1]) << getLevelName(level).str();
    }
}

} // namespace
