// SPDX-License-Identifier: Apache-2.0
// The schema's names for element types.
#ifndef HADAL_LIB_SERIALIZE_ELEMENTTYPES_H
#define HADAL_LIB_SERIALIZE_ELEMENTTYPES_H

#include "plan/IR/PlanDialect.h"

#include "hadal_generated.h"

namespace hadal {

namespace fb = hadal::artifact;

/// The schema's name for an element type that verifyElementTypes accepts.
fb::ElementType elementTypeOf(mlir::Type element);

/// Fails, with a diagnostic at the op, where a program declares a tensor of
/// elements that the schema has no name for.
llvm::LogicalResult verifyElementTypes(plan::ProgramOp program);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_ELEMENTTYPES_H
