// SPDX-License-Identifier: Apache-2.0
// Produces the bytes of one parameter from its sources, piece by piece.
#include "ParameterPacker.h"

#include "RopeTable.h"

#include "hadal/Target/CPU/PackedLayout.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Parallel.h"

#include <atomic>
#include <cstring>

using namespace mlir;
using namespace hadal;

namespace {
/// Bytes that are made and handed on at once.
constexpr int64_t kPieceBytes = 16 << 20;

template <typename... Args>
llvm::Error error(const char *format, Args... args) {
  return llvm::createStringError(std::errc::invalid_argument, format, args...);
}

std::string textOf(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

std::optional<cpu::SourceType> sourceTypeOf(Type element) {
  if (element.isBF16())
    return cpu::SourceType::BF16;
  if (element.isF16())
    return cpu::SourceType::F16;
  if (element.isF32())
    return cpu::SourceType::F32;
  if (isa<Float8E4M3FNType>(element))
    return cpu::SourceType::F8E4M3;
  return std::nullopt;
}

cpu::WeightType weightTypeOf(Type element) {
  return element.isBF16()  ? cpu::WeightType::BF16
         : element.isF32() ? cpu::WeightType::F32
                           : cpu::WeightType::F8E4M3;
}

float loadAsF32(const uint8_t *data, cpu::SourceType type, int64_t i) {
  uint16_t half;
  float word;
  switch (type) {
  case cpu::SourceType::BF16:
    std::memcpy(&half, data + 2 * i, 2);
    return cpu::bf16ToF32(half);
  case cpu::SourceType::F16:
    std::memcpy(&half, data + 2 * i, 2);
    return cpu::f16ToF32(half);
  case cpu::SourceType::F32:
    std::memcpy(&word, data + 4 * i, 4);
    return word;
  case cpu::SourceType::F8E4M3:
    return cpu::f8E4M3ToF32(data[i]);
  }
  return 0;
}

/// One stored matrix while it is read.
struct Matrix {
  const uint8_t *data = nullptr;
  cpu::SourceType type = cpu::SourceType::BF16;
  int64_t rows = 0, columns = 0;
  std::vector<float> widened; // owns the data of a scaled source
};

class Packer {
public:
  Packer(ParameterOp parameter, const SourceFiles &files, ByteSink sink)
      : parameter(parameter), type(parameter.getTensorType()), files(files), sink(sink) {}

  llvm::Error run() {
    if (auto table = parameter.getTable())
      return packTable(*table);
    ArrayAttr sources = parameter.getSourcesAttr();
    if (!sources || sources.empty())
      return error("parameter '%s': sources: expected at least one, got none",
                   parameter.getSymName().str().c_str());
    for (auto source : sources.getAsRange<SourceAttr>()) {
      llvm::Expected<Matrix> matrix = read(source);
      if (!matrix)
        return matrix.takeError();
      llvm::Error failed = type.getEncoding() ? packPanels(*matrix, source)
                                              : packRows(*matrix, source);
      if (failed)
        return failed;
      files.release(source);
    }
    return llvm::Error::success();
  }

private:
  llvm::Error packTable(RopeTableAttr table) {
    std::vector<float> frequencies = ropeFrequencies(table);
    int64_t width = type.getDimSize(1), rows = type.getDimSize(0);
    if (static_cast<int64_t>(frequencies.size()) != width)
      return error("parameter '%s': expected a table of width %zu, got %lld",
                   parameter.getSymName().str().c_str(), frequencies.size(), (long long)width);
    int64_t block = std::max<int64_t>(1, kPieceBytes / (4 * width));
    std::vector<float> piece;
    for (int64_t first = 0; first < rows; first += block) {
      int64_t count = std::min(block, rows - first);
      piece.resize(count * width);
      llvm::parallelFor(0, count, [&](size_t i) {
        ropeTableRow(table, frequencies, first + i, piece.data() + i * width);
      });
      if (llvm::Error failed = emit(piece.data(), piece.size() * 4))
        return failed;
    }
    return llvm::Error::success();
  }

  llvm::Expected<Matrix> read(SourceAttr source) {
    llvm::Expected<const uint8_t *> data = files.bytes(source);
    if (!data)
      return data.takeError();
    RankedTensorType stored = source.getType();
    std::optional<cpu::SourceType> sourceType = sourceTypeOf(stored.getElementType());
    if (!sourceType || stored.getRank() > 2 || stored.getRank() < 1)
      return error("tensor '%s': expected a vector or matrix of bf16, f16, f32 or f8E4M3FN, "
                   "got %s",
                   source.getTensor().str().c_str(), textOf(stored).c_str());
    Matrix matrix;
    matrix.data = *data;
    matrix.type = *sourceType;
    matrix.columns = stored.getShape().back();
    matrix.rows = stored.getNumElements() / std::max<int64_t>(1, matrix.columns);
    if (*sourceType == cpu::SourceType::F8E4M3 &&
        cpu::hasF8NaN(matrix.data, stored.getNumElements()))
      return error("tensor '%s': expected finite values of f8E4M3FN, got a NaN",
                   source.getTensor().str().c_str());
    if (parameter.getScalesAttr() && *sourceType == cpu::SourceType::F8E4M3)
      if (llvm::Error failed = applyScale(matrix))
        return std::move(failed);
    return std::move(matrix);
  }

  /// Widens a block-scaled source: value times scale, in f32.
  llvm::Error applyScale(Matrix &matrix) {
    auto scale = cast<SourceAttr>(parameter.getScalesAttr()[nextScale++]); // parameter_c4
    llvm::Expected<const uint8_t *> data = files.bytes(scale);
    if (!data)
      return data.takeError();
    ArrayRef<int64_t> blocks = scale.getType().getShape();
    if (blocks.size() != 2 || !scale.getType().getElementType().isF32())
      return error("tensor '%s': expected block scales of f32, got %s",
                   scale.getTensor().str().c_str(), textOf(scale.getType()).c_str());
    ArrayRef<int64_t> block = *parameter.getBlock(); // parameter_c8
    if (blocks[0] != llvm::divideCeilSigned(matrix.rows, block[0]) ||
        blocks[1] != llvm::divideCeilSigned(matrix.columns, block[1]))
      return error("tensor '%s': expected a scale for each block of %lld x %lld, got %s",
                   scale.getTensor().str().c_str(), (long long)block[0], (long long)block[1],
                   textOf(scale.getType()).c_str());
    matrix.widened.resize(matrix.rows * matrix.columns);
    llvm::parallelFor(0, matrix.rows, [&](size_t row) {
      for (int64_t column = 0; column < matrix.columns; ++column) {
        int64_t at = row / block[0] * blocks[1] + column / block[1];
        matrix.widened[row * matrix.columns + column] =
            loadAsF32(matrix.data, matrix.type, row * matrix.columns + column) *
            loadAsF32(*data, cpu::SourceType::F32, at);
      }
    });
    matrix.data = reinterpret_cast<const uint8_t *>(matrix.widened.data());
    matrix.type = cpu::SourceType::F32;
    return llvm::Error::success();
  }

  /// Calls `each(firstRow, rows)` for every group of selected rows.
  llvm::Error forGroups(const Matrix &matrix,
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

  llvm::Error packPanels(const Matrix &matrix, SourceAttr source) {
    return forGroups(matrix, [&](int64_t firstRow, int64_t rows) {
      int64_t outputs = rows, inputs = matrix.columns;
      int64_t elementBytes = matrix.type == cpu::SourceType::F32      ? 4
                             : matrix.type == cpu::SourceType::F8E4M3 ? 1
                                                                      : 2;
      cpu::PanelSource panel;
      panel.type = matrix.type;
      panel.outputStride = matrix.columns;
      panel.inputStride = 1;
      if (parameter.getTranspose()) {
        std::swap(outputs, inputs);
        std::swap(panel.outputStride, panel.inputStride);
      }
      const uint8_t *base = matrix.data + firstRow * matrix.columns * elementBytes;
      return packMatrix(panel, base, elementBytes, outputs, inputs, source);
    });
  }

  llvm::Error packMatrix(cpu::PanelSource source, const uint8_t *base, int64_t elementBytes,
                         int64_t outputs, int64_t inputs, SourceAttr attr) {
    cpu::WeightType weight = weightTypeOf(type.getElementType());
    int64_t panelBytes = cpu::panelBytes(weight, inputs);
    int64_t panels = cpu::panelCount(outputs);
    int64_t block = std::max<int64_t>(1, kPieceBytes / panelBytes);
    std::vector<uint8_t> piece;
    for (int64_t first = 0; first < panels; first += block) {
      int64_t count = std::min(block, panels - first);
      piece.resize(count * panelBytes);
      std::atomic<bool> converted = true;
      llvm::parallelFor(0, count, [&](size_t i) {
        int64_t output = (first + i) * cpu::panelOutputs;
        cpu::PanelSource one = source;
        one.data = base + output * source.outputStride * elementBytes;
        if (!cpu::packPanel(one, std::min(cpu::panelOutputs, outputs - output), inputs, weight,
                            piece.data() + i * panelBytes))
          converted = false;
      });
      if (!converted)
        return error("tensor '%s': expected elements that convert to %s, got %s",
                     attr.getTensor().str().c_str(), textOf(type.getElementType()).c_str(),
                     textOf(attr.getType().getElementType()).c_str());
      if (llvm::Error failed = emit(piece.data(), piece.size()))
        return failed;
    }
    return llvm::Error::success();
  }

  llvm::Error packRows(const Matrix &matrix, SourceAttr source) {
    if (parameter.getTranspose())
      return error("parameter '%s': expected a transposed parameter to be packed in panels",
                   parameter.getSymName().str().c_str());
    Type element = type.getElementType();
    bool isCopy = element == source.getType().getElementType() && matrix.widened.empty();
    if (!isCopy && !element.isF32())
      return error("tensor '%s': expected elements of %s, got %s",
                   source.getTensor().str().c_str(), textOf(element).c_str(),
                   textOf(source.getType().getElementType()).c_str());
    int64_t elementBytes = element.getIntOrFloatBitWidth() / 8;
    return forGroups(matrix, [&](int64_t firstRow, int64_t rows) -> llvm::Error {
      int64_t first = firstRow * matrix.columns, count = rows * matrix.columns;
      if (isCopy)
        return emit(matrix.data + first * elementBytes, count * elementBytes);
      std::vector<float> piece;
      for (int64_t done = 0; done < count; done += kPieceBytes / 4) {
        piece.resize(std::min<int64_t>(kPieceBytes / 4, count - done));
        for (size_t i = 0; i < piece.size(); ++i)
          piece[i] = loadAsF32(matrix.data, matrix.type, first + done + i);
        if (llvm::Error failed = emit(piece.data(), piece.size() * 4))
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
  ByteSink sink;
  size_t nextScale = 0; // of the sources that have one, in their order
};
} // namespace

uint64_t hadal::packedBytes(ParameterOp parameter) {
  RankedTensorType type = parameter.getTensorType();
  if (!type.getEncoding())
    return type.getNumElements() * (type.getElementTypeBitWidth() / 8);
  int64_t batch = 1, rank = type.getRank();
  for (int64_t extent : type.getShape().drop_back(2))
    batch *= extent;
  return cpu::packedBytes(weightTypeOf(type.getElementType()), batch, type.getDimSize(rank - 2),
                          type.getDimSize(rank - 1));
}

llvm::Error hadal::packParameter(ParameterOp parameter, const SourceFiles &files,
                                 ByteSink sink) {
  return Packer(parameter, files, sink).run();
}
