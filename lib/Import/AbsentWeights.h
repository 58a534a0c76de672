// SPDX-License-Identifier: Apache-2.0
// Says what a folder holds in place of weights that can be read.
#ifndef HADAL_LIB_IMPORT_ABSENTWEIGHTS_H
#define HADAL_LIB_IMPORT_ABSENTWEIGHTS_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace hadal {

/// For a folder with neither model.safetensors nor its index: the file that
/// comes nearest and what to do, as the end of "expected ..., got "; "neither"
/// if there is none.
std::string describeAbsentWeights(llvm::StringRef directory);

} // namespace hadal

#endif // HADAL_LIB_IMPORT_ABSENTWEIGHTS_H
