// SPDX-License-Identifier: Apache-2.0
// Reads one stored matrix, with its block scales applied.
#include "SourceMatrix.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Parallel.h"

using namespace mlir;
using namespace hadal;

/// "tensor 'NAME': expected ..., got tensor<...>".
template <typename... Args>
static llvm::Error error(SourceAttr source, const char *expected, Args... args) {
  return llvm::createStringError("tensor '" + source.getTensor().str() + "': expected " +
                                 llvm::formatv(expected, args...).str() + ", got " +
                                 llvm::formatv("{0}", source.getType()).str());
}

llvm::Expected<SourceMatrix> hadal::readMatrix(SourceAttr source, const SourceFiles &files) {
  llvm::Expected<const uint8_t *> data = files.bytes(source);
  if (!data)
    return data.takeError();
  RankedTensorType stored = source.getType();
  std::optional<StoredElement> type = storedElementOf(stored.getElementType());
  if (!type || stored.getRank() > 2 || stored.getRank() < 1)
    return error(source, "a vector or matrix of bf16, f16, f32 or f8E4M3FN");
  SourceMatrix matrix;
  matrix.data = *data;
  matrix.type = *type;
  matrix.columns = stored.getShape().back();
  matrix.rows = stored.getNumElements() / std::max<int64_t>(1, matrix.columns);
  return std::move(matrix);
}

llvm::Error hadal::applyScale(SourceMatrix &matrix, SourceAttr scale, ArrayRef<int64_t> block,
                              const SourceFiles &files) {
  llvm::Expected<const uint8_t *> data = files.bytes(scale);
  if (!data)
    return data.takeError();
  ArrayRef<int64_t> blocks = scale.getType().getShape();
  if (blocks.size() != 2 || !scale.getType().getElementType().isF32())
    return error(scale, "block scales of f32");
  if (blocks[0] != llvm::divideCeilSigned(matrix.rows, block[0]) ||
      blocks[1] != llvm::divideCeilSigned(matrix.columns, block[1]))
    return error(scale, "a scale for each block of {0} x {1}", block[0], block[1]);
  matrix.widened.resize(matrix.rows * matrix.columns);
  llvm::parallelFor(0, matrix.rows, [&](size_t row) {
    for (int64_t column = 0; column < matrix.columns; ++column) {
      int64_t at = row / block[0] * blocks[1] + column / block[1];
      matrix.widened[row * matrix.columns + column] =
          loadAsF32(matrix.data, matrix.type, row * matrix.columns + column) *
          loadAsF32(*data, StoredElement::F32, at);
    }
  });
  matrix.data = reinterpret_cast<const uint8_t *>(matrix.widened.data());
  matrix.type = StoredElement::F32;
  matrix.scale = scale;
  return llvm::Error::success();
}
