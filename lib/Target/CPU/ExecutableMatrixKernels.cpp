// SPDX-License-Identifier: Apache-2.0
// Fills in the specifications of matrix-product kernels from the ops of executables.
#include "ExecutableKernels.h"

#include "hadal/Target/CPU/Linear.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cpu;

std::optional<WeightType> hadal::cpu::weightTypeOf(Value value) {
  RankedTensorType type = typeOf(value);
  auto panels = dyn_cast_if_present<PanelsAttr>(type.getEncoding());
  if (!panels || panels.getRows() != panelOutputs)
    return std::nullopt;
  if (type.getElementType().isBF16() && panels.getInterleave() == 2)
    return WeightType::BF16;
  if (type.getElementType().isF32() && panels.getInterleave() == 1)
    return WeightType::F32;
  if (isa<Float8E4M3FNType>(type.getElementType()) && panels.getInterleave() == 1)
    return WeightType::F8E4M3;
  return std::nullopt;
}

static FailureOr<WeightType> expectPacked(Operation *op, Value weight) {
  if (std::optional<WeightType> type = weightTypeOf(weight))
    return *type;
  return op->emitOpError() << "expected a weight in panels of " << panelOutputs
                           << " rows of bf16, f32 or f8E4M3FN, got " << weight.getType()
                           << " (run hadal-pack-parameters)";
}

static Activations rowsOf(Value value, int64_t batchStride = 0) {
  RankedTensorType type = typeOf(value);
  Activations rows;
  rows.type = type.getElementType().isBF16() ? ActivationType::BF16 : ActivationType::F32;
  rows.rowStride = type.getDimSize(1);
  rows.batchStride = batchStride;
  return rows;
}

/// Scales of a weight [.., outputs, inputs] whose blocks start at its corner.
static std::optional<BlockScales> scalesOf(Value scale, Value weight,
                                           std::optional<ArrayRef<int64_t>> block) {
  if (!scale)
    return std::nullopt;
  RankedTensorType type = typeOf(weight);
  int64_t rank = type.getRank();
  return BlockScales::stacked(type.getDimSize(rank - 2), type.getDimSize(rank - 1), (*block)[0],
                              (*block)[1]);
}

static LogicalResult emitDense(BodyOp &body, LinearSpec &spec, Value weight, ModuleOp module,
                               const KernelTarget &target) {
  FailureOr<WeightType> packed = expectPacked(body.op, weight);
  if (failed(packed))
    return failure();
  spec.weight = *packed;
  body.bindResult(body.kernel.result);
  body.addRowsConstant();
  Grid grid = getGrid(spec);
  body.interface.grid = {GridExtent::fixed(grid.x), GridExtent::fixed(grid.y),
                         GridExtent::rows(grid.rowsPerWorkgroup)};
  return emitLinear(module, spec, target);
}

static LogicalResult emitGrouped(BodyOp &body, GroupedLinearSpec &spec, Value weight,
                                 ModuleOp module, const KernelTarget &target) {
  FailureOr<WeightType> packed = expectPacked(body.op, weight);
  if (failed(packed))
    return failure();
  RankedTensorType type = typeOf(weight);
  spec.weight = *packed;
  spec.experts = type.getDimSize(0);
  spec.outputs = type.getDimSize(1);
  spec.inputs = type.getDimSize(2);
  body.bindResult(body.kernel.result);
  body.interface.grid = {GridExtent::fixed(getGroupedGrid(spec)), GridExtent::fixed(1),
                         GridExtent::fixed(1)};
  return emitGroupedLinear(module, spec, target);
}

std::optional<LogicalResult> hadal::cpu::emitMatrixKernel(BodyOp body, StringRef name,
                                                          ModuleOp module,
                                                          const KernelTarget &target) {
  LinearSpec dense;
  dense.name = name.str();
  GroupedLinearSpec grouped;
  grouped.name = name.str();
  return llvm::TypeSwitch<Operation *, std::optional<LogicalResult>>(body.op)
      .Case([&](LinearOp op) {
        body.setRows(op.getX());
        body.bindAll(op.getX(), op.getWeight(), op.getScale());
        dense.outputs = typeOf(op.getWeight()).getDimSize(0);
        dense.inputs = typeOf(op.getWeight()).getDimSize(1);
        dense.x = rowsOf(op.getX());
        dense.y = rowsOf(op.getResult());
        for (Value addend : body.kernel.addends) {
          body.bind(addend);
          dense.residual = rowsOf(addend);
        }
        dense.scales = scalesOf(op.getScale(), op.getWeight(), op.getBlock());
        return emitDense(body, dense, op.getWeight(), module, target);
      })
      .Case([&](GatedLinearOp op) {
        body.setRows(op.getX());
        body.bindAll(op.getX(), op.getGate(), op.getUp(), op.getGateScale(), op.getUpScale());
        dense.outputs = typeOf(op.getGate()).getDimSize(0);
        dense.inputs = typeOf(op.getGate()).getDimSize(1);
        dense.x = rowsOf(op.getX());
        dense.y = rowsOf(op.getResult());
        dense.dual = true;
        dense.scales = scalesOf(op.getGateScale(), op.getGate(), op.getBlock());
        return emitDense(body, dense, op.getGate(), module, target);
      })
      .Case([&](HeadLinearOp op) {
        body.setRows(op.getX());
        body.bind(op.getX());
        body.bind(op.getWeight());
        RankedTensorType weight = typeOf(op.getWeight());
        dense.batch = weight.getDimSize(0);
        dense.outputs = weight.getDimSize(1);
        dense.inputs = weight.getDimSize(2);
        dense.x = rowsOf(op.getX(), typeOf(op.getX()).getDimSize(1) / dense.batch);
        dense.y = rowsOf(op.getResult(), dense.outputs);
        return emitDense(body, dense, op.getWeight(), module, target);
      })
      .Case([&](MoeGateUpOp op) {
        body.setRows(op.getX());
        body.bindAll(op.getX(), op.getOffsets(), op.getRows(), op.getGate(), op.getUp(),
                     op.getGateScale(), op.getUpScale());
        grouped.gateUp = true;
        grouped.topK = op.getTopK();
        grouped.x = rowsOf(op.getX());
        grouped.y = rowsOf(op.getResult());
        grouped.scales = scalesOf(op.getGateScale() ? op.getGateScale() : op.getUpScale(),
                                  op.getGate(), op.getBlock());
        FailureOr<WeightType> up = expectPacked(op, op.getUp());
        if (failed(up))
          return LogicalResult(failure());
        grouped.weight2 = *up;
        return emitGrouped(body, grouped, op.getGate(), module, target);
      })
      .Case([&](MoeDownOp op) {
        body.setRows(op.getRows());
        body.bindAll(op.getH(), op.getOffsets(), op.getRows(), op.getDown(), op.getScale());
        grouped.x = rowsOf(op.getH());
        grouped.y = rowsOf(op.getResult());
        grouped.scales = scalesOf(op.getScale(), op.getDown(), op.getBlock());
        return emitGrouped(body, grouped, op.getDown(), module, target);
      })
      .Default([](Operation *) { return std::nullopt; });
}
