// SPDX-License-Identifier: Apache-2.0
// The plan dialect: its ops, types and enumerations.
#ifndef PLAN_IR_PLANDIALECT_H
#define PLAN_IR_PLANDIALECT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "plan/IR/PlanDialect.h.inc"

#include "plan/IR/PlanEnums.h.inc"

#define GET_TYPEDEF_CLASSES
#include "plan/IR/PlanTypes.h.inc"

#define GET_OP_CLASSES
#include "plan/IR/PlanOps.h.inc"

#endif // PLAN_IR_PLANDIALECT_H
