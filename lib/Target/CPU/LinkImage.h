// SPDX-License-Identifier: Apache-2.0
// Links one relocatable object to an image.
#ifndef HADAL_LIB_TARGET_CPU_LINKIMAGE_H
#define HADAL_LIB_TARGET_CPU_LINKIMAGE_H

#include "hadal/Target/CPU/Image.h"

#include "llvm/Support/Error.h"

namespace hadal::cpu {

/// Links `object` (the bytes of an ELF object file) to a shared object and
/// checks what image.h promises: no imports, no needed libraries, relative
/// relocations only.
llvm::Expected<Image> linkImage(llvm::StringRef object);

} // namespace hadal::cpu

#endif // HADAL_LIB_TARGET_CPU_LINKIMAGE_H
