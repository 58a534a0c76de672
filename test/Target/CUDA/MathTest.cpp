// SPDX-License-Identifier: Apache-2.0
// Measures mathematical functions on each target against the table of docs/Numerics.md.
#include "../CPU/KernelHarness.h"
#include "SimHarness.h"

#include "hadal/Target/CPU/KernelLoops.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

using namespace mlir;
using namespace hadal;
namespace harness = hadal::testing;

namespace {

using Build = Value (*)(ImplicitLocOpBuilder &, Value);

/// A number, or a vector of it.
Value constant(ImplicitLocOpBuilder &b, Type type, float value) {
  FloatAttr number = b.getF32FloatAttr(value);
  if (auto vector = dyn_cast<VectorType>(type))
    return arith::ConstantOp::create(b, DenseElementsAttr::get(vector, Attribute(number)));
  return arith::ConstantOp::create(b, number);
}

Value one(ImplicitLocOpBuilder &b, Type type) { return constant(b, type, 1); }

template <typename OpTy>
Value call(ImplicitLocOpBuilder &b, Value x) {
  return OpTy::create(b, x);
}

Value sigmoid(ImplicitLocOpBuilder &b, Value x) {
  Value e = math::ExpOp::create(b, arith::NegFOp::create(b, x).getResult());
  Value sum = arith::AddFOp::create(b, one(b, x.getType()), e);
  return arith::DivFOp::create(b, one(b, x.getType()), sum);
}

/// What a row of the table is about.
struct Function {
  Build build;
  double (*exact)(double);
  double low, high;
  double floor = FLT_MIN; // of what errors are relative to
};

const std::map<std::string, Function> &functions() {
  static const std::map<std::string, Function> all = {
      {"exp", {call<math::ExpOp>, std::exp, -87, 88}},
      {"log", {call<math::LogOp>, std::log, FLT_MIN, 1e30}},
      {"log1p", {call<math::Log1pOp>, std::log1p, -0.99, 1e30}},
      {"tanh", {call<math::TanhOp>, std::tanh, -20, 20}},
      {"erf", {call<math::ErfOp>, std::erf, -4, 4}},
      {"sin", {call<math::SinOp>, std::sin, -1e30, 1e30, 1}},
      {"cos", {call<math::CosOp>, std::cos, -1e30, 1e30, 1}},
      {"tan", {call<math::TanOp>, std::tan, -1e30, 1e30}},
      {"atan", {call<math::AtanOp>, std::atan, -1e30, 1e30}},
      {"atan2",
       {[](ImplicitLocOpBuilder &b, Value x) -> Value {
          return math::Atan2Op::create(b, x, constant(b, x.getType(), -1));
        },
        [](double x) { return std::atan2(x, -1.0); }, -1e30, 1e30}},
      {"exp2", {call<math::Exp2Op>, std::exp2, -126, 127.9}},
      {"sinh", {call<math::SinhOp>, std::sinh, -89, 89}},
      {"cosh", {call<math::CoshOp>, std::cosh, -89, 89}},
      {"cbrt", {call<math::CbrtOp>, std::cbrt, -1e30, 1e30}},
      {"sqrt", {call<math::SqrtOp>, std::sqrt, FLT_MIN, 1e30}},
      {"rsqrt", {call<math::RsqrtOp>, [](double x) { return 1 / std::sqrt(x); }, FLT_MIN, 1e30}},
      {"1/x",
       {[](ImplicitLocOpBuilder &b, Value x) -> Value {
          return arith::DivFOp::create(b, one(b, x.getType()), x);
        },
        [](double x) { return 1 / x; }, FLT_MIN, 1e30}},
      {"sigmoid", {sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -80, 80}},
      {"silu",
       {[](ImplicitLocOpBuilder &b, Value x) -> Value {
          return arith::MulFOp::create(b, x, sigmoid(b, x));
        },
        [](double x) { return x / (1 + std::exp(-x)); }, -80, 80}},
  };
  return all;
}

/// Half of them evenly in [low, high], half evenly by their logarithms, of both signs where
/// there are both.
std::vector<float> samples(const Function &function) {
  constexpr int kHalf = 1 << 17;
  std::vector<float> values;
  std::mt19937 random(1);
  std::uniform_real_distribution<double> fraction(0, 1);
  double smallest = std::log(function.low > 0 ? function.low : 1e-6);
  for (int i = 0; i < kHalf; ++i)
    values.push_back(float(function.low + (function.high - function.low) * fraction(random)));
  for (int i = 0; i < kHalf; ++i) {
    bool negative = function.low < 0 && i % 2;
    double largest = std::log(negative ? -function.low : function.high);
    double value = std::exp(smallest + (largest - smallest) * fraction(random));
    values.push_back(
        std::clamp(float(negative ? -value : value), float(function.low), float(function.high)));
  }
  return values;
}

double largestError(const Function &function, const std::vector<float> &x,
                    const std::vector<float> &y) {
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    double exact = function.exact(x[i]);
    double error = std::fabs(y[i] - exact) / std::max(std::fabs(exact), function.floor);
    if (!(error <= largest))
      largest = error; // NaN too, and then for good
  }
  return largest;
}

