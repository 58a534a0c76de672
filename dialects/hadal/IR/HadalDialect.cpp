// SPDX-License-Identifier: Apache-2.0
// Registers the hadal dialect and verifies its attributes.
#include "hadal/IR/HadalDialect.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace hadal;

#include "hadal/IR/HadalDialect.cpp.inc"

#include "hadal/IR/HadalEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "hadal/IR/HadalAttributes.cpp.inc"

void HadalDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "hadal/IR/HadalAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "hadal/IR/HadalOps.cpp.inc"
      >();
}

bool hadal::isWeightType(RankedTensorType type) {
  Type element = type.getElementType();
  return type.hasStaticShape() &&
         (isa<Float32Type, Float16Type, BFloat16Type, Float8E4M3FNType>(element));
}

LogicalResult SourceAttr::verify(function_ref<InFlightDiagnostic()> emitError, uint64_t file,
                                 StringRef tensor, uint64_t offset, uint64_t length,
                                 RankedTensorType type, uint64_t checksum) {
  // source_c1
  if (!isWeightType(type))
    return emitError() << "expected source '" << tensor
                       << "' of static shape and elements of f32, f16, bf16 or f8E4M3FN, got "
                       << type;
  return success();
}

LogicalResult
PanelsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                           function_ref<InFlightDiagnostic()> emitError) const {
  // panels_c1
  if (shape.size() < 2)
    return emitError() << "expected a panel layout on a tensor of rank 2 or more, got rank "
                       << shape.size();
  // panels_c2
  if (getRows() <= 0 || getInterleave() <= 0)
    return emitError() << "expected positive rows and interleave of a panel, got "
                       << getRows() << " and " << getInterleave();
  return success();
}

int64_t PanelsAttr::getStoredElements(ArrayRef<int64_t> shape) const {
  int64_t count = llvm::alignTo(shape[shape.size() - 2], getRows()) *
                  llvm::alignTo(shape[shape.size() - 1], getInterleave());
  for (int64_t extent : shape.drop_back(2))
    count *= extent;
  return count;
}
