// SPDX-License-Identifier: Apache-2.0
// Kernels made of work items: which threads there are, and the order of sums.
#include "SimHarness.h"

#include "hadal/Target/CUDA/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace hadal::testing;
namespace cuda = hadal::cuda;

namespace {

/// A program of one executable, whose flat form has a work item for each of `items` and reads
/// x, writes y, and takes the number of rows.
std::string programOf(const std::string &items, const std::string &body) {
  return R"(
    hadal.program @cuda target <"cuda"> {
      hadal.executable @k interface <bindings = [0, 1], access = [read, write], constants = [#hadal.extent<0, 0>]> {
        func.func @body(%x: tensor<?xf32>) -> tensor<?xf32> { return %x : tensor<?xf32> }
        hadal.variant "flat" {
          plan.interface {
          ^bb0(%rows: !plan.int):
            %one = plan.constant 1
            %three = plan.constant 3
            %width = plan.constant 77
            %elements = plan.expr mul %rows, %width
            %few = plan.expr mul %rows, %three
            %square = plan.expr mul %rows, %rows
            plan.grid )" +
         items + R"(, %one, %one
          }
          func.func @k(%x: memref<?xf32>, %y: memref<?xf32>, %rows: index, %item: index) {
            %c0 = arith.constant 0 : index
            %c1 = arith.constant 1 : index
            %c77 = arith.constant 77 : index
            )" +
         body + R"(
            return
          }
        }
      }
    })";
}

constexpr char kSumOfRow[] = R"(
  %five = arith.constant 5.0 : f32
  %low = arith.constant 0xFF800000 : f32
  %first = arith.muli %item, %c77 : index
  %sum:2 = scf.for %k = %c0 to %c77 step %c1 iter_args(%s = %five, %m = %low) -> (f32, f32) {
    %at = arith.addi %first, %k : index
    %v = memref.load %x[%at] : memref<?xf32>
    %n = arith.addf %s, %v : f32
    %l = arith.maximumf %m, %v : f32
    scf.yield %n, %l : f32, f32
  }
  %d = arith.subf %sum#0, %sum#1 : f32
  memref.store %d, %y[%item] : memref<?xf32>)";

/// The PTX of the program's kernel; `threads` says whether an item is a thread's or a warp's.
std::string emit(const std::string &source, int64_t *itemsOfGroup) {
  auto context = makeKernelContext();
  context
      ->loadDialect<hadal::HadalDialect, hadal::plan::PlanDialect, mlir::tensor::TensorDialect>();
  auto module = mlir::parseSourceString<mlir::ModuleOp>(source, context.get());
  mlir::PassManager pm(context.get());
  pm.nest<hadal::ProgramOp>().addPass(cuda::createEmitKernelsPass());
  if (!module || failed(pm.run(*module))) {
    ADD_FAILURE() << "expected a program that has kernels";
    return "";
  }
  hadal::VariantOp variant;
  module->walk([&](hadal::VariantOp op) { variant = op; });
  EXPECT_EQ(variant.getLevel(), "sm_80");
  auto interface = *variant.getContents().front().getOps<hadal::plan::InterfaceOp>().begin();
  auto grid = interface.getGrid().getX().getDefiningOp<hadal::plan::ExprOp>();
  *itemsOfGroup = *hadal::plan::constantOf(grid.getB());
  mlir::OwningOpRef<mlir::ModuleOp> kernels = mlir::ModuleOp::create(module->getLoc());
  auto function = *variant.getContents().front().getOps<mlir::func::FuncOp>().begin();
  function->moveBefore(kernels->getBody(), kernels->getBody()->end());
  return compileToPtx(*kernels, cuda::lowestLevel());
}

std::vector<float> randomRows(size_t rows) {
  std::vector<float> values(rows * 77);
  uint32_t state = 1;
  for (float &value : values) {
    state = state * 1664525 + 1013904223;
    value = float(state >> 8) / (1 << 24) - 0.5f;
  }
  return values;
}

/// y of the kernel for `rows` rows, with workgroups to spare, which do nothing.
std::vector<float> run(const std::string &ptx, size_t rows, size_t items, int64_t itemsOfGroup) {
  SimImage image(ptx);
  uint64_t x = image.upload(randomRows(rows)), y = image.allocate(items * sizeof(float));
  uint64_t constants = image.upload(std::vector<int64_t>{int64_t(rows)});
  image.run("k", uint32_t(items / size_t(itemsOfGroup) + 3), 128, {x, y, constants});
  return image.download<float>(y, items);
}

TEST(WorkItems, AnElementIsAThread) {
  int64_t itemsOfGroup = 0;
  std::string ptx = emit(programOf("%elements", R"(
    %v = memref.load %x[%item] : memref<?xf32>
    %s = arith.addf %v, %v : f32
    memref.store %s, %y[%item] : memref<?xf32>)"),
                         &itemsOfGroup);
  EXPECT_EQ(itemsOfGroup, 128);
  for (size_t rows : {1, 5}) {
    std::vector<float> x = randomRows(rows), y = run(ptx, rows, rows * 77, itemsOfGroup);
    for (size_t i = 0; i < x.size(); ++i)
      EXPECT_EQ(y[i], 2 * x[i]);
  }
}

// Lane l sums l, l + 32, ...; lanes are added in halves, then to where the sum begins.
TEST(WorkItems, ASumOfARowIsAWarp) {
  int64_t itemsOfGroup = 0;
  std::string ptx = emit(programOf("%rows", kSumOfRow), &itemsOfGroup);
  EXPECT_EQ(itemsOfGroup, 4);
  for (size_t rows : {1, 9}) {
    std::vector<float> x = randomRows(rows), y = run(ptx, rows, rows, itemsOfGroup);
    for (size_t row = 0; row < rows; ++row) {
      float lanes[32] = {}, largest = -INFINITY;
      for (size_t k = 0; k < 77; ++k) {
        lanes[k % 32] += x[row * 77 + k];
        largest = std::max(largest, x[row * 77 + k]);
      }
      for (size_t half = 16; half > 0; half /= 2)
        for (size_t lane = 0; lane < half; ++lane)
          lanes[lane] += lanes[lane + half];
      EXPECT_EQ(y[row], (5.0f + lanes[0]) - largest) << row;
    }
  }
}

// With as many elements in each row as a warp has lanes, each sums its own in order; with
// fewer, lanes share the sum.
TEST(WorkItems, WhatIsKnownOfTheGridDecides) {
  int64_t itemsOfGroup = 0;
  emit(programOf("%elements", kSumOfRow), &itemsOfGroup);
  EXPECT_EQ(itemsOfGroup, 128);
  emit(programOf("%few", kSumOfRow), &itemsOfGroup);
  EXPECT_EQ(itemsOfGroup, 4);
  // Nor with as many as there are rows.
  emit(programOf("%square", kSumOfRow), &itemsOfGroup);
  EXPECT_EQ(itemsOfGroup, 128);
  // What reads what it wrote stays in one thread.
  emit(programOf("%rows", std::string(kSumOfRow) + R"(
    %again = memref.load %y[%item] : memref<?xf32>
    memref.store %again, %y[%item] : memref<?xf32>)"),
       &itemsOfGroup);
  EXPECT_EQ(itemsOfGroup, 128);
}

} // namespace
