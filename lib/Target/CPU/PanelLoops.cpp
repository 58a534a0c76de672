// SPDX-License-Identifier: Apache-2.0
// What surrounds the register tile: rows, columns, results, work division.
#include "PanelTile.h"

using namespace hadal::cpu;
using namespace mlir;

namespace {
// AVX2 has 16 registers: 10 accumulators keep both units busy and leave room
// for two vectors of weights, an input and the split of a pair; with 12 some
// live on the stack, which is slower. AVX-512 has 32, of which 16 accumulators
// already keep both dot units busy.
unsigned getMaxTileRows(const KernelTarget &target) { return target.level == Level::V3 ? 5 : 8; }

/// Into how many parts of equal width a tile of `rows` rows cuts a panel.
unsigned getColumnParts(const KernelTarget &target, unsigned rows) {
  return target.level == Level::V3 && rows > 2 ? 2 : 1;
}

/// Element of the buffer of sums where row `row` of a weight starts.
Value getSumIndex(KernelBuilder &k, Value which, Value row) {
  int64_t plane = getMaxTileRows(k.target()) * panelOutputs;
  return k.add(k.mul(which, plane), k.mul(row, panelOutputs));
}

/// The sums of `rows` rows from `row` on, by each weight, into the buffer.
void emitSums(KernelBuilder &k, const PanelProgram &program, const PanelPosition &position,
              Value row, unsigned rows) {
  unsigned width = k.width();
  SmallVector<Value> xBases;
  for (unsigned r = 0; r < rows; ++r)
    xBases.push_back(program.xBase(row, r));
  int64_t parts = getColumnParts(k.target(), rows);
  int64_t columns = panelOutputs / parts;
  auto emitPart = [&](PanelWeight weight, Value which, Value first,
                      function_ref<Value(unsigned, Type)> bind) {
    weight.data = bind(program.weightBinding, getMemoryType(k, weight.type));
    if (weight.scales)
      weight.scaleData = bind(program.scaleBinding, k.getF32Type());
    TileColumns tile{first, unsigned(columns) / width};
    SmallVector<Value> sums = emitTile(k, weight, position, program.x, xBases, tile);
    Value base = k.add(getSumIndex(k, which, k.index(0)), first);
    for (unsigned r = 0; r < rows; ++r)
      for (unsigned v = 0; v < tile.vectors; ++v)
        k.storeVector(sums[r * tile.vectors + v], program.sums,
                      k.add(base, r * panelOutputs + v * width));
  };
  if (!program.otherType) {
    // Parts and weights in a loop, so that the code of a tile exists once.
    int64_t count = parts * (program.dual ? 2 : 1);
    k.forLoop(k.index(0), k.index(count), 1, [&](Value i) {
      Value which = k.div(i, parts);
      Value first = k.mul(k.rem(i, parts), columns);
      emitPart(program.weight, which, first, [&](unsigned binding, Type type) {
        if (!program.dual)
          return k.binding(binding, type, {ShapedType::kDynamic});
        return k.binding(k.add(which, binding), type, {ShapedType::kDynamic});
      });
    });
    return;
  }
  // Weights of different types take code of their own. One of them at most has
  // scales, so these have one binding.
  for (unsigned which : {0u, 1u}) {
    PanelWeight weight = program.weight;
    weight.type = which ? *program.otherType : weight.type;
    if (weight.type != WeightType::F8E4M3)
      weight.scales.reset();
    k.forLoop(k.index(0), k.index(parts), 1, [&](Value part) {
      emitPart(weight, k.index(which), k.mul(part, columns), [&](unsigned binding, Type type) {
        bool second = which && binding == program.weightBinding;
        return k.binding(second ? binding + 1 : binding, type, {ShapedType::kDynamic});
      });
    });
  }
}

/// The first `available` columns of a row of sums into the result.
void storeRow(KernelBuilder &k, const PanelProgram &program, Value sumBase, Value yBase,
              Value residualBase, int64_t available) {
  int64_t width = k.width();
  for (int64_t column = 0; column < available; column += width) {
    unsigned count = std::min(available - column, width);
    Value value = k.loadVector(program.sums, k.add(sumBase, column), width);
    if (program.residual)
      value = k.addF(
          k.loadVectorPartF32(program.residual, k.add(residualBase, column), width, count), value);
    k.storeVectorPartF32(value, program.y, k.add(yBase, column), count);
  }
}

/// From the sums of `count` rows to their results.
void emitResults(KernelBuilder &k, const PanelProgram &program, const PanelPosition &position,
                 Value row, Value count) {
  unsigned width = k.width();
  if (program.dual) {
    Value up = getSumIndex(k, k.index(1), k.index(0));
    k.forLoop(k.index(0), k.mul(count, panelOutputs), width, [&](Value i) {
      Value gate = k.loadVector(program.sums, i, width);
      Value factor = k.loadVector(program.sums, k.add(up, i), width);
      k.storeVector(k.mulF(k.silu(gate), factor), program.sums, i);
    });
  }
  Value column = k.mul(position.panel, panelOutputs);
  int64_t tail = program.weight.outputs % panelOutputs;
  Value isLast = k.cmp(arith::CmpIPredicate::eq, position.panel,
                       k.index(panelCount(program.weight.outputs) - 1));
  k.forLoop(k.index(0), count, 1, [&](Value r) {
    Value sumBase = getSumIndex(k, k.index(0), r);
    Value yBase = k.add(program.yBase(k.add(row, r)), column);
    Value residualBase;
    if (program.residual)
      residualBase = k.add(program.residualBase(k.add(row, r)), column);
    auto store = [&](int64_t available) {
      storeRow(k, program, sumBase, yBase, residualBase, available);
    };
    if (tail == 0)
      return store(panelOutputs);
    k.ifElse(isLast, [&] { store(tail); }, [&] { store(panelOutputs); });
  });
}
} // namespace

