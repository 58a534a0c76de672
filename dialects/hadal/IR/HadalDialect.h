// SPDX-License-Identifier: Apache-2.0
// The hadal dialect: its ops, attributes and enumerations.
#ifndef HADAL_IR_HADALDIALECT_H
#define HADAL_IR_HADALDIALECT_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TensorEncoding.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "hadal/IR/HadalDialect.h.inc"

#include "hadal/IR/HadalEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "hadal/IR/HadalAttributes.h.inc"

#define GET_OP_CLASSES
#include "hadal/IR/HadalOps.h.inc"

#endif // HADAL_IR_HADALDIALECT_H
