// SPDX-License-Identifier: Apache-2.0
// Operands of kernels in tiles: random activations, weights as they are stored, pairs by expert; and
// what comes of them.
#include "TileOperands.h"

#include "../CPU/KernelHarness.h"

#include "hadal/IR/FragmentPacking.h"

#include "tile/IR/TileDialect.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace hadal;
using namespace hadal::testing;

std::vector<uint16_t> hadal::testing::drawBF16(size_t count, unsigned seed) {
  std::vector<uint16_t> drawn;
  for (float value : randomFloats(count, seed))
    drawn.push_back(f32ToBF16(value));
  return drawn;
}

/// All numbers alike.
static std::vector<uint8_t> drawF8(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> magnitudes(0, 126), signs(0, 1);
  std::vector<uint8_t> drawn(count);
  for (uint8_t &value : drawn)
    value = uint8_t(signs(random) << 7 | magnitudes(random));
  return drawn;
}

TileWeight::TileWeight(int64_t outputs, int64_t inputs, unsigned seed, int64_t blockOutputs,
                       int64_t blockInputs)
    : inputs(inputs) {
  bool isNarrow = blockOutputs > 0;
  StoredElement element = isNarrow ? StoredElement::F8E4M3 : StoredElement::BF16;
  size_t count = size_t(outputs * inputs);
  values.resize(count);
  std::vector<uint8_t> source = drawF8(isNarrow ? count : 0, seed);
  std::vector<uint16_t> wide = drawBF16(isNarrow ? 0 : count, seed);
  if (isNarrow) {
    int64_t columns = (inputs + blockInputs - 1) / blockInputs;
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> draw(0.5f / 448, 1.5f / 448);
    scales.resize((outputs + blockOutputs - 1) / blockOutputs * columns);
    for (float &scale : scales)
      scale = draw(random);
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t k = 0; k < inputs; ++k)
        values[o * inputs + k] = double(f8E4M3ToF32(source[o * inputs + k])) *
                                 scales[o / blockOutputs * columns + k / blockInputs];
  } else {
    std::transform(wide.begin(), wide.end(), values.begin(), bf16ToF32);
  }
  const uint8_t *data = isNarrow ? source.data() : reinterpret_cast<const uint8_t *>(wide.data());
  int64_t bytes = bytesOf(element), part = fragmentElements(inputs) * bytes;
  packed.resize((outputs + 15) / 16 * part);
  for (int64_t o = 0; o < outputs; o += 16) {
    StoredMatrix rows{
        data + o * inputs * bytes, element, std::min<int64_t>(16, outputs - o), inputs, inputs, 1};
    EXPECT_TRUE(packFragments(rows, element, &packed[o / 16 * part]));
  }
}

Sum hadal::testing::multiply(const uint16_t *row, const TileWeight &weight, int64_t output) {
  Sum sum;
  for (int64_t k = 0; k < weight.inputs; ++k) {
    double product = bf16ToF32(row[k]) * weight.values[output * weight.inputs + k];
    sum.value += product;
    sum.size += std::abs(product);
  }
  return sum;
}

Sum hadal::testing::applyGate(const Sum &gate, const Sum &up) {
  return {gate.value / (1 + std::exp(-gate.value)) * up.value, gate.size * std::abs(up.value) +
                                                                   up.size * std::abs(gate.value) +
                                                                   std::abs(gate.value * up.value)};
}

const cuda::LinearProgram &hadal::testing::programFor(llvm::ArrayRef<cuda::LinearProgram> programs,
                                                      int64_t rows) {
  return *llvm::find_if(programs, [&](const cuda::LinearProgram &program) {
    return rows <= program.mostRows || !program.mostRows;
  });
}

void hadal::testing::keepProgram(mlir::Block *kernels, size_t number) {
  auto kernel = llvm::cast<mlir::func::FuncOp>(kernels->front());
  size_t program = 0;
  for (auto choice : llvm::make_early_inc_range(kernel.getOps<mlir::scf::IfOp>()))
    if (program++ != number)
      choice.erase();
}

bool hadal::testing::onlySavesWork(mlir::Operation *op) {
  auto isKernel = llvm::IsaPred<mlir::func::FuncOp>;
  auto choice = llvm::dyn_cast<mlir::scf::IfOp>(op);
  if (!choice)
    return false;
  mlir::Operation *around = op->getParentOp();
  if (isKernel(around) || isKernel(around->getParentOp()))
    return true;
  // Behind a segment's end is the next one; behind the last of all nothing may be read.
  auto copies = choice.thenBlock()->getOps<tile::CopyOp>();
  return std::distance(copies.begin(), copies.end()) == 1;
}

Groups hadal::testing::sortPairs(const std::vector<int32_t> &ids, int64_t experts) {
  Groups groups;
  for (int64_t e = 0; e < experts; ++e) {
    groups.offsets.push_back(int32_t(groups.pairs.size()));
    for (size_t p = 0; p < ids.size(); ++p)
      if (ids[p] == e)
        groups.pairs.push_back(int32_t(p));
  }
  groups.offsets.push_back(int32_t(groups.pairs.size()));
  return groups;
}
