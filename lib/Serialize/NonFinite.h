// SPDX-License-Identifier: Apache-2.0
// Finds weights that are no finite numbers, and says where they are.
#ifndef HADAL_LIB_SERIALIZE_NONFINITE_H
#define HADAL_LIB_SERIALIZE_NONFINITE_H

#include "SourceFiles.h"

#include "problems/ProblemList.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace hadal {

/// Whether elements of this type (f32, bf16, f16 or f8E4M3FN) hold a NaN or an
/// infinity. Every byte of a model is asked for, so this takes many at a time.
bool hasNonFinite(mlir::Type element, const void *data, size_t bytes);

/// The stored tensors that hold such values. Each source is looked through once,
/// however many parameters are made of it.
class NonFiniteValues {
public:
  /// With `allowed` they are packed as they are.
  NonFiniteValues(SourceFiles &files, bool allowed) : files(files), allowed(allowed) {}

  /// Element i of a source.
  using Load = llvm::function_ref<float(int64_t)>;
  /// Counts the values that are not finite as they are stored; tells whether
  /// there are any.
  bool addStored(SourceAttr source, mlir::Type packed, Load load);
  /// Counts finite values that `convert` makes infinite.
  void addOverflow(SourceAttr source, mlir::Type packed, Load load,
                   llvm::function_ref<float(float)> convert);

  bool any() const { return !tensors.empty(); }
  /// Whether nothing may be written.
  bool refused() const { return any() && !allowed; }
  /// What was found, by tensor and in few lines.
  std::vector<Problem> lines() const;
  /// How many tensors they are, and what to do.
  llvm::Error error() const;

private:
  struct Found {
    std::string path, tensor, expected, remark;
    std::vector<std::string> first; // "NaN at [3, 5]"
    size_t count = 0;
  };
  void count(Found &found, SourceAttr source, int64_t element, float value);
  Found &foundIn(SourceAttr source, llvm::StringRef expected);

  SourceFiles &files;
  bool allowed;
  // By file and name; slices of a tensor are one.
  llvm::MapVector<std::pair<uint64_t, mlir::StringAttr>, Found> tensors;
  // By file and offset: whether any value was found.
  llvm::DenseMap<std::pair<uint64_t, uint64_t>, bool> sources;
};

} // namespace hadal

#endif // HADAL_LIB_SERIALIZE_NONFINITE_H
