// SPDX-License-Identifier: Apache-2.0
// What surrounds the register tile: rows, columns, results, work division.
#include "PanelTile.h"

using namespace hadal::cpu;
using namespace mlir;

// AVX2 has 16 registers: 12 accumulators leave room for two vectors of weights,
// an input and the split of a pair. AVX-512 has 32, of which 16 accumulators
// already keep both dot units busy.
unsigned hadal::cpu::getMaxTileRows(const KernelTarget &target) {
  return target.level == Level::V3 ? 6 : 8;
}

SmallVector<TileColumns> hadal::cpu::getTileColumns(const KernelTarget &target,
                                                    unsigned rows) {
  unsigned vectors = unsigned(panelOutputs) / target.width();
  unsigned parts = target.level == Level::V3 && rows > 2 ? 2 : 1;
  SmallVector<TileColumns> result;
  for (unsigned part = 0; part < parts; ++part)
    result.push_back(
        {part * unsigned(panelOutputs) / parts, vectors / parts});
  return result;
}

void hadal::cpu::forEachRowTile(
    KernelBuilder &k, Value begin, Value end,
    llvm::function_ref<void(Value, unsigned)> body) {
  unsigned tile = getMaxTileRows(k.target());
  Value full = k.mul(k.div(k.sub(end, begin), tile), tile);
  Value next = k.add(begin, full);
  k.forLoop(begin, next, tile, [&](Value row) { body(row, tile); });
  Value rest = k.sub(end, next);
  for (unsigned count : {4u, 2u, 1u}) {
    Value has = k.cmp(arith::CmpIPredicate::uge, rest, k.index(count));
    k.ifThen(has, [&] { body(next, count); });
    Value taken = k.select(has, k.index(count), k.index(0));
    next = k.add(next, taken);
    rest = k.sub(rest, taken);
  }
}

SmallVector<Value> hadal::cpu::combineGateUp(KernelBuilder &k, ValueRange gate,
                                             ValueRange up) {
  SmallVector<Value> result;
  for (auto [g, u] : llvm::zip_equal(gate, up))
    result.push_back(k.mulF(k.silu(g), u));
  return result;
}

void hadal::cpu::storeTile(KernelBuilder &k, ValueRange tile,
                           TileColumns columns, Value panel, int64_t outputs,
                           Value y, ValueRange rowBases,
                           const std::optional<TileResidual> &residual) {
  unsigned width = k.width();
  // `available`: how many of the panel's 32 columns exist.
  auto store = [&](int64_t available) {
    for (unsigned r = 0; r < rowBases.size(); ++r)
      for (unsigned v = 0; v < columns.vectors; ++v) {
        int64_t column = columns.first + v * width;
        int64_t count = std::min<int64_t>(available - column, width);
        if (count <= 0)
          continue;
        Value value = tile[r * columns.vectors + v];
        if (residual) {
          Value index = k.add(residual->rowBases[r], column);
          value = k.addF(
              k.loadVectorPartF32(residual->data, index, width, count), value);
        }
        k.storeVectorPartF32(value, y, k.add(rowBases[r], column), count);
      }
  };
  int64_t tail = outputs % panelOutputs;
  if (tail == 0) {
    store(panelOutputs);
    return;
  }
  Value isLast = k.cmp(arith::CmpIPredicate::eq, panel,
                       k.index(panelCount(outputs) - 1));
  k.ifElse(
      isLast, [&] { store(tail); }, [&] { store(panelOutputs); });
}

Type hadal::cpu::getMemoryType(KernelBuilder &k, WeightType type) {
  switch (type) {
  case WeightType::BF16:
    return k.getBF16Type();
  case WeightType::F32:
    return k.getF32Type();
  case WeightType::F8E4M3:
    return k.getI8Type();
  }
  llvm_unreachable("weight type");
}

Type hadal::cpu::getMemoryType(KernelBuilder &k, ActivationType type) {
  return type == ActivationType::BF16 ? Type(k.getBF16Type())
                                      : Type(k.getF32Type());
}

int64_t hadal::cpu::choosePanelsPerWorkgroup(WeightType type, int64_t outputs,
                                             int64_t inputs, bool dual,
                                             int64_t requested) {
  int64_t panels = panelCount(outputs);
  if (requested > 0)
    return std::min(requested, panels);
  // A workgroup should read enough to make its launch negligible, and there
  // should be enough of them to share out evenly.
  constexpr int64_t bytesWanted = 128 * 1024, workgroupsWanted = 16;
  int64_t bytes = panelBytes(type, inputs) * (dual ? 2 : 1);
  int64_t byBytes = std::max<int64_t>(bytesWanted / bytes, 1);
  int64_t byCount = std::max<int64_t>(panels / workgroupsWanted, 1);
  return std::min(byBytes, byCount);
}

LogicalResult
hadal::cpu::verifyWeight(ModuleOp module, StringRef kernel, WeightType type,
                         int64_t outputs, int64_t inputs,
                         const std::optional<BlockScales> &scales) {
  auto error = [&] { return module.emitError() << "kernel '" << kernel << "': "; };
  if (outputs < 1 || inputs < 1)
    return error() << "expected a weight of at least 1 x 1, got " << outputs
                   << " x " << inputs;
  if (scales.has_value() != (type == WeightType::F8E4M3))
    return error() << "expected block scales "
                   << (scales ? "with fp8 weights only" : "with fp8 weights");
  if (scales && (scales->outputBlock < 1 || scales->inputBlock < 1))
    return error() << "expected scale blocks of at least 1 x 1, got "
                   << scales->outputBlock << " x " << scales->inputBlock;
  return success();
}
