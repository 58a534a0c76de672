// SPDX-License-Identifier: Apache-2.0
// Emits the linear kernels of experts, over rows grouped by expert.
#include "hadal/Target/CPU/Linear.h"

#include "PanelTile.h"

using namespace hadal::cpu;
using namespace mlir;

int64_t hadal::cpu::getGroupedGrid(const GroupedLinearSpec &spec) {
  int64_t perWorkgroup =
      choosePanelsPerWorkgroup(spec.weight, spec.outputs, spec.inputs,
                               spec.gateUp, spec.panelsPerWorkgroup);
  return llvm::divideCeil(panelCount(spec.outputs), perWorkgroup);
}

LogicalResult hadal::cpu::emitGroupedLinear(ModuleOp module,
                                            const GroupedLinearSpec &spec,
                                            const KernelTarget &target) {
  if (failed(verifyWeight(module, spec.name, spec.weight, spec.outputs,
                          spec.inputs, spec.scales)))
    return failure();
  if (spec.experts < 1 || spec.topK < 1)
    return module.emitError()
           << "kernel '" << spec.name
           << "': expected at least 1 expert and 1 choice, got " << spec.experts
           << " and " << spec.topK;

  KernelBuilder k(module, spec.name, target);
  auto vectorOf = [&](unsigned i, Type type) {
    return k.binding(i, type, {ShapedType::kDynamic});
  };
  unsigned next = 0;
  Value x = vectorOf(next++, getMemoryType(k, spec.x.type));
  Value offsets = vectorOf(next++, k.getI32Type());
  Value rows = vectorOf(next++, k.getI32Type());
  PanelWeight first{spec.weight, spec.outputs, spec.inputs,
                    vectorOf(next++, getMemoryType(k, spec.weight)), Value(),
                    spec.scales};
  PanelWeight second = first;
  if (spec.gateUp)
    second.data = vectorOf(next++, getMemoryType(k, spec.weight));
  if (spec.scales) {
    first.scaleData = vectorOf(next++, k.getF32Type());
    if (spec.gateUp)
      second.scaleData = vectorOf(next++, k.getF32Type());
  }
  Value y = vectorOf(next++, getMemoryType(k, spec.y.type));

  int64_t perWorkgroup =
      choosePanelsPerWorkgroup(spec.weight, spec.outputs, spec.inputs,
                               spec.gateUp, spec.panelsPerWorkgroup);
  Value panelBegin = k.mul(k.workgroupId(0), perWorkgroup);
  Value panelEnd = k.minIndex(k.add(panelBegin, perWorkgroup),
                              k.index(panelCount(spec.outputs)));

  auto emitRows = [&](const PanelPosition &position, Value row,
                      unsigned count) {
    Value column = k.mul(position.panel, panelOutputs);
    SmallVector<Value> xBases, yBases;
    for (unsigned r = 0; r < count; ++r) {
      Value sorted = k.add(row, r);
      Value choice = k.toIndex(k.load(rows, sorted));
      Value source = spec.gateUp ? k.div(choice, spec.topK) : sorted;
      Value result = spec.gateUp ? sorted : choice;
      xBases.push_back(k.add(k.mul(source, spec.x.rowStride), spec.x.offset));
      yBases.push_back(k.add(
          k.add(k.mul(result, spec.y.rowStride), spec.y.offset), column));
    }
    for (TileColumns columns : getTileColumns(target, count)) {
      SmallVector<Value> tile =
          emitTile(k, first, position, x, xBases, columns);
      if (spec.gateUp)
        tile = combineGateUp(
            k, tile, emitTile(k, second, position, x, xBases, columns));
      storeTile(k, tile, columns, position.panel, spec.outputs, y, yBases);
    }
  };

  k.forLoop(k.index(0), k.index(spec.experts), 1, [&](Value expert) {
    Value begin = k.toIndex(k.load(offsets, expert));
    Value end = k.toIndex(k.load(offsets, k.add(expert, 1)));
    k.ifThen(k.cmp(arith::CmpIPredicate::slt, begin, end), [&] {
      k.forLoop(panelBegin, panelEnd, 1, [&](Value panel) {
        PanelPosition position{expert, panel};
        forEachRowTile(k, begin, end, [&](Value row, unsigned count) {
          emitRows(position, row, count);
        });
      });
    });
  });
  k.finish();
  return success();
}
