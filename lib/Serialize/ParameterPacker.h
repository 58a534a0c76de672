// SPDX-License-Identifier: Apache-2.0
// Produces the bytes of one parameter from its sources, piece by piece.
#ifndef HADAL_LIB_SERIALIZE_PARAMETERPACKER_H
#define HADAL_LIB_SERIALIZE_PARAMETERPACKER_H

#include "NonFinite.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace hadal {

/// Bytes of a parameter as it is stored, padding of panels included.
uint64_t packedBytes(ParameterOp parameter);

/// Takes consecutive pieces of a parameter's bytes.
using ByteSink = llvm::function_ref<llvm::Error(const uint8_t *, size_t)>;

/// Follows the recipe of `parameter` (select, transpose, convert, lay out). At
/// most one source is resident at a time. Values that are not finite are packed,
/// and noted in `nonFinite`. Fails where no conversion exists.
llvm::Error packParameter(ParameterOp parameter, const SourceFiles &files,
                          NonFiniteValues &nonFinite, ByteSink sink);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_PARAMETERPACKER_H
