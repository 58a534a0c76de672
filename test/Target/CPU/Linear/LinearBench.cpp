// SPDX-License-Identifier: Apache-2.0
// Measures linear kernels against the limits of one core, in the same run.
//
//   hadal-cpu-linear-bench [--rows=1,6,128] [--outputs=2048] [--inputs=2048]
//       [--weight=bf16|f32|f8] [--x=bf16|f32] [--dual] [--panels=N]
//       [--experts=E] [--assembly]
//
// Every round runs a read-only pass over the weights, the kernel, and a loop of
// the level's multiply-add unit on registers; the medians are compared. So a
// figure is a share of what the machine gave in that moment. --experts measures
// the grouped form, each row with 6 choices (or E, where fewer).
#include "ImageHarness.h"

#include "hadal/Target/CPU/Image.h"
#include "hadal/Target/CPU/KernelBuilder.h"
#include "hadal/Target/CPU/Linear.h"
#include "hadal/Target/CPU/Pipeline.h"

#include "mlir/Dialect/X86Vector/X86VectorDialect.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"

#include <algorithm>
#include <cstdio>
#include <time.h>

using namespace hadal::cpu;
using namespace hadal::cpu::test;

namespace {
llvm::cl::list<int64_t> rowsOption("rows", llvm::cl::CommaSeparated);
llvm::cl::opt<int64_t> outputsOption("outputs", llvm::cl::init(2048));
llvm::cl::opt<int64_t> inputsOption("inputs", llvm::cl::init(2048));
llvm::cl::opt<WeightType> weightOption("weight", llvm::cl::init(WeightType::BF16),
                                       llvm::cl::values(clEnumValN(WeightType::BF16, "bf16", ""),
                                                        clEnumValN(WeightType::F32, "f32", ""),
                                                        clEnumValN(WeightType::F8E4M3, "f8", "")));
llvm::cl::opt<ActivationType>
    inputOption("x", llvm::cl::init(ActivationType::BF16),
                llvm::cl::values(clEnumValN(ActivationType::BF16, "bf16", ""),
                                 clEnumValN(ActivationType::F32, "f32", "")));
llvm::cl::opt<bool> dualOption("dual");
llvm::cl::opt<int64_t> panelsOption("panels");
llvm::cl::opt<int64_t> expertsOption("experts");
llvm::cl::opt<bool> assemblyOption("assembly");

/// Time of the processor, so that other work on the machine does not count.
double now() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}
double seconds(double from) { return now() - from; }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Reads `bindings[0]` of constant[0] bytes (a multiple of 2048) and stores the
/// combination of all to bindings[1].
void emitReader(mlir::ModuleOp module, const KernelTarget &target) {
  KernelBuilder k(module, "reader", target);
  unsigned width = k.width();
  auto memory = [&](unsigned i) {
    return k.binding(i, k.getI32Type(), {mlir::ShapedType::kDynamic});
  };
  mlir::Value data = memory(0);
  llvm::SmallVector<mlir::Value> sums(8, k.splat(int32_t(0), width));
  sums = k.forLoop(k.index(0), k.div(k.launchConstant(0), 4), 8 * width, sums,
                   [&](mlir::Value i, mlir::ValueRange carried) {
                     llvm::SmallVector<mlir::Value> next;
                     for (unsigned u = 0; u < 8; ++u)
                       next.push_back(mlir::arith::OrIOp::create(
                           k, carried[u], k.loadVector(data, k.add(i, u * width), width)));
                     return next;
                   });
  mlir::Value out = memory(1);
  for (unsigned u = 0; u < 8; ++u)
    k.storeVector(sums[u], out, k.index(u * width));
  k.finish();
}

constexpr int64_t peakUnroll = 12;

