// SPDX-License-Identifier: Apache-2.0
// Layouts of packed weights that any target may use.
#include "hadal/IR/FragmentPacking.h"
#include "hadal/IR/HadalDialect.h"
#include "hadal/IR/PanelPacking.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Parallel.h"

#include <vector>

using namespace mlir;
using namespace hadal;

/// Bytes that are packed and handed on at once.
static constexpr int64_t kPieceBytes = 4 << 20;

LogicalResult PanelsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                                         function_ref<InFlightDiagnostic()> emitError) const {
  // panels_c1
  if (shape.size() < 2)
    return emitError() << "expected a panel layout on a tensor of rank 2 or more, got rank "
                       << shape.size();
  // panels_c2
  constexpr int64_t most = 4096;
  if (getRows() < 1 || getInterleave() < 1 || getRows() > most || getInterleave() > most)
    return emitError() << "expected rows and interleave of a panel from 1 to " << most << ", got "
                       << getRows() << " and " << getInterleave();
  return success();
}

int64_t PanelsAttr::getStoredElements(ArrayRef<int64_t> shape) const {
  SmallVector<int64_t> padded(shape);
  padded[shape.size() - 2] = llvm::alignTo(shape[shape.size() - 2], getRows());
  padded[shape.size() - 1] = llvm::alignTo(shape[shape.size() - 1], getInterleave());
  return saturatingProduct(padded);
}

/// Packs a matrix by parts of `height` outputs, `bytes` each, several at once.
static llvm::Error
packParts(const StoredMatrix &matrix, int64_t height, int64_t bytes, Type element, PackedSink sink,
          llvm::function_ref<bool(const StoredMatrix &rows, void *part)> packPart) {
  int64_t parts = int64_t(llvm::divideCeil(matrix.outputs, height));
  int64_t perPiece = std::max<int64_t>(1, kPieceBytes / std::max<int64_t>(1, bytes));
  std::vector<uint8_t> piece;
  for (int64_t first = 0; first < parts; first += perPiece) {
    int64_t count = std::min(perPiece, parts - first);
    piece.resize(count * bytes);
    std::vector<char> converted(count);
    llvm::parallelFor(0, count, [&](size_t i) {
      StoredMatrix rows = matrix;
      int64_t output = (first + i) * height;
      rows.data += output * matrix.outputStride * bytesOf(matrix.element);
      rows.outputs = std::min(height, matrix.outputs - output);
      converted[i] = packPart(rows, piece.data() + i * bytes);
    });
    if (llvm::is_contained(converted, char(false))) {
      std::string text;
      llvm::raw_string_ostream(text) << element;
      return llvm::createStringError("expected elements that convert to " + text);
    }
    if (llvm::Error failed = sink(piece.data(), piece.size()))
      return failed;
  }
  return llvm::Error::success();
}

llvm::Error PanelsAttr::packMatrix(const StoredMatrix &matrix, Type element,
                                   PackedSink sink) const {
  PanelShape shape{getRows(), getInterleave()};
  StoredElement packed = *storedElementOf(element); // of a weight
  return packParts(
      matrix, shape.rows, shape.elements(matrix.inputs) * bytesOf(packed), element, sink,
      [&](const StoredMatrix &rows, void *panel) { return packPanel(rows, shape, packed, panel); });
}

LogicalResult FragmentsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                                            function_ref<InFlightDiagnostic()> emitError) const {
  // fragments_c1
  if (shape.size() < 2 || !(elementType.isBF16() || isa<Float8E4M3FNType>(elementType)))
    return emitError() << "expected a layout in fragments on a tensor of bf16 or f8E4M3FN and of "
                          "rank 2 or more, got rank "
                       << shape.size() << " and " << elementType;
  // fragments_c2
  if (getSegment() < 1 || getSegment() % kFragmentPadding != 0)
    return emitError() << "expected a segment that is a positive multiple of " << kFragmentPadding
                       << ", got " << getSegment();
  return success();
}

int64_t FragmentsAttr::getStoredElements(ArrayRef<int64_t> shape) const {
  SmallVector<int64_t> padded(shape);
  padded[shape.size() - 2] = llvm::alignTo(shape[shape.size() - 2], kFragmentOutputs);
  padded[shape.size() - 1] = llvm::alignTo(shape[shape.size() - 1], kFragmentPadding);
  return saturatingProduct(padded);
}

llvm::Error FragmentsAttr::packMatrix(const StoredMatrix &matrix, Type element,
                                      PackedSink sink) const {
  StoredElement packed = *storedElementOf(element); // of a weight
  return packParts(
      matrix, kFragmentOutputs, fragmentElements(matrix.inputs) * bytesOf(packed), element, sink,
      [&](const StoredMatrix &rows, void *part) { return packFragments(rows, packed, part); });
}