std::vector<float> runOnSim(const Function &function, const std::vector<float> &x) {
  constexpr uint32_t kThreads = 128;
  auto context = harness::makeKernelContext();
  ImplicitLocOpBuilder b(UnknownLoc::get(context.get()), context.get());
  OwningOpRef<ModuleOp> module = ModuleOp::create(b.getLoc());
  b.setInsertionPointToEnd(module->getBody());
  auto buffer = MemRefType::get({ShapedType::kDynamic}, b.getF32Type());
  auto kernel = func::FuncOp::create(b, "kernel", b.getFunctionType({buffer, buffer}, {}));
  kernel->setAttr("nvvm.reqntid", b.getDenseI32ArrayAttr({int32_t(kThreads), 1, 1}));
  b.setInsertionPointToStart(kernel.addEntryBlock());
  Value block = gpu::BlockIdOp::create(b, gpu::Dimension::x);
  Value thread = gpu::ThreadIdOp::create(b, gpu::Dimension::x);
  Value size = arith::ConstantIndexOp::create(b, kThreads);
  Value first = arith::MulIOp::create(b, block, size);
  Value i = arith::AddIOp::create(b, first, thread);
  Value value = memref::LoadOp::create(b, kernel.getArgument(0), i);
  memref::StoreOp::create(b, function.build(b, value), kernel.getArgument(1), i);
  func::ReturnOp::create(b);
  harness::SimImage image(harness::compileToPtx(*module, cuda::lowestLevel()));
  uint64_t from = image.upload(x), to = image.allocate(x.size() * sizeof(float));
  image.run("kernel", uint32_t(x.size() / kThreads), kThreads, {from, to});
  return image.download<float>(to, x.size());
}

std::vector<float> runOnCpu(const Function &function, const cpu::KernelTarget &target,
                            const std::vector<float> &x) {
  cpu::KernelInfo info;
  info.bindings = {cpu::Access::Read, cpu::Access::Write};
  info.grid = {cpu::GridExtent::fixed(1), cpu::GridExtent::fixed(1), cpu::GridExtent::fixed(1)};
  harness::Kernel kernel(target, info, [&](cpu::KernelBuilder &k) {
    Value from = cpu::flatBinding(k, 0, cpu::FloatType::F32),
          to = cpu::flatBinding(k, 1, cpu::FloatType::F32);
    cpu::forVectors(k, int64_t(x.size()), [&](Value offset, unsigned lanes) {
      k.storeVector(function.build(k, k.loadVector(from, offset, lanes)), to, offset);
    });
    k.finish();
  });
  EXPECT_TRUE(kernel.valid());
  harness::Buffer from(x, cpu::FloatType::F32);
  harness::Buffer to = harness::Buffer::poisoned(x.size(), cpu::FloatType::F32);
  EXPECT_EQ(kernel.run({&from, &to}, {}, 1), 0);
  return to.floats(cpu::FloatType::F32);
}

/// Rows of the table of errors: name, and bounds by the names of the columns.
std::map<std::string, std::map<std::string, double>> readTable() {
  std::ifstream file(HADAL_NUMERICS);
  EXPECT_TRUE(file) << HADAL_NUMERICS;
  std::map<std::string, std::map<std::string, double>> table;
  std::vector<std::string> columns;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;
    std::stringstream cut(line);
    for (std::string cell; std::getline(cut, cell, '|');) {
      cell.erase(0, cell.find_first_not_of(" `"));
      cell.erase(cell.find_last_not_of(" `") + 1);
      cells.push_back(cell);
    }
    if (cells.size() < 4)
      continue;
    if (cells[1] == "function")
      columns = cells;
    else if (!columns.empty() && functions().count(cells[1]))
      for (size_t i = 3; i < cells.size(); ++i)
        table[cells[1]][columns[i]] = std::stod(cells[i]);
  }
  return table;
}

// What the table says is no less than what is measured, and not much more.
TEST(Math, ErrorsAreAsTheTableSays) {
  auto table = readTable();
  for (const auto &[name, function] : functions()) {
    SCOPED_TRACE(name);
    std::vector<float> x = samples(function);
    std::map<std::string, double> measured;
    measured["cuda"] = largestError(function, x, runOnSim(function, x));
    for (const cpu::KernelTarget &target : harness::hostTargets()) {
      double &worst = measured["cpu"];
      worst = std::max(worst, largestError(function, x, runOnCpu(function, target, x)));
    }
    for (const auto &[target, error] : measured) {
      double bound = table[name][target];
      std::printf("%-8s %-4s %.2e of at most %.2e\n", name.c_str(), target.c_str(), error, bound);
      EXPECT_LE(error, bound) << target;
      EXPECT_GE(error, bound / 2) << target << ": the table says too much";
    }
  }
}

// Both targets compute the same polynomials in exactly rounded steps.
TEST(Math, TargetsHaveTheSameBits) {
  for (const auto &[name, function] : functions()) {
    std::vector<float> x = samples(function);
    std::vector<float> y = runOnSim(function, x);
    for (const cpu::KernelTarget &target : harness::hostTargets()) {
      std::vector<float> z = runOnCpu(function, target, x);
      size_t different = 0;
      for (size_t i = 0; i < x.size(); ++i)
        different += std::memcmp(&y[i], &z[i], sizeof(float)) != 0;
      EXPECT_EQ(different, 0u) << name;
    }
  }
}

} // namespace
