// SPDX-License-Identifier: Apache-2.0
// What a dynamic extent of an argument is: a dim by name, with a number added.
#ifndef HADAL_IR_PORTEXTENT_H
#define HADAL_IR_PORTEXTENT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectImplementation.h"

namespace hadal {

struct PortExtent {
  mlir::StringAttr dim; // null: no dim names it
  int64_t plus = 0;

  bool operator==(const PortExtent &other) const { return dim == other.dim && plus == other.plus; }
  friend llvm::hash_code hash_value(const PortExtent &extent) {
    return llvm::hash_combine(extent.dim, extent.plus);
  }
};

/// `@dim`, `@dim + 1` or `?`.
mlir::FailureOr<PortExtent> parsePortExtent(mlir::AsmParser &parser);
mlir::AsmPrinter &operator<<(mlir::AsmPrinter &printer, const PortExtent &extent);

} // namespace hadal

template <>
struct mlir::FieldParser<hadal::PortExtent> {
  static FailureOr<hadal::PortExtent> parse(AsmParser &parser) {
    return hadal::parsePortExtent(parser);
  }
};

#endif // HADAL_IR_PORTEXTENT_H
