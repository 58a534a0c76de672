// SPDX-License-Identifier: Apache-2.0
// An op outside of the tree that has an expansion and nothing else.
#include "hadal/IR/Expansion.h"
#include "hadal/IR/OpChecks.h"
#include "hadal/Target/TargetLibrary.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

#include "SoftcapDialect.h.inc"

#define GET_OP_CLASSES
#include "SoftcapOps.h.inc"

#include "SoftcapDialect.cpp.inc"

#define GET_OP_CLASSES
#include "SoftcapOps.cpp.inc"

void outside::OutsideDialect::initialize() { addOperations<SoftcapOp>(); }

LogicalResult outside::SoftcapOp::reifyResultShapes(OpBuilder &builder,
                                                    ReifiedRankedShapedTypeDims &shapes) {
  hadal::reifyRowsLike(builder, *this, getX(), shapes);
  return success();
}

hadal::Work outside::SoftcapOp::getWork() { return {}; }

FailureOr<SmallVector<Value>> outside::SoftcapOp::expand(OpBuilder &builder) {
  hadal::Expansion e(builder, *this);
  double cap = getCap().convertToDouble();
  Value y = e.map("", e.extentsOf(getX()), builder.getF32Type(), hadal::Read{getX(), {0, 1}},
                  [&](hadal::ElementBuilder &b, ValueRange read) {
                    Value part = b.div(read[0], b.f32(cap));
                    return b.mul(math::TanhOp::create(b, part), b.f32(cap));
                  });
  return SmallVector<Value>{y};
}

extern "C" LLVM_ATTRIBUTE_VISIBILITY_DEFAULT void
hadalGetTargetLibraryInfo(hadal::TargetLibraryInfo *info) {
  *info = {};
  info->registerTargets = [](hadal::TargetRegistry &targets) {
    targets.addDialects(
        [](DialectRegistry &registry) { registry.insert<outside::OutsideDialect>(); });
  };
}
