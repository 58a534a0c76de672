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

ParseResult hadal::parseIntegerList(AsmParser &parser, SmallVectorImpl<int64_t> &integers) {
  return parser.parseCommaSeparatedList(
      AsmParser::Delimiter::Square, [&] { return parser.parseInteger(integers.emplace_back()); });
}

void hadal::printIntegerList(AsmPrinter &printer, ArrayRef<int64_t> integers) {
  printer << "[" << integers << "]";
}

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
  // source_c2
  if (storedBytes(type) == kTooManyBytes)
    return emitError() << "expected source '" << tensor << "' of a size within 63 bits, got "
                       << type;
  return success();
}
