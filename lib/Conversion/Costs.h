// SPDX-License-Identifier: Apache-2.0
// Upper bounds of the work of a dispatch, for reports and benchmarks.
#ifndef HADAL_LIB_CONVERSION_COSTS_H
#define HADAL_LIB_CONVERSION_COSTS_H

#include "ExprBuilder.h"

#include "hadal/IR/HadalDialect.h"

namespace hadal {

/// flops = rows * (perRow + perRowAndKey * max_context);
/// bytes = fixedBytes + min(experts, rows * choices) * expertBytes.
struct Cost {
  int64_t perRow = 0;
  int64_t perRowAndKey = 0;
  int64_t fixedBytes = 0;
  int64_t expertBytes = 0;
  int64_t experts = 0;
  int64_t choices = 0;
};

/// Bytes of a parameter of this type as it is stored, padding of panels included.
int64_t storedBytes(mlir::RankedTensorType type);

/// Cost of the one op of an executable's body.
Cost costOf(mlir::Operation *op);

} // namespace hadal

#endif // HADAL_LIB_CONVERSION_COSTS_H
