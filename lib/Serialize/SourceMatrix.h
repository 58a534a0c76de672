// SPDX-License-Identifier: Apache-2.0
// Reads one stored matrix, with its block scales applied.
#ifndef HADAL_LIB_SERIALIZE_SOURCEMATRIX_H
#define HADAL_LIB_SERIALIZE_SOURCEMATRIX_H

#include "SourceFiles.h"

namespace hadal {

/// One stored matrix (a vector is one row) while it is read.
struct SourceMatrix {
  const uint8_t *data = nullptr;
  StoredElement type = StoredElement::BF16;
  int64_t rows = 0, columns = 0;
  std::vector<float> widened; // owns the data of a scaled source
  SourceAttr scale;           // of a scaled source
};

llvm::Expected<SourceMatrix> readMatrix(SourceAttr source, const SourceFiles &files);

/// Widens a matrix with a scale for each block of `block` elements: value times
/// scale, in f32.
llvm::Error applyScale(SourceMatrix &matrix, SourceAttr scale, llvm::ArrayRef<int64_t> block,
                       const SourceFiles &files);

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_SOURCEMATRIX_H
