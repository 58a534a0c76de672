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
  if (std::optional<LaneBody> body = matchScores(ops))
    return body;
  return matchRoute(ops);
}

bool hadal::cuda::hasLaneKernel(ArrayRef<Operation *> ops) { return matchLanes(ops).has_value(); }

void hadal::cuda::setLaneInterface(ExecutableOp executable) {
  LaneBody body = *matchLanes(executable.getBodyOps());
  setInterface(executable, body.operands, body.destinations,
               body.orderResults(executable.getBodyResults()), body.constants);
}

static void emitInterface(OpBuilder &builder, Location loc, const LaneLaunch &launch,
                          size_t bindings, size_t constants) {
  using Kind = plan::ExprKind;
  InterfaceBuilder b(builder, loc, launch.threads, constants);
  ValueRange counts = b.launchConstants();
  Value rows = counts[size_t(launch.counts.front())];
  for (int64_t count : ArrayRef(launch.counts).drop_front())
    rows = b.expr(Kind::Max, rows, counts[size_t(count)]);
  passParameters(b, loc, int64_t(bindings), launch.workspaceOfRow != 0);
  Value one = b.constant(1), x = one, sharedBytes, workspace;
  if (launch.rows == 1)
    x = rows;
  else if (launch.rows)
    x = b.expr(Kind::CeilDiv, rows, b.constant(launch.rows));
  if (launch.sharedBytes)
    sharedBytes = b.constant(launch.sharedBytes);
  if (launch.workspaceOfRow)
    workspace = b.expr(Kind::Mul, rows, b.constant(launch.workspaceOfRow));
  plan::GridOp::create(b, x, launch.columns == 1 ? one : b.constant(launch.columns), one,
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