void PanelProgram::prepare(KernelBuilder &k) {
  int64_t plane = getMaxTileRows(k.target()) * panelOutputs;
  sums = k.stackBuffer(k.getF32Type(), {(dual ? 2 : 1) * plane});
}

void hadal::cpu::emitPanel(KernelBuilder &k, const PanelProgram &program,
                           const PanelPosition &position, Value begin, Value end) {
  unsigned highest = getMaxTileRows(k.target());
  Value rows = k.sub(end, begin);
  // Full tiles, and one for each bit of what is left.
  Value rest = k.rem(rows, highest);
  Value tiles = k.div(rows, highest);
  for (int64_t bit : {1, 2, 4})
    tiles = k.add(tiles, k.rem(k.div(rest, bit), 2));
  k.forLoop(k.index(0), tiles, 1, begin, [&](Value, ValueRange carried) {
    Value row = carried.front();
    Value left = k.sub(end, row);
    Value taken = k.index(1);
    for (unsigned height : {2u, 4u, highest})
      taken =
          k.select(k.cmp(arith::CmpIPredicate::uge, left, k.index(height)), k.index(height), taken);
    for (unsigned height : {highest, 4u, 2u, 1u})
      k.ifThen(k.cmp(arith::CmpIPredicate::eq, taken, k.index(height)),
               [&] { emitSums(k, program, position, row, height); });
    emitResults(k, program, position, row, taken);
    return SmallVector<Value>{k.add(row, taken)};
  });
}

Type hadal::cpu::getMemoryType(KernelBuilder &k, WeightType type) {
  switch (type) {
  case WeightType::BF16: return k.getBF16Type();
  case WeightType::F32: return k.getF32Type();
  case WeightType::F8E4M3: return k.getI8Type();
  }
  llvm_unreachable("weight type");
}

Type hadal::cpu::getMemoryType(KernelBuilder &k, ActivationType type) {
  return type == ActivationType::BF16 ? Type(k.getBF16Type()) : Type(k.getF32Type());
}

int64_t hadal::cpu::choosePanelsPerWorkgroup(WeightType type, int64_t outputs, int64_t inputs,
                                             bool dual, int64_t requested) {
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

LogicalResult hadal::cpu::verifyWeight(ModuleOp module, StringRef kernel, WeightType type,
                                       int64_t outputs, int64_t inputs,
                                       const std::optional<BlockScales> &scales) {
  auto error = [&] { return module.emitError() << "kernel '" << kernel << "': "; };
  if (outputs < 1 || inputs < 1)
    return error() << "expected a weight of at least 1 x 1, got " << outputs << " x " << inputs;
  if (scales.has_value() != (type == WeightType::F8E4M3))
    return error() << "expected block scales "
                   << (scales ? "with fp8 weights only" : "with fp8 weights");
  if (scales && (scales->outputBlock < 1 || scales->inputBlock < 1))
    return error() << "expected scale blocks of at least 1 x 1, got " << scales->outputBlock
                   << " x " << scales->inputBlock;
  return success();
}
