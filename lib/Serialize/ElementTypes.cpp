// SPDX-License-Identifier: Apache-2.0
// The schema's names for element types.
#include "ElementTypes.h"

#include "hadal/IR/HadalDialect.h"

using namespace mlir;
using namespace hadal;

/// The schema's name for an element type, if it has one.
static std::optional<fb::ElementType> findElementType(Type element) {
  if (element.isF32())
    return fb::ElementType::f32;
  if (element.isF16())
    return fb::ElementType::f16;
  if (element.isBF16())
    return fb::ElementType::bf16;
  if (isa<Float8E4M3FNType>(element))
    return fb::ElementType::f8E4M3FN;
  if (element.isUnsignedInteger(8))
    return fb::ElementType::u8;
  if (element.isSignlessInteger(8))
    return fb::ElementType::i8;
  if (element.isSignlessInteger(32))
    return fb::ElementType::i32;
  if (element.isSignlessInteger(64))
    return fb::ElementType::i64;
  if (element.isSignlessInteger(1))
    return fb::ElementType::i1;
  if (element.isSignlessInteger(16))
    return fb::ElementType::i16;
  if (element.isF64())
    return fb::ElementType::f64;
  return std::nullopt;
}

fb::ElementType hadal::elementTypeOf(Type element) {
  return *findElementType(element); // of what verifyElementTypes has seen
}

LogicalResult hadal::verifyElementTypes(plan::ProgramOp program) {
  WalkResult walked = program.walk([](Operation *op) {
    auto attr = isa<plan::PlanDialect, HadalDialect>(op->getDialect())
                    ? op->getAttrOfType<TypeAttr>("type")
                    : TypeAttr();
    auto type = attr ? dyn_cast<RankedTensorType>(attr.getValue()) : RankedTensorType();
    Type element = type ? type.getElementType() : Type();
    if (auto parameter = dyn_cast<plan::KernelParameterOp>(op); parameter && parameter.getElement())
      element = *parameter.getElement();
    if (!element || findElementType(element))
      return WalkResult::advance();
    op->emitOpError() << "expected elements of f64, f32, f16, bf16, f8E4M3FN, i1, i8, ui8, i16, "
                         "i32 or i64, got "
                      << element;
    return WalkResult::interrupt();
  });
  return failure(walked.wasInterrupted());
}
