// SPDX-License-Identifier: Apache-2.0
// Emits the linear kernels of experts, over rows grouped by expert.
#include "hadal/Target/CPU/Linear.h"

#include "PanelTile.h"

using namespace hadal::cpu;
using namespace mlir;

/// The type of the second weight where it is another than the first's.
static std::optional<WeightType> getOtherType(const GroupedLinearSpec &spec) {
  if (!spec.gateUp || spec.weight2 == spec.weight)
    return std::nullopt;
  return spec.weight2;
}

static int64_t getPanelsPerWorkgroup(const GroupedLinearSpec &spec) {
  WeightType wider = spec.weight;
  if (std::optional<WeightType> other = getOtherType(spec);
      other && elementBytes(*other) > elementBytes(wider))
    wider = *other;
  return choosePanelsPerWorkgroup(wider, spec.outputs, spec.inputs, spec.gateUp,
                                  spec.panelsPerWorkgroup);
}

int64_t hadal::cpu::getGroupedGrid(const GroupedLinearSpec &spec) {
  return llvm::divideCeil(panelCount(spec.outputs), getPanelsPerWorkgroup(spec));
}

LogicalResult hadal::cpu::emitGroupedLinear(ModuleOp module, const GroupedLinearSpec &spec,
                                            const KernelTarget &target) {
  std::optional<WeightType> otherType = getOtherType(spec);
  // Scales belong to whichever weight is fp8.
  WeightType scaled = otherType == WeightType::F8E4M3 ? *otherType : spec.weight;
  if (failed(verifyWeight(module, spec.name, scaled, spec.outputs, spec.inputs, spec.scales)))
    return failure();
  if (spec.experts < 1 || spec.topK < 1)
    return module.emitError() << "kernel '" << spec.name
                              << "': expected at least 1 expert and 1 choice, got " << spec.experts
                              << " and " << spec.topK;

  KernelBuilder k(module, spec.name, target);
  auto vectorOf = [&](unsigned i, Type type) { return k.binding(i, type, {ShapedType::kDynamic}); };
  PanelProgram program;
  program.weight = {spec.weight, spec.outputs, spec.inputs, spec.scales, Value(), Value()};
  program.dual = spec.gateUp;
  program.otherType = otherType;
  program.prepare(k);
  unsigned next = 0, matrices = spec.gateUp ? 2 : 1;
  program.x = vectorOf(next++, getMemoryType(k, spec.x.type));
  Value offsets = vectorOf(next++, k.getI32Type());
  Value rows = vectorOf(next++, k.getI32Type());
  program.weightBinding = next;
  next += matrices;
  program.scaleBinding = next;
  if (spec.scales)
    next += otherType ? 1 : matrices;
  program.y = vectorOf(next++, getMemoryType(k, spec.y.type));

  auto choiceOf = [&](Value sorted) { return k.toIndex(k.load(rows, sorted)); };
  auto baseOf = [&](const Activations &layout, Value row) {
    return k.add(k.mul(row, layout.rowStride), layout.offset);
  };
  program.xBase = [&](Value row, int64_t plus) {
    Value sorted = k.add(row, plus);
    return baseOf(spec.x, spec.gateUp ? k.div(choiceOf(sorted), spec.topK) : sorted);
  };
  program.yBase = [&](Value row) { return baseOf(spec.y, spec.gateUp ? row : choiceOf(row)); };

  int64_t perWorkgroup = getPanelsPerWorkgroup(spec);
  Value panelBegin = k.mul(k.workgroupId(0), perWorkgroup);
  Value panelEnd = k.minIndex(k.add(panelBegin, perWorkgroup), k.index(panelCount(spec.outputs)));
  k.forLoop(k.index(0), k.index(spec.experts), 1, [&](Value expert) {
    Value begin = k.toIndex(k.load(offsets, expert));
    Value end = k.toIndex(k.load(offsets, k.add(expert, 1)));
    k.ifThen(k.cmp(arith::CmpIPredicate::slt, begin, end), [&] {
      k.forLoop(panelBegin, panelEnd, 1,
                [&](Value panel) { emitPanel(k, program, {expert, panel}, begin, end); });
    });
  });
  k.finish();
  return success();
}
