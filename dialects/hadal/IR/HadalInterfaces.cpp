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

std::optional<StoredElement> hadal::storedElementOf(Type element) {
  if (element.isBF16())
    return StoredElement::BF16;
  if (element.isF16())
    return StoredElement::F16;
  if (element.isF32())
    return StoredElement::F32;
  if (isa<Float8E4M3FNType>(element))
    return StoredElement::F8E4M3;
  return std::nullopt;
}

int64_t hadal::storedBytes(RankedTensorType type) {
  int64_t elements = type.getNumElements();
  if (auto layout = dyn_cast_if_present<LayoutAttrInterface>(type.getEncoding()))
    elements = layout.getStoredElements(type.getShape());
  return elements * type.getElementTypeBitWidth() / 8;
}
