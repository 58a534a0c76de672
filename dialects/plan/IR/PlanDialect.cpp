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

ParseResult hadal::plan::parseAccessList(AsmParser &parser, SmallVectorImpl<Access> &accesses) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
    FailureOr<Access> access = FieldParser<Access>::parse(parser);
    if (succeeded(access))
      accesses.push_back(*access);
    return failure(failed(access));
  });
}

void hadal::plan::printAccessList(AsmPrinter &printer, ArrayRef<Access> accesses) {
  printer << "[";
  llvm::interleaveComma(accesses, printer.getStream());
  printer << "]";
}

#define GET_ATTRDEF_CLASSES
#include "plan/IR/PlanAttributes.cpp.inc"

void PlanDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "plan/IR/PlanAttributes.cpp.inc"
      >();
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
