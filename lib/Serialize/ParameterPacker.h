// SPDX-License-Identifier: Apache-2.0
// Produces the bytes of one parameter from its sources, piece by piece.
#ifndef HADAL_LIB_SERIALIZE_PARAMETERPACKER_H
#define HADAL_LIB_SERIALIZE_PARAMETERPACKER_H

#include "NonFinite.h"

namespace hadal {

/// Follows the recipe of `parameter` (select, transpose, convert, lay out). At
/// most one source is resident at a time. Values that are not finite are packed,
/// and noted in `nonFinite`. Fails where no conversion exists.
llvm::Error packParameter(ParameterOp parameter, const SourceFiles &files,
                          NonFiniteValues &nonFinite, PackedSink sink);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_PARAMETERPACKER_H
