// SPDX-License-Identifier: Apache-2.0
// Produces the bytes of one parameter from its sources, piece by piece.
#include "ParameterPacker.h"

#include "SourceMatrix.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Parallel.h"

#include <atomic>
#include <cstring>

using namespace mlir;
using namespace hadal;

namespace {
/// Bytes that are looked at at once: they stay in a core's cache until they are
/// written.
constexpr int64_t kCopyBytes = 1 << 20;

template <typename... Args>
llvm::Error error(const char *format, Args... args) {
  return llvm::createStringError(std::errc::invalid_argument, format, args...);
}

std::string textOf(Type type) { return llvm::formatv("{0}", type).str(); }

class Packer {
public:
  Packer(ParameterOp parameter, const SourceFiles &files, NonFiniteValues &nonFinite,
         PackedSink sink)
      : parameter(parameter), type(parameter.getTensorType()), files(files), nonFinite(nonFinite),
        sink(sink) {}

  llvm::Error run() {
    ArrayAttr sources = parameter.getSourcesAttr();
    if (!sources || sources.empty())
      return error("parameter '%s': sources: expected at least one, got none",
                   parameter.getSymName().str().c_str());
    for (auto source : sources.getAsRange<SourceAttr>()) {
      llvm::Expected<SourceMatrix> matrix = read(source);
      if (!matrix)
        return matrix.takeError();
      auto layout = dyn_cast_if_present<LayoutAttrInterface>(type.getEncoding());
      llvm::Error failed =
          layout ? packMatrices(layout, *matrix, source) : packRows(*matrix, source);
      if (failed)
        return failed;
      if (isNonFinite.exchange(false))
        locateNonFinite(*matrix, source);
      files.release(source);
    }
    return llvm::Error::success();
  }

private:
  /// What is packed is looked at, while it is in a cache: that covers every
  /// source and what conversions and scales made of it.
  void lookAt(const void *data, size_t size) {
    if (hasNonFinite(type.getElementType(), data, size))
      isNonFinite = true;
  }

  /// Finds out which stored values are to blame.
  void locateNonFinite(const SourceMatrix &matrix, SourceAttr source) {
    bool found = locateStored(source);
    if (matrix.scale)
      found |= locateStored(matrix.scale);
    if (found)
      return;
    nonFinite.addOverflow(
        source, type.getElementType(),
        [&](int64_t i) { return loadAsF32(matrix.data, matrix.type, i); },
        [&](float value) {
          bool narrows = type.getElementType().isBF16();
          return narrows ? bf16ToF32(f32ToBF16(value)) : value;
        });
  }

  bool locateStored(SourceAttr source) {
    const uint8_t *data = llvm::cantFail(files.bytes(source)); // read before
    StoredElement stored = *storedElementOf(source.getType().getElementType());
    return nonFinite.addStored(source, type.getElementType(),
                               [&](int64_t i) { return loadAsF32(data, stored, i); });
  }

  llvm::Expected<SourceMatrix> read(SourceAttr source) {
    llvm::Expected<SourceMatrix> matrix = readMatrix(source, files);
    if (!matrix || !parameter.getScalesAttr() || matrix->type != StoredElement::F8E4M3)
      return matrix;
    auto scale = cast<SourceAttr>(parameter.getScalesAttr()[nextScale++]); // parameter_c4
    ArrayRef<int64_t> block = *parameter.getBlock();                       // parameter_c8
    if (llvm::Error failed = applyScale(*matrix, scale, block, files))
      return std::move(failed);
    return matrix;
  }

  /// Calls `each(firstRow, rows)` for every group of selected rows.
  llvm::Error forGroups(const SourceMatrix &matrix,
                        llvm::function_ref<llvm::Error(int64_t, int64_t)> each) {
    auto select = parameter.getSelect();
    int64_t group = select ? select->getGroup() : matrix.rows;
    int64_t start = select ? select->getStart() : 0;
    int64_t count = select ? select->getCount() : matrix.rows;
    for (int64_t first = 0; first < matrix.rows; first += group)
      if (llvm::Error failed = each(first + start, count))
        return failed;
    return llvm::Error::success();
  }

