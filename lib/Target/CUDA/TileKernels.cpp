// SPDX-License-Identifier: Apache-2.0
// Fills in the specifications of kernels in tiles from the ops of executables, and says how they
// are launched.
#include "TileKernels.h"

#include "hadal/Target/CUDA/LinearKernels.h"

#include "tile/IR/TileDialect.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

bool hadal::cuda::hasTileKernel(ArrayRef<Operation *> ops) {
  auto linear = ops.size() == 1 ? dyn_cast<LinearOp>(ops.front()) : LinearOp();
  if (!linear || linear.getScale())
    return false;
  RankedTensorType x = typeOf(linear.getX()), w = typeOf(linear.getWeight());
  Type stored = w.getElementType();
  constexpr int64_t elementsOfPiece = tile::kPieceBytes / 2;
  return x.getElementType().isBF16() && (stored.isBF16() || stored.isF16() || stored.isF32()) &&
         linear.getOperandRole(linear.getWeightMutable()) == OperandRole::Matrix &&
         w.getDimSize(1) % elementsOfPiece == 0;
}

RankedTensorType hadal::cuda::getMatrixType(RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  int64_t segment = chooseSegment(shape[shape.size() - 2], shape.back());
  MLIRContext *context = type.getContext();
  return RankedTensorType::get(shape, BFloat16Type::get(context),
                               FragmentsAttr::get(context, segment));
}

LogicalResult hadal::cuda::setTileInterface(ExecutableOp executable) {
  auto op = cast<LinearOp>(executable.getRoot());
  if (!isa_and_present<FragmentsAttr>(typeOf(op.getWeight()).getEncoding()))
    return op.emitOpError() << "expected a weight in fragments, got " << op.getWeight().getType()
                            << " (run hadal-pack-parameters)";
  auto numberOf = [](Value operand) -> int64_t {
    return cast<BlockArgument>(operand).getArgNumber();
  };
  int64_t operands = op->getParentOfType<func::FuncOp>().getNumArguments();
  Builder builder(op.getContext());
  executable.setInterfaceAttr(KernelInterfaceAttr::get(
      op.getContext(), {numberOf(op.getX()), numberOf(op.getWeight()), operands},
      {plan::Access::Read, plan::Access::Read, plan::Access::Write},
      builder.getArrayAttr(ExtentAttr::get(op.getContext(), numberOf(op.getX()), 0))));
  return success();
}

/// How the kernel is launched: as each program wants for calls of its rows.
static void emitInterface(OpBuilder &b, Location loc, ArrayRef<LinearProgram> programs,
                          int64_t outputs, int64_t bindings) {
  auto interface = plan::InterfaceOp::create(b, loc, /*scratch=*/0,
                                             b.getDenseI64ArrayAttr({kLinearThreads, 1, 1}),
                                             /*static_shared=*/0, DenseI64ArrayAttr());
  Block *block = b.createBlock(&interface.getBody());
  Value rows = block->addArgument(plan::IntType::get(b.getContext()), loc);
  auto constant = [&](int64_t value) -> Value {
    return plan::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  };
  auto pass = [&](plan::KernelParameterKind kind, IntegerAttr index) {
    plan::KernelParameterOp::create(b, loc, kind, index, TypeAttr(), ValueRange(), ValueRange(),
                                    DenseI64ArrayAttr());
  };
  for (int64_t binding = 0; binding < bindings; ++binding)
    pass(plan::KernelParameterKind::Binding, b.getI64IntegerAttr(binding));
  pass(plan::KernelParameterKind::Constants, IntegerAttr());
  Value x, y, bytes;
  // From the last, which is for any number of rows.
  for (const LinearProgram &program : llvm::reverse(programs)) {
    Value ownX = constant(int64_t(llvm::divideCeil(outputs, program.outputs)));
    Value ownY = program.stages ? plan::ExprOp::create(b, loc, plan::ExprKind::CeilDiv, rows,
                                                       constant(program.rows))
                                      .getResult()
                                : constant(1);
    Value ownBytes = constant(program.sharedBytes);
    if (x) {
      Value isFor =
          plan::ExprOp::create(b, loc, plan::ExprKind::Le, rows, constant(program.mostRows));
      ownX = plan::SelectOp::create(b, loc, isFor, ownX, x);
      ownY = plan::SelectOp::create(b, loc, isFor, ownY, y);
      ownBytes = plan::SelectOp::create(b, loc, isFor, ownBytes, bytes);
    }
    std::tie(x, y, bytes) = std::tie(ownX, ownY, ownBytes);
  }
  plan::GridOp::create(b, loc, x, y, constant(1), bytes, Value());
}

void hadal::cuda::emitTileVariant(ExecutableOp executable, VariantOp variant, const Level &level) {
  auto op = cast<LinearOp>(executable.getRoot());
  RankedTensorType w = typeOf(op.getWeight());
  LinearSpec spec;
  spec.name = executable.getSymName().str();
  spec.outputs = w.getDimSize(0);
  spec.inputs = w.getDimSize(1);
  spec.segment = cast<FragmentsAttr>(w.getEncoding()).getSegment();
  spec.element = typeOf(op.getResult()).getElementType();
  Block &contents = variant.getContents().front();
  OpBuilder builder = OpBuilder::atBlockEnd(&contents);
  SmallVector<LinearProgram> programs = emitLinear(builder, executable.getLoc(), spec, level);
  builder.setInsertionPointToStart(&contents);
  emitInterface(builder, executable.getLoc(), programs, spec.outputs,
                int64_t(executable.getInterface()->getBindings().size()));
}
