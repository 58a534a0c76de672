// SPDX-License-Identifier: Apache-2.0
// Fills in the specifications of kernels of lanes from the ops of executables, and says how they
// are launched.
#include "LaneKernels.h"

#include "KernelFrame.h"
#include "LaneBodies.h"

using namespace mlir;
using namespace hadal;
using namespace hadal::cuda;

static std::optional<LaneBody> matchLanes(ArrayRef<Operation *> ops) {
  if (std::optional<LaneBody> body = matchRows(ops))
    return body;
  if (std::optional<LaneBody> body = matchTokens(ops))
    return body;
  return matchRoute(ops);
}

bool hadal::cuda::hasLaneKernel(ArrayRef<Operation *> ops) { return matchLanes(ops).has_value(); }

void hadal::cuda::setLaneInterface(ExecutableOp executable) {
  LaneBody body = *matchLanes(executable.getBodyOps());
  int64_t operands = executable.getBody().getNumArguments();
  MLIRContext *context = executable.getContext();
  SmallVector<int64_t> bindings;
  SmallVector<plan::Access> access;
  auto numberOf = [](Value operand) -> int64_t {
    return cast<BlockArgument>(operand).getArgNumber();
  };
  for (Value operand : llvm::concat<Value>(body.operands, body.destinations))
    bindings.push_back(numberOf(operand));
  access.append(body.operands.size(), plan::Access::Read);
  access.append(body.destinations.size(), plan::Access::ReadWrite);
  OperandRange results = executable.getBodyResults();
  for (Value result : body.orderResults(results)) {
    bindings.push_back(operands + (llvm::find(results, result) - results.begin()));
    access.push_back(plan::Access::Write);
  }
  SmallVector<Attribute> constants;
  for (auto [operand, axis] : body.constants)
    constants.push_back(ExtentAttr::get(context, numberOf(operand), axis));
  executable.setInterfaceAttr(KernelInterfaceAttr::get(context, bindings, access,
                                                       Builder(context).getArrayAttr(constants)));
}

static void emitInterface(OpBuilder &b, Location loc, const LaneLaunch &launch, size_t bindings,
                          size_t constants) {
  using Kind = plan::ExprKind;
  plan::InterfaceOp interface = createInterface(b, loc, launch.threads);
  Block *block = b.createBlock(&interface.getBody());
  for (size_t i = 0; i < constants; ++i)
    block->addArgument(plan::IntType::get(b.getContext()), loc);
  Value rows = block->getArgument(unsigned(launch.counts.front()));
  for (int64_t count : ArrayRef(launch.counts).drop_front())
    rows = plan::ExprOp::create(b, loc, Kind::Max, rows, block->getArgument(unsigned(count)));
  auto constant = [&](int64_t value) -> Value {
    return plan::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
  };
  passParameters(b, loc, int64_t(bindings), launch.workspaceOfRow != 0);
  Value one = constant(1), x = one, sharedBytes, workspace;
  if (launch.rows == 1)
    x = rows;
  else if (launch.rows)
    x = plan::ExprOp::create(b, loc, Kind::CeilDiv, rows, constant(launch.rows));
  if (launch.sharedBytes)
    sharedBytes = constant(launch.sharedBytes);
  if (launch.workspaceOfRow)
    workspace = plan::ExprOp::create(b, loc, Kind::Mul, rows, constant(launch.workspaceOfRow));
  plan::GridOp::create(b, loc, x, launch.columns == 1 ? one : constant(launch.columns), one,
                       sharedBytes, workspace);
}

void hadal::cuda::emitLaneVariant(ExecutableOp executable, VariantOp variant) {
  LaneBody body = *matchLanes(executable.getBodyOps());
  Block &contents = variant.getContents().front();
  OpBuilder builder = OpBuilder::atBlockEnd(&contents);
  LaneLaunch launch = body.emit(builder, executable.getLoc(), executable.getSymName(),
                                body.orderResults(executable.getBodyResults()));
  builder.setInsertionPointToStart(&contents);
  emitInterface(builder, executable.getLoc(), launch,
                executable.getInterface()->getBindings().size(), body.constants.size());
}