  llvm::Error packMatrices(LayoutAttrInterface layout, const SourceMatrix &matrix,
                           SourceAttr source) {
    return forGroups(matrix, [&](int64_t firstRow, int64_t rows) -> llvm::Error {
      StoredMatrix stored;
      stored.data = matrix.data + firstRow * matrix.columns * bytesOf(matrix.type);
      stored.element = matrix.type;
      stored.outputs = rows;
      stored.inputs = stored.outputStride = matrix.columns;
      if (parameter.getTranspose()) {
        std::swap(stored.outputs, stored.inputs);
        std::swap(stored.outputStride, stored.inputStride);
      }
      bool isWritten = true;
      auto write = [&](const uint8_t *data, size_t size) {
        int64_t chunks = llvm::divideCeil(size, kCopyBytes);
        llvm::parallelFor(0, chunks, [&](size_t i) {
          size_t begin = i * kCopyBytes;
          lookAt(data + begin, std::min<size_t>(kCopyBytes, size - begin));
        });
        llvm::Error failed = emit(data, size);
        isWritten = !failed;
        return failed;
      };
      llvm::Error failed = layout.packMatrix(stored, type.getElementType(), write);
      if (failed && isWritten)
        return error("tensor '%s': %s, got %s", source.getTensor().str().c_str(),
                     llvm::toString(std::move(failed)).c_str(),
                     textOf(source.getType().getElementType()).c_str());
      return failed;
    });
  }

  /// Column by column: elements of so many bytes as they are, or as f32 where it is 0.
  llvm::Error packColumns(const SourceMatrix &matrix, int64_t firstRow, int64_t rows,
                          int64_t elementBytes) {
    std::vector<float> widened(elementBytes ? 0 : rows);
    std::vector<uint8_t> column(rows * elementBytes);
    for (int64_t c = 0; c < matrix.columns; ++c) {
      for (int64_t row = 0; row < rows; ++row) {
        int64_t index = (firstRow + row) * matrix.columns + c;
        if (elementBytes)
          std::memcpy(&column[row * elementBytes], matrix.data + index * elementBytes,
                      elementBytes);
        else
          widened[row] = loadAsF32(matrix.data, matrix.type, index);
      }
      const void *data = elementBytes ? static_cast<const void *>(column.data()) : widened.data();
      size_t size = elementBytes ? column.size() : widened.size() * sizeof(float);
      lookAt(data, size);
      if (llvm::Error failed = emit(data, size))
        return failed;
    }
    return llvm::Error::success();
  }

  llvm::Error packRows(const SourceMatrix &matrix, SourceAttr source) {
    Type element = type.getElementType();
    bool isCopy = element == source.getType().getElementType() && matrix.widened.empty();
    if (!isCopy && !element.isF32())
      return error("tensor '%s': expected elements of %s, got %s", source.getTensor().str().c_str(),
                   textOf(element).c_str(), textOf(source.getType().getElementType()).c_str());
    int64_t elementBytes = element.getIntOrFloatBitWidth() / 8;
    if (parameter.getTranspose())
      return forGroups(matrix, [&](int64_t firstRow, int64_t rows) {
        return packColumns(matrix, firstRow, rows, isCopy ? elementBytes : 0);
      });
    return forGroups(matrix, [&](int64_t firstRow, int64_t rows) -> llvm::Error {
      int64_t first = firstRow * matrix.columns, count = rows * matrix.columns;
      std::vector<float> piece;
      for (int64_t done = 0, size; done < count; done += size) {
        size = std::min(kCopyBytes / elementBytes, count - done);
        const void *data = matrix.data + (first + done) * elementBytes;
        if (!isCopy) {
          piece.resize(size);
          for (int64_t i = 0; i < size; ++i)
            piece[i] = loadAsF32(matrix.data, matrix.type, first + done + i);
          data = piece.data();
        }
        lookAt(data, size * elementBytes);
        if (llvm::Error failed = emit(data, size * elementBytes))
          return failed;
      }
      return llvm::Error::success();
    });
  }

  llvm::Error emit(const void *data, size_t size) {
    return sink(static_cast<const uint8_t *>(data), size);
  }

  ParameterOp parameter;
  RankedTensorType type;
  const SourceFiles &files;
  NonFiniteValues &nonFinite;
  PackedSink sink;
  std::atomic<bool> isNonFinite = false; // in what was packed of a source
  size_t nextScale = 0; // of the sources that have one, in their order
};
} // namespace

llvm::Error hadal::packParameter(ParameterOp parameter, const SourceFiles &files,
                                 NonFiniteValues &nonFinite, PackedSink sink) {
  return Packer(parameter, files, nonFinite, sink).run();
}