/// constant[0] rounds of 12 independent multiply-adds on registers.
void emitPeak(mlir::ModuleOp module, const KernelTarget &target, bool dot) {
  KernelBuilder k(module, "peak", target);
  unsigned width = k.width();
  mlir::Value data = k.binding(0, k.getF32Type(), {mlir::ShapedType::kDynamic});
  mlir::Value a = k.loadVector(data, k.index(0), width);
  llvm::SmallVector<mlir::Value> sums(peakUnroll, k.splat(0.0f, width));
  sums = k.forLoop(
      k.index(0), k.launchConstant(0), 1, sums, [&](mlir::Value, mlir::ValueRange carried) {
        llvm::SmallVector<mlir::Value> next;
        for (mlir::Value sum : carried) {
          if (!dot) {
            next.push_back(k.fma(a, a, sum));
            continue;
          }
          mlir::Value pairs = k.bitcast(a, k.vectorType(2 * width, k.getBF16Type()));
          next.push_back(mlir::x86vector::DotBF16Op::create(k, sum.getType(), sum, pairs, pairs));
        }
        return next;
      });
  for (unsigned u = 0; u < peakUnroll; ++u)
    k.storeVector(sums[u], data, k.index(u * width));
  k.finish();
}
} // namespace

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv);
  KernelTarget target;
  if (hostExecutes(Level::V4BF16))
    target.level = Level::V4BF16;
  bool dot = target.usesPairDot() && weightOption == WeightType::BF16 &&
             inputOption == ActivationType::BF16;
  int64_t experts = expertsOption, matrices = std::max<int64_t>(experts, 1);

  std::optional<BlockScales> scales;
  if (weightOption == WeightType::F8E4M3)
    scales = BlockScales::stacked(outputsOption, inputsOption, 128, 128);
  LinearSpec dense;
  dense.name = "linear";
  dense.outputs = outputsOption;
  dense.inputs = inputsOption;
  dense.weight = weightOption;
  dense.x = {inputOption, 0, inputsOption, 0};
  dense.y = {ActivationType::F32, 0, outputsOption, 0};
  dense.scales = scales;
  dense.dual = dualOption;
  dense.panelsPerWorkgroup = panelsOption;
  GroupedLinearSpec grouped;
  grouped.name = "linear";
  grouped.gateUp = dualOption;
  grouped.experts = experts;
  grouped.topK = std::min<int64_t>(matrices, 6);
  grouped.outputs = outputsOption;
  grouped.inputs = inputsOption;
  grouped.weight = weightOption;
  grouped.x = dense.x;
  grouped.y = dense.y;
  grouped.scales = scales;
  grouped.panelsPerWorkgroup = panelsOption;

  mlir::MLIRContext context;
  context.disableMultithreading();
  loadKernelDialects(&context);
  auto makeModule = [&] {
    return mlir::OwningOpRef<mlir::ModuleOp>(
        mlir::ModuleOp::create(mlir::UnknownLoc::get(&context)));
  };
  auto helpers = makeModule();
  emitReader(*helpers, target);
  emitPeak(*helpers, target, dot);
  Library helperLibrary = Library::compile(*helpers, target);
  auto reader = helperLibrary.find("reader"), peak = helperLibrary.find("peak");

  // What the compilation of a kernel takes as one of several. The linker, a
  // process of its own, does not count.
  constexpr int kernels = 8;
  for (Level level : allLevels()) {
    auto module = makeModule();
    double start = now();
    for (int i = 0; i < kernels; ++i) {
      dense.name = grouped.name = "linear" + std::to_string(i);
      if (failed(experts ? emitGroupedLinear(*module, grouped, {level})
                         : emitLinear(*module, dense, {level})))
        return 1;
    }
    mlir::PassManager pm(&context);
    buildKernelPipeline(pm, level);
    if (failed(pm.run(*module)))
      return 1;
    double lowering = seconds(start);
    std::string assembly;
    CompileOptions options;
    if (assemblyOption)
      options.assembly = &assembly;
    start = now();
    auto image = compileImage(*module, level, options);
    if (failed(image))
      return 1;
    std::printf("%s: lowered in %.0f ms, compiled in %.0f ms, %llu B\n%s",
                getLevelName(level).str().c_str(), 1e3 * lowering / kernels,
                1e3 * seconds(start) / kernels,
                static_cast<unsigned long long>(image->symbols[0].codeSize), assembly.c_str());
  }
  dense.name = grouped.name = "linear";
  auto module = makeModule();
  if (failed(experts ? emitGroupedLinear(*module, grouped, target)
                     : emitLinear(*module, dense, target)))
    return 1;
  Library library = Library::compile(*module, target);
  auto kernel = library.find("linear");

  int64_t weightBytes = packedBytes(weightOption, matrices, outputsOption, inputsOption);
  Buffer weights(size_t(weightBytes + 4096)), weights2(size_t(weightBytes + 4096));
  std::memset(weights.data(), 0x11, weights.size());
  std::memset(weights2.data(), 0x11, weights2.size());
  Buffer scaleData(size_t(4 * matrices * (scales ? scales->batchStride : 1)));
  std::memset(scaleData.data(), 0, scaleData.size());
  Buffer sink(4096);
  std::memset(sink.data(), 0, sink.size());

  std::vector<int64_t> rowCounts(rowsOption.begin(), rowsOption.end());
  if (rowCounts.empty())
    rowCounts = {1, 6, 128};
  for (int64_t rows : rowCounts) {
    int64_t choices = experts ? rows * grouped.topK : rows;
    Buffer x(size_t(rows * inputsOption * 4)), y(size_t(choices * outputsOption * 4));
    std::memset(x.data(), 0, x.size());
    // Choice c of all goes to expert c mod E.
    std::vector<int32_t> offsets(1), order;
    int64_t active = 0;
    for (int64_t e = 0; e < experts; ++e) {
      for (int64_t c = e; c < choices; c += experts)
        order.push_back(int32_t(c));
      active += int64_t(order.size()) > offsets.back();
      offsets.push_back(int32_t(order.size()));
    }
    Buffer offsetData = Buffer::of(offsets), orderData = Buffer::of(order);
    std::vector<Buffer *> bindings = {&x};
    if (experts) {
      bindings.push_back(&offsetData);
      bindings.push_back(&orderData);
    }
    bindings.push_back(&weights);
    if (dualOption)
      bindings.push_back(&weights2);
    if (scales) {
      bindings.push_back(&scaleData);
      if (dualOption)
        bindings.push_back(&scaleData);
    }
    bindings.push_back(&y);
    Grid grid = getGrid(dense);
    uint32_t gridX = uint32_t(experts ? getGroupedGrid(grouped) : grid.x);
    uint32_t gridZ =
        uint32_t(experts ? 1 : (rows + grid.rowsPerWorkgroup - 1) / grid.rowsPerWorkgroup);

    double bytes = double(weightBytes) / double(matrices) * double(experts ? active : 1) *
                   (dualOption ? 2 : 1);
    double flops =
        2.0 * double(choices) * double(outputsOption) * double(inputsOption) * (dualOption ? 2 : 1);
    int64_t readBytes = std::min<int64_t>(weightBytes, int64_t(bytes)) / 2048 * 2048;
    constexpr int64_t peakRounds = 200000;
    std::vector<double> read, run, multiply;
    for (int round = 0; round < 15; ++round) {
      auto start = now();
      runGrid(reader, {&weights, &sink}, {readBytes}, 1);
      read.push_back(seconds(start) / double(readBytes));
      start = now();
      runGrid(kernel, bindings, {rows}, gridX, 1, gridZ);
      run.push_back(seconds(start));
      start = now();
      runGrid(peak, {&sink}, {peakRounds}, 1);
      multiply.push_back(seconds(start) /
                         (double(peakRounds) * peakUnroll * target.width() * (dot ? 4 : 2)));
    }
    double time = median(run);
    std::printf("%4lld rows: %8.1f us  %5.1f GB/s (%.2f of %.1f)  %6.1f "
                "GFLOP/s (%.2f of %.1f)\n",
                static_cast<long long>(rows), 1e6 * time, 1e-9 * bytes / time,
                bytes * median(read) / time, 1e-9 / median(read), 1e-9 * flops / time,
                flops * median(multiply) / time, 1e-9 / median(multiply));
  }
  return 0;
}
