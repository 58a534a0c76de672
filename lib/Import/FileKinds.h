// SPDX-License-Identifier: Apache-2.0
// Recognises files that hold something else than their names say.
#ifndef HADAL_LIB_IMPORT_FILEKINDS_H
#define HADAL_LIB_IMPORT_FILEKINDS_H

#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace hadal {

/// The first bytes that describeStrayContent looks at, where a file has them.
constexpr size_t strayContentBytes = 512;

/// What a download that went wrong left behind, and what to do about it, as the
/// end of a message "expected ..., got ". Nothing for any other content.
/// `firstBytes`: the whole file, or strayContentBytes of it and more.
std::optional<std::string> describeStrayContent(llvm::StringRef firstBytes);

} // namespace hadal

#endif // HADAL_LIB_IMPORT_FILEKINDS_H
