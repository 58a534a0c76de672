// SPDX-License-Identifier: Apache-2.0
// What generic code may ask of an op of the dialect, and of a layout.
#include "hadal/IR/HadalInterfaces.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace hadal;

#include "hadal/IR/HadalOpInterfaces.cpp.inc"

#include "hadal/IR/HadalAttrInterfaces.cpp.inc"

bool hadal::staysInEntry(Operation *op) {
  return op->hasTrait<StaysInEntry>() ||
         isa<tensor::EmptyOp, tensor::DimOp, arith::ConstantOp, func::ReturnOp>(op);
}

int64_t hadal::storedBytes(RankedTensorType type) {
  int64_t elements = type.getNumElements();
  if (auto layout = dyn_cast_if_present<LayoutAttrInterface>(type.getEncoding()))
    elements = layout.getStoredElements(type.getShape());
  return elements * type.getElementTypeBitWidth() / 8;
}
