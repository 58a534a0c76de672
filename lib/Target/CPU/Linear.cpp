// SPDX-License-Identifier: Apache-2.0
// Emits dense linear kernels.
#include "hadal/Target/CPU/Linear.h"

#include "PanelTile.h"

using namespace hadal::cpu;
using namespace mlir;

namespace {
// Rows of a workgroup, a multiple of the tile heights of all levels: few enough
// that their activations stay in a cache, enough that reading the weights again
// for the next rows costs nothing beside the arithmetic.
constexpr int64_t rowsPerWorkgroup = 192;

/// Element indices at which `count` rows from `row` on start.
SmallVector<Value> getRowBases(KernelBuilder &k, const Activations &layout,
                               Value row, Value batch, unsigned count) {
  Value first = k.add(k.add(k.mul(row, layout.rowStride),
                            k.mul(batch, layout.batchStride)),
                      layout.offset);
  SmallVector<Value> bases;
  for (unsigned r = 0; r < count; ++r)
    bases.push_back(k.add(first, r * layout.rowStride));
  return bases;
}

SmallVector<Value> addTo(KernelBuilder &k, ArrayRef<Value> bases, Value offset) {
  return llvm::map_to_vector(
      bases, [&](Value base) -> Value { return k.add(base, offset); });
}
} // namespace

Grid hadal::cpu::getGrid(const LinearSpec &spec) {
  int64_t perWorkgroup =
      choosePanelsPerWorkgroup(spec.weight, spec.outputs, spec.inputs,
                               spec.dual, spec.panelsPerWorkgroup);
  return {int64_t(llvm::divideCeil(panelCount(spec.outputs), perWorkgroup)),
          spec.batch, rowsPerWorkgroup};
}

LogicalResult hadal::cpu::emitLinear(ModuleOp module, const LinearSpec &spec,
                                     const KernelTarget &target) {
  if (failed(verifyWeight(module, spec.name, spec.weight, spec.outputs,
                          spec.inputs, spec.scales)))
    return failure();
  if (spec.batch < 1)
    return module.emitError() << "kernel '" << spec.name
                              << "': expected a batch of at least 1, got "
                              << spec.batch;

  KernelBuilder k(module, spec.name, target);
  auto vectorOf = [&](unsigned i, Type type) {
    return k.binding(i, type, {ShapedType::kDynamic});
  };
  unsigned next = 0;
  Value x = vectorOf(next++, getMemoryType(k, spec.x.type));
  PanelWeight first{spec.weight, spec.outputs, spec.inputs,
                    vectorOf(next++, getMemoryType(k, spec.weight)), Value(),
                    spec.scales};
  PanelWeight second = first;
  if (spec.dual)
    second.data = vectorOf(next++, getMemoryType(k, spec.weight));
  if (spec.scales) {
    first.scaleData = vectorOf(next++, k.getF32Type());
    if (spec.dual)
      second.scaleData = vectorOf(next++, k.getF32Type());
  }
  Value residual;
  if (spec.residual)
    residual = vectorOf(next++, getMemoryType(k, spec.residual->type));
  Value y = vectorOf(next++, getMemoryType(k, spec.y.type));

  Value rows = k.launchConstant(0);
  Value batch = k.workgroupId(1);
  Value rowBegin = k.mul(k.workgroupId(2), rowsPerWorkgroup);
  Value rowEnd = k.minIndex(k.add(rowBegin, rowsPerWorkgroup), rows);
  int64_t perWorkgroup =
      choosePanelsPerWorkgroup(spec.weight, spec.outputs, spec.inputs,
                               spec.dual, spec.panelsPerWorkgroup);
  Value panelBegin = k.mul(k.workgroupId(0), perWorkgroup);
  Value panelEnd = k.minIndex(k.add(panelBegin, perWorkgroup),
                              k.index(panelCount(spec.outputs)));
  k.returnIf(k.cmp(arith::CmpIPredicate::sge, rowBegin, rows));

  k.forLoop(panelBegin, panelEnd, 1, [&](Value panel) {
    PanelPosition position{batch, panel};
    Value column = k.mul(panel, panelOutputs);
    forEachRowTile(k, rowBegin, rowEnd, [&](Value row, unsigned count) {
      SmallVector<Value> xBases = getRowBases(k, spec.x, row, batch, count);
      SmallVector<Value> yBases = addTo(
          k, getRowBases(k, spec.y, row, batch, count), column);
      std::optional<TileResidual> added;
      if (spec.residual)
        added = TileResidual{
            residual,
            addTo(k, getRowBases(k, *spec.residual, row, batch, count),
                  column)};
      for (TileColumns columns : getTileColumns(target, count)) {
        SmallVector<Value> tile =
            emitTile(k, first, position, x, xBases, columns);
        if (spec.dual)
          tile = combineGateUp(
              k, tile, emitTile(k, second, position, x, xBases, columns));
        storeTile(k, tile, columns, panel, spec.outputs, y, yBases, added);
      }
    });
  });
  k.finish();
  return success();
}
