// SPDX-License-Identifier: Apache-2.0
// Registers the plan dialect.
#include "plan/IR/PlanDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal::plan;

#include "plan/IR/PlanDialect.cpp.inc"

#include "plan/IR/PlanEnums.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "plan/IR/PlanTypes.cpp.inc"

void PlanDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "plan/IR/PlanTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "plan/IR/PlanOps.cpp.inc"
      >();
}

Operation *PlanDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                            Location loc) {
  return ConstantOp::create(builder, loc, type, cast<IntegerAttr>(value));
}
