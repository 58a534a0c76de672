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
constexpr int64_t rowsPerWorkgroup = 160;

/// Element at which row `row + plus` starts.
Value getRowBase(KernelBuilder &k, const Activations &layout, Value row, Value batch,
                 int64_t plus = 0) {
  Value first =
      k.add(k.add(k.mul(row, layout.rowStride), k.mul(batch, layout.batchStride)), layout.offset);
  return k.add(first, plus * layout.rowStride);
}
} // namespace

Grid hadal::cpu::getGrid(const LinearSpec &spec) {
  int64_t perWorkgroup = choosePanelsPerWorkgroup(spec.weight, spec.outputs, spec.inputs, spec.dual,
                                                  spec.panelsPerWorkgroup);
  return {int64_t(llvm::divideCeil(panelCount(spec.outputs), perWorkgroup)), spec.batch,
          rowsPerWorkgroup};
}

LogicalResult hadal::cpu::emitLinear(ModuleOp module, const LinearSpec &spec,
                                     const KernelTarget &target) {
  if (failed(verifyWeight(module, spec.name, spec.weight, spec.outputs, spec.inputs, spec.scales)))
    return failure();
  if (spec.batch < 1)
    return module.emitError() << "kernel '" << spec.name
                              << "': expected a batch of at least 1, got " << spec.batch;

  KernelBuilder k(module, spec.name, target);
  auto vectorOf = [&](unsigned i, Type type) { return k.binding(i, type, {ShapedType::kDynamic}); };
  Value rows = k.launchConstant(0);
  Value batch = k.workgroupId(1);
  PanelProgram program;
  program.weight = {spec.weight, spec.outputs, spec.inputs, spec.scales, Value(), Value()};
  program.dual = spec.dual;
  program.prepare(k);
  unsigned next = 0, matrices = spec.dual ? 2 : 1;
  program.x = vectorOf(next++, getMemoryType(k, spec.x.type));
  program.weightBinding = next;
  next += matrices;
  program.scaleBinding = next;
  next += spec.scales ? matrices : 0;
  if (spec.residual)
    program.residual = vectorOf(next++, getMemoryType(k, spec.residual->type));
  program.y = vectorOf(next++, getMemoryType(k, spec.y.type));
  program.xBase = [&](Value row, int64_t plus) { return getRowBase(k, spec.x, row, batch, plus); };
  program.yBase = [&](Value row) { return getRowBase(k, spec.y, row, batch); };
  program.residualBase = [&](Value row) { return getRowBase(k, *spec.residual, row, batch); };

  Value rowBegin = k.mul(k.workgroupId(2), rowsPerWorkgroup);
  Value rowEnd = k.minIndex(k.add(rowBegin, rowsPerWorkgroup), rows);
  int64_t perWorkgroup = choosePanelsPerWorkgroup(spec.weight, spec.outputs, spec.inputs, spec.dual,
                                                  spec.panelsPerWorkgroup);
  Value panelBegin = k.mul(k.workgroupId(0), perWorkgroup);
  Value panelEnd = k.minIndex(k.add(panelBegin, perWorkgroup), k.index(panelCount(spec.outputs)));
  k.returnIf(k.cmp(arith::CmpIPredicate::sge, rowBegin, rows));
  k.forLoop(panelBegin, panelEnd, 1,
            [&](Value panel) { emitPanel(k, program, {batch, panel}, rowBegin, rowEnd); });
  k.finish();
  return success();
}
